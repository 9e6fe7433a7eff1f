"""``/report``: somebody from the public reports something, and confirms their telephone number by a code."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request, session
from flask_babel import gettext
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

import forms
from admin.kit.current import web
from admin.kit.formats import masked
from admin.kit.languages import request_zone
from admin.kit.limits import take_try
from admin.kit.views import expose, see_other
from admin.public.carried import pack, unpack
from admin.public.models import SentReport
from admin.public.plain import Answers, Field, kept_files, phone_keys, plain_fields, read_answers
from admin.public.proof import WrongCode, check_code, is_proved, remember_proof, send_code, shown_on_outbox
from admin.public.starts import PublicStart, find_start, public_starts
from admin.public.views.base import PublicView, changes_locale
from engine.context import PUBLIC, Context, verb
from engine.errors import CallwrightError, InvalidSubmission, Problem, TooManyRequests
from engine.i18n import say
from engine.notify import outside_recipient
from engine.parameters import parameter
from engine.values import Json
from forms.data import get, put
from forms.opening import open_start
from forms.render import Rendered
from forms.validate import validate

# Nobody fills this in: it stands outside of the page. Programs do.
TRAP = "website"
_LEAST_S = 3
_PAGE_LIFE_S = 24 * 3600
_HOUR_S = 3600
_MOST_AN_ADDRESS = 30
_MOST_A_NUMBER = 5
_NOTHING = Rendered(schema={"components": []}, data={})


class ReportView(PublicView):
    """What the public may report, and its forms."""

    @expose("/report", methods=["GET", "POST"])
    def choose(self) -> Any:
        """Show what can be reported; its form at once where there is but one thing."""
        ctx = web().context(PUBLIC)
        with ctx.read():
            starts = public_starts(ctx)
        if len(starts) == 1:
            return _Visit(ctx, starts[0]).answer()
        return render_template("public/choose.html", starts=starts)

    @expose("/report/<key>/<name>", methods=["GET", "POST"])
    def fill(self, key: str, name: str) -> Any:
        """Show a form, and take it in."""
        ctx = web().context(PUBLIC)
        with ctx.read():
            start = find_start(ctx, key, name)
        return _Visit(ctx, start).answer()

    @expose("/report/sent")
    def sent(self) -> Any:
        """Say the number under which a report was taken in."""
        reported = session.get("reported")
        if not isinstance(reported, dict):
            return see_other("ReportView.choose")
        return render_template("public/sent.html", reported=reported)


class _Visit:
    """One request for a form of the public."""

    def __init__(self, ctx: Context, start: PublicStart) -> None:
        self.ctx = ctx
        self.start = start
        with ctx.read():
            now = ctx.now
            rendered = forms.render_start(
                ctx, process_key=start.key, start_event=start.event, form=start.form
            )
        self.rendered = rendered or _NOTHING
        self.now: datetime = now.astimezone(ZoneInfo(request_zone()))

    def answer(self) -> Response:
        """Do what the page's button says."""
        if request.method != "POST":
            return self.form()
        held = unpack("report", request.form.get("held"))
        if held is None:
            return self.speak() if changes_locale() else self.take_in()
        if changes_locale():
            return self.code(held)
        step = request.form.get("step")
        if step == "back":
            return self.form(held["data"], page=held["page"])
        try:
            if step == "again":
                return self.ask_code(held["data"], held["phone"], held["page"])
            return self.confirm(held)
        except (WrongCode, TooManyRequests) as error:
            return self.code(held, error=error)

    # The form.

    def form(
        self,
        data: Mapping[str, Json] | None = None,
        *,
        page: Json = None,
        problems: tuple[Problem, ...] = (),
        note: str = "",
        status: int = 200,
    ) -> Response:
        """Show the form, with what was typed already and what is wrong with it."""
        fields = self.fields(data)
        page = page or {"number": secrets.token_hex(16), "at": str(int(self.now.timestamp()))}
        errors: dict[str, list[str]] = {}
        names = {one.key: one.name for one in fields if one.key}
        for problem in problems:
            place = names.get(problem.path) or names.get(problem.path.partition(".")[0], "")
            errors.setdefault(place, []).append(say(self.ctx.locale, problem))
        loose = errors.pop("", [])
        shown = render_template(
            "public/report.html",
            start=self.start,
            title=self.start.title,
            fields=fields,
            errors=errors,
            labels={one.name: one.label for one in fields},
            note=" ".join([note, *loose]).strip(),
            page=pack("page", page),
            trap=TRAP,
            kept_files=kept_files,
        )
        return make_response(shown, status if not problems else 422)

    def fields(self, data: Mapping[str, Json] | None = None) -> list[Field]:
        return plain_fields(self.rendered, prefix="field", now=self.now, locale=self.ctx.locale, answers=data)

    def speak(self) -> Response:
        """Show the form in another language, with what was typed and nothing checked."""
        page = unpack("page", request.form.get("page"))
        try:
            take_try(self.ctx, name="report", of=_address(), most=_MOST_AN_ADDRESS, within_s=_HOUR_S)
            data = read_answers(self.ctx, self.fields(), self.now).data
        except TooManyRequests:
            data = self.typed()
        for one in self.fields():
            if one.asks_locale:
                data = put(data, one.path, self.ctx.locale)
        return self.form(data, page=page)

    # Taking it in.

    def take_in(self) -> Response:
        """Check what was sent; then ask for the code, or start."""
        page = unpack("page", request.form.get("page"))
        try:
            take_try(self.ctx, name="report", of=_address(), most=_MOST_AN_ADDRESS, within_s=_HOUR_S)
            answers = read_answers(self.ctx, self.fields(), self.now)
        except TooManyRequests as error:
            typed = self.typed()
            return self.form(typed, page=page, note=say(self.ctx.locale, error), status=429)
        try:
            phone = self.check(answers)
        except InvalidSubmission as error:
            return self.form(answers.data, page=page, problems=(*answers.problems, *error.problems))
        doubt = self.doubt(page)
        if doubt:
            fresh = page if page is not None and not self.is_old(page) else None
            return self.form(answers.data, page=fresh, note=doubt, status=422)
        return self.go_on(answers.data, phone, page)

    def typed(self) -> Mapping[str, Json]:
        """Return what was typed, without storing a file of it."""
        only_text = [one for one in self.fields() if one.kind != "filepicker"]
        return read_answers(self.ctx, only_text, self.now).data

    def check(self, answers: Answers) -> str | None:
        """Check the answers as the form's check does, and return the telephone number among them.

        Raises:
            InvalidSubmission: Something cannot be taken.
        """
        if answers.problems:
            raise InvalidSubmission()
        start = self.start
        with self.ctx.read():
            opened = open_start(self.ctx, process_key=start.key, start_event=start.event, form=start.form)
            if opened is None:
                return None
            values = validate(opened.form, answers.data, opened.filling).values
        numbers = (get(values, path) for path in phone_keys(self.rendered))
        return next((number for number in numbers if isinstance(number, str) and number), None)

    def doubt(self, page: Json) -> str:
        """Say why this may be a program's doing, so that a person can send it again; else nothing."""
        if request.form.get(TRAP):
            return str(gettext("A field that people do not see was filled in. Send the form again."))
        if page is None or self.is_old(page):
            return str(gettext("This page was open for a long time. Look over it and send it again."))
        if self.now.timestamp() - int(page["at"]) < _LEAST_S:
            return str(gettext("That was very quick. Look over it and send it again."))
        return ""

    def is_old(self, page: Json) -> bool:
        return self.now.timestamp() - int(page["at"]) > _PAGE_LIFE_S

    def go_on(self, data: Mapping[str, Json], phone: str | None, page: Json) -> Response:
        confirmed = (
            phone is None
            or not parameter(self.ctx, "report.confirm_number")
            or is_proved(_subject(phone), self.now)
        )
        try:
            if confirmed:
                return self.begin(data, phone, page)
            assert phone is not None
            return self.ask_code(data, phone, page)
        except TooManyRequests as error:
            return self.form(data, page=page, note=say(self.ctx.locale, error), status=429)

    def begin(self, data: Mapping[str, Json], phone: str | None, page: Json) -> Response:
        """Start the process, once for each page, and lead to its number."""
        try:
            business_key = send_once(
                self.ctx, start=self.start, data=data, phone=phone, number=page["number"]
            )
        except InvalidSubmission as error:
            return self.form(data, page=page, problems=error.problems)
        except TooManyRequests as error:
            # A code that was given stays proved: what was typed is sent again without another one.
            return self.form(data, page=page, note=say(self.ctx.locale, error), status=429)
        session["reported"] = {"number": business_key, "title": self.start.title}
        return see_other("ReportView.sent")

    # The code.

    def ask_code(self, data: Mapping[str, Json], phone: str, page: Json) -> Response:
        """Send a code to the number and ask for it."""
        to = outside_recipient(self.ctx, {"phone": phone, "locale": self.ctx.locale})
        code_id = send_code(self.ctx, subject=_subject(phone), to=to, address=_address())
        return self.code({"data": data, "phone": phone, "page": page, "code": code_id})

    def code(self, held: Json, *, error: CallwrightError | None = None) -> Response:
        """Ask for the code."""
        shown = render_template(
            "public/code.html",
            keeps_typed="typed",
            title=gettext("Confirm your number"),
            number=masked(held["phone"]),
            held=pack("report", held),
            error=say(self.ctx.locale, error) if error else None,
            outbox=shown_on_outbox(self.ctx),
            back=True,
        )
        status = 200 if error is None else 429 if isinstance(error, TooManyRequests) else 422
        return make_response(shown, status)

    def confirm(self, held: Json) -> Response:
        """Take in the code; then start."""
        subject = _subject(held["phone"])
        with self.ctx.read():
            sent_already = _sent_under(self.ctx, held["page"]["number"])
        if sent_already is None:
            check_code(self.ctx, code_id=held["code"], subject=subject, code=request.form.get("code", ""))
        response = self.begin(held["data"], held["phone"], held["page"])
        remember_proof(response, subject, self.now)
        return response


@verb
def _begin_once(
    ctx: Context, *, start: PublicStart, data: Mapping[str, Json], phone: str | None, number: str
) -> str:
    there = _sent_under(ctx, number)
    if there is not None:
        return there
    if phone is not None:
        take_try(ctx, name="report_phone", of=phone, most=_MOST_A_NUMBER, within_s=_HOUR_S)
    ctx.connection.execute(delete(SentReport).where(SentReport.sent_at < ctx.now - timedelta(days=2)))
    ctx.connection.execute(insert(SentReport).values(number=number, sent_at=ctx.now))
    begun = forms.start_with_form(
        ctx, process_key=start.key, data=data, start_event=start.event, form=start.form
    )
    business_key = begun.business_key or begun.id
    ctx.connection.execute(
        update(SentReport).where(SentReport.number == number).values(business_key=business_key)
    )
    return business_key


def send_once(
    ctx: Context, *, start: PublicStart, data: Mapping[str, Json], phone: str | None, number: str
) -> str:
    """Start a process from a page, once: the same page sent again gets the same number.

    Args:
        ctx: The public.
        start: What is started.
        data: The form's answers.
        phone: The telephone number among them.
        number: The page's own number.

    Returns:
        The business key.

    Raises:
        InvalidSubmission: An answer cannot be accepted.
        TooManyRequests: Too much was reported from this telephone number.
    """
    try:
        return _begin_once(ctx, start=start, data=data, phone=phone, number=number)
    except IntegrityError:
        with ctx.read():
            there = _sent_under(ctx, number)
        if there is None:
            raise
        return there


def _sent_under(ctx: Context, number: str) -> str | None:
    key: str | None = ctx.connection.execute(
        select(SentReport.business_key).where(SentReport.number == number)
    ).scalar()
    return key


def _address() -> str:
    return request.remote_addr or ""


def _subject(phone: str) -> str:
    return f"phone:{phone}"

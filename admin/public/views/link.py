"""``/t/<token>``: a handler's link. Looking never acts; a page acts once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

import forms
from admin.kit.current import web
from admin.kit.files import hand_out
from admin.kit.formats import masked
from admin.kit.limits import need_tries_left, take_try
from admin.kit.views import expose
from admin.public.carried import pack, unpack
from admin.public.opened import form_fields, look_at
from admin.public.plain import kept_files, read_answers, store_uploads
from admin.public.proof import WrongCode, check_code, is_proved, remember_proof, send_code, shown_on_outbox
from admin.public.views.base import PublicView, asked_locale, sorry
from engine import runtime
from engine.context import PUBLIC, Actor, Context
from engine.errors import CallwrightError, Conflict, InvalidSubmission, NotFound, Problem, TooManyRequests
from engine.files import find_file
from engine.i18n import _, say
from engine.notify import Recipient
from engine.parameters import parameter
from engine.people import Person, get_person
from engine.values import Json
from engine.work import (
    LinkGone,
    OpenedLink,
    UnknownLink,
    act_number,
    get_task,
    need_may_act,
    open_link,
    read_code,
    use_act,
)

_MOST_WRONG = 20
_HOUR_S = 3600
_WRONG = "wrong_link"
# Problems of what the page asks beside the task's form.
_OWN = ("opinion", "text", "files")

DONE = {
    "on_it": _("You are on it. Everybody else who got the message sees that too."),
    "finish": _("Recorded. Thank you."),
    "support": _("The desk was called. The task stays with you."),
    "note": _("Your note was added."),
    "again": _("This was done already; nothing was done twice."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """A request with a good token.

    Args:
        token: The link's.
        link: What it leads to.
        person: Whose it is.
        ctx: The person, through the link.
        now: The time, in the person's zone.
    """

    token: str
    link: OpenedLink
    person: Person
    ctx: Context
    now: datetime

    @property
    def subject(self) -> str:
        """What a code proves: that this browser's telephone is the person's."""
        return f"link:{self.person.key}:{self.person.phone}"

    @property
    def proved(self) -> bool:
        """Whether personal data may be shown."""
        return parameter(self.ctx, "handler_link.otp") == "never" or is_proved(self.subject, self.now)

    @property
    def shut(self) -> bool:
        """Whether nothing at all may be seen or done before a code."""
        return parameter(self.ctx, "handler_link.otp") == "always" and not self.proved

    def address(self, endpoint: str = "LinkView.task", **given: str) -> str:
        """Return the address of one of the link's pages, in the language that was asked for."""
        values: dict[str, Any] = {"token": self.token, "lang": asked_locale(), **given}
        return url_for(endpoint, **values)


class LinkView(PublicView):
    """A handler's link."""

    keeps_locale = False

    @expose("/t/<token>", methods=["GET", "POST"])
    def task(self, token: str) -> Any:
        """Show the task; do what the pressed button says, once for each page."""
        visit = _open(token)
        if isinstance(visit, Response):
            return visit
        if visit.shut:
            return _ask_for_code(visit, "")
        if request.method != "POST":
            return _show(visit)
        return _act(visit)

    @expose("/code", methods=["GET", "POST"])
    def typed(self) -> Any:
        """Take in the code of an SMS that may have no link, and lead to its task."""
        said = request.form.get("code", "")
        if request.method == "POST":
            need_tries_left(
                web().context(PUBLIC), name=_WRONG, of=request.remote_addr or "", most=_MOST_WRONG
            )
            code = read_code(said)
            if code is not None and _leads_somewhere(code):
                return redirect(url_for("LinkView.task", token=code, lang=asked_locale()), code=303)
        page = render_template(
            "public/typed.html",
            title=gettext("Type your code"),
            typed=said[:16],
            error=gettext("This is not the code. Look at the message again.") if said else None,
        )
        return make_response(page, 422 if said else 200)

    @expose("/t/<token>/code", methods=["GET", "POST"])
    def code(self, token: str) -> Any:
        """Send a code to the person's telephone, and take it in."""
        visit = _open(token)
        if isinstance(visit, Response):
            return visit
        wanted = request.values.get("file", "")[:36]
        if request.method != "POST":
            return _ask_for_code(visit, wanted)
        held = unpack("link", request.form.get("held"))
        try:
            if held is None or request.form.get("step") == "again":
                return _code(visit, _send_code(visit, wanted))
            check_code(
                visit.ctx, code_id=held["code"], subject=visit.subject, code=request.form.get("code", "")
            )
        except (WrongCode, TooManyRequests) as error:
            return _ask_for_code(visit, wanted, error=error) if held is None else _code(visit, held, error)
        file = held["file"]
        target = (
            visit.address("LinkView.file", file_id=file) if file else visit.address(done="shown") + "#details"
        )
        response = redirect(target, code=303)
        remember_proof(response, visit.subject, visit.now)
        return response

    @expose("/t/<token>/files/<file_id>")
    def file(self, token: str, file_id: str) -> Any:
        """Hand out a stored file of the task's process, after a code where one is asked for."""
        visit = _open(token)
        if isinstance(visit, Response):
            return visit
        if not visit.proved:
            return redirect(visit.address("LinkView.code", file=file_id[:36]))
        file = find_file(visit.ctx, file_id=file_id)
        with visit.ctx.read() as ctx:
            family = runtime.get_instance(ctx, visit.link.task.instance_id)["root_id"]
            owner = file.owner_id if file.owner_kind == "instance" else None
            mine = owner is not None and runtime.get_instance(ctx, owner)["root_id"] == family
        if not mine:
            raise NotFound()
        return hand_out(visit.ctx, file)


def _leads_somewhere(code: str) -> bool:
    """Whether a typed code is one; a wrong one counts as an unknown link does."""
    public = web().context(PUBLIC)
    try:
        with public.read():
            open_link(public, code)
    except UnknownLink:
        take_try(public, name=_WRONG, of=request.remote_addr or "", most=_MOST_WRONG, within_s=_HOUR_S)
        return False
    except LinkGone:
        # Its page says what happened.
        return True
    return True


def _open(token: str) -> _Visit | Response:
    """Open a link, or say kindly why it leads nowhere."""
    public = web().context(PUBLIC)
    address = request.remote_addr or ""
    need_tries_left(public, name=_WRONG, of=address, most=_MOST_WRONG)
    try:
        with public.read():
            link = open_link(public, token)
            person = get_person(public, link.person_key)
            zone = ZoneInfo(person.time_zone) if person.time_zone else public.settings.zone
            now = public.now.astimezone(zone)
        if person.closed_at is not None:
            raise LinkGone()
    except UnknownLink as error:
        take_try(public, name=_WRONG, of=address, most=_MOST_WRONG, within_s=_HOUR_S)
        return sorry(404, say(web().locale, error), title=gettext("This link leads nowhere"))
    except LinkGone as error:
        return sorry(410, say(web().locale, error), title=gettext("This link is over"))
    locale = asked_locale() or person.locale
    web().speak(locale, person.time_zone)
    actor = Actor(key=person.key, kind="person", channel="link")
    return _Visit(token=token, link=link, person=person, ctx=web().context(actor), now=now)


# The page.


def _show(
    visit: _Visit,
    *,
    answers: Mapping[str, Json] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    note: str = "",
    opened: str = "",
    status: int = 200,
) -> Response:
    with visit.ctx.read() as ctx:
        shown = look_at(ctx, visit.link, visit.person, proved=visit.proved, answers=answers)
    said = request.args.get("done", "")
    page = render_template(
        "public/link.html",
        title=shown.task.title or shown.step,
        shown=shown,
        task=shown.task,
        now=shown.now,
        visit=visit,
        number=act_number(),
        errors=errors or {},
        note=note,
        opened=opened,
        typed=request.form,
        done=gettext(DONE[said]) if said in DONE and request.method == "GET" else "",
        done_verb=said,
        kept_files=kept_files,
    )
    return make_response(page, status)


# Acting.


def _act(visit: _Visit) -> Response:
    """Do what the button says."""
    verb = request.form.get("verb", "")
    number = request.form.get("number", "")
    if verb not in _ACTS:
        return _show(visit, status=400)
    answers: Mapping[str, Json] = {}
    try:
        answers, act = _ACTS[verb](visit)
        with visit.ctx.write() as ctx:
            fresh = use_act(ctx, visit.link.id, number, verb)
            if fresh:
                act(ctx)
    except InvalidSubmission as error:
        return _wrong(visit, error, answers, verb)
    except CallwrightError as error:
        task = _task_now(visit)
        if isinstance(error, Conflict) and task.ended_by == visit.person.key:
            return redirect(visit.address(done="again"), code=303)
        return _show(_again(visit), note=say(web().locale, error), status=409)
    return redirect(visit.address(done=verb if fresh else "again"), code=303)


def _task_now(visit: _Visit) -> Any:
    with visit.ctx.read() as ctx:
        return get_task(ctx, visit.link.task.id)


def _again(visit: _Visit) -> _Visit:
    """Look anew: the task has changed meanwhile."""
    found = _open(visit.token)
    return visit if isinstance(found, Response) else found


def _wrong(visit: _Visit, error: InvalidSubmission, answers: Mapping[str, Json], verb: str) -> Response:
    """Show the page again with what was typed and what is wrong with it."""
    problems = error.problems or (Problem(path="", message=error.message, params=error.params),)
    errors: dict[str, list[str]] = {}
    for problem in problems:
        name = problem.path if problem.path in _OWN else f"{_part()}-{problem.path}"
        errors.setdefault(name if problem.path else "", []).append(say(web().locale, problem))
    note = " ".join(errors.pop("", [])) or gettext("Nothing was changed yet: look over it and send it again.")
    opened = _part() if verb == "finish" else verb
    return _show(visit, answers=answers, errors=errors, note=note, opened=opened, status=422)


def _part() -> str:
    """Return which part of the page was sent: its name begins the names of its fields."""
    return request.form.get("part", "")[:16]


def _on_it(visit: _Visit) -> Any:
    return {}, lambda ctx: runtime.acknowledge_task(ctx, task_id=visit.link.task.id)


def _support(visit: _Visit) -> Any:
    replies = visit.link.task.options.get("replies") or ()
    message = next((one["message"] for one in replies if one["verb"] == "support"), None)
    payload = {"text": request.form.get("support_text", "").strip()[:1000], "by": visit.person.key}

    def act(ctx: Context) -> None:
        task = get_task(ctx, visit.link.task.id, lock=True)
        if not message or not task.open:
            raise runtime.AlreadyEnded()
        need_may_act(ctx, task)
        runtime.correlate_message(ctx, name=message, instance_id=task.instance_id, payload=payload)

    return {}, act


def _note(visit: _Visit) -> Any:
    task = visit.link.task
    try:
        files = store_uploads(visit.ctx, "files")
    except InvalidSubmission as error:
        raise InvalidSubmission(
            problems=[Problem(path="files", message=error.message, params=error.params)]
        ) from error
    text = request.form.get("note_text", "")

    def act(ctx: Context) -> None:
        runtime.add_comment(ctx, instance_id=task.instance_id, task_id=task.id, text=text, files=files)

    return {}, act


def _finish(visit: _Visit) -> Any:
    task = visit.link.task
    with visit.ctx.read() as ctx:
        offered = form_fields(ctx, task, visit.now, prefix=_part())
    here = [one for one in offered if one.name in _sent_names()]
    read = read_answers(visit.ctx, here, visit.now)
    try:
        if read.problems:
            raise InvalidSubmission(problems=read.problems)
        checked = forms.check_submission(
            visit.ctx,
            task_id=task.id,
            outcome=request.form.get("outcome") or None,
            data=read.data,
            opinion=request.form.get("opinion", "").strip() or None,
        )
    except CallwrightError as error:
        return read.data, partial(_refuse, error)
    return read.data, lambda ctx: forms.submit_checked(ctx, checked=checked)


def _refuse(error: CallwrightError, ctx: Context) -> None:
    """Say what is wrong, but only where this act was not done already."""
    raise error


def _sent_names() -> set[str]:
    """Return the fields that the pressed form had; a box that is not ticked sends nothing."""
    return set(request.form.get("fields", "").split(" "))


_ACTS = {"on_it": _on_it, "finish": _finish, "support": _support, "note": _note}


# The code.


def _ask_for_code(visit: _Visit, file: str, *, error: CallwrightError | None = None) -> Response:
    """Offer to send a code; a mere look sends none."""
    page = render_template(
        "public/ask_code.html",
        title=gettext("Confirm that it is you"),
        visit=visit,
        file=file,
        phone=masked(visit.person.phone) if visit.person.phone else "",
        error=say(web().locale, error) if error else None,
    )
    return make_response(page, 429 if isinstance(error, TooManyRequests) else 200)


def _send_code(visit: _Visit, file: str) -> dict[str, Json]:
    person = visit.person
    if not person.phone:
        raise NotFound(_("No telephone number of yours is known. Ask the desk, or sign in."))
    to = Recipient(name=person.name, phone=person.phone, locale=web().locale)
    code_id = send_code(visit.ctx, subject=visit.subject, to=to, address=request.remote_addr or "")
    return {"code": code_id, "file": file}


def _code(visit: _Visit, held: Json, error: CallwrightError | None = None) -> Response:
    page = render_template(
        "public/code.html",
        title=gettext("Confirm that it is you"),
        number=masked(visit.person.phone or ""),
        held=pack("link", held),
        error=say(web().locale, error) if error else None,
        outbox=shown_on_outbox(visit.ctx),
        back=False,
    )
    return make_response(page, 200 if error is None else 429 if isinstance(error, TooManyRequests) else 422)

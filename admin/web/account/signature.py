"""The signature that one keeps, so as not to draw it at each decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext

from admin.kit.current import context, web
from admin.kit.errors import flash_refusal
from admin.kit.permissions import needs
from admin.kit.signing import posted_signature
from admin.kit.views import View, expose, page, see_other
from engine.context import Context
from engine.errors import CallwrightError, InvalidSubmission, Problem
from engine.files import reference, store
from engine.i18n import _, say
from engine.values import Json
from engine.work import check_signature, forget_signature, keep_signature, kept_signature
from engine.work.drawn import LARGEST_BYTES
from engine.work.signatures import NAME


class SignatureView(View):
    """One's own signature."""

    route_base = "/account/signature"

    @expose("/", methods=["GET", "POST"])
    @needs()
    def show(self) -> Any:
        """Show the signature that is kept, and keep another one."""
        if request.method == "GET":
            return _shown({})
        ctx = context()
        try:
            sent = _picture(ctx) or posted_signature(ctx)
            if sent is None:
                message = _("Sign on the pad, or choose a picture.")
                raise InvalidSubmission(problems=[Problem(path="signature", message=message)])
            keep_signature(ctx, check_signature(ctx, sent))
        except InvalidSubmission as error:
            said = error.problems or (Problem(path="signature", message=error.message, params=error.params),)
            return make_response(_shown({"signature": [say(web().locale, problem) for problem in said]}), 422)
        flash(gettext("Your signature is kept."), "success")
        return see_other("SignatureView.show")

    @expose("/forget", methods=["POST"])
    @needs()
    def forget(self) -> Any:
        """Keep none any more."""
        try:
            forget_signature(context())
            flash(gettext("Your signature was deleted. What you have signed stays signed."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("SignatureView.show")


def _picture(ctx: Context) -> Json:
    """Return a picture that was chosen instead of drawn; None where there is none."""
    upload = request.files.get("picture")
    if upload is None or not upload.filename:
        return None
    content = upload.stream.read(LARGEST_BYTES + 1)
    return reference(store(ctx, content=content, name=NAME, owner_kind="upload", owner_id=ctx.actor.name))


def _shown(errors: Mapping[str, list[str]]) -> str:
    ctx = context()
    with ctx.read():
        kept = kept_signature(ctx)
        return page("account/signature.html", kept=kept.id if kept is not None else None, errors=errors)

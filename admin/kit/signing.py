"""A signature as a page sends it: drawn on a pad, or the one in one's account."""

from __future__ import annotations

import base64
import binascii

from flask import request

from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.files import reference, store
from engine.i18n import _
from engine.values import Json
from engine.work import KEPT
from engine.work.drawn import LARGEST_BYTES
from engine.work.signatures import NAME

_DRAWN = "data:image/png;base64,"


def posted_signature(ctx: Context) -> Json:
    """Return the posted signature as ``check_signature`` takes it; None where nothing was signed.

    Args:
        ctx: Who signs, with no transaction open: what was drawn becomes an upload of theirs.

    Raises:
        InvalidSubmission: It cannot be read; the path is ``signature``.
    """
    if request.form.get("signing") == KEPT:
        return KEPT
    drawn = request.form.get("signature", "")
    if not drawn:
        return None
    try:
        # Four characters stand for three bytes.
        if not drawn.startswith(_DRAWN) or len(drawn) > len(_DRAWN) + LARGEST_BYTES * 4 // 3 + 4:
            raise ValueError
        content = base64.b64decode(drawn.removeprefix(_DRAWN), validate=True)
        if not content:
            raise ValueError
    except (ValueError, binascii.Error):
        message = _("The signature could not be read. Clear it and sign once more.")
        raise InvalidSubmission(problems=[Problem(path="signature", message=message)]) from None
    return reference(store(ctx, content=content, name=NAME, owner_kind="upload", owner_id=ctx.actor.name))

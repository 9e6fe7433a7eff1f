"""The verbs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from engine.context import Context, verb
from engine.errors import CallwrightError
from engine.feel.temporal import parse_duration
from engine.i18n import _
from engine.parameters import parameter
from plugins_dummy.dummy import rules
from plugins_dummy.dummy.models import Greeting


class Speechless(CallwrightError):
    """There is nobody to greet."""

    code = "speechless"


@verb
def greet(ctx: Context, *, name: str, tone: str | None = None) -> Greeting:
    """Greet somebody, in the centre's tone where none is given.

    Raises:
        Speechless: There is no name.
        CallwrightError: The tone is not known.
    """
    if not name.strip():
        raise Speechless()
    tone = tone or str(parameter(ctx, "dummy.tone"))
    if tone not in rules.TONES:
        raise CallwrightError(_("There is no tone %(tone)s."), tone=tone)
    greeting = Greeting(name=name, text=rules.worded(name, tone), greeted_at=ctx.now)
    ctx.session.add(greeting)
    ctx.session.flush()
    return greeting


def list_greetings(ctx: Context, *, name: str | None = None) -> Sequence[Greeting]:
    """Return greetings, the latest last."""
    wanted = select(Greeting).order_by(Greeting.greeted_at, Greeting.id)
    if name is not None:
        wanted = wanted.where(Greeting.name == name)
    return ctx.session.scalars(wanted).all()


@verb
def forget_greetings(ctx: Context) -> int:
    """Forget greetings that are kept long enough.

    Returns:
        How many.
    """
    keep = parse_duration(str(parameter(ctx, "dummy.keep")))
    before = ctx.now - keep.timedelta()
    return ctx.connection.execute(delete(Greeting).where(Greeting.greeted_at < before)).rowcount

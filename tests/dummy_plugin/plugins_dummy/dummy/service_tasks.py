"""What a drawing can call: one inline, one as a job."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from engine.context import Context
from engine.errors import BpmnError, TechnicalFailure
from engine.i18n import _
from engine.plugin import Field, service_task
from plugins_dummy.dummy import services

Name = Annotated[str, Field(label=_("Name"), help=_("Whom."))]

# Who came once already: the first try for who is late fails.
_late: set[str] = set()


class Greeted(TypedDict):
    """What is known of a greeting."""

    greeting_id: Annotated[str, Field(label=_("Id of the greeting"))]
    text: Annotated[str, Field(label=_("Words"))]


@service_task("greet", title=_("Greet somebody"), mode="inline")
def greet(
    ctx: Context,
    name: Name,
    tone: Annotated[Literal["warm", "formal"] | None, Field(label=_("Tone"))] = None,
) -> Greeted:
    """Greet somebody and remember it."""
    greeting = services.greet(ctx, name=name, tone=tone)
    return {"greeting_id": greeting.id, "text": greeting.text}


@service_task("post", title=_("Post a greeting"), retries_s=(1,))
def post(
    ctx: Context, name: Name, text: Annotated[str, Field(label=_("Words"))]
) -> Annotated[bool, Field(label=_("Arrived"))]:
    """Take a greeting to somebody."""
    if name == "Nobody":
        raise BpmnError("nobody", "nobody lives there")
    if name.startswith("Late") and name not in _late:
        _late.add(name)
        raise TechnicalFailure(_("Nobody opens."))
    return True

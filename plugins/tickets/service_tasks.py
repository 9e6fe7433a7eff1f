"""What a drawing can call. All are inline: a ticket changes in the transaction of its instance's step."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypedDict

from engine.context import Context
from engine.i18n import _
from engine.plugin.offers import Field, service_task
from plugins.tickets import services

Number = Annotated[
    str, Field(label=_("Number"), help=_("The ticket's number: the business key of its instance."))
]
Reason = Annotated[str | None, Field(label=_("Reason"), help=_("Kept in the ticket's thread."))]
Due = Annotated[datetime, Field(label=_("Due"), help=_("When the answer is due."))]


class Opened(TypedDict):
    """What is known of a ticket once it is open."""

    ticket_id: Annotated[str, Field(label=_("Id of the ticket"))]
    summary: Annotated[str, Field(label=_("Summary"), help=_("As given, or made from the description."))]


class Assigned(TypedDict):
    """Where a ticket went."""

    unit_key: Annotated[str, Field(label=_("Department"))]
    urgency: Annotated[str | None, Field(label=_("Urgency"))]
    due_at: Due


class Extended(TypedDict):
    """What more time means."""

    due_at: Due


@service_task("open", title=_("Open a ticket"), mode="inline")
def open_ticket(
    ctx: Context,
    number: Number,
    instance_id: Annotated[str | None, Field(label=_("Id of the instance"))] = None,
    channel: Annotated[
        str | None,
        Field(label=_("Came by"), help=_("web, phone, sms, email, counter or letter; web if empty.")),
    ] = None,
    category: Annotated[str | None, Field(label=_("Category"))] = None,
    urgency: Annotated[str | None, Field(label=_("Urgency"), help=_("urgent or normal."))] = None,
    summary: Annotated[
        str | None, Field(label=_("Summary"), help=_("A few words without names or numbers."))
    ] = None,
    description: Annotated[str | None, Field(label=_("Description"))] = None,
    address: Annotated[str | None, Field(label=_("Place"))] = None,
    reporter_name: Annotated[str | None, Field(label=_("Reporter"))] = None,
    reporter_phone: Annotated[str | None, Field(label=_("Telephone"), help=_("With country code."))] = None,
) -> Opened:
    """Take in what somebody reported, as a new ticket."""
    ticket = services.open_ticket(
        ctx,
        number=number,
        instance_id=instance_id,
        channel=channel or "web",
        category=category,
        urgency=urgency,
        summary=summary,
        description=description,
        address=address,
        reporter_name=reporter_name,
        reporter_phone=reporter_phone,
    )
    return {"ticket_id": ticket.id, "summary": ticket.summary}


@service_task("assign", title=_("Assign a ticket"), mode="inline")
def assign_ticket(
    ctx: Context,
    number: Number,
    unit_key: Annotated[str, Field(label=_("Department"), help=_("The key of its unit."))],
    due_at: Due,
    urgency: Annotated[str | None, Field(label=_("Urgency"), help=_("urgent or normal."))] = None,
    category: Annotated[
        str | None, Field(label=_("Category"), help=_("What was corrected; empty leaves it."))
    ] = None,
    summary: Annotated[
        str | None, Field(label=_("Summary"), help=_("What was corrected; empty leaves it."))
    ] = None,
    address: Annotated[
        str | None, Field(label=_("Place"), help=_("What was corrected; empty leaves it."))
    ] = None,
) -> Assigned:
    """Give a ticket to a department with a due time; also again, after another one or a weak answer."""
    ticket = services.assign_ticket(
        ctx,
        number=number,
        unit_key=unit_key,
        due_at=due_at,
        urgency=urgency,
        category=category,
        summary=summary,
        address=address,
    )
    return {"unit_key": unit_key, "urgency": ticket.urgency, "due_at": due_at}


@service_task("extend", title=_("Give a ticket more time"), mode="inline")
def extend_ticket(ctx: Context, number: Number, due_at: Due, reason: Reason = None) -> Extended:
    """Set a later due time."""
    services.extend_ticket(ctx, number=number, due_at=due_at, reason=reason)
    return {"due_at": due_at}


@service_task("note", title=_("Write into a ticket's thread"), mode="inline")
def note_ticket(
    ctx: Context,
    number: Number,
    text: Annotated[str | None, Field(label=_("Text"))] = None,
    kind: Annotated[
        Literal["note", "support"],
        Field(label=_("Kind"), help=_("support: the handler asks for it, which counts as a response.")),
    ] = "note",
) -> None:
    """Write a line into a ticket's thread."""
    services.note_ticket(ctx, number=number, text=text or "", kind=kind)


@service_task("answer", title=_("Answer a ticket"), mode="inline", repeatable=True)
def answer_ticket(
    ctx: Context,
    number: Number,
    answer: Annotated[str | None, Field(label=_("Answer"), help=_("What was done."))] = None,
    handler: Annotated[
        str | None, Field(label=_("Handler"), help=_("The key of the person who said so."))
    ] = None,
) -> None:
    """Record that the department has done it."""
    services.answer_ticket(ctx, number=number, answer=answer, handler=handler)


@service_task("rate", title=_("Rate a ticket"), mode="inline")
def rate_ticket(
    ctx: Context,
    number: Number,
    rating: Annotated[Decimal, Field(label=_("Rating"), help=_("1 (not at all satisfied) to 5 (very)."))],
) -> None:
    """Keep how satisfied the reporter is."""
    services.rate_ticket(ctx, number=number, rating=rating)


@service_task("close", title=_("Close a ticket"), mode="inline")
def close_ticket(
    ctx: Context,
    number: Number,
    rating: Annotated[
        Decimal | None, Field(label=_("Rating"), help=_("1 (not at all satisfied) to 5 (very)."))
    ] = None,
) -> None:
    """Close an answered ticket, with its rating where there is one."""
    services.close_ticket(ctx, number=number, rating=rating)


@service_task("reject", title=_("Do not accept a ticket"), mode="inline")
def reject_ticket(ctx: Context, number: Number, reason: Reason = None) -> None:
    """End a ticket that is not taken up."""
    services.reject_ticket(ctx, number=number, reason=reason)


@service_task("withdraw", title=_("Withdraw a ticket"), mode="inline")
def withdraw_ticket(ctx: Context, number: Number, reason: Reason = None) -> None:
    """End a ticket because its reporter takes it back."""
    services.withdraw_ticket(ctx, number=number, reason=reason)

"""The door for other plug-ins and for the pages: tickets as values, personal data hidden where due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from engine.context import Context
from engine.errors import Forbidden, NotFound
from engine.i18n import _
from plugins.tickets import rules
from plugins.tickets.models import Ticket, TicketEntry
from plugins.tickets.services import get_ticket, note_ticket, open_ticket

__all__ = [
    "STATES",
    "EntryView",
    "TicketStatus",
    "TicketView",
    "note_ticket",
    "open_ticket",
    "read_thread",
    "read_ticket",
    "ticket_status",
    "tickets_of_phone",
]

STATES = rules.STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket as somebody may see it.

    Args:
        state: A key of ``STATES``, whose value is its name.
        priority: 0 to 100: how early it goes in a list at present.
        masked: Whether name, number and place are hidden.
    """

    number: str
    instance_id: str | None
    state: rules.State
    category: str | None
    urgency: str | None
    unit_key: str | None
    summary: str
    description: str | None
    address: str
    reporter_name: str
    reporter_phone: str
    channel: str
    opened_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    rating: int | None
    priority: int
    masked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One line of a ticket's thread."""

    kind: str
    text: str
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStatus:
    """What its reporter may know of a ticket."""

    number: str
    state: rules.State
    summary: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


def read_ticket(ctx: Context, *, number: str) -> TicketView:
    """Return a ticket; name, number and place are hidden without ``tickets.read_personal``.

    Raises:
        Forbidden: The actor may not see tickets.
        NotFound: There is no such ticket.
    """
    _need_read(ctx)
    with ctx.read():
        return _view(ctx, get_ticket(ctx, number=number))


def read_thread(ctx: Context, *, number: str) -> list[EntryView]:
    """Return what happened to a ticket, oldest first.

    Raises:
        Forbidden: The actor may not see tickets.
        NotFound: There is no such ticket.
    """
    _need_read(ctx)
    with ctx.read():
        ticket = get_ticket(ctx, number=number)
        entries = ctx.session.scalars(
            select(TicketEntry).where(TicketEntry.ticket_id == ticket.id).order_by(TicketEntry.seq)
        )
        return [
            EntryView(kind=entry.kind, text=entry.text, author=entry.author, written_at=entry.written_at)
            for entry in entries
        ]


def tickets_of_phone(ctx: Context, *, phone: str, limit: int = 20) -> list[TicketView]:
    """Return what was reported from a number, newest first: what an agent sees when it rings.

    Args:
        ctx: Who acts.
        phone: E.164.
        limit: At most this many.

    Raises:
        Forbidden: The actor may not see tickets.
    """
    _need_read(ctx)
    with ctx.read():
        found = ctx.session.scalars(
            select(Ticket)
            .where(Ticket.reporter_phone == phone)
            .order_by(Ticket.opened_at.desc(), Ticket.number.desc())
            .limit(limit)
        )
        return [_view(ctx, ticket) for ticket in found]


def ticket_status(ctx: Context, *, number: str, phone: str) -> TicketStatus:
    """Tell a reporter how it stands with their ticket. Needs no login: number and telephone must agree.

    Args:
        ctx: Who acts.
        number: What they were told when they reported.
        phone: The number they reported from, E.164.

    Raises:
        NotFound: There is no such ticket, or it was reported from another number: which, is not said.
    """
    with ctx.read():
        ticket = ctx.session.scalar(
            select(Ticket).where(Ticket.number == number, Ticket.reporter_phone == phone)
        )
        if ticket is None:
            raise NotFound(_("There is no ticket %(number)s of this telephone number."), number=number)
        return TicketStatus(
            number=ticket.number,
            state=ticket.state,
            summary=ticket.summary,
            opened_at=ticket.opened_at,
            due_at=ticket.due_at,
            closed_at=ticket.closed_at,
        )


def _need_read(ctx: Context) -> None:
    if not ctx.actor.may("tickets.read"):
        raise Forbidden(_("You may not see tickets."))


def _view(ctx: Context, ticket: Ticket) -> TicketView:
    plain = ctx.actor.may("tickets.read_personal")
    return TicketView(
        number=ticket.number,
        instance_id=ticket.instance_id,
        state=ticket.state,
        category=ticket.category,
        urgency=ticket.urgency,
        unit_key=ticket.unit_key,
        summary=ticket.summary,
        description=ticket.description,
        address=(ticket.address or "") if plain else rules.mask_place(ticket.address),
        reporter_name=(ticket.reporter_name or "") if plain else rules.mask_name(ticket.reporter_name),
        reporter_phone=(ticket.reporter_phone or "") if plain else rules.mask_phone(ticket.reporter_phone),
        channel=ticket.channel,
        opened_at=ticket.opened_at,
        due_at=ticket.due_at,
        answered_at=ticket.answered_at,
        closed_at=ticket.closed_at,
        rating=ticket.rating,
        priority=rules.priority(ticket.urgency, ticket.due_at, ctx.now),
        masked=not plain,
    )

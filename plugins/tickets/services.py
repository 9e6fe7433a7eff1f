"""The verbs: what happens to a ticket. Each is one transaction, or joins the one that is open."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from engine.context import Context, verb
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.i18n import _
from plugins.tickets import rules
from plugins.tickets.models import Ticket, TicketEntry


@verb
def open_ticket(
    ctx: Context,
    *,
    number: str,
    instance_id: str | None = None,
    channel: str = "web",
    category: str | None = None,
    urgency: str | None = None,
    summary: str | None = None,
    description: str | None = None,
    address: str | None = None,
    reporter_name: str | None = None,
    reporter_phone: str | None = None,
) -> Ticket:
    """Take in what somebody reported.

    Args:
        ctx: Who acts.
        number: The business key of its instance.
        instance_id: The instance that carries it.
        channel: How it came: ``web``, ``phone``, ``sms``, ``email``, ``counter``, ``letter``.
        category: A word of the routing table, or any other.
        urgency: What the reporter or agent said; the routing table decides.
        summary: A few words; made from the description where none are given.
        description: All that was said.
        address: Where it is.
        reporter_name: Who reports.
        reporter_phone: E.164.

    Raises:
        Conflict: There is a ticket of this number.
    """
    if ctx.session.scalar(select(Ticket.id).where(Ticket.number == number)):
        raise Conflict(_("There is a ticket %(number)s already."), number=number)
    ticket = Ticket(
        number=number,
        instance_id=instance_id,
        channel=channel,
        category=category,
        urgency=urgency,
        state="new",
        summary=rules.short_summary(summary, description),
        description=description or None,
        address=address or None,
        reporter_name=reporter_name or None,
        reporter_phone=reporter_phone or None,
        opened_at=ctx.now,
    )
    ctx.session.add(ticket)
    _enter(ctx, ticket, "status", "new")
    return ticket


@verb
def assign_ticket(
    ctx: Context,
    *,
    number: str,
    unit_key: str,
    due_at: datetime,
    urgency: str | None = None,
    category: str | None = None,
    summary: str | None = None,
    address: str | None = None,
) -> Ticket:
    """Give a ticket to a department; again where another one has to do it, or the same one better.

    Args:
        ctx: Who acts.
        number: Which ticket.
        unit_key: The department's unit.
        due_at: When its answer is due.
        urgency: ``urgent`` or ``normal``.
        category: What a dispatcher corrected; None leaves it.
        summary: As above.
        address: As above.

    Raises:
        NotFound: There is no such ticket.
        Conflict: It is over.
    """
    ticket = _become(ctx, number, "dispatched")
    ticket.unit_key, ticket.due_at = unit_key, due_at
    ticket.assigned_at = ticket.assigned_at or ctx.now
    ticket.urgency = urgency or ticket.urgency
    ticket.category = category or ticket.category
    ticket.address = address or ticket.address
    if summary:
        ticket.summary = rules.short_summary(summary, None)
    # An answer that came back is none.
    ticket.answered_at = None
    return ticket


@verb
def extend_ticket(ctx: Context, *, number: str, due_at: datetime, reason: str | None = None) -> Ticket:
    """Give the department more time.

    Args:
        ctx: Who acts.
        number: Which ticket.
        due_at: The new due time; it lies ahead.
        reason: Why the department asked.

    Raises:
        NotFound: There is no such ticket.
        Conflict: It is over.
        InvalidSubmission: The new due time has passed.
    """
    if due_at <= ctx.now:
        raise InvalidSubmission(
            problems=[Problem(path="due_at", message=_("The new due time has passed: give a later one."))]
        )
    ticket = _become(ctx, number, "in_progress")
    ticket.due_at = due_at
    _respond(ctx, ticket)
    if reason:
        _enter(ctx, ticket, "reason", reason)
    return ticket


@verb
def note_ticket(ctx: Context, *, number: str, text: str, kind: str = "note") -> TicketEntry:
    """Write a line into a ticket's thread.

    A line of a department's handler (kind ``support``) is its first response.

    Args:
        ctx: Who acts.
        number: Which ticket.
        text: What to write.
        kind: ``note`` or ``support``.

    Raises:
        NotFound: There is no such ticket.
    """
    ticket = get_ticket(ctx, number=number)
    if kind == "support" and rules.may_become(ticket.state, "in_progress"):
        _become(ctx, number, "in_progress")
        _respond(ctx, ticket)
    return _enter(ctx, ticket, kind, text)


@verb
def answer_ticket(
    ctx: Context, *, number: str, answer: str | None = None, handler: str | None = None
) -> Ticket:
    """Record that the department has done it.

    Args:
        ctx: Who acts.
        number: Which ticket.
        answer: What was done.
        handler: The person who said so; the actor where it is not said.

    Raises:
        NotFound: There is no such ticket.
        Conflict: It is not with a department.
    """
    ticket = _become(ctx, number, "answered", author=handler)
    ticket.answered_at = ctx.now
    _respond(ctx, ticket)
    if answer:
        _enter(ctx, ticket, "answer", answer, author=handler)
    return ticket


@verb
def rate_ticket(ctx: Context, *, number: str, rating: Decimal | int) -> Ticket:
    """Keep how satisfied the reporter is.

    Args:
        ctx: Who acts.
        number: Which ticket.
        rating: 1 (not at all) to 5 (very).

    Raises:
        NotFound: There is no such ticket.
        InvalidSubmission: It is no whole number from 1 to 5.
    """
    if not rules.is_rating(rating):
        raise InvalidSubmission(
            problems=[Problem(path="rating", message=_("A rating is a whole number from 1 to 5."))]
        )
    ticket = get_ticket(ctx, number=number)
    ticket.rating = int(rating)
    return ticket


@verb
def close_ticket(ctx: Context, *, number: str, rating: Decimal | int | None = None) -> Ticket:
    """Close an answered ticket.

    Args:
        ctx: Who acts.
        number: Which ticket.
        rating: 1 to 5, where the reporter gave one.

    Raises:
        NotFound: There is no such ticket.
        Conflict: It has not been answered.
        InvalidSubmission: The rating is no whole number from 1 to 5.
    """
    if rating is not None:
        rate_ticket(ctx, number=number, rating=rating)
    return _end(ctx, number, "closed")


@verb
def reject_ticket(ctx: Context, *, number: str, reason: str | None = None) -> Ticket:
    """Do not take up a ticket.

    Args:
        ctx: Who acts.
        number: Which ticket.
        reason: What the reporter is told.

    Raises:
        NotFound: There is no such ticket.
        Conflict: It has been answered or is over.
    """
    ticket = _end(ctx, number, "not_accepted")
    if reason:
        _enter(ctx, ticket, "reason", reason)
    return ticket


@verb
def withdraw_ticket(ctx: Context, *, number: str, reason: str | None = None) -> Ticket:
    """End a ticket because its reporter takes it back.

    Args:
        ctx: Who acts.
        number: Which ticket.
        reason: What the reporter said.

    Raises:
        NotFound: There is no such ticket.
        Conflict: It has been answered or is over.
    """
    ticket = _end(ctx, number, "withdrawn")
    if reason:
        _enter(ctx, ticket, "reason", reason)
    return ticket


def get_ticket(ctx: Context, *, number: str) -> Ticket:
    """Return a ticket by its number.

    Raises:
        NotFound: There is no such ticket.
    """
    ticket = ctx.session.scalar(select(Ticket).where(Ticket.number == number))
    if ticket is None:
        raise NotFound(_("There is no ticket %(number)s."), number=number)
    return ticket


def _become(ctx: Context, number: str, state: rules.State, *, author: str | None = None) -> Ticket:
    ticket = get_ticket(ctx, number=number)
    if not rules.may_become(ticket.state, state):
        message = (
            _("Ticket %(number)s is over: nothing more can be done with it.")
            if rules.is_final(ticket.state)
            else _("Ticket %(number)s has not come that far, or is past it already.")
        )
        raise Conflict(message, number=number)
    ticket.state = state
    _enter(ctx, ticket, "status", state, author=author)
    return ticket


def _end(ctx: Context, number: str, state: rules.State) -> Ticket:
    ticket = _become(ctx, number, state)
    ticket.closed_at = ctx.now
    return ticket


def _respond(ctx: Context, ticket: Ticket) -> None:
    ticket.first_response_at = ticket.first_response_at or ctx.now


def _enter(ctx: Context, ticket: Ticket, kind: str, text: str, *, author: str | None = None) -> TicketEntry:
    ctx.session.flush()  # the ticket has its id once it is written
    entry = TicketEntry(
        ticket_id=ticket.id, kind=kind, text=text, author=author or ctx.actor.name, written_at=ctx.now
    )
    ctx.session.add(entry)
    return entry

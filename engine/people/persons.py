"""Persons: made, changed, closed, found. Closed is not deleted; a key is never used again."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal, TypeAlias
from zoneinfo import available_timezones

from sqlalchemy import func, select, update

from engine.context import Context, verb
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.history import audit
from engine.i18n import LOCALES, _
from engine.people.digest import is_digest
from engine.people.keys import is_key, key_problem, name_problems
from engine.people.languages import centre_locale
from engine.people.models import GroupMember, Person, PostHolder, UnitMember
from engine.people.quiet import are_quiet_hours
from engine.people.telephone import default_region, e164
from engine.push import publish

CHANNELS = ("sms", "email", "in_app", "voice")
_MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class _Keep(Enum):
    KEEP = "keep"


Keep: TypeAlias = _Keep
# Stands for "as it is".
KEEP: Final = _Keep.KEEP


@verb
def create_person(
    ctx: Context,
    *,
    key: str,
    name: str,
    phone: str | None = None,
    email: str | None = None,
    locale: str | None = None,
    time_zone: str | None = None,
    preferred_channel: str | None = None,
    quiet_hours: str | None = None,
    digest: str | None = None,
) -> Person:
    """Take somebody in under a new key.

    Raises:
        Conflict: The key was given before, perhaps to somebody who has left.
        InvalidSubmission: See ``put_person``.
    """
    if ctx.session.get(Person, key) is not None:
        raise Conflict(_("The key %(key)s was given before. Choose another."), key=key)
    return put_person(
        ctx,
        key=key,
        name=name,
        phone=phone,
        email=email,
        locale=locale or KEEP,
        time_zone=time_zone,
        preferred_channel=preferred_channel,
        quiet_hours=quiet_hours,
        digest=digest,
    )


@verb
def put_person(
    ctx: Context,
    *,
    key: str,
    name: str,
    phone: str | Keep | None = KEEP,
    email: str | Keep | None = KEEP,
    locale: str | Keep = KEEP,
    time_zone: str | Keep | None = KEEP,
    preferred_channel: str | Keep | None = KEEP,
    quiet_hours: str | Keep | None = KEEP,
    digest: str | Keep | None = KEEP,
) -> Person:
    """Take somebody in, or change what is known of them.

    Args:
        ctx: The context.
        key: Given once: 2 to 64 of ``a-z 0-9 _ . -``.
        name: What people call them.
        phone: As people write it; kept as E.164. A new number is free of the old one's trouble.
        email: A mail address.
        locale: ``en``, ``zh_Hans`` or ``zh_Hant``; a new person's is the centre's where it is not said.
        time_zone: An IANA zone; None for the centre's.
        preferred_channel: ``sms``, ``email``, ``in_app`` or ``voice``; None for the usual.
        quiet_hours: When reminders wait, such as ``22:00-07:00`` by their own clock, or ``never``; None for
            the centre's.
        digest: When they are told of what can wait, in one message: ``hourly``, or at a full hour such as
            ``08:00`` by their own clock; None: of each at once.

    Raises:
        InvalidSubmission: Something cannot be; the problems say what.
        Conflict: They have left.
    """
    name = name.strip()
    if not is_key(key):
        raise InvalidSubmission(problems=[key_problem(key), *name_problems(name)])
    said: dict[str, object] = {
        "phone": phone or None,
        "email": email or None,
        "locale": locale,
        "time_zone": time_zone or None,
        "preferred_channel": preferred_channel or None,
        "quiet_hours": quiet_hours if quiet_hours is KEEP else (quiet_hours or "").strip() or None,
        "digest": digest or None,
    }
    given = {field: value for field, value in said.items() if value is not KEEP}
    problems = check_person(ctx, name=name, given=given)
    if problems:
        raise InvalidSubmission(problems=problems)
    person = ctx.session.get(Person, key)
    if person is not None and person.closed_at is not None:
        raise Conflict(_("%(key)s has left."), key=key)
    if person is None:
        if "locale" not in given:
            given["locale"] = centre_locale(ctx)
        person = Person(key=key, name=name, created_at=ctx.now)
        ctx.session.add(person)
        changed = ["created"]
    else:
        changed = [field for field, value in given.items() if getattr(person, field) != value]
        changed += ["name"] if person.name != name else []
    person.name = name
    for field, value in given.items():
        if field in ("phone", "email") and getattr(person, field) != value:
            setattr(person, f"{field}_trouble", None)
        setattr(person, field, value)
    ctx.session.flush()
    if changed:
        audit(ctx, "person.put", "person", key, {"changed": sorted(changed)})
        publish(ctx, "person", key)
    return person


@verb
def trust_address(ctx: Context, *, key: str, field: Literal["phone", "email"]) -> Person:
    """Use somebody's number or mailbox again that took no messages: somebody made sure that it is right.

    Args:
        ctx: Who made sure.
        key: Whose.
        field: Which of the two.

    Raises:
        NotFound: There is nobody of that key.
    """
    person = get_person(ctx, key)
    if getattr(person, f"{field}_trouble") is not None:
        setattr(person, f"{field}_trouble", None)
        ctx.session.flush()
        audit(ctx, "person.trust", "person", key, {"field": field})
        publish(ctx, "person", key)
    return person


def check_person(ctx: Context, *, name: str, given: dict[str, object]) -> list[Problem]:
    """Say what cannot be of what is known of a person.

    Args:
        ctx: The context.
        name: What people call them.
        given: The other fields by name, as ``put_person`` takes them; the telephone number in it is
            written as E.164.
    """
    problems: list[Problem] = []
    if given.get("phone"):
        try:
            given["phone"] = e164(str(given["phone"]), default_region(ctx))
        except InvalidSubmission as error:
            problems.extend(error.problems)
    if given.get("email") and not _MAIL.fullmatch(str(given["email"])):
        problems.append(
            Problem(
                path="email",
                message=_("%(address)s is no mail address."),
                params={"address": given["email"]},
            )
        )
    for field, known in (
        ("locale", tuple(LOCALES)),
        ("preferred_channel", CHANNELS),
    ):
        if given.get(field) and given[field] not in known:
            problems.append(
                Problem(
                    path=field,
                    message=_("%(value)s is not known. Use one of: %(known)s."),
                    params={"value": given[field], "known": ", ".join(known)},
                )
            )
    if given.get("time_zone") and given["time_zone"] not in available_timezones():
        problems.append(
            Problem(
                path="time_zone",
                message=_("%(value)s is no time zone. Write one such as Asia/Hong_Kong."),
                params={"value": given["time_zone"]},
            )
        )
    if given.get("quiet_hours") and not are_quiet_hours(str(given["quiet_hours"])):
        problems.append(
            Problem(
                path="quiet_hours",
                message=_("%(value)s are no hours. Write such as 22:00-07:00, or never."),
                params={"value": given["quiet_hours"]},
            )
        )
    if given.get("digest") and not is_digest(str(given["digest"])):
        problems.append(
            Problem(
                path="digest",
                message=_("%(value)s is no time for it. Write hourly, or a full hour such as 08:00."),
                params={"value": given["digest"]},
            )
        )
    problems += name_problems(name)
    return problems


@verb
def close_person(ctx: Context, *, key: str) -> Person:
    """Let somebody go: they end everywhere, their key and their history stay.

    Raises:
        NotFound: There is nobody of that key.
    """
    person = get_person(ctx, key)
    if person.closed_at is not None:
        return person
    person.closed_at = ctx.now
    for kind in (UnitMember, GroupMember, PostHolder):
        ctx.session.execute(
            update(kind).where(kind.person_key == key, kind.valid_to.is_(None)).values(valid_to=ctx.now)
        )
    ctx.session.flush()
    audit(ctx, "person.close", "person", key)
    publish(ctx, "person", key)
    return person


@verb
def reopen_person(ctx: Context, *, key: str) -> Person:
    """Take somebody back who had left; where they stood is told anew.

    Raises:
        NotFound: There is nobody of that key.
    """
    person = get_person(ctx, key)
    if person.closed_at is not None:
        person.closed_at = None
        ctx.session.flush()
        audit(ctx, "person.reopen", "person", key)
        publish(ctx, "person", key)
    return person


def get_person(ctx: Context, key: str) -> Person:
    """Return somebody, also if they have left.

    Raises:
        NotFound: There is nobody of that key.
    """
    person = find_person(ctx, key)
    if person is None:
        raise NotFound(_("There is no person %(key)s."), key=key)
    return person


def find_person(ctx: Context, key: str) -> Person | None:
    """Return somebody, also if they have left; None where there is nobody of that key."""
    with ctx.read():
        return ctx.session.get(Person, key)


def person_by_phone(ctx: Context, phone: str) -> list[Person]:
    """Return everybody here who has this number: several may share one.

    Args:
        ctx: The context.
        phone: E.164.
    """
    with ctx.read():
        return list(
            ctx.session.scalars(
                select(Person).where(Person.phone == phone, Person.closed_at.is_(None)).order_by(Person.key)
            )
        )


def person_by_email(ctx: Context, email: str) -> list[Person]:
    """Return everybody here who has this mail address, whichever its case."""
    with ctx.read():
        return list(
            ctx.session.scalars(
                select(Person)
                .where(func.lower(Person.email) == email.lower(), Person.closed_at.is_(None))
                .order_by(Person.key)
            )
        )


def need_here(ctx: Context, person_key: str) -> None:
    """Make sure that somebody works here.

    Raises:
        NotFound: There is nobody of that key.
        Conflict: They have left.
    """
    if get_person(ctx, person_key).closed_at is not None:
        raise Conflict(_("%(key)s has left."), key=person_key)

"""What a drawing can call. All are inline: people come and go in the transaction of the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.errors import BpmnError, InvalidSubmission, Problem
from engine.i18n import _, say
from engine.people import centre_locale, get_person, manager_of, units_of
from engine.plugin.offers import Field, service_task
from plugins.personnel import rules, services
from plugins.personnel.models import Employment

Person = Annotated[str, Field(label=_("Person"), help=_("A user name; initiator is who asked."))]
InstanceId = Annotated[
    str | None,
    Field(label=_("Id of the instance"), help=_("instance_id: then nobody is hired twice.")),
]
Until = Annotated[date | None, Field(label=_("Probation until"), help=_("The last day of it."))]
Successor = Annotated[
    str | None, Field(label=_("Successor"), help=_("A user name; the person's manager if empty."))
]
Extension = Annotated[str | None, Field(label=_("Extension"))]


class Standing(TypedDict):
    """How it stands with somebody; what nobody has said is null."""

    user_name: Annotated[str, Field(label=_("User name"))]
    name: Annotated[str, Field(label=_("Full name"))]
    unit: Annotated[str | None, Field(label=_("Unit"), help=_("The key of the main one."))]
    manager: Annotated[str | None, Field(label=_("Their manager"), help=_("Who stands above them now."))]
    state: Annotated[
        str, Field(label=_("State"), help=_("probation, confirmed or left; left if the person is closed."))
    ]
    post: Annotated[str | None, Field(label=_("Post"), help=_("The one they were hired for."))]
    hired_on: Annotated[date | None, Field(label=_("Hired on"))]
    probation_until: Until
    confirmed_on: Annotated[date | None, Field(label=_("Confirmed on"))]
    left_on: Annotated[date | None, Field(label=_("Left on"))]
    extension: Extension


class Hired(TypedDict):
    """Who was hired."""

    employment_id: Annotated[str, Field(label=_("Id of the employment"))]
    manager: Annotated[str | None, Field(label=_("Their manager"), help=_("Who leads the unit."))]


class Invited(TypedDict):
    """What came of an invitation."""

    invited: Annotated[
        bool,
        Field(
            label=_("Invited"),
            help=_("False where neither a number nor a mailbox is known: somebody else lets them in."),
        ),
    ]
    withheld: Annotated[
        list[Any],
        Field(label=_("Roles withheld"), help=_("What no process may give: an administrator does.")),
    ]


class HandedOver(TypedDict):
    """Whose the work is."""

    successor: Annotated[str, Field(label=_("Successor"))]


class Departed(TypedDict):
    """What became of a leaver's work."""

    task_count: Annotated[int, Field(label=_("Tasks handed over"))]


@contextmanager
def _outcomes(ctx: Context) -> Iterator[None]:
    """Let the drawing catch what may happen to anybody; the rest is a mistake of the drawing."""
    try:
        yield
    except (services.NameTaken, services.ExtensionTaken, services.NoSuccessor) as error:
        # Kept in the history, which many read.
        raise BpmnError(error.code, say(centre_locale(ctx), error)) from error


@service_task("hire", title=_("Hire somebody"), mode="inline")
def hire(
    ctx: Context,
    person: Annotated[str, Field(label=_("User name"), help=_("Given once, never again."))],
    name: Annotated[str, Field(label=_("Full name"))],
    unit: Annotated[str, Field(label=_("Unit"), help=_("Its key; who leads it is their manager."))],
    post: Annotated[str | None, Field(label=_("Post"), help=_("Its key."))] = None,
    groups: Annotated[list[Any] | None, Field(label=_("Groups"), help=_("Their keys."))] = None,
    phone: Annotated[str | None, Field(label=_("Telephone"))] = None,
    email: Annotated[str | None, Field(label=_("Mail address"))] = None,
    locale: Annotated[str | None, Field(label=_("Language"), help=_("en, zh_Hans or zh_Hant."))] = None,
    hired_on: Annotated[date | None, Field(label=_("Hired on"), help=_("Today if empty."))] = None,
    probation_until: Until = None,
    instance_id: InstanceId = None,
) -> Hired:
    """Make a person with unit, post, groups and employment; error: name_taken."""
    with _outcomes(ctx):
        employment = services.hire(
            ctx,
            person_key=person,
            name=name,
            unit_key=unit,
            post_key=post or None,
            group_keys=[str(key) for key in groups or ()],
            phone=phone or None,
            email=email or None,
            locale=locale or None,
            hired_on=hired_on,
            probation_until=probation_until,
            instance_id=instance_id,
        )
    manager = manager_of(ctx, person)
    return {"employment_id": employment.id, "manager": None if manager is None else manager.key}


@service_task("invite", title=_("Invite somebody to sign in"), mode="inline")
def invite(
    ctx: Context,
    person: Person,
    roles: Annotated[
        list[Any] | None,
        Field(label=_("Roles"), help=_("Names of roles, such as agent; who has a login keeps theirs.")),
    ] = None,
) -> Invited:
    """Give somebody a login with roles, and send them a link to choose their password."""
    invitation = services.invite(ctx, person_key=person, role_names=[str(name) for name in roles or ()])
    return {"invited": invitation.sent, "withheld": list(invitation.withheld)}


@service_task("employment", title=_("Look up an employment"), mode="inline", looks=True)
def read_employment(ctx: Context, person: Person) -> Standing:
    """Say how it stands with somebody's employment and probation."""
    found, employment = get_person(ctx, person), services.employment_of(ctx, person)
    kept = employment or Employment()
    manager, units = manager_of(ctx, person), units_of(ctx, person)
    state = rules.state_of(confirmed_on=kept.confirmed_on, left_on=kept.left_on)
    return {
        "user_name": found.key,
        "name": found.name,
        "unit": units[0] if units else None,
        "manager": None if manager is None else manager.key,
        "state": state if found.closed_at is None else rules.LEFT,
        "post": kept.post_key,
        "hired_on": kept.hired_on,
        "probation_until": kept.probation_until,
        "confirmed_on": kept.confirmed_on,
        "left_on": kept.left_on,
        "extension": kept.extension,
    }


@service_task("set_extension", title=_("Give an extension"), mode="inline", repeatable=True)
def set_extension(
    ctx: Context, person: Person, extension: Annotated[str, Field(label=_("Extension"), help=_("Digits."))]
) -> None:
    """Keep which telephone is somebody's; error: extension_taken."""
    with _outcomes(ctx):
        services.set_extension(ctx, person_key=person, extension=extension)


@service_task("confirm", title=_("Confirm somebody"), mode="inline", repeatable=True)
def confirm(
    ctx: Context,
    person: Person,
    confirmed_on: Annotated[date | None, Field(label=_("Confirmed on"), help=_("Today if empty."))] = None,
) -> None:
    """End somebody's probation well."""
    services.confirm(ctx, person_key=person, confirmed_on=confirmed_on)


@service_task("extend_probation", title=_("Extend a probation"), mode="inline", repeatable=True)
def extend_probation(
    ctx: Context,
    person: Person,
    until: Annotated[date, Field(label=_("Probation until"), help=_("The last day of it."))],
) -> None:
    """Let somebody's probation go on until a later day."""
    if until is None:
        raise InvalidSubmission(problems=[Problem(path="until", message=_("This day is missing."))])
    services.extend_probation(ctx, person_key=person, until=until)


@service_task("check_successor", title=_("Check who takes work over"), mode="inline", looks=True)
def check_successor(ctx: Context, person: Person, successor: Successor = None) -> HandedOver:
    """Say who can take a leaver's work over: somebody else who is here; error: no_successor."""
    with _outcomes(ctx):
        return {
            "successor": services.check_successor(ctx, person_key=person, successor_key=successor or None)
        }


@service_task("leave", title=_("Let somebody go"), mode="inline", repeatable=True)
def leave(
    ctx: Context,
    person: Person,
    successor: Successor = None,
    left_on: Annotated[date | None, Field(label=_("Left on"), help=_("Today if empty."))] = None,
) -> Departed:
    """Hand over all that waits and will, end the employment, close person and login; error: no_successor."""
    with _outcomes(ctx):
        count = services.leave(ctx, person_key=person, successor_key=successor or None, left_on=left_on)
    return {"task_count": count}


@service_task("note_leaving", title=_("Keep why somebody leaves"), mode="inline", repeatable=True)
def note_leaving(
    ctx: Context,
    person: Person,
    reason: Annotated[
        str,
        Field(label=_("Reason code"), help=_("A word that can be counted: pay, health, redundancy…")),
    ],
    by: Annotated[
        str | None, Field(label=_("Whose idea it was"), help=_("employee, centre or both."))
    ] = None,
) -> None:
    """Keep why somebody leaves or has left, in a word that is counted over all."""
    services.note_leaving(ctx, person_key=person, reason=reason, by=by or None)

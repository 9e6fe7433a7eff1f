"""Hiring: a person with all that belongs to them, and their way in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from sqlalchemy import select

from engine import people
from engine.context import Context, verb
from engine.db import alone_in
from engine.errors import Conflict, InvalidSubmission, Problem
from engine.i18n import _
from engine.parameters import parameter
from plugins.personnel import rules
from plugins.personnel.models import Employment
from plugins.personnel.services.employments import begin, changed, today

GIVE_LOGIN = "give_login"
"""The registry's port by which the shell gives somebody a login."""


class NameTaken(Conflict):
    """This user name was given before, perhaps to somebody who has left. Choose another."""

    code: ClassVar[str] = "name_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What came of giving somebody a login.

    Args:
        sent: Whether they have a login, or an invitation to choose a password is on its way.
        withheld: The roles that no process may give: an administrator does.
    """

    sent: bool
    withheld: Sequence[str]


@verb
def hire(
    ctx: Context,
    *,
    person_key: str,
    name: str,
    unit_key: str,
    post_key: str | None = None,
    group_keys: Collection[str] = (),
    phone: str | None = None,
    email: str | None = None,
    locale: str | None = None,
    hired_on: date | None = None,
    probation_until: date | None = None,
    instance_id: str | None = None,
) -> Employment:
    """Take somebody in: person, unit, post, groups and employment. An instance hires once.

    Args:
        ctx: Who acts.
        person_key: Their user name for ever.
        name: What people call them.
        unit_key: Where they work; who leads it is their manager.
        post_key: The post they hold from now on, beside others who do.
        group_keys: The groups they join.
        phone: As people write it.
        email: A mail address.
        locale: ``en``, ``zh_Hans`` or ``zh_Hant``; the centre's where omitted.
        hired_on: The first day; today where omitted.
        probation_until: The last day of the probation; none where omitted.
        instance_id: The instance that asks for it.

    Raises:
        NameTaken: The user name was given before.
        InvalidSubmission: Something cannot be; ``problems`` lists what.
        NotFound: There is no such unit, post or group.
        Conflict: The instance has hired somebody else.
    """
    alone_in(ctx.connection, Employment.__table__)
    if instance_id is not None:
        before = ctx.session.scalar(select(Employment).where(Employment.instance_id == instance_id))
        if before is not None:
            if before.person_key != person_key:
                raise Conflict(_("This process has hired %(key)s already."), key=before.person_key)
            return before
    first = hired_on or today(ctx)
    if probation_until is not None and probation_until < first:
        raise InvalidSubmission(
            problems=[Problem(path="probation_until", message=_("This lies before the first day."))]
        )
    if people.find_person(ctx, person_key) is not None:
        raise NameTaken()
    people.create_person(ctx, key=person_key, name=name, phone=phone, email=email, locale=locale)
    people.join_unit(ctx, unit_key=unit_key, person_key=person_key)
    for key in group_keys:
        people.join_group(ctx, group_key=key, person_key=person_key)
    if post_key is not None:
        holders = [one.key for one in people.holders_of(ctx, post_key)]
        people.set_post_holders(ctx, key=post_key, person_keys=[*holders, person_key])
    employment = begin(ctx, person_key)
    employment.post_key, employment.instance_id = post_key, instance_id
    employment.hired_on, employment.probation_until = first, probation_until
    return changed(ctx, employment, "employment.hire")


@verb
def invite(ctx: Context, *, person_key: str, role_names: Sequence[str]) -> Invitation:
    """Give somebody a login, and send them a link to choose their password.

    Which roles a process may give the parameter ``personnel.roles`` says: who draws processes does not decide
    on rights by it. Who has a login keeps it as it is.

    Raises:
        NotFound: There is nobody of that key, or no such role.
        Conflict: They have left.
    """
    people.need_here(ctx, person_key)
    given, withheld = rules.split_roles(list(role_names), str(parameter(ctx, "personnel.roles")))
    # Where no shell is installed, as in a scenario, nobody has a login.
    sent = GIVE_LOGIN in ctx.registry.ports and bool(
        ctx.registry.port(GIVE_LOGIN)(ctx, person_key=person_key, roles=given)
    )
    return Invitation(sent=sent, withheld=withheld)

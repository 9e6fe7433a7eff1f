"""What lower floors may ask of the shell: a login for somebody whom a process has taken in."""

from __future__ import annotations

from collections.abc import Collection

from engine.context import Context, verb
from engine.errors import Conflict
from engine.people import get_person
from engine.plugin import Registry


@verb
def give_login(ctx: Context, *, person_key: str, roles: Collection[str]) -> bool:
    """Give somebody a login, and send them a link to choose their password; who has one keeps it as it is.

    Args:
        ctx: The context.
        person_key: Who; they are here.
        roles: The names of the new login's roles.

    Returns:
        False where neither a number nor a mailbox of theirs works: then they have no login either.

    Raises:
        NotFound: There is no such role.
    """
    # A worker loads the login library only once it gives a login.
    from admin.identity.links import INVITATION, send_link
    from admin.identity.logins import has_login, sync_login

    person = get_person(ctx, person_key)
    if has_login(ctx, person_key=person_key):
        return True
    try:
        send_link(ctx, person=person, purpose=INVITATION)
    except Conflict:
        return False
    sync_login(ctx, person=person, roles=roles)
    return True


def register(registry: Registry) -> None:
    """Add the port ``give_login``."""
    registry.add_port("give_login", give_login)

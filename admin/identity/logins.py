"""Logins: kept in step with persons by one function; proved by a password."""

from __future__ import annotations

import threading
from collections.abc import Collection

from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from sqlalchemy import func, select, update

from admin.identity.passwords import UNSET, hash_password, matches, weaknesses
from admin.identity.sessions import end_sessions, open_session
from admin.kit.errors import Unauthorized
from admin.kit.limits import forget_tries, is_limited, lift_limit, need_tries_left, take_try
from admin.kit.permissions import as_pair
from engine.context import Context, verb
from engine.errors import InvalidSubmission, NotFound
from engine.history import audit
from engine.i18n import _
from engine.people.models import Person

# Ten wrong tries for a name from an address, then a pause; the wider limit is for tries over many names.
TRIES = 10
TRIES_OF_ADDRESS = 100
PAUSE_S = 15 * 60
# One after the other: who tries a name many times at once learns no more than who tries it in turn. Two names
# may share a lock.
_TURNS = tuple(threading.Lock() for _number in range(256))


class WrongPassword(Unauthorized):
    """The user name or the password is wrong."""


@verb
def sync_login(ctx: Context, *, person: Person, roles: Collection[str] | None = None) -> None:
    """Bring a person's login into step: made where there is none, ended where the person is closed.

    Args:
        ctx: The context.
        person: As they are now.
        roles: The names of the login's roles; where omitted they stay as they are.

    Raises:
        NotFound: There is no such role.
    """
    login = ctx.session.scalars(select(User).where(User.username == person.key)).first()
    if login is None:
        # The address is unique there, not here: people share mailboxes. Ours is in the person.
        login = User(username=person.key, email=f"{person.key}@person.invalid", password=UNSET)
        ctx.session.add(login)
    login.first_name, login.last_name = person.name[:64], ""
    login.active = person.closed_at is None
    if roles is not None:
        roles = {role.lower() for role in roles}
        found = list(ctx.session.scalars(select(Role).where(Role.name.in_(roles))))
        missing = roles - {role.name for role in found}
        if missing:
            raise NotFound(_("There is no role %(name)s."), name=sorted(missing)[0])
        if roles != {role.name for role in login.roles}:
            login.roles = found
            audit(ctx, "person.give_roles", "person", person.key, {"roles": sorted(roles)})
    if not login.active:
        end_sessions(ctx, person_key=person.key)
    ctx.session.flush()


def roles_of(ctx: Context, *, person_key: str) -> list[str]:
    """Return the names of a login's roles."""
    with ctx.read():
        return sorted(
            ctx.session.scalars(select(Role.name).join(Role.user).where(User.username == person_key))
        )


def role_names(ctx: Context) -> list[str]:
    """Return the names of the roles there are."""
    with ctx.read():
        return list(ctx.session.scalars(select(Role.name).order_by(Role.id)))


def has_login(ctx: Context, *, person_key: str) -> bool:
    """Whether somebody has a login, whether they have chosen a password or not."""
    with ctx.read():
        return ctx.session.scalar(select(User.id).where(User.username == person_key)) is not None


def may_enter(ctx: Context, *, person_key: str) -> bool:
    """Whether a person has set a password and is let in."""
    with ctx.read():
        kept = ctx.session.execute(
            select(User.password, User.active).where(User.username == person_key)
        ).first()
    return kept is not None and bool(kept.active) and kept.password not in (None, UNSET)


def sign_in(ctx: Context, *, name: str, password: str, address: str, agent: str, channel: str) -> str:
    """Prove a login by its password and open a session.

    The password is compared outside of any transaction; the answer and its time are the same whether or
    not there is such a login.

    Args:
        ctx: The context, with no transaction open.
        name: The user name, or the mail address where only one person has it.
        password: The password.
        address: Where the try comes from.
        agent: What the browser or program calls itself.
        channel: ``web`` or ``rest``.

    Returns:
        The session's id.

    Raises:
        WrongPassword: Either is wrong.
        TooManyRequests: Too many wrong tries; says how long to wait.
    """
    person_key, kept = _find(ctx, name.strip().lower())
    need_tries_left(ctx, name="login_address", of=address, most=TRIES_OF_ADDRESS)
    if not _is_right(ctx, person_key, kept, password, address):
        take_try(ctx, name="login_address", of=address, most=TRIES_OF_ADDRESS, within_s=PAUSE_S)
        _note_failure(ctx, person_key=person_key, address=address)
        raise WrongPassword()
    return _note_success(ctx, person_key=person_key, address=address, agent=agent, channel=channel)


def _is_right(ctx: Context, person_key: str, kept: str | None, password: str, address: str) -> bool:
    """Compare a password in its turn; only a wrong one counts."""
    tries = _tries(person_key, address)
    with _TURNS[hash(tries) % len(_TURNS)]:
        need_tries_left(ctx, name="login", of=tries, most=TRIES)
        if matches(kept, password):
            return True
        take_try(ctx, name="login", of=tries, most=TRIES, within_s=PAUSE_S, subject=person_key)
        return False


def _tries(person_key: str, address: str) -> str:
    return f"{person_key} {address}"


def is_paused(ctx: Context, *, person_key: str) -> bool:
    """Whether a login has to wait because of wrong tries from some address."""
    return is_limited(ctx, name="login", subject=person_key, most=TRIES)


@verb
def end_pause(ctx: Context, *, person_key: str) -> None:
    """Let a login try again at once."""
    lift_limit(ctx, name="login", subject=person_key)
    audit(ctx, "person.end_pause", "person", person_key)


def _find(ctx: Context, name: str) -> tuple[str, str | None]:
    """Find the login that a name means, and what is kept of its password."""
    with ctx.read():
        login = select(User.username, User.password).join(Person, Person.key == User.username)
        login = login.where(User.active.is_(True), Person.closed_at.is_(None))
        rows = ctx.connection.execute(login.where(User.username == name)).all()
        by_mail = ctx.connection.execute(login.where(func.lower(Person.email) == name).limit(2)).all()
    found = rows or (by_mail if len(by_mail) == 1 else [])
    return (found[0].username, found[0].password) if found else (name, None)


@verb
def _note_failure(ctx: Context, *, person_key: str, address: str) -> None:
    ctx.connection.execute(
        update(User.__table__)
        .where(User.username == person_key)
        .values(fail_login_count=func.coalesce(User.fail_login_count, 0) + 1)
    )
    audit(ctx, "person.sign_in_refused", "person", person_key[:64], {"address": address})


@verb
def _note_success(ctx: Context, *, person_key: str, address: str, agent: str, channel: str) -> str:
    forget_tries(ctx, name="login", of=_tries(person_key, address))
    ctx.connection.execute(
        update(User.__table__)
        .where(User.username == person_key)
        .values(
            login_count=func.coalesce(User.login_count, 0) + 1,
            last_login=ctx.now.replace(tzinfo=None),
            fail_login_count=0,
        )
    )
    audit(ctx, "person.sign_in", "person", person_key, {"address": address, "channel": channel})
    return open_session(ctx, person_key=person_key, channel=channel, address=address, agent=agent)


def check_new_password(ctx: Context, *, person: Person, password: str) -> None:
    """Refuse a password that is too weak.

    Raises:
        InvalidSubmission: The problems say why.
    """
    found = weaknesses(password, names=(person.key, person.name, ctx.settings.centre_name))
    if found:
        raise InvalidSubmission(_("This password is too weak."), problems=found)


def set_password(ctx: Context, *, person: Person, password: str, keep_session: str | None = None) -> None:
    """Set a person's password and end their other sessions.

    Args:
        ctx: The context, with no transaction open: hashing takes long by intent.
        person: Whose.
        password: The new one.
        keep_session: The session that goes on.

    Raises:
        InvalidSubmission: It is too weak.
    """
    check_new_password(ctx, person=person, password=password)
    keep_password(ctx, person_key=person.key, kept=hash_password(password), keep_session=keep_session)


@verb
def keep_password(ctx: Context, *, person_key: str, kept: str, keep_session: str | None = None) -> None:
    """Keep the hash of a new password and end the person's other sessions."""
    ctx.connection.execute(
        update(User.__table__).where(User.username == person_key).values(password=kept, fail_login_count=0)
    )
    end_sessions(ctx, person_key=person_key, but=keep_session)
    audit(ctx, "person.change_password", "person", person_key)


def change_password(
    ctx: Context, *, person: Person, old: str, new: str, address: str, keep_session: str
) -> None:
    """Change a person's own password; the old one proves that it is them.

    Raises:
        WrongPassword: The old one is wrong.
        InvalidSubmission: The new one is too weak.
        TooManyRequests: Too many wrong tries.
    """
    prove(ctx, person_key=person.key, password=old, address=address)
    set_password(ctx, person=person, password=new, keep_session=keep_session)


def prove(ctx: Context, *, person_key: str, password: str, address: str) -> None:
    """Let somebody who is signed in prove by their password that it is them.

    Args:
        ctx: The context, with no transaction open.
        person_key: Who.
        password: Their password.
        address: Where from.

    Raises:
        WrongPassword: It is another one.
        TooManyRequests: Too many wrong tries.
    """
    _key, kept = _find(ctx, person_key)
    if not _is_right(ctx, person_key, kept, password, address):
        raise WrongPassword(_("The password is wrong."))
    forget_tries(ctx, name="login", of=_tries(person_key, address))


def is_privileged(ctx: Context, *, person_key: str) -> bool:
    """Whether a login may manage logins and roles, and so whatever there is."""
    permission_name, view_name = as_pair("roles.manage")
    with ctx.read():
        found = ctx.session.scalars(
            select(User.id)
            .join(User.roles)
            .join(Role.permissions)
            .join(PermissionView.permission)
            .join(PermissionView.view_menu)
            .where(User.username == person_key)
            .where(Permission.name == permission_name, ViewMenu.name == view_name)
            .limit(1)
        ).first()
    return found is not None

"""``callwright invite``: a way in from the machine itself: the first administrator's, or a lost one's."""

from __future__ import annotations

import click

from admin.cli.common import acting
from admin.identity.links import INVITATION, make_link
from admin.identity.logins import sync_login
from engine.people import create_person, find_person, reopen_person


@click.command()
@click.argument("key")
@click.option("--name", help="What people call them; the key where omitted.")
@click.option("--role", "roles", multiple=True, help="administrator, designer, agent…; repeat for more.")
@click.pass_context
def invite(context: click.Context, key: str, name: str | None, roles: tuple[str, ...]) -> None:
    """Take somebody in, or in again, and print a link where they choose their password."""
    ctx = acting(context)
    with ctx.write():
        person = find_person(ctx, key)
        if person is None:
            person = create_person(ctx, key=key, name=name or key)
        elif person.closed_at is not None:
            person = reopen_person(ctx, key=key)
        sync_login(ctx, person=person, roles=roles or None)
        secret = make_link(ctx, person_key=key, purpose=INVITATION)
    click.echo(f"{ctx.settings.public_url}/enter/{secret}")

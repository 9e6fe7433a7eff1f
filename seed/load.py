"""Loads a demo world into an empty database: its organisation, its logins, its history. All or nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from admin.identity.logins import keep_password, sync_login
from admin.identity.passwords import hash_password
from admin.kit.current import Web
from engine import people
from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.errors import ConfigurationError
from engine.parameters import environment_name, set_parameter
from engine.plugin.registry import load_rooms
from seed.history import tell
from seed.past import Past
from seed.world import World, read_world

log = logging.getLogger(__name__)


def load_world(app: Flask, name: str, *, password: str) -> None:
    """Load a demo world.

    What happened in it really happens: its reports go through the installed process by the product's own
    verbs, at their own times, and nothing that is said on the way leaves the building.

    Args:
        app: From ``create_app``; the processes are deployed, the working calendar is made.
        name: The world's folder in ``seed/worlds``.
        password: The password of everybody who has a login.

    Raises:
        ConfigurationError: There is no such world, or somebody works here already.
    """
    shell: Web = app.extensions["callwright"]
    load(shell.centre, read_world(name), password=password)


def load(centre: Centre, world: World, *, password: str) -> None:
    """Load a world into a centre, in one transaction.

    Args:
        centre: The product; nobody works there yet.
        world: What is loaded.
        password: The password of everybody who has a login.

    Raises:
        ConfigurationError: Somebody works here already.
    """
    # Slow by intent: never inside a transaction, and once, as it is the same password for all.
    hashed = hash_password(password)
    kept = {person.key: hashed for person in world.people if person.roles}
    with Context(centre=centre, actor=SYSTEM).read() as ctx:
        present = ctx.now
    clock = MovableClock(present - timedelta(days=world.history.days + 1))
    past = Past(centre=_told_nobody(centre, clock), actor=SYSTEM)
    with past.write():
        if past.session.scalars(select(people.Person).limit(1)).first() is not None:
            raise ConfigurationError("A demo world goes into an empty database: somebody works here already.")
        log.info("making the demo world %s and its last %d days", world.name, world.history.days)
        furnish(past, world, kept)
        _show_plugins(past)
        tell(past, clock, world, until=present)


def _show_plugins(ctx: Context) -> None:
    """Let each plug-in that has a ``demo.py`` show what it does, those it stands on first."""
    for plugin in ctx.registry.plugins.values():
        for room in load_rooms(plugin.package, plugin.manifest, ("demo",)).values():
            room.load(ctx)


def _told_nobody(centre: Centre, clock: MovableClock) -> Centre:
    """Return the centre at another time, with no gateway: the console carries what is said."""
    return replace(
        centre,
        clock=clock,
        wake=lambda _instance_id: None,
        registry=replace(centre.registry, gateways={}),
    )


def furnish(ctx: Context, world: World, kept: Mapping[str, str]) -> None:
    """Take in a world's organisation and its logins, within the open write transaction.

    Args:
        ctx: The open write transaction.
        world: Whose.
        kept: What is kept of the password of each person who has a login.
    """
    # What the environment sets goes first.
    if environment_name("centre.locale") not in os.environ:
        set_parameter(ctx, key="centre.locale", value=world.locale)
    for position, unit in enumerate(world.units):
        people.put_unit(ctx, key=unit.key, name=unit.name, parent_key=unit.parent, position=position)
    for group in world.groups:
        made = people.put_group(ctx, key=group.key, name=group.name)
        # The deployment of a process made what it names, later than this past begins.
        made.valid_from = min(made.valid_from, ctx.now)
    for skill in world.skills:
        people.put_skill(ctx, key=skill.key, name=skill.name)
    for person in world.people:
        joined = people.create_person(
            ctx,
            key=person.key,
            name=person.name,
            phone=person.phone,
            email=person.email,
            locale=person.locale,
            preferred_channel=person.preferred_channel,
        )
        people.join_unit(ctx, unit_key=person.unit, person_key=person.key)
        people.set_groups(ctx, person_key=person.key, group_keys=person.groups)
        for skill_key, level in person.skills.items():
            people.grade_skill(ctx, person_key=person.key, skill_key=skill_key, level=level)
        if person.key in kept:
            sync_login(ctx, person=joined, roles=person.roles)
            keep_password(ctx, person_key=person.key, kept=kept[person.key])
    for unit in world.units:
        people.set_head(ctx, key=unit.key, head_key=unit.head)
    for post in world.posts:
        people.put_post(ctx, key=post.key, name=post.name, unit_key=post.unit)
        people.set_post_holders(ctx, key=post.key, person_keys=post.holders)

"""Scenarios: given, when, then, written by designers beside the drawing and played on the real engine.

Nothing leaves the building: the world is a centre of its own in a folder that is thrown away, with a
movable clock and the console gateway.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import runtime
from engine.clock import MovableClock
from engine.context import PUBLIC, SYSTEM, Actor, Centre, Context
from engine.definition import deploy
from engine.errors import CallwrightError, DefinitionError, NotFound, Problem
from engine.feel.temporal import DaysTimeDuration, from_instant, parse_duration
from engine.files import reference, store
from engine.i18n import _
from engine.jobs import Job, list_incidents
from engine.notify import list_notifications, store_inbound
from engine.people import (
    create_person,
    get_person,
    holders_of,
    join_unit,
    put_group,
    put_post,
    put_unit,
    set_groups,
    set_post_holders,
)
from engine.plugin import Registry
from engine.runtime.services import call_service
from engine.testing.centre import START, make_centre, system, work_off
from engine.testing.signing import signature
from engine.work import Task, check_signature, list_tasks

_STEPS = ("task", "return", "sms", "wait", "message", "signal", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a designer wrote.

    Args:
        title: What it shows.
        start: How the process begins.
        people: Who is in its world, beside those that steps name.
        given: What plug-ins keep already: calls of their inline service tasks, in order.
        steps: What happens, in order.
        then: What is true at the end.
    """

    title: str
    start: Mapping[str, Any]
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    given: Sequence[Mapping[str, Any]] = ()
    steps: Sequence[Mapping[str, Any]] = ()
    then: Mapping[str, Any] = field(default_factory=dict)


def read_scenario(path: str, content: bytes) -> Scenario:
    """Read ``scenarios/NAME.toml``.

    Raises:
        DefinitionError: It is no scenario; ``problems`` says why.
    """

    def refuse(message: str, **params: Any) -> DefinitionError:
        return DefinitionError(problems=[Problem(path=path, message=message, params=params)])

    try:
        said = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refuse(_("This is no TOML: %(reason)s"), reason=str(error)) from None
    unknown = sorted(set(said) - {"title", "start", "people", "given", "step", "then"})
    if unknown:
        raise refuse(_("There is no key %(key)s here."), key=unknown[0])
    if not said.get("title") or not isinstance(said.get("start"), dict) or not said.get("then"):
        raise refuse(_("A scenario has a title, a start and a then."))
    for number, step in enumerate(said.get("step", ()), 1):
        if sum(kind in step for kind in _STEPS) != 1:
            raise refuse(
                _("Step %(number)s must be one of: %(known)s."), number=number, known=", ".join(_STEPS)
            )
    for number, call in enumerate(said.get("given", ()), 1):
        if not set(call) <= {"service", "inputs"} or "service" not in call:
            raise refuse(_("Given %(number)s names a service, and its inputs."), number=number)
    return Scenario(
        title=said["title"],
        start=said["start"],
        people=said.get("people", {}),
        given=said.get("given", ()),
        steps=said.get("step", ()),
        then=said["then"],
    )


def play(
    scenario: Scenario,
    *,
    key: str,
    packages: Sequence[Mapping[str, bytes]],
    plugins: Sequence[str] = (),
    floors: Sequence[Callable[[Registry], Any]] = (),
) -> list[str]:
    """Play a scenario and say what was not as it should be.

    Args:
        scenario: What is played.
        key: The process it is about.
        packages: The files of the process folders it needs, its own among them.
        plugins: Packages whose folders are plug-ins.
        floors: What higher floors register.

    Returns:
        What differs, each a sentence; empty where all is as written.
    """
    begun_at = scenario.start.get("at")
    clock = MovableClock(datetime.fromisoformat(begun_at) if begun_at else START)
    with tempfile.TemporaryDirectory(prefix="callwright-scenario-") as folder:
        centre = make_centre(
            Path(folder), clock=clock, plugins=plugins, floors=(*floors, _roles_of(scenario))
        )
        try:
            playing = Playing(centre, clock, key)
            playing.furnish(packages, scenario)
            return playing.play(scenario)
        finally:
            centre.database.dispose()


def _roles_of(scenario: Scenario) -> Callable[[Registry], None]:
    """Return what tells who has a role: those whom the scenario gives it, in its order."""
    having: dict[str, list[str]] = {}
    for person, said in scenario.people.items():
        for role in said.get("roles", ()):
            having.setdefault(role, []).append(person)

    def people_with_role(_ctx: Context, role: str) -> list[str]:
        if role not in having:
            raise NotFound(_("There is no role %(name)s."), name=role)
        return having[role]

    return lambda registry: registry.add_port("people_with_role", people_with_role)


class Playing:
    """One instance in a centre, and what happens to it step by step.

    Args:
        centre: Where.
        clock: The centre's.
        key: The instance's process.
    """

    def __init__(self, centre: Centre, clock: MovableClock, key: str) -> None:
        self.centre = centre
        self.clock = clock
        self.key = key
        self.instance_id = ""
        self.inbound_count = 0

    def furnish(self, packages: Sequence[Mapping[str, bytes]], scenario: Scenario) -> None:
        """Deploy the processes and take the people in."""
        ctx = system(self.centre)
        for files in packages:
            deploy(ctx, files=files)
        named = {step["by"] for step in [scenario.start, *scenario.steps] if "by" in step}
        named |= set(_managers(scenario).values())
        with ctx.write():
            for person in sorted({*scenario.people, *named} - {"public", "system"}):
                said = scenario.people.get(person, {})
                create_person(
                    ctx,
                    key=person,
                    name=said.get("name", person),
                    phone=said.get("phone"),
                    email=said.get("email"),
                    locale=said.get("locale", "en"),
                )
                for group in said.get("groups", ()):
                    put_group(ctx, key=group, name=group)
                set_groups(ctx, person_key=person, group_keys=said.get("groups", ()))
                for post in said.get("posts", ()):
                    put_post(ctx, key=post, name=post)
                    holders = [*holders_of(ctx, post), get_person(ctx, person)]
                    set_post_holders(ctx, key=post, person_keys=[holder.key for holder in holders])
            self._organise(ctx, scenario)
            for call in scenario.given:
                _call(ctx, call)

    def _organise(self, ctx: Context, scenario: Scenario) -> None:
        """Put everybody below their manager: each manager leads a unit of their own."""
        above = _managers(scenario)
        made: set[str] = set()

        def unit_of(manager: str) -> str:
            key = f"of_{manager}"
            if key not in made:
                parent = unit_of(above[manager]) if manager in above else None
                put_unit(ctx, key=key, name=key, parent_key=parent, head_key=manager)
                made.add(key)
            return key

        for person, manager in above.items():
            join_unit(ctx, unit_key=unit_of(manager), person_key=person)

    def play(self, scenario: Scenario) -> list[str]:
        """Play all of a scenario and say what was not as it should be."""
        try:
            self.start(scenario.start)
            for number, step in enumerate(scenario.steps, 1):
                try:
                    self.step(step)
                except CallwrightError as error:
                    return [f"step {number}: {error}"]
        except CallwrightError as error:
            return [f"start: {error}"]
        return list(self._compare(scenario.then))

    # -- what happens ----------------------------------------------------------------------------------

    def start(self, start: Mapping[str, Any]) -> None:
        """Begin the instance.

        Raises:
            CallwrightError: It did not begin.
        """
        if "sms" in start:
            self._sms(start["sms"])
            with self._read() as ctx:
                found = runtime.list_instances(ctx, key=self.key)[1]
            if not found:
                raise CallwrightError("the SMS did not start the process")
            self.instance_id = found[0]["id"]
            return
        ctx = self.acting(start)
        begun = runtime.start_process(
            ctx, process_key=self.key, start_event=start.get("event"), variables=start.get("variables", {})
        )
        self.instance_id = begun.id
        work_off(self.centre)

    def step(self, step: Mapping[str, Any]) -> None:
        """Let one thing happen, and work off what follows.

        Raises:
            CallwrightError: It cannot happen: nothing waits for it, or somebody may not do it.
        """
        if "task" in step:
            self._finish(step)
        elif "return" in step:
            task = self.open_task(step["return"], step.get("by"))
            said = {"to": step["to"], "opinion": step.get("opinion", "")}
            runtime.return_task(
                self.acting(step), task_id=task.id, again=step.get("again", "through"), **said
            )
        elif "sms" in step:
            self._sms(step["sms"])
        elif "service" in step:
            with system(self.centre).write() as ctx:
                call_service(ctx, step["service"], step.get("inputs", {}))
        elif "wait" in step:
            self._wait(step["wait"])
        elif "message" in step:
            runtime.correlate_message(self.acting(step), instance_id=self.instance_id, **step["message"])
        elif "signal" in step:
            runtime.broadcast_signal(self.acting(step), **step["signal"])
        elif "service" in step:
            with self.acting(step).write() as ctx:
                _call(ctx, step)
        work_off(self.centre)

    def _finish(self, step: Mapping[str, Any]) -> None:
        ctx = self.acting(step)
        task = self.open_task(step["task"], step.get("by"))
        handed_in = {
            "outcome": step.get("outcome"),
            "data": step.get("data", {}),
            "opinion": step.get("opinion"),
        }
        signed = self._sign(ctx, task, step.get("outcome"))
        if task.form_key is not None and "finish_task" in self.centre.registry.ports:
            self.centre.registry.port("finish_task")(ctx, task_id=task.id, signature=signed, **handed_in)
            return
        looked_at = check_signature(ctx, signed) if signed is not None else None
        runtime.complete_task(ctx, task_id=task.id, signature=looked_at, **handed_in)

    def _sign(self, ctx: Context, task: Task, outcome: str | None) -> Mapping[str, Any] | None:
        """Sign as a person of a scenario does, where an outcome needs it."""
        outcomes = {one["name"]: one for one in task.options.get("outcomes", ())}
        if not outcomes.get(outcome or "", {}).get("signature_required"):
            return None
        drawn = signature()
        return reference(
            store(ctx, content=drawn, name="signature.png", owner_kind="upload", owner_id=ctx.actor.name)
        )

    def open_task(self, element: str, by: str | None = None) -> Task:
        """Return the first open task of an element, of the instance or of one that it called.

        Args:
            element: Where.
            by: Whose, where several are asked there.

        Raises:
            CallwrightError: There is none.
        """
        found: Task | None = None
        with self._read() as ctx:
            family = [row["id"] for row in runtime.list_instances(ctx, root=self.instance_id)[1]]
            for task in list_tasks(ctx, page_size=100)[1]:
                if task.element_id == element and task.instance_id in family:
                    if task.assignee == by:
                        return task
                    found = found or task
        if found is None:
            raise CallwrightError(f"no open task {element}")
        return found

    def _sms(self, sms: Mapping[str, Any]) -> None:
        self.inbound_count += 1
        with system(self.centre).write() as ctx:
            store_inbound(
                ctx,
                gateway="scenario",
                provider_id=f"scenario-{self.inbound_count}",
                channel="sms",
                sender=sms["from"],
                recipient=sms.get("to", "+85251230000"),
                subject="",
                body=sms["body"],
                raw=None,
            )
        work_off(self.centre)

    def _wait(self, span: str) -> None:
        """Let time pass: what falls due on the way happens at its instant."""
        length = parse_duration(span)
        if not isinstance(length, DaysTimeDuration):
            raise CallwrightError(f"{span} is no span of days and time")
        until = self.clock.now() + length.timedelta()
        while True:
            with self._read() as ctx:
                due_at = ctx.connection.execute(
                    select(Job.due_at)
                    .where(Job.state == "waiting", Job.due_at <= until)
                    .order_by(Job.due_at)
                    .limit(1)
                ).scalar()
            if due_at is None:
                break
            self.clock.set(max(due_at, self.clock.now()))
            work_off(self.centre)
        self.clock.set(until)

    # -- what is true ----------------------------------------------------------------------------------

    def _compare(self, then: Mapping[str, Any]) -> list[str]:
        with self._read() as ctx:
            instance = runtime.get_instance(ctx, self.instance_id)
            visits = runtime.history_of(ctx, self.instance_id)
            variables = runtime.variables_of(ctx, self.instance_id)
            said = list_notifications(ctx, page_size=100)[1]
            incidents = list_incidents(ctx, page_size=100)[1]
        wrong = [f"incident at {incident['element_id']}: {incident['message']}" for incident in incidents]
        if "state" in then and instance["state"] != then["state"]:
            wrong.append(f"the instance is {instance['state']}, not {then['state']}")
        path = [visit["element_id"] for visit in visits]
        if "end" in then and then["end"] not in path:
            wrong.append(f"it did not end at {then['end']}; it went {' > '.join(path)}")
        missing = _not_in_order(then.get("path", ()), path)
        if missing:
            wrong.append(f"{missing} is not on its way, or not in this order; it went {' > '.join(path)}")
        for name, value in then.get("variables", {}).items():
            if _plain(variables.get(name)) != _plain(value):
                wrong.append(f"{name} is {variables.get(name)!r}, not {value!r}")
        for wanted in then.get("notified", ()):
            if not any(_fits(wanted, notification) for notification in said):
                wrong.append(f"nobody was told {dict(wanted)}")
        return wrong

    def acting(self, step: Mapping[str, Any]) -> Context:
        """Return a context of whoever does a step."""
        who = step.get("by", "system")
        if who == "public":
            return Context(centre=self.centre, actor=PUBLIC)
        if who == "system":
            return Context(centre=self.centre, actor=SYSTEM)
        return Context(centre=self.centre, actor=Actor(key=who, kind="person"))

    def _read(self) -> Any:
        return system(self.centre).read()


def _call(ctx: Context, call: Mapping[str, Any]) -> None:
    """Call an inline service task of a plug-in, as a drawing does."""
    call_service(ctx, call["service"], call.get("inputs", {}))


def _managers(scenario: Scenario) -> dict[str, str]:
    """Return who stands above whom."""
    return {person: said["manager"] for person, said in scenario.people.items() if "manager" in said}


def _not_in_order(wanted: Sequence[str], path: Sequence[str]) -> str | None:
    rest = iter(path)
    return next((element for element in wanted if element not in rest), None)


def _fits(wanted: Mapping[str, Any], notification: Mapping[str, Any]) -> bool:
    return wanted["to"] in (notification["address"], notification["person_key"]) and all(
        notification[column] == wanted[key]
        for key, column in (("channel", "channel"), ("message", "message_key"), ("event", "event"))
        if key in wanted
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return str(from_instant(value))
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value

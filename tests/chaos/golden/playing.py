"""A run that stops half-way, is saved, and goes on in another place: the same on any database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import Any, cast

import forms
from engine import runtime
from engine.clock import MovableClock
from engine.context import Context
from engine.errors import CallwrightError, TechnicalFailure
from engine.jobs import list_incidents
from engine.notify import list_notifications
from engine.plugin import Registry, service_task
from engine.testing import START, RecordingGateway, make_centre, system, work_off
from engine.testing.scenarios import Playing, Scenario
from engine.values import Json, dumps
from tests.chaos.golden.places import Place
from tests.chaos.golden.rows import Rows, unload
from tests.chaos.golden.runs import Sketched

# Where a handler answers is another address each time.
_LINK = re.compile(r"https?://\S+")
# Until then the system that services reach is away.
_BACK_AT = START + timedelta(minutes=5)


@service_task("reach", title="Reach a system that is away for five minutes")
def reach(ctx: Context) -> str:
    """Reach it.

    Raises:
        TechnicalFailure: It is away.
    """
    with ctx.read():
        away = ctx.now < _BACK_AT
    if away:
        raise TechnicalFailure("away")
    return "reached"


class Carrier(RecordingGateway):
    """Carries messages as soon as the system that services reach is back."""

    def __init__(self, clock: MovableClock) -> None:
        super().__init__()
        self._clock = clock

    def send(self, message: Any) -> Any:
        """Take a message.

        Raises:
            TechnicalFailure: It is too early.
        """
        if self._clock.now() < _BACK_AT:
            raise TechnicalFailure("away")
        return super().send(message)


def _offer(registry: Registry) -> None:
    registry.service_tasks["golden.reach"] = cast(Any, reach).__service_task__


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A run as it was saved.

    Args:
        title: What is waited for where it stopped.
        key: Its process.
        start, before, after: How it begins, and the steps before and after it stops: as in a scenario.
        revisions: The database's, when it was saved.
        at: When it stopped.
        instance_id: Its instance.
        here, over: What had happened where it stopped, and at its end: a line for each visit, in order.
        values: Its variables at its end, as JSON.
        said: What people had been told at its end.
        rows: The database where it stopped.
    """

    title: str
    key: str
    start: Mapping[str, Any]
    before: Sequence[Mapping[str, Any]]
    after: Sequence[Mapping[str, Any]]
    revisions: Sequence[str]
    at: str
    instance_id: str
    here: Sequence[str]
    over: Sequence[str]
    values: Mapping[str, str]
    said: Sequence[str]
    rows: Rows

    def write(self, path: Path) -> None:
        """Keep it in a file."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Golden:
    """Read what was kept."""
    return Golden(**json.loads(path.read_text(encoding="utf-8")))


class Player(Playing):
    """One run; beside what designers' scenarios know, operators do their part."""

    def step(self, step: Mapping[str, Any]) -> None:
        """Let one thing happen, and work off what follows."""
        ctx = system(self.centre)
        if "claim" in step:
            runtime.claim_task(self.acting(step), task_id=self.open_task(step["claim"]).id)
        elif "retry" in step:
            with ctx.read():
                found = [one for one in list_incidents(ctx)[1] if one["element_id"] == step["retry"]]
            runtime.retry_incident(ctx, incident_id=found[0]["id"], variables=step.get("variables", {}))
        elif "suspend" in step:
            runtime.suspend_instance(ctx, instance_id=self.instance_id, reason=step["suspend"])
        elif "resume" in step:
            runtime.resume_instance(ctx, instance_id=self.instance_id, reason=step["resume"])
        elif "publish" in step:
            runtime.publish_message(ctx, **step["publish"])
        else:
            super().step(step)
        work_off(self.centre)

    def go(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Let things happen in order.

        Raises:
            AssertionError: One cannot happen.
        """
        for number, step in enumerate(steps, 1):
            try:
                self.step(step)
            except CallwrightError as error:
                raise AssertionError(f"step {number} ({step}): {error}") from error

    def trace(self) -> list[str]:
        """Return a line for each visit of the instance and of those it called, in order."""
        with self._read() as ctx:
            family = {row["id"]: row for row in runtime.list_instances(ctx, root=self.instance_id)[1]}
            visits = runtime.history_of(ctx, self.instance_id, called=True)
        ended = [f"{row['process_key']} is {row['state']}" for row in family.values()]
        return [
            " ".join(
                (
                    f"{family[row['instance_id']]['process_key']}.{row['element_id']}",
                    f"by {row['flow_id'] or 'itself'}, {row['state']}",
                    f"({row['actor'] or 'nobody'})",
                )
            )
            for row in visits
        ] + sorted(ended)

    def values(self) -> dict[str, str]:
        """Return the instance's variables as JSON."""
        with self._read() as ctx:
            found = runtime.variables_of(ctx, self.instance_id)
        return {name: dumps(cast(Json, value)) for name, value in sorted(found.items())}

    def said(self) -> list[str]:
        """Return what people were told, and what became of it."""
        with self._read() as ctx:
            found = list_notifications(ctx, page_size=100)[1]
        return sorted(
            f"{row['channel']} to {row['address']}, {row['state']}: {_LINK.sub('(link)', row['body'])}"
            for row in found
        )


@contextmanager
def player(place: Place, key: str, *, at: datetime = START) -> Iterator[Player]:
    """A centre on a database that has its tables, for one run.

    Args:
        place: Where it is.
        key: The run's process.
        at: Where its clock stands.
    """
    clock = MovableClock(at)
    centre = make_centre(
        place.folder,
        clock=clock,
        plugins=("plugins",),
        gateways=(Carrier(clock),),
        floors=(forms.register, _offer),
        database_url=place.database_url,
    )
    try:
        yield Player(centre, clock, key)
    finally:
        centre.database.dispose()


def save(run: Sketched, place: Place) -> Golden:
    """Play a run to where it stops, keep it, and play it on to its end.

    Args:
        run: What is played.
        place: An empty SQLite database.
    """
    with player(place, run.key) as playing:
        playing.furnish((run.files,), Scenario(title=run.title, start=run.start, people=run.people))
        playing.start(run.start)
        playing.go(run.before)
        with system(playing.centre).read() as ctx:
            kept = unload(ctx.connection)
        at, here = playing.clock.now().isoformat(), playing.trace()
        playing.go(run.after)
        return Golden(
            title=run.title,
            key=run.key,
            start=run.start,
            before=run.before,
            after=run.after,
            revisions=place.revisions,
            at=at,
            instance_id=playing.instance_id,
            here=here,
            over=playing.trace(),
            values=playing.values(),
            said=playing.said(),
            rows=kept,
        )


def finish(golden: Golden, place: Place) -> list[str]:
    """Load a run that was saved, let it go on to its end, and say what went another way than then.

    Args:
        golden: The run.
        place: An empty database of the run's own revisions.
    """
    place.load(golden.rows)
    with player(place, golden.key, at=datetime.fromisoformat(golden.at)) as playing:
        playing.instance_id = golden.instance_id
        here = playing.trace()
        try:
            playing.go(golden.after)
        except AssertionError as error:
            return [str(error)]
        ended = replace(golden, here=here, over=playing.trace(), values=playing.values(), said=playing.said())
    return differences(golden, ended)


def differences(then: Golden, now: Golden) -> list[str]:
    """Say what went another way in one playing of a run than in another."""
    return [
        f"{what}:\n{_differing(getattr(then, name), getattr(now, name))}"
        for name, what in (
            ("here", "what had happened where it stopped"),
            ("over", "what happens"),
            ("values", "its variables at its end"),
            ("said", "what people are told"),
        )
        if getattr(then, name) != getattr(now, name)
    ]


def _differing(then: Any, now: Any) -> str:
    return "\n".join(unified_diff(_lines(then), _lines(now), "then", "now", lineterm="", n=1))


def _lines(said: Any) -> list[str]:
    return [f"{name} = {value}" for name, value in said.items()] if isinstance(said, Mapping) else list(said)

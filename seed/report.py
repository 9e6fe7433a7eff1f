"""One report on its way through ``ticket_routing``: what people do with it, each by the product's verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine.context import PUBLIC, Actor
from engine.errors import ConfigurationError
from engine.runtime import acknowledge_task, add_comment, correlate_message, get_instance
from engine.work import Task, candidates_of, list_tasks
from engine.worktime import add
from forms import start_with_form, submit_form
from seed.town import Town
from seed.world import Case, Course, Person, Turn, Unfinished

PROCESS = "ticket_routing"
RATING = "rating"
# How long the question for a rating stays open; a little later it is over.
_RATING_OPEN = timedelta(days=3, minutes=1)
_MORE_TIME = "P2D"
# What a handler's SMS begins with.
_DIGITS = {"on_it": 1, "done": 2, "weak": 2, "support": 3, "not_ours": 4, "note": 5}
_USUAL = {"dispatch": "routed", "handle": "done", "decide_extension": "approved", "review": "approved"}
# What a person must say why they do it, and on which occasion they say what.
_REASONS = {
    ("handle", "not_ours"): "not_ours",
    ("handle", "extension"): "extension",
    ("decide_extension", "rejected"): "extension_refused",
    ("review", "returned"): "returned",
}


class Report:
    """A report, from the first word to where its course leads.

    Args:
        town: Where it happens.
        course: How it goes; an unfinished one stops on its way.
    """

    def __init__(self, town: Town, course: Course | Unfinished) -> None:
        self.town = town
        self.course = course
        self.turns = list(course.turns)
        self.instance_id = ""
        self.number = ""
        self.extras: list[str] = []
        self.hands: dict[str, str] = {}

    def begin(self) -> None:
        """Report it."""
        town, history = self.town, self.town.world.history
        if isinstance(self.course, Unfinished):
            self.case = self._case_of(self.course)
            locale, channel = self.course.locale, self.course.channel
        else:
            locale, channel = town.weighted(history.locales), town.weighted(history.channels)
            self.case = town.case(locale, town.weighted(history.categories))
            if town.happens(history.on_it_rate):
                self.extras = ["on_it", "note"] if town.happens(history.note_rate) else ["on_it"]
        self.reporter = town.take_reporter(locale)
        self.through = town.weighted(history.answered_by)
        self.instance_id = self._start(channel)
        town.agenda.work_off()
        self.number = get_instance(town.ctx, self.instance_id)["business_key"]
        self._go_on()

    def _case_of(self, course: Unfinished) -> Case:
        for case in self.town.world.speech[course.locale].cases:
            if case.summary == course.summary:
                return case
        raise ConfigurationError(
            "history.toml, unfinished: in %(locale)s there is no case %(summary)s.",
            locale=course.locale,
            summary=course.summary,
        )

    def _start(self, channel: str) -> str:
        """Report it by web, SMS, or to an agent; return the instance's id."""
        town, case, reporter = self.town, self.case, self.reporter
        if channel == "sms":
            return str(town.sms(reporter.phone, case.description).instance_id)
        data: dict[str, Any] = {
            "category": case.category,
            "summary": case.summary,
            "description": case.description,
            "address": town.chance.choice(town.world.speech[reporter.locale].places),
            "reporter_name": reporter.name,
            "reporter_phone": reporter.phone,
            "reporter_locale": reporter.locale,
        }
        actor, form = PUBLIC, "report"
        if channel != "web":
            agents = [person.key for person in town.world.people if "agents" in person.groups]
            actor, form = Actor(key=town.chance.choice(agents), kind="person"), "report_staff"
            data |= {"channel": channel, **({"urgency": "urgent"} if case.urgent else {})}
        started = start_with_form(
            town.ctx.as_actor(actor), process_key=PROCESS, data=data, start_event="reported", form=form
        )
        return started.id

    # What comes next.

    def _go_on(self) -> None:
        """Look at what the report waits for, and let it happen in its time."""
        town = self.town
        if get_instance(town.ctx, self.instance_id)["state"] != "active":
            town.release(self.reporter)
            return
        tasks = list_tasks(town.ctx, instance_id=self.instance_id)[1]
        if tasks:
            turn = self._turn(tasks[0])
            if turn is not None:
                town.agenda.add(self._when(turn, tasks[0]), lambda: self._act(turn, tasks[0]))
        elif isinstance(self.course, Course):
            self._await_rating()

    def _turn(self, task: Task) -> Turn | None:
        """Say what somebody does with a task; None where it is left as it is."""
        step = task.element_id
        if step == "handle" and self._is_elsewhere(task):
            return Turn(task=step, does="not_ours")
        if self.turns and self.turns[0].task == step:
            return self.turns.pop(0)
        if isinstance(self.course, Unfinished) and self.course.stands_at == step:
            return None
        if step == "dispatch" and self.case.refused:
            return Turn(task=step, does="not_accepted")
        if step == "handle" and self.extras:
            return Turn(task=step, does=self.extras.pop(0))
        return Turn(task=step, does=_USUAL[step])

    def _is_elsewhere(self, task: Task) -> bool:
        """Whether a task came to a department that does not do such things."""
        handlers = f"{self.case.department}_handlers"
        return self.case.department is not None and not any(
            handlers in self.town.people[key].groups for key in self._candidates(task)
        )

    def _when(self, turn: Turn, task: Task) -> datetime:
        town = self.town
        if isinstance(self.course, Unfinished):
            return add(town.calendar, town.ctx.now, self.course.pace)
        if task.element_id != "handle":
            return town.working(town.takes(task.element_id))
        left = town.until_due(task.due_at)
        if turn.late or not left:
            return town.working(left + town.takes("late"))
        part = town.chance.uniform(*town.world.history.handled_within)
        return town.working(left * part * (0.3 if turn.does in ("on_it", "note") else 1))

    def _await_rating(self) -> None:
        """Let the reporter answer the question for a rating, or not."""
        town = self.town
        over_at = town.ctx.now + _RATING_OPEN
        if over_at < town.agenda.until and not town.happens(town.world.history.rated_rate):
            town.agenda.add(over_at, self._go_on)
        else:
            town.agenda.add(town.on_the_clock(town.takes(RATING)), self._rate)

    # What is done.

    def _rate(self) -> None:
        rating = self.town.weighted(self.town.world.history.ratings)
        comment = self.town.phrase(self.reporter.locale, f"rated_{rating}")
        self.town.sms(self.reporter.phone, f"{rating} {comment}".strip())
        self._go_on()

    def _act(self, turn: Turn, task: Task) -> None:
        town = self.town
        if turn.does == "withdraw":
            correlate_message(town.ctx.as_actor(PUBLIC), name="withdrawn", instance_id=self.instance_id)
        else:
            person = self._who(turn, task)
            text = self._words(turn, person)
            by_sms = turn.does in _DIGITS and task.element_id == "handle" and self.through == "sms"
            if turn.does == "support" or by_sms:
                town.sms(person.phone, f"{self.number} {_DIGITS[turn.does]} {text}".strip())
            else:
                self._press(turn, task, person, text)
        town.agenda.work_off()
        self._go_on()

    def _press(self, turn: Turn, task: Task, person: Person, text: str) -> None:
        """Do something on a page: the task's own, or the one that a link leads to."""
        channel = "link" if task.element_id == "handle" and self.through == "link" else "web"
        ctx = self.town.ctx.as_actor(Actor(key=person.key, kind="person", channel=channel))
        if turn.does == "on_it":
            acknowledge_task(ctx, task_id=task.id)
        elif turn.does == "note":
            add_comment(ctx, instance_id=self.instance_id, task_id=task.id, text=text)
        else:
            done = turn.does in ("done", "weak")
            submit_form(
                ctx,
                task_id=task.id,
                outcome="done" if done else turn.does,
                opinion=None if done else text or None,
                data={"note": text} if done else self._data(turn, task),
            )

    def _data(self, turn: Turn, task: Task) -> dict[str, Any]:
        """Fill in a task's form."""
        case, town = self.case, self.town
        if turn.does == "extension" and task.due_at is not None:
            until = add(town.calendar, task.due_at, _MORE_TIME)
            return {"extension_until": until.astimezone(town.ctx.settings.zone).isoformat(timespec="minutes")}
        if task.element_id != "dispatch":
            return {}
        where = {"department": case.department} if case.department else {"category": case.category}
        return {"summary": case.summary, **where, **({"urgency": "urgent"} if case.urgent else {})}

    def _words(self, turn: Turn, person: Person) -> str:
        """Say what a person writes when they do something."""
        town = self.town
        if turn.does == "done":
            return town.chance.choice(self.case.answers)
        if turn.does == "weak":
            return town.phrase(self.reporter.locale, "weak")
        if turn.does in ("note", "support"):
            return town.phrase(person.locale, turn.does)
        if turn.does == "not_accepted":
            return self.case.refused or ""
        occasion = _REASONS.get((turn.task, turn.does))
        return town.phrase(person.locale, occasion) if occasion else ""

    def _candidates(self, task: Task) -> list[str]:
        return sorted(key for key in candidates_of(self.town.ctx, task.id) if key in self.town.people)

    def _who(self, turn: Turn, task: Task) -> Person:
        """Choose who does it: who took it, else who had it before, else anybody who may."""
        keys = [task.assignee or turn.by or ""] if task.assignee or turn.by else self._candidates(task)
        before = self.hands.get(task.element_id)
        key = before if before in keys else self.town.chance.choice(keys)
        self.hands[task.element_id] = key
        return self.town.people[key]

"""What all reports of a history share: chance, working time, cases, the people who report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import select

from engine.errors import CallwrightError
from engine.notify import InboundMessage, store_inbound
from engine.worktime import WorkDuration, add, between, load_calendar
from seed.past import Agenda
from seed.world import Case, World

Choice = TypeVar("Choice")

# The last report that is over came in so much working time before the present.
_LATEST = "-PT3H"
# Nobody takes longer than this part of the time that is left until the present: so it is all over by then.
_HURRY_RATE = 0.4
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Somebody from the public."""

    name: str
    phone: str
    locale: str


class Town:
    """A world while its history happens.

    Args:
        world: Which one.
        agenda: What happens when.
    """

    def __init__(self, world: World, agenda: Agenda) -> None:
        self.world = world
        self.agenda = agenda
        self.ctx = agenda.ctx
        self.chance = Random(world.history.seed)
        self.calendar = load_calendar(agenda.ctx.session)
        self.people = {person.key: person for person in world.people}
        self._free = self._reporters()
        self._cases: dict[tuple[str, str], list[Case]] = {}
        self._sms_count = 0

    # Chance.

    def weighted(self, weights: Mapping[Choice, int]) -> Choice:
        """Choose one, the heavier the likelier."""
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def happens(self, rate: float) -> bool:
        """Whether something that happens at this rate, 0 to 1, happens this time."""
        return self.chance.random() < rate

    def phrase(self, locale: str, occasion: str) -> str:
        """Choose what somebody of this language writes on an occasion."""
        return self.chance.choice(self.world.speech[locale].phrases[occasion])

    def case(self, locale: str, category: str) -> Case:
        """Choose what is reported; every case comes before any comes again."""
        left = self._cases.setdefault((locale, category), [])
        if not left:
            left += [case for case in self.world.speech[locale].cases if case.category == category]
            self.chance.shuffle(left)
        return left.pop()

    def take_reporter(self, locale: str) -> Reporter:
        """Choose somebody who has nothing open."""
        free = self._free[locale]
        return free.pop(self.chance.randrange(len(free)))

    def release(self, reporter: Reporter) -> None:
        """Let somebody report again."""
        self._free[reporter.locale].append(reporter)

    def _reporters(self) -> dict[str, list[Reporter]]:
        """Give the public their numbers; nobody has the same."""
        digits = self.world.reporter_phone.count("#")
        taken = {person.phone for person in self.world.people}
        numbers = iter(self.chance.sample(range(10 ** (digits - 1), 10**digits), k=9 * 10 ** (digits - 1)))

        def next_phone() -> str:
            phone = self.world.reporter_phone.replace("#" * digits, str(next(numbers)))
            return next_phone() if phone in taken else phone

        return {
            locale: [Reporter(name=name, phone=next_phone(), locale=locale) for name in speech.reporters]
            for locale, speech in self.world.speech.items()
        }

    # Time.

    def beginnings(self) -> list[datetime]:
        """Choose when the reports that are over came in, in order."""
        history = self.world.history
        latest = add(self.calendar, self.agenda.until, _LATEST)
        today = latest.astimezone(self.ctx.settings.zone).date()
        days = [today - timedelta(days=back) for back in range(history.days)]
        weights = [history.weekend_rate if day.weekday() >= _SATURDAY else 1.0 for day in days]
        chosen: list[datetime] = []
        while len(chosen) < history.finished_count:
            at = self._within(self.chance.choices(days, weights)[0])
            if at <= latest:
                chosen.append(at)
        return sorted(chosen)

    def _within(self, day: date) -> datetime:
        by_hour = self.world.history.by_hour
        hour = self.chance.choices(range(24), by_hour)[0]
        minute, second = divmod(self.chance.randrange(3600), 60)
        local = datetime.combine(day, time(hour, minute, second), tzinfo=self.ctx.settings.zone)
        return local.astimezone(UTC)

    def takes(self, step: str) -> timedelta:
        """Choose how long a step takes; short is likelier than long."""
        least, most = (WorkDuration.of(text).time for text in self.world.history.takes[step])
        return timedelta(seconds=self.chance.triangular(least.total_seconds(), most.total_seconds(), 0))

    def until_due(self, due_at: datetime | None) -> timedelta:
        """Return the working time that is left until an instant; nothing once it has passed."""
        return max(between(self.calendar, self.ctx.now, due_at), timedelta()) if due_at else timedelta()

    def working(self, length: timedelta) -> datetime:
        """Return the instant so much working time from now, sooner where the present is near."""
        left = between(self.calendar, self.ctx.now, self.agenda.until) * _HURRY_RATE
        return add(self.calendar, self.ctx.now, WorkDuration(time=min(length, left)))

    def on_the_clock(self, length: timedelta) -> datetime:
        """Return the instant so much time from now by the clock, sooner where the present is near."""
        return self.ctx.now + min(length, (self.agenda.until - self.ctx.now) * _HURRY_RATE)

    # The hotline's number.

    def sms(self, sender: str, body: str) -> Any:
        """Let an SMS come in and be read.

        Returns:
            The row of the message.

        Raises:
            CallwrightError: It was not understood, or refused.
        """
        self._sms_count += 1
        message_id, _new = store_inbound(
            self.ctx,
            gateway="console",
            provider_id=f"history-{self._sms_count}",
            channel="sms",
            sender=sender,
            recipient=self.world.phone,
            body=body,
        )
        self.agenda.work_off()
        query = select(InboundMessage.__table__).where(InboundMessage.id == message_id)
        row = self.ctx.connection.execute(query).one()
        if row.state != "matched":
            raise CallwrightError(f"Of the history, this SMS was not understood: {body} ({row.result})")
        return row

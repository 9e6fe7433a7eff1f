"""What figures about a process say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long something took, in seconds of elapsed time; None where nothing has ended.

    Args:
        median_s: Half of them took no longer.
        p90_s: Nine of ten took no longer; between two of them it is interpolated.
        mean_s: On average.
    """

    median_s: float | None
    p90_s: float | None
    mean_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeFigure:
    """How often people decided in one way at a step; each of several who are asked counts.

    Args:
        name: The button's name.
        label: What it says, a source text of the definition.
        count: How often.
    """

    name: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """How one step of a process fared.

    Args:
        element_id: Which element.
        name: What it is called, a source text of the definition; its id where it has no name.
        definition_id: The version that was visited last.
        type: Its BPMN tag.
        by_people: Whether people do it.
        visit_count: How often it was reached.
        ended_count: How often it was done, in whatever way that was decided.
        waiting_count: How often it waits now.
        waiting_since: Since when the one waits that waits longest.
        took: From reached until done.
        late_count: Visits that were open when a task there was due: ended in the span, or open still.
        in_time_count: Visits that were done before what was due.
        timed_out_count: Visits that time ended: decided or sent back as their limits say, or left by a timer
            at their border.
        returned_count: How often it was sent back from there.
        spent_s: The time spent there within the span, all visits together.
        share_rate: What part that is of the time spent at all steps, 0 to 1.
        outcomes: What was decided, the most frequent first.
    """

    element_id: str
    name: str
    definition_id: str
    type: str
    by_people: bool
    visit_count: int
    ended_count: int
    waiting_count: int
    waiting_since: datetime | None
    took: Took
    late_count: int
    in_time_count: int
    timed_out_count: int
    returned_count: int
    spent_s: float
    share_rate: float
    outcomes: tuple[OutcomeFigure, ...]

    @property
    def in_time_rate(self) -> float | None:
        """The share done in time, 0 to 1; None where nothing was due."""
        due = self.in_time_count + self.late_count
        return self.in_time_count / due if due else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """How a process fared in a span of days.

    Args:
        process_key: Which process.
        version: Of which version; None for all.
        first_on, last_on: The span, both days included, in the centre's time zone.
        started_count: Instances that began in it.
        completed_count, cancelled_count, failed_count: Instances that ended in it, by how.
        running_count: Instances that have not ended now.
        took: From start to end, of those that were completed.
        smooth_count: Of those that were completed, how many had no incident.
        steps: Those with most time spent first.
    """

    process_key: str
    version: int | None
    first_on: date
    last_on: date
    started_count: int
    completed_count: int
    cancelled_count: int
    failed_count: int
    running_count: int
    took: Took
    smooth_count: int
    steps: tuple[StepFigures, ...]

    @property
    def smooth_rate(self) -> float | None:
        """The share completed without any incident, 0 to 1; None where none was completed."""
        return self.smooth_count / self.completed_count if self.completed_count else None

"""One evaluation as it runs: what was given, what it may still take, what it warned of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.feel.errors import FeelError, FeelWarning, OverBudget, position
from engine.feel.temporal import DateTime
from engine.i18n import _

MAX_WARNINGS = 100
MAX_CALL_DEPTH = 200
TEXT_PER_TICK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one evaluation may take.

    Args:
        tick_count: Turns of loops, filter steps, elements made, calls.
        text_length: The characters of one text.
        item_count: The elements of one list.
        pattern_s: The seconds that all regular expressions together may search.
    """

    tick_count: int = 200_000
    text_length: int = 1_000_000
    item_count: int = 100_000
    pattern_s: float = 0.2


DEFAULT_BUDGET = Budget()


class Run:
    """The state of one evaluation."""

    __slots__ = (
        "budget",
        "depth",
        "element",
        "functions",
        "moment",
        "now",
        "pattern_s",
        "ticks",
        "warnings",
    )

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        now: datetime | None,
        budget: Budget = DEFAULT_BUDGET,
    ) -> None:
        self.functions = functions
        self.now = now
        self.moment: DateTime | None = None
        self.budget = budget
        self.ticks = budget.tick_count
        self.pattern_s = budget.pattern_s
        self.depth = 0
        self.element: str | None = None
        self.warnings: list[tuple[str, dict[str, Any], str, int, str | None]] = []

    def tick(self, count: int = 1) -> None:
        """Pay for some work.

        Raises:
            OverBudget: There is nothing left to pay with.
        """
        self.ticks -= count
        if self.ticks < 0:
            raise OverBudget(_("The expression takes too many steps."))

    def enter(self) -> None:
        """Go one call deeper.

        Raises:
            OverBudget: The calls are nested too deeply, or too many.
        """
        self.tick()
        self.depth += 1
        if self.depth > MAX_CALL_DEPTH:
            raise OverBudget(_("The functions call each other too deeply."))

    def leave(self) -> None:
        """Come back from a call."""
        self.depth -= 1

    def afford_text(self, length: int) -> None:
        """Pay for a text that is about to be made.

        Raises:
            FeelError: It would be too long.
        """
        if length > self.budget.text_length:
            raise FeelError(
                _("The text would be longer than %(limit)s characters."), limit=self.budget.text_length
            )
        if length > TEXT_PER_TICK:
            self.tick(length // TEXT_PER_TICK)

    def afford_items(self, count: int) -> None:
        """Pay for a list that is about to be made.

        Raises:
            FeelError: It would be too long.
        """
        if count > self.budget.item_count:
            raise FeelError(
                _("The list would have more than %(limit)s elements."), limit=self.budget.item_count
            )
        self.tick(count)

    def warn(self, message: str, params: dict[str, Any], source: str, at: int) -> None:
        """Remember why a value became null."""
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append((message, params, source, at, self.element))

    def told(self) -> tuple[FeelWarning, ...]:
        """Return the warnings so far."""
        return tuple(
            FeelWarning(message, params, *position(source, at), source, element)
            for message, params, source, at, element in self.warnings
        )

"""What a step may look at: given as an argument, so that the machine needs no clock, database or network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engine.approval import Directory, NoDirectory
from engine.decision import DecisionModel
from engine.machine.spec import Notice
from engine.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much one step may do before the rest becomes another transaction's, or an incident.

    Args:
        step_count: Elements passed before the rest becomes another transaction's.
        continue_count: Transactions in a row in which the instance never waits.
        step_s: Seconds that a step works before the rest becomes another transaction's.
        busy_s: Seconds that these transactions may work together.
        token_count: Live tokens in an instance.
        depth: Sub-processes within sub-processes.
        loop_count: Rounds of a loop or a multi-instance.
        value_bytes: One variable's JSON text.
        state_bytes: The whole state.
    """

    step_count: int = 500
    continue_count: int = 30
    step_s: float = 1.0
    busy_s: float = 4.0
    token_count: int = 2_000
    depth: int = 20
    loop_count: int = 1_000
    value_bytes: int = 1_000_000
    state_bytes: int = 5_000_000


def _no_script(source: str, inputs: Mapping[str, Json], **_: Any) -> Any:
    raise RuntimeError("no sandbox was given")


def _no_decision(key: str) -> DecisionModel:
    raise KeyError(key)


def _no_value(hash_: str) -> str:
    raise KeyError(hash_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a step may look at.

    Args:
        now: The instant of the step, in the centre's zone; frozen.
        given: Names every expression knows: ``instance_id``, ``business_key``, ``initiator``, ``started_at``.
        functions: FEEL's function table beside the standard's: working time, people.
        types: The FEEL type of declared variables: a stored text becomes a date again.
        service_mode: Tells whether a service task runs inline.
        decision: Gives the model that holds a decision.
        run_script: Runs a script in the sandbox and gives the names it wrote, with its log lines.
        evaluate_script: Evaluates a ``language="python"`` expression in the sandbox.
        directory: Looks up whom an approval names.
        large_value: Gives the text of a value kept aside, by its hash.
        notices: Gives what an administrator set for an event of an element in place of what is drawn; None
            where they set nothing.
        budget: How much one step may do.
        worked_s: Tells for how many seconds the step has worked.
    """

    now: datetime
    given: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    service_mode: Callable[[str], Literal["inline", "job"]] = lambda _: "job"
    decision: Callable[[str], DecisionModel] = _no_decision
    run_script: Callable[..., Any] = _no_script
    evaluate_script: Callable[..., Any] = _no_script
    directory: Directory = field(default_factory=NoDirectory)
    large_value: Callable[[str], str] = _no_value
    notices: Callable[[str, str], Sequence[Notice] | None] = lambda _element, _event: None
    budget: Budget = field(default_factory=Budget)
    worked_s: Callable[[], float] = lambda: 0.0

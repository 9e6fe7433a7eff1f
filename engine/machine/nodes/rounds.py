"""An activity done several times: the standard loop, and multi-instances one after another or at once.

The body is the token that came along the flow. It waits at its border, keeps count, and holds each round as a
token of the same activity inside it, with variables of its own. The counts have BPMN's names
(``numberOfInstances``, …) and those other engines gave them (``nrOfInstances``, …), so that drawings made
elsewhere read alike; ``loopCounter`` counts from 1, as BPMN says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine import feel, values
from engine.errors import BudgetExceeded
from engine.i18n import _
from engine.machine.effects import Left
from engine.machine.nodes import compensation
from engine.machine.nodes.events import send
from engine.machine.run import ExpressionFailed
from engine.machine.spec import Formula, Rounds

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token

# The list as it was at the beginning, under a name that no expression can have.
_ITEMS = "the items"


def begin(run: Run, body: Token) -> bool:
    """Begin the rounds, or go on with them after a failure; True where there is nothing to do.

    Raises:
        ExpressionFailed: The number of rounds or the collection is none.
        BudgetExceeded: There are more rounds than an activity may have.
    """
    rounds = body.node.rounds
    assert rounds is not None
    count = body.memory["rounds"]
    if "started" not in count:
        if body.id not in run.scopes.texts:
            run.scopes.open(body.id, body.variable_scope())
        if rounds.own is not None:
            run.scopes.put(body.id, rounds.own, None)
        if rounds.kind != "loop":
            count["total"] = _total(run, body, rounds)
        count.update(started=0, done=0, stopped=0)
        _tell_counts(run, body)
    return _go_on(run, body, rounds)


def over(run: Run, token: Token) -> None:
    """A round is over: begin the next one, or end the activity."""
    body = token.scope
    assert body is not None
    rounds = body.node.rounds
    assert rounds is not None
    count = body.memory["rounds"]
    if rounds.result_item is not None:
        value = feel.to_json(run.evaluate(token, rounds.result_item))
        count.setdefault("results", {})[str(token.round)] = values.dumps(value)
    compensation.keep(run, token)
    run.effects.append(Left(visit=token.id, state="completed"))
    run.withdraw(token)
    count["done"] += 1
    _tell_counts(run, body)
    run.mended(body)
    run.attempt(body, partial(_after_round, run, body, rounds))


def _after_round(run: Run, body: Token, rounds: Rounds) -> None:
    """Go on when a round is over; what goes wrong here goes wrong at the activity, not in the round."""
    _throw(run, body, rounds)
    if body.id in run.tasks and _go_on(run, body, rounds):
        body.complete()


def _go_on(run: Run, body: Token, rounds: Rounds) -> bool:
    """Begin what is to be begun now; True where the activity is over."""
    count = body.memory["rounds"]
    if rounds.kind == "loop":
        if (count["started"] == 0 and not rounds.tested_before) or _loops_on(run, body, rounds):
            _next(run, body, rounds)
            return False
        return True
    ended = count["done"] == count["total"]
    if count["done"] and rounds.condition is not None and run.holds(body, rounds.condition):
        ended = True
        for inner in body.children:
            if inner.round is not None:
                count["stopped"] += 1
                run.cancel(inner)
    if ended:
        _bring_results(run, body, rounds)
        return True
    if rounds.kind == "parallel":
        while count["started"] < count["total"]:
            _next(run, body, rounds)
    elif count["started"] == count["done"]:
        _next(run, body, rounds)
    return False


def _next(run: Run, body: Token, rounds: Rounds) -> None:
    """Begin a round with what it sees: its number and its item."""
    count = body.memory["rounds"]
    count["started"] += 1
    number = count["started"]
    flow = run.spec.flows.get(body.memory.get("flow", ""))
    token = run.place(body.node.element_id, body, memory={"round": number}, flow=flow)
    run.scopes.open(token.id, body.id)
    run.scopes.put(token.id, "loopCounter", number)
    _tell_counts(run, body)
    if rounds.collection is not None and rounds.item is not None:
        items: Any = run.scopes.read(body.id, _ITEMS, run.environment.large_value)
        run.scopes.put(token.id, rounds.item, items[number - 1])


def _loops_on(run: Run, body: Token, rounds: Rounds) -> bool:
    """Whether a loop has another round."""
    done = body.memory["rounds"]["done"]
    if rounds.maximum is not None and done >= rounds.maximum:
        return False
    if rounds.condition is not None and not run.holds(body, rounds.condition):
        return False
    _within_budget(run, done + 1)
    return True


def _total(run: Run, body: Token, rounds: Rounds) -> int:
    if rounds.collection is not None:
        items = feel.to_json(run.evaluate(body, rounds.collection))
        if not isinstance(items, list):
            raise ExpressionFailed(
                _("The collection %(expression)s is no list."), expression=rounds.collection.source
            )
        run.scopes.put(body.id, _ITEMS, items)
        total = len(items)
    else:
        assert rounds.count is not None
        total = _whole(run.evaluate(body, rounds.count), rounds.count)
    _within_budget(run, total)
    limit = run.environment.budget.token_count
    if rounds.kind == "parallel" and len(run.tasks) + total > limit:
        raise BudgetExceeded(_("More than %(limit)s tokens are alive."), limit=limit)
    return total


def _whole(value: Any, formula: Formula) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if number < 0 or number != value:
        raise ExpressionFailed(
            _("The number of rounds %(expression)s is no whole number from 0 on."), expression=formula.source
        )
    return number


def _within_budget(run: Run, count: int) -> None:
    limit = run.environment.budget.loop_count
    if count > limit:
        raise BudgetExceeded(_("The activity has more than %(limit)s rounds."), limit=limit)


def _tell_counts(run: Run, body: Token) -> None:
    count = body.memory["rounds"]
    if "total" not in count:
        run.scopes.put(body.id, "loopCounter", count["done"])
        return
    active = count["started"] - count["done"] - count["stopped"]
    for name, number in (
        ("Instances", count["total"]),
        ("ActiveInstances", active),
        ("CompletedInstances", count["done"]),
        ("TerminatedInstances", count["stopped"]),
    ):
        run.scopes.put(body.id, f"numberOf{name}", number)
        run.scopes.put(body.id, f"nrOf{name}", number)


def _throw(run: Run, body: Token, rounds: Rounds) -> None:
    """Throw what the activity is drawn to throw when a round ends."""
    for behaviour in rounds.behaviour:
        when = behaviour.when
        if when == "first" and body.memory["rounds"]["done"] != 1:
            continue
        if isinstance(when, Formula) and not run.holds(body, when):
            continue
        if body.id in run.tasks:
            send(run, body, behaviour.trigger)


def _bring_results(run: Run, body: Token, rounds: Rounds) -> None:
    if rounds.result is None:
        return
    results: Mapping[str, str] = body.memory["rounds"].get("results", {})
    numbers = sorted(results, key=int)
    run.write(body, rounds.result, [values.loads(results[number]) for number in numbers])

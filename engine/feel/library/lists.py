"""List functions (10.3.4.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from engine.feel.comparing import equal, order
from engine.feel.errors import FeelError
from engine.feel.functions import Function, Overloaded
from engine.feel.kinds import describe
from engine.feel.library.table import builtin
from engine.feel.numbers import DECIMAL128, ONE, whole
from engine.feel.runtime import Run
from engine.i18n import _


def _over_list(name: str) -> Callable[[Callable[[Run, list[Any]], Any]], Callable[[Run, list[Any]], Any]]:
    """Enter a function that takes one list, or its elements as arguments."""

    def enter(code: Callable[[Run, list[Any]], Any]) -> Callable[[Run, list[Any]], Any]:
        @builtin(name, "list: list")
        def over_list(run: Run, list_: list[Any]) -> Any:
            run.tick(len(list_))
            return code(run, list_)

        @builtin(name, "c...: Any?")
        def over_arguments(run: Run, *items: Any) -> Any:
            return code(run, list(items))

        return code

    return enter


def _numbers(items: Sequence[Any]) -> list[Decimal]:
    if not items:
        raise FeelError(_("There is no number in the list."))
    for item in items:
        if type(item) is not Decimal:
            raise FeelError(_("All elements must be numbers, one is %(kind)s."), kind=describe(item))
    return list(items)


def _extreme(items: list[Any], wanted: int) -> Any:
    if not items:
        raise FeelError(_("The list is empty."))
    best = items[0]
    order(best, best)
    for item in items[1:]:
        if order(item, best) == wanted:
            best = item
    return best


@_over_list("min")
def minimum(run: Run, items: list[Any]) -> Any:
    """Return the smallest element."""
    return _extreme(items, -1)


@_over_list("max")
def maximum(run: Run, items: list[Any]) -> Any:
    """Return the largest element."""
    return _extreme(items, 1)


@_over_list("sum")
def total(run: Run, items: list[Any]) -> Decimal:
    """Add all numbers."""
    numbers = _numbers(items)
    result = numbers[0]
    for number in numbers[1:]:
        result = DECIMAL128.add(result, number)
    return result


@_over_list("mean")
def mean(run: Run, items: list[Any]) -> Decimal:
    """Return the average."""
    return DECIMAL128.divide(total(run, items), Decimal(len(items)))


@_over_list("product")
def product(run: Run, items: list[Any]) -> Decimal:
    """Multiply all numbers."""
    result = ONE
    for number in _numbers(items):
        result = DECIMAL128.multiply(result, number)
    return result


@_over_list("median")
def median(run: Run, items: list[Any]) -> Decimal:
    """Return the number in the middle."""
    numbers = sorted(_numbers(items))
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return DECIMAL128.divide(DECIMAL128.add(numbers[middle - 1], numbers[middle]), Decimal(2))


@_over_list("stddev")
def stddev(run: Run, items: list[Any]) -> Decimal:
    """Return the standard deviation of a sample."""
    numbers = _numbers(items)
    if len(numbers) < 2:
        raise FeelError(_("A standard deviation needs two numbers."))
    average = mean(run, items)
    squares = [DECIMAL128.power(DECIMAL128.subtract(number, average), Decimal(2)) for number in numbers]
    return DECIMAL128.sqrt(DECIMAL128.divide(total(run, squares), Decimal(len(numbers) - 1)))


@_over_list("mode")
def mode(run: Run, items: list[Any]) -> list[Decimal]:
    """Return the numbers that occur most often, in ascending order."""
    if not items:
        return []
    counts: dict[Decimal, int] = {}
    for number in _numbers(items):
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values())
    return sorted(number for number, count in counts.items() if count == most)


@_over_list("all")
def all_(run: Run, items: list[Any]) -> bool | None:
    """Tell whether all are true; null where that is not known."""
    return _together(items, decisive=False)


@_over_list("any")
def any_(run: Run, items: list[Any]) -> bool | None:
    """Tell whether one is true; null where that is not known."""
    return _together(items, decisive=True)


def _together(items: list[Any], *, decisive: bool) -> bool | None:
    if decisive in (item for item in items if type(item) is bool):
        return decisive
    return not decisive if all(type(item) is bool for item in items) else None


@builtin("count", "list: list")
def count(run: Run, list_: list[Any]) -> Decimal:
    """Count the elements."""
    return Decimal(len(list_))


@builtin("list contains", "list: list", "element: Any?")
def list_contains(run: Run, list_: list[Any], element: Any) -> bool:
    """Tell whether a list has an element."""
    run.tick(len(list_))
    return any(equal(run, item, element) is True for item in list_)


@builtin("sublist", "list: list", "start position: number", "length?: number")
def sublist(run: Run, list_: list[Any], start: Decimal, length: Decimal | None = None) -> list[Any]:
    """Return a part of a list."""
    first = position(list_, start)
    last = len(list_) if length is None else first + whole(length)
    if not first < last <= len(list_):
        raise FeelError(_("The list has no such part."))
    run.afford_items(last - first)
    return list_[first:last]


@builtin("append", "list: list", "item...: Any?")
def append(run: Run, list_: list[Any], *items: Any) -> list[Any]:
    """Return the list with more elements at its end."""
    run.afford_items(len(list_) + len(items))
    return [*list_, *items]


@builtin("concatenate", "list...: list")
def concatenate(run: Run, *lists: list[Any]) -> list[Any]:
    """Return the elements of all lists in one."""
    run.afford_items(sum(map(len, lists)))
    return [item for one in lists for item in one]


@builtin("insert before", "list: list", "position: number", "newItem: Any?")
def insert_before(run: Run, list_: list[Any], at: Decimal, new: Any) -> list[Any]:
    """Return the list with one more element before a position."""
    run.afford_items(len(list_) + 1)
    index = position(list_, at)
    return [*list_[:index], new, *list_[index:]]


@builtin("remove", "list: list", "position: number")
def remove(run: Run, list_: list[Any], at: Decimal) -> list[Any]:
    """Return the list without the element at a position."""
    run.afford_items(len(list_))
    index = position(list_, at)
    return [*list_[:index], *list_[index + 1 :]]


@builtin("list replace", "list: list", "position: number", "newItem: Any?")
def list_replace(run: Run, list_: list[Any], at: Decimal, new: Any) -> list[Any]:
    """Return the list with another element at a position."""
    run.afford_items(len(list_))
    index = position(list_, at)
    return [*list_[:index], new, *list_[index + 1 :]]


@builtin("list replace", "list: list", "match: function", "newItem: Any?")
def list_replace_matching(run: Run, list_: list[Any], match: Function | Overloaded, new: Any) -> list[Any]:
    """Return the list with another element wherever a function says true."""
    run.afford_items(len(list_))
    replaced = []
    for item in list_:
        verdict = match.call(run, (item, new))
        if type(verdict) is not bool:
            raise FeelError(_("The function that matches must say true or false."))
        replaced.append(new if verdict else item)
    return replaced


@builtin("reverse", "list: list")
def reverse(run: Run, list_: list[Any]) -> list[Any]:
    """Return the list from its end to its beginning."""
    run.afford_items(len(list_))
    return list_[::-1]


@builtin("index of", "list: list", "match: Any?")
def index_of(run: Run, list_: list[Any], match: Any) -> list[Decimal]:
    """Return the positions of an element."""
    run.tick(len(list_))
    return [Decimal(n) for n, item in enumerate(list_, 1) if equal(run, item, match) is True]


@builtin("union", "list...: list")
def union(run: Run, *lists: list[Any]) -> list[Any]:
    """Return the elements of all lists, each once."""
    distinct: list[Any] = distinct_values(run, concatenate(run, *lists))
    return distinct


@builtin("distinct values", "list: list")
def distinct_values(run: Run, list_: list[Any]) -> list[Any]:
    """Return each element once."""
    run.afford_items(len(list_))
    seen: set[Any] = set()
    others: list[Any] = []
    distinct = []
    for item in list_:
        if type(item) in (Decimal, str, bool):
            key = (type(item), item)
            if key in seen:
                continue
            seen.add(key)
        else:
            run.tick(len(others))
            if any(equal(run, item, other) is True for other in others):
                continue
            others.append(item)
        distinct.append(item)
    return distinct


@builtin("flatten", "list: list")
def flatten(run: Run, list_: list[Any]) -> list[Any]:
    """Return the elements of a list and of the lists in it."""
    flat: list[Any] = []
    rest = [iter(list_)]
    while rest:
        for item in rest[-1]:
            run.tick()
            if type(item) is list:
                rest.append(iter(item))
                break
            flat.append(item)
        else:
            rest.pop()
    if len(flat) > run.budget.item_count:
        run.afford_items(len(flat))
    return flat


def position(list_: list[Any], at: Decimal) -> int:
    """Return the index of a position that counts from 1, or from -1 at the end.

    Raises:
        FeelError: The list has no such position.
    """
    number = whole(at)
    if number == 0 or abs(number) > len(list_):
        raise FeelError(_("The list has no position %(position)s."), position=number)
    return number - 1 if number > 0 else len(list_) + number

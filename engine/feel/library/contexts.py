"""Context functions (10.3.4.10)."""

from __future__ import annotations

from typing import Any

from engine.feel.errors import FeelError
from engine.feel.library.table import builtin
from engine.feel.runtime import Run
from engine.i18n import _

_Context = dict[str, Any]


@builtin("get value", "m: context", "key: string")
def get_value(run: Run, m: _Context, key: str) -> Any:
    """Return the value of an entry."""
    return m.get(key)


@builtin("get entries", "m: context")
def get_entries(run: Run, m: _Context) -> list[_Context]:
    """Return the entries as a list of contexts with key and value."""
    run.afford_items(len(m))
    return [{"key": key, "value": value} for key, value in m.items()]


@builtin("context", "entries: list")
def context(run: Run, entries: list[Any]) -> _Context:
    """Make a context of entries that have a key and a value."""
    run.afford_items(len(entries))
    made: _Context = {}
    for entry in entries:
        if type(entry) is not dict or type(entry.get("key")) is not str or "value" not in entry:
            raise FeelError(_("Each entry of a context has a key, which is a string, and a value."))
        if entry["key"] in made:
            raise FeelError(_("There are two entries named %(name)s."), name=entry["key"])
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context: context", "key: string", "value: Any?")
def context_put(run: Run, context: _Context, key: str, value: Any) -> _Context:
    """Return the context with one entry added or changed."""
    run.afford_items(len(context) + 1)
    return {**context, key: value}


@builtin("context put", "context: context", "keys: list", "value: Any?")
def context_put_deep(run: Run, context: _Context, keys: list[Any], value: Any) -> _Context:
    """Return the context with one entry, inside of others, added or changed."""
    if not keys or type(keys[0]) is not str:
        raise FeelError(_("The keys of a context are strings."))
    run.afford_items(len(context) + 1)
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0])
    if type(inner) is not dict:
        raise FeelError(_("%(name)s is no context."), name=keys[0])
    return {**context, keys[0]: context_put_deep(run, inner, keys[1:], value)}


@builtin("context merge", "contexts: list")
def context_merge(run: Run, contexts: list[Any]) -> _Context:
    """Return one context with the entries of all; the later ones win."""
    merged: _Context = {}
    for one in contexts:
        if type(one) is not dict:
            raise FeelError(_("Only contexts can be merged."))
        run.afford_items(len(one))
        merged.update(one)
    return merged

"""Variables and their scopes: the instance, and inside it each sub-process and round.

A scope keeps each value's JSON text and reads it when somebody asks: what a step does not touch costs it
nothing. Reading looks outwards; writing changes the variable where it is, else makes it in the instance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine import feel, values
from engine.errors import BudgetExceeded, InvalidSubmission
from engine.i18n import _
from engine.values import Json

# A longer text is kept aside by its hash; the state holds the reference.
ASIDE_BYTES = 4096
_ASIDE_PREFIX = '{"$value":"'


def aside(hash_: str) -> str:
    """The text that stands in the state for a value kept aside."""
    return f'{_ASIDE_PREFIX}{hash_}"}}'


class Scopes:
    """The variables of one instance, by scope. The instance's own scope is called None.

    Args:
        texts: Each scope's variables as JSON text.
        outer: Each inner scope's next outer one.
    """

    def __init__(
        self,
        texts: dict[str | None, dict[str, str]] | None = None,
        outer: dict[str, str | None] | None = None,
    ) -> None:
        self.texts: dict[str | None, dict[str, str]] = texts if texts is not None else {None: {}}
        self.outer: dict[str, str | None] = outer or {}
        self.new_values: dict[str, str] = {}
        self._read: dict[tuple[str | None, str], Json] = {}

    def open(self, scope: str, outer: str | None) -> None:
        """Begin a scope inside another."""
        self.texts[scope] = {}
        self.outer[scope] = outer

    def close(self, scope: str) -> None:
        """Forget a scope and what is in it."""
        self.texts.pop(scope, None)
        self.outer.pop(scope, None)

    def holder(self, scope: str | None, name: str) -> str | None:
        """Return the scope that a write goes to: where the variable is, else the instance."""
        while scope is not None:
            if name in self.texts[scope]:
                return scope
            scope = self.outer[scope]
        return None

    def write(self, scope: str | None, name: str, value: Json, limit_bytes: int) -> str:
        """Give a variable of exactly this scope a value.

        Returns:
            The text that history keeps.

        Raises:
            BudgetExceeded: The value is too large.
            InvalidSubmission: It holds what no text can.
        """
        try:
            text = values.dumps(value)
        except TypeError as error:
            raise _unfit(name) from error
        if values.holds_nul(text):
            raise _unfit(name)
        if len(text) > limit_bytes:
            raise BudgetExceeded(
                _("The value of %(name)s has %(size)s bytes, %(limit)s are allowed."),
                name=name,
                size=len(text),
                limit=limit_bytes,
            )
        return self._keep(scope, name, text)

    def put(self, scope: str, name: str, value: Json) -> None:
        """Give an inner scope a name that the engine itself looks after, and history does not tell."""
        self._keep(scope, name, values.dumps(value))

    def _keep(self, scope: str | None, name: str, text: str) -> str:
        if len(text) > ASIDE_BYTES:
            hash_ = hashlib.sha256(text.encode()).hexdigest()
            self.new_values[hash_] = text
            text = aside(hash_)
        self.texts[scope][name] = text
        self._read.pop((scope, name), None)
        return text

    def read(self, scope: str | None, name: str, large_value: Callable[[str], str]) -> Json:
        """Return the value of a variable of exactly this scope.

        Raises:
            KeyError: The scope has no such variable.
        """
        key = (scope, name)
        if key not in self._read:
            text = self.texts[scope][name]
            if text.startswith(_ASIDE_PREFIX):
                hash_ = text[len(_ASIDE_PREFIX) : -2]
                text = self.new_values.get(hash_) or large_value(hash_)
            self._read[key] = values.loads(text)
        return self._read[key]


def _unfit(name: str) -> InvalidSubmission:
    return InvalidSubmission(_("The value of %(name)s holds a NUL or half a character."), name=name)


class View(Mapping[str, Any]):
    """What an expression sees from a scope: local names, then outwards, then what is given."""

    def __init__(
        self,
        scopes: Scopes,
        scope: str | None,
        given: Mapping[str, Any],
        types: Mapping[str, str],
        large_value: Callable[[str], str],
        local: Mapping[str, Any] | None = None,
    ) -> None:
        self._scopes = scopes
        self._scope = scope
        self._given = given
        self._types = types
        self._large_value = large_value
        self._local = local or {}

    def __getitem__(self, name: str) -> Any:
        if name in self._local:
            return self._local[name]
        scope = self._scope
        while True:
            if name in self._scopes.texts[scope]:
                value = self._scopes.read(scope, name, self._large_value)
                declared = self._types.get(name)
                return feel.from_json(value, declared) if declared else value
            if scope is None:
                break
            scope = self._scopes.outer[scope]
        return self._given[name]

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True

    def _names(self) -> set[str]:
        names = set(self._given) | set(self._local)
        scope = self._scope
        while True:
            names.update(self._scopes.texts[scope])
            if scope is None:
                return names
            scope = self._scopes.outer[scope]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names()))

    def __len__(self) -> int:
        return len(self._names())

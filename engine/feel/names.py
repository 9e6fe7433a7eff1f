"""Known names: which words of a source are one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from engine.feel.library import NAMES
from engine.feel.tokens import Token, name_key, normal_name


class Layer:
    """Some known names: those of one word, and the others by their first word."""

    __slots__ = ("long", "single")

    def __init__(self) -> None:
        self.single: set[str] = set()
        self.long: dict[str, list[tuple[str, ...]]] = {}

    def add(self, name: str) -> None:
        """Make a name known."""
        if name.isidentifier():
            self.single.add(name)
            return
        key = name_key(name)
        if len(key) == 1:
            self.single.add(key[0])
        elif key:
            self.long.setdefault(key[0], []).append(key)

    def longest(self, tokens: Sequence[Token], index: int) -> int:
        """Return how many tokens the longest known name at a place has; 0 where there is none."""
        first = tokens[index].text
        length = int(first in self.single)
        for key in self.long.get(first, ()):
            if len(key) > length and _stands(key, tokens, index):
                length = len(key)
        return length


def _stands(key: tuple[str, ...], tokens: Sequence[Token], index: int) -> bool:
    return len(tokens) >= index + len(key) and all(
        token.text == word and token.kind != "string"
        for word, token in zip(key, tokens[index : index + len(key)], strict=True)
    )


@lru_cache(maxsize=256)
def layer(names: frozenset[str]) -> Layer:
    """Return the layer of some names; it is made once, and must not be added to."""
    made = Layer()
    for name in names:
        made.add(name)
    return made


@lru_cache(maxsize=256)
def normal_names(names: frozenset[str]) -> frozenset[str]:
    """Return names in the spelling in which names are compared."""
    return frozenset(map(normal_name, names))


class NameTable:
    """The names that are known at one place of a source: given, local, built in."""

    __slots__ = ("_kept", "_layers")

    def __init__(self, names: frozenset[str]) -> None:
        self._layers = [layer(names), Layer()]
        self._kept: list[str] = []

    def add(self, name: str) -> None:
        """Make a name known, as long as the innermost scope lasts."""
        self._layers[-1].add(name)

    def keep(self, name: str) -> None:
        """Keep a local name known after its scope ends: a path may lead back to it."""
        if not name.isidentifier():
            self._kept.append(name)

    @contextmanager
    def more(self) -> Iterator[None]:
        """Let names be added that are forgotten at the end."""
        depth = len(self._layers)
        self._layers.append(Layer())
        try:
            yield
        finally:
            del self._layers[depth:]
            for name in self._kept:
                self.add(name)
            self._kept.clear()

    def knows(self, word: str) -> bool:
        """Tell whether a word is a name by itself, a built-in function apart."""
        return any(word in one.single for one in self._layers)

    def longest(self, tokens: Sequence[Token], index: int, *, built_in: bool = True) -> int:
        """Return how many tokens the longest known name at a place has; 0 where there is none."""
        length = BUILT_IN_NAMES.longest(tokens, index) if built_in else 0
        return max(length, *(one.longest(tokens, index) for one in self._layers))


BUILT_IN_NAMES = layer(NAMES)
PROPERTY_NAMES = layer(frozenset(("time offset", "start included", "end included")))

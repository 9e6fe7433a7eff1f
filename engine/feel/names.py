"""Known names: which words of a source are one name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from engine.feel.library import NAMES
from engine.feel.tokens import Token, name_key

_Table = dict[str, list[tuple[str, ...]]]
"""The first word of a name to the names of more than one word that begin so."""


class NameTable:
    """The names that are known at one place of a source: given, local, built in."""

    def __init__(self, names: Iterable[str]) -> None:
        self.single: set[str] = set()
        self.long: _Table = {}
        self.kept: list[str] = []
        for name in names:
            self.add(name)

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

    def remember(self, name: str) -> None:
        """Keep a local name known after its scope ends: a path may lead back to it."""
        if not name.isidentifier():
            self.kept.append(name)

    @contextmanager
    def more(self) -> Iterator[None]:
        """Let names be added that are forgotten at the end."""
        single, long = self.single, self.long
        self.single, self.long = set(single), {word: list(keys) for word, keys in long.items()}
        try:
            yield
        finally:
            self.single, self.long = single, long
            for name in self.kept:
                self.add(name)
            self.kept.clear()

    def longest(self, tokens: Sequence[Token], index: int, *, built_in: bool = True) -> int:
        """Return how many tokens the longest known name at a place has; 0 where there is none."""
        first = tokens[index].text
        length = int(first in self.single)
        keys = self.long.get(first, ())
        if built_in:
            keys = (*keys, *BUILT_IN_NAMES.long.get(first, ()))
            length = length or int(first in BUILT_IN_NAMES.single)
        for key in keys:
            if len(key) > length and all(
                tokens[index + i].text == word and tokens[index + i].kind != "string"
                for i, word in enumerate(key)
                if index + i < len(tokens)
            ):
                length = len(key)
        return length


BUILT_IN_NAMES = NameTable(NAMES)
PROPERTY_NAMES = NameTable(("time offset", "start included", "end included"))

"""The cursor: where in the words of a source a parser stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import Phrase
from engine.feel.errors import FeelSyntaxError
from engine.feel.names import NameTable
from engine.feel.tokens import Token, spell, tokenize
from engine.i18n import _

MAX_NODES = 2_000
MAX_DEPTH = 60

KEYWORDS = frozenset(
    {"and", "or", "in", "between", "instance", "if", "then", "else", "for", "return", "some", "every"}
    | {"satisfies", "function", "external", "true", "false", "null"}
)


class Cursor:
    """Steps through one source, word by word."""

    def __init__(self, source: str, names: frozenset[str]) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.index = 0
        self.depth = 0
        self.steps = 0
        self.names = NameTable(names)

    @property
    def token(self) -> Token:
        """The word at the cursor."""
        return self.tokens[self.index]

    def at(self, text: str) -> bool:
        """Tell whether a word is next."""
        token = self.tokens[self.index]
        return token.text == text and token.kind != "string"

    def take(self, text: str) -> bool:
        """Go past a word if it is next."""
        if self.at(text):
            self.index += 1
            return True
        return False

    def need(self, text: str) -> None:
        """Go past a word that must be next."""
        if not self.take(text):
            raise self.wrong(_("Expected %(expected)s, found %(found)s."), expected=text)

    def wrong(self, message: str, **params: object) -> FeelSyntaxError:
        """Return the error that names the place of the cursor."""
        token = self.token
        params["found"] = token.text[:40] or Phrase(_("the end"))
        return FeelSyntaxError(message, self.source, token.at, **params)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count a level of nesting."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(_("The expression is nested more than %(limit)s deep."), limit=MAX_DEPTH)
        yield
        self.depth -= 1

    def step(self) -> int:
        """Count a node, and return where it begins."""
        self.steps += 1
        if self.steps > MAX_NODES:
            raise self.wrong(_("An expression has at most %(limit)s parts."), limit=MAX_NODES)
        return self.token.at

    def end(self) -> None:
        """Insist that nothing follows."""
        if self.token.kind != "end":
            raise self.wrong(_("Nothing is expected here, found %(found)s."))

    def words(self, length: int, *, greedy: bool = False) -> str:
        """Take a name of so many words; a greedy one takes all plain words behind it too."""
        end = self.index + length
        while greedy and self.tokens[end].kind == "word" and self.tokens[end].text not in KEYWORDS:
            end += 1
        name = spell([token.text for token in self.tokens[self.index : end]])
        self.index = end
        return name

    def new_name(self, stops: tuple[str, ...]) -> str:
        """Read a name that is being given, up to one of some words."""
        if self.token.kind != "word":
            raise self.wrong(_("Expected a name, found %(found)s."))
        index = self.index + 1
        while self.tokens[index].text not in stops:
            if self.tokens[index].kind in ("end", "string"):
                raise self.wrong(_("Expected a name, found %(found)s."))
            index += 1
        return self.words(index - self.index)

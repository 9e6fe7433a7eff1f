"""The grammar of types: ``number``, ``list<string>``, ``context<a: number>``, ``function<Any> -> date``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.feel.cursor import Cursor
from engine.feel.kinds import FUNCTION, KINDS, ContextOf, FunctionOf, Kind, ListOf, RangeOf, Unknown
from engine.feel.names import layer
from engine.i18n import _


def parse_kind(text: str, kinds: Mapping[str, Kind] | None = None) -> Kind:
    """Read the name of a type, such as ``list<number>``.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    parser = KindParser(text, frozenset(), kinds or {})
    kind = parser.kind()
    parser.end()
    return kind


class KindParser(Cursor):
    """Reads types.

    Args:
        source: The text.
        names: The names that are known where it stands.
        kinds: Named types beside FEEL's own.
    """

    def __init__(self, source: str, names: frozenset[str], kinds: Mapping[str, Kind]) -> None:
        super().__init__(source, names)
        self.kinds = kinds

    def kind(self) -> Kind:
        """Read a type; one that nobody defined is `Unknown`."""
        with self.deeper():
            if self.tokens[self.index + 1].text == "<" and (read := self.GENERIC.get(self.token.text)):
                self.index += 2
                return read(self)
            if self.token.kind != "word":
                raise self.wrong(_("Expected a type, found %(found)s."))
            known = layer(frozenset((*KINDS, *self.kinds)))
            length = known.longest(self.tokens, self.index)
            name = self.words(length or 1, greedy=not length)
            while not length and self.at("."):
                self.index += 1
                name += "." + self.words(1, greedy=True)
            return self.kinds.get(name) or KINDS.get(name) or Unknown(name)

    def _list(self) -> Kind:
        element = self.kind()
        self.need(">")
        return ListOf(element)

    def _range(self) -> Kind:
        element = self.kind()
        self.need(">")
        return RangeOf(element)

    def _context(self) -> Kind:
        entries: list[tuple[str, Kind]] = []
        while not self.at(">"):
            if entries:
                self.need(",")
            name = self.new_name((":",))
            self.need(":")
            entries.append((name, self.kind()))
        self.need(">")
        return ContextOf(tuple(entries))

    def _function(self) -> Kind:
        parameters: list[Kind] = []
        while not self.at(">"):
            if parameters:
                self.need(",")
            parameters.append(self.kind())
        self.need(">")
        if not self.take("->"):
            return FUNCTION
        return FunctionOf(tuple(parameters), self.kind())

    GENERIC: Mapping[str, Callable[[KindParser], Kind]] = {
        "list": _list,
        "range": _range,
        "context": _context,
        "function": _function,
    }

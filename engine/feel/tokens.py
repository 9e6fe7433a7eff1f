"""From text to words: the lexical part of the grammar (rules 26 to 37 and 59 to 62)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.feel.errors import FeelSyntaxError
from engine.i18n import _

# Rule 61; the byte order mark is white space too.
_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
# Rules 28 and 29, without what rule 61 calls white space.
_NAME_START = (
    "?A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u167f\u1681-\u180d\u180f-\u1fff"
    "\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U000effff"
)
_NAME_PART = _NAME_START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"

_TOKEN = re.compile(
    rf"(?P<space>[{_SPACE}]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)"
    rf"|(?P<word>[{_NAME_START}][{_NAME_PART}]*)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r'|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<sign>\.\.|\*\*|<=|>=|!=|->|[-+*/<>=(){}\[\],:.@'’])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the source: its kind (word, number, string, sign, end), its text and where it stands."""

    kind: str
    text: str
    at: int
    end: int


def tokenize(source: str) -> list[Token]:
    """Split an expression into its words; the last one is the end.

    Raises:
        FeelSyntaxError: A character that no expression has.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            if source[at] == '"':
                raise FeelSyntaxError(_("This text has no closing quotation mark."), source, at)
            raise FeelSyntaxError(_("Unexpected character: %(found)s"), source, at, found=source[at])
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, match.group(), at, match.end()))
        at = match.end()
    tokens.append(Token("end", "", at, at))
    return tokens


def unquote(token: Token, source: str) -> str:
    """Return the text that a string token stands for.

    Raises:
        FeelSyntaxError: Half of a character pair, or a character that does not exist.
    """
    body = token.text[1:-1]
    if "\\" in body:
        body = _ESCAPE.sub(_unescape, body)
    if not body.isascii():
        try:
            body = body.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise FeelSyntaxError(_("This text holds half a character."), source, token.at) from None
    return body


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else match[0]
    return _SIMPLE_ESCAPES.get(match[3], match[0])


def name_key(text: str) -> tuple[str, ...]:
    """Return a name as its words and signs, so that spaces count for nothing."""
    return tuple(match.group() for match in _TOKEN.finditer(text) if match.lastgroup != "space")


def spell(words: tuple[str, ...] | list[str]) -> str:
    """Write the words and signs of a name in the one way names are compared.

    Words are parted by a space, signs stand without any.
    """
    name = ""
    for word in words:
        if name and _is_wordy(name[-1]) and _is_wordy(word[0]):
            name += " "
        name += word
    return name


def normal_name(text: str) -> str:
    """Return a name in the spelling in which names are compared."""
    if text.isidentifier():
        return text
    return spell(name_key(text)) or text


def _is_wordy(character: str) -> bool:
    return re.match(f"[{_NAME_PART}]", character) is not None

"""One translation mechanism: gettext catalogues of the floors, the plug-ins and the deployed processes.

Source text is English. ``_`` marks it; whoever shows it says it in the person's language.
"""

from __future__ import annotations

import functools
import gettext
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from engine.errors import CallwrightError, Phrase, Problem

LOCALES: Mapping[str, str] = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}

_HOLE = re.compile(r"%\(\w+\)s")


def _(text: str) -> str:
    """Mark a source text for the catalogues; nothing is translated here."""
    return text


@functools.cache
def _owners(folders: tuple[Path, ...], locale: str) -> gettext.NullTranslations:
    found = gettext.NullTranslations()
    for folder in folders:
        with_one = gettext.translation("messages", folder, languages=[locale], fallback=True)
        with_one.add_fallback(found)
        found = with_one
    return found


_folders: tuple[Path, ...] = (Path(__file__).parent / "locale",)


def install_catalogues(folders: Sequence[Path]) -> None:
    """Say where the installed owners keep their ``locale`` folders; once, while the product starts."""
    global _folders
    _folders = tuple(dict.fromkeys((_folders[0], *folders)))


def translate(locale: str, text: str, /, **params: Any) -> str:
    """Say a source text in a language.

    Args:
        locale: ``en``, ``zh_Hans`` or ``zh_Hant``.
        text: The English source text, with ``%(name)s`` holes.
        params: What goes into the holes. A phrase there is said in the language too, also one that was
            kept as JSON meanwhile.

    Returns:
        The text; English where the catalogues have none.
    """
    said = text if locale == "en" or not text else _owners(_folders, locale).gettext(text)
    return said % {name: _filling(locale, value) for name, value in params.items()} if params else said


def outline(locale: str, text: str) -> str:
    """Say a source text that stands for many: what would differ from one to the next is left out."""
    return _HOLE.sub("…", translate(locale, text))


def _filling(locale: str, value: Any) -> Any:
    match value:
        case Phrase() | {"message": str(), "params": dict()}:
            phrase = value if isinstance(value, Phrase) else Phrase(**value)
            return translate(locale, phrase.message, **phrase.params)
        case _:
            return value


def say(locale: str, said: CallwrightError | Problem | Phrase) -> str:
    """Say an error, one of its problems, or a phrase in a language."""
    return translate(locale, said.message, **said.params)


@functools.lru_cache(maxsize=16)
def read_catalogue(content: bytes) -> Mapping[str, str]:
    """Read a deployed process's ``.po`` file.

    Returns:
        Source text to translation; untranslated and fuzzy ones are left out. Every message of a process
        looks into it, so it is read once.

    Raises:
        ValueError: It is no catalogue.
    """
    return {
        str(message.id): str(message.string)
        for message in read_po(BytesIO(content))
        if message.id and message.string and not message.fuzzy
    }

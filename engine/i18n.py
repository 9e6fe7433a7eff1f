"""One translation mechanism: gettext catalogues of the floors, the plug-ins and the deployed processes.

Source text is English. ``_`` marks it; whoever shows it says it in the person's language.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from engine.errors import CallwrightError, Problem

LOCALES: Mapping[str, str] = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}


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


def translate(locale: str, text: str, **params: Any) -> str:
    """Say a source text in a language.

    Args:
        locale: ``en``, ``zh_Hans`` or ``zh_Hant``.
        text: The English source text, with ``%(name)s`` holes.
        params: What goes into the holes.

    Returns:
        The text; English where the catalogues have none.
    """
    said = text if locale == "en" or not text else _owners(_folders, locale).gettext(text)
    return said % params if params else said


def say(locale: str, error: CallwrightError | Problem) -> str:
    """Say an error, or one of its problems, in a language; an error that stands in a hole too."""
    params = {
        name: say(locale, value) if isinstance(value, CallwrightError) else value
        for name, value in error.params.items()
    }
    return translate(locale, error.message, **params)


def read_catalogue(content: bytes) -> dict[str, str]:
    """Read a deployed process's ``.po`` file.

    Returns:
        Source text to translation; untranslated and fuzzy ones are left out.
    """
    return {
        str(message.id): str(message.string)
        for message in read_po(BytesIO(content))
        if message.id and message.string and not message.fuzzy
    }

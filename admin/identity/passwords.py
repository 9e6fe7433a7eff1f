"""Passwords: what is too weak, how they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable

from werkzeug.security import check_password_hash, generate_password_hash

from engine.errors import Problem
from engine.i18n import _

LEAST_LENGTH = 12
_MOST_LENGTH = 256
_LEAST_DIFFERENT = 5
_LEAST_LETTERS = 4
# Stands where no password was set yet: no hash begins so, nothing matches it.
UNSET = "!"
# Checked where there is no such login, so that the answer takes as long.
_NOBODYS = generate_password_hash("nobody's password")

# What people choose when they are told to choose: words that make up a password by themselves.
_WORDS = """
password passwort passphrase passwd secret letmein welcome login signin admin administrator root
superuser user guest test testing temp temporary default change changeme changeit please qwerty
qwertz azerty asdfgh zxcvbn qwertyuiop asdfghjkl zxcvbnm iloveyou love monkey dragon master shadow
sunshine princess football baseball superman batman trustno whatever hello goodbye freedom summer
autumn winter spring january february march april may june july august september october november
december monday tuesday wednesday thursday friday saturday sunday company office work hotline
callcenter callcentre call center centre callwright service support agent supervisor manager handler
woaini woaiwojia mima nihao beijing shanghai hongkong china
"""
_COMMON = frozenset(_WORDS.split())
_LOOKALIKES = str.maketrans("@4031$5!7", "aaoeissit")
_RUNS = ("01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def weaknesses(password: str, *, names: Iterable[str] = ()) -> list[Problem]:
    """Say why a password is too weak.

    Args:
        password: The password.
        names: What it must not contain: the person's key and name, the centre's name.

    Returns:
        One problem for each reason; none where it may be used.
    """
    found = []
    if len(password) < LEAST_LENGTH:
        found.append(_problem(_("Use at least %(count)s characters."), count=LEAST_LENGTH))
    if len(password) > _MOST_LENGTH:
        found.append(_problem(_("Use at most %(count)s characters."), count=_MOST_LENGTH))
    if len(set(password)) < _LEAST_DIFFERENT:
        found.append(_problem(_("Use at least %(count)s different characters."), count=_LEAST_DIFFERENT))
    folded = password.casefold()
    if any(len(name) >= 3 and name.casefold() in folded for name in names):
        found.append(_problem(_("Do not use your user name, your name or the centre's name in it.")))
    elif not found and _is_common(folded):
        found.append(
            _problem(_("Many use a password like this. Choose some words that do not belong together."))
        )
    return found


def _problem(message: str, **params: object) -> Problem:
    return Problem(path="password", message=message, params=params)


def _is_common(folded: str) -> bool:
    """Whether few letters are left once common words, runs of keys and repetitions are struck out."""
    struck = [False] * len(folded)
    read = folded.translate(_LOOKALIKES)
    parts = [run[start : start + 4] for run in _RUNS for start in range(len(run) - 3)]
    for text, words in ((folded, parts), (folded, _COMMON), (read, _COMMON)):
        for word in words:
            for found in re.finditer(re.escape(word), text):
                struck[found.start() : found.end()] = [True] * len(word)
    for found in re.finditer(r"(.+?)\1+", folded):
        again = found.start() + len(found[1])
        struck[again : found.end()] = [True] * (found.end() - again)
    left = [letter for letter, gone in zip(folded, struck, strict=True) if not gone and letter.isalpha()]
    return len(left) < _LEAST_LETTERS


def hash_password(password: str) -> str:
    """Make what is kept of a password. Slow by intent: never inside a transaction."""
    return generate_password_hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept. Slow by intent, and as slow where nothing was kept."""
    if not kept or kept == UNSET:
        check_password_hash(_NOBODYS, password)
        return False
    return check_password_hash(kept, password)

"""What a message that came in was taken for, in words."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from engine.i18n import _

_WORDS = {
    "on_it": _("On it"),
    "done": _("Done"),
    "support": _("Asks for support"),
    "not_mine": _("Not ours"),
    "note": _("Note"),
    "rating": _("Rating"),
    "opt_out": _("Wants no more SMS"),
    "opt_in": _("Wants SMS again"),
    "help": _("Asks how it works"),
    "too_many": _("Too many messages from this number"),
    "no_such_ticket": _("There is no such ticket"),
    "no_digit": _("There is no digit in it"),
    "several": _("It may mean several tickets"),
    "note_without_text": _("A note without words"),
    "not_understood": _("Not understood"),
    "nothing_waits": _("Nothing waits for an answer"),
    "no_start": _("No process begins with a message"),
    "several_starts": _("Several processes begin with a message"),
    "repeated": _("The same was said before"),
    "expired": _("Nothing waited for it in time"),
    "discarded": _("Put away"),
}
_AFTER = {"not here": _("%(word)s: not possible at this step"), "no reason": _("%(word)s: without a reason")}


def taken_for(result: str | None, processes: Mapping[str, str]) -> str:
    """Say what a message was taken for.

    Args:
        result: As it is stored; a question's own name stays as the drawing has it.
        processes: Titles by key.
    """
    word, _colon, rest = (result or "").partition(": ")
    if word == "start":
        return gettext("New: %(process)s", process=processes.get(rest, rest))
    if word == "refused":
        return gettext("Refused")
    said = gettext(_WORDS[word]) if word in _WORDS else word
    return gettext(_AFTER[rest], word=said) if rest in _AFTER else said

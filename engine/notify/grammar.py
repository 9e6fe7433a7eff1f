"""What a handler may answer by SMS: ``[ticket] digit [text]``, or a word instead of the digit.

``2 valve replaced``, ``0017 2``, ``T-260302-0017 done``, ``２阀门已更换``, ``完成``. Full-width characters,
Traditional or Simplified, case and punctuation make no difference. What a carrier takes for itself (STOP,
START, HELP…) is recognised apart and is never a verb.

A text that only looks like an answer is none: ``2 hours`` and ``2點到`` name a time, ``完成不了`` says the
opposite of ``完成``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verb = Literal["on_it", "done", "support", "not_mine", "note", "opt_out", "opt_in", "help"]

VERBS: Mapping[int, Verb] = {1: "on_it", 2: "done", 3: "support", 4: "not_mine", 5: "note"}

# Chinese is written in Simplified: what comes in is folded to it.
_WORDS: Mapping[Verb, tuple[str, ...]] = {
    "on_it": ("on it", "ack", "acknowledged", "accept", "accepted", "接单", "已接单", "收到"),
    "done": ("done", "fixed", "finished", "completed", "完成", "已完成", "办结", "已办结"),
    "support": ("support", "need support", "求助", "需要支援"),
    "not_mine": ("not mine", "not ours", "reassign", "转派", "不归我", "不归我们", "不是我们的"),
    "note": ("note", "备注"),
}
# The words that carriers act on themselves, where a message says nothing else.
_CARRIER: Mapping[Verb, tuple[str, ...]] = {
    "opt_out": ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "td", "退订"),
    "opt_in": ("start", "yes", "unstop"),
    "help": ("help", "info"),
}
# The Traditional characters of the words above.
_SIMPLIFIED = str.maketrans("單辦結轉歸們備註訂", "单办结转归们备注订")

_BETWEEN = " \t\r\n,.:;!?()[]\"'*#、。，；：！？（）【】「」·-–—"
_VERB_OF = {word: verb for verb, words in _WORDS.items() for word in words}
_CARRIER_VERB_OF = {word: verb for verb, words in _CARRIER.items() for word in words}
_WORD = re.compile(
    "(?:"
    + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(_VERB_OF, key=len, reverse=True))
    + f")(?=$|[{re.escape(_BETWEEN)}])"
)
_DIGIT = re.compile(r"\d(?!\d)")
# A digit before one of these counts or measures something, or begins a longer word or number.
_GOES_ON = re.compile(
    r"[a-z_%/]|[.,:-]\d"
    r"|\s*(?:点|點|时|時|小时|小時|分|天|日|号|號|周|週|月|年|次|人|个|個|名|位|米|楼|樓|層|层)"
    r"|\s*(?:h|hrs?|hours?|mins?|minutes?|days?|weeks?|months?|am|pm|o'?clock|km|m|people|men|persons?)\b"
)
_TICKET = re.compile(r"#?(?=\S*\d)([a-z0-9][a-z0-9._/-]*[a-z0-9])[\s,:;.]+(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody answered.

    Args:
        verb: What they mean; of a digit, what it means to a handler.
        digit: 1 to 5 where they wrote one: a rating reads it.
        ticket: The business key, or the end of one, in capitals; None where they named none.
        text: What they wrote beside it.
    """

    verb: Verb
    digit: int | None = None
    ticket: str | None = None
    text: str = ""

    @property
    def to_carrier(self) -> bool:
        """Whether the word is the carrier's: opting out or in, asking for help."""
        return self.verb in _CARRIER


def parse_reply(text: str) -> Reply | None:
    """Read an answer.

    Args:
        text: The message as it came.

    Returns:
        What it means, or None where it is no answer of the grammar.
    """
    said = text.strip(_BETWEEN)
    folded = "".join(map(_fold, said))
    carrier = _CARRIER_VERB_OF.get("".join(character for character in folded if character.isalnum()))
    if carrier is not None:
        return Reply(verb=carrier)
    answer = _answer(said, folded, ticket=None)
    named = _TICKET.match(folded)
    if answer is not None or named is None:
        return answer
    return _answer(said[named.end() :], folded[named.end() :], ticket=named[1].upper())


def _answer(said: str, folded: str, *, ticket: str | None) -> Reply | None:
    word = _WORD.match(folded)
    if word is not None:
        verb = _VERB_OF[" ".join(word[0].split())]
        return Reply(verb=verb, ticket=ticket, text=said[word.end() :].strip(_BETWEEN))
    found = _DIGIT.match(folded)
    digit = int(found[0]) if found else 0
    if digit not in VERBS or _GOES_ON.match(folded, 1):
        return None
    return Reply(verb=VERBS[digit], digit=digit, ticket=ticket, text=said[1:].strip(_BETWEEN))


def _fold(character: str) -> str:
    """Fold width, case and script; one character stays one, so that positions stay."""
    folded = unicodedata.normalize("NFKC", character).translate(_SIMPLIFIED).lower()
    return folded if len(folded) == 1 else character

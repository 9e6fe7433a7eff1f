"""What a handler may answer by SMS: ``[ticket] digit [text]``, or a word instead of the digit.

``2 valve replaced``, ``0017 2``, ``T-260302-0017 done``, ``２阀门已更换``, ``完成``. Full-width characters,
Traditional or Simplified, case and punctuation make no difference. What a carrier takes for itself (STOP,
START, HELP…) is recognised apart and is never a verb.

A text that only looks like an answer is none: ``2 hours`` and ``2點到`` name a time, ``2 樓上漏水`` a place,
``完成不了`` says the opposite of ``完成``.

``undo`` and ``撤銷`` take the last answer back; no carrier takes these words for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verb = Literal["on_it", "done", "support", "not_mine", "note", "undo", "opt_out", "opt_in", "help"]

VERBS: Mapping[int, Verb] = {1: "on_it", 2: "done", 3: "support", 4: "not_mine", 5: "note"}

# Chinese is written in Simplified: what comes in is folded to it.
_WORDS: Mapping[Verb, tuple[str, ...]] = {
    "on_it": ("on it", "ack", "acknowledged", "accept", "accepted", "接单", "已接单", "收到"),
    "done": ("done", "fixed", "finished", "completed", "完成", "已完成", "办结", "已办结"),
    "support": ("support", "need support", "求助", "需要支援"),
    "not_mine": ("not mine", "not ours", "reassign", "转派", "不归我", "不归我们", "不是我们的"),
    "note": ("note", "备注"),
    "undo": ("undo", "take back", "撤销", "撤回"),
}
# The words that carriers act on themselves, where a message says nothing else.
_CARRIER: Mapping[Verb, tuple[str, ...]] = {
    "opt_out": ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "td", "退订"),
    "opt_in": ("start", "yes", "unstop"),
    "help": ("help", "info"),
}
# The Traditional characters of the words here.
_SIMPLIFIED = str.maketrans(
    "單辦結轉歸們備註訂銷點時鐘禮號週層樓個處棟條輛間張塊組萬氣邊圍員碼於織斷線檢稱別據風階",
    "单办结转归们备注订销点时钟礼号周层楼个处栋条辆间张块组万气边围员码于织断线检称别据风阶",
)

_BETWEEN = " \t\r\n,.:;!?()[]\"'*#、。，；：！？（）【】「」·-–—"
_VERB_OF = {word: verb for verb, words in _WORDS.items() for word in words}
_CARRIER_VERB_OF = {word: verb for verb, words in _CARRIER.items() for word in words}
_WORD = re.compile(
    "(?:"
    + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(_VERB_OF, key=len, reverse=True))
    + f")(?=$|[{re.escape(_BETWEEN)}])"
)
_DIGIT = re.compile(r"\d(?!\d)")
# A digit before one of these counts, measures or names a place; before some, only if the word does not go on:
# 2 處漏水 are two places, 2 處理好了 says that it is done.
_COUNTED = (
    "点(?!检|收|算)", "时(?!常)", "小时", "钟", "分(?!部|局|行|流|析|派)", "秒", "天(?!气|花|线)",
    "日(?!光|常|间)", "号(?!码)", "周(?!边|围)", "星期", "礼拜", "月", "年(?!久)", "次(?!日)",
    "人(?!手|员|行|工|力|群|事)", "个(?!人|别)", "名(?!字|称)", "位(?!置|于)", "米", "公里", "公分", "厘米",
    "度", "楼(?!梯|宇)", "层", "栋", "幢", "座(?!椅)", "单元", "期(?!间|待)", "户(?!外|主)", "室(?!内|外)",
    "房(?!屋|东)", "处(?!理|置|于)", "条(?!件)", "根(?!本|据)", "台(?!风|阶)", "辆", "棵", "隻",
    "间(?!断|中)", "家(?!里|中|人)", "块", "张(?!先|小|女|太)", "套(?!管)", "组(?!织)", "件", "段", "倍",
    "元", "百(?!分)", "千(?!万)", "万(?!一)",
)  # fmt: skip
_MEASURED = (
    "h", "hrs?", "hours?", "mins?", "minutes?", "days?", "weeks?", "months?", "[ap]\\.?m", "o'?clock", "km",
    "m", "met(?:re|er)s", "inch(?:es)?", "feet", "ft", "floors", "storeys", "times", "people", "men",
    "persons?", "st", "nd", "rd", "th",
)  # fmt: skip
_GOES_ON = re.compile(
    r"[a-z_%/]|[.,:-]\d|\s*(?:[~、/&+]|至|到|or|and|to)\s*\d"
    rf"|\s*(?:{'|'.join(_COUNTED)})|\s*(?:{'|'.join(_MEASURED)})(?![a-z])"
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

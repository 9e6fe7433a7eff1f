"""Messages in the reader's language, with what stands in their holes."""

import pytest

from engine import feel
from engine.errors import NotFound, Phrase
from engine.i18n import say, translate
from engine.values import dumps, loads


def warning_of(source: str, **scope: object) -> feel.FeelWarning:
    (warning,) = feel.evaluate(source, scope).warnings
    return warning


@pytest.mark.parametrize(
    ("source", "simplified", "traditional"),
    [
        ('1 + "a"', "数字 + 文字没有意义。", "數字 + 文字沒有意義。"),
        ("-[1]", "列表没有负值。", "列表沒有負值。"),
        ("1 < date(\"2026-03-02\")", "数字与日期不能比较大小。", "數字與日期不能比較大小。"),
        (
            "(function(a: list<number>) a)(\"x\")",
            "应为由数字组成的列表，却得到文字。",
            "應為由數字組成的列表，卻得到文字。",
        ),
        ("upper case(null)", "string 必须是文字，而不是空值。", "string 必須是文字，而不是空值。"),
    ],
)  # fmt: skip
def test_kinds_of_values_are_said_in_the_language_of_the_sentence(source, simplified, traditional):
    warning = warning_of(source)
    assert translate("zh_Hans", warning.message, **warning.params) == simplified
    assert translate("zh_Hant", warning.message, **warning.params) == traditional


def test_in_english_a_phrase_in_a_hole_reads_as_before():
    assert str(warning_of("-[1]")) == "line 1, column 1: There is no negative of list."
    assert translate("en", "Expected %(expected)s.", expected=Phrase("list of %(kind)s", {"kind": "x"})) == (
        "Expected list of x."
    )


def test_an_error_keeps_its_own_language_inside_another_message():
    assert say(
        "zh_Hans", Phrase("%(function)s: %(reason)s", {"function": "f", "reason": NotFound().phrase})
    ) == (f"f：{say('zh_Hans', NotFound())}")


def test_a_phrase_that_was_kept_as_json_is_still_said_in_every_language():
    kept = loads(dumps({"reason": feel.reasons([warning_of("-[1]"), warning_of('1 + "a"')])}))
    assert translate("zh_Hans", "%(reason)s", **kept) == (
        "第 1 行第 1 列：列表没有负值。第 1 行第 1 列：数字 + 文字没有意义。"
    )


def test_a_hole_may_have_the_name_of_an_argument():
    assert translate("en", "%(locale)s and %(text)s", locale="a", text="b") == "a and b"

import json
import shutil
import subprocess

import pytest

from forms.pattern import compile_pattern, length, matches, trim

CASES = [
    (r"^[A-Z]{2}\d{4}$", ["HK1234", "HK1234\n", "hk1234", "HK12345", "HK１２３４"]),
    (r"\d", ["a1", "abc", "１"]),
    (r"^\w+$", ["abc_1", "水", "é", ""]),
    (r"^\S+$", ["abc", "a b", "a\u3000b", "a\u200bb"]),
    (r"^.{2}$", ["ab", "水管", "🎉", "\n\n", "a\u2028"]),
    (r"^[\u4e00-\u9fa5]+$", ["水管爆裂", "water"]),
    (r"^(?<year>\d{4})-\k<year>$", ["2026-2026", "2026-2025"]),
    (r"^(a)\1$", ["aa", "ab"]),
    (r"^(?!.*admin).*$", ["user", "an admin"]),
    (r"(?<=HK)\d", ["HK1", "US1"]),
    (r"^[^]*$", ["a\nb", ""]),
    (r"[]", ["a", ""]),
    (r"^a{,2}$", ["a{,2}", "aa"]),
    (r"^a{2}$", ["aa", "a{2}"]),
    (r"^[[:alpha:]]+$", ["a:]", "a]", "[:]"]),
    (r"^[a&&b]+$", ["a&b", "c"]),
    (r"^[\w.-]+$", ["a.b-c", "a b"]),
    (r"^[\s,]+$", [" ,\u3000", "x"]),
    (r"^[\D]+$", ["ab", "a1", "１"]),
    (r"\bcat\b", ["a cat", "concat", "cat水"]),
    (r"^\/\-\_$", ["/-_"]),
    (r"^\x41\u0042\cJ$", ["AB\n", "AB"]),
    (r"^x*?y+?$", ["xxy", "y", "x"]),
    (r"^a|b$", ["ax", "xb", "xx"]),
    (r"^[A-Z&~|#]+$", ["A&~|#", "a"]),
    (r"^(?:\+852)?\d{8}$", ["+85251230000", "51230000", "5123"]),
    (r"^\0$", ["\0", "0"]),
    (r"^[\b]$", ["\b", "b"]),
    (r"]", ["]"]),
    (r"^\d{3,5}?$", ["1234", "12"]),
]


@pytest.mark.parametrize(("pattern", "texts"), CASES, ids=[pattern for pattern, _texts in CASES])
@pytest.mark.skipif(shutil.which("node") is None, reason="Node tells what the browser would say")
def test_a_pattern_matches_as_it_does_in_the_browser(pattern: str, texts: list[str]) -> None:
    script = "const [p, ts] = JSON.parse(process.argv[1]); "
    script += "console.log(JSON.stringify(ts.map((t) => new RegExp(p).test(t))))"
    asked = subprocess.run(
        ["node", "-e", script, json.dumps([pattern, texts])], capture_output=True, check=True, text=True
    )
    assert [matches(pattern, text) for text in texts] == json.loads(asked.stdout)


def test_a_pattern_that_needs_no_browser() -> None:
    assert matches(r"^[A-Z]{2}\d{4}$", "HK1234")
    assert not matches(r"^[A-Z]{2}\d{4}$", "HK1234\n")
    assert not matches(r"^\d$", "１")


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a**", "a++", "(?i)a", "(?P<x>a)", "(?>a)", r"\p{L}", r"[\S]", r"\q", "a" * 1001]
)
def test_what_the_server_cannot_check_as_the_browser_does_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        compile_pattern(pattern)


def test_a_search_that_backtracks_for_ever_is_stopped() -> None:
    with pytest.raises(TimeoutError):
        matches(r"^(a|aa|a?a)*(a|aa|a?a)*(a|aa|a?a)*$", "a" * 5000 + "!")


def test_a_text_is_as_long_as_the_browser_says() -> None:
    assert length("水🎉") == 3
    assert trim("\ufeff\u3000 a b \xa0\n") == "a b"
    assert trim("\x1ca\x85") == "\x1ca\x85"

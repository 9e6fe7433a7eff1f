"""The table of what approvals can do names tests by their words: each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def words(text):
    """Write a sentence as a test's name has it: ``one's make-up day`` as ``ones make up day``."""
    return " ".join(re.sub(r"['’,…]", "", text.casefold()).replace("-", " ").replace("_", " ").split())


def test_every_sentence_of_the_table_of_approvals_is_a_tests():
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    names = {words(name) for text in tests for name in re.findall(r"def test_(\w+)", text)}
    rows = [
        line for line in (ROOT / "engine/work/README.md").read_text("utf-8").splitlines() if line[:1] == "|"
    ]
    named = {said for row in rows for said in re.findall(r"\*([^*]+)\*", row.split("|")[-2])}
    assert len(named) > 100
    assert [said for said in sorted(named) if not any(words(said) in name for name in names)] == []

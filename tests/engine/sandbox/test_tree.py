"""What a script gave back, compared with what it was sent."""

from decimal import Decimal

import pytest

from engine.sandbox.tree import untouched


@pytest.mark.parametrize(
    ("out", "sent", "same"),
    [
        ([{"a": 1, "b": "x"}], [{"a": 1, "b": "x"}], True),
        ([1], [True], False),
        ([1.0], [1], False),
        ({"a": None}, {}, False),
        # What cannot be told quickly is looked at closely.
        ([Decimal("0.1")], [Decimal("0.1")], False),
    ],
)
def test_only_what_is_surely_as_it_was_sent_is_passed_over(out, sent, same):
    assert untouched(out, sent) is same

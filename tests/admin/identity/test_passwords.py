from __future__ import annotations

import pytest

from admin.identity.passwords import UNSET, hash_password, matches, weaknesses


@pytest.mark.parametrize(
    "password",
    [
        "short", "password1234", "P@ssw0rd2026!", "123456789012", "qwertyuiop12", "aaaaaaaaaaaa",
        "Welcome2026!!", "abcabcabcabc", "admin123456789", "letmeinletmein", "Sunshine123!", "callwright2026",
        "woaini1314520!", "abcdefghijkl", "passwordpassword",
    ],
)  # fmt: skip
def test_what_many_people_choose_is_too_weak(password):
    assert weaknesses(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "Gr7!kbVqz2&Lp",
        "馬上要下班去喝杯熱咖啡囉耶",
        "tram 14 stops at noon",
        "xK9-2mQp-77aZ",
    ],
)
def test_words_that_do_not_belong_together_are_strong_enough(password):
    assert not weaknesses(password, names=("mei", "Mei Chan", "City hotline"))


def test_a_password_does_not_hold_the_name_of_its_person():
    assert weaknesses("lantern-MEI_chan-07", names=("mei_chan",))


def test_a_password_matches_its_own_hash_alone():
    kept = hash_password("tram 14 stops at noon")
    assert "tram" not in kept
    assert matches(kept, "tram 14 stops at noon")
    assert not matches(kept, "tram 14 stops at one")


@pytest.mark.parametrize("kept", [None, "", UNSET])
def test_nothing_matches_a_password_that_was_never_set(kept):
    assert not matches(kept, "")
    assert not matches(kept, "!")

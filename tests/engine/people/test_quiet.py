"""Quiet hours: until when somebody is not to be disturbed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.errors import InvalidSubmission
from engine.people import end_of_quiet, put_person, quiet_until
from engine.people.quiet import are_quiet_hours
from engine.testing import make_centre, system

HONG_KONG = ZoneInfo("Asia/Hong_Kong")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=HONG_KONG)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-03-02T21:59", None),
        ("22:00-07:00", "2026-03-02T22:00", "2026-03-03T07:00"),
        ("22:00-07:00", "2026-03-03T06:59", "2026-03-03T07:00"),
        ("22:00-07:00", "2026-03-03T07:00", None),
        ("12:00-13:30", "2026-03-02T12:30", "2026-03-02T13:30"),
        ("12:00-13:30", "2026-03-02T13:30", None),
        ("00:00-06:00", "2026-03-02T00:00", "2026-03-02T06:00"),
        ("22:00-00:00", "2026-03-31T23:00", "2026-04-01T00:00"),
    ],
)
def test_quiet_hours_end_at_their_end_and_may_go_over_midnight(hours, now, until):
    assert end_of_quiet(hours, at(now)) == (None if until is None else at(until))


@pytest.mark.parametrize("text", ["22-7", "24:00-07:00", "22:00", "22:00-22:00", "sometimes"])
def test_what_are_no_hours_is_told_apart(text):
    assert not are_quiet_hours(text)


def test_they_are_those_of_the_persons_own_clock_and_nonsense_is_refused(tmp_path):
    centre = make_centre(tmp_path)
    with system(centre).write() as ctx:
        # Nine in the morning in Hong Kong is one at night in London.
        far = put_person(ctx, key="far", name="Far", time_zone="Europe/London", quiet_hours="22:00-07:00")
        here = put_person(ctx, key="here", name="Here", quiet_hours="22:00-07:00")
        assert quiet_until(ctx, far) == datetime(2026, 3, 2, 7, tzinfo=ZoneInfo("Europe/London"))
        assert quiet_until(ctx, here) is None
        with pytest.raises(InvalidSubmission) as refused:
            put_person(ctx, key="here", name="Here", quiet_hours="at night")
        assert [problem.path for problem in refused.value.problems] == ["quiet_hours"]
    centre.database.dispose()

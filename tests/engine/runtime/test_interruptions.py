"""Random processes end alike, whether or not workers die at commits on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.a9 import centre_in, interrupt

# ``make chaos ARGS=A9`` plays thousands.
SLICES, EACH = 4, 12


@pytest.mark.parametrize("slice_", range(SLICES))
def test_a_process_ends_as_if_nobody_had_been_killed(slice_: int, tmp_path: Path) -> None:
    centre = centre_in(tmp_path / "centre")
    killed = sum(interrupt(centre, 10_000 + EACH * slice_ + number) for number in range(EACH))
    centre.database.dispose()
    assert killed >= 10

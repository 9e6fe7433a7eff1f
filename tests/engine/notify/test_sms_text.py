import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.notify.sms_text import sms_size


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("水" * 70, "UCS-2", 1),
        ("水" * 71, "UCS-2", 2),
        ("水" * 134, "UCS-2", 2),
        ("水" * 135, "UCS-2", 3),
        ("a" * 69 + "水", "UCS-2", 1),
        ("a" * 70 + "水", "UCS-2", 2),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("`", "UCS-2", 1),
    ],
)
def test_segments_are_counted_as_carriers_bill_them(text: str, encoding: str, segments: int) -> None:
    size = sms_size(text)
    assert (size.encoding, size.segment_count) == (encoding, segments)


def test_a_character_of_two_units_is_never_cut_by_a_segment_border() -> None:
    # 152 septets, then one of two: it does not fit the first part of 153.
    assert sms_size("a" * 152 + "€" * 77).segment_count == 3
    assert sms_size("a" * 152 + "€" * 76).segment_count == 2
    assert sms_size("水" * 66 + "😀" * 34).segment_count == 3


@given(st.text(max_size=800))
def test_units_and_free_ones_fill_the_segments_but_for_the_borders(text: str) -> None:
    size = sms_size(text)
    room = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[size.encoding]
    whole = room[0] if size.segment_count == 1 else room[1] * size.segment_count
    lost_at_borders = whole - size.unit_count - size.free_count
    assert 0 <= lost_at_borders < size.segment_count
    assert 0 <= size.free_count <= room[0]

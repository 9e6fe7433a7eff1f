import pytest

from engine.errors import InvalidSubmission
from engine.people import calling_code, e164, example_number, grouped, region_of, zone_region


@pytest.mark.parametrize(
    ("written", "region", "kept"),
    [
        ("5123 4567", "HK", "+85251234567"),
        ("(852) 5123-4567", "HK", "+85251234567"),
        ("５１２３　４５６７", "HK", "+85251234567"),
        ("＋８５２ ５１２３４５６７", None, "+85251234567"),
        ("00852 5123 4567", "HK", "+85251234567"),
        ("+44 7400 123456", "HK", "+447400123456"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("010/6552 9988", "CN", "+861065529988"),
        ("0912 345 678", "TW", "+886912345678"),
    ],
)
def test_a_number_is_read_as_people_of_its_country_write_it(written, region, kept):
    assert e164(written, region) == kept


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("5123 4567", None),
        ("12345", "HK"),
        ("5123", "HK"),
        ("call 5123 4567", "HK"),
        ("5123 abcd", "HK"),
        ("555 0143", "US"),
        ("+852", "HK"),
        ("+999999999999999", "HK"),
        ("", "HK"),
    ],
)
def test_what_could_not_be_called_is_refused_by_the_fields_name(written, region):
    with pytest.raises(InvalidSubmission) as refused:
        e164(written, region, path="reporter_phone")
    assert [problem.path for problem in refused.value.problems] == ["reporter_phone"]


@pytest.mark.parametrize(
    ("region", "sample"), [("HK", "5123 4567"), ("CN", "131 2345 6789"), (None, "+852 5123 4567")]
)
def test_the_refusal_shows_a_number_of_the_centres_country(region, sample):
    with pytest.raises(InvalidSubmission) as refused:
        e164("12", region)
    assert refused.value.problems[0].params["sample"] == sample == example_number(region)
    assert e164(sample, region)


@pytest.mark.parametrize(
    ("kept", "region", "shown"),
    [
        ("+85251234567", "HK", "5123 4567"),
        ("+85251234567", "CN", "+852 5123 4567"),
        ("+85251234567", None, "+852 5123 4567"),
        ("+8613800138000", "CN", "138 0013 8000"),
        # Possible, yet none that is given out today: read again it needs its country code.
        ("+85212345678", "HK", "+852 12345678"),
        ("BANK", "HK", "BANK"),
        ("12345", "HK", "12345"),
    ],
)
def test_a_number_is_shown_grouped_and_reads_back_as_the_same(kept, region, shown):
    assert grouped(kept, region) == shown
    if kept.startswith("+"):
        assert e164(shown, region) == kept


def test_a_countrys_code_and_numbers_find_each_other():
    assert [calling_code(region) for region in ("HK", "CN", None)] == ["852", "86", ""]
    numbers = ("+85251234567", "+886912345678", "+6581234567", "BANK", None)
    assert [region_of(number) for number in numbers] == ["HK", "TW", "SG", None, None]
    assert [zone_region(zone) for zone in ("Asia/Hong_Kong", "Asia/Shanghai", "UTC")] == ["HK", "CN", None]

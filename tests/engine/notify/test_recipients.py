from datetime import UTC, datetime

import pytest

from engine.context import Context
from engine.notify.recipients import Recipient, outside_recipient, person_recipient
from engine.people import Person

HANDLER = Recipient(
    name="Wong", locale="en", key="handler_water", phone="+85251230001", email="wong@example.org"
)


@pytest.mark.parametrize(
    ("recipient", "wanted", "channels"),
    [
        (HANDLER, "sms", ("sms", "email", "in_app")),
        (HANDLER, "email", ("email", "sms", "in_app")),
        (HANDLER, "in_app", ("in_app", "sms", "email")),
        (HANDLER, "preferred", ("sms", "email", "in_app")),
        (
            Recipient(name="Wong", locale="en", key="w", preferred_channel="in_app", phone="+85251230001"),
            "preferred",
            ("in_app", "sms"),
        ),
        (
            Recipient(name="Wong", locale="en", key="w", phone="+85251230001", phone_trouble="opted out"),
            "sms",
            ("in_app",),
        ),
        (
            Recipient(
                name="Wong",
                locale="en",
                key="w",
                phone="+8525",
                phone_trouble="x",
                email="w@example.org",
                email_trouble="x",
            ),
            "sms",
            ("in_app",),
        ),
        (Recipient(name="Citizen", locale="en", phone="+85251230009"), "in_app", ("sms",)),
        (Recipient(name="Citizen", locale="en"), "preferred", ()),
    ],
)
def test_channels_are_tried_from_the_wanted_one_on_leaving_out_troubled_ones(
    recipient: Recipient, wanted: str, channels: tuple[str, ...]
) -> None:
    assert recipient.channels(wanted) == channels


@pytest.mark.parametrize(
    ("said", "phone", "locale"),
    [
        ({"name": "Chan", "phone": "+852 5123 0009", "locale": "zh_Hant"}, "+85251230009", "zh_Hant"),
        ({"name": "Chan", "phone": "5123 0009", "locale": "zh_TW"}, "+85251230009", "en"),
        ({"name": None, "phone": "none", "email": ""}, None, "en"),
        ({}, None, "en"),
    ],
)
def test_somebody_outside_is_read_from_a_context_of_the_process(
    ctx: Context, said: dict[str, str | None], phone: str | None, locale: str
) -> None:
    recipient = outside_recipient(ctx, said)
    assert (recipient.key, recipient.email) == (None, None)
    assert (recipient.phone, recipient.locale) == (phone, locale)


def test_who_has_left_is_reached_by_nothing() -> None:
    left = Person(
        key="w", name="Wong", phone="+85251230001", locale="en", closed_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert person_recipient(left).channels("sms") == ()

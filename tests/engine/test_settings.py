"""What the product is told before it starts, and what cannot work."""

import pytest

from engine.errors import ConfigurationError
from engine.settings import read_settings

KEY = {"CALLWRIGHT_SECRET_KEY": "k" * 40}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLWRIGHT_TIME_ZONE", "Mars/Olympus"),
        ("CALLWRIGHT_PUBLIC_URL", "desk.example.org"),
        ("CALLWRIGHT_DATABASE_URL", "mysql://host/name"),
        ("CALLWRIGHT_DATABASE_URL", "callwright.db"),
        ("CALLWRIGHT_BROKER_URL", "kafka://host"),
        ("CALLWRIGHT_TWILIO_ACCOUNT_SID", "AC1"),
    ],
)
def test_what_cannot_work_is_named_with_its_remedy(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings({**KEY, name: value})
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLWRIGHT_DATABASE_URL", "postgresql://me@host/name"),
        ("CALLWRIGHT_DATABASE_URL", "postgresql+psycopg://me@host/name"),
        ("CALLWRIGHT_PUBLIC_URL", "https://desk.example.org"),
    ],
)
def test_a_secret_key_is_asked_for_where_others_can_reach_it(name: str, value: str) -> None:
    assert read_settings({**KEY, name: value})
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_SECRET_KEY"):
        read_settings({name: value})


def test_a_secret_key_that_can_be_guessed_is_refused_with_how_to_make_one() -> None:
    with pytest.raises(ConfigurationError, match=r"has 31 characters; .* at least 32\. .*token_urlsafe"):
        read_settings({"CALLWRIGHT_SECRET_KEY": "k" * 31})
    assert read_settings({"CALLWRIGHT_SECRET_KEY": "k" * 32})


def test_the_command_line_comes_before_the_environment() -> None:
    environment = {"CALLWRIGHT_CENTRE_NAME": "Environment"}
    assert read_settings(environment).centre_name == "Environment"
    assert read_settings(environment, centre_name="Command line").centre_name == "Command line"

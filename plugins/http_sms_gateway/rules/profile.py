"""What an administrator says of a provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.plugin import SmsMode
from engine.values import Json
from plugins.http_sms_gateway.rules.signing import Signature

MODES: Mapping[str, SmsMode | None] = {
    "two_way": "link and reply", "one_way": "link", "code_only": "code only", "off": None,
}  # fmt: skip
# What a hole of the request may name.
HOLES = frozenset(
    {
        "text", "number", "national_number", "calling_code", "key", "sender", "callback_url", "secret",
        "timestamp_s", "timestamp_ms", "timestamp_text",
    }
)  # fmt: skip
_THANKS = '{"code":0}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a provider's answer to a request means.

    Args:
        statuses: With which it takes messages: ``200``, ``2xx``.
        code: Where its code stands; empty where the status says everything.
        taken, refused, later: Codes: taken; this number takes no messages; try again later.
        id: Where its id of the message stands.
        reason: Where it says why not.
        repeatable: Whether it knows the key of a message that it got before and does not send it again.
    """

    statuses: tuple[str, ...] = ("2xx",)
    code: str = ""
    taken: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    id: str = ""
    reason: str = ""
    repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Where a delivery receipt says what.

    Args:
        each: Where the list of receipts stands in a body; the body is one where empty.
        id, key: The provider's id of the message; ours.
        state: How far it came; ``delivered`` and ``failed`` list the words.
        code: Why it failed; ``refused`` lists those of a number that takes no messages.
        reason: Why, in words.
        thanks: What is answered.
    """

    each: str = ""
    id: str = ""
    key: str = ""
    state: str = ""
    delivered: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    code: str = ""
    refused: tuple[str, ...] = ()
    reason: str = ""
    thanks: str = _THANKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Where a message that came in says what.

    Args:
        each, thanks: As for receipts.
        id: The provider's id of the message.
        sender, recipient: Numbers.
        text: What was written.
        calling_code: Of a sender's number that is written without one; the centre's country where empty.
    """

    each: str = ""
    id: str = ""
    sender: str = ""
    recipient: str = ""
    text: str = ""
    calling_code: str = ""
    thanks: str = _THANKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A provider.

    Args:
        url: What is called; holes may stand behind the host.
        method: ``POST``, ``PUT`` or ``GET``.
        sender: What the hole ``sender`` says.
        countries: Mode by calling code, without plus; ``*`` for every other.
        headers, query, json, form: What is sent: texts with holes, in the shape in which they go out.
        answer: What comes back.
        signature: How receipts and replies are signed; None where none are taken.
        receipt, reply: What they say; None where none are taken.
    """

    url: str
    method: Literal["POST", "PUT", "GET"] = "POST"
    sender: str = ""
    countries: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    json: Mapping[str, Json] | None = None
    form: Mapping[str, Json] | None = None
    answer: Answers = Answers()
    signature: Signature | None = None
    receipt: Receipts | None = None
    reply: Replies | None = None

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every text with holes and its key."""
        yield "url", self.url
        for key, value in (("query", self.query), ("json", self.json), ("form", self.form)):
            yield from texts_in(key, value)
        yield from texts_in("headers", self.headers)

    @property
    def settles(self) -> bool:
        """Whether an unknown outcome may become known: by a receipt with our key."""
        signed_address = self.signature is not None and "url" in self.signature.names_used
        return self.receipt is not None and (bool(self.receipt.key) or signed_address)


def mode_of(profile: Profile, number: str) -> SmsMode | None:
    """Return what an SMS to a number may be; None where the provider does not carry there.

    Args:
        profile: The provider.
        number: E.164. The longest code that begins it counts.
    """
    digits = number.removeprefix("+")
    codes = [code for code in profile.countries if code != "*" and digits.startswith(code)]
    code = max(codes, key=len, default="*")
    return MODES[profile.countries.get(code, "off")]


def texts_in(key: str, value: Json) -> Iterator[tuple[str, str]]:
    """Yield every text of a value and its key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from texts_in(f"{key}.{name}", one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(key, one)

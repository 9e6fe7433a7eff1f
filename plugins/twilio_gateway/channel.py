"""SMS through Twilio's own client: sent once, asked about afterwards, never repeated blindly.

Twilio has no idempotency key. What it took is therefore recognised in two ways: the address for status
callbacks carries our notification's id, so that a callback settles an unknown outcome by itself; and the
account's list of messages to that number is searched for the text (see ``reconcile``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from engine.errors import AddressRefused, OutcomeUnknown, TechnicalFailure
from engine.history import mask
from engine.i18n import _
from engine.notify.sms_text import sms_size
from engine.plugin import Outgoing, Sent
from engine.settings import Settings

API_URL = "https://api.twilio.com"

# What Twilio says of a number that takes no messages: on the request, and later in a receipt.
ADDRESS_ERRORS = frozenset({21211, 21214, 21217, 21610, 21614, 21635, 30004, 30005, 30006})
_BEFORE_THE_REQUEST = (
    requests.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
)
# Twilio's clock and ours may differ, and its dates have whole seconds.
_CLOCKS_APART = timedelta(minutes=2)
_LIST_COUNT = 1000
# What a trial account puts in front of every text.
_TRIAL = "Sent from your Twilio trial account - "


def gateway(settings: Settings) -> TwilioGateway:
    """Make the gateway from the account that is set, or not set."""
    return TwilioGateway(settings)


def auth_tokens(settings: Settings) -> list[str]:
    """Return the account's tokens; two, separated by a comma, while one replaces the other."""
    return [token.strip() for token in settings.twilio_auth_token.split(",") if token.strip()]


class TwilioGateway:
    """Carries SMS.

    Args:
        settings: The account, its sender (a number or a messaging service), the API's address.
        timeout_s: How long to wait for an answer. It must be well below a job's lease: while one worker
            waits, no other may believe that it died.
    """

    name = "twilio"
    channels: tuple[str, ...] = ("sms",)

    def __init__(self, settings: Settings, *, timeout_s: float = 10.0) -> None:
        self._settings = settings
        # Twilio refuses a callback address that only this machine can reach.
        self._calls_back = bool(settings.twilio_api_url) or not settings.loopback
        self._http = _Http(settings.twilio_api_url or API_URL, timeout_s=timeout_s)

    def configured(self) -> bool:
        """Whether an account is set."""
        return bool(self._settings.twilio_account_sid)

    def send(self, message: Outgoing) -> Sent:
        """Send once.

        Raises:
            AddressRefused: The number takes no messages: opted out, no mobile, invalid.
            TechnicalFailure: Twilio did not take it.
            OutcomeUnknown: No answer, or an error of Twilio's own: it may have taken it.
        """
        sender = self._settings.twilio_from
        asked: dict[str, Any] = {"to": message.address, "body": message.body}
        asked["messaging_service_sid" if sender.startswith("MG") else "from_"] = sender
        if message.callback_url and self._calls_back:
            asked["status_callback"] = message.callback_url
        try:
            taken = self._client().messages.create(**asked)
        except (TwilioRestException, TwilioServiceException) as error:
            if error.status >= 500:
                raise OutcomeUnknown(
                    _("Twilio failed and does not say whether it took the message: %(reason)s"),
                    reason=_reason(error),
                ) from error
            raise _refusal(error) from error
        return _sent(taken.sid, taken.num_segments, message)

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Look through the messages to that number for one that is ours.

        Ours has the same text, was made by the API not before we first tried, and is not known under
        another notification. The list is not filtered by ``DateSent``: a queued message has none yet.

        Raises:
            OutcomeUnknown: The list has no end that is older than our first try, or cannot be read.
        """
        try:
            listed = self._client().messages.list(
                to=message.address, limit=_LIST_COUNT, page_size=_LIST_COUNT
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise OutcomeUnknown(_("Twilio cannot be asked: %(reason)s"), reason=_reason(error)) from error
        recent = [one for one in listed if _not_before(one.date_created, message.tried_at)]
        for one in recent:
            same = (one.body or "").removeprefix(_TRIAL).strip() == message.body.strip()
            if same and one.direction == "outbound-api" and one.sid not in message.other_ids:
                return _sent(one.sid, one.num_segments, message)
        if len(listed) == _LIST_COUNT and len(recent) == len(listed):
            raise OutcomeUnknown(_("Twilio has taken too many messages to this number since to tell."))
        return None

    def _client(self) -> Client:
        return Client(
            self._settings.twilio_account_sid,
            (auth_tokens(self._settings) or [""])[0],
            http_client=self._http,
            # The client would take its region from our environment; an empty mapping counts as none.
            environment={"TWILIO_REGION": ""},
        )


class _Http(TwilioHttpClient):
    """Twilio's HTTP client with one try, our address, and failures told apart by what they leave open."""

    def __init__(self, api_url: str, *, timeout_s: float) -> None:
        # A connection of its own for each request: one kept alive may be closed by the other side just as
        # a message goes out, and then nobody knows whether it arrived.
        super().__init__(pool_connections=False, timeout=timeout_s)
        self._api_url = api_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Ask once.

        Raises:
            TechnicalFailure: It certainly did not arrive, or Twilio asks us to wait.
            OutcomeUnknown: It may have arrived.
        """
        address = self._api_url + url.removeprefix(API_URL)
        try:
            answer = super().request(method, address, *args, **kwargs)
        except requests.RequestException as error:
            if _never_arrived(error):
                raise TechnicalFailure(
                    _("Twilio cannot be reached: %(reason)s"), reason=type(error).__name__
                ) from error
            raise OutcomeUnknown(
                _("Twilio did not answer: %(reason)s"), reason=type(error).__name__
            ) from error
        if answer.status_code == 429:
            raise TechnicalFailure(
                _("Twilio takes no more messages for a moment."), retry_after_s=_wait_s(answer.headers or {})
            )
        return answer


def _never_arrived(error: requests.RequestException) -> bool:
    if isinstance(error, _BEFORE_THE_REQUEST):
        return True
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, NewConnectionError)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    try:
        return float(headers.get("Retry-After", ""))
    except ValueError:
        return None


def _refusal(error: TwilioRestException | TwilioServiceException) -> TechnicalFailure:
    if error.code in ADDRESS_ERRORS:
        return AddressRefused(_("The number takes no SMS: %(reason)s"), reason=_reason(error))
    return TechnicalFailure(
        _("Twilio refused the message: %(reason)s"), permanent=True, reason=_reason(error)
    )


def _reason(error: TwilioRestException | TwilioServiceException) -> str:
    said = error.msg if isinstance(error, TwilioRestException) else error.detail or error.title
    return mask(f"{error.code or error.status} {said}".strip())


def _sent(sid: str | None, segments: str | None, message: Outgoing) -> Sent:
    # Of a messaging service Twilio does not know the number of segments yet and says 0.
    counted = int(segments or 0) or sms_size(message.body).segment_count
    return Sent(provider_id=str(sid), segments=counted)


def _not_before(created_at: datetime | None, tried_at: datetime | None) -> bool:
    if created_at is None or tried_at is None:
        return True
    return (created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)) >= tried_at - _CLOCKS_APART

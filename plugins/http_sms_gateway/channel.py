"""SMS through a provider that an administrator described: asked once, never repeated blindly.

What the provider is like stands in one parameter, so that it changes all at once; its secrets stand in the
environment. It is called within the fence of ``plugins/http``, and redirects are not followed.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.context import Context
from engine.errors import AddressRefused, InvalidSubmission, OutcomeUnknown, Problem, TechnicalFailure
from engine.history import mask
from engine.i18n import _
from engine.notify.sms_text import sms_size
from engine.parameters import parameter
from engine.plugin import Outgoing, Sent, SmsMode, checks
from engine.settings import Settings
from plugins.http.public import (
    Answer,
    Call,
    NotReached,
    NotResolved,
    Refused,
    call,
    is_expected,
    is_header_name,
    is_header_value,
    read_secret,
    target_of,
    without,
)
from plugins.http_sms_gateway.rules import (
    Filled,
    Profile,
    fill,
    judge,
    mode_of,
    parse_body,
    read_profile,
    said_at,
    secrets_named,
)

NAME = "http_sms"
PROVIDER = "http_sms_gateway.provider"
SECRETS = "SMS_SECRET"
"""The secrets of the provider are ``CALLWRIGHT_SMS_SECRET_<NAME>``: no drawing can name them."""

_LONGEST_REASON = 200
_LONGEST_ID = 255


def gateway(settings: Settings) -> HttpSmsGateway:
    """Make the gateway; its account is a parameter."""
    return HttpSmsGateway()


@checks("provider")
def provider_problems(text: str) -> Sequence[Problem]:
    """Say what is wrong with what an administrator wrote of a provider."""
    try:
        profile = read_profile(text) if text else None
    except InvalidSubmission as error:
        return error.problems
    names = profile.headers if profile is not None else ()
    message = _("%(key)s: %(name)s is no header that may be set.")
    return [
        Problem(path="headers", message=message, params={"key": "headers", "name": name[:64]})
        for name in names
        if not is_header_name(name)
    ]


class HttpSmsGateway:
    """Carries SMS through the provider that stands on the Parameters page.

    Args:
        timeout_s: How long a call may take, in seconds. It must be well below a job's lease: while one
            worker waits, no other may believe that it died.
    """

    name = NAME
    channels: tuple[str, ...] = ("sms",)

    def __init__(self, *, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s

    def within(self, ctx: Context) -> ProviderGateway:
        """Return the gateway as its parameter stands now."""
        return ProviderGateway(ctx, str(parameter(ctx, PROVIDER)), timeout_s=self._timeout_s)


class ProviderGateway:
    """Carries SMS through one provider.

    Args:
        ctx: In which it is asked.
        said: What the administrator wrote.
        timeout_s: How long a call may take, in seconds.
    """

    name = NAME
    channels: tuple[str, ...] = ("sms",)

    def __init__(self, ctx: Context, said: str, *, timeout_s: float) -> None:
        self._ctx = ctx
        self._said = said
        self._timeout_s = timeout_s

    @property
    def profile(self) -> Profile:
        """The provider.

        Raises:
            TechnicalFailure: What another version of the product kept cannot be read any more.
        """
        try:
            return read_profile(self._said)
        except InvalidSubmission as error:
            raise TechnicalFailure(
                _("The SMS provider must be described anew under Parameters."),
                permanent=True,
                problems=error.problems,
            ) from None

    def configured(self) -> bool:
        """Whether a provider is described."""
        return bool(self._said)

    def mode(self, address: str) -> SmsMode | None:
        """Return what an SMS to a number may be; None where the provider does not carry there."""
        try:
            return mode_of(self.profile, address)
        except TechnicalFailure:
            # Whoever sends is told what is wrong; whoever writes the message is not stopped by it.
            return "link"

    def send(self, message: Outgoing) -> Sent:
        """Ask the provider once.

        Raises:
            AddressRefused: It says that the number takes no messages.
            TechnicalFailure: It was not reached, did not take it, or asks to wait.
            OutcomeUnknown: It may have taken it.
        """
        profile = self.profile
        filled = self._filled(profile, message)
        target = target_of(self._ctx, filled.url, filled.query)
        request = Call(
            method=profile.method,
            target=target,
            headers={"User-Agent": "Callwright", "Accept": "application/json, */*;q=0.5", **filled.headers},
            body=filled.body,
            timeout_s=self._timeout_s,
            redirects=0,
        )
        try:
            answer = call(self._ctx, request)
        except (NotReached, NotResolved, Refused):
            raise
        except TechnicalFailure as error:
            raise OutcomeUnknown(
                _("The SMS provider does not say whether it took the message: %(reason)s"),
                reason=error.phrase,
            ) from None
        return self._judged(profile, answer, filled, message)

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Say that it may be sent again where the provider knows its key; else wait for its receipt.

        Raises:
            OutcomeUnknown: It cannot be told; for good where no receipt can tell either.
        """
        profile = self.profile
        if profile.answer.repeatable:
            return None
        raise OutcomeUnknown(
            _("The SMS provider cannot be asked whether it took the message. A receipt tells, if one comes."),
            permanent=not profile.settles,
        )

    def _filled(self, profile: Profile, message: Outgoing) -> Filled:
        secrets = {name: read_secret(name, shelf=SECRETS) for name in sorted(secrets_named(profile))}
        with self._ctx.read():
            now = self._ctx.now.astimezone(self._ctx.settings.zone)
        filled = fill(
            profile,
            number=message.address,
            text=message.body,
            key=message.key,
            callback_url=message.callback_url,
            secrets=secrets,
            now=now,
        )
        for name, value in filled.headers.items():
            if not is_header_value(value):
                raise TechnicalFailure(
                    _("The header %(name)s of the SMS provider has a character that no header may have."),
                    permanent=True,
                    name=name,
                )
        return filled

    def _judged(self, profile: Profile, answer: Answer, filled: Filled, message: Outgoing) -> Sent:
        rules = profile.answer
        scope = {
            "answer": parse_body(answer.body, answer.headers.get("content-type", "")),
            "status": answer.status,
        }
        code = said_at(rules.code, scope)
        expected = is_expected(answer.status, rules.statuses)
        verdict = judge(rules, answer.status, code, expected=expected)
        if verdict == "taken":
            # What it took without an id is known by ours.
            provider_id = said_at(rules.id, scope) or message.key
            return Sent(provider_id=provider_id[:_LONGEST_ID], segments=sms_size(message.body).segment_count)
        words = (str(answer.status), code, said_at(rules.reason, scope))
        # Secrets first: what hides a number might cut one in two.
        reason = mask(without(" ".join(filter(None, words)), filled.hidden))[:_LONGEST_REASON]
        if verdict == "refused":
            raise AddressRefused(_("The number takes no SMS: %(reason)s"), reason=reason)
        if verdict == "unknown":
            raise OutcomeUnknown(
                _("The SMS provider does not say whether it took the message: %(reason)s"), reason=reason
            )
        if verdict == "later":
            with self._ctx.read():
                wait_s = answer.retry_after_s(self._ctx.now)
            raise TechnicalFailure(
                _("The SMS provider takes no messages at the moment: %(reason)s"),
                retry_after_s=wait_s,
                reason=reason,
            )
        raise TechnicalFailure(
            _("The SMS provider refused the message: %(reason)s"), permanent=True, reason=reason
        )

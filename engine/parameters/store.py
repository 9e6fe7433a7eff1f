"""Reading and changing parameters."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from typing import Any

from sqlalchemy import select

from engine.context import Context, verb
from engine.db import upsert
from engine.errors import ConfigurationError, Conflict, InvalidSubmission, NotFound, Problem
from engine.feel.temporal import parse_duration
from engine.history import audit
from engine.i18n import LOCALES, _, say
from engine.parameters.models import Parameter
from engine.plugin import Registry, SettingSpec
from engine.settings import PREFIX
from engine.values import Json, read_toml

# Few are chosen: what a transaction needs of them is read at once.
_CHOSEN = select(Parameter.key, Parameter.value)
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0", ""}
# crm.example.org, *.example.org, crm.example.org:8443, [fd00::1]:8443
_HOST = re.compile(r"((\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?")

# What the product itself lets an administrator choose.
OWN = (
    SettingSpec(
        key="centre.locale",
        type="choice",
        default="en",
        choices=tuple(LOCALES),
        label=_("Language of the centre"),
        help=_(
            "For whoever never said theirs: what they write or what their browser asks for goes first. "
            "New people begin with it."
        ),
    ),
    SettingSpec(
        key="handler_link.otp",
        type="choice",
        default="sensitive",
        choices=(_("never"), _("sensitive"), _("always")),
        label=_("Ask for a code on a handler's link"),
        help=_("Sensitive: before personal data are shown in full or stored files are opened."),
    ),
    SettingSpec(
        key="jobs.behind_s",
        type="integer",
        default=60,
        unit="s",
        label=_("How far the work may be behind before nothing new begins"),
        help=_(
            "While a due job has waited longer, people and programs that start a process are asked to try "
            "again in a moment. What runs goes on, and messages are taken in. 0: never."
        ),
    ),
    SettingSpec(
        key="reminders.quiet_hours",
        type="text",
        default="",
        label=_("Quiet hours"),
        help=_(
            "When reminders of tasks wait, such as 22:00-07:00 by each person's clock; empty: never. "
            "People may choose hours of their own."
        ),
    ),
    SettingSpec(
        key="report.confirm_number",
        type="boolean",
        default=True,
        label=_("Confirm the telephone number of a public report"),
        help=_("Who reports a problem proves by a code that the number is theirs."),
    ),
    SettingSpec(
        key="sms_answer.undo_s",
        type="integer",
        default=120,
        unit="s",
        label=_("How long an answer by SMS can be taken back"),
        help=_("It counts at once; taken back, the task is open again. 0: never."),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterState:
    """A parameter as the page shows it.

    Args:
        spec: What it is.
        value: What holds now.
        locked_by: The environment variable that sets it; None where an administrator may.
        changed: Whether an administrator chose the value.
    """

    spec: SettingSpec
    value: Json
    locked_by: str | None
    changed: bool


def register(registry: Registry) -> None:
    """Add the product's own parameters."""
    for spec in OWN:
        registry.add_setting(spec)


def environment_name(key: str) -> str:
    """Return the environment variable of a parameter: ``CALLWRIGHT_HANDLER_LINK_OTP``."""
    return PREFIX + key.upper().replace(".", "_").replace("-", "_")


def parameter(ctx: Context, key: str) -> Json:
    """Return what holds now.

    Args:
        ctx: Any context; a transaction is opened where none is.
        key: ``owner.name``.

    Raises:
        NotFound: Nothing installed has such a parameter.
        InvalidSubmission: The environment sets it to something that cannot be.
    """
    spec = _spec(ctx, key)
    said = os.environ.get(environment_name(key))
    if said is not None:
        return _read(spec, said)
    with ctx.read():
        chosen = ctx.transaction.once(_CHOSEN)
    return next((row.value for row in chosen if row.key == key), spec.default)


def check_environment(registry: Registry) -> None:
    """Refuse a parameter that the environment sets to something that cannot be, before anything runs.

    Raises:
        ConfigurationError: The message names the variable and the remedy.
    """
    for key, spec in registry.settings.items():
        said = os.environ.get(environment_name(key))
        if said is None:
            continue
        try:
            _read(spec, said)
        except InvalidSubmission as error:
            raise ConfigurationError(
                "%(name)s is %(said)s. %(reason)s",
                name=environment_name(key),
                said=said,
                reason=say("en", error.problems[0]),
            ) from None


def list_parameters(ctx: Context) -> list[ParameterState]:
    """Return every parameter of the product and its plug-ins, by key."""
    with ctx.read():
        held = set(ctx.connection.execute(select(Parameter.key)).scalars())
        states = []
        for key, spec in sorted(ctx.registry.settings.items()):
            name = environment_name(key)
            locked = name in os.environ
            states.append(
                ParameterState(
                    spec=spec,
                    value=parameter(ctx, key),
                    locked_by=name if locked else None,
                    changed=key in held and not locked,
                )
            )
        return states


@verb
def set_parameter(ctx: Context, *, key: str, value: str) -> Json:
    """Choose a parameter's value.

    Args:
        ctx: Who chooses.
        key: Which one.
        value: As text; read by the parameter's type.

    Raises:
        NotFound: Nothing installed has such a parameter.
        Conflict: The environment sets it.
        InvalidSubmission: It is not of the parameter's type.
    """
    spec = _spec(ctx, key)
    if environment_name(key) in os.environ:
        raise Conflict(_("%(name)s sets this in the environment."), name=environment_name(key))
    chosen = _read(spec, value)
    put = upsert(Parameter.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
    row = {"value": chosen, "changed_at": ctx.now, "changed_by": ctx.actor.name}
    ctx.connection.execute(put.values(key=key, **row).on_conflict_do_update(index_elements=["key"], set_=row))
    ctx.transaction.ask_anew(_CHOSEN)
    audit(ctx, "parameter.set", "parameter", key, {"value": chosen})
    return chosen


def _spec(ctx: Context, key: str) -> SettingSpec:
    spec = ctx.registry.settings.get(key)
    if spec is None:
        raise NotFound(_("There is no parameter %(key)s."), key=key)
    return spec


def _read(spec: SettingSpec, text: str) -> Json:
    value = _typed(spec, text)
    problems = list(spec.check(value)) if spec.check is not None else []
    if problems:
        raise InvalidSubmission(problems=problems)
    return value


def _typed(spec: SettingSpec, text: str) -> Json:
    def refuse(message: str, **params: Any) -> InvalidSubmission:
        return InvalidSubmission(problems=[Problem(path=spec.key, message=message, params=params)])

    text = text.strip()
    if spec.type == "boolean":
        if text.lower() not in _YES | _NO:
            raise refuse(_("Say true or false."))
        return text.lower() in _YES
    if spec.type in ("integer", "decimal"):
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise refuse(_("This is not a number.")) from None
        if not number.is_finite() or (spec.type == "integer" and number != number.to_integral_value()):
            raise refuse(_("Only whole numbers, please."))
        return int(number) if spec.type == "integer" else number
    if spec.type == "duration":
        try:
            return str(parse_duration(text))
        except ValueError:
            raise refuse(_("Write a duration such as PT4H or P3D.")) from None
    if spec.type in ("hosts", "networks"):
        words = text.lower().replace(",", " ").split()
        is_one, message = _LISTS[spec.type]
        wrong = next((word for word in words if not is_one(word)), None)
        if wrong is not None:
            raise refuse(message, word=wrong)
        return ", ".join(words)
    if spec.type == "toml":
        text = text.replace("\r\n", "\n")
        try:
            read_toml(text.encode())
        except ValueError as error:
            raise refuse(_("This is no TOML: %(reason)s"), reason=str(error)) from None
    if spec.type == "choice" and text not in spec.choices:
        raise refuse(_("Choose one of: %(known)s."), known=", ".join(spec.choices))
    return text


def _is_host(word: str) -> bool:
    return _HOST.fullmatch(word) is not None


def _is_network(word: str) -> bool:
    try:
        return ip_network(word) is not None
    except ValueError:
        return False


# What stands in a parameter that is a list of words.
_LISTS = {
    "hosts": (
        _is_host,
        _(
            "%(word)s is no host. Write names such as api.example.org, *.example.org or "
            "crm.example.org:8443, with commas between them."
        ),
    ),
    "networks": (
        _is_network,
        _("%(word)s is no network. Write networks such as 10.20.0.0/16, with commas between them."),
    ),
}

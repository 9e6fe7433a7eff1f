"""Calls a plug-in's service task with what the drawing maps, typed as its signature says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from engine import feel
from engine.context import Context
from engine.errors import ConfigurationError, TechnicalFailure
from engine.feel.kinds import ANY, KINDS
from engine.feel.temporal import Date, DateTime, DaysTimeDuration, from_instant
from engine.i18n import _
from engine.plugin.offers import Parameter
from engine.values import Json


class BadInput(TechnicalFailure):
    """A service task was given something of the wrong type."""

    code = "bad_input"


def call_service(ctx: Context, name: str, inputs: Mapping[str, Json]) -> Json:
    """Call a service task.

    Args:
        ctx: Inline: the open write transaction. Job: none is open.
        name: ``plugin.verb``.
        inputs: Parameter to JSON value.

    Returns:
        What it returned, as JSON.

    Raises:
        ConfigurationError: Nothing installed does it.
        BadInput: An input has the wrong type; trying again cannot help.
    """
    offer = ctx.registry.service_tasks.get(name)
    if offer is None:
        raise ConfigurationError(_("There is no service task %(name)s."), name=name)
    typed = {
        parameter.name: _typed(ctx, name, parameter, inputs[parameter.name])
        for parameter in offer.inputs
        if inputs.get(parameter.name) is not None
    }
    missing = [
        parameter.name for parameter in offer.inputs if parameter.required and parameter.name not in typed
    ]
    for parameter in missing:
        # A required parameter that the drawing maps to nothing is handed over as such.
        typed[parameter] = None
    return _json(offer.function(ctx, **typed))


def _typed(ctx: Context, name: str, parameter: Parameter, value: Json) -> Any:
    try:
        return _convert(ctx, parameter.type, value)
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadInput(
            _("%(name)s: %(parameter)s must be a %(type)s."),
            permanent=True,
            name=name,
            parameter=parameter.name,
            type=KINDS.get(parameter.type, ANY).phrase,
        ) from error


def _convert(ctx: Context, type_name: str, value: Json) -> Any:
    zone = ctx.settings.zone
    if type_name == "number":
        number = Decimal(str(value))
        return int(number) if number == number.to_integral_value() else number
    if type_name == "string":
        return value if isinstance(value, str) else feel.render("{{ value }}", {"value": value})
    if type_name == "boolean":
        if not isinstance(value, bool):
            raise TypeError(value)
        return value
    if type_name in ("date", "date and time", "days and time duration"):
        found = feel.from_json(value, type_name) if isinstance(value, str) else value
        if isinstance(found, DateTime):
            return found.instant(zone).astimezone(UTC)
        if isinstance(found, Date):
            return date(found.year, found.month, found.day)
        if isinstance(found, DaysTimeDuration):
            return found.timedelta()
        raise TypeError(value)
    if type_name == "list":
        return value if isinstance(value, list) else [value]
    if type_name == "context" and not isinstance(value, dict):
        raise TypeError(value)
    return value


def _json(value: Any) -> Json:
    if isinstance(value, datetime):
        return str(from_instant(value.astimezone(UTC)))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    return feel.to_json(value)

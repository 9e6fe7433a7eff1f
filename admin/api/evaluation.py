"""Decisions and FEEL, evaluated over a context that the caller gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import marshmallow as ma

from admin.api.fields import Body, Fields, Flag, Items, Row, Text, Value, Whole
from admin.api.operation import Api, computes
from engine import decision, feel
from engine.context import Context
from engine.decision import DecisionModel
from engine.definition import get_definition
from engine.definition.environment import functions
from engine.errors import DefinitionError, InvalidSubmission, NotFound, Problem
from engine.feel import FeelWarning
from engine.i18n import _, translate
from engine.values import Json, number_text

MAY = ("processes.see", "processes.deploy")
_LONGEST_MODEL = 4_000_000
_LONGEST_EXPRESSION = 100_000
_INPUT = "?"
_SCOPE = 'Values by name; {"$feel": "date(\\"2026-03-02\\")"} stands for that value.'


class FeelWarningSchema(Row):
    """Why a value became null, and where."""

    message = Text()
    line = Whole()
    column = Whole()
    element = Text(allow_none=True, metadata={"description": "The id of the model's element."})


class ResultSchema(Row):
    """What an evaluation gives. A number that a double cannot hold is `{"$number": "…"}`."""

    value = Value()
    warnings = Items(ma.fields.Nested(FeelWarningSchema))


class MatchSchema(Row):
    """Which rules of a decision table matched."""

    element = Text(metadata={"description": "The decision's id."})
    table = Text()
    rules = Items(Text())
    indexes = Items(Whole(), metadata={"description": "The same as numbers, from 1."})


class DecisionSchema(ResultSchema):
    """What a decision gives."""

    matched = Items(ma.fields.Nested(MatchSchema))


class FeelBody(Body):
    """A FEEL expression and what it is evaluated over."""

    expression = Text(required=True, most=_LONGEST_EXPRESSION)
    context = Fields(load_default=dict, metadata={"description": _SCOPE})  # type: ignore[assignment]
    unary = Flag(
        load_default=False,
        metadata={"description": "Unary tests, as in a decision table's cell; the context's ? is the input."},
    )


class DecisionBody(Body):
    """A decision and what it is evaluated over. Give dmn or key, and decision or service."""

    dmn = Text(least=1, most=_LONGEST_MODEL, metadata={"description": "The model's XML."})
    imports = Items(
        Text(most=_LONGEST_MODEL),
        load_default=list,
        metadata={"description": "The XML of models that it imports."},
    )
    key = Text(least=1, metadata={"description": "A deployed process, whose decision is meant."})
    version = Whole(least=1, metadata={"description": "Of that process; the latest where omitted."})
    decision = Text(least=1, most=1000, metadata={"description": "A decision's id or name."})
    service = Text(least=1, most=1000, metadata={"description": "A decision service's id or name."})
    context = Fields(load_default=dict, metadata={"description": _SCOPE})  # type: ignore[assignment]


class FeelApi(Api):
    """FEEL."""

    resource_name = "feel"

    @computes("/evaluate", body=FeelBody, answer=ResultSchema, needs=MAY)
    def evaluate(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Evaluate an expression.

        What goes wrong gives null, and a warning says where and why. What cannot be read at all is 422.
        """
        return evaluate_feel(ctx, said)


class DecisionsApi(Api):
    """Decisions."""

    resource_name = "decisions"

    @computes("/evaluate", body=DecisionBody, answer=DecisionSchema, needs=MAY)
    def evaluate(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Evaluate a decision or a decision service of a model that is sent, or of a deployed process.

        What goes wrong gives null, and a warning says where and why; a model that cannot be read is 422.
        """
        return evaluate_decision(ctx, said)


def evaluate_feel(ctx: Context, said: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate what a :class:`FeelBody` says, within the open transaction.

    Raises:
        InvalidSubmission: The expression, or a value of the context, cannot be read.
    """
    scope = _scope(ctx, said["context"])
    options = {"value": scope.pop(_INPUT, None)} if said["unary"] else {}
    result = _evaluated(ctx, "expression", said["expression"], scope, **options)
    return {"value": _json(result.value), "warnings": _warnings(ctx, result.warnings)}


def evaluate_decision(ctx: Context, said: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate what a :class:`DecisionBody` says, within the open transaction.

    Raises:
        InvalidSubmission: Too much or too little is said, or a value of the context cannot be read.
        DefinitionError: The model cannot be read.
        NotFound: There is no such process or decision.
    """
    named = _one_of(said, "decision", "service")
    result = _model(ctx, said, named).evaluate(
        named, _scope(ctx, said["context"]), functions=functions(ctx), now=_now(ctx)
    )
    return {
        "value": _json(result.value),
        "warnings": _warnings(ctx, result.warnings),
        "matched": result.matched,
    }


def _one_of(said: Mapping[str, Any], *names: str) -> str:
    """Return the one that is given of several.

    Raises:
        InvalidSubmission: There is none, or more than one.
    """
    given = [name for name in names if name in said]
    if len(given) != 1:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path=names[0],
                    message=_("Give one of %(names)s, and only one."),
                    params={"names": ", ".join(names)},
                )
            ]
        )
    return str(said[given[0]])


def _model(ctx: Context, said: Mapping[str, Any], named: str) -> DecisionModel:
    _one_of(said, "dmn", "key")
    if "dmn" in said:
        # As people draw it: a faulty expression gives null and a warning, the rest of the model still works.
        imports = [text.encode() for text in said["imports"]]
        return decision.parse(said["dmn"].encode(), imports=imports, strict=False)
    package = get_definition(ctx, key=said["key"], version=said.get("version")).package
    for path in package.matching("*.dmn"):
        model = decision.parse(package.files[path])
        try:
            model.find(named)
        except NotFound:
            continue
        return model
    raise NotFound(_("The process %(key)s has no decision %(decision)s."), key=said["key"], decision=named)


def _evaluated(ctx: Context, path: str, source: str, scope: Mapping[str, Any], **options: Any) -> feel.Result:
    try:
        return feel.evaluate(source, scope, functions=functions(ctx), now=_now(ctx), **options)
    except DefinitionError as error:
        place = f"{path}:{error.line}:{error.column}" if isinstance(error, feel.FeelSyntaxError) else path
        raise InvalidSubmission(
            _("This expression cannot be read."),
            problems=[Problem(path=place, message=error.message, params=error.params)],
        ) from None


def _now(ctx: Context) -> Any:
    return ctx.now.astimezone(ctx.settings.zone)


def _scope(ctx: Context, given: Mapping[str, Json]) -> dict[str, Any]:
    """Return a context with the values that ``$feel`` stands for."""
    return {name: _meant(ctx, f"context.{name}", value) for name, value in given.items()}


def _meant(ctx: Context, path: str, value: Json) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"$feel"} and isinstance(value["$feel"], str):
            return _evaluated(ctx, path, value["$feel"], {}).value
        if value.keys() == {"$number"} and isinstance(value["$number"], str):
            return _number(path, value["$number"])
        return {name: _meant(ctx, f"{path}.{name}", inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_meant(ctx, f"{path}.{number}", inner) for number, inner in enumerate(value)]
    return value


def _number(path: str, text: str) -> Any:
    try:
        return feel.from_json(text, "number")
    except InvalidSubmission as error:
        problem = Problem(path=path, message=error.message, params=error.params)
        raise InvalidSubmission(problems=[problem]) from None


def _json(value: Any) -> Json:
    """Return a value as JSON has it; a number that a double cannot hold keeps its digits as text."""
    return _held(feel.to_json(value))


def _held(value: Json) -> Json:
    if isinstance(value, Decimal):
        return value if Decimal(repr(float(value))) == value else {"$number": number_text(value)}
    if isinstance(value, dict):
        return {name: _held(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_held(inner) for inner in value]
    return value


def _warnings(ctx: Context, warnings: Sequence[FeelWarning]) -> list[dict[str, Any]]:
    return [
        {
            "message": translate(ctx.locale, one.message, **one.params),
            "line": one.line,
            "column": one.column,
            "element": one.element,
        }
        for one in warnings
    ]

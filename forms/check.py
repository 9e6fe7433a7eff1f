"""What can be wrong with a form before anybody fills it in: told when it is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import PurePosixPath
from typing import Any

import marshmallow as ma

from engine import feel
from engine.errors import Problem
from engine.feel.library import NAMES
from engine.feel.tree import Invocation, Name
from engine.i18n import _
from engine.plugin import CheckContext
from engine.values import Json
from forms.cleaning import Answer, as_number
from forms.expressions import compile_condition, is_expression
from forms.options import is_source, read_options, source_of
from forms.pattern import compile_pattern
from forms.schema import CHOICES, GROUP, LIST, Component, Form, parse_form

# What a process gives: a form may show it, and never write it.
_GIVEN = frozenset({"decisions", "initiator", "business_key", "started_at"})
_CONDITIONS = ("conditional.hide", "readonly")
_NUMBERS = ("validate.min", "validate.max", "validate.minLength", "validate.maxLength")
_EXPRESSIONS = (
    *_NUMBERS,
    "valuesExpression",
    "expression",
    "multiple",
    "accept",
    "source",
    "dataSource",
    "columnsExpression",
    "label",
    "description",
    "text",
    "content",
    "alt",
    "properties.refuse",
)
_HOLES = re.compile(r"\{\{(?!\{)(.*?)\}\}", re.DOTALL)
_BLOCK = re.compile(r"^\s*(?:#(?:if|loop)\s+|/(?:if|loop)\s*$)")

Found = Iterator[tuple[str, dict[str, Any]]]


def check_form(path: str, content: bytes, within: CheckContext) -> Sequence[Problem]:
    """Return what is wrong with a form, each with the field's key and the remedy."""
    form, problems = parse_form(content, PurePosixPath(path).stem)
    found = [_at(path, problem) for problem in problems]
    for component, top in _placed(form) if form is not None else ():
        name = component.key or component.id or component.kind
        for message, params in _check(component, top):
            found.append(
                Problem(
                    path=f"{path}#{name}",
                    message=message,
                    params=params,
                    element_name=component.label or None,
                )
            )
    return found


def _at(path: str, problem: Problem) -> Problem:
    where = f"{path}#{problem.path}" if problem.path else path
    return Problem(path=where, message=problem.message, params=problem.params)


def _placed(form: Form) -> Iterator[tuple[Component, bool]]:
    """Yield every component, and whether its value is a variable of its own."""
    for component in form.walk():
        yield component, component.key == ".".join(component.path) and len(component.path) == 1


def _check(component: Component, top: bool) -> Found:
    yield from _check_words(component)
    yield from _check_place(component, top)
    yield from _check_expressions(component)
    if component.holds_value:
        yield from _check_rules(component)
    if component.kind in CHOICES:
        yield from _check_options(component)


def _check_words(component: Component) -> Found:
    if component.holds_value and component.kind != "expression" and not component.label.strip():
        yield _("The field has no label. Write what people read beside it."), {}
    hide = component.hide
    if hide and not is_expression(hide):
        yield _("The condition %(condition)s is no expression. Begin it with =."), {"condition": hide[:60]}
    refuse = component.refuse
    if refuse and not is_expression(refuse):
        yield _("The condition %(condition)s is no expression. Begin it with =."), {"condition": refuse[:60]}
    if refuse and not str(component.properties.get("refuseMessage") or "").strip():
        yield _("Nothing says why the answer is refused. Write it into refuseMessage."), {}


def _check_place(component: Component, top: bool) -> Found:
    name = component.path[0] if component.path else ""
    if component.key and "[]" not in component.key and name in _GIVEN and component.readonly is not True:
        yield _("%(name)s is given by the process. Make the field read-only."), {"name": name}
    if component.kind in (GROUP, LIST) and component.readonly is not False:
        yield _("Only fields can be read-only. Set it at the fields inside."), {}
    if component.kind == "filepicker" and not top:
        yield _("Files can be attached at the top only. Move the field out, and give it a plain key."), {}
    if component.kind == LIST and not component.rows_fixed:
        for inner in component.components:
            if inner.holds_value and inner.readonly is not False:
                yield (
                    _(
                        "%(key)s is read-only in rows that can be added. Fix the list's rows, or let the "
                        "field be written."
                    ),
                    {"key": inner.key},
                )


def _check_expressions(component: Component) -> Found:
    for part in _CONDITIONS:
        rule = _part(component, part)
        if isinstance(rule, str) and rule and (part == "readonly" or is_expression(rule)):
            yield from _compiles(part, rule, condition=True)
    for part in _EXPRESSIONS:
        rule = _part(component, part)
        if is_expression(rule):
            yield from _compiles(part, rule)
        elif isinstance(rule, str):
            for hole in _HOLES.findall(rule):
                source = _BLOCK.sub("", hole).strip()
                if source:
                    yield from _compiles(part, f"={source}")


def _part(component: Component, part: str) -> Json:
    outer, _dot, inner = part.rpartition(".")
    place = component.raw.get(outer) or {} if outer else component.raw
    return place.get(inner)


def _compiles(part: str, rule: str, *, condition: bool = False) -> Found:
    try:
        tree = compile_condition(rule)[0].tree if condition else feel.compile(rule[1:]).tree
    except feel.FeelSyntaxError as error:
        yield (
            _("%(part)s cannot be read: %(reason)s Mend the expression %(expression)s."),
            {"part": part, "reason": error.placed, "expression": rule[:100]},
        )
        return
    for name in sorted(set(_called(tree)) - NAMES):
        yield (
            _("%(part)s calls %(name)s, which forms do not know. Use a function of FEEL."),
            {"part": part, "name": name},
        )


def _called(node: Any) -> Iterator[str]:
    """Yield the names of the functions that an expression calls."""
    if isinstance(node, Invocation) and isinstance(node.function, Name):
        yield node.function.name
    if isinstance(node, tuple):
        for one in node:
            yield from _called(one)
    elif is_dataclass(node):
        for part in fields(node):
            yield from _called(getattr(node, part.name))


def _check_rules(component: Component) -> Found:
    pattern = component.rules.get("pattern")
    if pattern:
        try:
            compile_pattern(pattern)
        except ValueError as error:
            yield (
                _("The pattern %(pattern)s cannot be checked (%(reason)s). Write it without flags, simpler."),
                {"pattern": pattern[:60], "reason": str(error)},
            )
    for part in (*_NUMBERS, "increment"):
        rule = _part(component, part)
        if rule not in (None, "") and not is_expression(rule) and as_number(rule) is None:
            yield _("%(part)s is no number."), {"part": part}
    default = component.raw.get("defaultValue")
    if default is not None and component.kind != "expression":
        try:
            Answer(component, None).deserialize(default)
        except ma.ValidationError:
            yield _("The default value is none that the field accepts. Choose another one."), {}


def _check_options(component: Component) -> Found:
    raw, source = component.raw, source_of(component)
    if source:
        if not is_source(source):
            yield (
                _(
                    "There is no list %(source)s. "
                    "Use persons, units, groups, group:KEY, unit:KEY or post:KEY."
                ),
                {"source": source[:60]},
            )
        return
    if raw.get("valuesKey") or raw.get("valuesExpression"):
        return
    values = raw.get("values") or []
    if not values:
        yield _("There is nothing to choose from. Add options."), {}
    if len(read_options(values)) != len(values):
        yield _("An option has no value. Give each one a value and a label."), {}

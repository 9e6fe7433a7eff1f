"""Holds a package against what is installed: everything that is drawn exists and fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.definition.environment import sandbox
from engine.definition.manifest import FILE
from engine.definition.package import Package
from engine.definition.resources import kind_of
from engine.errors import DefinitionError, Problem
from engine.i18n import _
from engine.machine import ProcessSpec
from engine.machine.nodes.base import Node
from engine.machine.nodes.events import StartEvent
from engine.plugin import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What a resource kind may look at while it checks one file."""

    files: Mapping[str, bytes]
    registry: Registry
    key: str


def inspect(registry: Registry, package: Package) -> list[Problem]:
    """Check a package against what is installed.

    Args:
        registry: What is installed.
        package: What is to be deployed.

    Returns:
        Warnings: what can run, but perhaps not as meant.

    Raises:
        DefinitionError: Something cannot run; ``problems`` lists everything at once.
    """
    problems: list[Problem] = []
    try:
        _ = package.manifest
    except DefinitionError as error:
        problems += error.problems
    inside = Inside(files=package.files, registry=registry, key=package.key)
    for path, content in sorted(package.files.items()):
        kind = kind_of(registry, path)
        if kind is not None:
            problems += kind.check(path, content, inside)
    if problems:
        raise DefinitionError(problems=problems)
    problems = list(_cross_check(registry, package))
    if problems:
        raise DefinitionError(problems=problems)
    return list(_warnings(package))


def _cross_check(registry: Registry, package: Package) -> Iterator[Problem]:
    manifest = package.manifest
    if manifest is not None:
        for needed in manifest.needs:
            if needed not in registry.plugins:
                yield Problem(
                    path=f"{FILE}#needs",
                    message=_("It needs the plug-in %(name)s, which is not installed."),
                    params={"name": needed},
                )
        if manifest.key not in package.processes:
            yield Problem(
                path=f"{FILE}#key",
                message=_("No drawing has a process of the id %(key)s. Give the process this id."),
                params={"key": manifest.key},
            )
        elif manifest.starts:
            yield from _check_starts(package)
    for path, spec in package.processes.values():
        for node in spec.nodes:
            yield from _check_node(registry, package, path, spec, node)


def _check_starts(package: Package) -> Iterator[Problem]:
    manifest = package.manifest
    assert manifest is not None
    _path, spec = package.processes[manifest.key]
    events = {node.element_id for node in spec.nodes if isinstance(node, StartEvent) and node.within is None}
    for number, start in enumerate(manifest.starts, 1):
        if start.event not in events:
            yield Problem(
                path=f"{FILE}#start[{number}]",
                message=_("There is no start event %(event)s in the drawing. It has: %(known)s."),
                params={"event": start.event, "known": ", ".join(sorted(events))},
            )
        if start.form is not None and package.form(start.form) is None:
            yield Problem(
                path=f"{FILE}#start[{number}]",
                message=_("There is no form %(form)s. Put it into forms/%(form)s.form."),
                params={"form": start.form},
            )


def _check_node(
    registry: Registry, package: Package, path: str, spec: ProcessSpec, node: Node
) -> Iterator[Problem]:
    def wrong(message: str, /, **params: Any) -> Problem:
        return Problem(
            path=f"{path}#{node.element_id}", message=message, params=params, element_name=node.element_name
        )

    settings = node.settings
    if settings.service is not None:
        yield from _check_service(registry, node, wrong)
    yield from _check_scripts(path, node)
    if settings.decision is not None and settings.decision not in package.decisions:
        yield wrong(
            _("There is no decision %(key)s in this package. It has: %(known)s."),
            key=settings.decision,
            known=", ".join(sorted(package.decisions)) or "-",
        )
    if settings.task.form is not None and package.form(settings.task.form) is None:
        yield wrong(_("There is no form %(form)s. Put it into forms/%(form)s.form."), form=settings.task.form)
    for notice in settings.notices:
        if package.message(notice.message) is None:
            yield wrong(
                _("There is no message %(message)s. Put it into messages/%(message)s.toml."),
                message=notice.message,
            )


def _check_scripts(path: str, node: Node) -> Iterator[Problem]:
    """Read every script of an element, without running it."""
    settings = node.settings
    sources = [source for source in (settings.script, settings.before, settings.after) if source]
    sources += [
        f"({flow.condition.source})" for flow in node.outgoing if flow.condition and flow.condition.script
    ]
    for source in sources:
        for problem in sandbox.check(source, f"{path}#{node.element_id}"):
            yield replace(problem, element_name=node.element_name)


def _check_service(registry: Registry, node: Node, wrong: Any) -> Iterator[Problem]:
    name = node.settings.service or ""
    offer = registry.service_tasks.get(name)
    if offer is None:
        close = sorted(known for known in registry.service_tasks if known.split(".")[0] == name.split(".")[0])
        yield wrong(
            _("There is no service task %(name)s. Installed are: %(known)s."),
            name=name,
            known=", ".join(close or sorted(registry.service_tasks)) or "-",
        )
        return
    known = {parameter.name: parameter for parameter in offer.inputs}
    given = {item.name for item in node.settings.inputs}
    for unknown in sorted(given - set(known)):
        yield wrong(
            _("%(name)s has no parameter %(parameter)s. It has: %(known)s."),
            name=name,
            parameter=unknown,
            known=", ".join(known),
        )
    for parameter in offer.inputs:
        if parameter.required and parameter.name not in given:
            yield wrong(
                _("%(name)s needs the parameter %(parameter)s. Map it by callwright:input."),
                name=name,
                parameter=parameter.name,
            )


def _warnings(package: Package) -> Iterator[Problem]:
    for path, spec in package.processes.values():
        if not spec.executable:
            yield Problem(
                path=f"{path}#{spec.name}",
                message=_("The process is not marked as executable; it is run all the same."),
            )
        for node in spec.nodes:
            if not node.incoming and not node.silent and not isinstance(node, StartEvent):
                has_start = any(isinstance(other, StartEvent) for other in spec.nodes)
                if has_start and node.tag != "boundaryEvent" and node.within is None:
                    yield Problem(
                        path=f"{path}#{node.element_id}",
                        message=_("Nothing leads to this element: it is never reached."),
                        element_name=node.element_name,
                    )

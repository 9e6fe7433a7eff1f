"""Holds a package against what is installed: everything that is drawn exists and fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from engine.definition.environment import sandbox
from engine.definition.manifest import FILE, INBOUND_PARTS, TOLD
from engine.definition.package import Package
from engine.definition.resources import kind_of
from engine.errors import LONGEST_CODE, DefinitionError, Phrase, Problem
from engine.i18n import _
from engine.machine import ProcessSpec
from engine.machine.nodes.activities import UserTask
from engine.machine.nodes.base import Node
from engine.machine.spec import Approval
from engine.plugin import Registry

# A process's id is a part of addresses; its column and those of elements' ids hold as much.
_KEY = re.compile(r"\w[\w.-]{0,127}")
_LONGEST_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What a resource kind may look at while it checks one file."""

    files: Mapping[str, bytes]
    registry: Registry
    key: str
    package: Package | None = None


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
    inside = Inside(files=package.files, registry=registry, key=package.key, package=package)
    for path, content in sorted(package.files.items()):
        kind = kind_of(registry, path)
        if kind is not None:
            problems += kind.check(path, content, inside)
    if problems:
        raise DefinitionError(problems=problems)
    problems = list(_cross_check(registry, package))
    if problems:
        raise DefinitionError(problems=problems)
    return [
        *_warnings(package),
        *_warnings_of_files(registry, inside),
        *_warnings_of_steps(registry, package),
    ]


def _cross_check(registry: Registry, package: Package) -> Iterator[Problem]:
    yield from _check_ids(package)
    manifest = package.manifest
    if manifest is not None:
        for at in ("supervisors", "administrators"):
            for word in getattr(manifest, at):
                if not (word.split(":")[0] in TOLD and word.partition(":")[2]):
                    yield Problem(
                        path=f"{FILE}#{at}",
                        message=_("%(word)s means nobody. Write one of %(known)s."),
                        params={"word": word, "known": ", ".join(f"{kind}:KEY" for kind in TOLD)},
                    )
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
        else:
            if manifest.starts:
                yield from _check_starts(registry, package)
            yield from _check_deadlines(registry, package)
        for name in manifest.prints:
            if package.print_template(name) is None:
                yield Problem(
                    path=f"{FILE}#prints.{name}",
                    message=_("There is no print template. Put it into prints/%(name)s.html."),
                    params={"name": name},
                )
    yield from _check_calls(package)
    for path, spec in package.processes.values():
        for node in [spec.root, *spec.nodes]:
            yield from _check_node(registry, package, path, spec, node)
    for path, drawn in package.drawings.items():
        for script in drawn.scripts:
            # In brackets: an expression, which may go over several lines.
            source = f"({script.source})"
            yield from _check_script(source, f"{path}#{script.element_id}", script.element_name)


def _check_calls(package: Package) -> Iterator[Problem]:
    """Look for processes that call themselves on every way, directly or by others: they would never end."""
    certain = {key: spec.certain for key, (_path, spec) in package.processes.items()}
    calls = {
        key: {node.settings.called for node in certain[key] if node.settings.called in package.processes}
        for key in package.processes
    }
    for key, (path, _spec) in package.processes.items():
        for node in certain[key]:
            if node.settings.called in calls and key in _reached(calls, node.settings.called):
                yield Problem(
                    path=f"{path}#{node.element_id}",
                    message=_("The process calls itself here, and would never end. Draw a loop instead."),
                    element_name=node.element_name,
                )


def _reached(calls: Mapping[str, set[str]], key: str) -> set[str]:
    """Return a process and all that it calls, directly or not."""
    reached, ahead = {key}, [key]
    while ahead:
        found = calls.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
    return reached


def _check_ids(package: Package) -> Iterator[Problem]:
    """Look at what only a new deployment has to keep: what was deployed once can always be read."""
    seen: set[str] = set()
    for path, drawn in package.drawings.items():
        for key, spec in drawn.processes.items():
            if not _KEY.fullmatch(key):
                yield Problem(
                    path=f"{path}#{key}",
                    message=_("A process's id is 1 to 128 letters, digits, _, - or dots. Give another."),
                )
            if key in seen:
                yield Problem(
                    path=f"{path}#{key}",
                    message=_("Two processes have the id %(key)s. Give one another id."),
                    params={"key": key},
                )
            seen.add(key)
            flows = [flow.id for node in spec.nodes for flow in node.outgoing]
            for element_id in [*(node.element_id for node in spec.nodes), *flows]:
                if len(element_id or "") > _LONGEST_ID:
                    yield Problem(
                        path=f"{path}#{element_id}",
                        message=_("Its id has more than %(most)s characters. Shorten it."),
                        params={"most": _LONGEST_ID},
                    )
            yield from _check_names(path, spec)


def _check_names(path: str, spec: ProcessSpec) -> Iterator[Problem]:
    for node in spec.nodes:
        if any(len(trigger.name or "") > LONGEST_CODE for trigger in getattr(node, "triggers", ())):
            yield Problem(
                path=f"{path}#{node.element_id}",
                message=_(
                    "What it waits for or throws has a name of more than %(most)s characters. Shorten it."
                ),
                params={"most": LONGEST_CODE},
            )


def _check_starts(registry: Registry, package: Package) -> Iterator[Problem]:
    manifest = package.manifest
    assert manifest is not None
    _path, spec = package.processes[manifest.key]
    events = {node.element_id for node in spec.starts}
    for number, start in enumerate(manifest.starts, 1):
        if start.event not in events:
            yield Problem(
                path=f"{FILE}#start[{number}]",
                message=_("There is no start event %(event)s in the drawing. It has: %(known)s."),
                params={"event": start.event, "known": ", ".join(sorted(events))},
            )
        if start.form is not None and package.form(start.form) is None:
            missing = _no_form(registry, start.form)
            yield Problem(path=f"{FILE}#start[{number}]", message=missing.message, params={**missing.params})
        for part in sorted(set(start.into.values()) - set(INBOUND_PARTS)):
            yield Problem(
                path=f"{FILE}#start[{number}]",
                message=_("into: a message has no part %(part)s. It has: %(known)s."),
                params={"part": part, "known": ", ".join(INBOUND_PARTS)},
            )


def _check_deadlines(registry: Registry, package: Package) -> Iterator[Problem]:
    manifest = package.manifest
    assert manifest is not None
    _path, spec = package.processes[manifest.key]
    steps = {node.element_id for node in spec.nodes if isinstance(node, UserTask)}
    for name, rule in manifest.deadlines.items():
        at = f"{FILE}#deadlines.{name}"
        for step in rule.pauses:
            if step not in steps:
                yield Problem(
                    path=at,
                    message=_("pauses: there is no user task %(step)s in the drawing. It has: %(known)s."),
                    params={"step": step, "known": ", ".join(sorted(steps)) or "-"},
                )
        if rule.message is not None and package.message(rule.message) is None:
            missing = _no_message(registry, rule.message)
            yield Problem(path=at, message=missing.message, params={**missing.params})


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
    if settings.task.approval is not None:
        yield from _check_lookups(registry, settings.task.approval, wrong)
    for source in (settings.script, settings.before, settings.after):
        if source:
            yield from _check_script(source, f"{path}#{node.element_id}", node.element_name)
    if settings.decision is not None and settings.decision not in package.decisions:
        yield wrong(
            _("There is no decision %(key)s in this package. It has: %(known)s."),
            key=settings.decision,
            known=", ".join(sorted(package.decisions)) or "-",
        )
    if settings.task.form is not None and package.form(settings.task.form) is None:
        missing = _no_form(registry, settings.task.form)
        yield wrong(missing.message, **missing.params)
    # What a form has is known to a higher floor.
    elif "check_step" in registry.ports:
        for found in registry.port("check_step")(package, node):
            yield wrong(found.message, **found.params)
    # What the process says of all its steps is looked at once.
    whole = spec.root.settings.notices if node is not spec.root else ()
    said = [notice.message for notice in settings.notices if notice not in whole and notice.message]
    said += [limit.message for limit in settings.task.limits if limit.message is not None]
    for message in said:
        if package.message(message) is None:
            missing = _no_message(registry, message)
            yield wrong(missing.message, **missing.params)


def _no_form(registry: Registry, key: str) -> Phrase:
    plugin, _dot, _name = key.partition(".")
    if plugin in registry.plugins and _dot:
        return Phrase(
            _("The plug-in %(plugin)s lends no form %(form)s. It has: %(known)s."),
            {"plugin": plugin, "form": key, "known": _lent(registry, "forms", plugin)},
        )
    return Phrase(_("There is no form %(form)s. Put it into forms/%(form)s.form."), {"form": key})


def _no_message(registry: Registry, key: str) -> Phrase:
    plugin, _dot, _name = key.partition(".")
    if plugin in registry.plugins and _dot:
        return Phrase(
            _("The plug-in %(plugin)s lends no message %(message)s. It has: %(known)s."),
            {"plugin": plugin, "message": key, "known": _lent(registry, "messages", plugin)},
        )
    return Phrase(
        _("There is no message %(message)s. Put it into messages/%(message)s.toml."), {"message": key}
    )


def _lent(registry: Registry, room: str, plugin: str) -> str:
    """Name what a plug-in lends of a room: ``tickets.note, tickets.reply``."""
    return (
        ", ".join(PurePath(path).stem for path in registry.lent if path.startswith(f"{room}/{plugin}."))
        or "-"
    )


def _check_script(source: str, at: str, element_name: str | None) -> Iterator[Problem]:
    """Read a script, without running it."""
    for problem in sandbox.check(source, at):
        yield replace(problem, element_name=element_name)


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


def _check_lookups(registry: Registry, approval: Approval, wrong: Any) -> Iterator[Problem]:
    for approver in approval.approvers:
        if approver.lookup is not None and approver.lookup not in registry.lookups:
            yield wrong(
                _("There is no lookup %(name)s. Installed are: %(known)s."),
                name=approver.lookup,
                known=", ".join(sorted(registry.lookups)) or "-",
            )


def _warnings_of_files(registry: Registry, inside: Inside) -> Iterator[Problem]:
    for path, content in sorted(inside.files.items()):
        kind = kind_of(registry, path)
        if kind is not None and kind.warn is not None:
            yield from kind.warn(path, content, inside)


def _warnings_of_steps(registry: Registry, package: Package) -> Iterator[Problem]:
    if "warn_of_steps" in registry.ports:
        yield from registry.port("warn_of_steps")(package)


def _warnings_of_people(path: str, node: UserTask) -> Iterator[Problem]:
    at, task = f"{path}#{node.element_id}", node.settings.task
    if not (node.element_name or "").strip():
        yield Problem(path=at, message=_("This step has no name: people read its id. Say what they do."))
    named = (task.approval, task.assignee, task.candidate_groups, task.candidate_users, task.lane)
    if all(one is None for one in named):
        yield Problem(
            path=at,
            message=_("Nobody is named who does this step: only whoever operates the process can."),
            element_name=node.element_name,
        )


def _warnings(package: Package) -> Iterator[Problem]:
    for drawn in package.drawings.values():
        yield from drawn.warnings
    for path, spec in package.processes.values():
        if not spec.executable:
            yield Problem(
                path=f"{path}#{spec.name}",
                message=_("The process is not marked as executable; it is run all the same."),
            )
        for node in spec.nodes:
            if isinstance(node, UserTask):
                yield from _warnings_of_people(path, node)
            begun = node.incoming or node.silent or node.begun_otherwise or node.begins_process
            if spec.starts and node.within is None and not begun:
                yield Problem(
                    path=f"{path}#{node.element_id}",
                    message=_("Nothing leads to this element: it is never reached."),
                    element_name=node.element_name,
                )

"""Holds a process folder against itself and against what is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.definition import Package, ProcessManifest, read_folder
from engine.definition.inspect import inspect
from engine.errors import DefinitionError, Problem
from engine.i18n import _
from engine.machine import ProcessSpec
from engine.machine.nodes.events import EndEvent
from engine.machine.nodes.watchers import BoundaryEvent
from engine.plugin import Registry
from engine.testing import Scenario, read_scenario


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A process folder, read once.

    Args:
        path: Where it is; its name is the process's.
        registry: Everything that is installed.
        root: What paths are shown below of.
    """

    path: Path
    registry: Registry
    root: Path

    @property
    def name(self) -> str:
        """The folder's name: the process's key."""
        return self.path.name

    @cached_property
    def package(self) -> Package:
        """Its files, as deploying would read them."""
        return Package(id="", key=self.name, files=read_folder(self.path), lent=self.registry.lent)

    @property
    def spec(self) -> ProcessSpec | None:
        """The process of the folder's name, where it is drawn."""
        return self.package.processes.get(self.name, ("", None))[1]

    def wrong(self, where: str, message: str, /, **params: Any) -> Problem:
        """Say what is wrong with one of its files."""
        return self.shown(Problem(path=where, message=message, params=params))

    def shown(self, problem: Problem) -> Problem:
        """Show a problem of the package with the folder's path in front."""
        return Problem(
            path=f"{self.path.relative_to(self.root).as_posix()}/{problem.path}",
            message=problem.message,
            params=problem.params,
            element_name=problem.element_name,
            line=problem.line,
        )


def check_process(path: Path, registry: Registry, root: Path) -> list[Problem]:
    """Return what is wrong with a process folder: what deploying would refuse, and what a reviewer would.

    Args:
        path: The folder.
        registry: Everything that is installed.
        root: What paths are shown below of.
    """
    folder = Folder(path=path, registry=registry, root=root)
    missing = list(_check_readme(folder))
    try:
        warnings = inspect(registry, folder.package)
    except DefinitionError as error:
        return missing + [folder.shown(problem) for problem in error.problems]
    problems = [*missing, *map(folder.shown, warnings), *_check_names(folder)]
    manifest, spec = folder.package.manifest, folder.spec
    if manifest is None or spec is None:
        return problems
    problems += _check_calls(folder, manifest, spec)
    problems += _check_leftovers(folder, manifest)
    problems += _check_scenarios(folder, spec)
    return problems


def _check_readme(folder: Folder) -> Iterator[Problem]:
    if not (folder.path / "README.md").is_file():
        yield folder.wrong("README.md", _("There is no README.md. Say who starts it and who decides."))


def _check_names(folder: Folder) -> Iterator[Problem]:
    manifest = folder.package.manifest
    if manifest is None:
        yield folder.wrong("process.toml", _("There is no process.toml."))
    elif manifest.key != folder.name:
        yield folder.wrong(
            "process.toml#key",
            _("It is %(key)s in the folder %(name)s. Give both one name."),
            key=manifest.key,
            name=folder.name,
        )
    drawn = folder.package.processes.get(folder.name)
    if drawn is None or drawn[0] != f"{folder.name}.bpmn":
        yield folder.wrong(
            f"{folder.name}.bpmn", _("This file must have the process %(name)s."), name=folder.name
        )


def _check_calls(folder: Folder, manifest: ProcessManifest, spec: ProcessSpec) -> Iterator[Problem]:
    called = {node.settings.called for node in spec.nodes if node.settings.called}
    for key in sorted(called - set(manifest.calls)):
        yield folder.wrong("process.toml#calls", _("The drawing calls %(key)s. List it here."), key=key)
    for key in sorted(set(manifest.calls) - called):
        yield folder.wrong("process.toml#calls", _("The drawing does not call %(key)s."), key=key)
    for key in sorted(called):
        if not (folder.path.parent / key / "process.toml").is_file():
            yield folder.wrong(
                "process.toml#calls", _("There is no process folder %(key)s beside this one."), key=key
            )


def _check_leftovers(folder: Folder, manifest: ProcessManifest) -> Iterator[Problem]:
    """Name forms and messages that nothing uses: somebody thinks that they are said."""
    nodes = [node for _path, process in folder.package.processes.values() for node in process.nodes]
    used = {node.settings.task.form for node in nodes} | {start.form for start in manifest.starts}
    nodes += [process.root for _path, process in folder.package.processes.values()]
    said = {notice.message for node in nodes for notice in node.settings.notices}
    for pattern, names in (("forms/*.form", used), ("messages/*.toml", said)):
        for path in folder.package.matching(pattern):
            if Path(path).stem not in names:
                yield folder.wrong(path, _("Nothing uses this file. Use it, or take it away."))


def _check_scenarios(folder: Folder, spec: ProcessSpec) -> Iterator[Problem]:
    scenarios: dict[str, Scenario] = {}
    for path in folder.package.matching("scenarios/*.toml"):
        try:
            scenarios[path] = read_scenario(path, folder.package.files[path])
        except DefinitionError as error:
            yield from map(folder.shown, error.problems)
    drawn = {node.element_id for node in spec.nodes}
    for path, scenario in scenarios.items():
        for element in sorted(_reached(scenario) - drawn):
            yield folder.wrong(path, _("There is no element %(element)s in the drawing."), element=element)
    reached = {element for scenario in scenarios.values() for element in _reached(scenario)}
    for node in spec.nodes:
        if isinstance(node, EndEvent | BoundaryEvent) and node.element_id not in reached:
            yield folder.shown(
                Problem(
                    path=f"{folder.name}.bpmn#{node.element_id}",
                    message=_("No scenario comes by here. Write one, and name it in its then."),
                    element_name=node.element_name,
                )
            )


def _reached(scenario: Scenario) -> set[str]:
    """Return the elements that a scenario says it comes by."""
    end = scenario.then.get("end")
    return {*scenario.then.get("path", ()), *([end] if end else [])}

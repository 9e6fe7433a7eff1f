"""The kinds of files this floor knows: drawings, decisions and catalogues. Higher floors add their own."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch

from engine.errors import DefinitionError, Problem
from engine.i18n import _, read_catalogue
from engine.plugin import CheckContext, Registry, ResourceKind


def register(registry: Registry) -> None:
    """Add the kinds of files that this floor checks."""
    registry.add_resource_kind(ResourceKind(name="bpmn", pattern="*.bpmn", check=check_drawing))
    registry.add_resource_kind(ResourceKind(name="dmn", pattern="*.dmn", check=check_decision))
    registry.add_resource_kind(
        ResourceKind(name="catalogue", pattern="locale/*/LC_MESSAGES/messages.po", check=check_catalogue)
    )


def kind_of(registry: Registry, path: str) -> ResourceKind | None:
    """Return the kind of a file by its path; None for one that is only kept (README.md, process.toml)."""
    return next((kind for kind in registry.resource_kinds.values() if fnmatch(path, kind.pattern)), None)


def check_drawing(path: str, content: bytes, within: CheckContext) -> Sequence[Problem]:
    """Return what is wrong with a drawing."""
    try:
        within.package.drawn(path)
    except DefinitionError as error:
        return error.problems
    return ()


def check_decision(path: str, content: bytes, within: CheckContext) -> Sequence[Problem]:
    """Return what is wrong with a decision model."""
    try:
        within.package.model(path)
    except DefinitionError as error:
        return [
            Problem(
                path=f"{path}#{problem.path}",
                message=problem.message,
                params=problem.params,
                element_name=problem.element_name,
                line=problem.line,
            )
            for problem in error.problems
        ] or [Problem(path=path, message=error.message, params=error.params)]
    return ()


def check_catalogue(path: str, content: bytes, within: CheckContext) -> Sequence[Problem]:
    """Return what is wrong with a catalogue."""
    try:
        read_catalogue(content)
    except (ValueError, UnicodeDecodeError) as error:
        return [
            Problem(path=path, message=_("This is no catalogue: %(reason)s"), params={"reason": str(error)})
        ]
    return ()

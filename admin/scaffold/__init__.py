"""Makes a new process folder or plug-in that runs, passes its tests and is clean for the checker.

The templates lie beside this module: ``NAME`` in a file's name and ``$name``, ``$title``, ``$package`` in its
text are filled in.
"""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from engine.errors import Conflict, InvalidSubmission
from engine.i18n import _

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40
_SUFFIX = ".template"
# Owners of catalogues and tables that a plug-in's name must not take.
_TAKEN = frozenset({"engine", "forms", "admin", "plugins", "seed", "bpmn", "tests"})


def new_process(root: Path, name: str) -> Path:
    """Make ``bpmn/NAME``: a process that deploys, with scenarios for each of its ends.

    Args:
        root: The folder that has ``bpmn`` in it.
        name: Its key: small letters, digits and underscores.

    Returns:
        The new folder.

    Raises:
        InvalidSubmission: It cannot be called that.
        Conflict: There is one of this name.
    """
    _check_name(name)
    folder = root / "bpmn" / name
    _fill({files(__package__) / "process": folder}, {"name": name, "title": _title(name)})
    return folder


def new_plugin(root: Path, name: str, *, package: str = "plugins") -> Path:
    """Make ``plugins/NAME`` and ``tests/plugins/NAME``: a plug-in with a table, a verb and a service task.

    Args:
        root: The folder that has the package in it.
        name: Its name: small letters, digits and underscores.
        package: The package whose folders are plug-ins.

    Returns:
        The new folder.

    Raises:
        InvalidSubmission: It cannot be called that.
        Conflict: There is one of this name.
    """
    _check_name(name)
    if name in _TAKEN:
        raise InvalidSubmission(_("%(name)s is a floor of the house. Choose another name."), name=name)
    templates = files(__package__) / "plugin"
    folder = root / package / name
    _fill(
        {templates / "code": folder, templates / "tests": root / "tests" / package / name},
        {"name": name, "title": _title(name), "package": package},
    )
    return folder


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        raise InvalidSubmission(
            _(
                "%(name)s cannot be a name. Write at most %(longest)s small letters, digits and single "
                "underscores, beginning with a letter: leave_request."
            ),
            name=name or "-",
            longest=_LONGEST,
        )


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _fill(folders: dict[Traversable, Path], given: dict[str, str]) -> None:
    """Write the templates of each folder, filled in; nothing where any of the folders is there already."""
    for target in folders.values():
        if target.exists():
            raise Conflict(
                _("%(folder)s is there already. Choose another name, or take it away."), folder=target
            )
    for source, target in folders.items():
        _write(source, target, given)


def _write(source: Traversable, target: Path, given: dict[str, str]) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        name = entry.name.removesuffix(_SUFFIX).replace("NAME", given["name"])
        if entry.is_dir():
            _write(entry, target / name, given)
        elif entry.name.endswith(_SUFFIX):
            text = Template(entry.read_text(encoding="utf-8")).substitute(given)
            (target / name).write_text(text, encoding="utf-8")

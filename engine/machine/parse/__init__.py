"""BPMN text to our specification. Reports every problem at once, each with its element and its remedy."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import DefinitionError, Problem
from engine.i18n import _
from engine.machine.extensions import BPMN
from engine.machine.parse.elements import read_process
from engine.machine.parse.globals import global_tasks
from engine.machine.parse.reader import Reader, Script
from engine.machine.spec import ProcessSpec


@dataclass(kw_only=True)
class Parsed:
    """What a file holds: processes by key, expressions for the sandbox, and what is worth saying of it."""

    processes: dict[str, ProcessSpec] = field(default_factory=dict)
    scripts: tuple[Script, ...] = ()
    warnings: list[Problem] = field(default_factory=list)


def parse(
    path: str, content: bytes, *, names: frozenset[str] = frozenset(), accepted: bool = False
) -> Parsed:
    """Read the processes of a BPMN file.

    Args:
        path: The file's path in its deployment, for messages.
        content: The XML text.
        names: Function names with blanks that its expressions may use.
        accepted: Whether it was accepted before: then nothing in it is refused.

    Raises:
        DefinitionError: Something in it cannot run; ``problems`` lists everything.
    """
    reader = Reader(path, names)
    parsed = Parsed()
    root = reader.xml(content)
    if root is not None:
        reader.roots(root)
        for process in [*root.iterfind(f"{{{BPMN}}}process"), *global_tasks(root)]:
            spec = read_process(reader, process)
            if spec.name in parsed.processes:
                reader.say(
                    process, _("Two processes have the id %(key)s. Give one another id."), key=spec.name
                )
            parsed.processes[spec.name] = spec
        if not parsed.processes:
            reader.problems.append(
                Problem(path=path, message=_("There is no process in this file. Draw one and save it again."))
            )
    if reader.problems and not accepted:
        raise DefinitionError(problems=reader.problems)
    parsed.warnings = reader.warnings
    parsed.scripts = tuple(reader.scripts.values())
    return parsed

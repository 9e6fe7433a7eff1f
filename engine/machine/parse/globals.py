"""Global tasks: tasks that stand beside the processes and are called like one."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from engine.machine.extensions import BPMN

_TASKS = {
    "globalTask": "task",
    "globalManualTask": "manualTask",
    "globalUserTask": "userTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}


def global_tasks(root: etree._Element) -> Iterator[etree._Element]:
    """Write each global task of a file as the process it stands for: of this one task, with its id."""
    for child in root:
        if not isinstance(child.tag, str):
            continue
        tag = _TASKS.get(etree.QName(child).localname)
        if tag is None or etree.QName(child).namespace != BPMN:
            continue
        process = etree.SubElement(
            root,
            f"{{{BPMN}}}process",
            id=child.get("id", ""),
            name=child.get("name", ""),
            isExecutable="true",
        )
        task = etree.SubElement(process, f"{{{BPMN}}}{tag}", dict(child.attrib))
        task.extend(deepcopy(inner) for inner in child)
        # It is read like a process, but the file stays as it was drawn.
        root.remove(process)
        yield process

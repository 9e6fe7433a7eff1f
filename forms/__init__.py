"""Forms: one way to start a process or to finish a task. See README.md."""

from engine.plugin import Registry, ResourceKind
from forms.check import check_form
from forms.printing import PATTERN, check_print
from forms.schema import Form, read_form
from forms.steps import check_step, warn_of_steps
from forms.submit import (
    check_submission,
    load_draft,
    preview_with_form,
    render_start,
    render_task,
    save_draft,
    start_with_form,
    submit_checked,
    submit_form,
)
from forms.withheld import withheld, withholds_file, without_places


def register(registry: Registry) -> None:
    """Add what this floor does: kinds of files, and finishing a task by its form."""
    registry.add_resource_kind(ResourceKind(name="form", pattern="*.form", check=check_form))
    registry.add_resource_kind(ResourceKind(name="print", pattern=PATTERN, check=check_print))
    registry.add_port("finish_task", submit_form)
    registry.add_port("check_submission", check_submission)
    registry.add_port("withholds_file", withholds_file)
    registry.add_port("check_step", check_step)
    registry.add_port("warn_of_steps", warn_of_steps)


__all__ = [
    "Form",
    "check_submission",
    "load_draft",
    "preview_with_form",
    "read_form",
    "register",
    "render_start",
    "render_task",
    "save_draft",
    "start_with_form",
    "submit_checked",
    "submit_form",
    "withheld",
    "without_places",
]

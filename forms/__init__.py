"""Forms: one way to start a process or to finish a task. See README.md."""

from engine.plugin import Registry, ResourceKind
from forms.again import Again, start_again, with_own_files
from forms.check import check_form
from forms.drafts import (
    Draft,
    discard_draft,
    get_start_draft,
    list_drafts,
    load_draft,
    load_start_draft,
    save_draft,
    save_start_draft,
)
from forms.printing import PATTERN, check_print
from forms.schema import Form, read_form
from forms.steps import check_step, warn_of_steps
from forms.submit import (
    check_submission,
    preview_with_form,
    render_start,
    render_task,
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
    "Again",
    "Draft",
    "Form",
    "check_submission",
    "discard_draft",
    "get_start_draft",
    "list_drafts",
    "load_draft",
    "load_start_draft",
    "preview_with_form",
    "read_form",
    "register",
    "render_start",
    "render_task",
    "save_draft",
    "save_start_draft",
    "start_again",
    "start_with_form",
    "submit_checked",
    "submit_form",
    "with_own_files",
    "withheld",
    "without_places",
]

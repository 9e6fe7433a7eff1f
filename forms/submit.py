"""The verbs of forms: show one, keep a draft, finish a task by one, start a process by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, delete

from engine import runtime, work
from engine.context import Context, verb
from engine.errors import CallwrightError, InvalidSubmission, Problem
from engine.files import adopt, check_reference, reference
from engine.i18n import _
from engine.runtime import InstanceRef
from engine.values import Json
from forms.drafts import discard_draft, load_draft, save_draft
from forms.kept import keep_submission
from forms.models import Submission
from forms.opening import Opened, begun_with, open_start, open_task
from forms.render import Rendered, render
from forms.validate import Accepted, validate

FILE_COUNT_LIMIT = 20
_FORGET_DRAFTS = delete(Submission).where(
    Submission.task_id == bindparam("task"), Submission.state == "draft"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSubmission:
    """What a person hands in for a task, checked against the instance as it was.

    Args:
        task: The task as it was.
        revision: The instance's before the form was checked; None where there is no form to check.
        opened: The task's form; None where it has none or is over.
        accepted: The form's answers.
        data: What was handed in; variables to write where the task has no form.
        outcome: One of the step's buttons.
        opinion: What the person says about it.
        files: References of files to attach to the decision.
        signature: What stands under it.
    """

    task: work.Task
    revision: int | None
    opened: Opened | None
    accepted: Accepted | None
    data: Mapping[str, Json] | None
    outcome: str | None
    opinion: str | None
    files: Sequence[Json]
    signature: work.Signature | None = None


def submit_form(
    ctx: Context,
    *,
    task_id: str,
    data: Mapping[str, Json] | None = None,
    outcome: str | None = None,
    opinion: str | None = None,
    files: Sequence[Json] = (),
    signature: Json = None,
    draft: bool = False,
) -> InstanceRef:
    """Finish a task as a person does: check its form, keep the submission, go on.

    Everything is checked before the write transaction opens; what is kept, finished and stepped is one.

    Args:
        ctx: Who finishes it.
        task_id: Which task.
        data: The form's answers; variables to write where the task has no form.
        outcome: One of the step's buttons.
        opinion: What the person says about it.
        files: References of files to attach to the decision.
        signature: ``{"$file": id}`` of an upload of theirs, or ``"kept"`` for the one in their account.
        draft: Only keep what there is so far.

    Raises:
        NotFound: There is no such task, or it is not theirs to see.
        Conflict: Somebody was faster.
        Forbidden: It is not theirs to finish.
        InvalidSubmission: An answer, the outcome, the opinion or a file cannot be accepted.
    """
    if draft:
        return save_draft(ctx, task_id=task_id, data=data or {})
    checked = check_submission(
        ctx,
        task_id=task_id,
        data=data,
        outcome=outcome,
        opinion=opinion,
        files=files,
        signature=signature,
    )
    return submit_checked(ctx, checked=checked)


def check_submission(
    ctx: Context,
    *,
    task_id: str,
    data: Mapping[str, Json] | None = None,
    outcome: str | None = None,
    opinion: str | None = None,
    files: Sequence[Json] = (),
    signature: Json = None,
) -> CheckedSubmission:
    """Check what a person hands in for a task: the first half of ``submit_form``, which only reads.

    A task that is over is not looked at: who was faster is said by ``submit_checked``.

    Args:
        ctx: Who finishes it.
        task_id: Which task.
        data: The form's answers; variables to write where the task has no form.
        outcome: One of the step's buttons.
        opinion: What the person says about it.
        files: References of files to attach to the decision.
        signature: ``{"$file": id}`` of an upload of theirs, or ``"kept"`` for the one in their account.

    Raises:
        NotFound: There is no such task, or it is not theirs to see.
        Forbidden: It is not theirs to finish.
        InvalidSubmission: An answer, a file or the signature cannot be accepted.
    """
    signed = work.check_signature(ctx, signature) if signature is not None else None
    with ctx.read():
        task = work.get_task(ctx, task_id)
        opened = revision = None
        if task.open:
            if task.form_key is not None:
                # Before what is checked by it: whatever changes from here on shows.
                revision = runtime.get_instance(ctx, task.instance_id)["revision"]
            opened = open_task(ctx, task)
        if task.open:
            work.need_may_act(ctx, task)
        accepted = None if opened is None else validate(opened.form, data or {}, opened.filling)
        _check_files(ctx, files)
    return CheckedSubmission(
        task=task,
        revision=revision,
        opened=opened,
        accepted=accepted,
        data=data,
        outcome=outcome,
        opinion=opinion,
        files=files,
        signature=signed,
    )


@verb
def submit_checked(ctx: Context, *, checked: CheckedSubmission) -> InstanceRef:
    """Finish a task by what was checked: keep the submission, go on.

    Where the instance went on meanwhile, what was checked may not hold any more: it is checked again.

    Args:
        ctx: Who finishes it.
        checked: What ``check_submission`` answered.

    Raises:
        Conflict: Somebody was faster.
        Forbidden: It is not theirs to finish any more.
        InvalidSubmission: The outcome, the opinion or, by now, an answer cannot be accepted.
    """
    task, handed_in = checked.task, {"outcome": checked.outcome, "opinion": checked.opinion}
    # Without a form nothing was checked that another step could have changed.
    held = checked.opened and runtime.lock_instance(ctx, task.instance_id)
    if held and held.revision != checked.revision:
        again = check_submission(ctx, task_id=task.id, data=checked.data, files=checked.files, **handed_in)
        checked = replace(again, signature=checked.signature)
    opened, accepted, form = checked.opened, checked.accepted, None
    if opened is not None and accepted is not None:
        submission = keep_submission(
            ctx, opened, accepted.values, task_id=task.id, instance_id=task.instance_id
        )
        values = _all_into(opened, accepted.values)
        form = work.ValidatedForm(form_key=opened.form.key, values=values, submission_id=submission)
    done = runtime.complete_task(
        ctx,
        task_id=task.id,
        form=form,
        data=None if form else checked.data,
        files=_check_files(ctx, checked.files),
        signature=checked.signature,
        **handed_in,
    )
    _adopt(ctx, accepted.files if accepted is not None else (), task.instance_id)
    if task.form_key is not None:
        ctx.connection.execute(_FORGET_DRAFTS, {"task": task.id})
    return done


def start_with_form(
    ctx: Context,
    *,
    process_key: str,
    data: Mapping[str, Json],
    start_event: str | None = None,
    form: str | None = None,
    version: int | None = None,
    business_key: str | None = None,
    initiator: str | None = None,
    draft_id: str | None = None,
) -> InstanceRef:
    """Start a process as a person does: check the start's form, keep the submission, begin.

    A start without a form takes the data as variables, unknown ones too.

    Args:
        ctx: Who starts it.
        process_key: Which process.
        data: The form's answers.
        start_event: Which start event, where there are several.
        form: Which form, where several start the same event.
        version: The latest where omitted.
        business_key: A key of the caller's own; else the next of its counter.
        initiator: Whose request it is, where the actor hands it in for somebody else.
        draft_id: The draft that it was; it is thrown away.

    Raises:
        NotFound: There is no such process, version, person or draft.
        Forbidden: The actor may not start it in this way.
        InvalidSubmission: An answer cannot be accepted.
    """
    with ctx.read():
        opened = open_start(
            ctx,
            process_key=process_key,
            start_event=start_event,
            form=form,
            version=version,
            initiator=initiator,
        )
        accepted = None if opened is None else validate(opened.form, data, opened.filling)
    if opened is None or accepted is None:
        return runtime.start_process(
            ctx,
            process_key=process_key,
            variables=data,
            start_event=start_event,
            version=version,
            business_key=business_key,
            initiator=initiator,
        )
    return _begin(
        ctx,
        opened=opened,
        accepted=accepted,
        business_key=business_key,
        initiator=initiator,
        draft_id=draft_id,
    )


def preview_with_form(
    ctx: Context,
    *,
    process_key: str,
    data: Mapping[str, Json],
    start_event: str | None = None,
    form: str | None = None,
    initiator: str | None = None,
) -> runtime.Preview:
    """Tell what would follow if a process were started so: its answers are checked, and nothing is kept.

    Args:
        ctx: Who would start it.
        process_key: Which process.
        data: The form's answers.
        start_event: Which start event, where there are several.
        form: Which form, where several start the same event.
        initiator: Whose request it would be.

    Raises:
        NotFound: There is no such process or person.
        Forbidden: The actor may not start it in this way.
        InvalidSubmission: An answer cannot be accepted.
    """
    with ctx.read():
        opened = open_start(
            ctx, process_key=process_key, start_event=start_event, form=form, initiator=initiator
        )
        values = data if opened is None else validate(opened.form, data, opened.filling).values
        into = None if opened is None else opened.into
        return runtime.preview_start(
            ctx,
            process_key=process_key,
            variables=values if into is None else {into: values},
            start_event=start_event if opened is None else opened.event,
            initiator=initiator,
        )


@verb
def _begin(
    ctx: Context,
    *,
    opened: Opened,
    accepted: Accepted,
    business_key: str | None,
    initiator: str | None,
    draft_id: str | None,
) -> InstanceRef:
    if draft_id is not None:
        discard_draft(ctx, draft_id=draft_id)
    values = accepted.values
    begun = runtime.start_process(
        ctx,
        process_key=opened.definition.key,
        variables=values if opened.into is None else {opened.into: values},
        start_event=opened.event,
        version=opened.definition.version,
        business_key=business_key,
        initiator=initiator,
    )
    keep_submission(ctx, opened, values, task_id=None, instance_id=begun.id)
    _adopt(ctx, accepted.files, begun.id)
    return begun


def render_task(ctx: Context, *, task_id: str) -> Rendered | None:
    """Prepare a task's form for the actor's browser, with their draft; None where it has none.

    Raises:
        NotFound: There is no such task, or it is not theirs to see.
    """
    with ctx.read():
        task = work.get_task(ctx, task_id)
        opened = open_task(ctx, task)
        if opened is None:
            return None
        rendered = _rendered(opened)
        drafted = load_draft(ctx, task_id=task_id) if task.open else None
    return replace(rendered, data=begun_with(opened, rendered.data, drafted)) if drafted else rendered


def _rendered(opened: Opened) -> Rendered:
    return render(opened.form, replace(opened.filling, variables=opened.shown))


def render_start(
    ctx: Context,
    *,
    process_key: str,
    start_event: str | None = None,
    form: str | None = None,
    version: int | None = None,
    filled: Mapping[str, Json] | None = None,
) -> Rendered | None:
    """Prepare a start's form for the actor's browser; None where it needs none.

    Args:
        ctx: Who starts.
        process_key: Which process.
        start_event: Which start event, where there are several.
        form: Which form, where several start the same event.
        version: The latest where omitted.
        filled: What is filled in already: of a draft, or of an old request.

    Raises:
        NotFound: There is no such process or version.
        Forbidden: The actor may not start it in this way.
    """
    with ctx.read():
        opened = open_start(ctx, process_key=process_key, start_event=start_event, form=form, version=version)
        if opened is None:
            return None
        rendered = _rendered(opened)
    return replace(rendered, data=begun_with(opened, rendered.data, filled)) if filled else rendered


def _all_into(opened: Opened, values: Mapping[str, Json]) -> Mapping[str, Json]:
    """Put the values beside what the context that takes them has already."""
    if opened.into is None:
        return values
    return {**opened.held, **values}


def _check_files(ctx: Context, files: Sequence[Json]) -> list[Mapping[str, Json]]:
    if len(files) > FILE_COUNT_LIMIT:
        problem = Problem(
            path="files",
            message=_("At most %(limit)s files can be attached."),
            params={"limit": FILE_COUNT_LIMIT},
        )
        raise InvalidSubmission(problems=[problem])
    try:
        return [reference(check_reference(ctx, file)) for file in files]
    except CallwrightError as error:
        problem = Problem(path="files", message=error.message, params=error.params)
        raise InvalidSubmission(problems=[problem]) from error


def _adopt(ctx: Context, file_ids: Sequence[str], instance_id: str) -> None:
    """Give the uploads among some files to the instance that they were sent for."""
    for file_id in file_ids:
        file = check_reference(ctx, {"$file": file_id}, known=[file_id])
        adopt(ctx, file, owner_kind="instance", owner_id=instance_id)

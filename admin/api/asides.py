"""What people do beside deciding: lend a task, ask, send copies, follow, urge, take a request back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from admin.api.fields import (
    Body,
    Fields,
    Flag,
    IdText,
    Instant,
    Items,
    ListArgs,
    Row,
    Text,
    Whole,
    Words,
    sort_of,
)
from admin.api.instances import OPERATE_IT, InstanceSchema, instance_row, need_seen, seen_instance
from admin.api.operation import Api, Page, changes, lists, reads
from admin.api.paging import page_of
from admin.api.people import MANAGE
from admin.api.tasks import TaskSchema, seen_task, task_row
from engine.context import Context
from engine.errors import CallwrightError, Conflict, Forbidden, NotFound
from engine.files import references_in
from engine.i18n import _, say
from engine.runtime import (
    allowed,
    answer_question,
    appoint_people,
    circulate,
    consult,
    decide_tasks,
    delegate_task,
    follow,
    get_instance,
    give_back_task,
    hand_over_work,
    remind,
    reopen_request,
    urge,
    withdraw_request,
)
from engine.work import KINDS, get_part, list_parts, may_see, parts_at, parts_of
from forms import discard_draft, list_drafts, start_again

_OPINION = {"description": "What you say about it; kept for ever."}
_REASON = {"description": "Kept in history."}
_BY_TIME: dict[str, Any] = {"at": lambda row: (row["at"], row["id"])}


class DecideBody(Body):
    """Several tasks and one decision."""

    tasks = Items(IdText(), required=True, metadata={"description": "At most 100 ids."})
    outcome = Text(required=True, least=1, most=64, metadata={"description": "A button each of them has."})
    opinion = Text(most=10_000, metadata=_OPINION)


class DecidedRow(Row):
    """What became of one of several tasks."""

    task_id = Text()
    decided = Flag()
    code = Text(allow_none=True, metadata={"description": "Why it could not be decided."})
    message = Text(allow_none=True)


class DecidedSchema(Row):
    """What became of each task."""

    results = Items(ma.fields.Nested(DecidedRow))


class DelegateBody(Body):
    """Who helps, and with what."""

    to = Text(required=True, least=1, metadata={"description": "A person's key."})
    opinion = Text(most=10_000, metadata=_OPINION)


class GiveBackBody(Body):
    """What whoever helped thinks."""

    opinion = Text(load_default="", most=10_000, metadata=_OPINION)


class QuestionBody(Body):
    """Whom to ask, and what."""

    person = Text(required=True, least=1, metadata={"description": "A person's key."})
    question = Text(required=True, least=1, most=10_000)


class AnswerBody(Body):
    """An answer."""

    text = Text(required=True, least=1, most=10_000)


class CopyBody(Body):
    """Who gets it to read."""

    to = Items(
        Text(least=1),
        required=True,
        metadata={"description": "People's keys, or words such as group:quality."},
    )
    text = Text(most=10_000)
    task_id = IdText()


class FollowBody(Body):
    """Whether one follows an instance."""

    follows = Flag(load_default=True)


class UrgeBody(Body):
    """What is said to those who are urged."""

    text = Text(load_default="", most=1000)


class UrgedSchema(Row):
    """Who was urged."""

    people = Items(Text())


class ReasonBody(Body):
    """Why."""

    reason = Text(required=True, least=1, most=2000, metadata=_REASON)


class ReopenBody(ReasonBody):
    """Where an ended instance goes on, and why."""

    to = Text(required=True, least=1, metadata={"description": "The element id of a step people do."})


class AppointBody(ReasonBody):
    """Who does a later step of one instance."""

    element_id = Text(required=True, least=1)
    people = Items(Text(least=1), required=True, metadata={"description": "Nobody: as drawn again."})


class HandOverBody(ReasonBody):
    """Who gets somebody's work."""

    to = Text(required=True, least=1, metadata={"description": "A person's key."})


class HandedOverSchema(Row):
    """How much is handed over."""

    tasks = Whole()


class AllowedSchema(Row):
    """What you may do to a request as a whole."""

    actions = Items(Text(known=("urge", "withdraw", "cancel")))


class AgainSchema(Row):
    """How a request can be started again."""

    process_key = Text()
    event = Text()
    form = Text(allow_none=True)
    data = Fields()


class DraftSchema(Row):
    """Something that you have begun to fill in."""

    id = Text()
    process_key = Text()
    event = Text(allow_none=True, metadata={"description": "The start event; null for a task."})
    form_key = Text()
    task_id = Text(allow_none=True, metadata={"description": "Null for a start."})
    business_key = Text(allow_none=True)
    written_at = Instant()


class DraftArgs(ListArgs):
    """What the list of your drafts takes."""

    sort = ma.fields.Constant("-written_at")


class GoneSchema(Row):
    """What is gone."""

    id = Text()


class PartSchema(Row):
    """Somebody's part in an instance beside its tasks."""

    id = Text()
    instance_id = Text()
    task_id = Text(allow_none=True)
    person_key = Text()
    kind = Text(known=KINDS)
    by = Text(metadata={"description": "Who let them in."})
    text = Text(allow_none=True, metadata={"description": "What was asked, or said with it."})
    at = Instant()
    read_at = Instant()
    answer = Text(allow_none=True)
    ended_at = Instant(metadata={"description": "When it was answered, given back, or followed no more."})


class OwnPartSchema(PartSchema):
    """Your part in an instance, with what the instance is."""

    title = Text()
    business_key = Text(allow_none=True)
    process_key = Text()
    state = Text()


class PartArgs(ListArgs):
    """What an instance's parts take."""

    sort = sort_of(_BY_TIME, "at")


class OwnPartArgs(ListArgs):
    """What the list of your own parts takes."""

    kind = Words(known=KINDS, load_default=KINDS)
    unread = Flag(load_default=False)
    waiting = Flag(load_default=False, metadata={"description": "Only what is not answered or given back."})
    by = Flag(load_default=False, metadata={"description": "What you gave to others instead."})
    search = Text(most=200, metadata={"description": "In title, business key, or what was said with it."})
    sort = ma.fields.Constant("-at")


class AsidesApi(Api):
    """Tasks as people work on them together."""

    resource_name = "tasks"

    @changes("/decide", body=DecideBody, answer=DecidedSchema)
    def decide(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Finish several tasks with the same outcome, those whose steps allow it; the others stay open."""
        made = decide_tasks(ctx, task_ids=said.pop("tasks"), **said)
        return {
            "results": [
                {
                    "task_id": one.task_id,
                    "decided": one.error is None,
                    "code": one.error.code if one.error is not None else None,
                    "message": _reason(ctx, one.error) if one.error is not None else None,
                }
                for one in made
            ]
        }

    @changes("/<uuid:task_id>/delegate", body=DelegateBody, answer=TaskSchema)
    def delegate(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Lend a task to somebody who helps: they give it back, and only then it is decided."""
        seen_task(ctx, task_id)
        return task_row(ctx, delegate_task(ctx, task_id=task_id, **said))

    @changes("/<uuid:task_id>/give-back", body=GiveBackBody, answer=TaskSchema)
    def give_back(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Give a lent task back with what you think; its owner may fetch it without a word."""
        seen_task(ctx, task_id)
        return task_row(ctx, give_back_task(ctx, task_id=task_id, **said))

    @lists("/<uuid:task_id>/questions", answer=PartSchema, args=PartArgs)
    def questions(self, ctx: Context, said: dict[str, Any], task_id: str) -> Page:
        """List who was asked or lent a hand at a task, and what they said."""
        seen_task(ctx, task_id)
        return page_of([_part(one) for one in parts_at(ctx, task_id)], said, _BY_TIME)

    @changes("/<uuid:task_id>/questions", body=QuestionBody, answer=PartSchema, status=201)
    def ask(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Ask somebody about a task that stays yours."""
        seen_task(ctx, task_id)
        question_id = consult(ctx, task_id=task_id, person_key=said["person"], question=said["question"])
        return _part(get_part(ctx, question_id))


class RequestsApi(Api):
    """Instances as the requests that people make."""

    resource_name = "process-instances"

    @lists("/<uuid:instance_id>/parts", answer=PartSchema, args=PartArgs)
    def parts(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List who has a part in an instance beside its tasks."""
        need_seen(ctx, instance_id)
        return page_of([_part(one) for one in parts_of(ctx, instance_id)], said, _BY_TIME)

    @changes("/<uuid:instance_id>/circulate", body=CopyBody, answer=UrgedSchema)
    def circulate(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Send an instance to people to be read; the answer names those who had not got it before."""
        need_seen(ctx, instance_id)
        return {"people": circulate(ctx, instance_id=instance_id, **said)}

    @changes("/<uuid:instance_id>/follow", body=FollowBody, answer=InstanceSchema)
    def follow(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Hear of what becomes of an instance, or no more."""
        need_seen(ctx, instance_id)
        follow(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @reads("/<uuid:instance_id>/allowed", answer=AllowedSchema)
    def allowed(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Tell what you may do to a request as a whole."""
        return {"actions": allowed(ctx, seen_instance(ctx, instance_id))}

    @reads("/<uuid:instance_id>/start-again", answer=AgainSchema)
    def start_again(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Tell how a request of yours that is over can be started again, and with what; nothing begins by it.

        While it runs, and of what is not yours, there is nothing to be told: 404.
        The data are those that the newest start form takes, as far as you are shown them, without files.
        """
        try:
            old = start_again(ctx, instance_id=instance_id)
        except (Conflict, Forbidden) as error:
            raise NotFound(error.message, **error.params) from None
        data = {name: value for name, value in old.data.items() if not any(references_in(value))}
        return {"process_key": old.process_key, "event": old.event, "form": old.form, "data": data}

    @changes("/<uuid:instance_id>/urge", body=UrgeBody, answer=UrgedSchema)
    def urge(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Ask everybody whom an instance waits for to hurry; too soon after the last time is 409."""
        need_seen(ctx, instance_id)
        return {"people": urge(ctx, instance_id=instance_id, **said)}

    @changes("/<uuid:instance_id>/withdraw", body=ReasonBody, answer=InstanceSchema)
    def withdraw(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Take a request back to the step at which its initiator fills it in."""
        need_seen(ctx, instance_id)
        withdraw_request(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/reopen", body=ReopenBody, answer=InstanceSchema, needs=OPERATE_IT)
    def reopen(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Let an instance that has ended go on at a step that people do; its data are as it left them."""
        need_seen(ctx, instance_id)
        reopen_request(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/appoint", body=AppointBody, answer=InstanceSchema, needs=OPERATE_IT)
    def appoint(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Say who does a later step of one instance instead of whom the drawing names."""
        need_seen(ctx, instance_id)
        appoint_people(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))


class PartsApi(Api):
    """Your part in instances beside your tasks: copies, questions, what you follow."""

    resource_name = "parts"

    @lists("", answer=OwnPartSchema, args=OwnPartArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List what was sent to you, asked of you, lent to you, and what you follow, the newest first."""
        said.pop("sort", None)
        count, parts = list_parts(ctx, ctx.actor.key or "", **said)
        return Page(count, [_part(one) | _of_instance(one) for one in parts])

    @changes("/<uuid:part_id>/answer", body=AnswerBody, answer=PartSchema)
    def answer(self, ctx: Context, said: dict[str, Any], part_id: str) -> dict[str, Any]:
        """Answer what somebody asked you about a task."""
        if not may_see(ctx, get_part(ctx, part_id).instance_id):
            raise NotFound(_("There is no such question or copy."))
        answer_question(ctx, question_id=part_id, **said)
        ctx.session.expire_all()
        return _part(get_part(ctx, part_id))

    @changes("/<uuid:part_id>/remind", body=UrgeBody, answer=PartSchema)
    def remind(self, ctx: Context, said: dict[str, Any], part_id: str) -> dict[str, Any]:
        """Remind somebody of a copy, a question or a lent task; too soon after the last time is 409."""
        part = get_part(ctx, part_id)
        if not may_see(ctx, part.instance_id):
            raise NotFound(_("There is no such question or copy."))
        remind(ctx, part_id=part_id, **said)
        return _part(part)


class DraftsApi(Api):
    """What you have begun to fill in."""

    resource_name = "drafts"

    @lists("", answer=DraftSchema, args=DraftArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List your drafts of starts and tasks, the last first."""
        count, drafts = list_drafts(ctx, page=said["page"], page_size=said["page_size"])
        return Page(count, [asdict(one) for one in drafts])

    @changes("/<uuid:draft_id>/discard", answer=GoneSchema)
    def discard(self, ctx: Context, said: dict[str, Any], draft_id: str) -> dict[str, Any]:
        """Throw a draft of yours away."""
        discard_draft(ctx, draft_id=draft_id)
        return {"id": draft_id}


class HandOversApi(Api):
    """Work that is handed over for good."""

    resource_name = "people"

    @changes("/<key>/hand-over", body=HandOverBody, answer=HandedOverSchema, needs=(MANAGE,))
    def hand_over(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Hand over to somebody all that waits for somebody else, and all that will."""
        return {"tasks": hand_over_work(ctx, person_key=key, **said)}


def _reason(ctx: Context, error: CallwrightError) -> str:
    return say(ctx.locale, error.problems[0] if error.problems else error)


_PART = (
    "id", "instance_id", "task_id", "person_key", "kind", "by", "text", "at", "read_at", "answer", "ended_at",
)  # fmt: skip
_INSTANCE = ("title", "business_key", "process_key", "state")


def _part(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in _PART}


def _of_instance(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in _INSTANCE}

"""What people do beside a step without deciding it: write a note, lend a task, ask somebody, send a copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select

from engine.context import Context, verb
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound, Problem
from engine.history import audit
from engine.i18n import _
from engine.ids import new_id
from engine.people import Person, need_here, people_of
from engine.push import publish
from engine.runtime.advance import lock_instance
from engine.runtime.notices import tell_of
from engine.runtime.tasks import change_task, hold_open_task, keep_file
from engine.values import Json
from engine.work import (
    Comment,
    Task,
    TaskAction,
    end_part,
    get_part,
    get_task,
    involve,
    keep_action,
    may_see,
    need_offered,
    part_of,
    parts_at,
    revoke_links_of,
)

MOST_READERS = 200


class OverAlready(Conflict):
    """This has been answered already."""

    code = "answered"


@verb
def delegate_task(ctx: Context, *, task_id: str, to: str, opinion: str | None = None) -> Task:
    """Lend a task to somebody who helps; they give it back, and only then it is decided.

    Args:
        ctx: Whose task it is.
        task_id: Which task.
        to: Who helps, by their key.
        opinion: What they are asked.

    Raises:
        NotFound: There is no such task or person.
        AlreadyEnded: Somebody was faster.
        Lent: Somebody helps already.
        Forbidden: It is not the actor's.
        Conflict: It is theirs, or they have left.
    """
    instance, task = hold_open_task(ctx, task_id)
    need_offered(task, "delegate")
    need_here(ctx, to)
    owner = task.assignee or ctx.actor.key
    if to == owner:
        raise Conflict(_("%(person)s has it already."), person=to)
    if owner is None:
        raise Forbidden(_("Nobody has taken this task: take it before you lend it."))
    lent = {"assignee": to, "owner": owner, "state": "claimed"}
    change_task(ctx, task, **lent, acknowledged_at=None, acknowledged_by=None)
    revoke_links_of(ctx, task_id, but=to)
    involve(ctx, instance_id=task.instance_id, person_key=to, kind="help", task_id=task_id, text=opinion)
    keep_action(ctx, task, "delegate", person=to, opinion=opinion)
    audit(ctx, "task.delegate", "task", task_id, {"to": to})
    tell_of(ctx, "delegated", instance, task=task, concerned=[to], text=opinion)
    return get_task(ctx, task_id)


@verb
def give_back_task(ctx: Context, *, task_id: str, opinion: str = "") -> Task:
    """Give a lent task back with what one thinks of it; its owner may also fetch it without a word.

    Args:
        ctx: Who has it, or lent it.
        task_id: Which task.
        opinion: What whoever has it thinks.

    Raises:
        NotFound: There is no such task.
        AlreadyEnded: Somebody was faster.
        Forbidden: It is not the actor's.
        Conflict: It is not lent.
        InvalidSubmission: Whoever has it says nothing.
    """
    instance, task = hold_open_task(ctx, task_id, even_lent=True)
    if task.owner is None:
        raise Conflict(_("Nobody lent you this task. Decide it, or hand it over."))
    fetched = ctx.actor.key == task.owner
    if not fetched:
        _need_text(opinion, "opinion", _("Say what you think before you give it back."))
    for part in parts_at(ctx, task_id):
        if part.kind == "help" and part.ended_at is None:
            end_part(ctx, part.id, answer=opinion or None)
    change_task(ctx, task, assignee=task.owner, owner=None, acknowledged_at=None, acknowledged_by=None)
    other = task.assignee if fetched else task.owner
    keep_action(ctx, task, "give_back", person=other, opinion=opinion or None)
    audit(ctx, "task.give_back", "task", task_id, {"to": task.owner})
    left = get_task(ctx, task_id)
    tell_of(ctx, "given_back", instance, task=left, concerned=[task.owner], text=opinion)
    return left


@verb
def consult(ctx: Context, *, task_id: str, person_key: str, question: str) -> str:
    """Ask somebody about a task that stays one's own.

    Args:
        ctx: Whose task it is.
        task_id: Which task.
        person_key: Who is asked; they may see the instance from then on.
        question: What.

    Returns:
        The question's id.

    Raises:
        NotFound: There is no such task or person.
        AlreadyEnded: Somebody was faster.
        Forbidden: It is not the actor's.
        Conflict: They have left, or are asked already and have not answered.
        InvalidSubmission: Nothing is asked.
    """
    instance, task = hold_open_task(ctx, task_id)
    need_offered(task, "consult")
    need_here(ctx, person_key)
    _need_text(question, "question", _("Write what you want to know."))
    asked = (part for part in parts_at(ctx, task_id) if part.kind == "consult" and part.ended_at is None)
    if any(part.person_key == person_key for part in asked):
        raise Conflict(_("%(person)s is asked already and has not answered."), person=person_key)
    said = {"kind": "consult", "task_id": task_id, "text": question}
    question_id = involve(ctx, instance_id=task.instance_id, person_key=person_key, **said)
    keep_action(ctx, task, "consult", person=person_key, opinion=question)
    audit(ctx, "task.consult", "task", task_id, {"person": person_key})
    tell_of(ctx, "consulted", instance, element_id=task.element_id, concerned=[person_key], text=question)
    return question_id


@verb
def answer_question(ctx: Context, *, question_id: str, text: str) -> None:
    """Answer what somebody asked about a task; the task itself stays as it is.

    Raises:
        NotFound: There is no such question.
        Forbidden: Somebody else is asked.
        OverAlready: It has been answered.
        InvalidSubmission: Nothing is said.
    """
    part = get_part(ctx, question_id)
    if part.kind != "consult":
        raise NotFound(_("There is no such question or copy."))
    if part.person_key != ctx.actor.key:
        raise Forbidden(_("Somebody else is asked."))
    _need_text(text, "text", _("Write your answer."))
    if part.ended_at is not None:
        raise OverAlready()
    instance = lock_instance(ctx, part.instance_id)
    end_part(ctx, part.id, answer=text.strip())
    assert part.task_id is not None
    task = get_task(ctx, part.task_id)
    keep_action(ctx, task, "answer", person=part.by, opinion=text.strip())
    audit(ctx, "task.answer", "task", task.id)
    tell_of(ctx, "answered", instance, task=task, concerned=[part.by], text=text.strip())


@verb
def circulate(
    ctx: Context, *, instance_id: str, to: Sequence[str], text: str | None = None, task_id: str | None = None
) -> list[str]:
    """Send an instance to people to be read; each gets it once, however often it is sent.

    Args:
        ctx: Who sends it.
        instance_id: What.
        to: People by their keys, or words such as ``group:quality``.
        text: What the sender says about it.
        task_id: The task at which it is sent.

    Returns:
        The keys of those who had not got it before.

    Raises:
        NotFound: There is no such instance or person.
        Forbidden: The actor may not see it.
        InvalidSubmission: Nobody is named, or too many.
    """
    instance = lock_instance(ctx, instance_id)
    if not may_see(ctx, instance_id):
        raise Forbidden()
    if task_id is not None:
        need_offered(get_task(ctx, task_id), "circulate")
    people = _named(ctx, to)
    new = [key for key in people if part_of(ctx, instance_id, key, "read") is None]
    for key in new:
        involve(ctx, instance_id=instance_id, person_key=key, kind="read", task_id=task_id, text=text)
        at = get_task(ctx, task_id) if task_id is not None else instance_id
        keep_action(ctx, at, "circulate", person=key, opinion=text)
    if new:
        audit(ctx, "instance.circulate", "instance", instance_id, {"to": new})
        tell_of(ctx, "circulated", instance, concerned=new, text=text)
    return new


@verb
def follow(ctx: Context, *, instance_id: str, follows: bool = True) -> None:
    """Hear of what becomes of an instance, or no more.

    Raises:
        NotFound: There is no such instance.
        Forbidden: The actor may not see it, or has no name.
    """
    lock_instance(ctx, instance_id)
    key = ctx.actor.key
    if key is None or not may_see(ctx, instance_id):
        raise Forbidden()
    held = part_of(ctx, instance_id, key, "follow")
    if follows and held is None:
        involve(ctx, instance_id=instance_id, person_key=key, kind="follow")
    elif not follows and held is not None:
        end_part(ctx, held)


@verb
def add_comment(
    ctx: Context, *, instance_id: str, text: str, task_id: str | None = None, files: Sequence[Json] = ()
) -> str:
    """Write a note on an instance; whoever is named in it behind an ``@`` hears of it.

    A copy is answered by a note: who sent it to the actor hears of it, too.

    Args:
        ctx: Who writes it.
        instance_id: On which instance.
        text: What it says.
        task_id: The task it was written at.
        files: Uploads of the actor's own, or files of the instance: ``{"$file": id}``.

    Returns:
        The note's id.

    Raises:
        Forbidden: The actor may not see the instance, or the task's step takes no notes.
        InvalidSubmission: There is nothing in it, or too much.
        NotFound: There is no such task or file.
    """
    if not may_see(ctx, instance_id):
        raise Forbidden()
    if task_id is not None:
        need_offered(get_task(ctx, task_id), "comment")
    if not (text.strip() or files) or len(text) > 10_000:
        raise InvalidSubmission(
            problems=[Problem(path="text", message=_("Write between 1 and 10,000 characters."))]
        )
    comment_id = new_id()
    ctx.connection.execute(
        insert(Comment).values(
            id=comment_id,
            instance_id=instance_id,
            task_id=task_id,
            author=ctx.actor.name,
            through=ctx.actor.channel,
            text=text.strip(),
            files=[keep_file(ctx, file, instance_id) for file in files] or None,
            written_at=ctx.now,
        )
    )
    publish(ctx, "instance", instance_id)
    named = [key for key in mentioned(ctx, text) if key != ctx.actor.key]
    _tell_mentioned(ctx, instance_id, task_id, text, named)
    _tell_senders(ctx, instance_id, text, but=named)
    return comment_id


def _tell_senders(ctx: Context, instance_id: str, text: str, but: Sequence[str]) -> None:
    """Tell those who sent the actor a copy that they answer."""
    sent = select(TaskAction.actor).where(
        TaskAction.instance_id == instance_id,
        TaskAction.action == "circulate",
        TaskAction.person == ctx.actor.key,
    )
    senders = [key for key in ctx.connection.scalars(sent) if key not in but]
    if senders:
        tell_of(ctx, "answered", lock_instance(ctx, instance_id), concerned=senders, text=text)


def _tell_mentioned(
    ctx: Context, instance_id: str, task_id: str | None, text: str, people: Sequence[str]
) -> None:
    for key in people:
        involve(ctx, instance_id=instance_id, person_key=key, kind="mention", task_id=task_id, text=text)
    if people:
        tell_of(ctx, "mentioned", lock_instance(ctx, instance_id), concerned=people, text=text)


def mentioned(ctx: Context, text: str) -> list[str]:
    """Return the keys of the people whom a text names behind an ``@``: by key, or by name.

    A name may have blanks, and Chinese has none around it: of several that fit, the longest is meant.
    """
    pieces = [piece for piece in text.split("@")[1:] if piece.strip()]
    if not pieces:
        return []
    starts = {piece[:length] for piece in pieces for length in range(1, min(len(piece), 64) + 1)}
    rows = ctx.connection.execute(
        select(Person.key, Person.name).where(
            Person.closed_at.is_(None), Person.key.in_(starts) | Person.name.in_(starts)
        )
    ).all()
    words = {word: row.key for row in rows for word in (row.name, row.key)}
    found: dict[str, None] = {}
    for piece in pieces:
        fitting = [word for word in words if piece.startswith(word) and _ends(piece, word)]
        if fitting:
            found[words[max(fitting, key=len)]] = None
    return list(found)


def _ends(piece: str, word: str) -> bool:
    """Whether a Latin word stops where it should: @ann is not meant by @anna."""
    rest = piece[len(word) :]
    return not (rest and rest[0].isascii() and rest[0].isalnum() and word[-1].isascii())


def _named(ctx: Context, to: Iterable[str]) -> list[str]:
    keys: dict[str, None] = {}
    for word in to:
        for person in people_of(ctx, word if ":" in word else f"person:{word}"):
            keys[person.key] = None
    if not keys or len(keys) > MOST_READERS:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="to",
                    message=_("Name between 1 and %(most)s people."),
                    params={"most": MOST_READERS},
                )
            ]
        )
    return list(keys)


def _need_text(text: str, path: str, message: str) -> None:
    if not text.strip():
        raise InvalidSubmission(problems=[Problem(path=path, message=message)])

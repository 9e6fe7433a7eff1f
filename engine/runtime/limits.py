"""What is done at a step because its time is nearly or wholly over: remind, decide, send back, hand over.

Whoever acts is the *timer*: history and what was done at the step say so. What cannot be done leaves the step
as it is, with an incident that can be tried again; the next of the step's limits comes all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.context import TIMER, Context
from engine.definition import get_definition_by_id
from engine.definition.environment import functions
from engine.definition.notices import chosen_notices
from engine.errors import Conflict, NotFound
from engine.i18n import _, translate
from engine.instance import given_names
from engine.jobs import ClaimedJob, Suspended, enqueue, finish
from engine.machine import initiator_step
from engine.notify import (
    MessageTemplate,
    Recipient,
    notify,
    person_recipient,
    short_message,
)
from engine.people import Person, centre_locale, get_person, managers_of, people_of, quiet_until
from engine.runtime.advance import lock_instance
from engine.runtime.announce import chosen_people, own_names, ways_to, words_of
from engine.runtime.approvals import left_out_of, return_task, returns_of, signers_of, transfer_task
from engine.runtime.asides import give_back_task
from engine.runtime.queries import variables_of
from engine.runtime.tasks import complete_task
from engine.work import Task, candidates_of, get_task, keep_action, tasks_of_instance

LIMIT = "limit"


class NobodyThere(Conflict):
    """The time is over, but nobody is found to whom this could be handed over. Assign it to somebody."""

    code = "nobody_there"


class NoWayBack(Conflict):
    """The time is over, but there is no step to which this could be sent back. Decide it, or move it."""

    code = "no_way_back"


REMIND = short_message(
    "limit_remind",
    _("A task is due"),
    _("{{ business_key }} {{ task.shown }}: due {{ task.due }}. {{ link }}"),
    _("{{ business_key }} {{ task.shown }}: due {{ task.due }}. {{ code }}"),
)
ESCALATE = short_message(
    "limit_escalate",
    _("A task is overdue"),
    _("{{ business_key }} {{ task.shown }} was due {{ task.due }}. It is with {{ holder }}. {{ link }}"),
    _("{{ business_key }} {{ task.shown }} was due {{ task.due }}. It is with {{ holder }}."),
)
TRANSFER = short_message(
    "limit_transfer",
    _("A task is yours now"),
    _("{{ business_key }} {{ task.shown }} is yours now: it was due {{ task.due }}. {{ link }}"),
    _("{{ business_key }} {{ task.shown }} is yours now: it was due {{ task.due }}. {{ code }}"),
)


def time_up(ctx: Context, job: ClaimedJob) -> None:
    """Do what a step's limit says: the function of the job kind ``limit``.

    Args:
        ctx: The worker's; no transaction is open.
        job: Its payload is what the clock said, its visit is the clock's.

    Raises:
        CallwrightError: It cannot be done; the step stays open.
    """
    acting, said = ctx.as_actor(TIMER), job.payload
    with acting.write():
        finish(acting, job)
        instance = lock_instance(acting, job.instance_id or "")
        task = get_task(acting, said["task"], lock=True)
        if not task.open:
            return
        if instance.state == "suspended":
            raise Suspended()
        if task.owner is not None and said["then"] != "remind":
            # Whoever helps has had their time, too.
            task = give_back_task(acting, task_id=task.id, opinion=_opinion(acting, task, said))
        _ACTS[said["then"]](acting, instance, task, said, job)


# -- what is done ------------------------------------------------------------------------------------------


def _remind(ctx: Context, instance: Any, task: Task, said: Mapping[str, Any], job: ClaimedJob) -> None:
    """Tell whoever is asked that it is due, or was; whoever rests is told when they do not any more."""
    meant = list(_meant(ctx, instance, task, said))
    told = [
        person
        for how, person in _told(ctx, instance, task, said, meant)
        if _tell(ctx, instance, task, REMIND, how, person, job)
    ]
    if told:
        keep_action(ctx, task, "remind", person=told[0].key if len(told) == 1 else None)


def _decide(ctx: Context, instance: Any, task: Task, said: Mapping[str, Any], job: ClaimedJob) -> None:
    """Finish it with a button; a form's fields stay as they are, and must be what the form asks for."""
    finish_task = complete_task if task.form_key is None else ctx.registry.port("finish_task")
    # A decision that takes no opinion is none the less made.
    taken = {one["name"]: one.get("opinion") for one in task.options.get("outcomes", ())}
    opinion = None if taken.get(said["outcome"]) == "none" else _opinion(ctx, task, said)
    finish_task(ctx, task_id=task.id, outcome=said["outcome"], data={}, opinion=opinion)
    if task.visit_id is None:
        # At an approval, finishing keeps it.
        keep_action(ctx, task, "decide", outcome=said["outcome"], opinion=opinion)


def _return(ctx: Context, instance: Any, task: Task, said: Mapping[str, Any], job: ClaimedJob) -> None:
    """Send it back: to the step that was done last before it, to the initiator's, or to a named one."""
    possible, to = returns_of(ctx, task.id), said["to"]
    if to == "initiator":
        theirs = initiator_step(get_definition_by_id(ctx, task.definition_id).spec)
        possible = [one for one in possible if theirs is not None and one == theirs.element_id] or [
            one for one in _done(ctx, task, possible) if _by(ctx, task, one) == instance.initiator
        ]
    elif to == "previous":
        # What the start passed has no task: it comes before all that has.
        possible = _done(ctx, task, possible) or possible
    else:
        possible = [one for one in possible if one == to]
    if not possible:
        raise NoWayBack()
    return_task(ctx, task_id=task.id, to=possible[-1], again=said["again"], opinion=_opinion(ctx, task, said))


def _done(ctx: Context, task: Task, elements: Sequence[str]) -> list[str]:
    """Return those of some elements at which people finished a task, the last one at the end."""
    ended = [
        one for one in tasks_of_instance(ctx, task.instance_id) if one.element_id in elements and one.ended_at
    ]
    ended.sort(key=lambda one: (one.ended_at, one.id))
    return [one.element_id for one in ended]


def _by(ctx: Context, task: Task, element_id: str) -> str | None:
    """Return who finished the last task of an element."""
    tasks = [one for one in tasks_of_instance(ctx, task.instance_id) if one.element_id == element_id]
    return max(tasks, key=lambda one: one.id).ended_by


def _transfer(ctx: Context, instance: Any, task: Task, said: Mapping[str, Any], job: ClaimedJob) -> None:
    """Hand it over to the first of those named who is here, not asked already and not left out."""
    _hand_over(ctx, instance, task, said, job, _people(ctx, said["whom"] or ()))


def _escalate(ctx: Context, instance: Any, task: Task, said: Mapping[str, Any], job: ClaimedJob) -> None:
    """Ask whoever stands above in their place, or tell them."""
    level = int(said["level"])
    above: dict[str, Person] = {}
    for key in _holders(ctx, task):
        try:
            # Nobody decides what they asked for themselves because others are late.
            chain = [one for one in managers_of(ctx, key) if one.key != instance.initiator]
        except NotFound:
            continue
        above |= {one.key: one for one in chain[level - 1 : level]}
    if said["how"] == "ask":
        _hand_over(ctx, instance, task, said, job, above.values())
        return
    if not above:
        raise NobodyThere()
    for how, person in _told(ctx, instance, task, said, above.values()):
        if _tell(ctx, instance, task, ESCALATE, how, person, job):
            keep_action(ctx, task, "escalate", person=person.key)


def _hand_over(
    ctx: Context,
    instance: Any,
    task: Task,
    said: Mapping[str, Any],
    job: ClaimedJob,
    people: Iterable[Person],
) -> None:
    if "only" in said:
        # They have it since; only telling them was deferred.
        _tell(ctx, instance, task, TRANSFER, said, get_person(ctx, said["only"]), job)
        return
    asked = {task.assignee}
    if task.visit_id is not None:
        asked |= {one.person for one in signers_of(ctx, task.id) if one.state in ("asked", "waits")}
        asked |= set(left_out_of(ctx, task.id))
    for person in people:
        if person.closed_at is None and person.key not in asked:
            opinion = _opinion(ctx, task, said)
            transfer_task(ctx, task_id=task.id, to=person.key, opinion=opinion, silent=True)
            task = get_task(ctx, task.id)
            for how, told in _told(ctx, instance, task, said, [person]):
                _tell(ctx, instance, task, TRANSFER, how, told, job)
            return
    raise NobodyThere()


_ACTS = {
    "remind": _remind,
    "decide": _decide,
    "return": _return,
    "transfer": _transfer,
    "escalate": _escalate,
}


# -- to whom, in which words -------------------------------------------------------------------------------


def _holders(ctx: Context, task: Task) -> Sequence[str]:
    """Return whoever is asked now: who has the task, else everybody who may take it."""
    return [task.assignee] if task.assignee else candidates_of(ctx, task.id)


def _meant(ctx: Context, instance: Any, task: Task, said: Mapping[str, Any]) -> Iterator[Person]:
    to = said["to"]
    if said["whom"] is not None:
        keys: Sequence[str] = said["whom"]
    elif to == "initiator":
        keys = [instance.initiator] if instance.initiator else []
    elif to == "assignee":
        keys = [task.assignee] if task.assignee else []
    elif to == "candidates":
        keys = candidates_of(ctx, task.id) or _holders(ctx, task)
    else:
        keys = [to] if to else _holders(ctx, task)
    yield from _people(ctx, keys)


def _told(
    ctx: Context, instance: Any, task: Task, said: Mapping[str, Any], concerned: Iterable[Person]
) -> Iterator[tuple[Mapping[str, Any], Person]]:
    """Find whom a limit tells, each with how: as an administrator set it, else as it is drawn.

    Where it was deferred for somebody, only for them: they may have the task no more.
    """
    meant: Iterable[tuple[Mapping[str, Any], Person]] = ((said, person) for person in concerned)
    chosen = chosen_notices(ctx, task.process_key, task.element_id, f"limit_{said['then']}")
    if chosen is not None:
        about = {"visit": task.visit, "task": task.id, "element": task.element_id}
        meant = chosen_people(ctx, instance, task.definition_id, chosen, list(concerned), said, **about)
    seen: set[str] = set()
    for how, person in meant:
        if person.key not in seen and said.get("only", person.key) == person.key:
            seen.add(person.key)
            yield how, person


def _people(ctx: Context, words: Iterable[Any]) -> Iterator[Person]:
    """Find people by keys and by words such as ``group:KEY``, each once; who is not there is passed over."""
    seen: set[str] = set()
    for word in map(str, words):
        try:
            found = people_of(ctx, word if ":" in word else f"person:{word}")
        except NotFound:
            continue
        for person in found:
            if person.key not in seen:
                seen.add(person.key)
                yield person


def _opinion(ctx: Context, task: Task, said: Mapping[str, Any]) -> str:
    """Return the reason that is written, in the language of the centre: it is read by whoever comes."""
    locale = centre_locale(ctx)
    if not said["opinion"]:
        return translate(locale, _("The time for it was over."))
    return get_definition_by_id(ctx, task.definition_id).text(locale, said["opinion"])


def _tell(
    ctx: Context,
    instance: Any,
    task: Task,
    built_in: MessageTemplate,
    said: Mapping[str, Any],
    person: Person,
    job: ClaimedJob,
) -> bool:
    """Tell somebody of a task; while they rest, they are told when they do not any more.

    Returns:
        Whether they were told now.
    """
    recipient = person_recipient(person)
    until = quiet_until(ctx, person)
    if until is not None and recipient.channels(said["channel"])[:1] != ("in_app",):
        enqueue(
            ctx,
            kind=LIMIT,
            payload={**said, "only": person.key},
            due_at=until,
            # However often it rang meanwhile, it is said once.
            unique_key=f"{LIMIT}:{job.visit_id}:{said['number']}:{person.key}",
            instance_id=task.instance_id,
            process_key=task.process_key,
            element_id=task.element_id,
            visit_id=job.visit_id,
        )
        return False
    _say(ctx, instance, task, built_in, said, recipient)
    return True


def _say(
    ctx: Context,
    instance: Any,
    task: Task,
    built_in: MessageTemplate,
    said: Mapping[str, Any],
    recipient: Recipient,
) -> None:
    definition = get_definition_by_id(ctx, task.definition_id)
    package = definition.package
    message, say = words_of(package, said["message"], built_in, said.get("words"))
    own = own_names(ctx, definition, instance, task.element_id, recipient.locale) if "words" in said else {}
    name = package.text(recipient.locale, task.name)
    link, code = ways_to(ctx, definition, task.instance_id, task.element_id, task.id, recipient)
    nobody = translate(recipient.locale, _("nobody yet"))
    holder = get_person(ctx, task.assignee).name if task.assignee else nobody
    notify(
        ctx,
        event=f"limit_{said['then']}",
        to=recipient,
        channel=said["channel"],
        message=message,
        scope={
            **variables_of(ctx, task.instance_id, visit=task.visit),
            **given_names(instance),
            **own,
            "process": {"title": package.text(recipient.locale, definition.title)},
            "task": {"title": task.title, "name": name, "shown": task.title or name, "due": task.due_at},
            "holder": holder,
            "link": link,
            "code": code,
        },
        say=say,
        functions=functions(ctx),
        instance_id=task.instance_id,
        task_id=task.id,
        element_id=task.element_id,
        unique_key=f"{task.id}:{said['then']}:{said['number']}:{said['time']}:{recipient.key}",
        target=f"/tasks/{task.id}",
    )

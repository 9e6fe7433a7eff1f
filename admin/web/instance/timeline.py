"""What happened to an instance, in plain words, newest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import gettext

from admin.kit.names import Texts
from engine.context import TIMER


def timeline(
    texts: Texts,
    instance: Any,
    visits: Any,
    tasks: Any,
    comments: Any,
    taken_back: Any,
    actions: Any,
    elements: Mapping[str, str],
    names: Mapping[str, str],
    counted: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Tell in plain words what happened, newest first; ``counted`` are steps that the start may pass."""
    by_visit = {task.id: task for task in tasks}
    # A decision of one person alone is told by its step, with what it carries.
    alone = {
        (one.task_id, one.at): one
        for one in actions
        if one.action == "decide" and not by_visit[one.task_id].visit_id
    }
    # Where to is told by who sent it back.
    returned = {by_visit[one.task_id].visit for one in actions if one.action == "return"}
    definition_id = instance["definition_id"]
    told: list[dict[str, Any]] = []
    for visit in visits:
        # Which way a gateway went is told by the step behind it.
        if not visit["element_name"] or visit["type"].endswith("Gateway"):
            continue
        name = texts.say(definition_id, visit["element_name"])
        task = by_visit.get(visit["id"])
        entry: dict[str, Any] = {"text": name, "at": visit["started_at"], "icon": "circle", "tone": "gray"}
        # That it was sent back is told below, with where to.
        if task is not None and task.state == "completed" and task.outcome != "returned":
            entry |= {
                "text": f"{name}: {texts.outcome(task)}",
                "at": task.ended_at,
                "by": _by(task.ended_by, task, names),
                "body": task.opinion,
                **_decided_by(task.ended_by),
                **_carried(alone.get((task.id, task.ended_at))),
            }
        elif visit["state"] == "active":
            entry |= {"icon": "clock", "tone": "blue"}
        elif visit["id"] in returned:
            continue
        elif visit["state"] == "cancelled":
            entry |= {"icon": "x", "text": gettext("%(step)s: not needed any more", step=name)}
        elif visit["state"] == "failed":
            entry |= {"icon": "alert-circle", "tone": "red"}
        elif visit["type"] == "endEvent":
            entry |= {"icon": "flag", "tone": "violet"}
        else:
            entry |= {"icon": "check", "at": visit["ended_at"] or visit["started_at"]}
            if visit["element_id"] in counted and task is None:
                by = instance["submitter"] or instance["initiator"]
                entry |= {"text": gettext("%(step)s: done by the start", step=name), "by": names.get(by, by)}
        told.append(entry)
    told += [
        {
            "text": gettext("Note"),
            "at": comment["written_at"],
            "by": names.get(comment["author"], comment["author"]),
            "body": comment["text"],
            "icon": "note",
            "tone": "amber",
            "files": comment["files"] or [],
        }
        for comment in comments
    ]
    told += [
        {
            "text": gettext(
                "%(step)s: the answer was taken back",
                step=texts.say(definition_id, by_visit[answer["task_id"]].name),
            ),
            "at": answer["undone_at"],
            "by": names.get(answer["person_key"], answer["person_key"]),
            "icon": "arrow-back-up",
            "tone": "amber",
        }
        for answer in taken_back
    ]
    told += [
        _acted(texts, one, by_visit.get(one.task_id), elements, names)
        for one in actions
        # How the one who is asked decided is told by their step, with what it carries.
        if (one.task_id, one.at) not in alone
    ]
    in_order = sorted(enumerate(told), key=lambda numbered: (numbered[1]["at"], numbered[0]), reverse=True)
    return [entry for _number, entry in in_order]


def _acted(
    texts: Texts, action: Any, task: Any, elements: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Tell what somebody did at a step beside others."""
    by = _by(action.actor, task if action.action == "decide" else None, names)
    person = names.get(action.person, action.person)
    entry = {"tone": "amber", "at": action.at, "by": by, "body": action.opinion, **_carried(action)}
    if task is None or action.action == "circulate":
        return {**entry, **_done_to_all(action, elements, person)}
    step = texts.say(task.definition_id, task.name)
    decided = {"text": f"{step}: {texts.outcome(task, action.outcome)}", **_decided_by(action.actor)}
    said = {
        "decide": decided,
        "return": {
            "text": gettext("%(step)s: sent back to %(to)s", step=step, to=elements.get(action.outcome, "")),
            "icon": "arrow-back-up",
        },
        "transfer": {
            "text": gettext("%(step)s: handed over to %(person)s", step=step, person=person),
            "icon": "route",
        },
        "add": {
            "text": gettext("%(step)s: %(person)s is asked too", step=step, person=person),
            "icon": "note",
        },
        "remove": {"text": gettext("%(step)s: somebody is asked no more", step=step), "icon": "x"},
        "take_back": {
            "text": gettext("%(step)s: the decision was taken back", step=step),
            "icon": "arrow-back-up",
        },
        "delegate": {
            "text": gettext("%(step)s: %(person)s is asked for help", step=step, person=person),
            "icon": "hand-stop",
        },
        "give_back": {
            "text": gettext("%(step)s: given back to %(person)s", step=step, person=person),
            "icon": "arrow-back-up",
        },
        "consult": {
            "text": gettext("%(step)s: a question to %(person)s", step=step, person=person),
            "icon": "help-circle",
        },
        "answer": {
            "text": gettext("%(step)s: an answer to %(person)s", step=step, person=person),
            "icon": "message-circle",
        },
        "remind": {
            "text": gettext("%(step)s: %(person)s was reminded", step=step, person=person)
            if person
            else gettext("%(step)s: everybody who is asked was reminded", step=step),
            "icon": "clock",
        },
        "escalate": {
            "text": gettext("%(step)s: %(person)s was told that it is overdue", step=step, person=person),
            "icon": "clock-exclamation",
        },
    }[action.action]
    return {**entry, **said}


def _done_to_all(action: Any, elements: Mapping[str, str], person: str | None) -> dict[str, Any]:
    """Tell what somebody did to an instance as a whole."""
    where = elements.get(action.outcome, action.outcome)
    texts = {
        "circulate": (gettext("A copy was sent to %(person)s", person=person), "mail-forward"),
        "urge": (gettext("They were asked to hurry"), "bell"),
        "remind": (gettext("%(person)s was reminded", person=person), "bell"),
        "withdraw": (gettext("Taken back to be changed"), "arrow-back-up"),
        "cancel": (gettext("Cancelled"), "x"),
        "reopen": (gettext("Opened again at %(step)s", step=where), "rotate-clockwise"),
        "appoint": (
            gettext("%(step)s: done by %(person)s", step=where, person=person)
            if action.person
            else gettext("%(step)s: done by whom the drawing names", step=where),
            "user-check",
        ),
    }
    text, icon = texts[action.action]
    return {"text": text, "icon": icon}


def _carried(action: Any) -> dict[str, Any]:
    """Return what a decision carries beside its opinion."""
    return {} if action is None else {"files": action.files or [], "signature": action.signature}


def _by(actor: str | None, task: Any, names: Mapping[str, str]) -> str | None:
    """Name who did something, and in whose place where they did it as a cover."""
    name = names.get(actor or "", actor)
    if task is None or task.covers_for is None or actor == TIMER.name:
        return name
    covered = names.get(task.covers_for, task.covers_for)
    return gettext("%(person)s for %(covered)s", person=name, covered=covered)


def _decided_by(actor: str | None) -> dict[str, str]:
    """Tell people from the clock at a glance."""
    return (
        {"icon": "clock-exclamation", "tone": "amber"}
        if actor == TIMER.name
        else {"icon": "check", "tone": "green"}
    )

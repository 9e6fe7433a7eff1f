"""What a message that came in is answered with: one segment that says what changed, or what to write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from engine.context import Context
from engine.errors import InvalidSubmission
from engine.i18n import _, translate
from engine.notify import (
    MessageTemplate,
    MessageText,
    Recipient,
    notify,
    outsider_locale,
    person_recipient,
)
from engine.people import Person, e164
from engine.work import Task, buttons_of


def _answer(key: str, text: str) -> MessageTemplate:
    return MessageTemplate(key=f"answer_{key}", title=_("Answer"), texts={"sms": MessageText(text=text)})


ON_IT = _answer("on_it", _("{{ ticket }}: it is yours. Reply 2 when it is done."))
ON_IT_FOR_NOW = _answer(
    "on_it_for_now", _("{{ ticket }}: it is yours. Reply 2 when it is done, or UNDO to give it back.")
)
RECORDED_FOR_NOW = _answer(
    "recorded_for_now",
    _('{{ ticket }}: recorded as "{{ outcome }}". Reply UNDO within {{ span }} to take it back.'),
)
TAKEN_BACK = _answer("taken_back", _("{{ ticket }}: taken back. The task is with you."))
GONE_ON = _answer("gone_on", _("{{ ticket }}: nothing was changed. The process has gone on. Call the desk."))
GONE_ON_BY = _answer(
    "gone_on_by",
    _('{{ ticket }}: nothing was changed. {{ person }} went on with "{{ step }}". Call the desk.'),
)
PUT_BACK = _answer("put_back", _("{{ ticket }}: taken back. The task is open to everybody again."))
RECORDED = _answer("recorded", _('{{ ticket }}: recorded as "{{ outcome }}". Thank you.'))
PASSED_ON = _answer("passed_on", _("{{ ticket }}: passed on. The task stays with you."))
NOTED = _answer("noted", _("{{ ticket }}: your note was added."))
THANKS = _answer("thanks", _("Thank you. Your answer was passed on."))
RATED = _answer("rated", _("Thank you. You gave {{ rating }} of 5."))
WHICH = _answer("which", _("Which one? Write its number first, such as {{ example }}\n{{ lines }}"))
NO_SUCH = _answer("no_such", _("Nothing that you could answer has the number {{ ticket }}."))
NOTHING_OPEN = _answer(
    "nothing_open", _("Nothing of yours is open. Your message was kept, nobody acts on it.")
)
CHOICES = _answer("choices", _("{{ ticket }}: this was not understood. Reply {{ choices }}."))
MORE = _answer("more", _("{{ ticket }}: write a few words more, such as {{ digit }} and the reason."))
SIGN = _answer(
    "sign",
    _("{{ ticket }}: nothing was changed. This needs your signature: sign in and sign on the task's page."),
)
RATE = _answer("rate", _("Please answer with one digit, from 1 (bad) to 5 (very good)."))
STRANGER = _answer(
    "stranger",
    _("We cannot tell what your message is about. To report a problem, write what it is and where."),
)
REFUSED = _answer("refused", _("{{ ticket }}: nothing was changed. {{ reason }}"))

_CHOICES = {
    "on_it": _("1 on it"),
    "done": _("2 done"),
    "support": _("3 help"),
    "not_mine": _("4 not ours"),
    "note": _("5 note"),
}
# So that the whole answer stays within one segment.
_LONGEST_TITLE = 24
_MOST_LINES = 6


def answer(
    ctx: Context,
    to: Recipient,
    message: MessageTemplate,
    *,
    inbound_id: str,
    instance_id: str | None = None,
    task_id: str | None = None,
    **scope: Any,
) -> None:
    """Answer a message within the open transaction, once.

    Args:
        ctx: The open write transaction.
        to: Who wrote.
        message: What is said.
        inbound_id: What is answered.
        instance_id, task_id: What it is about.
        scope: What the answer's holes name.
    """
    notify(
        ctx,
        event="answer",
        to=to,
        channel="sms",
        message=message,
        scope=scope,
        instance_id=instance_id,
        task_id=task_id,
        unique_key=f"answer:{inbound_id}",
    )


def sender_of(ctx: Context, message: Any, people: Sequence[Person]) -> Recipient:
    """Return who sent a message, as somebody who can be answered.

    Args:
        ctx: An open transaction.
        message: The row of the message.
        people: Who has this number.
    """
    if people:
        return person_recipient(people[0])
    try:
        phone = e164(message.sender, None)
    except InvalidSubmission:
        phone = None
    return Recipient(
        name="", phone=phone, locale=outsider_locale(ctx, text=message.body, address=message.sender)
    )


def choices(task: Task, locale: str) -> str:
    """Say what can be answered to a task: *on it*, a note, its drawing's replies that need no signature."""
    signed = {one["name"] for one in task.options.get("outcomes", ()) if one.get("signature_required")}
    replies = [reply for reply in task.options.get("replies", ()) if reply["outcome"] not in signed]
    possible = {"on_it", *(reply["verb"] for reply in replies)}
    if "comment" in buttons_of(task):
        possible.add("note")
    return ", ".join(translate(locale, text) for verb, text in _CHOICES.items() if verb in possible)


def short(title: str) -> str:
    """Cut a title to what an answer has room for."""
    line = " ".join(title.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "."


def span(lasts: timedelta, locale: str) -> str:
    """Write how long something lasts, in whole minutes where it can be."""
    lasts_s = int(lasts.total_seconds())
    if lasts_s % 60:
        return translate(locale, _("%(count)s s"), count=lasts_s)
    return translate(locale, _("%(count)s min"), count=lasts_s // 60)


def listed(lines: list[str]) -> str:
    """Put lines under each other, as many as people read on a telephone."""
    return "\n".join(lines[:_MOST_LINES])

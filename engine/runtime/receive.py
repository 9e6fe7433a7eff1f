"""Reads a message that came in by what its number is waiting for.

Open tasks of whoever has the number: the reply grammar. An open question (a message that is waited for with
the number as its key): a digit from 1 to 5 where it is a rating, else any text. Several of them: answered
with their numbers, nothing done. Nothing: it starts the process that such messages start, unless it looks
like an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update

from engine.context import Actor, Context
from engine.definition import (
    Definition,
    ProcessStart,
    get_definition_by_id,
    list_definitions,
    paused_since,
)
from engine.errors import CallwrightError, TechnicalFailure
from engine.i18n import say
from engine.jobs import ClaimedJob, LostLease, finish, hold
from engine.notify import InboundMessage, Reply, alert_unreachable, parse_reply
from engine.people import Person, find_person, person_by_phone
from engine.push import publish
from engine.runtime import answers
from engine.runtime.answers import answer, sender_of
from engine.runtime.asides import add_comment
from engine.runtime.awaited import Waiting, open_questions, open_tasks
from engine.runtime.instances import start_process
from engine.runtime.messages import correlate_message
from engine.runtime.undo import TooLate, finish_answered, say_on_it, take_back, undo_span
from engine.values import Json
from engine.work import Task

RATING = "rating"

# Machines that answer machines stop here.
_MOST_PER_HOUR = 30
_HOUR = timedelta(hours=1)


def receive(ctx: Context, job: ClaimedJob) -> None:
    """Read a message and do what it asks: the function of the job kind ``receive``.

    What it asks happens with its answer in one transaction. Where it cannot be done nothing is, and the
    sender is told why.

    Args:
        ctx: The worker's; no transaction is open.
        job: Its payload names the message.
    """
    with ctx.read():
        query = select(InboundMessage.__table__).where(InboundMessage.id == job.payload["message"])
        message = ctx.connection.execute(query).first()
    if message is None or message.state != "new":
        return
    try:
        with ctx.write():
            hold(ctx, job)
            _Reading(ctx, message).read()
            finish(ctx, job)
    except (TechnicalFailure, LostLease):
        raise
    except CallwrightError as error:
        with ctx.write():
            hold(ctx, job)
            _Reading(ctx, message).refuse(error)
            finish(ctx, job)


class _Reading:
    """One message while it is read, within the open write transaction."""

    def __init__(self, ctx: Context, message: Any) -> None:
        self.ctx = ctx
        self.message = message
        self.reply = parse_reply(message.body) if message.channel == "sms" else None
        self.people = person_by_phone(ctx, message.sender) if message.channel == "sms" else []
        self.sender = sender_of(ctx, message, self.people)

    def read(self) -> None:
        """Decide what the message is and do it."""
        if self._too_many():
            self._mark("unmatched", "too_many")
        elif self.reply is not None and self.reply.to_carrier:
            self._carrier_word(self.reply.verb)
        elif self.reply is not None and self.reply.verb == "undo" and self.people:
            self._undo(self.reply.ticket)
        else:
            waiting = self._waiting()
            if self.reply is None:
                self._not_an_answer(waiting)
            elif not waiting:
                self._nothing_waits()
            else:
                self._answered(waiting, self.reply)

    def refuse(self, error: CallwrightError) -> None:
        """Keep the message and say why nothing was done."""
        self._mark("unmatched", f"refused: {error.code}")
        said = error.problems[0] if error.problems else error
        chosen = self._chosen(self._waiting())
        ticket = chosen[0].number if len(chosen) == 1 else self.message.body[:16]
        self._say(answers.REFUSED, ticket=ticket, reason=say(self.sender.locale, said))

    # What the number may answer.

    def _waiting(self) -> list[Waiting]:
        return [*open_tasks(self.ctx, self.people), *open_questions(self.ctx, self.message.sender)]

    def _chosen(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """Return what the answer can be meant for."""
        if self.reply is None:
            return list(waiting)
        ticket, digit = self.reply.ticket, self.reply.digit
        return [
            one
            for one in waiting
            if (ticket is None or one.is_named(ticket)) and (one.message != RATING or digit is not None)
        ]

    # What is done.

    def _answered(self, waiting: Sequence[Waiting], reply: Reply) -> None:
        chosen = self._chosen(waiting)
        if len(chosen) > 1:
            self._ask_which(chosen)
        elif chosen and chosen[0].task is not None and chosen[0].person is not None:
            self._act(chosen[0], chosen[0].task, chosen[0].person, reply)
        elif chosen:
            self._bring(chosen[0])
        elif reply.ticket is not None:
            self._mark("unmatched", "no_such_ticket")
            self._say(answers.NO_SUCH, ticket=reply.ticket)
        else:
            self._mark("unmatched", "no_digit")
            self._say(answers.RATE)

    def _ask_which(self, chosen: Sequence[Waiting]) -> None:
        self._mark("unmatched", "several")
        lines = [f"{one.number} {answers.short(one.title)}" for one in chosen]
        digit = (self.reply.digit if self.reply else None) or 2
        self._say(answers.WHICH, example=f"{chosen[0].number} {digit}", lines=answers.listed(lines))

    def _act(self, waiting: Waiting, task: Task, person: Person, reply: Reply) -> None:
        """Do to a task what its drawing says that the answer means."""
        ctx = self.ctx.as_actor(Actor(key=person.key, kind="person", channel="sms"))
        about = _about(task)
        if reply.verb == "on_it":
            self._say(answers.ON_IT_FOR_NOW if say_on_it(ctx, task) else answers.ON_IT, **about)
        elif reply.verb == "note":
            if not reply.text:
                self._mark("unmatched", "note_without_text", waiting)
                self._say(answers.MORE, digit="5", **about)
                return
            add_comment(ctx, instance_id=task.instance_id, task_id=task.id, text=reply.text)
            self._say(answers.NOTED, **about)
        else:
            setting = next((one for one in task.options["replies"] if one["verb"] == reply.verb), None)
            if setting is None:
                self._mark("unmatched", f"{reply.verb}: not here", waiting)
                self._say(answers.CHOICES, choices=answers.choices(task, self.sender.locale), **about)
                return
            if not self._settle(ctx, task, setting, reply, about):
                return
        self._mark("matched", reply.verb, waiting)

    def _settle(self, ctx: Context, task: Task, setting: Json, reply: Reply, about: dict[str, Any]) -> bool:
        """Finish a task, or bring the message that the drawing names.

        Returns:
            Whether it was possible.
        """
        if setting["message"]:
            correlate_message(
                ctx,
                name=setting["message"],
                instance_id=task.instance_id,
                payload={"text": reply.text, "by": ctx.actor.key},
            )
            self._say(answers.PASSED_ON, **about)
            return True
        outcomes = {one["name"]: one for one in task.options.get("outcomes", ())}
        outcome = outcomes.get(setting["outcome"], {})
        if outcome.get("signature_required"):
            self._mark("unmatched", f"{reply.verb}: needs a signature")
            self._say(answers.SIGN, **about)
            return False
        if outcome.get("opinion_required") and not reply.text:
            self._mark("unmatched", f"{reply.verb}: no reason")
            self._say(answers.MORE, digit=str(reply.digit or ""), **about)
            return False
        kept_in_form = setting["text_into"] and outcome.get("opinion") == "none"
        can_undo = finish_answered(
            ctx,
            task,
            verb=reply.verb,
            outcome=setting["outcome"],
            data={setting["text_into"]: reply.text} if setting["text_into"] and reply.text else {},
            opinion=None if kept_in_form else reply.text or None,
        )
        definition = get_definition_by_id(ctx, task.definition_id)
        about["outcome"] = definition.text(self.sender.locale, outcome.get("label") or setting["outcome"])
        if can_undo:
            span = answers.span(undo_span(ctx), self.sender.locale)
            self._say(answers.RECORDED_FOR_NOW, span=span, **about)
        else:
            self._say(answers.RECORDED, **about)
        return True

    def _undo(self, ticket: str | None) -> None:
        """Take the last answer back, where that is still possible."""
        try:
            taken = take_back(self.ctx, people=self.people, ticket=ticket)
        except TooLate as late:
            self._gone_on(late)
            return
        self._mark("matched", "undo", instance_id=taken.task.instance_id)
        self._say(answers.PUT_BACK if taken.put_back else answers.TAKEN_BACK, **_about(taken.task))

    def _gone_on(self, late: TooLate) -> None:
        """Say kindly that the process has gone on, and who went on with what."""
        self._mark("unmatched", f"refused: {late.code}", instance_id=late.task.instance_id)
        if late.went_on is None or late.went_on.ended_by is None:
            self._say(answers.GONE_ON, **_about(late.task))
            return
        person = find_person(self.ctx, late.went_on.ended_by)
        self._say(
            answers.GONE_ON_BY,
            person=person.name if person is not None else late.went_on.ended_by,
            step=get_definition_by_id(self.ctx, late.task.definition_id).text(
                self.sender.locale, late.went_on.name
            ),
            **_about(late.task),
        )

    def _bring(self, waiting: Waiting) -> None:
        """Bring an answer to the question that waits for it."""
        assert waiting.message is not None
        payload: dict[str, Json] = {"text": self.message.body}
        if waiting.message == RATING and self.reply is not None and self.reply.digit is not None:
            payload = {RATING: Decimal(self.reply.digit), "text": self.reply.text}
        correlate_message(
            self._public(),
            name=waiting.message,
            correlation=self.message.sender,
            instance_id=waiting.instance_id,
            payload=payload,
        )
        self._mark("matched", waiting.message, waiting)
        said = answers.RATED if RATING in payload else answers.THANKS
        self._say(said, rating=payload.get(RATING), instance_id=waiting.instance_id)

    def _not_an_answer(self, waiting: Sequence[Waiting]) -> None:
        tasks = [one for one in waiting if one.task is not None]
        questions = [one for one in waiting if one.task is None and one.message != RATING]
        if tasks and tasks[0].task is not None:
            self._mark("unmatched", "not_understood")
            possible = answers.choices(tasks[0].task, self.sender.locale)
            self._say(answers.CHOICES, ticket=tasks[0].number, choices=possible)
        elif len(questions) == 1:
            self._bring(questions[0])
        elif questions:
            self._ask_which(questions)
        elif any(character.isalpha() for character in self.message.body):
            self._start()
        elif waiting:
            self._mark("unmatched", "no_digit")
            self._say(answers.RATE)
        else:
            self._nothing_waits()

    def _nothing_waits(self) -> None:
        self._mark("unmatched", "nothing_waits")
        self._say(answers.NOTHING_OPEN if self.people else answers.STRANGER)

    def _start(self) -> None:
        """Start the one process that such messages start."""
        starts = _starts(self.ctx, self.message.channel)
        if len(starts) != 1:
            self._mark("unmatched", "no_start" if not starts else "several_starts")
            self._say(answers.STRANGER)
            return
        if self._said_before():
            self._mark("unmatched", "repeated")
            return
        definition, start = starts[0]
        parts = {**self.message._mapping, "locale": self.sender.locale}
        variables: dict[str, Json] = {name: parts.get(part) for name, part in start.into.items()}
        if self.sender.phone is None:
            # A name or a short code in place of a number: nobody can be told there.
            variables |= dict.fromkeys(definition.manifest.telephones & variables.keys())
        begun = start_process(
            self._public(), process_key=definition.key, start_event=start.event, variables=variables
        )
        self._mark("matched", f"start: {definition.key}", instance_id=begun.id)

    def _carrier_word(self, word: str) -> None:
        """Note that a number opted out or in; the carrier answers such words itself."""
        self._mark("matched", word)
        if word == "help":
            return
        trouble = "opted out" if word == "opt_out" else None
        for person in self.people:
            self.ctx.connection.execute(
                update(Person).where(Person.key == person.key).values(phone_trouble=trouble)
            )
            publish(self.ctx, "person", person.key)
            if trouble and person.phone_trouble is None:
                alert_unreachable(
                    self.ctx, person_key=person.key, channel="sms", reason=trouble, code="opted_out"
                )

    # What is kept and said.

    def _mark(
        self, state: str, result: str, waiting: Waiting | None = None, *, instance_id: str | None = None
    ) -> None:
        person = waiting.person if waiting and waiting.person else next(iter(self.people), None)
        self.ctx.connection.execute(
            update(InboundMessage)
            .where(InboundMessage.id == self.message.id)
            .values(
                state=state,
                result=result,
                person_key=person.key if person else None,
                instance_id=instance_id or (waiting.instance_id if waiting else None),
            )
        )
        publish(self.ctx, "inbound", self.message.id)

    def _say(self, said: Any, **scope: Any) -> None:
        if self.sender.phone is not None:
            answer(self.ctx, self.sender, said, inbound_id=self.message.id, **scope)

    def _public(self) -> Context:
        return self.ctx.as_actor(Actor(key=None, kind="public", channel=self.message.channel))

    def _recent(self) -> Any:
        return select(func.count()).where(
            InboundMessage.sender == self.message.sender,
            InboundMessage.received_at > self.ctx.now - _HOUR,
            InboundMessage.id != self.message.id,
        )

    def _too_many(self) -> bool:
        return bool(self.ctx.connection.execute(self._recent()).scalar_one() >= _MOST_PER_HOUR)

    def _said_before(self) -> bool:
        same = self._recent().where(
            InboundMessage.body == self.message.body, InboundMessage.result.like("start:%")
        )
        return bool(self.ctx.connection.execute(same).scalar_one())


def _about(task: Task) -> dict[str, Any]:
    return {"ticket": task.business_key or "", "instance_id": task.instance_id, "task_id": task.id}


def _starts(ctx: Context, channel: str) -> list[tuple[Definition, ProcessStart]]:
    starts = [
        (definition, start)
        for definition in list_definitions(ctx)
        for start in definition.manifest.starts
        if start.inbound == channel
    ]
    # Of several, one that is paused leaves it to the others.
    awake = [one for one in starts if len(starts) > 1 and paused_since(ctx, one[0].id) is None]
    return awake or starts

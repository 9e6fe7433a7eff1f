"""A repair that handlers answer by SMS, and a telephone that writes and reads."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.definition import deploy
from engine.notify import InboundMessage, store_inbound
from engine.people import create_person, put_group, set_groups
from engine.runtime import get_instance, start_process, variables_of
from engine.testing import RecordingGateway, drawing, system, work_off
from engine.work import list_tasks

HANDLER, OTHER, CITIZEN = "+85251230001", "+85251230002", "+85251230009"

REPAIR = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:startEvent id="reported"><bpmn:messageEventDefinition messageRef="m_report"/></bpmn:startEvent>
    <bpmn:userTask id="handle" name="Handle"><bpmn:extensionElements>
      <callwright:task candidateGroups='"water"' title="{{ summary }}"
          due="if due_in = null then null else now() + duration(due_in)"/>
      <callwright:outcome name="done" label="Done"/>
      <callwright:outcome name="not_ours" label="Not ours" opinion="required"/>
      <callwright:reply verb="done" outcome="done" textInto="note"/>
      <callwright:reply verb="not_mine" outcome="not_ours"/>
      <callwright:reply verb="support" message="support_needed"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="support_asked" cancelActivity="false" attachedToRef="handle">
      <bpmn:extensionElements><callwright:output name="support_text" source="text"/></bpmn:extensionElements>
      <bpmn:messageEventDefinition messageRef="m_support"/>
    </bpmn:boundaryEvent>
    <bpmn:endEvent id="supported"/>
    <bpmn:endEvent id="over"/>
    begin -> handle
    reported -> handle
    handle -> over
    support_asked -> supported
    """,
    key="repair",
    roots='<bpmn:message id="m_report" name="report"/><bpmn:message id="m_support" name="support_needed"/>',
)
REPAIR_MANIFEST = b"""
key = "repair"
title = "Repair"
instance_title = "{{ summary }}"
[business_key]
pattern = "T-{{ yy }}{{ mm }}{{ dd }}-{{ number }}"
[[start]]
event = "reported"
inbound = "sms"
into = { summary = "body", reporter_phone = "sender", reporter_locale = "locale", channel = "channel" }
[variables.reporter_phone]
type = "string"
kind = "telephone"
"""
ASK = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:receiveTask id="wait" messageRef="m"><bpmn:extensionElements>
      <callwright:correlation key="phone"/>
      <callwright:output name="rating" source="rating"/>
      <callwright:output name="comment" source="text"/>
    </bpmn:extensionElements></bpmn:receiveTask>
    <bpmn:endEvent id="over"/>
    begin -> wait
    wait -> over
    """,
    key="ask",
    roots='<bpmn:message id="m" name="rating"/>',
)
DETAILS = ASK.replace(b'process id="ask"', b'process id="details"').replace(
    b'id="m" name="rating"', b'id="m" name="details"'
)


def furnish(centre: Centre) -> None:
    """Take the handlers in and deploy the processes."""
    ctx = system(centre)
    with ctx.write():
        put_group(ctx, key="water", name="Water")
        for key, phone in (("wong", HANDLER), ("lee", OTHER)):
            create_person(ctx, key=key, name=key, phone=phone, email=f"{key}@example.org")
            set_groups(ctx, person_key=key, group_keys=["water"])
    deploy(ctx, files={"repair.bpmn": REPAIR, "process.toml": REPAIR_MANIFEST})
    deploy(ctx, files={"ask.bpmn": ASK})
    deploy(ctx, files={"details.bpmn": DETAILS})


class Inbox:
    """Sends as a telephone would and reads what comes back."""

    def __init__(self, centre: Centre, courier: RecordingGateway) -> None:
        self.centre, self.courier, self.count = centre, courier, 0

    def say(self, body: str, *, sender: str = HANDLER) -> list[str]:
        before = len(self.courier.taken)
        self.count += 1
        store_inbound(
            system(self.centre),
            gateway="recording",
            provider_id=f"in-{self.count}",
            channel="sms",
            sender=sender,
            recipient="+85230000000",
            body=body,
        )
        work_off(self.centre)
        return [sent.body for sent in self.courier.taken[before:] if sent.address == sender]

    def wait(self, **delta: float) -> list[str]:
        """Let time pass; return what is said meanwhile."""
        before = len(self.courier.taken)
        clock = self.centre.clock
        assert isinstance(clock, MovableClock)
        clock.advance(timedelta(**delta))
        work_off(self.centre)
        return [sent.body for sent in self.courier.taken[before:]]

    @property
    def last(self) -> Any:
        with system(self.centre).read() as ctx:
            return ctx.connection.execute(
                select(InboundMessage.__table__).order_by(InboundMessage.id.desc()).limit(1)
            ).one()


def report(ctx: Context, summary: str = "burst pipe", *, due_in: str | None = None) -> str:
    variables = {"summary": summary, "due_in": due_in}
    return start_process(ctx, process_key="repair", start_event="begin", variables=variables).id


def open_count(ctx: Context) -> int:
    with ctx.read():
        return list_tasks(ctx)[0]


def instance(ctx: Context, instance_id: str) -> Any:
    with ctx.read():
        return get_instance(ctx, instance_id)


def variables(ctx: Context, instance_id: str) -> Any:
    with ctx.read():
        return variables_of(ctx, instance_id)

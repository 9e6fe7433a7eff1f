"""Candidates that are told one after the other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.context import Centre, Context
from engine.definition import deploy
from engine.errors import AddressRefused, DefinitionError
from engine.jobs import Incident
from engine.notify import take_receipt
from engine.people import leave_group
from engine.plugin import Receipt
from engine.runtime import acknowledge_task
from engine.testing import RecordingGateway, make_centre, person, system
from engine.work import list_tasks
from tests.engine.runtime.texting import HANDLER, OTHER, REPAIR, REPAIR_MANIFEST, Inbox, furnish, report

NOTICE = b'<callwright:notify event="created" to="candidates" channel="sms" message="dispatch" next="PT10M"/>'
DONE = b'<callwright:outcome name="done" label="Done"/>'
FILES = {
    "repair.bpmn": REPAIR.replace(DONE, NOTICE + DONE),
    "process.toml": REPAIR_MANIFEST,
    "messages/dispatch.toml": b'title = "Dispatch"\n[sms]\ntext = "{{ business_key }} {{ summary }}"\n',
}


@pytest.fixture
def courier() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def centre(tmp_path: Path, database_url: str, courier: RecordingGateway) -> Iterator[Centre]:
    made = make_centre(tmp_path, database_url=database_url, gateways=[courier])
    furnish(made)
    deploy(system(made), files=FILES)
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def inbox(centre: Centre, courier: RecordingGateway) -> Inbox:
    return Inbox(centre, courier)


def asked(courier: RecordingGateway) -> list[str | None]:
    return [sent.address for sent in courier.taken]


def incidents(ctx: Context) -> list[str]:
    with ctx.read():
        return list(ctx.connection.execute(select(Incident.code)).scalars())


def task_of(ctx: Context) -> Any:
    with ctx.read():
        return list_tasks(ctx)[1][0]


def test_the_next_candidate_is_told_when_nobody_took_it_in_time(
    ctx: Context, inbox: Inbox, courier: RecordingGateway
) -> None:
    report(ctx)
    inbox.wait(minutes=9)
    [first] = asked(courier)
    inbox.wait(minutes=1)
    assert sorted(map(str, asked(courier))) == [HANDLER, OTHER]
    assert {sent.body for sent in courier.taken} == {"T-260302-0001 burst pipe"}
    inbox.wait(minutes=9)
    assert incidents(ctx) == []
    inbox.wait(minutes=1)
    assert incidents(ctx) == ["nobody_took_it"]
    assert len(courier.taken) == 2
    assert first is not None


def test_nobody_else_is_told_once_somebody_took_it(
    centre: Centre, ctx: Context, inbox: Inbox, courier: RecordingGateway
) -> None:
    report(ctx)
    inbox.wait(minutes=1)
    acknowledge_task(person(centre, "lee"), task_id=task_of(ctx).id)
    inbox.wait(hours=1)
    assert len(courier.taken) == 1
    assert incidents(ctx) == []


def test_a_message_that_does_not_arrive_brings_the_next_one_at_once(
    ctx: Context, inbox: Inbox, courier: RecordingGateway
) -> None:
    courier.fail(AddressRefused("21610 opted out"))
    report(ctx)
    inbox.wait(seconds=1)
    by_sms = [sent for sent in courier.taken if sent.channel == "sms"]
    by_mail = [sent for sent in courier.taken if sent.channel == "email"]
    assert len(by_sms) == 1
    assert incidents(ctx) == ["address_refused"]
    assert len(by_mail) == 1
    assert {by_sms[0].address, by_mail[0].address} in (
        {HANDLER, "lee@example.org"},
        {OTHER, "wong@example.org"},
    )


def test_a_receipt_that_says_undelivered_brings_the_next_one_at_once(
    ctx: Context, inbox: Inbox, courier: RecordingGateway
) -> None:
    report(ctx)
    inbox.wait(minutes=1)
    [sent] = courier.taken
    receipt = Receipt(provider_id=f"R-{sent.key}", state="failed", error="30003 unreachable")
    take_receipt(ctx, gateway="recording", receipt=receipt)
    inbox.wait(seconds=1)
    assert sorted(str(one.address) for one in courier.taken if one.channel == "sms") == [HANDLER, OTHER]


def test_whom_the_step_told_longest_ago_is_the_first(
    centre: Centre, ctx: Context, inbox: Inbox, courier: RecordingGateway
) -> None:
    for _time in range(4):
        report(ctx)
        inbox.wait(seconds=5)
        with ctx.read():
            task = list_tasks(ctx, state=("open",))[1][0]
        acknowledge_task(person(centre, "wong"), task_id=task.id)
    first, second, third, fourth = asked(courier)
    assert first == third != second == fourth


def test_who_is_no_candidate_any_more_is_passed_over(
    ctx: Context, inbox: Inbox, courier: RecordingGateway
) -> None:
    report(ctx)
    inbox.wait(minutes=1)
    [first] = asked(courier)
    other = "lee" if first == HANDLER else "wong"
    leave_group(ctx, person_key=other, group_key="water")
    inbox.wait(minutes=10)
    assert asked(courier) == [first]
    assert incidents(ctx) == ["nobody_took_it"]


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (NOTICE.replace(b"PT10M", b"soon"), "soon is no duration"),
        (NOTICE.replace(b"PT10M", b"PT0S"), "PT0S is no duration"),
        (NOTICE.replace(b"candidates", b"initiator"), "one after the other"),
    ],
)
def test_a_rota_that_cannot_be_is_refused(ctx: Context, notice: bytes, said: str) -> None:
    files = {**FILES, "repair.bpmn": FILES["repair.bpmn"].replace(NOTICE, notice)}
    with pytest.raises(DefinitionError) as refused:
        deploy(ctx, files=files)
    assert any(said in str(problem) for problem in refused.value.problems)

"""The verbs, on SQLite and on PostgreSQL."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest

from engine import runtime
from engine.definition import list_versions
from engine.errors import Conflict, DefinitionError, Forbidden, InvalidSubmission, NotFound
from engine.i18n import translate
from engine.jobs import list_incidents
from engine.testing import drawing, end, gateway, person, start, system, task, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

ASK = "<callwright:task candidateGroups='\"heads\"'/>"
DECIDE = (
    ASK
    + '<callwright:outcome name="approved" label="Approve"/>'
    + '<callwright:outcome name="rejected" label="Reject" opinion="required"/>'
)


def one_task(inside=ASK):
    return drawing(f"{start()}\n{task('ask', inside=inside)}\n{end()}\nbegin -> ask\nask -> over")


def open_task(centre, element="ask"):
    with system(centre).read() as ctx:
        return next(found for found in list_tasks(ctx)[1] if found.element_id == element)


def instance(centre, instance_id):
    with system(centre).read() as ctx:
        return runtime.get_instance(ctx, instance_id)


def test_a_started_process_waits_for_its_group_and_ends_when_one_of_it_is_done(centre, put):
    put(one_task())
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables={"n": 1})
    assert begun.state == "active"
    done = runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    assert done.state == "completed"
    with system(centre).read() as ctx:
        visits = [
            (row["element_id"], row["state"], row["actor"]) for row in runtime.history_of(ctx, begun.id)
        ]
        assert visits == [
            ("begin", "completed", "eve"),
            ("ask", "completed", "ann"),
            ("over", "completed", "ann"),
        ]
        assert runtime.variables_of(ctx, begun.id)["decisions"]["ask"]["by"] == "ann"


def test_somebody_outside_the_group_may_not_finish_it(centre, put):
    put(one_task())
    runtime.start_process(person(centre, "eve"), process_key="p")
    with pytest.raises(Forbidden):
        runtime.complete_task(person(centre, "cy"), task_id=open_task(centre).id)
    assert open_task(centre).state == "open"


def test_who_took_a_task_has_it_alone_until_it_is_put_back(centre, put):
    put(one_task())
    runtime.start_process(person(centre, "eve"), process_key="p")
    task_id = open_task(centre).id
    runtime.claim_task(person(centre, "ann"), task_id=task_id)
    with pytest.raises((Forbidden, Conflict)):
        runtime.claim_task(person(centre, "bob"), task_id=task_id)
    runtime.unclaim_task(person(centre, "ann"), task_id=task_id)
    assert runtime.claim_task(person(centre, "bob"), task_id=task_id).assignee == "bob"


def test_the_second_of_two_is_told_who_was_faster(centre, put):
    put(one_task())
    runtime.start_process(person(centre, "eve"), process_key="p")
    task_id = open_task(centre).id
    runtime.complete_task(person(centre, "ann"), task_id=task_id)
    with pytest.raises(Conflict, match="ann finished this"):
        runtime.complete_task(person(centre, "bob"), task_id=task_id)


def test_of_ten_who_press_at_once_exactly_one_is_taken(centre, put):
    put(one_task())
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    task_id = open_task(centre).id
    results = []

    def press():
        try:
            runtime.complete_task(person(centre, "bob"), task_id=task_id)
            results.append("taken")
        except Conflict:
            results.append("refused")

    threads = [threading.Thread(target=press) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused"] * 9 + ["taken"]
    with system(centre).read() as ctx:
        ends = [row for row in runtime.history_of(ctx, begun.id) if row["element_id"] == "over"]
        assert len(ends) == 1


def test_an_unknown_outcome_and_a_missing_opinion_are_refused_by_name(centre, put):
    put(one_task(DECIDE))
    runtime.start_process(person(centre, "eve"), process_key="p")
    task_id = open_task(centre).id
    for given, path in (({"outcome": "maybe"}, "outcome"), ({"outcome": "rejected"}, "opinion")):
        with pytest.raises(InvalidSubmission) as refused:
            runtime.complete_task(person(centre, "ann"), task_id=task_id, **given)
        assert [problem.path for problem in refused.value.problems] == [path]
    runtime.complete_task(person(centre, "ann"), task_id=task_id, outcome="rejected", opinion="no money")
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx, state="completed")[0] == 1


def test_nothing_is_kept_of_a_start_that_fails(centre, put):
    put(one_task())
    with pytest.raises(InvalidSubmission):
        runtime.start_process(person(centre, "eve"), process_key="p", variables={"not a name": 1})
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx)[0] == 0


def test_a_business_key_is_given_once(centre, put):
    put(one_task())
    runtime.start_process(person(centre, "eve"), process_key="p", business_key="A-1")
    with pytest.raises(Conflict, match="A-1"):
        runtime.start_process(person(centre, "eve"), process_key="p", business_key="A-1")


def test_running_instances_stay_with_the_version_they_began_in(centre, put):
    put(one_task())
    old = runtime.start_process(person(centre, "eve"), process_key="p")
    deployed = put(drawing(f"{start()}\n{task('other', inside=ASK)}\n{end()}\nbegin -> other\nother -> over"))
    assert deployed.definitions[0].version == 2
    runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    assert instance(centre, old.id)["state"] == "completed"
    runtime.start_process(person(centre, "eve"), process_key="p")
    assert open_task(centre, "other")


def test_the_same_content_makes_no_new_version(centre, put):
    assert put(one_task()).new
    again = put(one_task())
    assert (again.new, again.definitions[0].version) == (False, 1)


def test_a_broken_drawing_changes_nothing(centre, put):
    put(one_task())
    with pytest.raises(DefinitionError):
        put(one_task('<callwright:task due="1 +"/>'))
    with system(centre).read() as ctx:
        assert [found.version for found in list_versions(ctx, "p")] == [1]


TIMER = """<bpmn:boundaryEvent id="late" attachedToRef="ask" cancelActivity="false">
<bpmn:timerEventDefinition><bpmn:timeDuration>PT4H</bpmn:timeDuration></bpmn:timerEventDefinition>
</bpmn:boundaryEvent>"""


def timed():
    return drawing(
        f"""{start()}
        {task("ask", inside=ASK)}
        {TIMER}
        {task("urge", inside=ASK)}
        {end()}
        begin -> ask
        ask -> over
        late -> urge
        urge -> over"""
    )


def test_a_timer_fires_when_its_instant_has_come_and_not_before(centre, put):
    put(timed())
    runtime.start_process(person(centre, "eve"), process_key="p")
    centre.clock.advance(timedelta(hours=3, minutes=59))
    assert work_off(centre) == 0
    centre.clock.advance(timedelta(minutes=1))
    assert work_off(centre) == 1
    assert open_task(centre, "urge")
    assert open_task(centre, "ask")


def test_the_timer_of_a_finished_task_never_fires(centre, put):
    put(timed())
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    centre.clock.advance(timedelta(days=1))
    assert work_off(centre) == 0
    assert instance(centre, begun.id)["state"] == "completed"


CALLED = '<callwright:input name="n" source="n + 1"/><callwright:output name="back" source="n * 10"/>'


def test_a_called_process_hands_back_what_is_mapped(centre, put):
    called = f"<bpmn:extensionElements>{CALLED}</bpmn:extensionElements>"
    put(
        p=drawing(
            f'{start()}\n<bpmn:callActivity id="call" calledElement="q">{called}</bpmn:callActivity>\n{end()}'
            "\nbegin -> call\ncall -> over"
        ),
        q=drawing(f"{start()}\n{task('ask', inside=ASK)}\n{end()}\nbegin -> ask\nask -> over", key="q"),
    )
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables={"n": 1})
    work_off(centre)
    runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    work_off(centre)
    assert instance(centre, begun.id)["state"] == "completed"
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun.id)["back"] == 20


def test_cancelling_ends_what_waits_and_what_was_called(centre, put):
    put(
        p=drawing(
            f'{start()}\n<bpmn:callActivity id="call" calledElement="q"/>\n{end()}'
            "\nbegin -> call\ncall -> over"
        ),
        q=drawing(f"{start()}\n{task('ask', inside=ASK)}\n{end()}\nbegin -> ask\nask -> over", key="q"),
    )
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    work_off(centre)
    runtime.cancel_instance(person(centre, "ann"), instance_id=begun.id, reason="a mistake")
    work_off(centre)
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx, state="cancelled")[0] == 2
        assert list_tasks(ctx)[0] == 0


def test_cancelling_without_a_reason_is_refused(centre, put):
    put(one_task())
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    with pytest.raises(InvalidSubmission):
        runtime.cancel_instance(person(centre, "ann"), instance_id=begun.id, reason=" ")


def waiting(correlation="phone"):
    inside = (
        "<bpmn:extensionElements>"
        + (f'<callwright:correlation key="{correlation}"/>' if correlation else "")
        + '<callwright:output name="rating" source="rating"/></bpmn:extensionElements>'
    )
    return drawing(
        f"""{start()}
        <bpmn:intermediateCatchEvent id="told">{inside}
        <bpmn:messageEventDefinition messageRef="m"/>
        </bpmn:intermediateCatchEvent>
        {end()}
        begin -> told
        told -> over""",
        roots='<bpmn:message id="m" name="rating"/>',
    )


def test_a_message_finds_the_instance_that_waits_for_its_key(centre, put):
    put(waiting())
    first = runtime.start_process(system(centre), process_key="p", variables={"phone": "1"})
    second = runtime.start_process(system(centre), process_key="p", variables={"phone": "2"})
    got = runtime.correlate_message(system(centre), name="rating", correlation="2", payload={"rating": 5})
    assert got.id == second.id
    assert instance(centre, first.id)["state"] == "active"


def test_a_message_for_several_or_for_nobody_changes_nothing(centre, put):
    put(waiting(""))
    for _number in range(2):
        runtime.start_process(system(centre), process_key="p")
    with pytest.raises(Conflict):
        runtime.correlate_message(system(centre), name="rating", payload={})
    with pytest.raises(NotFound):
        runtime.correlate_message(system(centre), name="other", payload={})
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx, state="active")[0] == 2


def test_a_message_without_a_key_is_not_for_whoever_waits_for_a_key_that_is_null(centre, put):
    put(waiting())
    begun = runtime.start_process(system(centre), process_key="p", business_key="A-1")
    for key in (None, ""):
        with pytest.raises(NotFound):
            runtime.correlate_message(system(centre), name="rating", correlation=key)
    got = runtime.correlate_message(system(centre), name="rating", business_key="A-1")
    assert (got.id, got.state) == (begun.id, "completed")


@pytest.mark.parametrize(
    "key",
    [
        "string join(for i in 1..256 return &quot;x&quot;)",
        r"&quot;a\u0000b&quot;",
        "[1]",
        "{a: 1}",
    ],
)
def test_a_key_that_cannot_be_told_apart_is_an_incident(centre, put, key):
    put(waiting(key))
    begun = runtime.start_process(system(centre), process_key="p")
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    assert (incident["instance_id"], incident["element_id"]) == (begun.id, "told")


def test_a_suspended_instance_does_not_move_until_it_is_resumed(centre, put):
    put(one_task())
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    runtime.suspend_instance(system(centre), instance_id=begun.id)
    with pytest.raises(Conflict, match="suspended"):
        runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    runtime.resume_instance(system(centre), instance_id=begun.id)
    runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    assert instance(centre, begun.id)["state"] == "completed"


def test_a_value_that_no_text_can_hold_is_an_incident_and_not_a_fault(centre, put):
    put(
        sketch(
            "start begin\nsub odd output='said:\"a\\u0000b\"'\n start in\n end out\n in -> out\nend over\n"
            "begin -> odd -> over"
        )
    )
    begun = runtime.start_process(system(centre), process_key="p", variables={"path": r"C:\u0000"})
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    assert (incident["instance_id"], incident["element_id"]) == (begun.id, "odd")
    with pytest.raises(InvalidSubmission):
        runtime.start_process(system(centre), process_key="p", variables={"a": ["x\0"]})
    with pytest.raises(InvalidSubmission):
        runtime.start_process(system(centre), process_key="p", variables={"a": {"b": "\ud800"}})


def test_a_step_that_cannot_be_told_becomes_an_incident_and_goes_on_with_corrected_data(centre, put):
    put(
        drawing(
            f"""{start()}
            {task("ask", inside=ASK)}
            {gateway("which")}
            {end("many")}
            {end("few")}
            begin -> ask
            ask -> which
            which -> many [days > 3]
            which -> few *"""
        )
    )
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables={"days": "three"})
    runtime.complete_task(person(centre, "ann"), task_id=open_task(centre).id)
    with system(centre).read() as ctx:
        count, incidents = list_incidents(ctx)
    assert (count, incidents[0]["element_id"]) == (1, "which")
    assert translate("zh_Hans", incidents[0]["message"], **incidents[0]["params"]).endswith(
        "第 1 行第 1 列：文字与数字不能比较大小。"
    )
    assert instance(centre, begun.id)["incident_count"] == 1
    runtime.retry_incident(system(centre), incident_id=incidents[0]["id"], variables={"days": 5})
    with system(centre).read() as ctx:
        assert "many" in [row["element_id"] for row in runtime.history_of(ctx, begun.id)]
    assert instance(centre, begun.id)["incident_count"] == 0


def test_a_large_value_is_kept_aside_and_read_back(centre, put):
    put(one_task())
    text = "x" * 20_000
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables={"long": text})
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun.id)["long"] == text


def test_a_number_keeps_its_digits(centre, put):
    put(one_task())
    exact = Decimal("0.1000000000000000000000000000000001")
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables={"n": exact})
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun.id)["n"] == exact


@pytest.mark.parametrize("until", ["timer=PT4H", "date={date}"])
def test_a_delay_lasts_a_span_or_until_an_instant(centre, put, until):
    with system(centre).read() as ctx:
        date = (ctx.now + timedelta(hours=4)).isoformat()
    put(sketch(f"start begin\ncatch waits {until.format(date=date)}\nend over\nbegin -> waits -> over"))
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    centre.clock.advance(timedelta(hours=3, minutes=59))
    assert work_off(centre) == 0
    assert instance(centre, begun.id)["state"] == "active"
    centre.clock.advance(timedelta(minutes=1))
    work_off(centre)
    assert instance(centre, begun.id)["state"] == "completed"

"""Whatever people do, those hear of it whom the product names, the drawing, or an administrator."""

from datetime import timedelta

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

from engine import runtime
from engine.definition import deploy, notices
from engine.definition.notices import chosen_notices, drop_rule, list_rules, put_rule
from engine.errors import AddressRefused, InvalidSubmission, NotFound
from engine.history import AuditEntry
from engine.jobs import Job
from engine.machine.spec import EVENTS
from engine.notify import Notification
from engine.people import close_unit, create_person, join_unit, put_unit, set_head
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

DRAWN = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    user check approval="" asks='person:["ann","bob"]' due='duration("P1D")' limits='{limits}'
    user file assignee='"cy"'
    end over
    begin -> apply -> check -> file -> over
"""
MANIFEST = """
key = "p"
title = "Request"
initiator_may = ["urge", "withdraw", "cancel"]
supervisors = ["person:fay"]
[deadlines.answer]
title = "Answer"
within = "PT40H"
warn = "PT4H"
tell = ["initiator"]
"""
ALL_LIMITS = {
    "limit_remind": "then=remind before=PT2H",
    "limit_transfer": r"""then=transfer to="\"dan\"" """,
    "limit_escalate": "then=escalate how=tell",
    "unassigned": r"""then=transfer to="\"nobody\"" """,
}


class World:
    """A request that Eve handed in, which Ann and Bob approve and Cy files."""

    def __init__(self, centre, limits=""):
        self.centre = centre
        files = {"p.bpmn": sketch(DRAWN.format(limits=limits)), "process.toml": MANIFEST.encode()}
        deploy(system(centre), files=files)

    def begin(self):
        self.id = runtime.start_process(person(self.centre, "eve"), process_key="p").id
        return self

    def of(self, who):
        with system(self.centre).read() as ctx:
            return list_tasks(ctx, assignee=who, instance_id=self.id)[1][0].id

    def as_(self, who):
        return person(self.centre, who)

    @property
    def boss(self):
        return person(self.centre, "boss", permissions={"instances.operate", "tasks.assign"})

    def decide(self, who, outcome="approved"):
        runtime.complete_task(self.as_(who), task_id=self.of(who), outcome=outcome, opinion="so")

    def question(self):
        return runtime.consult(
            self.as_("ann"), task_id=self.of("ann"), person_key="dan", question="what is it?"
        )


@pytest.fixture
def world(centre):
    with system(centre).write() as ctx:
        for key in ("dan", "fay", "zoe", "boss"):
            create_person(ctx, key=key, name=key.title())
        put_unit(ctx, key="top", name="Top")
        join_unit(ctx, unit_key="top", person_key="ann")
        set_head(ctx, key="top", head_key="fay")

    def make(limits=""):
        return World(centre, limits)

    return make


def told(centre, event):
    with system(centre).read() as ctx:
        found = select(Notification.person_key).where(Notification.event == event).order_by(Notification.id)
        return list(ctx.connection.execute(found).scalars())


def finish(world):
    for who in ("ann", "bob"):
        world.decide(who)
    runtime.complete_task(world.as_("cy"), task_id=world.of("cy"))


def ring(world):
    for _hour in range(41):
        world.centre.clock.advance(timedelta(hours=1))
        work_off(world.centre)


# What is done, and who hears of it where nobody set or drew anything.
DONE = {
    "created": (lambda w: None, ["ann", "bob"]),
    "completed": (lambda w: [w.decide("ann"), w.decide("bob")], []),
    "approved": (lambda w: [w.decide("ann"), w.decide("bob")], []),
    "rejected": (lambda w: w.decide("ann", "rejected"), ["eve"]),
    "returned": (
        lambda w: runtime.return_task(w.as_("ann"), task_id=w.of("ann"), to="apply", opinion="no"),
        ["eve"],
    ),
    "withdrawn": (
        lambda w: runtime.withdraw_request(w.as_("eve"), instance_id=w.id, reason="wrong"),
        ["ann", "bob"],
    ),
    "transferred": (
        lambda w: runtime.transfer_task(w.as_("ann"), task_id=w.of("ann"), to="dan", opinion="you"),
        ["dan"],
    ),
    "delegated": (lambda w: runtime.delegate_task(w.as_("ann"), task_id=w.of("ann"), to="dan"), ["dan"]),
    "given_back": (
        lambda w: [
            runtime.delegate_task(w.as_("ann"), task_id=w.of("ann"), to="dan"),
            runtime.give_back_task(w.as_("dan"), task_id=w.of("dan"), opinion="fine"),
        ],
        ["ann"],
    ),
    "consulted": (lambda w: w.question(), ["dan"]),
    "answered": (
        lambda w: runtime.answer_question(w.as_("dan"), question_id=w.question(), text="this"),
        ["ann"],
    ),
    "added": (
        lambda w: runtime.add_signer(w.as_("ann"), task_id=w.of("ann"), person_key="dan", where="beside"),
        ["dan"],
    ),
    "removed": (lambda w: runtime.remove_signer(w.boss, task_id=w.of("ann"), signer_id=w.of("bob")), ["bob"]),
    "taken_back": (
        lambda w: [t := w.of("ann"), w.decide("ann"), runtime.take_back_decision(w.as_("ann"), task_id=t)],
        ["bob"],
    ),
    "urged": (lambda w: runtime.urge(w.as_("eve"), instance_id=w.id), ["ann", "bob"]),
    "circulated": (
        lambda w: runtime.circulate(w.as_("eve"), instance_id=w.id, to=["dan"], text="read"),
        ["dan"],
    ),
    "mentioned": (lambda w: runtime.add_comment(w.as_("eve"), instance_id=w.id, text="@dan see"), ["dan"]),
    "unassigned": (ring, ["fay"]),
    "cancelled": (
        lambda w: runtime.cancel_instance(w.boss, instance_id=w.id, reason="over"),
        ["ann", "bob", "eve"],
    ),
    "reopened": (
        lambda w: [finish(w), runtime.reopen_request(w.boss, instance_id=w.id, to="file", reason="more")],
        ["cy", "eve"],
    ),
    "ended": (finish, ["eve"]),
    "limit_remind": (ring, ["ann", "bob"]),
    "limit_transfer": (ring, ["dan"]),
    "limit_escalate": (ring, ["fay"]),
    "deadline_warning": (ring, ["eve"]),
    "deadline_overdue": (ring, ["eve"]),
}
# The steps at which it happens; the others happen to the request as a whole.
AT = {"returned": "apply", "reopened": "file"} | dict.fromkeys(
    (
        "created", "completed", "approved", "rejected", "transferred", "delegated", "given_back", "consulted",
        "answered", "added", "removed", "taken_back", "limit_remind", "limit_transfer", "limit_escalate",
        "unassigned",
    ),
    "check",
)  # fmt: skip
# What the product says nothing of by itself needs words.
WORDS = {"en": {"title": "Look", "text": "{{ title }} at {{ step }}: look. {{ link }}"}}
ZOE = {"to": "person:zoe", "words": WORDS}


def test_every_event_that_can_be_drawn_or_set_happens_here():
    assert set(EVENTS) - {"reached"} <= set(DONE)


@pytest.mark.parametrize("event", DONE)
def test_whatever_is_done_those_hear_of_it_whom_the_product_names(world, centre, event):
    act, expected = DONE[event]
    made = world(ALL_LIMITS.get(event, "")).begin()
    act(made)
    work_off(centre)
    assert sorted(set(told(centre, event))) == expected


@pytest.mark.parametrize("event", DONE)
def test_an_administrator_changes_who_hears_of_it_for_a_step_or_for_the_process(world, centre, event):
    act, _expected = DONE[event]
    made = world(ALL_LIMITS.get(event, ""))
    put_rule(system(centre), process_key="p", event=event, notices=[ZOE])
    act(made.begin())
    work_off(centre)
    assert told(centre, event)
    assert set(told(centre, event)) == {"zoe"}
    if event not in AT:
        with pytest.raises(InvalidSubmission):
            put_rule(system(centre), process_key="p", element_id="check", event=event, notices=[ZOE])
        return
    silent = [{"to": "nobody"}]
    put_rule(system(centre), process_key="p", element_id=AT[event], event=event, notices=silent)
    before = len(told(centre, event))
    centre.clock.advance(timedelta(days=1))
    act(made.begin())
    work_off(centre)
    with system(centre).read() as ctx:
        here = select(Notification.id).where(Notification.event == event, Notification.instance_id == made.id)
        elements = here.where(Notification.element_id == AT[event])
        assert ctx.connection.execute(elements).all() == []
    assert len(told(centre, event)) - before in (0, 1, 2), "other steps still follow the process's rule"


def test_the_step_goes_before_the_process_and_the_drawing_holds_again_once_it_is_put_back(world, centre):
    made = world()
    rules = {"process_key": "p", "event": "transferred"}
    put_rule(system(centre), **rules, notices=[{"to": "initiator"}, {"to": "concerned"}])
    put_rule(system(centre), **rules, element_id="check", notices=[ZOE, {"to": "concerned"}])
    made.begin()
    DONE["transferred"][0](made)
    assert told(centre, "transferred") == ["zoe", "dan"]
    drop_rule(system(centre), **rules, element_id="check")
    made.begin()
    DONE["transferred"][0](made)
    assert told(centre, "transferred") == ["zoe", "dan", "eve", "dan"]
    drop_rule(system(centre), **rules)
    made.begin()
    DONE["transferred"][0](made)
    assert told(centre, "transferred") == ["zoe", "dan", "eve", "dan", "dan"]
    with pytest.raises(NotFound):
        drop_rule(system(centre), **rules)


def test_written_words_are_said_in_the_readers_language_through_the_channel_that_is_set(
    world, centre, gateway
):
    with system(centre).write() as ctx:
        for key, locale in (("yi", "zh_Hans"), ("wing", "zh_Hant"), ("joe", "en")):
            create_person(ctx, key=key, name=key, locale=locale, email=f"{key}@example.org")
    words = {
        "en": {"title": "Hurry, {{ recipient.name }}", "text": "{{ by }} says {{ text }} of {{ title }}"},
        "zh_Hant": {"title": "請快些", "text": "{{ title }} 等你"},
    }
    made = world().begin()
    heard = [{"to": f"person:{key}", "channel": "email", "words": words} for key in ("yi", "wing", "joe")]
    put_rule(person(centre, "fay"), process_key="p", event="urged", notices=heard)
    runtime.urge(made.as_("eve"), instance_id=made.id, text="today")
    work_off(centre)
    mails = [one for one in gateway.taken if one.channel == "email"]
    assert [(one.address, one.subject, one.body) for one in mails] == [
        # Nothing is written in the other Chinese: better this one than English.
        ("yi@example.org", "請快些", "Request 等你"),
        ("wing@example.org", "請快些", "Request 等你"),
        ("joe@example.org", "Hurry, joe", "Eve says today of Request"),
    ]
    (rule,) = list_rules(system(centre), "p")
    assert (rule.changed_by, rule.element_id, rule.event) == ("fay", None, "urged")
    with system(centre).read() as ctx:
        kept = select(AuditEntry.actor, AuditEntry.object_id).where(AuditEntry.action == "notices.set")
        assert ctx.connection.execute(kept).all() == [("fay", "p")]


def test_a_copy_that_the_drawing_sends_is_sent_whatever_is_set(world, centre):
    drawn = sketch(
        """
        start begin
        user check assignee='"ann"'
        end over
        begin -> check -> over
        """
    ).replace(
        b"<extensionElements>",
        b'<extensionElements><callwright:circulate event="completed" to="person:dan"/>',
        1,
    )
    world()
    deploy(system(centre), files={"p.bpmn": drawn})
    put_rule(system(centre), process_key="p", event="completed", notices=[{"to": "nobody"}])
    begun = runtime.start_process(person(centre, "eve"), process_key="p")
    with system(centre).read() as ctx:
        task = list_tasks(ctx, instance_id=begun.id)[1][0]
    runtime.complete_task(person(centre, "ann"), task_id=task.id)
    assert told(centre, "completed") == ["dan"]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"event": "reached"}, "event"),
        ({"event": "nonsense"}, "event"),
        ({"element_id": "nowhere"}, "element_id"),
        ({"notices": []}, "notices"),
        ({"notices": [{"to": ""}]}, "notices.0.to"),
        ({"notices": [{"to": "concerned"}, {"to": "somebody"}]}, "notices.1.to"),
        ({"notices": [{"to": "group:nowhere"}]}, "notices.0.to"),
        ({"notices": [{"to": "friend:ann"}]}, "notices.0.to"),
        ({"event": "urged", "notices": [{"to": "assignee"}]}, "notices.0.to"),
        ({"notices": [{"to": "initiator", "channel": "pigeon"}]}, "notices.0.channel"),
        ({"notices": [{"to": "initiator", "message": "none"}]}, "notices.0.message"),
        ({"notices": [{"to": "initiator", "message": "none", "words": WORDS}]}, "notices.0.message"),
        ({"event": "completed", "notices": [{"to": "initiator"}]}, "notices.0.message"),
        (
            {"notices": [{"to": "initiator", "words": {"de": {"title": "a", "text": "b"}}}]},
            "notices.0.words.de",
        ),
        (
            {"notices": [{"to": "initiator", "words": {"en": {"title": "a", "text": ""}}}]},
            "notices.0.words.en.text",
        ),
        (
            {"notices": [{"to": "initiator", "words": {"en": {"title": "a", "text": "b {{ c"}}}]},
            "notices.0.words.en.text",
        ),
        ({"notices": [{"to": "initiator", "words": {}}]}, "notices.0.words"),
        ({"notices": [{"to": "initiator", "next_s": 600}]}, "notices.0.next_s"),
        ({"notices": [{"to": "candidates", "next_s": 5}]}, "notices.0.next_s"),
    ],
)
def test_what_cannot_be_is_refused_and_the_field_is_named(world, centre, said, path):
    world()
    rule = {"process_key": "p", "event": "created", "notices": [{"to": "concerned"}], **said}
    with pytest.raises(InvalidSubmission) as refused:
        put_rule(system(centre), **rule)
    assert path in [problem.path for problem in refused.value.problems]
    assert list_rules(system(centre), "p") == []


def test_a_rule_of_candidates_tells_them_one_after_the_other(centre, gateway):
    drawn = """
        start begin
        user do groups='"heads"'
        end over
        begin -> do -> over
    """
    deploy(system(centre), files={"p.bpmn": sketch(drawn)})
    each = {"to": "candidates", "channel": "sms", "words": WORDS, "next_s": 600}
    put_rule(system(centre), process_key="p", element_id="do", event="created", notices=[each])
    runtime.start_process(person(centre, "eve"), process_key="p")
    work_off(centre)
    assert told(centre, "created") == ["ann"]
    centre.clock.advance(timedelta(minutes=10))
    work_off(centre)
    assert told(centre, "created") == ["ann", "bob"]
    assert [one.body.split(":")[1].split(".")[0] for one in gateway.taken] == [" look", " look"]


def test_a_change_of_another_process_of_the_product_counts_after_a_few_seconds(world, centre, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(notices.time, "monotonic", lambda: now[0])
    world()
    with system(centre).read() as ctx:
        assert chosen_notices(ctx, "p", "check", "created") is None
    known = dict(notices._kept)
    put_rule(system(centre), process_key="p", event="created", notices=[{"to": "initiator"}])
    # What another process of the operating system still knows.
    notices._kept.update(known)
    with system(centre).read() as ctx:
        assert chosen_notices(ctx, "p", "check", "created") is None
        now[0] += notices.KEPT_S
        (set_,) = chosen_notices(ctx, "p", "check", "created")
        assert set_.to == "initiator"


def test_a_step_asks_no_more_of_the_database_because_rules_are_there(world, centre):
    made = world()

    def counted():
        asked = []
        engine = centre.database.engine

        def executed(_connection, _cursor, statement, *_rest):
            asked.append(statement)

        sqlalchemy_event.listen(engine, "before_cursor_execute", executed)
        try:
            made.begin()
            starting = len(asked)
            made.decide("ann")
            return starting, len(asked)
        finally:
            sqlalchemy_event.remove(engine, "before_cursor_execute", executed)

    counted()
    before = counted()
    put_rule(system(centre), process_key="p", event="urged", notices=[{"to": "initiator"}])
    with system(centre).read() as ctx:
        chosen_notices(ctx, "p", None, "urged")
    assert counted() == before


@pytest.mark.parametrize(
    ("to", "who"),
    [
        ("approvers", "ann"),
        ("handlers", "bob"),
        ("readers", "dan"),
        ("followers", "fay"),
        ("group:staff", "cy"),
        ("person:zoe", "zoe"),
    ],
)
def test_a_rule_reaches_whom_its_word_means(world, centre, to, who):
    made = world().begin()
    made.decide("ann")
    runtime.circulate(made.as_("eve"), instance_id=made.id, to=["dan"])
    runtime.follow(made.as_("fay"), instance_id=made.id)
    put_rule(system(centre), process_key="p", event="urged", notices=[{"to": to}])
    runtime.urge(made.boss, instance_id=made.id)
    heard = set(told(centre, "urged"))
    assert who in heard
    assert heard <= {who, "eve", "bob"} if to == "group:staff" else heard <= {who, "eve"}


def test_of_whom_a_rule_names_and_who_is_gone_the_log_tells_and_the_others_hear(world, centre, caplog):
    put_unit(system(centre), key="desk", name="Desk")
    made = world().begin()
    heard = [{"to": "unit:desk"}, {"to": "person:dan"}]
    put_rule(system(centre), process_key="p", event="urged", notices=heard)
    close_unit(system(centre), key="desk")
    runtime.urge(made.boss, instance_id=made.id)
    assert told(centre, "urged") == ["dan"]
    assert "desk" in caplog.text


def test_a_notice_that_cannot_be_said_holds_nothing_up(world, centre, gateway):
    for _time in range(3):
        gateway.fail(AddressRefused("dead number"))
    made = world()
    gaps = {"en": {"title": "{{ nobody.knows }}", "text": "{{ 1 / 0 }} of {{ gone.away(3) }}"}}
    heard = [{"to": "person:bob", "channel": "sms", "words": gaps}, {"to": "concerned"}]
    put_rule(system(centre), process_key="p", event="transferred", notices=heard)
    made.begin()
    DONE["transferred"][0](made)
    work_off(centre)
    assert set(told(centre, "transferred")) == {"bob", "dan"}
    finish_as = (("dan", "approved"), ("bob", "approved"))
    for who, outcome in finish_as:
        made.decide(who, outcome)
    with system(centre).read() as ctx:
        assert runtime.get_instance(ctx, made.id)["state"] == "active"
        failed = select(Job.kind).where(Job.state == "failed")
        assert ctx.connection.execute(failed).all() == []


# What people do, and of what others hear by it; nobody hears of the rest, which says why.
OF_VERBS = {
    "start_process": "created",
    "begin": "created",
    "start_by_message": "created",
    "complete_task": "completed",
    "decide_tasks": "completed",
    "return_task": "returned",
    "withdraw_request": "withdrawn",
    "transfer_task": "transferred",
    "hand_over_work": "transferred",
    "delegate_task": "delegated",
    "give_back_task": "given_back",
    "consult": "consulted",
    "answer_question": "answered",
    "add_signer": "added",
    "remove_signer": "removed",
    "take_back_decision": "taken_back",
    "urge": "urged",
    "remind": "urged",
    "circulate": "circulated",
    "add_comment": "mentioned",
    "cancel_request": "cancelled",
    "cancel_instance": "cancelled",
    "reopen_request": "reopened",
    # A step that opens by it says so itself.
    "choose_activity": "created",
    "move_token": "created",
    "skip_element": "created",
    "skip_incident": "created",
    "retry_incident": "created",
    "correlate_message": "created",
    "publish_message": "created",
    "deliver_inbound": "created",
    "broadcast_signal": "created",
    "correct_variables": "created",
}
OF_NOBODY = {
    "claim_task": "the others see that it is taken",
    "unclaim_task": "the others see it again",
    "acknowledge_task": "whoever looks sees it",
    "follow": "it is one's own doing",
    "appoint_people": "they hear of it when the step opens",
    "suspend_instance": "what waits still waits",
    "resume_instance": "what waits still waits",
    "suspend_version": "nothing of anybody's changes",
    "resume_version": "nothing of anybody's changes",
    "put_copy": "nothing runs in it yet",
    "migrate_instance": "what waits still waits",
    "migrate_instances": "what waits still waits",
    "revert_instance": "what waits still waits",
    "revert_migration": "what waits still waits",
    "resolve_incident": "an operator's",
    "retry_incidents_of_cause": "an operator's",
    "retry_job": "an operator's",
    "discard_inbound": "an operator's",
}


def test_of_every_verb_it_is_known_whom_it_tells():
    verbs = {name for name in runtime.__all__ if hasattr(getattr(runtime, name), "__wrapped__")}
    assert verbs == (set(OF_VERBS) | set(OF_NOBODY)) & verbs
    assert set(OF_VERBS.values()) <= set(DONE)


@pytest.mark.parametrize(
    ("prepare", "event", "who"),
    [
        (lambda w: None, "transferred", "zoe"),
        (lambda w: DONE["delegated"][0](w), "transferred", "zoe"),
    ],
)
def test_who_gets_the_work_of_somebody_who_leaves_hears_of_it(world, centre, prepare, event, who):
    made = world().begin()
    prepare(made)
    runtime.hand_over_work(made.boss, person_key="ann", to="zoe", reason="ann leaves")
    work_off(centre)
    assert told(centre, event) == [who]


def test_who_lent_a_task_to_somebody_who_leaves_has_it_again_and_hears_of_it(world, centre):
    made = world().begin()
    DONE["delegated"][0](made)
    runtime.hand_over_work(made.boss, person_key="dan", to="zoe", reason="dan leaves")
    work_off(centre)
    assert told(centre, "given_back") == ["ann"]


def test_where_nobody_would_decide_the_supervisors_hear_of_it_whoever_else_is_missing(world, centre):
    world()
    drawn = sketch("start begin\nuser check approval='' asks='person:null'\nbegin -> check")
    manifest = MANIFEST.replace('["person:fay"]', '["group:ghosts", "person:fay"]')
    deploy(system(centre), files={"p.bpmn": drawn, "process.toml": manifest.encode()})
    runtime.start_process(person(centre, "eve"), process_key="p")
    assert told(centre, "unassigned") == ["fay"]


def test_who_cancels_a_request_tells_everybody_who_was_asked(world, centre):
    made = world().begin()
    runtime.cancel_request(made.as_("eve"), instance_id=made.id, reason="over")
    assert sorted(told(centre, "cancelled")) == ["ann", "bob"]

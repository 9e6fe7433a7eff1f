"""Every point of the contract of a plug-in is used by the dummy, and works."""

import threading
from contextlib import closing
from dataclasses import fields, replace
from datetime import timedelta
from importlib import import_module

import pytest
from sqlalchemy import inspect, select

from admin.check import check
from admin.check.plugins import ROOMS, SHELVES
from admin.cli.init import OFFICE_HOURS
from admin.cli.tables import owners
from engine import runtime
from engine.context import Actor, Context
from engine.db import Database, Mode, metadata
from engine.db.migrations import migrate
from engine.definition import deploy
from engine.errors import CallwrightError, ConfigurationError, DefinitionError, InvalidSubmission
from engine.history.models import AuditEntry
from engine.i18n import say, translate
from engine.jobs import enqueue, list_incidents
from engine.notify import list_inbound, list_notifications, notify, outside_recipient, read_template
from engine.parameters import list_parameters, parameter, set_parameter
from engine.plugin import Manifest
from engine.testing import drawing, end, start, system, task, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks
from engine.worker import sweep
from engine.worktime import save_calendar
from forms import submit_form
from forms.opening import open_task
from forms.render import render
from hatch_build import stale_catalogues
from seed.load import load
from seed.world import read_world

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ctx(centre):
    return system(centre)


@pytest.fixture
def dummy(centre):
    """Return a room of the plug-in as the loader found it."""
    return lambda room: import_module(f"plugins_dummy.dummy.{room}")


@pytest.fixture
def manifest(centre):
    return centre.registry.plugins["dummy"].manifest


def run(ctx, service, **given):
    """Run a process of one service task, with an error event for what it models."""
    settings = f'<callwright:service name="{service}" result="said"/>'
    settings += "".join(f'<callwright:input name="{name}" source="{name}"/>' for name in given)
    body = "\n".join(
        [
            start(),
            task("serve", "serviceTask", inside=settings),
            '<bpmn:boundaryEvent id="refused" attachedToRef="serve"><bpmn:errorEventDefinition id="e" '
            'errorRef="nobody"/></bpmn:boundaryEvent>',
            end(),
            end("out"),
            "begin -> serve",
            "serve -> over",
            "refused -> out",
        ]
    )
    key = service.replace(".", "_")
    roots = '<bpmn:error id="nobody" errorCode="nobody"/>'
    deploy(ctx, files={f"{key}.bpmn": drawing(body, key=key, roots=roots)})
    return runtime.start_process(ctx, process_key=key, variables=given).id


def ended(ctx, instance_id):
    with ctx.read():
        visits = runtime.history_of(ctx, instance_id)
        return runtime.get_instance(ctx, instance_id)["state"], visits[-1]["element_id"]


def variables(ctx, instance_id):
    with ctx.read():
        return runtime.variables_of(ctx, instance_id)


def greetings(ctx, dummy, name):
    with ctx.read():
        return [greeting.text for greeting in dummy("services").list_greetings(ctx, name=name)]


# -- what it is ------------------------------------------------------------------------------------------


def test_the_dummy_has_every_room_and_every_key_of_the_contract(centre, manifest):
    there = {path.stem if path.suffix == ".py" else path.name for path in manifest.path.iterdir()}
    assert set(ROOMS) | set(SHELVES) <= there
    neighbour = centre.registry.plugins["neighbour"].manifest
    for key in fields(Manifest):
        assert getattr(manifest, key.name) or getattr(neighbour, key.name), key.name


def test_the_dummies_are_clean_for_the_checker(root, centre):
    assert [str(problem) for problem in check(root)] == []
    assert stale_catalogues(root) == []


def test_a_plugin_is_loaded_after_those_it_stands_on(centre):
    assert list(centre.registry.plugins) == ["dummy", "neighbour"]


def test_nothing_is_registered_once_the_product_runs(centre, dummy):
    with pytest.raises(ConfigurationError, match="too late"):
        centre.registry.add_gateway(dummy("channel").DummyGateway())


def test_a_listener_hears_of_a_process_within_its_transaction(ctx):
    begun = run(ctx, "dummy.greet", name="Nuan")
    with ctx.read():
        heard = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "dummy.heard")).all()
    assert [(one.object_id, one.detail) for one in heard] == [(begun, {"process": "dummy_greet"})]


def test_its_tables_come_by_its_own_branch_of_migrations(centre, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'callwright.db'}")
    assert "dummy_0001" in migrate(database, owners(centre))
    with closing(database.begin(Mode.READ).connection) as connection:
        look = inspect(connection)
        columns = {column["name"] for column in look.get_columns("dummy_greeting")}
        assert columns == set(metadata.tables["dummy_greeting"].columns.keys())
        assert [index["name"] for index in look.get_indexes("dummy_greeting")] == ["ix_dummy_greeting_name"]
    database.dispose()


# -- what drawings call ----------------------------------------------------------------------------------


def test_an_inline_service_task_is_part_of_its_step(ctx, dummy):
    instance_id = run(ctx, "dummy.greet", name="Mei")
    assert ended(ctx, instance_id) == ("completed", "over")
    assert variables(ctx, instance_id)["said"]["text"] == "Hello Mei!"
    assert greetings(ctx, dummy, "Mei") == ["Hello Mei!"]


def test_what_an_inline_service_task_wrote_goes_with_its_step(ctx, dummy):
    def both():
        with ctx.write():
            dummy("services").greet(ctx, name="Gone")
            dummy("services").greet(ctx, name=" ")

    with pytest.raises(dummy("services").Speechless):
        both()
    assert greetings(ctx, dummy, "Gone") == []


def test_a_service_task_that_is_a_job_runs_after_the_commit_and_is_tried_again(ctx, centre, clock):
    instance_id = run(ctx, "dummy.post", name="Late Siu Ming", text="Hello")
    assert ended(ctx, instance_id)[0] == "active"
    work_off(centre)
    assert ended(ctx, instance_id)[0] == "active"
    clock.advance(timedelta(seconds=5))
    work_off(centre)
    assert ended(ctx, instance_id) == ("completed", "over")
    assert variables(ctx, instance_id)["said"] == {"result": True}


def test_a_modelled_error_leaves_by_its_error_event(ctx, centre):
    instance_id = run(ctx, "dummy.post", name="Nobody", text="Hello")
    work_off(centre)
    assert ended(ctx, instance_id) == ("completed", "out")


def test_another_plugin_comes_by_the_public_door(ctx, dummy):
    first, second = (run(ctx, "neighbour.greet_back", name=name) for name in ("Keung", "Keung"))
    assert [variables(ctx, one)["said"]["result"] for one in (first, second)] == [False, True]
    assert greetings(ctx, dummy, "Keung") == ["Good day, Keung."] * 2


def test_a_service_task_shows_its_fields_to_the_designer(centre):
    offer = centre.registry.service_tasks["dummy.greet"]
    assert [(field.name, field.type, field.label, field.required) for field in offer.inputs] == [
        ("name", "string", "Name", True),
        ("tone", "string", "Tone", False),
    ]
    assert offer.inputs[1].choices == ("warm", "formal")
    assert [field.name for field in offer.outputs] == ["greeting_id", "text"]
    assert offer.help == "Greet somebody and remember it."


# -- lookups ---------------------------------------------------------------------------------------------


def ask_at(ctx, of, name="dummy.doormen"):
    """Deploy an approval that asks whoever the plug-in finds."""
    drawn = f"""
        start begin
        user check approval="inTurn=true" asks='lookup({name}):{of}'
        end over
        begin -> check -> over
    """
    deploy(ctx, files={"door.bpmn": sketch(drawn, key="door")})


def asked_at(ctx):
    """Return whom a preview shows and who is asked then, first of all."""
    with ctx.read():
        shown = [step.people for step in runtime.preview_start(ctx, process_key="door", variables={}).steps]
    begun = runtime.start_process(ctx, process_key="door")
    with ctx.read():
        return shown, [task.assignee for task in list_tasks(ctx, instance_id=begun.id)[1]]


@pytest.mark.parametrize("of", ['"front"', '{door: "front"}'])
def test_an_approval_asks_whomever_the_plugin_finds_in_its_order(ctx, app, of):
    ask_at(ctx, of)
    assert asked_at(ctx) == ([("kit", "mei")], ["kit"])


@pytest.mark.parametrize(
    ("of", "code", "said"),
    [
        ('"barred"', "nobody_to_ask", ""),
        ("null", "nobody_to_ask", ""),
        ('"haunted"', "lookup_failed", "dummy.doormen names ghost, who is nobody here."),
    ],
)
def test_where_the_plugin_finds_nobody_or_a_stranger_it_is_an_incident(ctx, app, of, code, said):
    ask_at(ctx, of)
    assert asked_at(ctx) == ([], [])
    with ctx.read():
        incident = list_incidents(ctx)[1][0]
    assert incident["code"] == code
    assert said in translate("en", incident["message"], **incident["params"])


def test_a_drawing_that_names_a_lookup_of_no_plugin_is_refused(ctx):
    with pytest.raises(DefinitionError, match=r"no lookup dummy\.ghosts\. Installed are: dummy\.doormen"):
        ask_at(ctx, '"front"', name="dummy.ghosts")


# -- jobs ------------------------------------------------------------------------------------------------


def test_the_clockwork_runs_by_itself_once_an_hour(ctx, centre, clock):
    counted = select(AuditEntry).where(AuditEntry.action == "dummy.count")

    def times():
        sweep(ctx)
        work_off(centre)
        with ctx.read():
            return len(ctx.connection.execute(counted).all())

    before = times()
    assert times() == before
    clock.advance(timedelta(hours=2))
    assert times() == before + 1


def test_a_job_that_is_asked_for_runs_after_the_commit(ctx, centre, clock, dummy):
    run(ctx, "dummy.greet", name="Old")
    with ctx.write():
        enqueue(ctx, kind="dummy.forget", lane="batch")
    work_off(centre)
    assert greetings(ctx, dummy, "Old") == ["Hello Old!"]
    clock.advance(timedelta(days=31))
    with ctx.write():
        enqueue(ctx, kind="dummy.forget", lane="batch")
    work_off(centre)
    assert greetings(ctx, dummy, "Old") == []


# -- messages --------------------------------------------------------------------------------------------


def tell(ctx, manifest, phone):
    template = read_template("greeting", (manifest.path / "messages" / "greeting.toml").read_bytes())
    with ctx.write():
        to = outside_recipient(ctx, {"name": "Mei", "phone": phone, "locale": "zh_Hant"})
        return notify(ctx, event="greeted", to=to, channel="sms", message=template, scope={"words": "Hello."})


def notification(ctx, notification_id):
    with ctx.read():
        return next(row for row in list_notifications(ctx, page_size=100)[1] if row["id"] == notification_id)


def test_its_gateway_carries_its_message_and_its_webhook_hears_of_the_end(ctx, centre, manifest, app):
    notification_id = tell(ctx, manifest, "+85251230001")
    work_off(centre)
    sent = notification(ctx, notification_id)
    carried = centre.registry.gateways["dummy"].carried[-1]
    assert (sent["state"], sent["gateway"], carried.address) == ("sent", "dummy", "+85251230001")
    assert carried.body == "Hello.來自 Callwright。"
    address = carried.callback_url.removeprefix("http://localhost:8080")
    told = app.test_client().post(
        address, json={"id": sent["provider_id"]}, headers={"X-Dummy-Signature": "dummy"}
    )
    assert told.status_code == 204
    assert notification(ctx, notification_id)["state"] == "delivered"


def test_a_number_that_its_gateway_refuses_is_no_incident(ctx, centre, manifest):
    notification_id = tell(ctx, manifest, "+85251230013")
    work_off(centre)
    assert notification(ctx, notification_id)["state"] == "failed"


def test_its_webhook_takes_a_message_once_and_only_when_signed(app, ctx):
    said = {"id": "1", "from": "+85251230001", "text": "Hello back"}
    post = app.test_client().post
    assert post("/webhooks/dummy/sms", json=said).status_code == 403
    for _time in range(2):
        signed = post("/webhooks/dummy/sms", json=said, headers={"X-Dummy-Signature": "dummy"})
        assert signed.status_code == 204
    with ctx.read():
        assert [row["body"] for row in list_inbound(ctx)[1]] == ["Hello back"]


# -- what it lends to processes --------------------------------------------------------------------------


def greeter(form, message):
    settings = f'<callwright:task form="{form}" assignee="&quot;mei&quot;"/>'
    settings += f'<callwright:notify to="candidates" channel="in_app" message="{message}"/>'
    body = [start(), task("ask", inside=settings), end(), "begin -> ask", "ask -> over"]
    return {"lent.bpmn": drawing("\n".join(body), key="lent")}


def test_a_process_uses_its_form_and_its_message_in_the_persons_language(ctx, centre, app):
    deploy(ctx, files=greeter("dummy.greet", "dummy.greeting"))
    runtime.start_process(ctx, process_key="lent", variables={"words": "Hello."})
    mei = Context(centre=centre, actor=Actor(key="mei", kind="person"), locale="zh_Hant")
    with mei.read():
        (waiting,) = list_tasks(mei, assignee="mei")[1]
        opened = open_task(mei, waiting)
        assert [one["label"] for one in render(opened.form, opened.filling).schema["components"]] == [
            "問候誰"
        ]
        (said,) = (row for row in list_notifications(mei, page_size=100)[1] if row["task_id"] == waiting.id)
        assert (said["subject"], said["body"]) == ("問候", "Hello.來自 Callwright。")
    submit_form(mei, task_id=waiting.id, data={"name": "Siu Ming"})
    assert variables(ctx, waiting.instance_id)["name"] == "Siu Ming"


def test_the_folders_own_form_of_that_name_wins(ctx, manifest):
    own = (manifest.path / "forms" / "greet.form").read_bytes().replace(b"Whom to greet", b"Whom")
    files = {**greeter("dummy.greet", "dummy.greeting"), "forms/dummy.greet.form": own}
    (definition,) = deploy(ctx, files=files).definitions
    assert b"Whom to greet" not in definition.package.form("dummy.greet")


def test_what_it_does_not_lend_is_refused_with_what_it_has(ctx):
    with pytest.raises(DefinitionError) as refused:
        deploy(ctx, files=greeter("dummy.meet", "dummy.meeting"))
    assert [say("en", problem) for problem in refused.value.problems] == [
        "The plug-in dummy lends no form dummy.meet. It has: dummy.greet.",
        "The plug-in dummy lends no message dummy.meeting. It has: dummy.greeting.",
    ]


# -- pages -----------------------------------------------------------------------------------------------


@pytest.fixture
def enter(app):
    def sign_in(key):
        browser = app.test_client()
        token = browser.get("/login/").text.split('name="csrf-token" content="', 1)[1].split('"', 1)[0]
        answer = browser.post("/login/", data={"username": key, "password": PASSWORD, "csrf_token": token})
        assert answer.status_code == 303, answer.text
        return browser

    return sign_in


def test_its_page_is_in_the_menu_of_those_who_may_see_it_in_their_language(ctx, enter):
    run(ctx, "dummy.greet", name="Page")
    page = enter("mei").get("/greetings/")
    assert page.status_code == 200
    assert "Hello Page!" in page.text
    assert "問候" in page.text
    assert "/greetings/" in page.text


def test_its_permission_guards_page_and_calls(enter):
    stranger = enter("kit")
    assert stranger.get("/greetings/").status_code == 403
    assert stranger.get("/api/v1/greetings").status_code == 403
    assert "/greetings/" not in stranger.get("/account").text


def test_a_role_of_its_own_grants_its_permission(enter, ctx):
    run(ctx, "dummy.greet", name="Api")
    answer = enter("greeter").get("/api/v1/greetings?name=Api")
    assert answer.status_code == 200
    assert [(row["name"], row["text"]) for row in answer.json["result"]] == [("Api", "Hello Api!")]


def test_its_calls_are_described(app):
    described = app.test_client().get("/api/v1/_openapi")
    assert described.status_code in (200, 401)
    assert any(rule.rule == "/api/v1/greetings" for rule in app.url_map.iter_rules())


# -- the rest --------------------------------------------------------------------------------------------


def test_its_texts_and_errors_are_said_in_the_persons_language(centre, dummy):
    assert translate("zh_Hans", "Greet somebody") == "问候某人"
    assert say("zh_Hant", dummy("services").Speechless()) == "沒有可問候的人。"
    assert say("zh_Hans", CallwrightError("There is no tone %(tone)s.", tone="loud")) == "没有语气 loud。"


def test_its_settings_are_parameters(ctx, dummy):
    assert {"dummy.keep", "dummy.tone"} <= {state.spec.key for state in list_parameters(ctx)}
    set_parameter(ctx, key="dummy.tone", value="formal")
    with ctx.write():
        assert dummy("services").greet(ctx, name="Formal").text == "Good day, Formal."
    set_parameter(ctx, key="dummy.tone", value="warm")


def test_it_checks_a_setting_itself_before_it_is_kept(ctx, dummy):
    set_parameter(ctx, key="dummy.keep", value="P31D")
    with pytest.raises(InvalidSubmission, match="less than no time"):
        set_parameter(ctx, key="dummy.keep", value="-P1D")
    assert parameter(ctx, "dummy.keep") == "P31D"
    set_parameter(ctx, key="dummy.keep", value="P30D")


def test_its_demo_fills_a_world(centre, dummy, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'world.db'}")
    migrate(database, owners(centre))
    new = replace(centre, database=database)
    calendar = {"key": "default", "name": "Office hours", "zone": "Asia/Hong_Kong"}
    save_calendar(system(new), **calendar, bands=OFFICE_HOURS, region="HK")
    world = read_world("city_hotline")
    world = replace(
        world,
        people=[replace(person, roles=()) for person in world.people],
        history=replace(world.history, finished_count=0, unfinished=()),
    )
    load(new, world, password=PASSWORD)
    assert greetings(system(new), dummy, "Siu Ming") == ["Hello Siu Ming!"]
    database.dispose()


def test_its_process_runs_until_it_is_told_to_stop(ctx, centre, dummy, manifest):
    (entry,) = manifest.processes
    stopping = threading.Event()
    running = threading.Thread(target=import_module(entry.module).run, args=(centre, stopping))
    running.start()
    stopping.set()
    running.join(10)
    assert not running.is_alive()
    assert greetings(ctx, dummy, "Doorstep") == ["Hello Doorstep!"]

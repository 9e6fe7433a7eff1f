"""The log says what happened to what, and nothing of what people wrote."""

import io
import json
import logging

import pytest

from admin.cli.logs import JsonLines, Plain, install_logs
from engine.definition import deploy
from engine.errors import ConfigurationError, TechnicalFailure
from engine.notify import MessageTemplate, MessageText, Recipient, notify
from engine.runtime import start_process
from engine.testing import RecordingGateway, make_centre, system, work_off
from engine.testing.sketch import sketch

NUMBER, MAIL, NAME = "+85251230001", "mei.chan@example.org", "陳美"
MARKS = {"job_id": "j1", "attempt": 2, "person": NAME}
HELLO = MessageTemplate(key="hello", title="Hello", texts={"sms": MessageText(text=f"Hello {NAME}")})
DRAWN = f"""
    start begin
    script note run="log('{NAME} {NUMBER}')"
    script fail run="missing"
    end over
    begin -> note -> fail -> over
"""


@pytest.fixture
def lines():
    """What is logged, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_each_event_is_one_line_of_json_with_its_marks(lines):
    log = logging.getLogger("engine.probe")
    try:
        raise ValueError(f"two\nlines about {MAIL}")
    except ValueError:
        log.exception("a job gave up: %s", f"call {NUMBER}", extra=MARKS)
    (line,) = [one for one in lines() if one["logger"] == "engine.probe"]
    assert (line["level"], line["event"]) == ("error", "a job gave up: call +*********01")
    assert (line["job_id"], line["attempt"]) == ("j1", 2)
    assert line["at"].endswith("Z")
    assert "ValueError" in line["trace"]
    assert MAIL not in str(line)
    assert NAME not in str(line)


def test_at_a_terminal_it_is_a_line_for_people():
    record = logging.makeLogRecord(
        {"msg": f"call {NUMBER}", "levelname": "INFO", "name": "x", "job_id": "j1"}
    )
    assert Plain("%(levelname).1s %(name)s: %(message)s").format(record) == "I x: call +*********01 job_id=j1"


def test_an_unknown_format_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("CALLWRIGHT_LOG_FORMAT", "xml")
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_LOG_FORMAT"):
        install_logs()


def test_no_personal_data_are_logged_by_a_process_that_is_full_of_them(tmp_path, lines):
    gateway = RecordingGateway()
    centre = make_centre(tmp_path, gateways=(gateway,))
    ctx = system(centre)
    deploy(ctx, files={"p.bpmn": sketch(DRAWN)})
    start_process(ctx, process_key="p", variables={"name": NAME, "phone": NUMBER, "email": MAIL})
    for reason, permanent in ((f"no route to {NUMBER}", False), (f"{MAIL} refused", True)):
        gateway.fail(TechnicalFailure(reason, permanent=permanent))
        with ctx.write():
            notify(
                ctx,
                event="test",
                to=Recipient(name=NAME, locale="en", phone=NUMBER, email=MAIL),
                channel="sms",
                message=HELLO,
                scope={},
            )
        work_off(centre)
    centre.database.dispose()
    said = [one for one in lines() if one["logger"].startswith(("engine", "admin", "forms", "plugins"))]
    assert {one["event"].partition(" ")[0] for one in said} >= {"a"}
    text = json.dumps(said, ensure_ascii=False)
    for personal in (NUMBER, NUMBER[4:], MAIL, NAME):
        assert personal not in text

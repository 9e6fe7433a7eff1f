"""What a drawing calls, against a real local server."""

import logging
import socket
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from engine.definition import deploy
from engine.errors import BpmnError, InvalidSubmission, TechnicalFailure
from engine.history import ElementVisit, VariableWrite
from engine.jobs import Incident, Job
from engine.parameters import set_parameter
from engine.runtime import retry_incident, start_process, variables_of
from engine.testing import work_off
from engine.testing.sketch import sketch
from plugins.http.public import NotReached

TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}


def request(ctx, url, **said):
    return ctx.registry.service_tasks["http.request"].function(ctx, url=url, **said)


def refused(ctx, url, **said):
    with pytest.raises(TechnicalFailure) as failure:
        request(ctx, url, **said)
    return failure.value


def test_json_goes_out_and_comes_back_with_all_digits(ctx, server, allow):
    allow(server.place)
    server.reply({"body": b'{"amount": 12345678901234567890.10, "name": "\xe6\xb0\xb4"}'})
    answer = request(
        ctx,
        f"{server.url}/orders?a=1",
        method="POST",
        query={"b": ["x y", Decimal("2")], "none": None},
        headers={"X-Trace": "t1"},
        body={"n": Decimal("0.10")},
    )
    assert answer["status"] == 200
    assert answer["body"] == {"amount": Decimal("12345678901234567890.10"), "name": "水"}
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/orders?a=1&b=x+y&b=2", b'{"n":0.10}')
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-trace"] == "t1"
    assert asked.headers["host"] == server.place


def test_a_text_goes_out_as_it_is_and_a_text_comes_back(ctx, server, allow):
    allow(server.place)
    server.reply({"body": "好".encode("gb18030"), "headers": {"Content-Type": "text/plain; charset=gb18030"}})
    assert request(ctx, server.url, method="PUT", body="a=1")["body"] == "好"
    assert server.asked[0].body == b"a=1"
    server.reply({"status": 204, "body": b"", "headers": {}})
    assert request(ctx, server.url, method="HEAD")["body"] is None


def test_no_host_may_be_called_until_an_administrator_names_it(ctx, server):
    failure = refused(ctx, server.url)
    assert failure.permanent
    assert "http.allowed_hosts" in str(failure)
    assert server.asked == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "localhost", "2130706433", "0x7f.1", "0"],
)
def test_what_leads_inside_is_refused_however_it_is_written(ctx, server, allow, host):
    allow(f"{host}:{server.port}", networks="")
    failure = refused(ctx, f"http://{host}:{server.port}/latest/meta-data")
    assert failure.permanent
    assert failure.code in ("address_not_allowed", "host_not_found")
    assert server.asked == []


def test_the_cloud_s_own_address_is_refused_even_if_all_networks_are_named(ctx, allow):
    allow("169.254.169.254", networks="0.0.0.0/0")
    assert refused(ctx, "http://169.254.169.254/latest/meta-data").code == "address_not_allowed"


def test_a_name_is_resolved_once_and_what_it_resolved_to_is_called(ctx, server, allow, monkeypatch):
    allow(f"shop.example:{server.port}")
    asked = []

    def rebinding(host, port, **said):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *more, **said: (
            rebinding(host, port) if host == "shop.example" else real(host, port, *more, **said)
        ),
    )
    assert request(ctx, f"http://shop.example:{server.port}/")["status"] == 200
    assert asked == ["shop.example"]
    assert server.asked[0].headers["host"] == f"shop.example:{server.port}"


def test_a_name_that_leads_outside_and_inside_is_a_trap(ctx, allow, monkeypatch):
    allow("shop.example", networks="")
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_asked, **_said: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")
        ],
    )
    assert refused(ctx, "http://shop.example/").code == "address_not_allowed"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://127.0.0.1/", "//127.0.0.1/", "127.0.0.1", "", "http://", "http:///x",
        "http://127.0.0.1\\@evil.com/", "http://127.0.0.1/ x", "http://127.0.0.1/\r\nX: y", "http://[::1/",
        "http://127.0.0.1:99999/", "http://me:secret@127.0.0.1/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(ctx, allow, url):
    allow("127.0.0.1")
    assert refused(ctx, url).permanent


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://169.254.169.254/latest", "address_not_allowed"),
        ("http://localhost:1/", "address_not_allowed"),
        ("file:///etc/passwd", "address_not_allowed"),
        ("//[::ffff:169.254.169.254]/", "address_not_allowed"),
    ],
)
def test_a_redirect_is_looked_at_like_any_other_address(ctx, server, allow, target, code):
    allow(server.place, "169.254.169.254", "[::ffff:169.254.169.254]")
    server.reply({"status": 302, "headers": {"Location": target}})
    failure = refused(ctx, server.url)
    assert (failure.code, failure.permanent) == (code, True)
    assert len(server.asked) == 1


def test_a_redirect_is_followed_and_what_was_posted_is_not_posted_again(ctx, server, allow):
    allow(server.place)
    server.reply({"status": 303, "headers": {"Location": "/there"}}, {"body": b'"here"'})
    assert request(ctx, f"{server.url}/a", method="POST", body={"a": 1})["body"] == "here"
    assert [(one.method, one.path, one.body) for one in server.asked] == [
        ("POST", "/a", b'{"a":1}'),
        ("GET", "/there", b""),
    ]


def test_redirects_end(ctx, server, allow):
    allow(server.place)
    server.reply({"status": 307, "headers": {"Location": "/again"}})
    assert refused(ctx, server.url).permanent
    assert len(server.asked) == 4


def test_a_secret_header_stays_with_its_host(ctx, server, allow, monkeypatch):
    monkeypatch.setenv("CALLWRIGHT_SECRET_CRM", "Bearer s3cr3t-token")
    allow(server.place, f"localhost:{server.port}")
    server.reply(
        {"status": 307, "headers": {"Location": f"http://localhost:{server.port}/b"}}, {"body": b"{}"}
    )
    request(ctx, f"{server.url}/a", secret_headers={"Authorization": "CRM"}, headers={"X-Open": "yes"})
    first, second = server.asked
    assert first.headers["authorization"] == "Bearer s3cr3t-token"
    assert "authorization" not in second.headers
    assert second.headers["x-open"] == "yes"


def test_an_answer_that_is_too_large_is_not_taken_in(ctx, server, allow):
    allow(server.place)
    server.reply({"body": b"x" * 1_000_001, "headers": TEXT})
    failure = refused(ctx, server.url)
    assert (failure.code, failure.permanent) == ("answer_too_large", True)
    server.reply({"body": b"x" * 1_000_000, "headers": TEXT})
    assert len(request(ctx, server.url)["body"]) == 1_000_000


def test_an_answer_that_drips_ends_at_the_time_limit(ctx, server, allow):
    allow(server.place)
    server.reply({"body": b"x" * 600, "headers": TEXT, "drip_s": 0.1})
    failure = refused(ctx, server.url, timeout_s=Decimal("0.5"))
    assert (failure.code, failure.permanent) == ("no_answer", False)


def test_what_was_not_reached_is_told_from_what_did_not_answer(ctx, server, allow):
    allow(server.place, "127.0.0.1:9")
    nobody = refused(ctx, "http://127.0.0.1:9/")
    server.reply({"body": b"x" * 600, "headers": TEXT, "drip_s": 0.1})
    silent = refused(ctx, server.url, timeout_s=Decimal("0.3"))
    assert (nobody.code, silent.code) == ("no_answer", "no_answer")
    assert isinstance(nobody, NotReached)
    assert not isinstance(silent, NotReached)


def test_a_compressed_answer_was_not_asked_for(ctx, server, allow):
    allow(server.place)
    server.reply({"body": b"\x1f\x8b", "headers": {**TEXT, "Content-Encoding": "gzip"}})
    assert refused(ctx, server.url).permanent
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_what_says_json_and_is_none_is_a_failure(ctx, server, allow):
    allow(server.place)
    for body in (b"<html>", b'{"a": NaN}', b"[" * 100_000, b"\xff\xfe"):
        server.reply({"body": body})
        assert refused(ctx, server.url).permanent


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (404, True), (429, False), (500, False), (503, False)]
)
def test_a_refusal_stays_and_a_breakdown_passes(ctx, server, allow, status, permanent):
    allow(server.place)
    server.reply({"status": status, "headers": {"Retry-After": "120"}})
    failure = refused(ctx, server.url)
    assert (failure.permanent, failure.retry_after_s) == (permanent, 120)


def test_retry_after_may_be_an_instant(ctx, server, allow):
    allow(server.place)
    server.reply({"status": 503, "headers": {"Retry-After": "Mon, 02 Mar 2026 01:05:00 GMT"}})
    assert refused(ctx, server.url).retry_after_s == 300


def test_a_status_that_the_designer_maps_is_an_error_of_the_drawing(ctx, server, allow):
    allow(server.place)
    server.reply({"status": 404})
    with pytest.raises(BpmnError) as thrown:
        request(ctx, server.url, errors=[Decimal(404), "409"])
    assert thrown.value.code == "http_404"
    assert request(ctx, server.url, expected=[200, 404])["status"] == 404


@pytest.mark.parametrize(
    "said",
    [
        {"headers": {"Host": "evil.com"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"X-A": "a\r\nX-B: b"}},
        {"headers": {"X A": "a"}},
        {"timeout_s": Decimal(11)},
        {"timeout_s": Decimal(0)},
        {"expected": ["ok"]},
        {"errors": [4]},
        {"secret_headers": {"X-A": "PATH"}},
        {"secret_headers": {"X-A": "../SECRET_KEY"}},
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_is(ctx, server, allow, said):
    allow(server.place)
    assert refused(ctx, server.url, **said).permanent
    assert server.asked == []


def test_a_certificate_must_bear_the_name_and_be_trusted(ctx, tls_server, allow, monkeypatch, tmp_path):
    port = tls_server.port
    allow(f"localhost:{port}", f"127.0.0.1:{port}", networks="127.0.0.0/8, ::1/128")
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *more, **said: real("127.0.0.1", port, *more, **said)
    )
    assert refused(ctx, f"https://localhost:{port}/").code == "no_answer"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert request(ctx, f"https://localhost:{port}/")["status"] == 200
    assert refused(ctx, f"https://127.0.0.1:{port}/").code == "no_answer"
    assert len(tls_server.asked) == 1


def drawn(url):
    given = f'url:"{url}";method:"POST";body:order;secret_headers:{{Authorization: "CRM"}};errors:[409]'
    return sketch(
        f"""
        start begin
        service call service=http.request input='{given}' output='answer:body;seen:headers'
        boundary taken on=call error=http_409
        end over
        end double
        begin -> call -> over
        taken -> double
        """
    )


@pytest.fixture
def started(ctx, server, allow, monkeypatch):
    """A process that calls the server, started; and a secret that it sends."""
    monkeypatch.setenv("CALLWRIGHT_SECRET_CRM", "Bearer s3cr3t-token")
    allow(server.place)
    deploy(ctx, files={"p.bpmn": drawn(f"{server.url}/orders")})

    def start():
        return start_process(ctx, process_key="p", variables={"order": {"n": 1}}).id

    return start


def rows(ctx, model):
    with ctx.read():
        return [dict(row) for row in ctx.connection.execute(select(model.__table__)).mappings()]


def test_a_process_calls_with_the_same_key_at_every_try(ctx, centre, server, started):
    server.reply({"status": 500}, {"body": b'{"done": true}'})
    instance_id = started()
    work_off(centre)
    centre.clock.advance(timedelta(hours=1))
    work_off(centre)
    with ctx.read():
        assert variables_of(ctx, instance_id)["answer"] == {"done": True}
    keys = {one.headers["idempotency-key"] for one in server.asked}
    (visit,) = [row["id"] for row in rows(ctx, ElementVisit) if row["element_id"] == "call"]
    assert len(server.asked) == 2
    assert keys == {f"{instance_id}:{visit}"}


def test_what_the_designer_mapped_is_caught_by_the_boundary_event(ctx, centre, server, started):
    server.reply({"status": 409})
    started()
    work_off(centre)
    assert [row["state"] for row in rows(ctx, ElementVisit) if row["element_id"] == "double"] == ["completed"]
    assert rows(ctx, Incident) == []


def test_a_refusal_becomes_an_incident_that_can_be_tried_again(ctx, centre, server, started):
    server.reply({"status": 403}, {"body": b"{}"})
    started()
    work_off(centre)
    (incident,) = rows(ctx, Incident)
    assert (incident["code"], incident["params"]) == ("http_status", {"host": "127.0.0.1", "status": "403"})
    retry_incident(ctx, incident_id=incident["id"])
    work_off(centre)
    assert [row["state"] for row in rows(ctx, ElementVisit) if row["element_id"] == "over"] == ["completed"]


def test_a_secret_stands_nowhere_but_in_what_was_sent(ctx, centre, server, started, caplog):
    server.reply(
        {"status": 500, "body": b"Bearer s3cr3t-token"},
        {
            "body": b'{"echo": "Bearer s3cr3t-token"}',
            "headers": {"Content-Type": "application/json", "X-E": "s3cr3t-token"},
        },
    )
    with caplog.at_level(logging.DEBUG):
        started()
        work_off(centre)
        centre.clock.advance(timedelta(hours=1))
        work_off(centre)
    assert server.asked[0].headers["authorization"] == "Bearer s3cr3t-token"
    kept = str([rows(ctx, model) for model in (ElementVisit, VariableWrite, Job, Incident)])
    assert "s3cr3t" not in kept + caplog.text
    assert "echo" in kept


def test_the_parameters_refuse_what_is_no_host_or_network(ctx):
    for key, value in (("http.allowed_hosts", "https://a.org/x"), ("http.private_networks", "10.0.0.1/8")):
        with pytest.raises(InvalidSubmission) as wrong:
            set_parameter(ctx, key=key, value=value)
        assert wrong.value.problems[0].path == key
    assert set_parameter(ctx, key="http.allowed_hosts", value="A.org,*.b.org  c.org:8443") == (
        "a.org, *.b.org, c.org:8443"
    )

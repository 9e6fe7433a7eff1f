"""What an administrator writes, and all that may be wrong with it."""

import base64
import hmac
from datetime import UTC, datetime

import pytest

from engine.context import Context
from engine.errors import InvalidSubmission
from engine.parameters import parameter, set_parameter
from plugins.http_sms_gateway.rules import (
    Signature,
    fill,
    is_genuine,
    is_recent,
    parse_body,
    read_profile,
    said_at,
)
from tests.plugins.http_sms_gateway.conftest import FORM, JSON

SMALL = 'url = "https://sms.example.cn/send"\n[countries]\n86 = "two_way"\n[json]\nto = "{{ number }}"\n'
SIGNED = '[signature]\nheader = "X"\n'
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def wrong(text: str) -> list[str]:
    with pytest.raises(InvalidSubmission) as refused:
        read_profile(text)
    return [problem.path for problem in refused.value.problems]


@pytest.mark.parametrize("text", [JSON, FORM, SMALL])
def test_what_the_readme_shows_can_be_kept(text: str) -> None:
    assert read_profile(text).url.startswith("https://")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("url =", "uri =", "uri"),
        ("https://sms.example.cn/send", "sms.example.cn", "url"),
        ("https://sms.example.cn/send", "https://{{ sender }}/send", "url"),
        ("https://sms.example.cn/send", "ftp://sms.example.cn/send", "url"),
        ("[countries]", 'method = "DELETE"\n[countries]', "method"),
        ("[countries]", 'method = "GET"\n[countries]', "method"),
        ("[countries]", 'headers = "x"\n[countries]', "headers"),
        ('86 = "two_way"', "", "countries"),
        ('86 = "two_way"', '86 = "sometimes"', "countries.86"),
        ('86 = "two_way"', '86 = ["two_way"]', "countries.86"),
        ('86 = "two_way"', '"+86" = "two_way"', "countries.+86"),
        ('[json]\nto = "{{ number }}"', "", "json"),
        ("[json]", '[form]\na = "1"\n[json]', "json"),
        ("{{ number }}", "{{ nubmer }}", "json.to"),
        ("{{ number }}", "{{ number", "json.to"),
        ("{{ number }}", "{{ body }}", "json.to"),
        ("{{ number }}", "{{ sender }}", "sender"),
        ("[json]", "[headers]\nX-A = 1\n[json]", "headers.X-A"),
        ("[json]", "[query]\nq = {a = 1}\n[json]", "query.q"),
        ("[json]", '[answer]\ncode = "answer.code"\n[json]', "answer.taken"),
        ("[json]", '[answer]\ntaken = ["0"]\n[json]', "answer.code"),
        ("[json]", '[answer]\nid = "answer."\n[json]', "answer.id"),
        ("[json]", '[answer]\nid = "reply.id"\n[json]', "answer.id"),
        ("[json]", '[answer]\nstatuses = ["ok"]\n[json]', "answer.statuses"),
        ("[json]", '[answer]\nrepeatable = "yes"\n[json]', "answer.repeatable"),
        ("[json]", '[reply]\nsender = "reply.a"\ntext = "reply.b"\n[json]', "signature"),
        ("[json]", '[signature]\nheader = ""\n[json]', "signature.header"),
        ("[json]", SIGNED + 'algorithm = "md5"\n[json]', "signature.algorithm"),
        ("[json]", SIGNED + 'secret = "a b"\n[json]', "signature.secret"),
        ("[json]", SIGNED + 'window_s = 0\n[json]', "signature.window_s"),
        ("[json]", SIGNED + 'timestamp = "T"\n[json]', "signature.content"),
        ("[json]", SIGNED + 'content = "{{ url }}"\n[json]', "signature.content"),
        ("[json]", SIGNED + 'content = "{{ body }}{{ salt }}"\n[json]', "signature.content"),
        ("[json]", SIGNED + '[receipt]\nstate = "receipt.s"\ndelivered = ["d"]\n[json]', "receipt.id"),
        ("[json]", SIGNED + '[receipt]\nid = "receipt.i"\n[json]', "receipt.state"),
        ("[json]", SIGNED + '[reply]\nsender = "reply.s"\n[json]', "reply.text"),
        (
            "[json]",
            SIGNED + '[reply]\nsender = "reply.s"\ntext = "reply.t"\ncalling_code = "+86"\n[json]',
            "reply.calling_code",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_key(old: str, new: str, key: str) -> None:
    assert old in SMALL
    assert key in wrong(SMALL.replace(old, new))


def test_all_mistakes_are_said_at_once() -> None:
    text = SMALL.replace("two_way", "x").replace("number", "nr").replace("[json]", "[headers]\nA = 1\n[json]")
    assert wrong(text) == ["json.to", "headers.A", "countries.86"]


def test_what_is_wrong_is_not_kept_and_says_why(ctx: Context) -> None:
    key = "http_sms_gateway.provider"
    set_parameter(ctx, key=key, value=SMALL.replace("\n", "\r\n"))
    for text in (SMALL.replace("two_way", "x"), "url = ", SMALL + '[headers]\nHost = "x"\n'):
        with pytest.raises(InvalidSubmission) as refused:
            set_parameter(ctx, key=key, value=text)
        assert refused.value.problems
    assert parameter(ctx, key) == SMALL.strip()
    assert set_parameter(ctx, key=key, value="") == ""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("answer.code", "0"),
        ("answer.list[1].id", "12345678901234567890"),
        ('get value(answer, "err-code")', "E1"),
        ("answer.ok", "true"),
        ("if status = 200 then answer.list[2].id else null", "b"),
        ("answer.list", None),
        ("answer.nothing.at.all", None),
        ("", None),
    ],
)
def test_a_place_is_read_as_a_text(place: str, said: str | None) -> None:
    body = b'{"code": 0, "err-code": " E1 ", "ok": true, "list": [{"id": 12345678901234567890}, {"id": "b"}]}'
    assert said_at(place, {"answer": parse_body(body, "text/html"), "status": 200}) == said


def test_a_text_answer_is_a_text_and_what_no_database_keeps_is_left_out() -> None:
    assert parse_body(b"OK:17", "text/plain") == "OK:17"
    assert said_at('substring after(answer, "OK:")', {"answer": "OK:17"}) == "17"
    assert parse_body(b'{"a\\u0000": ["x\\ud800y"]}', "application/json") == {"a": ["xy"]}
    assert parse_body("短信".encode("gb18030"), "text/plain; charset=gb18030") == "短信"
    assert parse_body(b"a=1%00&b=", "application/x-www-form-urlencoded") == {"a": "1", "b": ""}


def test_a_get_says_everything_in_its_address() -> None:
    text = SMALL.replace("[json]", '[query]\ncc = ["86", "{{ calling_code }}"]').replace(
        "[countries]", 'method = "GET"\n[countries]'
    )
    made = fill(
        read_profile(text.replace("/send", "/{{ secret.ACCOUNT }}/send")),
        number="+8613800138000", text="x", key="k", callback_url="", secrets={"ACCOUNT": "a/b?"}, now=NOW,
    )  # fmt: skip
    assert (made.url, made.body) == ("https://sms.example.cn/a%2Fb%3F/send", None)
    assert made.query == {"to": "+8613800138000", "cc": ["86", "86"]}
    assert "Content-Type" not in made.headers


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_signature_fits_in_hexadecimal_and_in_base64_and_under_its_algorithm_alone(algorithm: str) -> None:
    signature = Signature(header="X", algorithm=algorithm)  # type: ignore[arg-type]
    made = hmac.new(b"s", b"body", algorithm).digest()

    def fits(said: str) -> bool:
        return is_genuine(signature, ["old", "s"], body=b"body", timestamp="", url="", said=said)

    for said in (
        made.hex(),
        made.hex().upper(),
        f"{algorithm}={made.hex()}",
        base64.b64encode(made).decode(),
    ):
        assert fits(said)
    other = "sha512" if algorithm != "sha512" else "sha256"
    assert not fits(hmac.new(b"s", b"body", other).hexdigest())
    assert not fits(f"{other}={made.hex()}")


def test_what_stands_in_a_body_is_never_taken_for_a_hole() -> None:
    signature = Signature(header="X", content="{{ timestamp }}.{{body}}.{{ url }}", timestamp="T")
    body = b"{{ timestamp }}{{ url }}"
    made = hmac.new(b"s", b"1." + body + b".https://x", "sha256").hexdigest()
    assert is_genuine(signature, ["s"], body=body, timestamp="1", url="https://x", said=made)


@pytest.mark.parametrize(
    ("said", "recent"),
    [
        ("1772413200", True),
        ("1772413200000", True),
        ("2026-03-02T09:04:59+08:00", True),
        ("2026-03-02T01:05:01Z", False),
        ("1772412899", False),
        ("2026-03-02T01:00:00", False),
        ("", False),
        ("now", False),
        ("9" * 40, False),
    ],
)
def test_a_time_is_read_as_providers_write_it(said: str, recent: bool) -> None:
    assert is_recent(Signature(header="X", timestamp="T"), said, NOW) is recent


def test_where_nothing_says_when_nothing_is_too_old() -> None:
    assert is_recent(Signature(header="X"), "", NOW)

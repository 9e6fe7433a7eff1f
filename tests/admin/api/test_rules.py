"""Rules that hold for every call."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from .conftest import check_answer

READS = (
    "/process-definitions", "/process-instances", "/tasks", "/jobs", "/incidents", "/notifications",
    "/people", "/units", "/groups",
)  # fmt: skip
ID = "01890000-0000-7000-8000-000000000000"


def test_without_a_token_it_is_401(client):
    for path in (*READS, f"/tasks/{ID}", f"/files/{ID}", "/process-definitions/x"):
        answer = client.get("/api/v1" + path)
        assert answer.status_code == 401, path
        assert answer.json["error"]["code"] == "unauthorized"
    for path in ("/deployments", "/messages", f"/tasks/{ID}/complete", "/process-definitions/x/start"):
        answer = client.post("/api/v1" + path, json={})
        assert answer.status_code == 401, path
        assert answer.json["error"]["code"] == "unauthorized"


def test_even_the_description_is_refused_in_the_callers_language(client):
    answer = client.get("/api/v1/_openapi", headers={"Accept-Language": "zh-Hans"})
    assert answer.status_code == 401
    assert answer.json["error"]["message"] == "请先登录：令牌或会话缺失，或已失效。"


def test_a_sign_in_answers_as_it_is_described(client, spec):
    for said, status in (({"json": []}, 400), ({"json": {"username": "x", "password": "y"}}, 401)):
        answer = client.post("/api/v1/security/login", **said)
        assert answer.status_code == status
        check_answer(spec, "POST", "/security/login", answer)
    answer = client.post("/api/v1/security/login", json={"username": 1})
    check_answer(spec, "POST", "/security/login", answer)


def test_a_sign_in_that_is_no_json_is_400(client):
    for said in ({"data": b"{", "content_type": "application/json"}, {"json": ["boss"]}, {"data": "x=1"}):
        assert client.post("/api/v1/security/login", **said).status_code == 400
    assert client.post("/api/v1/security/login", json={"username": "boss"}).status_code == 422


def test_a_filter_that_is_said_twice_is_400(boss):
    error = boss.get("/tasks", 400, state=["open", "claimed"])["error"]
    assert error["details"] == [{"path": "state", "message": "Say this once."}]


def test_every_list_answers_with_and_without_trailing_slash(boss):
    for path in READS:
        plain, slashed = boss.get(path), boss.get(path + "/")
        assert plain == slashed
        assert set(plain) == {"count", "result"}


def test_an_unknown_filter_of_any_list_is_400_and_the_known_ones_are_named(boss):
    for path in READS:
        error = boss.get(path, status=400, colour="blue")["error"]
        assert error["code"] == "bad_request"
        (detail,) = error["details"]
        assert detail["path"] == "colour"
        assert "page_size" in detail["message"]
        assert "sort" in detail["message"]


def test_an_unknown_sort_key_of_any_list_is_400_and_the_known_ones_are_named(boss):
    for path in READS:
        error = boss.get(path, status=400, sort="-colour")["error"]
        assert error["details"][0]["path"] == "sort"
        assert "Known are: " in error["message"]


@pytest.mark.parametrize(
    "query", [{"page_size": 101}, {"page_size": 0}, {"page": 0}, {"page": "x"}, {"page": "1.5"}]
)
def test_a_page_that_cannot_be_is_400(boss, query):
    error = boss.get("/tasks", status=400, **query)["error"]
    assert error["details"][0]["path"] in query


def test_lists_page_from_1(boss, deploy, one_task):
    for _number in range(3):
        boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    assert boss.get("/process-instances", page_size=2)["count"] == 3
    first = boss.get("/process-instances", page_size=2, sort="started_at")["result"]
    second = boss.get("/process-instances", page_size=2, page=2, sort="started_at")["result"]
    assert [len(first), len(second)] == [2, 1]
    newest_first = boss.get("/process-instances")["result"]
    assert [row["id"] for row in newest_first] == [row["id"] for row in (first + second)[::-1]]


def test_every_sort_key_that_is_described_sorts(boss, spec, one_task):
    boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    for path in READS:
        described = spec["paths"]["/api/v1" + path]["get"]["parameters"]
        (sort,) = [one for one in described if one["name"] == "sort"]
        for key in sort["description"].partition(": ")[2].rstrip(".").split(", "):
            boss.get(path, sort=key)
            boss.get(path, sort=f"-{key}")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400), (b"[]", 400), (b'"x"', 400), (b"null", 400), (b'{"variables": NaN}', 400),
        (b'{"variables": {"n": 1e99999999999999999999}}', 400), (b"\xff", 400),
        (b'{"variables": {"n": 1e99999999999}}', 400), (b'{"variables": {"n": 1e-7000}}', 400),
        (b'{"variables": {"' + b"x" * 129 + b'": 1}}', 422),
        (b'{"variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"variables": {"x": ' + b"[" * 70 + b"]" * 70 + b"}}", 400),
        (b'{"variables": []}', 422), (b'{"version": "one"}', 422), (b'{"version": 1.5}', 422),
        (b'{"version": 0}', 422), (b'{"business_key": 7}', 422), (b'{"business_key": ""}', 422),
        (b'{"colour": "blue"}', 400), (b'{"variables": {"a b": 1}}', 422),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_is_refused_and_nothing_is_half_done(boss, one_task, content, status):
    path = f"/process-definitions/{one_task}/start"
    answer = boss.post(path, status=status, data=content, content_type="application/json")
    assert answer["error"]["message"]
    assert boss.get("/process-instances")["count"] == 0


def test_what_is_wrong_with_a_body_is_said_field_by_field(boss, one_task):
    path = f"/process-definitions/{one_task}/start"
    details = boss.post(path, {"version": "one", "variables": 3}, 422)["error"]["details"]
    assert {one["path"]: one["message"] for one in details} == {
        "version": "Must be a whole number.",
        "variables": "Must be a JSON object.",
    }
    (detail,) = boss.post(path, {"colour": "blue"}, 400)["error"]["details"]
    assert detail["path"] == "colour"
    assert "business_key, version" in detail["message"]


def test_a_body_that_is_no_json_by_its_header_is_415(boss, one_task):
    boss.post(f"/process-definitions/{one_task}/start", status=415, data="variables=1")


def test_a_null_stands_for_what_was_left_out(boss, one_task):
    boss.post(f"/process-definitions/{one_task}/start", {"business_key": None, "version": None}, 201)


def test_text_that_no_database_keeps_is_400(boss, one_task):
    path = f"/process-definitions/{one_task}/start"
    boss.post(path, status=400, data=b'{"variables": {"x": "a\\u0000b"}}', content_type="application/json")
    half = b'{"variables": {"x": "\\ud800"}}'
    refused = boss.post(path, status=400, data=half, content_type="application/json")
    assert refused["error"]["message"] == "There is a character in it that cannot be kept."


@pytest.mark.parametrize(
    "path", ["/tasks/x", "/tasks/1", f"/tasks/{ID}", f"/process-instances/{ID}/history", "/nothing"]
)
def test_what_is_not_there_is_404(boss, path):
    assert boss.get(path, 404)["error"]["code"] == "not_found"


@pytest.mark.parametrize("verb", ["return", "restart"])
def test_a_verb_that_does_not_exist_is_404(boss, verb):
    boss.post(f"/process-instances/{ID}/{verb}", {}, 404)


def test_a_method_that_is_not_taken_is_405(boss):
    assert boss.client.delete("/api/v1/tasks", headers=boss.headers).status_code == 405


def test_instants_are_utc_with_z_and_milliseconds_only_where_there_are_some():
    from datetime import UTC, datetime, timedelta, timezone

    from admin.api.fields import instant_text

    assert instant_text(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)) == "2026-03-02T01:00:00Z"
    hong_kong = timezone(timedelta(hours=8))
    assert instant_text(datetime(2026, 3, 2, 9, 0, 0, 70_000, tzinfo=hong_kong)) == "2026-03-02T01:00:00.070Z"


def test_numbers_keep_all_their_digits(boss, one_task):
    number = "0.1234567890123456789012345678901234"
    body = f'{{"variables": {{"n": {number}, "whole": 12345678901234567890}}}}'
    started = boss.post(
        f"/process-definitions/{one_task}/start", status=201, data=body, content_type="application/json"
    )
    answer = boss.client.get(f"/api/v1/process-instances/{started['id']}/variables", headers=boss.headers)
    assert f'"n":{number}' in answer.text
    assert '"whole":12345678901234567890' in answer.text


def test_a_busy_database_is_503_with_the_time_to_wait_and_no_word_of_locks(app, boss, one_task, ctx):
    database = ctx.centre.database
    database.writer.wait_s = 0.1
    event.listen(database.engine, "connect", lambda made, _record: made.execute("PRAGMA busy_timeout=100"))
    database.dispose()
    with ctx.write():
        answer = boss.client.post(
            f"/api/v1/process-definitions/{one_task}/start", json={}, headers=boss.headers
        )
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["error"]["code"] == "busy"
    assert "lock" not in answer.text


def test_a_database_that_went_away_is_503_too_though_nobody_can_be_recognised(app, boss, one_task):
    database = app.extensions["callwright"].centre.database
    with patch.object(database, "begin", side_effect=OperationalError("BEGIN", None, OSError("gone"))):
        answer = boss.client.post(
            f"/api/v1/process-definitions/{one_task}/start", json={}, headers=boss.headers
        )
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["error"]["code"] == "busy"


def test_a_browser_session_calls_too_with_its_form_token(boss, make_person, enter, token_of, one_task):
    make_person("wong", "handler")
    boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    browser = enter("wong")
    (task,) = browser.get("/api/v1/tasks", query_string={"candidate": "me"}).json["result"]
    path = f"/api/v1/tasks/{task['id']}/claim"
    assert browser.post(path).status_code == 400
    answer = browser.post(path, headers={"X-CSRFToken": token_of(browser)})
    assert answer.status_code == 200
    assert answer.json["assignee"] == "wong"


def test_errors_are_said_in_the_callers_language(caller):
    chinese = caller("hua", "handler", locale="zh_Hans")
    error = chinese.get("/tasks", 400, page="x", colour="blue")["error"]
    assert error["message"] == "无法理解此请求。"
    assert error["details"][0]["message"].startswith("这里没有 colour。")

"""The stand-in against Twilio's own description of its API."""

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator

from engine.testing.twilio_standin import LIST_PARAMETERS, SEND_PARAMETERS, TwilioStandIn

DESCRIPTION = Path(__file__).parents[3].parent / "shared" / "data" / "twilio" / "twilio_api_v2010.json"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
MESSAGE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    if not DESCRIPTION.exists():
        pytest.skip("Twilio's description of its API is not beside this checkout")
    return _nullable_as_json_schema(json.loads(DESCRIPTION.read_text()))


def _nullable_as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says ``nullable``, JSON Schema says ``null`` among the types."""
    if isinstance(node, list):
        return [_nullable_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    said = {key: _nullable_as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        said["type"] = [node["type"], "null"]
    return said


def _ask(
    standin: TwilioStandIn, path: str, form: dict[str, str] | None = None, *, token: str | None = None
) -> tuple[int, dict[str, Any]]:
    account = f"{standin.account_sid}:{token or standin.auth_token}".encode()
    request = urllib.request.Request(
        standin.url + path.format(AccountSid=standin.account_sid),
        data=None if form is None else urlencode(form).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(account).decode()},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _validate(description: dict[str, Any], path: str, method: str, status: int, content: Any) -> None:
    responses = description["paths"][path][method]["responses"]
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    whole = {**schema, "components": description["components"]}
    problems = [
        f"{'/'.join(map(str, problem.absolute_path))}: {problem.message}"
        for problem in Draft202012Validator(whole).iter_errors(content)
    ]
    assert not problems
    described = set(_resolved(description, schema).get("properties", {}))
    assert set(content) <= described


def _resolved(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


SEND = {"To": "+85251230001", "From": "+85230000000", "Body": "水管 burst"}


def test_it_accepts_exactly_the_parameters_that_are_described(description: dict[str, Any]) -> None:
    form = description["paths"][MESSAGES]["post"]["requestBody"]["content"][
        "application/x-www-form-urlencoded"
    ]["schema"]
    assert set(form["properties"]) == SEND_PARAMETERS
    listed = description["paths"][MESSAGES]["get"]["parameters"]
    assert {one["name"] for one in listed if one["in"] == "query"} == LIST_PARAMETERS


def test_its_answers_are_those_described(description: dict[str, Any], standin: TwilioStandIn) -> None:
    status, sent = _ask(standin, MESSAGES, {**SEND, "StatusCallback": "https://desk.example.org/x?key=1"})
    assert status == 201
    _validate(description, MESSAGES, "post", status, sent)
    _, serviced = _ask(
        standin,
        MESSAGES,
        {"To": "+85251230001", "MessagingServiceSid": "MG" + "a" * 32, "Body": "hello"},
    )
    _validate(description, MESSAGES, "post", 201, serviced)
    standin.report(sent["sid"], "undelivered", error_code=30003)

    status, one = _ask(standin, MESSAGE.replace("{Sid}", sent["sid"]))
    _validate(description, MESSAGE, "get", status, one)
    assert (one["status"], one["error_code"]) == ("undelivered", 30003)
    for query in ("", "?To=%2B85251230001&PageSize=1", "?PageSize=1&Page=1", "?DateSent%3E=2026-01-01"):
        status, page = _ask(standin, MESSAGES + query)
        _validate(description, MESSAGES, "get", status, page)


def test_a_list_is_filtered_and_paged_newest_first(standin: TwilioStandIn) -> None:
    sids = [_ask(standin, MESSAGES, {**SEND, "Body": f"{n}"})[1]["sid"] for n in range(3)]
    _ask(standin, MESSAGES, {**SEND, "To": "+85251230002"})
    _, page = _ask(standin, MESSAGES + "?To=%2B85251230001&PageSize=2")
    assert [message["sid"] for message in page["messages"]] == [sids[2], sids[1]]
    _, rest = _ask(standin, page["next_page_uri"])
    assert [message["sid"] for message in rest["messages"]] == [sids[0]]
    assert rest["next_page_uri"] is None


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "+85230000000", "Body": "x"}, 21604),
        ({"To": "+85251230001", "Body": "x"}, 21603),
        ({"To": "+85251230001", "From": "+85230000000"}, 21602),
        ({**SEND, "To": "51230001"}, 21211),
        ({**SEND, "Body": "x" * 1601}, 21617),
        ({**SEND, "StatusCallback": "nowhere"}, 21609),
        ({**SEND, "Color": "red"}, 20001),
    ],
)
def test_a_bad_request_is_refused_in_twilios_words(
    standin: TwilioStandIn, form: dict[str, str], code: int
) -> None:
    status, said = _ask(standin, MESSAGES, form)
    assert (status, said["code"], said["status"]) == (400, code, 400)
    assert set(said) == {"code", "message", "more_info", "status"}
    assert not standin.messages


def test_a_wrong_token_and_an_unknown_message_are_refused(standin: TwilioStandIn) -> None:
    assert _ask(standin, MESSAGES, SEND, token="wrong")[1]["code"] == 20003
    assert _ask(standin, MESSAGE.replace("{Sid}", "SM" + "0" * 32))[1]["code"] == 20404

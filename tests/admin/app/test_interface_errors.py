"""Errors of the programming interface have one shape."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.db import Database


def shaped(answer):
    error = answer.json["error"]
    assert set(error) == {"code", "message", "details"}
    assert isinstance(error["details"], list)
    return error


def test_an_unknown_address_of_the_interface_is_404_in_the_one_shape(client):
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert shaped(answer)["code"] == "not_found"


def test_without_a_token_the_description_is_401_in_the_one_shape(client):
    answer = client.get("/api/v1/_openapi")
    assert answer.status_code == 401
    assert shaped(answer)["code"] == "unauthorized"


@pytest.mark.parametrize("token", ["x", "a.b.c", ""])
def test_a_token_that_is_none_is_401(client, token):
    answer = client.get("/api/v1/_openapi", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    shaped(answer)


def test_the_description_opens_with_and_without_trailing_slash(client, make_person):
    make_person("mei", "agent")
    said = {"username": "mei", "password": "correct horse battery staple", "provider": "db"}
    token = client.post("/api/v1/security/login", json=said).json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/api/v1/_openapi", "/api/v1/_openapi/"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        assert answer.json["openapi"].startswith("3.")
    for path in ("/api/v1/security/login", "/api/v1/security/login/"):
        assert client.post(path, json=said).status_code == 200


def test_a_wrong_password_is_401_a_missing_field_422_and_no_object_400(client, make_person):
    make_person("mei", "agent")
    answer = client.post("/api/v1/security/login", json={"username": "mei", "password": "no"})
    assert answer.status_code == 401
    assert shaped(answer)["message"] == "The user name or the password is wrong."
    answer = client.post("/api/v1/security/login", json={"username": "mei"})
    assert answer.status_code == 422
    assert shaped(answer)["details"] == [{"path": "password", "message": "Must be text."}]
    assert client.post("/api/v1/security/login", json=["x"]).status_code == 400
    assert client.post("/api/v1/security/login", data="{").status_code == 400


def test_a_method_that_is_not_taken_is_405(client):
    answer = client.delete("/api/v1/security/login")
    assert answer.status_code == 405
    shaped(answer)


def test_errors_of_the_interface_speak_the_language_asked_for(client):
    answer = client.get("/api/v1/nothing", headers={"Accept-Language": "zh-TW"})
    assert answer.status_code == 404
    shaped(answer)


def test_health_is_told_without_a_login(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["database"] == "ok"


def test_a_product_whose_tables_are_missing_is_not_ready(centre):
    from admin.app import create_app

    assert create_app(centre).test_client().get("/readyz").status_code == 503


def test_a_product_whose_database_went_away_says_so(centre, tmp_path):
    from admin.app import create_app

    gone = Database(f"sqlite:///{tmp_path / 'gone' / 'callwright.db'}")
    answer = create_app(replace(centre, database=gone)).test_client().get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (
        503,
        "the database cannot be reached; the log says why",
    )


def test_a_missing_table_is_a_fault_and_not_a_busy_database(centre):
    from admin.app import create_app

    client = create_app(centre).test_client()
    answer = client.post(
        "/api/v1/security/login", json={"username": "mei", "password": "unknown", "provider": "db"}
    )
    assert answer.status_code == 500
    shaped(answer)

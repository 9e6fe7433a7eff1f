from __future__ import annotations

from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import PermissionView, Role
from sqlalchemy import select

from admin.kit.permissions import from_pair
from engine.clock import MovableClock
from engine.history import AuditEntry


@pytest.fixture
def boss(make_person, enter):
    make_person("boss", "administrator")
    return enter("boss")


def role(ctx, name):
    with ctx.read():
        found = ctx.session.scalars(select(Role).where(Role.name == name)).first()
        if found is None:
            return None
        return found.id, {from_pair(row.permission.name, row.view_menu.name) for row in found.permissions}


def permission_id(ctx, name):
    with ctx.read():
        for row in ctx.session.scalars(select(PermissionView)):
            if from_pair(row.permission.name, row.view_menu.name) == name:
                return str(row.id)
    raise AssertionError(name)


def test_the_pages_of_roles_and_logins_open(ctx, boss):
    number, _ = role(ctx, "agent")
    for path in (
        "/roles/list/",
        f"/roles/show/{number}",
        f"/roles/edit/{number}",
        "/roles/add",
        "/logins/list/",
        "/logins/show/1",
    ):
        answer = boss.get(path)
        assert answer.status_code == 200, path
    assert "See personal data in full" in boss.get(f"/roles/edit/{number}").text
    assert "Administrator" in boss.get("/roles/list/").text
    for path in (
        "/logins/add",
        "/logins/edit/1",
        "/resetpassword/form",
        "/resetmypassword/form",
        "/registeruser",
    ):
        assert boss.get(path).status_code == 404, path


def test_a_role_is_changed_and_the_change_is_written_down(ctx, boss, token_of, make_person, enter):
    make_person("mei", "agent")
    mei = enter("mei")
    assert mei.get("/organisation/groups").status_code == 403
    number, before = role(ctx, "agent")
    wanted = [permission_id(ctx, name) for name in (*before, "people.manage")]
    said = {"name": "agent", "permissions": wanted, "csrf_token": token_of(boss)}
    assert boss.post(f"/roles/edit/{number}", data=said).status_code == 302
    assert role(ctx, "agent")[1] == before | {"people.manage"}
    assert mei.get("/organisation/groups").status_code == 200
    with ctx.read():
        entry = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "role.put")).one()
    assert (entry.actor, entry.object_id) == ("boss", "agent")
    assert "people.manage" in entry.detail["permissions"]


def test_a_new_role_is_made_with_what_it_may_do(ctx, boss, token_of):
    wanted = permission_id(ctx, "instances.see_all")
    said = {"name": "auditor", "permissions": [wanted], "csrf_token": token_of(boss)}
    assert boss.post("/roles/add", data=said).status_code == 302
    assert role(ctx, "auditor")[1] == {"instances.see_all"}


def test_the_administrator_cannot_lose_the_right_to_manage_roles(ctx, boss, token_of):
    number, before = role(ctx, "administrator")
    wanted = permission_id(ctx, "instances.see_all")
    said = {"permissions": [wanted], "csrf_token": token_of(boss)}
    boss.post(f"/roles/edit/{number}", data={**said, "name": "administrator"})
    boss.post(f"/roles/edit/{number}", data={**said, "name": "former_administrator"})
    boss.post(f"/roles/delete/{number}", data={"csrf_token": token_of(boss)})
    assert role(ctx, "administrator") == (number, before)


def test_a_role_that_somebody_has_is_not_deleted(ctx, boss, token_of, make_person):
    make_person("mei", "agent")
    number, _ = role(ctx, "agent")
    boss.post(f"/roles/delete/{number}", data={"csrf_token": token_of(boss)})
    assert role(ctx, "agent") is not None


def test_changing_roles_needs_a_recent_proof(ctx, boss, token_of):
    token = token_of(boss)
    with ctx.read():
        clock = MovableClock(ctx.now + timedelta(minutes=31))
    object.__setattr__(ctx.centre, "clock", clock)
    number, before = role(ctx, "agent")
    assert boss.get("/roles/list/").status_code == 200
    answer = boss.get(f"/roles/edit/{number}")
    assert answer.headers["Location"] == f"/account/prove?next=/roles/edit/{number}"
    said = {"name": "agent", "csrf_token": token}
    assert boss.post(f"/roles/edit/{number}", data=said).headers["Location"].startswith("/account/prove")
    assert role(ctx, "agent")[1] == before


def test_the_librarys_session_cannot_write_on_any_other_page(app, ctx):
    from flask_appbuilder.security.sqla.models import User
    from sqlalchemy.exc import DBAPIError

    with app.test_request_context("/", method="POST"):
        store = app.extensions["appbuilder"].session
        store.add(User(username="x", first_name="x", last_name="", email="x@x", password="!"))
        with pytest.raises(DBAPIError, match="read"):
            store.commit()
        store.rollback()

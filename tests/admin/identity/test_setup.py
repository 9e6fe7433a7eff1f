from __future__ import annotations

import subprocess
import sys

from flask_appbuilder.security.sqla.models import PermissionView, Role
from sqlalchemy import func, select

from admin.identity.logins import roles_of
from admin.identity.roles import ADMINISTRATOR, default_grants
from admin.identity.setup import init_security
from admin.kit.permissions import as_pair, from_pair, known_permissions


def granted(ctx, role):
    with ctx.read():
        found = ctx.session.scalars(select(Role).where(Role.name == role)).one()
        return {from_pair(one.permission.name, one.view_menu.name) for one in found.permissions}


def test_every_role_begins_with_what_is_given_to_it(ctx, app):
    for role, given in default_grants(ctx.registry).items():
        if role != ADMINISTRATOR:
            assert granted(ctx, role) == given, role
    assert granted(ctx, ADMINISTRATOR) == {permission.name for permission in known_permissions(ctx.registry)}


def test_making_it_again_changes_nothing_and_keeps_what_an_administrator_took_away(ctx, app):
    with ctx.write():
        role = ctx.session.scalars(select(Role).where(Role.name == "supervisor")).one()
        role.permissions.clear()
    with ctx.read():
        before = ctx.session.scalars(select(func.count()).select_from(PermissionView)).one()
    init_security(app)
    assert granted(ctx, "supervisor") == set()
    with ctx.read():
        assert ctx.session.scalars(select(func.count()).select_from(PermissionView)).one() == before


def test_a_permission_has_one_name_in_code_and_in_the_role_editor():
    assert as_pair("instances.see_all") == ("can_see_all", "instances")
    assert from_pair("can_see_all", "instances") == "instances.see_all"


_START = """
import sys
from pathlib import Path
from admin.app import create_app
from admin.centre import open_centre
from admin.identity.setup import init_security
from engine.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]), secret_key="x" * 40, database_url=sys.argv[2])
app = create_app(open_centre(settings))
sys.stdin.read(1)
init_security(app)
"""


def start_together(folder, url, count=4):
    """Let several processes prepare an empty database at the same moment."""
    command = [sys.executable, "-c", _START, str(folder), url]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(count)]
    for process in running:
        process.stdin.write(b"g")
        process.stdin.close()
        process.stdin = None
    return [(process.communicate(timeout=60)[1].decode(), process.returncode) for process in running]


def test_processes_that_start_together_on_an_empty_database_all_come_up(tmp_path):
    for said, code in start_together(tmp_path, ""):
        assert code == 0, said


def test_nobody_has_a_role_before_it_is_given(ctx, app):
    assert roles_of(ctx, person_key="nobody") == []

"""Where a plug-in's manifest and source differ, the checker says so and names the remedy."""

import importlib
import itertools
import sys

import pytest

import forms
from admin.check.plugins import check_plugin
from engine import runtime
from engine.errors import ConfigurationError
from engine.plugin import Registry
from engine.plugin.loader import load_plugins

CHAIRS = {
    "__init__.py": "",
    "plugin.toml": """
        title = "Chairs"
        summary = "Keeps chairs."
        service_tasks = ["add"]
        lookups = ["keeper"]
        jobs = ["count"]
        gateways = ["chair_mail"]
        messages = ["came"]
        forms = ["ask"]
        permissions = { "chairs.see" = "See chairs" }
        [[menu]]
        label = "Chairs"
        view = "ChairView.list"
        permission = "chairs.see"
        [roles]
        chair_keeper = ["chairs.see"]
        [settings.limit]
        type = "integer"
        default = 3
        label = "Most chairs"
        [[process]]
        name = "counter"
        module = "PACKAGE.chairs.process"
        """,
    "README.md": "# Chairs\n\n| service task | takes | gives |\n|---|---|---|\n| `chairs.add` | name | |\n",
    "models.py": """
        class Chair:
            __tablename__ = "chairs_chair"
        """,
    "service_tasks.py": """
        from engine.plugin import service_task

        @service_task("add", title="Add")
        def add(ctx, name: str) -> None:
            "Add a chair."
            ctx.settings("chairs.limit")
        """,
    "lookups.py": """
        from engine.plugin import lookup

        @lookup("keeper", title="Keeper")
        def keeper(ctx, of):
            "Find who keeps a chair."
            return []
        """,
    "jobs.py": """
        from engine.plugin import job

        @job("count", title="Count", every_s=60)
        def count(ctx, payload):
            "Count."
        """,
    "channel.py": """
        class Mail:
            name = "chair_mail"

        def gateway(settings):
            return Mail()
        """,
    "process.py": "def run(centre):\n    pass\n",
    "views.py": """
        class ChairView:
            def list(self):
                pass

        def register(appbuilder):
            pass
        """,
    "messages/came.toml": 'title = "Came"\n[sms]\ntext = "A chair came."\n',
    "forms/ask.form": '{"type": "default", "id": "ask", "schemaVersion": 18, "components": []}',
    "migrations/chairs_0001.py": "",
}
numbers = itertools.count()


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Write a plug-in, changed here and there, load it as the product does, and say what is wrong with it."""
    package = f"checked_plugins_{next(numbers)}"
    monkeypatch.syspath_prepend(tmp_path)

    def run(changes=(), *, beside=(), without=None):
        forget()
        for plugin, files in {**dict(beside), "chairs": {**CHAIRS, **dict(changes)}}.items():
            for path in set(files) - {without}:
                target = tmp_path / package / plugin / path
                target.parent.mkdir(parents=True, exist_ok=True)
                lines = [line.removeprefix(" " * 8) for line in files[path].splitlines()]
                target.write_text("\n".join(lines).replace("PACKAGE", package))
        (tmp_path / package / "__init__.py").touch()
        registry = Registry()
        runtime.register(registry)
        forms.register(registry)
        load_plugins(registry, [package], web=True)
        for plugin in registry.plugins.values():
            if "channel" in plugin.rooms:
                registry.add_gateway(plugin.rooms["channel"].gateway(None))
        registry.close()
        problems = check_plugin(registry.plugins["chairs"], registry, tmp_path / package)
        return sorted(str(problem) for problem in problems)

    def forget():
        importlib.invalidate_caches()
        for module in [module for module in sys.modules if module.startswith(package)]:
            del sys.modules[module]

    yield run
    forget()


def manifest(old, new):
    assert old in CHAIRS["plugin.toml"]
    return {"plugin.toml": CHAIRS["plugin.toml"].replace(old, new)}


def test_a_plugin_whose_manifest_is_true_has_no_problem(check):
    assert check() == []


@pytest.mark.parametrize(
    ("key", "listed", "where"),
    [
        ("service_tasks", "add", "service_tasks.py"),
        ("lookups", "keeper", "lookups.py"),
        ("jobs", "count", "jobs.py"),
        ("gateways", "chair_mail", "channel.py"),
        ("messages", "came", "messages/"),
        ("forms", "ask", "forms/"),
    ],
)
def test_manifest_and_source_list_the_same(check, key, listed, where):
    lists = f'{key} = ["{listed}"]'
    missing, unlisted = sorted(check(manifest(lists, f'{key} = ["sit"]')), key=lambda said: listed in said)
    assert unlisted == f"chairs/plugin.toml#{key}: {where} has {listed}. List it here."
    assert missing == (
        f"chairs/plugin.toml#{key}: sit is listed, but {where} has nothing of this name. "
        "Write it, or take it off."
    )


def test_what_is_wrong_with_a_form_or_a_message_is_said(check):
    (problem,) = check({"messages/came.toml": 'title = "Came"\n[sms]\ntext = "{{ chair"\n'})
    assert problem.startswith("chairs/messages/came.toml")
    (problem,) = check({"forms/ask.form": "{"})
    assert problem.startswith("chairs/forms/ask.form")


def test_a_room_that_is_none_is_named(check):
    (problem,) = check({"helpers.py": ""})
    assert problem.startswith("chairs/helpers.py: A plug-in has no room of this name. Its rooms are: demo, ")


@pytest.mark.parametrize(
    ("room", "door", "key"),
    [
        ("views", "register", ""),
        ("rest", "register", ""),
        ("webhooks", "blueprint", ""),
        ("channel", "gateway", "#gateways"),
    ],
)
def test_a_room_without_its_door_does_not_load(check, room, door, key):
    with pytest.raises(ConfigurationError) as refused:
        check({f"{room}.py": "class ChairView:\n    def list(self): ...\n"})
    assert f"chairs/plugin.toml{key}: {room}.py is entered by {door}(), which it lacks." in str(refused.value)


def test_a_schema_named_like_somebody_elses_is_named(check):
    schema = "from marshmallow import Schema\n\nclass %s(Schema):\n    pass\n"
    rest = "import PACKAGE.chairs.schemas\n\ndef register(appbuilder):\n    pass\n"
    said = check({"schemas.py": schema % "Person", "rest.py": rest})
    assert said == [
        "chairs/schemas.py#Person: admin.api.people has a schema of this name too, "
        "and the description of REST knows one. Rename yours."
    ]


def test_a_permission_that_nobody_asks_for_is_named(check):
    said = check(manifest('"See chairs" }', '"See chairs", "chairs.sell" = "Sell chairs" }'))
    assert said == ["chairs/plugin.toml#permissions: Nothing asks for chairs.sell. Ask, or take it off."]


def test_a_permission_that_nobody_declares_is_named(check):
    said = check({"services.py": 'def sell(ctx):\n    return ctx.actor.may("chairs.sell")\n'})
    assert said == ["chairs/services.py: It asks for chairs.sell, which no manifest declares. Declare it."]


def test_a_permission_of_the_shell_may_be_asked_for(check):
    assert check({"services.py": 'def sell(ctx):\n    return ctx.actor.may("people.manage")\n'}) == []


def test_a_permission_begins_with_the_plugins_name(check):
    said = check(manifest('"See chairs" }', '"See chairs", "seats.see" = "See seats" }'))
    assert "chairs/plugin.toml#permissions: seats.see must begin with the plug-in's name." in said


def test_a_role_of_ours_is_written_as_we_write_it(check):
    said = check(manifest("chair_keeper", "Agent"))
    assert said == ["chairs/plugin.toml#roles: Role Agent is written agent."]


def test_a_role_gets_only_what_is_declared(check):
    said = check(manifest('["chairs.see"]', '["chairs.see", "chairs.sea"]'))
    assert said == ["chairs/plugin.toml#roles: chair_keeper gets chairs.sea, which no manifest declares."]


def test_a_setting_that_nobody_reads_is_named(check):
    said = check({"service_tasks.py": CHAIRS["service_tasks.py"].replace("chairs.limit", "chairs.other")})
    assert said == ["chairs/plugin.toml#settings.limit: Nothing reads chairs.limit. Read it, or take it off."]


@pytest.mark.parametrize(
    ("kind", "default", "fits"),
    [
        ("integer", "true", False),
        ("integer", '"3"', False),
        ("text", '"3"', True),
        ("boolean", "true", True),
        ("decimal", '"0.5"', True),
        ("decimal", '"much"', False),
        ("duration", '"PT4H"', True),
        ("duration", '"4 hours"', False),
        ("choice", '"few"', False),
    ],
)
def test_a_default_is_of_its_settings_type(check, kind, default, fits):
    said = check(
        manifest('type = "integer"\n        default = 3', f'type = "{kind}"\n        default = {default}')
    )
    assert bool(said) is not fits


@pytest.mark.parametrize("view", ["ChairView.show", "TableView.list", "chairs"])
def test_a_line_of_the_menu_leads_somewhere(check, view):
    said = check(manifest("ChairView.list", view))
    assert said == [
        f"chairs/plugin.toml#menu: views.py has no {view}. Write Class.method, or a path that begins with /."
    ]


def test_a_line_of_the_menu_may_be_a_path(check):
    assert check(manifest("ChairView.list", "/chairs")) == []


def test_a_process_of_its_own_has_a_function_run(check):
    said = check({"process.py": "def go(): ...\n"})
    assert said[0].endswith(".chairs.process has no function run.")
    assert "must be" in check(manifest("chairs.process", "chairs.jobs"))[0]


def test_a_table_is_named_after_its_plugin_and_has_a_migration(check):
    said = check({"models.py": 'class Chair:\n    __tablename__ = "chair"\n'})
    assert said == ["chairs/models.py: Table chair must begin with the plug-in's name."]


def test_tables_need_migrations(check):
    assert check(without="migrations/chairs_0001.py") == [
        "chairs/models.py: Its tables have no migrations/. Make a first one."
    ]


TABLES = {"__init__.py": "", "plugin.toml": 'title = "T"\nsummary = "T."', "README.md": "T", "public.py": ""}


def test_another_plugin_is_entered_by_its_public_door(check):
    tables = {"tables": {**TABLES, "services.py": "def lay(): ...\n"}}
    said = check({"services.py": "from PACKAGE.tables.services import lay\n"}, beside=tables)
    assert len(said) == 1
    assert said[0].endswith(".tables.services.lay is behind another plug-in's door. Use its public.")


def test_a_plugin_whose_door_is_used_is_listed(check):
    uses = {"services.py": "from PACKAGE.tables import public\n"}
    assert check(uses, beside={"tables": TABLES}) == [
        "chairs/plugin.toml#depends: services.py uses tables. List it here."
    ]
    assert check({**uses, **manifest("jobs =", 'depends = ["tables"]\n        jobs =')}) == []


def test_a_readme_is_there_and_its_table_is_true(check):
    row = "The table of service tasks must say: | `chairs.add` | name |  |"
    assert check({"README.md": "# Chairs\n"}) == [f"chairs/README.md: {row}"]
    assert check({"README.md": "| `chairs.add` | name, colour | |\n"}) == [f"chairs/README.md: {row}"]
    assert check({"README.md": "| `chairs.add` | name (what we call it) | |\n"}) == []


def test_a_missing_readme_is_named(check):
    assert check(without="README.md") == [
        "chairs/README.md: There is no README.md. Say what it is and what it offers."
    ]

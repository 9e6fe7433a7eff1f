"""What people read is found in the source, kept in catalogues, and missed where it is missing."""

import pytest
from babel.messages.pofile import read_po

from admin.check.catalogues import (
    Owner,
    check_catalogues,
    error_names,
    extract,
    find_owners,
    process_owner,
    update,
    update_all,
)
from admin.check.texts import holes, process_manifest_texts
from admin.scaffold import new_process
from engine.chinese import foreign_characters

MODULE = '''
from engine.errors import Conflict
from engine.i18n import _
from flask_babel import gettext, ngettext


class TooLate(Conflict):
    """It is too late.

    Nobody reads this line.
    """


class Plain:
    """Nobody reads this either."""


@service_task("open", title=_("Open it"))
def open_it(ctx, count):
    """Take it in."""
    said = _("There is no %(name)s "
             "here.")
    return gettext("Pages"), ngettext("One page", "%(num)s pages", count), "not marked"
'''
PAGE = '<p>{{ _("Welcome, %(name)s", name=name) }}</p>{% trans %}Good bye{% endtrans %}'
MANIFEST = """
title = "Chairs"
summary = "Keeps chairs."
permissions = { "chairs.see" = "See chairs" }
[[menu]]
label = "All chairs"
view = "ChairView.list"
category = "Work"
[settings.limit]
type = "integer"
default = 3
label = "Most chairs"
help = "Per room."
"""
MESSAGE = """
title = "A chair came"
[sms]
text = "{{ chair }} is here"
[email]
subject = "{{ chair }}"
text = "{{ chair }} is here"
"""
FORM = """{"type": "default", "id": "ask", "schemaVersion": 18, "components": [
  {"type": "select", "id": "f1", "key": "kind", "label": "Kind",
   "values": [{"label": "Soft", "value": "s"}]}]}"""


@pytest.fixture
def owner(tmp_path):
    folder = tmp_path / "plugins" / "chairs"
    (folder / "templates" / "chairs").mkdir(parents=True)
    (folder / "messages").mkdir()
    (folder / "forms").mkdir()
    (folder / "views.py").write_text(MODULE)
    (folder / "templates" / "chairs" / "page.html").write_text(PAGE)
    (folder / "plugin.toml").write_text(MANIFEST)
    (folder / "messages" / "came.toml").write_text(MESSAGE)
    (folder / "forms" / "ask.form").write_text(FORM)
    return Owner(name="plugins/chairs", folder=folder)


def ids(owner):
    return {message.id if isinstance(message.id, str) else message.id[1] for message in extract(owner)} - {""}


def translate(owner, locale, **said):
    """Fill a catalogue with the same Chinese word, holes kept; ``said`` has the exceptions."""
    path = owner.catalogue(locale)
    update(owner)
    text = path.read_text()
    for message in read_po(text.splitlines()):
        for source in filter(None, [message.id] if isinstance(message.id, str) else message.id):
            chinese = said.get(source, "好" + "".join(f"%({hole})s" for hole in message_holes(source)))
            text = text.replace(f'msgid "{source}"\nmsgstr ""', f'msgid "{source}"\nmsgstr "{chinese}"')
            text = text.replace(
                f'msgid_plural "{source}"\nmsgstr[0] ""', f'msgid_plural "{source}"\nmsgstr[0] "{chinese}"'
            )
    path.write_text(text)


def message_holes(source):
    return [part.split(")")[0] for part in source.split("%(")[1:]]


def said_of(owner):
    return sorted(str(problem).split(": ", 1)[1] for problem in check_catalogues(owner, owner.folder))


def test_texts_are_found_wherever_people_read_them(owner):
    assert ids(owner) == {
        "It is too late.",
        "Open it",
        "Take it in.",
        "There is no %(name)s here.",
        "Pages",
        "%(num)s pages",
        "Welcome, %(name)s",
        "Good bye",
        "Chairs",
        "Keeps chairs.",
        "See chairs",
        "All chairs",
        "Most chairs",
        "Per room.",
        "A chair came",
        "{{ chair }} is here",
        "Kind",
        "Soft",
    }


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("views.py", "def ("),
        ("plugin.toml", "title ="),
        ("templates/chairs/page.html", "{% if %}"),
        ("messages/came.toml", "title = 1"),
        ("forms/ask.form", "{"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem_and_no_crash(owner, tmp_path, path, content):
    (owner.folder / path).write_text(content)
    (problem,) = check_catalogues(owner, tmp_path)
    assert problem.path == f"plugins/chairs/{path}"
    assert str(problem).startswith(f"plugins/chairs/{path}: Its texts cannot be read: ")


def test_every_error_of_the_floors_is_known_as_one(owner):
    assert {"CallwrightError", "Busy", "LostLease", "DeadLink", "TooLate"} <= error_names(owner)
    assert "Plain" not in error_names(owner)


def test_the_shell_says_what_its_libraries_say(tmp_path):
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin" / "__init__.py").touch()
    (admin,) = find_owners(tmp_path)
    assert {"This field is required.", "Not a valid integer value.", "Added Row"} <= ids(admin)


def test_a_missing_catalogue_is_one_problem_per_language(owner):
    assert said_of(owner) == ["18 texts have no catalogue. Make it with: callwright catalogues"] * 2


def test_each_text_without_translation_is_named(owner):
    update(owner)
    missing = said_of(owner)
    assert len(missing) == 36
    assert "No translation of: Good bye" in missing


def test_a_complete_catalogue_has_no_problem(owner):
    translate(owner, "zh_Hans")
    translate(owner, "zh_Hant")
    assert said_of(owner) == []


def test_simplified_characters_are_refused_in_traditional_and_the_other_way_round(owner):
    translate(owner, "zh_Hans", Kind="種類")
    translate(owner, "zh_Hant", Kind="种类")
    assert said_of(owner) == [
        "种 类 is not written in this script, in: 种类",
        "種 類 is not written in this script, in: 種類",
    ]


def test_a_translation_must_have_the_holes_of_its_source(owner):
    translate(owner, "zh_Hans", **{"Welcome, %(name)s": "欢迎 %(nome)s"})
    translate(owner, "zh_Hant")
    assert said_of(owner) == ["Its holes are not those of its source text: Welcome, %(name)s | 欢迎 %(nome)s"]


def test_a_guess_counts_as_missing(owner):
    translate(owner, "zh_Hans")
    translate(owner, "zh_Hant")
    path = owner.catalogue("zh_Hans")
    path.write_text(path.read_text().replace('msgid "Pages"', '#, fuzzy\nmsgid "Pages"'))
    assert said_of(owner) == ["Only a guess (fuzzy): Pages"]


def test_updating_keeps_translations_and_brings_back_what_comes_back(owner):
    translate(owner, "zh_Hans", Pages="页")
    assert update(owner) == []
    views = owner.folder / "views.py"
    views.write_text(MODULE.replace('gettext("Pages")', 'gettext("Sheets")'))
    assert owner.catalogue("zh_Hans") in update(owner)
    text = owner.catalogue("zh_Hans").read_text()
    assert '#~ msgid "Pages"\n#~ msgstr "页"' in text
    assert 'msgid "Sheets"\nmsgstr ""' in text
    views.write_text(MODULE)
    update(owner)
    assert '\nmsgid "Pages"\nmsgstr "页"' in owner.catalogue("zh_Hans").read_text()


def test_updating_everything_says_what_a_translator_has_to_do(owner, tmp_path):
    assert list(update_all(tmp_path)) == ["plugins/chairs: 2 files changed, 36 texts need a translator"]


def test_every_text_of_a_process_folder_is_found(tmp_path):
    folder = new_process(tmp_path, "chair_request")
    found = ids(process_owner(folder))
    assert {
        "Chair request",  # process.toml
        "Handle it",  # a task's name
        "no",  # a flow's name
        "Decline",  # an outcome's label
        "Who asked will read it.",  # a form's help
        "{{ business_key }} {{ subject }} is done. {{ note }}",  # a message
    } <= found
    assert "{{ subject }}" not in found


def test_a_message_of_a_process_may_not_lose_a_hole(tmp_path):
    owner = process_owner(new_process(tmp_path, "chair_request"))
    path = owner.catalogue("zh_Hans")
    path.write_text(path.read_text().replace("已办结。{{ note }}", "已办结。{{ remark }}"))
    (problem,) = check_catalogues(owner, tmp_path)
    assert problem.path == "bpmn/chair_request/locale/zh_Hans/LC_MESSAGES/messages.po"
    assert "{{ remark }}" in str(problem)


def test_a_hole_is_known_by_the_names_in_it():
    assert holes('{{ substring(summary, 1, 20) }} {{ if a.b = "note" then x else y }}') == [
        *("a.b", "else", "if", "substring", "summary", "then", "x", "y")
    ]


@pytest.mark.parametrize(
    ("locale", "text", "foreign"),
    [
        ("zh_Hant", "處理後台灣公里系統，批准、準備；香港綫上裏面着", ""),
        ("zh_Hant", "处理机会据", "处据机会"),
        ("zh_Hans", "处理后台湾公里系统", ""),
        ("zh_Hans", "處理後", "後處"),
        ("zh_Hans", "SMS 短信 & 邮件", ""),
    ],
)
def test_a_character_of_the_other_script_is_found(locale, text, foreign):
    assert foreign_characters(locale, text) == sorted(foreign)


def test_the_groups_that_a_process_names_need_a_translation_too():
    manifest = b'key = "chair_request"\ntitle = "Chair request"\n[groups]\ncarpenters = "Carpenters"\n'
    assert [text.id for text in process_manifest_texts(manifest)] == ["Chair request", "Carpenters"]

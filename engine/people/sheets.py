"""Tables that people bring: rows of text out of ``.xlsx`` and ``.csv``, safely.

``openpyxl`` is imported where it is used: every process would begin a tenth later for what one of them needs.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidSubmission, Problem
from engine.i18n import _

LARGEST_FILE = 5 * 1024 * 1024
_LARGEST_UNPACKED = 50 * 1024 * 1024
_MOST_MEMBERS = 500
_MOST_RATIO = 100
MOST_ROWS = 10_000
_MOST_COLUMNS = 50
_LONGEST_CELL = 1_000
_NESTED = (".zip", ".xlsx", ".xlsm", ".gz", ".7z", ".rar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row under the headers.

    Args:
        number: As the program that made the table counts it, from 1.
        cells: Text by header, as it is written; an empty cell is empty text.
        places: ``C7`` by header.
    """

    number: int
    cells: Mapping[str, str]
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table.

    Args:
        name: The sheet's name, or the file's.
        headers: As they are written.
        rows: Those with something in them.
        problems: Cells that cannot be read.
    """

    name: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()


def read_sheets(name: str, content: bytes) -> list[Sheet]:
    """Read the tables of a file.

    Args:
        name: The file's name; its ending says what it is.
        content: The file.

    Raises:
        InvalidSubmission: It is no table that could be read; says what to do.
    """
    if len(content) > LARGEST_FILE:
        raise InvalidSubmission(
            _("%(name)s is larger than %(most)s MB. Split it."), name=name, most=LARGEST_FILE // 1024 // 1024
        )
    ending = name.lower().rpartition(".")[2]
    if ending == "xlsx":
        return _read_workbook(name, content)
    if ending in ("csv", "txt"):
        return [_read_csv(name, content)]
    raise InvalidSubmission(_("%(name)s is neither .xlsx nor .csv. Save it as one of them."), name=name)


def _read_workbook(name: str, content: bytes) -> list[Sheet]:
    from openpyxl import load_workbook

    broken = InvalidSubmission(_("%(name)s cannot be read. Save it anew as .xlsx."), name=name)
    try:
        _check_archive(name, content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            return [
                _sheet(page.title, _rows_of(page))
                for page in book.worksheets
                if page.sheet_state == "visible"
            ]
        finally:
            book.close()
    except InvalidSubmission:
        raise
    except Exception as error:
        # Whatever a mangled archive makes the parser raise: it is the file's fault, not ours.
        raise broken from error


def _check_archive(name: str, content: bytes) -> None:
    """Refuse an archive that is a bomb, or that declares things of its own."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        dense = any(
            member.file_size > 100_000 and member.file_size > _MOST_RATIO * max(member.compress_size, 1)
            for member in members
        )
        nested = any(member.filename.lower().endswith(_NESTED) for member in members)
        if len(members) > _MOST_MEMBERS or unpacked > _LARGEST_UNPACKED or dense or nested:
            raise InvalidSubmission(
                _("%(name)s unpacks to more than is taken here. Save only the table."), name=name
            )
        for member in members:
            if member.filename.lower().endswith((".xml", ".rels")):
                text = archive.read(member)
                if b"<!DOCTYPE" in text or b"<!ENTITY" in text or text[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise InvalidSubmission(_("%(name)s cannot be read. Save it anew as .xlsx."), name=name)


def _rows_of(page: Any) -> Iterator[tuple[int, list[Any]]]:
    page.reset_dimensions()
    for number, cells in enumerate(page.iter_rows(max_col=_MOST_COLUMNS), start=1):
        yield number, [_cell_text(cell) for cell in cells]


def _cell_text(cell: Any) -> str | None:
    """Return a cell's text; None where it holds a formula or an error."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _read_csv(name: str, content: bytes) -> Sheet:
    try:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidSubmission(
            _("%(name)s is not written in UTF-8. Save it as “CSV UTF-8” or as .xlsx."), name=name
        ) from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        rows = [
            (number, [None if cell.lstrip().startswith("=") else cell.strip() for cell in row])
            for number, row in enumerate(reader, start=1)
        ]
    except csv.Error as error:
        raise InvalidSubmission(_("%(name)s cannot be read as CSV. Save it as .xlsx."), name=name) from error
    return _sheet(name.rpartition(".")[0], iter(rows))


def _sheet(name: str, rows: Iterator[tuple[int, Sequence[str | None]]]) -> Sheet:
    headers: tuple[str, ...] = ()
    found: list[Row] = []
    problems: list[Problem] = []
    for number, cells in rows:
        if not any(cell is None or cell for cell in cells):
            continue
        if not headers:
            headers = tuple((cell or "").strip() for cell in cells[:_MOST_COLUMNS])
            continue
        if len(found) == MOST_ROWS:
            raise InvalidSubmission(
                _("%(name)s has more than %(most)s rows. Split it."), name=name, most=MOST_ROWS
            )
        found.append(_row(name, number, headers, cells, problems))
    return Sheet(name=name, headers=headers, rows=tuple(found), problems=tuple(problems))


def _row(
    name: str, number: int, headers: Sequence[str], cells: Sequence[str | None], problems: list[Problem]
) -> Row:
    from openpyxl.utils import get_column_letter

    texts: dict[str, str] = {}
    places: dict[str, str] = {}
    for index, (header, cell) in enumerate(zip(headers, cells, strict=False), start=1):
        if not header:
            continue
        place = f"{get_column_letter(index)}{number}"
        places[header] = place
        if cell is None:
            problems.append(
                Problem(
                    path=f"{name}!{place}",
                    message=_("A formula or an error stands here. Paste its value instead."),
                    line=number,
                )
            )
        elif len(cell) > _LONGEST_CELL:
            problems.append(
                Problem(
                    path=f"{name}!{place}",
                    message=_("Use at most %(count)s characters."),
                    params={"count": _LONGEST_CELL},
                    line=number,
                )
            )
        texts[header] = (cell or "")[:_LONGEST_CELL]
    return Row(number=number, cells=texts, places=places)


def write_blank(sheets: Mapping[str, Sequence[str]]) -> bytes:
    """Return an ``.xlsx`` with nothing but headers, by the sheets' names."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    del book["Sheet"]
    for name, headers in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(headers))
        sheet.freeze_panes = "A2"
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            sheet.column_dimensions[cell.column_letter].width = 22
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()

"""A table that is saved: CSV for a spreadsheet, in which no text is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from flask import Response

Cell = str | int | float | None
# What a spreadsheet would compute, or hand to another program.
_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Answer with a table as a file to save.

    Args:
        name: The file's, without its ending.
        heading: What the columns are called.
        rows: Numbers stay numbers; None is an empty cell.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([_harmless(cell) for cell in heading])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    # With its mark spreadsheets know that it is UTF-8.
    response = Response(written.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.csv"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_BEGINS) else cell

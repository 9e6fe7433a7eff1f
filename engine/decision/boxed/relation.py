"""Boxed relations: a list of contexts, written as rows under named columns (10.2.1.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decision.compiling import Compiling, coerced
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, children, tag
from engine.feel.tokens import normal_name
from engine.i18n import _


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a relation."""
    from engine.decision.boxed import KINDS
    from engine.decision.boxed import read as read_boxed

    columns = [*children(element, "column")]
    names = [normal_name(column.get("name", "")) for column in columns]
    kinds = [compiling.kind(column, column.get("typeRef")) for column in columns]
    rows: list[list[Code]] = []
    for row in children(element, "row"):
        cells = [cell for cell in children(row) if tag(cell) in KINDS]
        if len(cells) != len(columns):
            compiling.wrong(
                row,
                _("This row has %(cells)s cells under %(columns)s columns."),
                cells=len(cells),
                columns=len(columns),
            )
        codes = zip(cells, kinds, strict=False)
        rows.append([coerced(read_boxed(cell, compiling), kind, cell) for cell, kind in codes])

    def relation(evaluation: Evaluation, scope: Scope) -> list[dict[str, Any]]:
        evaluation.run.afford_items(len(rows))
        return [
            {name: cell(evaluation, scope) for name, cell in zip(names, row, strict=False)} for row in rows
        ]

    return relation

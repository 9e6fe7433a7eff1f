"""Lists that the server pages and sorts: what the address asks for, and the rows of that page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, Select, func, select

from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.i18n import _

PAGE_SIZE = 25
_MAX_PAGE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """One page of a list.

    Args:
        page: From 1.
        page_size: Rows a page, 1 to 100.
        sort: The column's key, with ``-`` for falling.
        search: What the search box holds.
    """

    page: int = 1
    page_size: int = PAGE_SIZE
    sort: str = ""
    search: str = ""

    def rows(
        self, ctx: Context, statement: Select[Any], columns: Mapping[str, ColumnElement[Any] | Any]
    ) -> tuple[Sequence[Any], int]:
        """Run a statement for this page.

        Args:
            ctx: With an open transaction.
            statement: A select without order and limit.
            columns: What each sort key sorts by.

        Returns:
            The rows of the page, and how many there are in all.
        """
        count = ctx.session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
        for name in filter(None, self.sort.split(",")):
            column = columns[name.removeprefix("-")]
            statement = statement.order_by(column.desc() if name.startswith("-") else column)
        statement = statement.limit(self.page_size).offset((self.page - 1) * self.page_size)
        return ctx.session.execute(statement).all(), count


def read_paging(*, sorts: Sequence[str], default: str, page_size: int = PAGE_SIZE) -> Paging:
    """Read what the address asks for: ``page``, ``page_size``, ``sort``, ``q``.

    Args:
        sorts: The keys one may sort by.
        default: The order where the address names none.
        page_size: Rows a page where the address does not say.

    Raises:
        InvalidSubmission: A value cannot be; the problems name the known ones.
    """
    problems = []
    sort = request.args.get("sort", "") or default
    unknown = [name for name in sort.split(",") if name.removeprefix("-") not in sorts]
    if unknown:
        problems.append(
            Problem(
                path="sort",
                message=_("Cannot sort by %(name)s. Known are: %(known)s."),
                params={"name": unknown[0], "known": ", ".join(sorts)},
            )
        )
    page = _whole("page", 1, _MAX_PAGE, 1, problems)
    size = _whole("page_size", 1, 100, page_size, problems)
    if problems:
        raise InvalidSubmission(problems=problems)
    return Paging(page=page, page_size=size, sort=sort, search=request.args.get("q", "").strip()[:200])


def _whole(name: str, least: int, most: int, default: int, problems: list[Problem]) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text[:12]) <= most:
        problems.append(
            Problem(
                path=name,
                message=_("Must be a whole number from %(least)s to %(most)s."),
                params={"least": least, "most": most},
            )
        )
        return default
    return int(text)

"""The time between two moments, in SQL that both databases understand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class SecondsBetween(FunctionElement[float]):
    """The seconds between two moments, exact to the millisecond: ``SecondsBetween(since, until)``."""

    name = "seconds_between"
    type = Float()
    inherit_cache = True

    def __init__(self, since: SQLColumnExpression[Any], until: SQLColumnExpression[Any]) -> None:
        super().__init__(since, until)


@compiles(SecondsBetween, "sqlite")
def _on_sqlite(element: SecondsBetween, compiler: Any, **said: Any) -> str:
    since, until = (compiler.process(clause, **said) for clause in element.clauses)
    # A Julian day of our age has some 40 microseconds of precision.
    return f"round((julianday({until}) - julianday({since})) * 86400.0, 3)"


@compiles(SecondsBetween, "postgresql")
def _on_postgresql(element: SecondsBetween, compiler: Any, **said: Any) -> str:
    since, until = (compiler.process(clause, **said) for clause in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({until}) - ({since})) AS double precision)"

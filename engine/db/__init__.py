"""Tables and transactions: the declarative base, the column types, the two transaction modes."""

from engine.db.alone import alone_in
from engine.db.base import IN_ORDER, Base, Id, Instant, JsonText, Seq, metadata, upsert
from engine.db.database import Database, Mode, Transaction
from engine.db.order import order_by
from engine.db.page import equal_to, page_of
from engine.db.rows import inserting, one_or_many, table_of, updating
from engine.db.spans import SecondsBetween
from engine.db.writer import Turn

__all__ = [
    "IN_ORDER",
    "Base",
    "Database",
    "Id",
    "Instant",
    "JsonText",
    "Mode",
    "SecondsBetween",
    "Seq",
    "Transaction",
    "Turn",
    "alone_in",
    "equal_to",
    "inserting",
    "metadata",
    "one_or_many",
    "order_by",
    "page_of",
    "table_of",
    "updating",
    "upsert",
]

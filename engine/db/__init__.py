"""Tables and transactions: the declarative base, the column types, the two transaction modes."""

from engine.db.base import Base, Id, Instant, JsonText, metadata, upsert
from engine.db.database import Database, Mode, Transaction
from engine.db.order import order_by
from engine.db.page import page_of

__all__ = [
    "Base",
    "Database",
    "Id",
    "Instant",
    "JsonText",
    "Mode",
    "Transaction",
    "metadata",
    "order_by",
    "page_of",
    "upsert",
]

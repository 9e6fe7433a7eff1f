"""A worker that dies at a commit: for tests that everything goes on, once, wherever it was killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from unittest.mock import patch

from engine.db.database import Transaction


class Killed(BaseException):
    """The process is gone: nothing of its own handling of errors runs any more."""


@contextmanager
def killed_at(commit: int, *, when: Literal["before", "after"]) -> Iterator[None]:
    """Die at a commit of whatever runs inside, and swallow the death.

    Args:
        commit: Which one, from 1; never where there are fewer.
        when: *before* nothing of the transaction is kept, *after* all of it is.
    """
    commit_really = Transaction.commit
    count = 0

    def dying_commit(transaction: Transaction) -> None:
        nonlocal count
        count += 1
        if count == commit and when == "before":
            transaction.rollback()
            raise Killed
        commit_really(transaction)
        if count == commit and when == "after":
            raise Killed

    with patch.object(Transaction, "commit", dying_commit), suppress(Killed):
        yield

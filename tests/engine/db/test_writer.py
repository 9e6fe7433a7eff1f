"""Steps that wait for SQLite's one writer share a commit, and nothing else."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from engine.db import Database, Mode, Transaction, writer

WAIT_S = 20


@pytest.fixture
def database(tmp_path, monkeypatch) -> Iterator[Database]:
    monkeypatch.setattr(writer, "MAXIMUM_S", 60.0)
    database = Database(f"sqlite:///{tmp_path / 'steps.db'}")
    transaction = database.begin(Mode.WRITE)
    transaction.connection.execute(text("CREATE TABLE step (name TEXT PRIMARY KEY)"))
    transaction.connection.execute(
        text("CREATE TABLE next (step TEXT REFERENCES step (name) DEFERRABLE INITIALLY DEFERRED)")
    )
    transaction.commit()
    yield database
    database.dispose()


@pytest.fixture
def commits(database) -> list[str]:
    seen: list[str] = []
    event.listen(database.engine, "commit", lambda _connection: seen.append("commit"))
    return seen


def add(name: str) -> Callable[[Transaction], None]:
    return lambda transaction: transaction.connection.execute(
        text("INSERT INTO step VALUES (:name)"), {"name": name}
    )


def names(database: Database) -> list[str]:
    transaction = database.begin(Mode.READ)
    try:
        return list(transaction.connection.execute(text("SELECT name FROM step ORDER BY name")).scalars())
    finally:
        transaction.rollback()


def run_waiting(database: Database, *steps: Callable[[Transaction], None]) -> dict[int, str]:
    """Run steps in threads that all wait while another one writes; return how each ended."""
    outcomes: dict[int, str] = {}

    def run(number: int, step: Callable[[Transaction], None]) -> None:
        transaction = database.begin(Mode.WRITE)
        try:
            step(transaction)
            transaction.commit()
        except Exception as error:
            transaction.rollback()
            outcomes[number] = type(error).__name__
        else:
            outcomes[number] = "lasts"

    first = database.begin(Mode.WRITE)
    threads = []
    for number, step in enumerate(steps):
        threads.append(threading.Thread(target=run, args=(number, step), daemon=True))
        threads[-1].start()
        until = time.monotonic() + WAIT_S
        while database.writer.waiting <= number and time.monotonic() < until:
            time.sleep(0.001)
    first.rollback()
    for thread in threads:
        thread.join(WAIT_S)
    return outcomes


def test_steps_that_wait_are_committed_together(database, commits):
    outcomes = run_waiting(database, *(add(name) for name in "abcde"))
    assert set(outcomes.values()) == {"lasts"}
    assert names(database) == ["a", "b", "c", "d", "e"]
    assert len(commits) == 1


def test_a_group_takes_so_many_steps_and_no_more(database, commits, monkeypatch):
    monkeypatch.setattr(writer, "MAXIMUM_STEPS", 2)
    run_waiting(database, *(add(name) for name in "abcde"))
    assert names(database) == ["a", "b", "c", "d", "e"]
    assert len(commits) == 3


def test_nobody_waits_for_steps_that_begin_late(database, commits, monkeypatch):
    monkeypatch.setattr(writer, "MAXIMUM_S", 0.0)
    run_waiting(database, *(add(name) for name in "abc"))
    assert len(commits) == 3


def test_a_step_that_fails_leaves_nothing_behind_and_the_others_of_its_group_last(database):
    def fail_in_core(transaction: Transaction) -> None:
        add("lost")(transaction)
        add("a")(transaction)

    def fail_in_the_session(transaction: Transaction) -> None:
        transaction.session.execute(text("INSERT INTO step VALUES ('lost too')"))
        transaction.session.execute(text("INSERT INTO step VALUES ('a')"))

    def fail_by_itself(transaction: Transaction) -> None:
        add("lost as well")(transaction)
        raise ValueError

    steps = [add("a"), fail_in_core, add("b"), fail_in_the_session, add("c"), fail_by_itself]
    outcomes = run_waiting(database, *steps)
    assert outcomes == {
        0: "lasts",
        1: "IntegrityError",
        2: "lasts",
        3: "IntegrityError",
        4: "lasts",
        5: "ValueError",
    }
    assert names(database) == ["a", "b", "c"]


def test_a_commit_that_fails_has_failed_for_every_step_of_it(database):
    def point_nowhere(transaction: Transaction) -> None:
        transaction.connection.execute(text("INSERT INTO next VALUES ('missing')"))

    outcomes = run_waiting(database, add("a"), point_nowhere, add("b"))
    assert set(outcomes.values()) == {IntegrityError.__name__}
    assert names(database) == []
    assert run_waiting(database, add("a")) == {0: "lasts"}


def test_where_sqlite_gives_the_transaction_up_no_step_of_it_is_believed_to_last(database):
    def lose_it_all(transaction: Transaction) -> None:
        transaction.connection.execute(text("INSERT OR ROLLBACK INTO step VALUES ('a')"))

    outcomes = run_waiting(database, add("a"), add("b"), lose_it_all, add("c"))
    assert outcomes == {
        0: OperationalError.__name__,
        1: OperationalError.__name__,
        2: IntegrityError.__name__,
        3: "lasts",
    }
    assert names(database) == ["c"]


def test_a_thread_that_waits_in_vain_asks_the_database_itself(database):
    impatient = Database(database.url.render_as_string(), write_wait_s=0.01)
    held = impatient.begin(Mode.WRITE)
    with pytest.raises(OperationalError, match="locked"):
        impatient.begin(Mode.WRITE)
    held.commit()
    assert run_waiting(impatient, add("a")) == {0: "lasts"}
    impatient.dispose()


def test_a_step_waits_for_another_process_as_long_as_for_its_own(database, tmp_path):
    other = sqlite3.connect(tmp_path / "steps.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    freed = threading.Timer(2.5, lambda: other.execute("ROLLBACK"))
    freed.start()
    transaction = database.begin(Mode.WRITE)
    add("a")(transaction)
    transaction.commit()
    freed.join()
    other.close()
    assert names(database) == ["a"]


def test_what_a_step_does_after_its_commit_follows_the_commit_of_its_group(database, commits):
    seen: list[int] = []

    def look(transaction: Transaction) -> None:
        transaction.after_commit(lambda: seen.append(len(commits)))

    run_waiting(database, look, look, look)
    assert seen == [1, 1, 1]

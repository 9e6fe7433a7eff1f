"""What keeps a product from starting is said once and clearly: what, why, and what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from admin.cli import cli
from engine.db import Database
from engine.errors import ConfigurationError
from engine.settings import Settings, make_folders
from engine.worker import waker

KEY = "k" * 40


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine that somebody listens on and nobody answers as a database."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def refusal(command: list[str], environment: Mapping[str, str], folder: Path) -> str:
    told = CliRunner(env=dict(environment)).invoke(cli, ["--data-dir", str(folder), *command])
    assert isinstance(told.exception, ConfigurationError), told.output
    return str(told.exception)


@pytest.mark.parametrize("command", ["init", "web", "worker"])
def test_a_database_that_does_not_answer_is_named_without_its_password(
    command: str, closed: int, tmp_path: Path
) -> None:
    environment = {
        "CALLWRIGHT_DATABASE_URL": f"postgresql://desk:open_sesame@127.0.0.1:{closed}/desk",
        "CALLWRIGHT_SECRET_KEY": KEY,
    }
    said = refusal([command], environment, tmp_path)
    assert f"desk:***@127.0.0.1:{closed}/desk cannot be reached" in said
    assert "refused" in said
    assert "CALLWRIGHT_DATABASE_URL" in said
    assert "open_sesame" not in said


def test_the_command_line_ends_with_the_message_and_no_traceback(closed: int, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "CALLWRIGHT_DATABASE_URL": f"postgresql://desk:open_sesame@127.0.0.1:{closed}/desk",
        "CALLWRIGHT_SECRET_KEY": KEY,
        "CALLWRIGHT_DATA_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "admin.cli", "init"], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The database postgresql")
    assert "Traceback" not in ended.stderr
    assert "open_sesame" not in ended.stderr


def test_a_database_that_is_missing_is_named_with_how_to_make_it(postgresql: str) -> None:
    database = Database(f"{postgresql}_is_missing")
    with pytest.raises(ConfigurationError, match=r'"\w+_is_missing" does not exist.* createdb'):
        database.reach()
    database.dispose()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "callwright.db").write_text("Dear diary, " * 1000)
    said = refusal(["init"], {}, tmp_path)
    assert f"{tmp_path / 'callwright.db'} cannot be opened: file is not a database" in said


@pytest.mark.parametrize("address", ["open_sesame", "postgresql://me:open_sesame@host:port/name"])
def test_an_address_that_cannot_be_read_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_DATABASE_URL cannot be read") as refused:
        Database(address)
    assert "open_sesame" not in str(refused.value)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    for settings in (
        Settings(data_dir=tmp_path / "a_file" / "var"),
        Settings(data_dir=tmp_path, files_dir=str(tmp_path / "a_file")),
    ):
        with pytest.raises(ConfigurationError, match=r"a_file.* cannot be written to: .* --data-dir"):
            make_folders(settings)


def test_a_port_that_is_taken_is_named(taken: int, tmp_path: Path) -> None:
    said = refusal(["up", "--port", str(taken)], {}, tmp_path)
    assert said.startswith(f"Nothing can listen on 127.0.0.1 port {taken}: Address already in use.")
    assert "--port" in said


def test_an_address_of_another_machine_is_named(closed: int, tmp_path: Path) -> None:
    said = refusal(
        ["up", "--host", "192.0.2.1", "--port", str(closed)], {"CALLWRIGHT_SECRET_KEY": KEY}, tmp_path
    )
    assert said.startswith(f"Nothing can listen on 192.0.2.1 port {closed}: ")


def test_a_broker_that_does_not_answer_is_warned_about_once_and_work_goes_on(
    closed: int, caplog: pytest.LogCaptureFixture
) -> None:
    wake = waker(f"redis://:open_sesame@127.0.0.1:{closed}/0")
    for _time in range(2):
        wake("instance")
        time.sleep(1.2)
    (warned,) = (record.getMessage() for record in caplog.records if "broker" in record.getMessage())
    assert f"@127.0.0.1:{closed}/0 cannot be reached: " in warned
    assert "CALLWRIGHT_BROKER_URL" in warned
    assert "open_sesame" not in warned

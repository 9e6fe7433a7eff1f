"""Settings: the command line, else the environment, else the Parameters page, else the default.

Secrets come from the environment only. What an administrator may change while the product runs is a
*parameter* (``engine.parameters``); what must be known before the database is open is here.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import ConfigurationError

PREFIX = "CALLWRIGHT_"
_DATABASES = ("sqlite", "postgresql")
_BROKERS = ("redis", "rediss", "amqp", "amqps")
_SHORTEST_KEY = 32
_MAKE_ONE = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one running product was told before it started.

    Args:
        data_dir: Database, files and made secrets of a product on one machine.
        database_url: Where the truth is; empty for SQLite in the data folder.
        broker_url: Where workers are woken up (Redis or RabbitMQ); empty for none.
        files_dir: Stored files by content; empty for inside the data folder.
        public_url: How people reach the product, without a trailing slash.
        time_zone: The centre's IANA zone: working time, serial numbers, cycles.
        centre_name: What the centre calls itself.
        secret_key: Signs sessions; made once in the data folder where it may be.
        demo_password: The demo people's password; made once where it is not given.
        twilio_account_sid, twilio_auth_token, twilio_from, twilio_api_url: The SMS account.
        smtp_url, mail_from: The mail account.
        metrics_token: What a scrape of ``/metrics`` shows; needed with a public address.
    """

    data_dir: Path = Path("var")
    database_url: str = ""
    broker_url: str = ""
    files_dir: str = ""
    public_url: str = "http://127.0.0.1:8080"
    time_zone: str = "UTC"
    centre_name: str = "Callwright"
    secret_key: str = field(default="", repr=False)
    demo_password: str = field(default="", repr=False)
    twilio_account_sid: str = ""
    twilio_auth_token: str = field(default="", repr=False)
    twilio_from: str = ""
    twilio_api_url: str = ""
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    metrics_token: str = field(default="", repr=False)

    @property
    def zone(self) -> ZoneInfo:
        """The centre's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'callwright.db').resolve()}"

    @property
    def embedded(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.database.startswith("sqlite")

    @property
    def files(self) -> Path:
        """Where stored files lie."""
        return Path(self.files_dir) if self.files_dir else self.data_dir / "files"

    @property
    def https(self) -> bool:
        """Whether people reach the product over TLS."""
        return self.public_url.startswith("https://")

    @property
    def loopback(self) -> bool:
        """Whether the public address is this machine's own."""
        return (urlsplit(self.public_url).hostname or "") in _LOOPBACK


def read_settings(
    environment: Mapping[str, str] | None = None, **command_line: str | Path | None
) -> Settings:
    """Read the settings and refuse what cannot work.

    Args:
        environment: Where ``CALLWRIGHT_*`` is looked up; the process's own where omitted.
        command_line: What the command line said; None means it said nothing.

    Raises:
        ConfigurationError: A value cannot work; the message names the setting and the remedy.
    """
    environment = os.environ if environment is None else environment
    given: dict[str, object] = {}
    for known in fields(Settings):
        value = command_line.get(known.name)
        if value is None:
            value = environment.get(PREFIX + known.name.upper())
        if value not in (None, ""):
            given[known.name] = Path(value) if known.name == "data_dir" else str(value)
    settings = Settings(**given)  # type: ignore[arg-type]
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            "CALLWRIGHT_TIME_ZONE is %(zone)s, which is no IANA time zone. Write one such as Asia/Hong_Kong.",
            zone=settings.time_zone,
        ) from None
    address = urlsplit(settings.public_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigurationError(
            "CALLWRIGHT_PUBLIC_URL is %(url)s. Write the whole address, such as https://desk.example.org.",
            url=settings.public_url,
        )
    if settings.database.split("://")[0].split("+")[0] not in _DATABASES:
        raise ConfigurationError(
            "CALLWRIGHT_DATABASE_URL names no database that is known. Write "
            "postgresql://user:password@host/name, or leave it empty for SQLite in the data folder."
        )
    if settings.broker_url and settings.broker_url.split("://")[0] not in _BROKERS:
        raise ConfigurationError(
            "CALLWRIGHT_BROKER_URL names no broker that is known. Write redis://host:6379/0 or "
            "amqp://user:password@host, or leave it empty."
        )
    if settings.twilio_account_sid and not (settings.twilio_auth_token and settings.twilio_from):
        raise ConfigurationError(
            "CALLWRIGHT_TWILIO_ACCOUNT_SID is set, but CALLWRIGHT_TWILIO_AUTH_TOKEN or "
            "CALLWRIGHT_TWILIO_FROM is not. Set all three, or none."
        )
    if settings.smtp_url and not settings.mail_from:
        raise ConfigurationError(
            "CALLWRIGHT_SMTP_URL is set, but CALLWRIGHT_MAIL_FROM is not. Set the sender's address."
        )
    if (not settings.embedded or not settings.loopback) and not settings.secret_key:
        raise ConfigurationError(
            f"CALLWRIGHT_SECRET_KEY must be set on PostgreSQL and with a public address. {_MAKE_ONE}"
        )
    if settings.secret_key and len(settings.secret_key) < _SHORTEST_KEY:
        raise ConfigurationError(
            f"CALLWRIGHT_SECRET_KEY has %(length)s characters; one that cannot be guessed has at least "
            f"%(least)s. {_MAKE_ONE}",
            length=len(settings.secret_key),
            least=_SHORTEST_KEY,
        )


def make_folders(settings: Settings) -> None:
    """Make the data folder, and the one of the stored files, where they are not there yet.

    Raises:
        ConfigurationError: One of them cannot be written to; the message names it and the remedy.
    """
    for folder in (settings.data_dir, settings.files):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise ConfigurationError(
                "The folder %(folder)s cannot be written to: %(reason)s. Give it to the user who runs "
                "Callwright, or name another: --data-dir, CALLWRIGHT_FILES_DIR.",
                folder=folder,
                reason=error.strerror,
            ) from None


def kept_secret(data_dir: Path, name: str, *, first: str = "", length: int = 48) -> str:
    """Return a secret of the data folder, made at the first call, readable by its owner only.

    Args:
        data_dir: The data folder.
        name: The file's name: ``secret_key`` or ``demo_password``.
        first: What the first call keeps; something random where empty.
        length: Random bytes behind a new one.
    """
    path = data_dir / name
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = first or secrets.token_urlsafe(length)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret

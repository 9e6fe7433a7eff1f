"""A product under test: its processes, one by one, its people, and the provider of its SMS."""

from __future__ import annotations

import atexit
import functools
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from admin.centre import open_centre
from engine.context import Centre
from engine.definition import deploy
from engine.settings import read_settings
from engine.testing import system
from engine.testing.twilio_standin import TwilioStandIn
from tests.chaos import drawing
from tests.chaos.servers import database
from tests.stories.product import Product, environment, furnish, tail
from tests.stories.story import account, now

SECRET = "a secret of the tests, and of nobody else"


@dataclass(kw_only=True)
class Site:
    """A product with its provider.

    Args:
        product: Its processes and its database.
        twilio: Who carries its SMS.
    """

    product: Product
    twilio: TwilioStandIn
    workers: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def deploy(self, **options: str) -> None:
        """Deploy the errand; ``options`` are those of its drawing."""
        with self.centre() as centre:
            deploy(system(centre), files=drawing.files(**options))

    @contextmanager
    def centre(self) -> Iterator[Centre]:
        """The product put together in this process, for what people do beside the processes under test."""
        told = environment(self.product.data_dir, self.product.port, self.product.settings)
        centre = open_centre(read_settings(told), web=False)
        try:
            yield centre
        finally:
            centre.database.dispose()

    def begin_web(self, name: str = "web", port: int | None = None) -> None:
        """Start a web process."""
        self.product.begin(name, "admin.cli", "web", "--port", str(port or self.product.port))

    def begin_worker(self) -> str:
        """Start a worker process and return its name."""
        name = f"worker_{next(self._numbers)}"
        self.product.begin(name, "admin.cli", "worker")
        self.workers.append(name)
        return name

    def works(self, worker: str) -> bool:
        """Whether a worker looks for jobs already."""
        return "is looking for jobs" in tail(self.product.folder / f"{worker}.log", 5_000)

    def keep_workers(self) -> None:
        """Start another worker for each that ended by itself: one cannot start while its database is away."""
        for worker in list(self.workers):
            if not self.product.running[worker].alive:
                self.workers.remove(worker)
                del self.product.running[worker]
                self.begin_worker()

    def kill_worker(self, worker: str) -> None:
        """Kill a worker with -9 and start another one."""
        self.workers.remove(worker)
        self.product.running.pop(worker).kill()
        self.begin_worker()


@contextmanager
def site_on_server(*, provider: type[TwilioStandIn] = TwilioStandIn, **settings: str) -> Iterator[Site]:
    """A site whose database is on this machine's server.

    Raises:
        Skipped: There is no server.
    """
    with (
        database(template=_furnished_database()) as url,
        site(url, furnished=True, provider=provider, **settings) as here,
    ):
        yield here


@functools.cache
def _furnished_database() -> str:
    """Furnish a database once for all tests of this process."""
    kept = ExitStack()
    atexit.register(kept.close)
    url = kept.enter_context(database())
    folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="callwright-chaos-")))
    furnish(
        Product(folder=folder, settings={"CALLWRIGHT_SECRET_KEY": SECRET, "CALLWRIGHT_DATABASE_URL": url})
    )
    return url


@contextmanager
def site(
    database_url: str = "",
    *,
    furnished: bool = False,
    provider: type[TwilioStandIn] = TwilioStandIn,
    **settings: str,
) -> Iterator[Site]:
    """A furnished product of which nothing runs yet; over afterwards, whatever became of it.

    Args:
        database_url: SQLite where empty.
        furnished: Whether the database has its tables and its people.
        provider: Who carries SMS.
        settings: ``CALLWRIGHT_*`` beside those that every product here has.
    """
    with (
        tempfile.TemporaryDirectory(prefix="callwright-chaos-") as folder,
        provider(now=now, callbacks=False, hang_s=12) as twilio,
    ):
        told = {**account(twilio), "CALLWRIGHT_SECRET_KEY": SECRET, **settings}
        if database_url:
            told["CALLWRIGHT_DATABASE_URL"] = database_url
        product = Product(folder=Path(folder), settings=told)
        try:
            if not furnished:
                furnish(product)
            yield Site(product=product, twilio=twilio)
        except BaseException:
            print(product.said(), flush=True)
            raise
        finally:
            product.abandon()

"""A furnished data folder, made once, and products of their own on copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.testing.twilio_standin import TwilioStandIn
from tests.stories.product import Product, copy_of, furnished_folder
from tests.stories.story import now


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with tables, shipped processes and people."""
    return furnished_folder(tmp_path_factory.getbasetemp())


@pytest.fixture
def make_product(furnished: Path, tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Make a product that is not started yet: ``make_product(CALLWRIGHT_SMTP_URL=…)``."""
    made: list[Product] = []

    def make(**settings: str) -> Product:
        made.append(copy_of(furnished, tmp_path / f"product_{len(made)}", **settings))
        return made[-1]

    yield make
    for product in made:
        product.abandon()


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    """Twilio on loopback, with status callbacks of its own accord."""
    with TwilioStandIn(now=now, callbacks=True) as standin:
        yield standin

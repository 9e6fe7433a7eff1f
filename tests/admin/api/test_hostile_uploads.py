"""Hostile uploads are refused with a word; nothing is called, read or left behind."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.chaos.b3 import Uploader, attack
from tests.chaos.hostile_files import mutations

# The test client's own temporary files are closed when they are collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

# ``make chaos ARGS=B3`` holds each to two seconds; a busy machine has more time.
PATIENCE_S = 60.0


@pytest.fixture
def uploader(tmp_path: Path) -> Iterator[Uploader]:
    uploader = Uploader(tmp_path)
    yield uploader
    uploader.close()
    # Bodies that a refusal left unread go here, and not in whichever test comes next.
    gc.collect()


def test_attacks_that_have_a_name_are_held(uploader: Uploader, tmp_path: Path) -> None:
    attack(uploader, tmp_path, limit_s=PATIENCE_S)
    assert uploader.seen.breaches == []


@pytest.mark.parametrize("seed", [1, 2])
def test_a_mutated_file_is_taken_or_refused_with_a_word(uploader: Uploader, seed: int) -> None:
    for number, files in enumerate(islice(mutations(random.Random(seed)), 60)):
        uploader.send(f"mutation {number} of seed {seed}: {sorted(files)}", files, limit_s=PATIENCE_S)
    assert uploader.seen.breaches == []

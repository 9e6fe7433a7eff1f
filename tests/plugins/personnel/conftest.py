"""A centre with the plug-in on SQLite and PostgreSQL: Ann and Bob work for Cho, Dan for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.context import Centre, Context
from engine.people import create_person, join_unit, put_group, put_post, put_unit, set_post_holders
from engine.testing import make_centre, system


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    made = make_centre(tmp_path, plugins=("plugins",), database_url=database_url)
    with system(made).write() as ctx:
        for key in ("ann", "bob", "cho", "dan"):
            create_person(ctx, key=key, name=key.title())
        put_unit(ctx, key="floor", name="Floor", head_key="cho")
        for key in ("ann", "bob", "cho"):
            join_unit(ctx, unit_key="floor", person_key=key)
        put_group(ctx, key="agents", name="Agents")
        put_post(ctx, key="hotline_agent", name="Agent")
        set_post_holders(ctx, key="hotline_agent", person_keys=["bob"])
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)

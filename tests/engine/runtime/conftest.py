from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.context import Centre
from engine.definition import deploy
from engine.people import create_person, put_group, set_groups
from engine.testing import RecordingGateway, make_centre, system


@pytest.fixture
def gateway() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def centre(tmp_path: Path, database_url: str, gateway: RecordingGateway) -> Iterator[Centre]:
    centre = make_centre(tmp_path, database_url=database_url, gateways=(gateway,))
    ctx = system(centre)
    with ctx.write():
        for group in ("heads", "staff"):
            put_group(ctx, key=group, name=group)
        for key, groups in (("ann", ["heads"]), ("bob", ["heads", "staff"]), ("cy", ["staff"]), ("eve", [])):
            create_person(ctx, key=key, name=key.title(), phone=f"+8525123{len(key)}{ord(key[0])}"[:12])
            set_groups(ctx, person_key=key, group_keys=groups)
    yield centre
    centre.database.dispose()


@pytest.fixture
def put(centre: Centre) -> Any:
    """Deploy drawings: ``put(xml)`` or ``put(a=xml, b=xml)``."""

    def deploy_drawings(xml: bytes | None = None, **named: bytes) -> Any:
        files = {"p.bpmn": xml} if xml is not None else {f"{key}.bpmn": one for key, one in named.items()}
        return deploy(system(centre), files=files)

    return deploy_drawings

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.errors import InvalidSubmission
from engine.values import dumps
from forms.schema import Form, read_form
from forms.validate import Accepted, Filling, validate

NOW = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Hong_Kong"))


@pytest.fixture(scope="session")
def make() -> Callable[..., Form]:
    """Make a form of components; ids and labels are given where they are missing."""

    def complete(component: dict[str, Any], number: str) -> dict[str, Any]:
        label = {"label": "Label"} if component["type"] != "datetime" else {"dateLabel": "Day"}
        inner = [complete(one, f"{number}_{n}") for n, one in enumerate(component.get("components", ()))]
        return {"id": f"Field_{number}", **label, **component} | ({"components": inner} if inner else {})

    def form(*components: dict[str, Any]) -> Form:
        raw = [complete(component, str(number)) for number, component in enumerate(components)]
        return read_form(dumps({"schemaVersion": 19, "type": "default", "components": raw}).encode())

    return form


@pytest.fixture(scope="session")
def filling() -> Callable[..., Filling]:
    """What a form is filled in over, on a Monday morning in Hong Kong."""
    return lambda **given: Filling(**{"now": NOW, **given})


@pytest.fixture(scope="session")
def accept(make: Callable[..., Form]) -> Callable[..., Accepted]:
    """Send answers to a form of components."""

    def send(*components: dict[str, Any], sent: Mapping[str, Any], **given: Any) -> Accepted:
        return validate(make(*components), sent, Filling(**{"now": NOW, **given}))

    return send


@pytest.fixture(scope="session")
def refused(accept: Callable[..., Accepted]) -> Callable[..., dict[str, str]]:
    """Send answers that cannot be taken; the first English sentence for each path."""

    def send(*components: dict[str, Any], sent: Any, **given: Any) -> dict[str, str]:
        with pytest.raises(InvalidSubmission) as error:
            accept(*components, sent=sent, **given)
        said: dict[str, str] = {}
        for problem in error.value.problems:
            said.setdefault(
                problem.path, problem.message % problem.params if problem.params else problem.message
            )
        return said

    return send

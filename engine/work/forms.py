"""A form's data after the form has checked them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedForm:
    """What a submission brings: only the floor that knows forms makes one.

    Args:
        form_key: Which form.
        values: The fields' values by key, checked and typed.
        submission_id: Where the submission is kept.
    """

    form_key: str
    values: Mapping[str, Json]
    submission_id: str

"""How an employment stands, and which roles a process may give. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.i18n import _

# How an employment stands.
PROBATION, CONFIRMED, LEFT = "probation", "confirmed", "left"
STATE_TITLES: Mapping[str, str] = {
    PROBATION: _("On probation"),
    CONFIRMED: _("Confirmed"),
    LEFT: _("Has left"),
}

# Why people leave, in the words that are counted; any other key is its own name.
REASON_TITLES: Mapping[str, str] = {
    "pay": _("Pay"),
    "prospects": _("No prospects"),
    "hours": _("Shifts and working hours"),
    "workload": _("Workload and stress"),
    "leadership": _("Leadership"),
    "commute": _("Way to work"),
    "health": _("Health"),
    "family": _("Family"),
    "studies": _("Studies"),
    "retirement": _("Retirement"),
    "contract_end": _("End of the contract"),
    "probation": _("Probation not passed"),
    "performance": _("Performance"),
    "misconduct": _("Misconduct"),
    "redundancy": _("Redundancy"),
    "other": _("Other"),
}


def state_of(*, confirmed_on: date | None, left_on: date | None) -> str:
    """Say how an employment stands: ``probation``, ``confirmed`` or ``left``."""
    if left_on is not None:
        return LEFT
    return PROBATION if confirmed_on is None else CONFIRMED


def split_roles(wanted: list[str], allowed: str) -> tuple[list[str], list[str]]:
    """Return the roles that may be given of those that are wanted, and those that may not.

    Args:
        wanted: Names of roles.
        allowed: Names of roles, separated by blanks or commas.
    """
    known = set(allowed.replace(",", " ").lower().split())
    names = list(dict.fromkeys(name.strip().lower() for name in wanted if name.strip()))
    return [name for name in names if name in known], [name for name in names if name not in known]

"""The verbs: hiring and inviting, employments and their probation, leaving."""

from plugins.personnel.services.employments import (
    EMPLOYMENT_SORTS,
    ExtensionTaken,
    confirm,
    employment_of,
    extend_probation,
    list_employments,
    note_leaving,
    put_employment,
    set_extension,
)
from plugins.personnel.services.hiring import GIVE_LOGIN, Invitation, NameTaken, hire, invite
from plugins.personnel.services.leaving import NoSuccessor, check_successor, leave

__all__ = [
    "EMPLOYMENT_SORTS",
    "GIVE_LOGIN",
    "ExtensionTaken",
    "Invitation",
    "NameTaken",
    "NoSuccessor",
    "check_successor",
    "confirm",
    "employment_of",
    "extend_probation",
    "hire",
    "invite",
    "leave",
    "list_employments",
    "note_leaving",
    "put_employment",
    "set_extension",
]

"""What a web room may use: pages, permissions, tables, menu, limits, errors."""

from admin.kit.current import SignedIn, context, permitted, signed_in
from admin.kit.errors import errors_by_field, flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.permissions import PERMISSIONS, Permission, known_permissions, needs
from admin.kit.tables import Paging, read_paging
from admin.kit.views import View, expose, fields_of, page, see_other

__all__ = [
    "PERMISSIONS",
    "MenuEntry",
    "Paging",
    "Permission",
    "SignedIn",
    "View",
    "add_menu",
    "context",
    "errors_by_field",
    "expose",
    "fields_of",
    "flash_refusal",
    "known_permissions",
    "needs",
    "page",
    "permitted",
    "read_paging",
    "see_other",
    "signed_in",
]

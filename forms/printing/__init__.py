"""Prints: an instance on paper, by a template of its process or the one that every instance has.

``template`` reads and checks ``prints/NAME.html``, ``contents`` gathers what a template may speak of,
``page`` makes a page of HTML that needs nothing from elsewhere, ``pdf`` lets a process of its own draw it.
"""

from forms.printing.pdf import can_make_pdf
from forms.printing.template import PATTERN, check_print, said_in
from forms.printing.verbs import STANDARD, Print, list_prints, print_page, print_pdf

__all__ = [
    "PATTERN",
    "STANDARD",
    "Print",
    "can_make_pdf",
    "check_print",
    "list_prints",
    "print_page",
    "print_pdf",
    "said_in",
]

"""A print as a page of its own: the house's style around what a template says, and its pictures in it."""

from __future__ import annotations

import base64
import functools
import html
import re
from collections.abc import Callable

from engine.i18n import _, translate

Content = tuple[str, bytes]
"""A picture: its media type and its bytes."""

MOST_PICTURE_BYTES = 30_000_000
"""The pictures of a page together, each as often as it stands there; what would be more is left out."""

_SOURCE = re.compile(r"""\bsrc=(["'])(picture:[0-9a-f-]{36}|prints/[^"'<>]+)\1""")
_LANGUAGES = {"en": "en", "zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant"}

# A template's own style comes after it and wins. Other shapes of a character, which a font has for some
# languages, and two letters drawn as one are found and copied as no text from a PDF.
_STYLE = """
@page { size: A4; margin: 20mm 18mm 22mm }
@page { @bottom-center { content: %(foot)s; font-family: sans-serif; font-size: 8.5pt; color: #555 } }
html { font: 10.5pt/1.5 sans-serif; color: #000; background: #fff; font-feature-settings: "locl" 0, "liga" 0 }
body { margin: 0 }
@media screen { body { max-width: 174mm; margin: 10mm auto; padding: 0 4mm } }
h1 { font-size: 16pt; line-height: 1.3; margin: 0 0 4mm }
h2 { font-size: 12pt; margin: 6mm 0 2mm; break-after: avoid }
table { width: 100%%; border-collapse: collapse }
th, td { border: 0.5pt solid #999; padding: 1.5mm 2mm; text-align: left; vertical-align: top }
th { background: #f3f3f3 }
img { max-width: 100%% }
thead { display: table-header-group }
"""


def page(body: str, *, title: str, locale: str, picture: Callable[[str], Content | None]) -> str:
    """Return a whole page that needs nothing from elsewhere.

    Args:
        body: What the template said.
        title: Of the document.
        locale: The reader's language.
        picture: Returns a picture by its name (``prints/seal.png``, ``picture:ID``), or None.
    """
    room = MOST_PICTURE_BYTES
    kept = functools.cache(picture)

    def source(found: re.Match[str]) -> str:
        nonlocal room
        content = kept(found[2]) if room > 0 else None
        room -= len(content[1]) if content is not None else 0
        if content is None or room < 0:
            return 'src="data:,"'
        return f'src="data:{content[0]};base64,{base64.b64encode(content[1]).decode()}"'

    return (
        f'<!DOCTYPE html>\n<html lang="{_LANGUAGES[locale]}"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE % {'foot': _foot(locale)}}</style></head>"
        f"<body>{_SOURCE.sub(source, body)}</body></html>"
    )


def _foot(locale: str) -> str:
    """Say in CSS which page it is, of how many."""
    counted = {"page": '" counter(page) "', "pages": '" counter(pages) "'}
    said = translate(locale, _("Page %(page)s of %(pages)s"), **counted)
    return f'"{said}"'

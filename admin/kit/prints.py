"""Handing out a print: as PDF, or as a page for the browser to print."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

from engine.context import Context
from forms import printing

# Nothing in a print runs or is fetched: its pictures stand in it.
_PAGE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-modals"
_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


def hand_out_print(ctx: Context, *, instance_id: str, name: str, as_page: bool) -> Response:
    """Answer with a print of an instance.

    Args:
        ctx: Who prints it, with no open transaction.
        instance_id: Which instance.
        name: Which of its prints.
        as_page: HTML, for the browser to print; else PDF.

    Raises:
        NotFound: There is no such instance or print, or it is not theirs to see.
        TechnicalFailure: It could not be drawn.
    """
    if as_page:
        page = printing.print_page(ctx, instance_id=instance_id, name=name)
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _PAGE
    else:
        pdf = printing.print_pdf(ctx, instance_id=instance_id, name=name)
        response = Response(pdf, mimetype="application/pdf")
        response.headers["Content-Security-Policy"] = _PDF
        response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}.pdf"
    response.headers["Cache-Control"] = "private, no-store"
    return response

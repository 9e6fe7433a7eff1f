"""Pages without a login: report a problem, ask for its state, the handler's link. See README.md."""

from __future__ import annotations

from typing import Any

from flask import current_app

from admin.public.views.link import LinkView
from admin.public.views.report import ReportView
from admin.public.views.state import StateView


def register(appbuilder: Any) -> None:
    """Add the pages."""
    for view in (ReportView, StateView, LinkView):
        appbuilder.add_view_no_menu(view)
    # A link's secret address is its own form token, and its act numbers let a page act once. A telephone that
    # closed its browser over night has lost the session that the form token lives in, but not the page.
    current_app.extensions["csrf"].exempt(current_app.blueprints["LinkView"])

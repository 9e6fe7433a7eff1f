"""The pages: balances of leave, scores, shifts, overtime, and what everybody sees of their own."""

from __future__ import annotations

from typing import Any

from plugins.records.views.balances import BalancesView
from plugins.records.views.mine import MineView
from plugins.records.views.my_scores import MyScoresView
from plugins.records.views.overtime import OvertimeView
from plugins.records.views.scores import ScoresView
from plugins.records.views.shifts import ShiftsView


def register(appbuilder: Any) -> None:
    """Add the pages; the manifest has their lines of the menu."""
    for view in (BalancesView, ScoresView, MyScoresView, ShiftsView, OvertimeView, MineView):
        appbuilder.add_view_no_menu(view)

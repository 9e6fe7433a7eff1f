"""``GET /instances/<id>/prints/<name>``: a print of a process, as PDF or as a page for a browser."""

from __future__ import annotations

from typing import Any

from flask import request

from admin.kit.current import context
from admin.kit.permissions import needs
from admin.kit.prints import hand_out_print
from admin.kit.views import View, expose


class PrintView(View):
    """Prints of a process."""

    route_base = "/instances"

    @expose("/<instance_id>/prints/<name>")
    @needs()
    def show(self, instance_id: str, name: str) -> Any:
        """Print it for whoever may see it; for everybody else there is none."""
        as_page = request.args.get("format") == "html"
        return hand_out_print(context(), instance_id=instance_id, name=name, as_page=as_page)

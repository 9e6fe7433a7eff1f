"""``GET /files/<id>``: a stored file."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from admin.kit.current import context
from admin.kit.files import hand_out
from admin.kit.permissions import needs
from admin.kit.views import View, expose
from engine.files import find_file


class FilesView(View):
    """Stored files."""

    route_base = ""

    @expose("/files/<file_id>")
    @needs()
    def show(self, file_id: str) -> Response:
        """Hand out a file to whoever may see what it belongs to; to everybody else there is none."""
        ctx = context()
        return hand_out(ctx, find_file(ctx, file_id=file_id), save="save" in request.args)


def register(appbuilder: Any) -> None:
    """Add the address of files."""
    appbuilder.add_view_no_menu(FilesView)

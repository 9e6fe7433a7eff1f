"""Handing out a stored file: as a download, or shown where nothing in it can run."""

from __future__ import annotations

from flask import Response, send_file

from engine.context import Context
from engine.files import StoredFile, open_content
from engine.history import audit

# Pictures of points: nothing in them runs.
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def hand_out(ctx: Context, file: StoredFile, *, save: bool = False) -> Response:
    """Answer with a file's content; who read it is written down.

    Args:
        ctx: Who reads it, with no open transaction; that they may was asked before.
        file: Which file.
        save: Also a picture is to be saved, not shown.

    Raises:
        NotFound: It was deleted.
    """
    content = open_content(ctx, file)
    with ctx.write():
        audit(ctx, "file.read", "file", file.id)
    response = send_file(
        content,
        mimetype=file.type,
        as_attachment=save or file.type not in _SHOWN,
        download_name=file.name,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response

"""Pages: a class of our own over the login library's, so that its permission table stays out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from flask import current_app, redirect, render_template, request, url_for
from flask_appbuilder import BaseView
from flask_appbuilder import expose as expose
from werkzeug.wrappers import Response


class View(BaseView):
    """A class of pages. Its methods carry ``@expose("/path")`` and ``@needs("permission")``.

    ``needs`` is the only guard: no row of the login library's permission table stands for a method.
    """

    base_permissions: Sequence[str] = ()
    template_folder: str | None = None


def page(template: str, /, **said: Any) -> str:
    """Show a page of the shell.

    Args:
        template: Its name; it extends ``page.html`` or ``base.html``.
        said: What the template says.
    """
    appbuilder = current_app.extensions["appbuilder"]
    return render_template(template, base_template=appbuilder.base_template, appbuilder=appbuilder, **said)


def fields_of(*names: str) -> dict[str, str]:
    """Read fields of the posted form, stripped; a missing one is empty."""
    return {name: request.form.get(name, "").strip() for name in names}


def see_other(endpoint: str, /, **values: Any) -> Response:
    """Lead to a page after a form was taken in."""
    return redirect(url_for(endpoint, **values), code=303)


def local_target(address: str | None, default: str = "/") -> str:
    """Return an address where it is a path of this product, else the default: no open redirect."""
    if not address:
        return default
    plain = unquote(address)
    local = plain.startswith("/") and not plain.startswith("//") and "\\" not in plain
    return address if local and plain.isprintable() else default

"""Secrets come from the environment only; drawings and rows hold their names."""

from __future__ import annotations

import os
import re

from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.settings import PREFIX

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class NoSecret(TechnicalFailure):
    """A secret is not set where the product runs."""

    code = "no_secret"


def read_secret(name: str, *, shelf: str = "SECRET") -> str:
    """Return a secret by the name that follows ``CALLWRIGHT_SECRET_``.

    Args:
        name: ``CRM_TOKEN``.
        shelf: Another word in place of ``SECRET``: what stands there can be named by no drawing.

    Raises:
        NoSecret: It is no name of a secret, or nothing is set under it.
    """
    if not _NAME.fullmatch(name):
        raise NoSecret(
            _("%(name)s is no name of a secret. Write capital letters, digits and _, such as CRM_TOKEN."),
            permanent=True,
            name=name[:64],
        )
    secret = os.environ.get(f"{PREFIX}{shelf}_{name}", "")
    if not secret:
        raise NoSecret(
            _(
                "%(name)s is not set in the environment of the web and worker processes. Set it, and start "
                "them again."
            ),
            permanent=True,
            name=f"{PREFIX}{shelf}_{name}",
        )
    return secret

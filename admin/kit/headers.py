"""Headers that every answer carries: what a browser may load, where the page may stand, what is kept."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

_POLICY = (
    "default-src 'self'",
    "script-src 'self' 'nonce-{nonce}'",
    # The drawing and form editors write styles as they go; a style runs nothing.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_YEAR_S = 365 * 24 * 3600


def csp_nonce() -> str:
    """Return this answer's nonce: an inline script runs only with it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def install_headers(app: Flask, *, https: bool) -> None:
    """Let every answer carry the security headers; a page may set one of its own before.

    Args:
        app: The app.
        https: Whether people reach the product over TLS.
    """
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", "; ".join(_POLICY).format(nonce=csp_nonce()))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), microphone=(), payment=()")
        if https:
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}; includeSubDomains")
        if request.endpoint == "static":
            if "v" in request.args:
                headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
        elif not request.path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")
        return response

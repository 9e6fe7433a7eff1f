"""The web app: from a centre to Flask, the login library, our pages and those of the installed plug-ins."""

from __future__ import annotations

import hashlib
import logging
import pkgutil
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask_appbuilder.const import AUTH_DB
from jinja2 import FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

import admin.web
from admin.centre import locale_folders
from admin.identity.roles import ADMINISTRATOR
from admin.identity.security import Guard, Security, Shell, find_signed_in
from admin.identity.sessions import LIFE
from admin.identity.store import open_store
from admin.kit.assets import asset
from admin.kit.current import Web, web
from admin.kit.errors import install_errors
from admin.kit.formats import install_formats
from admin.kit.guard import install_guard
from admin.kit.headers import install_headers
from admin.kit.languages import choose_locale, install_languages
from admin.kit.menu import add_manifest_menu
from admin.kit.routes import Route
from engine.context import Centre
from engine.i18n import LOCALES
from engine.people import zone_region
from engine.settings import Settings, kept_secret

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_LARGEST_REQUEST = 64 * 1024 * 1024
_LARGEST_FIELD = 4 * 1024 * 1024
# Rooms of the shell beside its pages, where they exist.
_ROOMS = ("admin.api", "admin.public")
# The login library's own pages that may write when something is posted to them.
_CHANGING = frozenset({"RolesView"})


def create_app(centre: Centre) -> Flask:
    """Make the web app of a centre. It makes no tables and writes nothing: ``init_security`` does, once.

    Args:
        centre: The product, its plug-ins loaded with their web rooms.

    Raises:
        ConfigurationError: A plug-in's page cannot be added.
    """
    app = Flask(__name__)
    app.url_rule_class = Route
    app.config.update(_config(centre.settings))
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.jinja_loader = FileSystemLoader(_template_folders(centre))
    app.extensions["callwright"] = Web(
        centre=centre,
        find_signed_in=find_signed_in,
        find_locale=choose_locale,
    )
    if not centre.settings.loopback:
        app.wsgi_app = _BehindProxy(app.wsgi_app)  # type: ignore[method-assign]
    install_headers(app, https=centre.settings.https)
    install_errors(app)
    install_guard(app)
    guard = Guard(app)
    with app.app_context():
        store = open_store(app, centre.database, changing=_CHANGING)
        appbuilder = Shell(app, store, security_manager_class=Security, update_perms=False)
        install_languages(app, locale_folders(centre.registry))
        install_formats(app, region=zone_region(centre.settings.time_zone))
        app.jinja_env.globals["asset"] = asset
        app.context_processor(_said_everywhere)
        for room in _own_rooms():
            room.register(appbuilder)
        _add_plugins(app, appbuilder, guard, centre)
        add_manifest_menu(appbuilder, centre.registry)
        if not any(rule.rule == "/" for rule in app.url_map.iter_rules()):
            app.add_url_rule("/", "start", lambda: redirect(url_for("AccountView.show")))
    return app


def _config(settings: Settings) -> dict[str, Any]:
    key = settings.secret_key or kept_secret(settings.data_dir, "secret_key")
    host = urlsplit(settings.public_url)
    return {
        "APP_NAME": "Callwright",
        "SECRET_KEY": key,
        "TRUSTED_HOSTS": [host.hostname, "localhost", "127.0.0.1", "[::1]"],
        "FAB_SAFE_REDIRECT_HOSTS": [host.netloc],
        "MAX_CONTENT_LENGTH": _LARGEST_REQUEST,
        "MAX_FORM_MEMORY_SIZE": _LARGEST_FIELD,
        "SESSION_COOKIE_NAME": "__Host-callwright" if settings.https else "callwright",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": LIFE,
        # The form token lives as long as the session: people leave forms open over lunch.
        "WTF_CSRF_TIME_LIMIT": None,
        # Its check of the referrer would refuse pages that send none on purpose.
        "WTF_CSRF_SSL_STRICT": False,
        "JWT_SECRET_KEY": hashlib.sha256(b"token\0" + key.encode()).hexdigest(),
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
        "JWT_REFRESH_TOKEN_EXPIRES": LIFE,
        "AUTH_TYPE": AUTH_DB,
        "AUTH_ROLE_ADMIN": ADMINISTRATOR,
        "AUTH_USER_REGISTRATION": False,
        "FAB_BASE_TEMPLATE": "base.html",
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_API_SWAGGER_UI": True,
        "FAB_API_SWAGGER_TEMPLATE": "account/interface.html",
        "FAB_ADD_SECURITY_API": False,
        "FAB_ADD_MENU_API": False,
        "FAB_ALLOW_GET_UNSAFE_MUTATIONS": False,
        "FAB_OPENAPI_SERVERS": [{"url": settings.public_url}],
        "LANGUAGES": {code: {"flag": "", "name": name} for code, name in LOCALES.items()},
    }


class _BehindProxy:
    """Believes what a proxy on this machine says of the caller, and nobody else."""

    def __init__(self, wsgi_app: Any) -> None:
        self.direct = wsgi_app
        self.proxied = ProxyFix(wsgi_app, x_for=1, x_proto=1, x_host=0)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        local = environ.get("REMOTE_ADDR") in ("127.0.0.1", "::1", "")
        return (self.proxied if local else self.direct)(environ, start_response)


def _template_folders(centre: Centre) -> list[Path]:
    rooms = [_HERE / "web" / room.name for room in pkgutil.iter_modules(admin.web.__path__)]
    plugins = [plugin.manifest.path for plugin in centre.registry.plugins.values()]
    owners = [_HERE, *rooms, _HERE / "public", _HERE / "api", *plugins]
    return [folder for owner in owners if (folder := owner / "templates").is_dir()]


def _own_rooms() -> list[ModuleType]:
    """Import the shell's rooms that have pages or interfaces, found by their folders."""
    names = [f"admin.web.{room.name}.views" for room in pkgutil.iter_modules(admin.web.__path__)]
    return [import_module(name) for name in (*names, *_ROOMS) if find_spec(name)]


def _add_plugins(app: Flask, appbuilder: Shell, guard: Guard, centre: Centre) -> None:
    for plugin in centre.registry.plugins.values():
        for room in ("views", "rest"):
            if room in plugin.rooms:
                plugin.rooms[room].register(appbuilder)
        if "webhooks" in plugin.rooms:
            blueprint = plugin.rooms["webhooks"].blueprint()
            guard.exempt(blueprint)
            app.register_blueprint(blueprint, url_prefix=f"/webhooks/{plugin.name.removesuffix('_gateway')}")


def _said_everywhere() -> dict[str, Any]:
    """Say what every page may show: see the templates' README."""
    shell = web()
    who = shell.signed_in
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return {
        "appbuilder": current_app.extensions["appbuilder"],
        "centre_name": shell.centre.settings.centre_name,
        "current_person": who if who and who.channel == "web" else None,
        "current_locale": shell.locale,
        "locales": list(LOCALES.items()),
        "locale_url": lambda code: url_for("AccountView.language", code=code, next=here),
        "profile_url": url_for("AccountView.show"),
    }

"""The login library's security manager, bent to ours: our sessions, our permissions, our sign-in."""

from __future__ import annotations

import functools
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, current_app, request, session
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import expose
from flask_appbuilder.security.api import SecurityApi
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import User
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from jwt import PyJWTError

from admin.identity.logins import WrongPassword, sign_in
from admin.identity.role_views import LoginsView, RolesView
from admin.identity.sessions import find_session
from admin.identity.views import SignInView
from admin.kit.current import SignedIn, for_machine, signed_in, web
from admin.kit.errors import BadRequest, Unauthorized
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.permissions import from_pair
from engine.context import PUBLIC, Context
from engine.errors import InvalidSubmission, Problem
from engine.i18n import _

# How long a token that was good is believed to be: so late its end may be noticed, but not its session's.
_BELIEVED_S = 10
# What anybody who is signed in may open of the login library's own.
_EVERYBODYS = frozenset({"OpenApi.get", "SwaggerView.show"})


def bearer_token() -> str | None:
    """Return the token of the request's ``Authorization: Bearer`` header."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def find_signed_in() -> SignedIn | None:
    """Read who is signed in: by the token where one is sent, else by the browser's session."""
    token = bearer_token()
    session_id = session.get("session_id") if token is None else _session_of(token)
    if not isinstance(session_id, str):
        return None
    # Not ``web().context``: its language depends on who is signed in.
    who = find_session(Context(centre=web().centre, actor=PUBLIC), session_id=session_id)
    # A token's session never opens a page, nor a page's session the token's door.
    return who if who and (who.channel == "rest") == (token is not None) else None


def _session_of(token: str) -> str | None:
    try:
        said = _signed(token, current_app.config["JWT_SECRET_KEY"], int(time.monotonic() // _BELIEVED_S))
    except (PyJWTError, JWTExtendedException, ValueError, KeyError):
        return None
    wanted = "refresh" if request.endpoint == "TokenApi.refresh" else "access"
    return said.get("session_id") if said.get("type") == wanted else None


@functools.lru_cache(maxsize=1_000)
def _signed(token: str, _key: str, _span: int) -> dict[str, Any]:
    """Read a token that the app's key has signed: once in a span, as programs show it with each call."""
    said: dict[str, Any] = decode_token(token)
    return said


class Guard(CSRFProtect):
    """Asks for the form token of everything that changes something, unless a token proves the caller.

    A request with a bearer token is not the browser's doing: its session is not even looked at. Everything
    else under ``/api`` needs the form token like a page does.
    """

    def protect(self, apply_exemptions: bool = False) -> None:
        """Check the current request."""
        if request.endpoint and bearer_token() is not None and for_machine():
            return
        if request.method in current_app.config["WTF_CSRF_METHODS"]:
            if request.endpoint and for_machine() and not self._is_exempt() and signed_in() is None:
                raise Unauthorized()
            if not _own_origin():
                abort(400)
        super().protect(apply_exemptions=apply_exemptions)

    def _is_exempt(self) -> bool:
        # The library exempts every one of its interfaces; here only the doors where a token is asked for are.
        if for_machine():
            return request.endpoint in ("TokenApi.login", "TokenApi.refresh")
        return bool(super()._is_exempt())


def _own_origin() -> bool:
    """Whether the browser says that a page of ours sent this; pages that hide their address say *null*."""
    origin = request.headers.get("Origin", "null")
    own = (request.host, urlsplit(web().centre.settings.public_url).netloc)
    return origin == "null" or request.path.startswith("/webhooks/") or urlsplit(origin).netloc in own


class TokenApi(SecurityApi):
    """Tokens for programs."""

    resource_name = "security"

    @expose("/login", methods=["POST"])
    def login(self) -> Response:
        """Answer a user name and password with a token.
        ---
        post:
          description: >-
            Sign in. The token is good for 15 minutes; send it as "Authorization: Bearer".
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [username, password]
                  properties:
                    username:
                      type: string
                    password:
                      type: string
                    provider:
                      type: string
                      enum: [db]
                    refresh:
                      description: Ask for a refresh token too
                      type: boolean
          responses:
            200:
              description: Signed in
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      access_token:
                        type: string
                      refresh_token:
                        type: string
            400:
              $ref: '#/components/responses/error_400'
            401:
              $ref: '#/components/responses/error_401'
            422:
              $ref: '#/components/responses/error_422'
            429:
              $ref: '#/components/responses/error_429'
            503:
              $ref: '#/components/responses/error_503'
        """  # noqa: D205
        said = _read_credentials()
        ctx = web().context(PUBLIC)
        session_id = sign_in(
            ctx,
            name=said["username"],
            password=said["password"],
            address=request.remote_addr or "",
            agent=request.user_agent.string,
            channel="rest",
        )
        who = find_session(ctx, session_id=session_id)
        if who is None:
            raise WrongPassword()
        claims = {"session_id": session_id}
        identity = str(who.login_id)
        tokens = {"access_token": create_access_token(identity, fresh=True, additional_claims=claims)}
        if said.get("refresh"):
            tokens["refresh_token"] = create_refresh_token(identity, additional_claims=claims)
        return self.response(200, **tokens)

    @expose("/refresh", methods=["POST"])
    def refresh(self) -> Response:
        """Answer a refresh token with a new token.
        ---
        post:
          description: >-
            Use the refresh token to get a new access token
          responses:
            200:
              description: A new token
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      access_token:
                        type: string
            401:
              $ref: '#/components/responses/error_401'
          security:
            - jwt_refresh: []
        """  # noqa: D205
        who = signed_in()
        if who is None:
            return self.response_401()
        claims = {"session_id": who.session_id}
        return self.response(
            200, access_token=create_access_token(str(who.login_id), fresh=False, additional_claims=claims)
        )


def _read_credentials() -> dict[str, Any]:
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        raise BadRequest(_("Send a JSON object with username and password."))
    wrong = [
        Problem(path=name, message=_("Must be text."))
        for name in ("username", "password")
        if not isinstance(said.get(name), str)
    ]
    if said.get("provider", "db") != "db":
        wrong.append(Problem(path="provider", message=_("Must be db.")))
    if wrong:
        raise InvalidSubmission(problems=wrong)
    return said


class Security(SecurityManager):
    """Who may do what, by our sessions and one table of permissions."""

    authdbview = SignInView
    userdbmodelview = LoginsView
    rolemodelview = RolesView
    userstatschartview = None
    security_api = TokenApi

    def create_login_manager(self, app: Any) -> LoginManager:
        """Read the browser's session by our own rows."""
        manager = LoginManager(app)
        manager.user_loader(self.load_user)
        return manager

    def create_jwt_manager(self, app: Any) -> JWTManager:
        """Answer a token that is none like one that has ended."""
        manager = super().create_jwt_manager(app)
        manager.invalid_token_loader(lambda reason: ({"message": reason}, 401))
        return manager

    def load_user(self, pk: Any) -> User | None:
        """Return the login behind the browser's session, where the session is open."""
        who = signed_in()
        if who is None or who.channel != "web" or str(who.login_id) != str(pk):
            return None
        return _as_login(who)

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> User | None:
        """Return the login behind a token, where its session is open."""
        who = signed_in()
        if who is None or who.channel != "rest" or str(who.login_id) != str(jwt_data["sub"]):
            return None
        return _as_login(who)

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether whoever is signed in may do something, in the library's own terms."""
        who = signed_in()
        if who is None:
            return False
        if permission_name == "menu_access":
            # An entry of the menu says itself to whom it is shown.
            item = self.appbuilder.menu.find(view_name)
            return item is None or bool(item.should_render())
        permission = from_pair(permission_name, view_name)
        if view_name in ("RolesView", "LoginsView"):
            return "roles.manage" in who.permissions
        return permission in _EVERYBODYS or permission in who.permissions

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing that has a permission is open to the public."""
        return False

    def register_views(self) -> None:
        """Add the pages and interfaces of logins that this product has."""
        appbuilder = self.appbuilder
        appbuilder.add_api(self.security_api)
        self.auth_view = self.authdbview()
        appbuilder.add_view_no_menu(self.auth_view)
        self.user_view = appbuilder.add_view_no_menu(self.userdbmodelview)
        appbuilder.add_view_no_menu(self.rolemodelview)
        add_menu(
            appbuilder,
            MenuEntry(
                label=_("Logins"),
                endpoint="LoginsView.list",
                category="Administration",
                icon="key",
                permissions=("roles.manage",),
            ),
            MenuEntry(
                label=_("Roles"),
                endpoint="RolesView.list",
                category="Administration",
                icon="shield-lock",
                permissions=("roles.manage",),
            ),
        )


def _as_login(who: SignedIn) -> User:
    """Make the login library's idea of who is signed in; it is never written back."""
    return User(id=who.login_id, username=who.key, first_name=who.name, last_name="", active=True)


class Shell(AppBuilder):
    """The login library's builder, without the pages of its own that this product does not have."""

    def _add_admin_views(self) -> None:
        self._indexview = None
        self.sm.register_views()
        self.openapi_manager.register_views()

    @property
    def get_url_for_index(self) -> str:
        """The start page."""
        return "/"

    @property
    def get_url_for_userinfo(self) -> str:
        """The page of one's own account."""
        return "/account"

    @property
    def app_name(self) -> str:
        """The product's name, in the description of the programming interface."""
        return str(current_app.config["APP_NAME"])

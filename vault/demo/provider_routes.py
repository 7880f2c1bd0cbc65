"""The addresses of the bundled provider, for each of its two issuers, and their application.

Every address and member is the real services'; only the proof of identity is missing: one chooses who one is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from vault.demo.provider_claims import Identity
from vault.demo.provider_pages import STYLE, choose_page, continue_page, message_page
from vault.demo.provider_rules import (
    AuthorizeRequest,
    ErrorBack,
    ErrorPage,
    Rules,
    read_authorize,
)
from vault.demo.provider_tokens import Issuer, Session, TokenRefused

MAX_BODY_BYTES = 64 * 1024
INTERACTION_SECONDS = 30 * 60
PLUS_TITLE = "FranceConnect+ de démonstration"
RENEWED = "renewed"  # in the page's address and in its form: with the person's second subject


def issuer_path(rules: Rules) -> str:
    """The path part of an issuer."""
    return f"/{rules.name}/api/v2"


class IssuerRoutes:
    """The addresses of one issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.rules = issuer.rules
        self.path = issuer_path(issuer.rules)
        self.cookie = f"demo-{issuer.rules.name}"

    def mount(self, app: FastAPI) -> None:
        """Add this issuer's addresses to ``app``."""
        for path, methods, endpoint in (
            ("/.well-known/openid-configuration", ["GET"], self.discovery),
            ("/jwks", ["GET"], self.jwks),
            ("/authorize", ["GET", "POST"], self.authorize),
            ("/interaction/{name}", ["GET"], self.interaction),
            ("/interaction/{name}", ["POST"], self.chosen),
            ("/token", ["POST"], self.token),
            ("/token/revocation", ["POST"], self.revoke),
            ("/userinfo", ["GET"], self.userinfo),
            ("/session/end", ["GET", "POST"], self.end_session),
        ):
            app.add_route(self.path + path, endpoint, methods=methods)

    async def discovery(self, _: Request) -> Response:
        """OpenID Connect Discovery 1.0, as the real ones announce themselves (HS256 and RS256 included)."""
        home = self.issuer.address
        return JSONResponse(
            {
                "issuer": home,
                "authorization_endpoint": f"{home}/authorize",
                "token_endpoint": f"{home}/token",
                "userinfo_endpoint": f"{home}/userinfo",
                "jwks_uri": f"{home}/jwks",
                "end_session_endpoint": f"{home}/session/end",
                "revocation_endpoint": f"{home}/token/revocation",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256"],
                "userinfo_signing_alg_values_supported": ["ES256", "RS256", "HS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "scopes_supported": sorted(self.rules.scopes),
                "claims_parameter_supported": True,
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def jwks(self, _: Request) -> Response:
        """The public keys."""
        return JSONResponse(self.issuer.jwks())

    async def authorize(self, request: Request) -> Response:
        """Check the call, then send the person to a page; with an open session, FranceConnect informs her and
        ProConnect goes on by itself."""
        asked = read_authorize(self.rules, self.issuer.clients, await _pairs(request))
        session = self._session(request, asked)
        if "none" in asked.prompt and session is None:
            raise ErrorBack(asked.redirect_uri, asked.state, "login_required", "no session")
        if session is not None and self.rules.name == "proconnect" and "consent" not in asked.prompt:
            return self._back_with_code(asked, session)
        name = self.issuer.interactions.keep(asked, INTERACTION_SECONDS)
        return RedirectResponse(f"{self.path}/interaction/{name}", 303)

    async def interaction(self, request: Request) -> Response:
        """The page where a person chooses who she is."""
        asked = self._asked(request)
        session = self._session(request, asked)
        renewed = RENEWED in request.query_params
        if session is not None and not renewed:
            return continue_page(self._title(asked), request.url.path, session.identity)
        return self._choose_page(request, asked, renewed=renewed)

    async def chosen(self, request: Request) -> Response:
        """What she chose: somebody, the open session, somebody else, or to go back."""
        asked = self._asked(request)
        form = dict(await _pairs(request))
        session = self._session(request, asked)
        if "other" in form:
            return self._choose_page(request, asked)
        self.issuer.interactions.take(request.path_params["name"])
        if "refuse" in form:
            raise ErrorBack(asked.redirect_uri, asked.state, "access_denied", "User auth aborted")
        if "continue" in form and session is not None:
            return self._back_with_code(asked, session)
        identity = self.issuer.identities.get(form.get("identity", ""))
        if identity is None:
            raise ErrorPage("Y500006", "Cette personne n’est pas connue.")
        return self._signed_in(request, asked, identity, renewed=RENEWED in form)

    async def token(self, request: Request) -> Response:
        """A code against tokens."""
        pairs = await _pairs(request)
        if len(dict(pairs)) != len(pairs):
            raise TokenRefused("invalid_request", "a parameter is given twice")
        return JSONResponse(self.issuer.redeem(dict(pairs)), headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """Forget an access token (RFC 7009)."""
        form = dict(await _pairs(request))
        self.issuer.authenticate(form)
        self.issuer.access_tokens.take(form.get("token", ""))
        return Response()

    async def userinfo(self, request: Request) -> Response:
        """The identity, as a signed JWT."""
        scheme, _, access_token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise TokenRefused("invalid_token", "no bearer token", 401)
        return Response(
            self.issuer.userinfo(access_token),
            media_type="application/jwt",
            headers={"Cache-Control": "no-store"},
        )

    async def end_session(self, request: Request) -> Response:
        """End the single sign-on session, then go back to a registered address with ``state`` alone."""
        form = dict(await _pairs(request))
        client = self.issuer.client_of_hint(form.get("id_token_hint", ""))
        if client is None and self.rules.name == "proconnect":
            client = self.issuer.clients.get(form.get("client_id", ""))
        if client is None:
            raise ErrorPage("Y030007", "La demande de déconnexion n’est pas valable.")
        target = form.get("post_logout_redirect_uri")
        if target is not None and target not in client.post_logout_redirect_uris:
            raise ErrorPage("Y030007", "L’adresse de retour n’est pas enregistrée.")
        self.issuer.sessions.take(request.cookies.get(self.cookie, ""))
        if target is None:
            answer: Response = message_page(self.rules.title, "Au revoir", "Vous êtes déconnecté.")
        else:
            answer = RedirectResponse(with_query(target, {"state": form.get("state", "")}), 303)
        answer.delete_cookie(self.cookie, path=self.path)
        return answer

    def _asked(self, request: Request) -> AuthorizeRequest:
        asked = self.issuer.interactions.get(request.path_params["name"])
        if asked is None:
            raise ErrorPage("Y420001", "Cette page a expiré. Revenez au service et recommencez.")
        return asked

    def _session(self, request: Request, asked: AuthorizeRequest) -> Session | None:
        """Her open session, when it is good enough for what is asked."""
        session = self.issuer.sessions.get(request.cookies.get(self.cookie, ""))
        enough = session is not None and session.plus == asked.plus and not asked.asks_again
        return session if enough else None

    def _choose_page(self, request: Request, asked: AuthorizeRequest, *, renewed: bool = False) -> Response:
        identities = self.issuer.identities.values()
        return choose_page(self._title(asked), request.url.path, identities, renewed=renewed)

    def _title(self, asked: AuthorizeRequest) -> str:
        return PLUS_TITLE if asked.plus else self.rules.title

    def _signed_in(
        self, request: Request, asked: AuthorizeRequest, identity: Identity, *, renewed: bool
    ) -> Response:
        session = Session(identity, int(self.issuer.clock()), renewed, asked.plus)
        answer = self._back_with_code(asked, session)
        self.issuer.sessions.take(request.cookies.get(self.cookie, ""))
        answer.set_cookie(
            self.cookie, self.issuer.open_session(session), path=self.path, httponly=True, samesite="lax"
        )
        return answer

    def _back_with_code(self, asked: AuthorizeRequest, session: Session) -> Response:
        code = self.issuer.grant(asked, session)
        return self.back(asked.redirect_uri, {"code": code, "state": asked.state})

    def back(self, redirect_uri: str, members: Mapping[str, str]) -> Response:
        """To the client, with ``iss`` (RFC 9207) on success and on error alike."""
        return RedirectResponse(with_query(redirect_uri, {**members, "iss": self.issuer.address}), 303)

    def back_with_error(self, error: ErrorBack) -> Response:
        """The error, to the client."""
        members = {"error": error.error, "error_description": error.description, "state": error.state}
        return self.back(error.redirect_uri, members)


def with_query(address: str, members: Mapping[str, str]) -> str:
    """``address`` with more query members."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(members)}"


async def _pairs(request: Request) -> list[tuple[str, str]]:
    """All parameters, in order and with their doubles: of the form under POST, else of the query."""
    if request.method != "POST":
        return list(request.query_params.multi_items())
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ErrorPage("Y030007", "La demande est trop longue.")
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise ErrorPage("Y030007", "La demande est illisible.") from error


def build_app(issuers: Sequence[Issuer]) -> FastAPI:
    """The provider's application over its issuers."""
    app = FastAPI(title="Carnet: bundled sign-in provider", openapi_url=None)
    routes = [IssuerRoutes(issuer) for issuer in issuers]
    for route in routes:
        route.mount(app)
    app.middleware("http")(_security_headers(issuers))

    def routes_of(request: Request) -> IssuerRoutes:
        return next(route for route in routes if request.url.path.startswith(route.path))

    @app.exception_handler(ErrorPage)
    async def page(request: Request, error: ErrorPage) -> Response:
        title = routes_of(request).rules.title
        return message_page(title, "Une erreur est survenue", error.sentence, code=error.code, status=400)

    @app.exception_handler(ErrorBack)
    async def back(request: Request, error: ErrorBack) -> Response:
        return routes_of(request).back_with_error(error)

    @app.exception_handler(TokenRefused)
    async def refused(request: Request, error: TokenRefused) -> Response:
        members = {"error": error.error, "error_description": error.description}
        return JSONResponse(
            {**members, "error_uri": f"{routes_of(request).issuer.address}/errors"},
            error.status,
            {"Cache-Control": "no-store"},
        )

    @app.get("/style.css")
    async def style() -> Response:
        return PlainTextResponse(STYLE, media_type="text/css")

    return app


def _security_headers(issuers: Sequence[Issuer]) -> Callable[..., Any]:
    """A form here ends on a client's pages, and browsers apply ``form-action`` to the whole chain."""
    addresses = [
        address
        for issuer in issuers
        for client in issuer.clients.values()
        for address in (*client.redirect_uris, *client.post_logout_redirect_uris)
    ]
    origins = sorted({f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)})
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {' '.join(origins)}"
    )

    async def add(request: Request, call_next: Callable[[Request], Any]) -> Response:
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return add

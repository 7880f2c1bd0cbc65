"""What the bundled provider gives out and remembers: keys, codes, tokens, sessions. All in memory.

A code works once; used twice, it takes its access token with it (RFC 6749, section 4.1.2). Everything has the
lifetime of the provider it stands for, so that a client that dawdles is refused here as it would be there.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from vault.demo.identities import AGENTS, PEOPLE, DemoAgent, DemoPerson
from vault.demo.provider_claims import Identity, known_of
from vault.demo.provider_rules import AuthorizeRequest, Client, ErrorBack, Rules

Kept = TypeVar("Kept")

_BUNDLES = {
    "identite_pivot": "given_name given_name_array family_name birthdate gender birthplace birthcountry",
    "profile": "given_name given_name_array family_name birthdate gender preferred_username",
    "birth": "birthplace birthcountry",
}
_AMR = {False: ["fc", "pwd"], True: ["fc", "pin", "pop", "mfa"]}  # by FranceConnect, by FranceConnect+


class TokenRefused(Exception):
    """A JSON error of the token or userinfo address."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class ShortMemory(Generic[Kept]):
    """Values by a random name, each until its time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._items: dict[str, tuple[float, Kept]] = {}

    def keep(self, value: Kept, seconds: float) -> str:
        """Remember ``value``; returns its name."""
        now = self._clock()
        self._items = {name: item for name, item in self._items.items() if item[0] > now}
        name = secrets.token_urlsafe(32)
        self._items[name] = (now + seconds, value)
        return name

    def get(self, name: str) -> Kept | None:
        """The value, None when unknown or past its time."""
        item = self._items.get(name)
        return item[1] if item is not None and item[0] > self._clock() else None

    def take(self, name: str) -> Kept | None:
        """The value, which is then forgotten."""
        value = self.get(name)
        self._items.pop(name, None)
        return value


@dataclass(frozen=True)
class Session:
    """The provider's own single sign-on session. ``auth_time`` is when she chose; ``renewed``: with her
    second subject; ``plus``: at FranceConnect+."""

    identity: Identity
    auth_time: int
    renewed: bool = False
    plus: bool = False

    @property
    def subject(self) -> str:
        return self.identity.subject_of(renewed=self.renewed)


@dataclass
class Grant:
    """What a person agreed to hand to a client."""

    request: AuthorizeRequest
    session: Session
    acr: str
    expires_at: float
    access_token: str | None = None
    redeemed: bool = False


class Issuer:
    """One of the two providers: its keys and everything it gave out."""

    def __init__(
        self,
        rules: Rules,
        address: str,
        clients: Mapping[str, Client],
        key: ECKey,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.rules = rules
        self.address = address
        self.clients = clients
        self.keys = [key]
        self.clock = clock
        self.identities: Mapping[str, Identity] = {
            identity.key: identity for identity in (PEOPLE if rules.name == "franceconnect" else AGENTS)
        }
        self.interactions: ShortMemory[AuthorizeRequest] = ShortMemory(clock)
        self.sessions: ShortMemory[Session] = ShortMemory(clock)
        self.codes: ShortMemory[Grant] = ShortMemory(clock)
        self.access_tokens: ShortMemory[Grant] = ShortMemory(clock)

    # Choosing

    def open_session(self, session: Session) -> str:
        """A new single sign-on session; returns the cookie's value."""
        rules = self.rules
        return self.sessions.keep(
            session, rules.plus_session_seconds if session.plus else rules.session_seconds
        )

    def grant(self, request: AuthorizeRequest, session: Session) -> str:
        """A code for the client. Raises ErrorBack when the level asked cannot be reached."""
        acr = self._acr(request, session.identity)
        if acr is None:
            raise ErrorBack(
                request.redirect_uri, request.state, "access_denied", "requested ACRs could not be satisfied"
            )
        grant = Grant(request, session, acr, self.clock() + self.rules.grant_seconds)
        return self.codes.keep(grant, self.rules.code_seconds)

    @staticmethod
    def _acr(request: AuthorizeRequest, identity: Identity) -> str | None:
        if isinstance(identity, DemoPerson):
            (asked,) = request.acr_asked
            return asked if asked <= identity.level else None
        return identity.acr if not request.acr_asked or identity.acr in request.acr_asked else None

    # Redeeming

    def authenticate(self, form: Mapping[str, str]) -> Client:
        """The client by ``client_secret_post``, the only way that is registered."""
        client = self.clients.get(form.get("client_id", ""))
        secret = form.get("client_secret", "").encode()
        if client is None or not hmac.compare_digest(client.client_secret.encode(), secret):
            raise TokenRefused("invalid_client", "client authentication failed", 401)
        return client

    def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token answer for a code. Raises TokenRefused."""
        client = self.authenticate(form)
        if form.get("grant_type") != "authorization_code":
            raise TokenRefused("unsupported_grant_type", "only authorization_code is served")
        grant = self.codes.get(form.get("code", ""))
        if grant is None or grant.request.client.client_id != client.client_id:
            raise TokenRefused("invalid_grant", "the code is unknown or too old")
        if grant.redeemed:
            self.access_tokens.take(grant.access_token or "")
            raise TokenRefused("invalid_grant", "the code was used")
        if form.get("redirect_uri") != grant.request.redirect_uri:
            raise TokenRefused("invalid_grant", "redirect_uri differs")
        if not _pkce_holds(grant.request.code_challenge, form.get("code_verifier")):
            raise TokenRefused("invalid_grant", "code_verifier does not fit")
        grant.redeemed = True
        grant.access_token = self.access_tokens.keep(grant, self.rules.access_token_seconds)
        return self.token_answer(grant, grant.access_token)

    def token_answer(self, grant: Grant, access_token: str) -> dict[str, Any]:
        """The members of the token answer; ProConnect always adds a refresh token."""
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.rules.access_token_seconds,
            "scope": " ".join(sorted(grant.request.scopes)),
            "id_token": self.sign(self.id_token_claims(grant, access_token), "id_token"),
        }
        if self.rules.name == "proconnect":
            answer["refresh_token"] = secrets.token_urlsafe(32)
        return answer

    def id_token_claims(self, grant: Grant, access_token: str) -> dict[str, Any]:
        """The members of an id_token: no identity in it; ``at_hash`` at ProConnect only."""
        request, identity, now = grant.request, grant.session.identity, int(self.clock())
        claims: dict[str, Any] = {
            "iss": self.address,
            "aud": request.client.client_id,
            "sub": grant.session.subject,
            "nonce": request.nonce,
            "auth_time": grant.session.auth_time,
            "iat": now,
            "exp": now + self.rules.id_token_seconds,
        }
        if request.wants_acr:
            claims["acr"] = grant.acr
        if request.wants_amr:
            claims["amr"] = list(identity.amr) if isinstance(identity, DemoAgent) else _AMR[request.plus]
        if self.rules.name == "proconnect":
            half = hashlib.sha256(access_token.encode()).digest()[:16]
            claims["at_hash"] = base64.urlsafe_b64encode(half).decode().rstrip("=")
        return claims

    def userinfo(self, access_token: str) -> str:
        """The signed identity behind an access token. Raises TokenRefused."""
        grant = self.access_tokens.get(access_token)
        if grant is None or grant.expires_at <= self.clock():
            raise TokenRefused("invalid_token", "the access token is unknown or too old", 401)
        return self.sign(self.userinfo_claims(grant), "userinfo")

    def userinfo_claims(self, grant: Grant) -> dict[str, Any]:
        """The claims of the scopes, with what makes the answer ours, theirs and fresh."""
        identity, now = grant.session.identity, int(self.clock())
        known = known_of(identity, plus=grant.request.plus)
        asked = {name for scope in grant.request.scopes for name in _BUNDLES.get(scope, scope).split()}
        return {
            **{
                name: value
                for name, value in known.items()
                if name.removeprefix("rnipp_") in asked and value is not None
            },
            "sub": grant.session.subject,
            "iss": self.address,
            "aud": grant.request.client.client_id,
            "iat": now,
            "exp": now + 60,
        }

    # Keys

    def sign(self, claims: dict[str, Any], use: str) -> str:
        """A JWT by the newest key, with ``alg`` and ``kid`` alone in its header. ``use`` is "id_token" or
        "userinfo"; both are signed alike."""
        del use
        key = self.keys[-1]
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, ["ES256"], default_type=None)

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self.keys]}

    def client_of_hint(self, id_token: str) -> Client | None:
        """The client an id_token of ours was made for, even past its time; None when it is not ours."""
        for key in self.keys:
            try:
                claims = jwt.decode(id_token, key, ["ES256"]).claims
            except (JoseError, ValueError, TypeError):
                continue
            return self.clients.get(str(claims.get("aud")))
        return None


def new_key() -> ECKey:
    """A fresh ES256 key, named by its thumbprint (RFC 7638)."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    return key


def _pkce_holds(challenge: str | None, verifier: str | None) -> bool:
    if challenge is None:
        return verifier is None
    digest = hashlib.sha256((verifier or "").encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), challenge)

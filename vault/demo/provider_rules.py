"""What the bundled provider accepts at its authorize address, for each of the two providers it stands for.

FranceConnect refuses any parameter it does not list, asks for a state and a nonce of at least 32 characters
and takes the level in ``acr_values``; asked for a level above eidas1, it answers as FranceConnect+, which is
another platform in reality: shorter sessions, the identity of the person's own means, no single sign-on for
eidas3. ProConnect drops what it does not know, takes PKCE (S256) and the
level in ``claims``. What is our client's fault beyond repair gives an error page; the rest goes back to the
client.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Name = Literal["franceconnect", "proconnect"]
MIN_SECRET_LENGTH = 32
LEVELS = ("eidas1", "eidas2", "eidas3")  # FranceConnect's, lowest first, also by their spelling


@dataclass(frozen=True)
class Rules:
    """One provider's habits. Lifetimes in seconds; ``grant_seconds`` bounds the userinfo call from the
    moment the person chose."""

    name: Name
    title: str
    code_seconds: int
    access_token_seconds: int
    grant_seconds: int
    id_token_seconds: int
    session_seconds: int
    plus_session_seconds: int
    listed: frozenset[str]
    refuses_others: bool
    scopes: frozenset[str]
    default_scopes: frozenset[str]


_COMMON = frozenset(
    {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt", "claims", "idp_hint"}
)
_FRANCECONNECT_SCOPES = frozenset(
    {"openid", "identite_pivot", "profile", "birth", "given_name", "given_name_array", "family_name"}
    | {"birthdate", "gender", "birthplace", "birthcountry", "preferred_username", "email"}
)
_PROCONNECT_SCOPES = frozenset(
    ["openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id", "roles", "organization_label"]
)

FRANCECONNECT = Rules(
    name="franceconnect",
    title="FranceConnect de démonstration",
    code_seconds=30,
    access_token_seconds=60,
    grant_seconds=30,
    id_token_seconds=60,
    session_seconds=30 * 60,
    plus_session_seconds=10 * 60,
    listed=_COMMON | {"acr_values", "ui_locales"},
    refuses_others=True,
    scopes=_FRANCECONNECT_SCOPES | {"idp_birthdate"},
    default_scopes=_FRANCECONNECT_SCOPES,
)
PROCONNECT = Rules(
    name="proconnect",
    title="ProConnect de démonstration",
    code_seconds=60,
    access_token_seconds=3600,
    grant_seconds=3600,
    id_token_seconds=60,
    session_seconds=12 * 3600,
    plus_session_seconds=12 * 3600,
    listed=_COMMON | {"acr_values", "login_hint", "siret_hint", "code_challenge", "code_challenge_method"},
    refuses_others=False,
    scopes=_PROCONNECT_SCOPES | {"siren", "phone", "custom"},
    default_scopes=_PROCONNECT_SCOPES,
)


@dataclass(frozen=True)
class Client:
    """A service registered at the provider."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    scopes: frozenset[str]


@dataclass(frozen=True)
class AuthorizeRequest:
    """An authorize call that may go on to the page where a person chooses. ``acr_asked`` is empty when the
    client asked for no level in particular."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    state: str
    nonce: str
    acr_asked: tuple[str, ...]
    wants_acr: bool
    wants_amr: bool
    prompt: frozenset[str]
    code_challenge: str | None
    plus: bool = False

    @property
    def asks_again(self) -> bool:
        """An open session is not enough: the person chooses again."""
        return "login" in self.prompt or (self.plus and self.acr_asked == ("eidas3",))


class ErrorPage(Exception):
    """Shown to the person, who stays at the provider; ``code`` is in the style of FranceConnect's codes."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class ErrorBack(Exception):
    """Sent back to the client's redirect address."""

    def __init__(self, redirect_uri: str, state: str, error: str, description: str) -> None:
        super().__init__(error)
        self.redirect_uri = redirect_uri
        self.state = state
        self.error = error
        self.description = description


def read_clients(rules: Rules, entries: Sequence[Mapping[str, Any]]) -> dict[str, Client]:
    """The clients of one provider, from the clients file. Raises KeyError for a missing member."""
    clients = (
        Client(
            client_id=entry["client_id"],
            client_secret=entry["client_secret"],
            redirect_uris=tuple(entry["redirect_uris"]),
            post_logout_redirect_uris=tuple(entry["post_logout_redirect_uris"]),
            scopes=frozenset(entry.get("scopes", rules.default_scopes)) & rules.scopes,
        )
        for entry in entries
    )
    return {client.client_id: client for client in clients}


def read_authorize(
    rules: Rules, clients: Mapping[str, Client], pairs: Sequence[tuple[str, str]]
) -> AuthorizeRequest:
    """Check an authorize call, in this order: parameters, client, redirect address, then what may be told
    to the client. Raises ErrorPage or ErrorBack."""
    given = dict(pairs)
    if len(given) != len(pairs):
        raise ErrorPage("Y030007", "Un paramètre est donné deux fois.")
    if rules.refuses_others and given.keys() - rules.listed:
        raise ErrorPage("Y030007", "Un paramètre n’est pas prévu.")
    client = clients.get(given.get("client_id", ""))
    if client is None:
        raise ErrorPage("Y04EA6EF", "Ce service n’est pas connu.")
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise ErrorPage("Y04C013C", "L’adresse de retour n’est pas enregistrée.")
    for name in ("state", "nonce"):
        if len(given.get(name, "")) < MIN_SECRET_LENGTH:
            raise ErrorPage("Y030007", f"Le paramètre {name} est absent ou trop court.")
    prompt = _prompt(rules, given)

    def back(error: str, description: str) -> ErrorBack:
        return ErrorBack(redirect_uri, given["state"], error, description)

    if given.get("response_type") != "code":
        raise back("unsupported_response_type", "only the code flow is served")
    scopes = frozenset(given.get("scope", "").split()) & rules.scopes
    if "openid" not in scopes or scopes - client.scopes:
        raise back("invalid_scope", "openid is missing, or the client is not entitled to a scope")
    challenge = given.get("code_challenge")
    if challenge is not None and (
        given.get("code_challenge_method") != "S256" or not 43 <= len(challenge) <= 128
    ):
        raise back("invalid_request", "code_challenge_method must be S256")
    asked = _asked_claims(given)
    if asked is None:
        raise back("invalid_request", "claims is not acceptable")
    acr_asked = _franceconnect_acr(given) if rules.refuses_others else _proconnect_acr(given, asked)
    if acr_asked is None:
        raise back("invalid_acr", "acr_values is missing")
    return AuthorizeRequest(
        client=client,
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=given["state"],
        nonce=given["nonce"],
        acr_asked=acr_asked,
        wants_acr=rules.refuses_others or "acr" in asked or "acr_values" in given,
        wants_amr="amr" in asked,
        prompt=prompt,
        code_challenge=challenge,
        plus=rules.refuses_others and acr_asked != ("eidas1",),
    )


def _prompt(rules: Rules, given: Mapping[str, str]) -> frozenset[str]:
    if "prompt" not in given:
        return frozenset()
    words = frozenset(given["prompt"].split())
    allowed = {"login", "consent"} if rules.refuses_others else {"login", "consent", "none"}
    if not words or words - allowed or ("none" in words and len(words) > 1):
        raise ErrorPage("Y030007", "Le paramètre prompt n’est pas prévu.")
    return words


def _asked_claims(given: Mapping[str, str]) -> dict[str, Any] | None:
    """The ``id_token`` part of the claims parameter; None when it is not acceptable."""
    if "claims" not in given:
        return {}
    try:
        asked = json.loads(given["claims"])
    except (ValueError, RecursionError):
        return None
    part = asked.get("id_token", {}) if isinstance(asked, dict) else None
    if not isinstance(part, dict) or not all(
        value is None or isinstance(value, dict) for value in part.values()
    ):
        return None
    return part


def _franceconnect_acr(given: Mapping[str, str]) -> tuple[str, ...] | None:
    """The lowest known level among those asked, eidas1 for unknown words; None when none was asked."""
    if "acr_values" not in given:
        return None
    known = [word for word in given["acr_values"].split() if word in LEVELS]
    return (min(known, default="eidas1"),)


def _proconnect_acr(given: Mapping[str, str], asked: Mapping[str, Any]) -> tuple[str, ...]:
    part = asked.get("acr") or {}
    listed = part.get("values", [part["value"]] if "value" in part else [])
    words = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    return tuple(words + given.get("acr_values", "").split())

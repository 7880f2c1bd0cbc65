"""The steps of a sign-in at the level of the relying party, for the tests of that room."""

from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import httpx2

from tests.provider_process import CLIENT_ID, CLIENT_SECRET, ProviderHandle, plain_http, walk_to_callback
from vault.web.login import Provider, ProviderName, ProviderSettings, SignedIn, finish, start

PUBLIC_URL = "http://127.0.0.1:8000"


def settings_of(name: str, running: ProviderHandle, **changes: Any) -> ProviderSettings:
    """The settings of a deployer, towards the running provider."""
    person = name == "franceconnect"
    scopes = (
        "openid identite_pivot preferred_username email"
        if person
        else "openid given_name usual_name email siret organization_label"
    )
    members: dict[str, Any] = {
        "name": cast(ProviderName, name),
        "issuer": running.issuers[name],
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scopes": tuple(scopes.split()),
        "acr_values": ("eidas1",) if person else ("eidas1-mfa", "eidas2", "eidas3"),
        "pkce": not person,
        "acr_by_claims": not person,
        "redirect_uri": f"{PUBLIC_URL}/connexion/{name}/retour",
        "post_logout_redirect_uri": f"{PUBLIC_URL}/deconnexion/retour",
    }
    return ProviderSettings(**{**members, **changes})


def query_of(address: str) -> dict[str, str]:
    """The query of an address, as a mapping."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def sign_in(provider: Provider, choice: str, http: httpx2.Client | None = None) -> SignedIn:
    """One whole sign-in; without ``http``, in a browser of its own."""
    now = datetime.now(UTC)
    address, pending = start(provider, now, "/")
    if http is None:
        with plain_http() as own:
            callback = walk_to_callback(own, address, choice)
    else:
        callback = walk_to_callback(http, address, choice)
    return finish(provider, pending, parse_qsl(urlsplit(callback).query), now)

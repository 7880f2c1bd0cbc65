"""Whether the identity a provider sends may be believed: signed, for us, fresh, and of the person of the
id_token.

Bare JSON is refused: without a signature registered at the provider there is no proof. ``nonce`` is refused
too: it belongs to id_tokens, and one served in place of the other is an attack.
"""

from collections.abc import Mapping
from typing import Any

import httpx2

from vault.identity.claims import (
    ClaimsError,
    PersonClaims,
    ProfessionalClaims,
    read_person_claims,
    read_person_plus_claims,
    read_professional_claims,
)
from vault.web.login.provider_http import media_type
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.settings import ProviderSettings
from vault.web.login.token_checks import (
    ExpectedToken,
    FindKey,
    check_claims,
    check_subject,
    open_signed,
    same,
)


def check_userinfo(
    response: httpx2.Response, expected: ExpectedToken, *, subject: str, find_key: FindKey
) -> dict[str, Any]:
    """The claims of the answer, once it is proven to be the provider's, for us, about ``subject``.
    Raises SignInRefused: PROVIDER_DOWN on a server error, else ``expected.reason``."""
    if response.status_code >= 500:
        raise SignInRefused(Refusal.PROVIDER_DOWN, "userinfo status")
    if response.status_code != 200:
        raise SignInRefused(expected.reason, "status")
    if media_type(response) != "application/jwt":
        raise SignInRefused(expected.reason, "content type")
    try:
        token = response.content.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise SignInRefused(expected.reason, "form") from error
    claims = open_signed(token, find_key=find_key, reason=expected.reason)
    check_claims(claims, expected, needs_iat=False)
    if not same(check_subject(claims, expected.reason), subject):
        raise SignInRefused(expected.reason, "sub")
    if "nonce" in claims:
        raise SignInRefused(expected.reason, "nonce")
    return claims


def read_identity(settings: ProviderSettings, claims: Mapping[str, Any]) -> PersonClaims | ProfessionalClaims:
    """The identity by that provider's strict schema. Raises SignInRefused(IDENTITY, the claim's name)."""
    try:
        if settings.name == "proconnect":
            return read_professional_claims(claims)
        return read_person_plus_claims(claims) if settings.plus else read_person_claims(claims)
    except ClaimsError as error:
        raise SignInRefused(Refusal.IDENTITY, error.claim) from error

"""From a proven sign-in to our own session: who comes in, under which name, and what is remembered meanwhile.

The pending sign-in is kept server side, sealed under the browser's own cookie and the ``state``; with it, the
secret of an invitation that is being used, which therefore never travels in an address again.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from schemas.fields import Catalogue
from vault.identity.claims import PersonClaims, ProfessionalClaims
from vault.services.signing_in import IDENTITY_FIELD, ComingIn
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.relying_party import PendingSignIn, SignedIn

_SIGN_IN, _INVITATION = "sign_in", "invitation"


def remembered(pending: PendingSignIn, invitation: str = "") -> dict[str, str]:
    """What to keep about somebody who leaves for a provider."""
    return {_SIGN_IN: pending.to_json(), _INVITATION: invitation}


def recalled(told: Mapping[str, Any] | None) -> tuple[PendingSignIn | None, str | None]:
    """The inverse: the pending sign-in and the invitation, None for what there is not."""
    if told is None or not told.get(_SIGN_IN):
        return None, None
    return PendingSignIn.from_json(told[_SIGN_IN]), told.get(_INVITATION) or None


def coming_in(
    signed: SignedIn, *, catalogue: Catalogue, provider: str, address: str | None, former_cookie: str | None
) -> ComingIn:
    """Raises SignInRefused when the catalogue cannot hold the person's name."""
    claims = asdict(signed.claims)
    if isinstance(signed.claims, PersonClaims):
        claims["name"] = carnet_name(signed.claims, catalogue)
        claims["given_names"] = list(signed.claims.given_names)
    return ComingIn(
        issuer=signed.issuer,
        subject=signed.subject,
        claims=claims,
        id_token=signed.id_token,
        provider=provider,
        display_name=display_name(signed.claims),
        address=address,
        former_cookie=former_cookie,
    )


def carnet_name(claims: PersonClaims, catalogue: Catalogue) -> dict[str, str]:
    """The value of the identity field. A name longer than the catalogue's room is cut, never refused: it
    comes from the register, and nobody could do anything about it."""
    name = {"nom": claims.family_name, "prenoms": " ".join(claims.given_names)}
    if claims.preferred_username and claims.preferred_username != claims.family_name:
        name["nom_usage"] = claims.preferred_username
    room = {part.name: part.max_length for part in catalogue.field(IDENTITY_FIELD).parts}
    name = {part: text[: room.get(part)].strip() for part, text in name.items()}
    if catalogue.validate_value(IDENTITY_FIELD, name):
        raise SignInRefused(Refusal.IDENTITY, "name")
    return name


def display_name(claims: PersonClaims | ProfessionalClaims) -> str:
    """How a page greets her: a given name and the name of use."""
    if isinstance(claims, PersonClaims):
        return f"{claims.given_names[0]} {claims.preferred_username or claims.family_name}"
    return f"{claims.given_name} {claims.usual_name}"

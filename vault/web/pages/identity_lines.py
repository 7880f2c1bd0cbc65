"""What a sign-in provider says of somebody, in plain French, marked with who said it and when.

A part of a date that the register may have completed is never printed; a code (commune, country, gender) that
has no word here is not shown. An e-mail is told to be confirmed: the provider's may be old.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from vault.services.accounts import Identity
from vault.web.pages import french, views
from vault.web.pages.countries import COUNTRIES, FRANCE

PROVIDERS = {"franceconnect": "FranceConnect", "proconnect": "ProConnect"}
TO_CONFIRM = "à confirmer"
_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}")


def identity_told(identity: Identity) -> views.IdentityTold:
    """Of a person or of a professional, whichever the claims are about."""
    claims = identity.claims
    lines = _professional(claims) if "usual_name" in claims else _person(claims)
    return views.IdentityTold(_told(identity), tuple(line for line in lines if line.value))


def _told(identity: Identity) -> str:
    who = PROVIDERS.get(identity.provider, "votre moyen de connexion")
    if identity.told_at is None:
        return f"Selon {who}"
    return f"Selon {who}, le {french.short_day(identity.told_at)}"


def _person(claims: Mapping[str, Any]) -> tuple[views.IdentityLine, ...]:
    family, usual = _text(claims, "family_name"), _text(claims, "preferred_username")
    given = claims.get("given_names")
    names = [name for name in given if isinstance(name, str)] if isinstance(given, list | tuple) else []
    born, unsure = birth_words(_text(claims, "birthdate"))
    return (
        views.IdentityLine("Nom de naissance", family),
        views.IdentityLine("Nom d’usage", usual if usual != family else ""),
        views.IdentityLine("Prénoms" if len(names) > 1 else "Prénom", ", ".join(names)),
        views.IdentityLine("Date de naissance", born, unsure),
        views.IdentityLine("Lieu de naissance", birth_place(claims)),
        views.IdentityLine("Adresse e-mail", _text(claims, "email"), TO_CONFIRM),
    )


def _professional(claims: Mapping[str, Any]) -> tuple[views.IdentityLine, ...]:
    name = f"{_text(claims, 'given_name')} {_text(claims, 'usual_name')}".strip()
    siret = _text(claims, "siret")
    spaced = french.NBSP.join((siret[:3], siret[3:6], siret[6:9], siret[9:])) if len(siret) == 14 else ""
    return (
        views.IdentityLine("Prénom et nom", name),
        views.IdentityLine("Employeur", _text(claims, "organization_label")),
        views.IdentityLine("Numéro officiel de l’employeur (SIRET)", spaced),
        views.IdentityLine("Adresse e-mail", _text(claims, "email")),
    )


def birth_words(birthdate: str) -> tuple[str, str]:
    """The certain part of a birth date, and what is to be confirmed. The register writes 01 for a day or a
    month it does not know: neither is then told from a true first."""
    try:
        on = date.fromisoformat(birthdate)
    except ValueError:
        return "", ""
    if on.day != 1:
        return french.short_day(on), ""
    if on.month != 1:
        _, _, month = french.short_day(on).partition(french.NBSP)
        return month, f"jour {TO_CONFIRM}"
    return str(on.year), f"jour et mois {TO_CONFIRM}"


def birth_place(claims: Mapping[str, Any]) -> str:
    """In words, as far as words are known: a town told in letters (by another country), the country."""
    place, code = _text(claims, "birthplace"), _text(claims, "birthcountry")
    town = "" if _CODE.fullmatch(place) else place
    country = COUNTRIES.get(code, "" if not code or code == FRANCE else "à l’étranger")
    return ", ".join(word for word in (town, country) if word)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""

"""What a sign-in provider says about somebody, read by a strict schema; unknown claims are dropped.

FranceConnect sends the identity of the national register (RNIPP): it is shown as it is and never edited here.
FranceConnect+ sends what the person's identity provider holds, which for another European country knows no
commune and no country code; the register's twins (``rnipp_*``) are dropped like every claim not asked for.
ProConnect sends what an employer's identity provider declared. Neither gives any right by itself, and an
e-mail is a contact address, never a key. Pure: no clock, no IO. A name may hold any printable text, markup
included: whoever prints it escapes it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

MAX_NAME_LENGTH = 256
MAX_NAMES = 30
MAX_EMAIL_LENGTH = 254

_COMMUNE = re.compile(r"[0-9][0-9AB][0-9]{3}")  # INSEE: 5 characters, the second may be a letter in Corsica
_COUNTRY = re.compile(r"99[0-9]{3}")  # INSEE: 99100 is France
_SIRET = re.compile(r"[0-9]{14}")
_BIRTHDATE = re.compile(r"(18[5-9][0-9]|19[0-9]{2}|2[0-9]{3})-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\]+@[^\s@<>\"(),:;\\]+")
_GENDERS = frozenset({"male", "female", "unspecified"})
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class ClaimsError(ValueError):
    """A claim is missing or malformed. ``claim`` is its name, from our own list; its value is not kept."""

    def __init__(self, claim: str) -> None:
        super().__init__(f"claim {claim} is missing or malformed")
        self.claim = claim


@dataclass(frozen=True)
class PersonClaims:
    """A person by FranceConnect. ``birthdate`` is ``YYYY-MM-DD``; an unknown month or day was completed
    with 01. ``birthplace`` is an INSEE commune code, empty for a birth abroad. By FranceConnect+ it may also
    be a place in words, or empty when it is not told, like ``birthcountry``; ``gender`` is then
    ``unspecified``."""

    given_names: tuple[str, ...] = field(repr=False)
    family_name: str = field(repr=False)
    preferred_username: str | None = field(repr=False)
    birthdate: str = field(repr=False)
    gender: str = field(repr=False)
    birthplace: str = field(repr=False)
    birthcountry: str = field(repr=False)
    email: str = field(repr=False)

    @property
    def birthdate_may_be_completed(self) -> bool:
        """The first of a month may stand for "day unknown": never print it as certain."""
        return self.birthdate.endswith("-01")


@dataclass(frozen=True)
class ProfessionalClaims:
    """A professional by ProConnect. ``siret`` is compared with the invitation's, it grants nothing alone."""

    given_name: str = field(repr=False)
    usual_name: str = field(repr=False)
    email: str = field(repr=False)
    siret: str
    organization_label: str | None


def read_person_claims(claims: Mapping[str, Any]) -> PersonClaims:
    """Read FranceConnect's claims. Raises ClaimsError."""
    return PersonClaims(
        given_names=_given_names(claims),
        family_name=_text(claims, "family_name"),
        preferred_username=_optional_text(claims, "preferred_username"),
        birthdate=_birthdate(claims),
        gender=_one_of(claims, "gender", _GENDERS),
        birthplace="" if claims.get("birthplace") == "" else _matching(claims, "birthplace", _COMMUNE),
        birthcountry=_matching(claims, "birthcountry", _COUNTRY),
        email=_email(claims),
    )


def read_person_plus_claims(claims: Mapping[str, Any]) -> PersonClaims:
    """Read FranceConnect+'s claims: strict as FranceConnect's, but for what another country does not tell.
    Raises ClaimsError."""
    told = {name: value for name, value in claims.items() if value not in (None, "")}
    usual = {"gender": "unspecified", "birthplace": "", "birthcountry": "99000"}
    free_text = _optional_text(told, "birthplace") or ""
    person = read_person_claims({**usual, **told, "birthplace": ""})
    country = person.birthcountry if "birthcountry" in told else ""
    return replace(person, birthplace=free_text, birthcountry=country)


def read_professional_claims(claims: Mapping[str, Any]) -> ProfessionalClaims:
    """Read ProConnect's claims. Raises ClaimsError."""
    return ProfessionalClaims(
        given_name=_text(claims, "given_name"),
        usual_name=_text(claims, "usual_name"),
        email=_email(claims),
        siret=_matching(claims, "siret", _SIRET),
        organization_label=_optional_text(claims, "organization_label"),
    )


def _is_plain(value: object, max_length: int) -> bool:
    """A non-blank string without controls, invisible marks or lone surrogates."""
    if not isinstance(value, str) or not value.strip() or len(value) > max_length:
        return False
    return not any(unicodedata.category(char) in _REFUSED_CATEGORIES for char in value)


def _text(claims: Mapping[str, Any], name: str, max_length: int = MAX_NAME_LENGTH) -> str:
    value = claims.get(name)
    if not _is_plain(value, max_length):
        raise ClaimsError(name)
    return str(value)


def _optional_text(claims: Mapping[str, Any], name: str) -> str | None:
    return None if claims.get(name) in (None, "") else _text(claims, name)


def _given_names(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The list when it is sent (one name may hold a space); else the whole text as one, never split."""
    given_name = _text(claims, "given_name")
    names = claims.get("given_name_array")
    if names is None:
        return (given_name,)
    if not isinstance(names, list) or not 0 < len(names) <= MAX_NAMES:
        raise ClaimsError("given_name_array")
    if not all(_is_plain(name, MAX_NAME_LENGTH) for name in names):
        raise ClaimsError("given_name_array")
    return tuple(names)


def _matching(claims: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ClaimsError(name)
    return value


def _one_of(claims: Mapping[str, Any], name: str, words: frozenset[str]) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or value not in words:
        raise ClaimsError(name)
    return value


def _birthdate(claims: Mapping[str, Any]) -> str:
    value = _matching(claims, "birthdate", _BIRTHDATE)
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise ClaimsError("birthdate") from error
    return value


def _email(claims: Mapping[str, Any]) -> str:
    value = _text(claims, "email", MAX_EMAIL_LENGTH)
    if not _EMAIL.fullmatch(value):
        raise ClaimsError("email")
    return value

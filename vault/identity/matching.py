"""When two sign-ins tell the same identity: what FranceConnect calls the *identité pivot*, folded.

A match is a reason for a human to look, never a reason to open anything: two people may share it. Folding
drops what two registers write differently (capitals, accents, hyphens, apostrophes, spaces). Pure.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_PLACES = ("birthdate", "gender", "birthplace", "birthcountry")


def pivot_of(claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Family name, given names, birth date, gender, place and country of birth, folded. None when the names
    or the date are not there: a part of an identity matches nobody."""
    given = claims.get("given_names")
    names = given if isinstance(given, list | tuple) else ()
    told = (_text(claims.get("family_name")), folded(" ".join(_text(name) for name in names)))
    pivot = (folded(told[0]), told[1], *(folded(_text(claims.get(part))) for part in _PLACES))
    return pivot if all(pivot[:3]) else None


def folded(text: str) -> str:
    """Letters and digits alone, without accents, capitals or ligatures."""
    lower = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    plain = unicodedata.normalize("NFKD", lower)
    return "".join(char for char in plain if char.isalnum())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

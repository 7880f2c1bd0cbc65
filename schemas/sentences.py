"""The French sentence of each rule of a schema: what is expected, in everyday words.

A schema may carry a ``carnet`` annotation that makes the sentence closer to the question: ``subject`` ("Le
nombre d’heures"), ``expected`` (the whole sentence when a format is not met), ``enum_labels`` and ``label``.
"""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["sentence", "spaced"]

_LISTED = 8  # a longer list of choices is not repeated in a sentence
_TYPES = {
    "boolean": "Répondez par oui ou par non.",
    "integer": "{subject} doit être un nombre entier, par exemple 2.",
    "number": "{subject} doit être un nombre, par exemple 24,5.",
    "string": "{subject} doit être un texte.",
    "array": "{subject} doit être une liste.",
    "object": "{subject} doit être donnée en plusieurs parties.",
}
_PLAIN = {
    "characters": "Ce texte contient un caractère invisible. Écrivez-le de nouveau, sans le copier.",
    "size": "Cette réponse est trop longue.",
    "range": "Ce nombre est trop grand.",
    "type": "Cette réponse n’a pas la forme attendue.",
    "not": "Ce texte doit tenir sur une seule ligne.",
    "uniqueItems": "La même réponse est donnée deux fois.",
    "additionalProperties": "Cette partie n’est pas attendue.",
}
_UNKNOWN = "Cette réponse n’a pas la forme attendue."


def spaced(text: str) -> str:
    """French spacing: an unbreakable space before double punctuation and inside quotation marks."""
    return re.sub(r"« ", "«\u00a0", re.sub(r" ([:;?!»])", "\u00a0\\1", text))


def sentence(keyword: str, schema: Mapping[str, Any], name: str = "") -> str:
    """Why a value was refused by ``keyword`` of ``schema``; ``name`` is the part it is about, if any."""
    note: Mapping[str, Any] = schema.get("carnet", {})
    return spaced(_raw(keyword, schema, note, name))


def _raw(keyword: str, schema: Mapping[str, Any], note: Mapping[str, Any], name: str) -> str:
    subject = note.get("subject", "Cette réponse")
    if keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        return f"{subject} doit être {_bounds(schema)}."
    if keyword == "type" and isinstance(schema.get("type"), str):
        return _TYPES[schema["type"]].format(subject=subject)
    if keyword == "enum":
        return _choose(schema["enum"], note.get("enum_labels", {}))
    if keyword in ("pattern", "minLength"):
        blank = keyword == "minLength" or schema.get("pattern") == r"\S"
        return _filled() if blank else str(note.get("expected", _UNKNOWN))
    if keyword in ("maxLength", "minItems", "maxItems"):
        return _size(keyword, schema)
    if keyword == "format":
        example = "une date qui existe, par exemple le 3 mars 2026"
        return str(note.get("expected", f"{subject} doit être {example}."))
    if keyword == "exclusive":
        return _alone(schema, note.get("enum_labels", {}))
    if keyword == "required":
        return f"Il manque une partie : {_part_label(schema, name)}."
    if keyword == "anyOf":
        return str(note.get("expected", _UNKNOWN))
    return _PLAIN.get(keyword, _UNKNOWN)


def _filled() -> str:
    return "Écrivez quelque chose, ou laissez la question sans réponse."


def _number(value: float) -> str:
    return f"{value:,}".replace(",", "\u202f").replace(".", ",")


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"entre {_number(low)} et {_number(high)}"
    if low is not None:
        return f"au moins {_number(low)}"
    return f"au plus {_number(high)}" if high is not None else "plus raisonnable"


def _size(keyword: str, schema: Mapping[str, Any]) -> str:
    bound = int(schema[keyword])
    if keyword == "maxLength":
        return f"Ce texte est trop long : {_number(bound)} caractères au plus."
    if keyword == "maxItems":
        return f"Donnez {_number(bound)} réponses au plus."
    return "Donnez au moins une réponse." if bound == 1 else f"Donnez au moins {_number(bound)} réponses."


def _choose(values: list[Any], labels: Mapping[str, str]) -> str:
    named = [labels[value] for value in values if value in labels]
    if not named or len(named) > _LISTED:
        return "Choisissez une réponse de la liste."
    return "Choisissez une réponse de la liste : " + " ; ".join(named) + "."


def _alone(schema: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    test = schema["if"]["contains"]
    values = test.get("enum", [test.get("const")])
    named = " ou ".join(f"« {labels.get(value, value)} »" for value in values)
    return f"{named} ne va pas avec une autre réponse."


def _part_label(schema: Mapping[str, Any], name: str) -> str:
    part = schema.get("properties", {}).get(name, {})
    label = str(part.get("carnet", {}).get("label", name))
    return label[:1].lower() + label[1:]

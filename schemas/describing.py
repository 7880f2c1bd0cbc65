"""A value in French words, for pages and for paper. Never raises: what the schema does not know is shown as
it is, so that an answer given under an older catalogue stays readable."""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from schemas.catalogue_file import TIME
from schemas.sentences import spaced

__all__ = ["describe", "french_date", "french_number"]

Node = Mapping[str, Any]

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_SLOT = re.compile(r"\{(\w+)\}")


def french_date(day: date) -> str:
    """« mardi 3 mars 2026 »; the first of a month is « 1er »."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{_DAYS[day.weekday()]} {number} {_MONTHS[day.month - 1]} {day.year}"


def french_number(value: float) -> str:
    """Narrow unbreakable spaces between thousands, a comma, at most two decimals: « 1 234,5 »."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if abs(value) > 2**53 or not math.isfinite(value):
        return str(value)
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace(",", "\u202f").replace(".", ",")


def describe(node: Node, value: object) -> list[str]:
    """The lines a person reads for ``value``: one per item of a list, one per part of an object."""
    note = node.get("carnet", {})
    labels: Mapping[str, str] = note.get("enum_labels", {})
    if isinstance(value, list):
        items = {**node.get("items", {})}
        items["carnet"] = {**items.get("carnet", {}), "enum_labels": {**_labels(items), **labels}}
        return [_row(items, item) for item in value]
    if isinstance(value, dict):
        return [_row(node, value)] if "display" in note else _parts(node, value)
    return [_scalar(node, value, labels)]


def _labels(node: Node) -> Mapping[str, str]:
    found: Mapping[str, str] = node.get("carnet", {}).get("enum_labels", {})
    return found


def _parts(node: Node, value: Mapping[str, object]) -> list[str]:
    properties = node.get("properties", {})
    ordered = [name for name in properties if name in value] + [
        name for name in value if name not in properties
    ]
    lines = []
    for name in ordered:
        part = properties.get(name, {})
        label = part.get("carnet", {}).get("label", name)
        lines.append(spaced(f"{label} : {', '.join(describe(part, value[name]))}"))
    return lines


def _row(node: Node, value: object) -> str:
    """One line. ``display`` is a list of pieces; a piece is kept when all the parts it names are present."""
    if not isinstance(value, dict):
        return _scalar(node, value, _labels(node))
    pieces = node.get("carnet", {}).get("display")
    if not pieces:
        return ", ".join(_parts(node, value))
    properties = node.get("properties", {})
    told = {name: ", ".join(describe(properties.get(name, {}), item)) for name, item in value.items()}
    kept = [piece for piece in pieces if all(name in told for name in _SLOT.findall(piece))]
    line = ""
    for piece in kept:
        words = _SLOT.sub(lambda slot: told[slot.group(1)], piece)
        ended = line.endswith(".") and words.startswith(".")  # her sentence has its stop already
        line += words[1:] if ended else words
    return line


def _scalar(node: Node, value: object, labels: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, int | float):
        return _counted(value, node.get("carnet", {}).get("unit"))
    if not isinstance(value, str):
        return "" if value is None else str(value)
    if value in labels:
        return labels[value]
    if node.get("format") == "date" or node.get("carnet", {}).get("form") == "month_or_day":
        return _when(value)
    if node.get("pattern") == TIME and re.fullmatch(TIME, value):
        hours, minutes = value.split(":")
        return f"{int(hours)}\u00a0h\u00a0{minutes}"
    return value


def _counted(value: float, unit: Mapping[str, str] | None) -> str:
    if unit is None:
        return french_number(value)
    if value == 0 and "zero" in unit:
        return unit["zero"]
    return f"{french_number(value)} {unit['one' if abs(value) < 2 else 'other']}"


def _when(text: str) -> str:
    if month := _MONTH.fullmatch(text):
        return f"{_MONTHS[int(month[2]) - 1]} {month[1]}"
    try:
        return french_date(date.fromisoformat(text))
    except ValueError:
        return text

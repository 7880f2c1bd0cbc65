"""The coarse view of a value: what readers without the precise compartment may learn.

- Every member of a group becomes the group's name, for everyone, so that the name betrays nobody.
- The place in a list must not betray either: an unordered list is put in the order of the catalogue; an
  ordered one (priorities) keeps the person's order, the group standing once, at its first place.
- Rows that say too much by their name (a treatment centre) are left out, with nothing in their stead.
- What the schema does not know is dropped, never passed on.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from schemas.catalogue_file import choices_of

__all__ = ["coarse_schema", "coarse_value"]

Node = Mapping[str, Any]


def _coarse_of(node: Node) -> dict[str, str]:
    """Each choice with what stands for it, in the order of the file."""
    groups: Mapping[str, list[str]] = node["carnet"]["precis"]["groups"]
    hidden = {member: name for name, members in groups.items() for member in members}
    return {value: hidden.get(value, value) for value in choices_of(node)}


def _order(node: Node) -> list[str]:
    """Coarse choices, each once; a group stands where its last member stood, so « autre » stays last."""
    return list(dict.fromkeys(reversed(list(_coarse_of(node).values()))))[::-1]


def coarse_schema(node: Node) -> Node:
    """The schema of the coarse compartment of a field that has a precise one."""
    items = dict(node["items"])
    if "enum" in items:
        items["enum"] = _order(node)
    if flag := node["carnet"]["precis"].get("leave_out", {}).get("flag"):
        items["properties"] = {name: part for name, part in items["properties"].items() if name != flag}
    return {**node, "items": items}


def coarse_value(node: Node, value: object) -> list[Any] | None:
    """What is left for readers, or None when nothing is."""
    if not isinstance(value, list):
        return None
    rule = node["carnet"]["precis"].get("leave_out")
    kept = _rows(rule, value) if rule else _grouped(node, value)
    return kept or None


def _grouped(node: Node, value: list[Any]) -> list[Any]:
    names = {**_coarse_of(node), **{name: name for name in node["carnet"]["precis"]["groups"]}}
    known = dict.fromkeys(names[item] for item in value if isinstance(item, str) and item in names)
    if node["carnet"].get("ordered"):
        return list(known)
    return [name for name in _order(node) if name in known]


def _rows(rule: Node, value: list[Any]) -> list[Any]:
    flag = rule.get("flag")
    rows = [row for row in value if isinstance(row, dict) and not _says_too_much(rule, row)]
    return [{name: part for name, part in row.items() if name != flag} for row in rows]


def _says_too_much(rule: Node, row: Mapping[str, object]) -> bool:
    if row.get(rule.get("flag", "")) not in (None, False):
        return True
    if any(row.get(name) in values for name, values in rule.get("where", {}).items()):
        return True
    return any(_holds(row.get(name), stems) for name, stems in rule.get("words", {}).items())


def _holds(text: object, stems: list[str]) -> bool:
    """Does a word of the text begin with one of the stems? Accents, case, hyphens and dots do not matter."""
    bare = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    words = " " + re.sub(r"[^a-z0-9]+", " ", bare)
    joined = re.sub(r"(?<= [a-z0-9]) (?=[a-z0-9](?: |$))", "", words)  # « S.P.I.P. » is one word
    return any(f" {stem}" in spelled for stem in stems for spelled in (words, joined))

"""Reading a catalogue file: checked fields, or a CatalogueError that says what is mistaken and where.

The rules that protect a person are checked here, at start, not left to the author of the file:
- every choice has a French label;
- no special category (9, 9i) stands in a preset;
- a value that reveals more than its field is hidden in a group with at least one ordinary value, so that the
  name of the group betrays nobody.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from schemas.canonical import CanonicalError, parse_strict
from schemas.faults import Checker, schema_error

__all__ = [
    "SPECIAL",
    "TIME",
    "CatalogueError",
    "choices_of",
    "read_catalogue",
    "read_checked",
    "resolved",
    "special",
]

SHIPPED = Path(__file__).parent / "catalogue" / "v2.json"
FORMAT = Path(__file__).parent / "catalogue" / "format-v1.json"
TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"  # the pattern of an hour of the day
TYPES = ("boolean", "integer", "number", "string", "array", "object")
SPECIAL = frozenset({"9", "9i"})

Node = Mapping[str, Any]


class CatalogueError(ValueError):
    """The catalogue file cannot be used; the message names the place and the reason."""


def special(letters: object) -> bool:
    """Do these sensitivity letters name, or let one infer, a special category (GDPR art. 9)?"""
    return isinstance(letters, list | tuple) and not SPECIAL.isdisjoint(letters)


@cache
def _format(path: Path) -> Checker:
    return Checker(parse_strict(path.read_bytes()))


def read_checked(path: Path, shape: Path, error: type[ValueError]) -> Any:
    """The JSON of ``path`` when it has the shape described by the schema ``shape``, else ``error``."""
    try:
        document = parse_strict(path.read_bytes())
    except (OSError, CanonicalError) as cause:
        raise error(f"{path}: cannot be read as JSON ({cause})") from cause
    for fault in _format(shape).structure(document):
        raise error(f"{path}: at {fault.pointer or 'the top'}: {fault.keyword} is not respected")
    return document


def read_catalogue(path: Path | None = None) -> Node:
    """The whole document with its ``$ref`` resolved inside each property. Raises CatalogueError."""
    path = path or SHIPPED
    document = read_checked(path, FORMAT, CatalogueError)
    if wrong := schema_error(document):
        raise CatalogueError(f"{path}: not a JSON Schema: {wrong}")
    definitions = document.get("$defs", {})
    try:
        properties = {name: resolved(node, definitions) for name, node in document["properties"].items()}
    except (KeyError, RecursionError) as cause:
        raise CatalogueError(f"{path}: a $ref names no definition of this file, or itself") from cause
    for name, node in properties.items():
        if node.get("type") not in TYPES:
            raise CatalogueError(f"{path}: field {name}: its type is one of {', '.join(TYPES)}")
        for reason in _wrong(node, document["carnet"]):
            raise CatalogueError(f"{path}: field {name}: {reason}")
    _unique(path, properties)
    _check_volets(path, properties, document["carnet"])
    return {**document, "properties": properties}


def resolved(node: Any, definitions: Node) -> Any:
    """A copy in which ``{"$ref": "#/$defs/x", …}`` is the definition overlaid with what stands beside it."""
    if isinstance(node, list):
        return [resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    own = {key: resolved(item, definitions) for key, item in node.items() if key != "$ref"}
    if "$ref" not in node:
        return own
    base = resolved(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    notes = {**base.get("carnet", {}), **own.get("carnet", {})}
    return {**base, **own, **({"carnet": notes} if notes else {})}


def choices_of(node: Node) -> list[str]:
    """The values a person chooses from: of the field itself, or of each item of a list."""
    holder = node.get("items", {}) if node["type"] == "array" else node
    return [value for value in holder.get("enum", []) if isinstance(value, str)]


def _labelled(node: Node, labels: Node) -> Iterator[str]:
    """Choices that have no label, anywhere inside the node."""
    labels = {**labels, **node.get("carnet", {}).get("enum_labels", {})}
    yield from (str(value) for value in node.get("enum", []) if value not in labels)
    if isinstance(node.get("items"), Mapping):
        yield from _labelled(node["items"], labels)
    for part in node.get("properties", {}).values():
        yield from _labelled(part, {})


def _wrong(node: Node, shared: Node) -> Iterator[str]:
    note = node["carnet"]
    known = {name: {item["id"] for item in shared[name]} for name in ("parts", "themes")}
    if note["part"] not in known["parts"] or note["theme"] not in known["themes"]:
        yield "its part or its theme is not in the lists of the catalogue"
    if not set(note["presets"]) <= {preset["code"] for preset in shared["presets"]}:
        yield "it names a preset that is not in the list of the catalogue"
    for value in _labelled(node, {}):
        yield f"the choice {value!r} has no label"
    if special(note["sensitivity"]) and note["presets"]:
        yield "a special category stands in no preset"
    if (note["question_id"] is None) is not (note["question"] is None):
        yield "question_id and question go together"
    yield from _wrong_compartments(node, note)


def _wrong_compartments(node: Node, note: Node) -> Iterator[str]:
    choices = set(choices_of(node))
    marked = {value for value, letters in note.get("value_sensitivity", {}).items() if special(letters)}
    precis = note.get("precis")
    if not set(note.get("value_sensitivity", {})) <= choices:
        yield "value_sensitivity names a value that is not a choice"
    if precis is None:
        if marked and not special(note["sensitivity"]):
            yield "a value reveals more than its field: add a precis compartment"
        return
    if node["type"] != "array":
        yield "only a list can have a precis compartment"
        return
    if special(note["sensitivity"]):
        yield "a field that is special as a whole has one compartment"
    if not marked <= set(precis["values"]):
        yield "precis.values must name every value that is special"
    members = [value for group in precis["groups"].values() for value in group]
    if len(members) != len(set(members)) or not set(members) <= choices:
        yield "the groups must be disjoint and hold choices of the field only"
    if not set(precis["values"]) <= set(members):
        yield "each value of precis.values must be hidden in a group"
    for name, group in precis["groups"].items():
        if set(group) <= set(precis["values"]):
            yield f"the group {name!r} needs an ordinary value, or its name betrays"
        if name in choices and name not in group:
            yield f"the group {name!r} has the name of a value outside it"
        if name not in note.get("enum_labels", {}):
            yield f"the group {name!r} has no label"


def _check_volets(path: Path, properties: Node, shared: Node) -> None:
    parts = {part["id"] for part in shared["parts"]}
    for volet in shared.get("volets", ()):
        if not set(volet.get("fields", ())) <= set(properties) or volet.get("part", "") not in {"", *parts}:
            raise CatalogueError(f"{path}: volet {volet['id']}: it names a field or a part that is not there")


def _unique(path: Path, properties: Node) -> None:
    names = list(properties)
    names += [alias for node in properties.values() for alias in node["carnet"].get("aliases", [])]
    if len(names) != len(set(names)):
        raise CatalogueError(f"{path}: an alias is also the id of a field, or of two")

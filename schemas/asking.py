"""How a form asks for a value, derived from its schema: a closed vocabulary, so that a field added to the
catalogue is asked with no change of code. Inputs that a person types are read back in schemas/typed.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.catalogue_file import TIME, choices_of, special

__all__ = ["Choice", "FormKind", "Part", "choices", "exclusive", "form_kind", "parts"]

Node = Mapping[str, Any]
LINE_LENGTH = 200  # characters; a longer text gets several lines


class FormKind(StrEnum):
    YES_NO = "yes_no"
    CHOICE_ONE = "choice_one"
    CHOICE_MANY = "choice_many"
    ORDERED_CHOICE = "ordered_choice"
    WHOLE_NUMBER = "whole_number"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"  # of a day: hours and minutes, « 14:30 »
    MONTH_OR_DAY = "month_or_day"  # a year, a month or a day: one line of text
    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    TEXT_LIST = "text_list"
    OBJECT = "object"
    OBJECT_LIST = "object_list"
    NAME = "name"  # shown, never asked: it comes from the sign-in provider


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer. ``special``: it reveals a special category (kept in its own compartment)."""

    value: str
    label: str
    special: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an object (« À l’oral ») or of each row of a list of objects (« Métier »)."""

    name: str
    label: str
    kind: FormKind
    required: bool
    help: str
    choices: tuple[Choice, ...]
    max_length: int | None
    refers: str = ""  # the field whose entries it names by id


def form_kind(node: Node) -> FormKind:
    """How to ask for a value of this schema."""
    note = node.get("carnet", {})
    if node.get("readOnly"):
        return FormKind.NAME
    match node["type"]:
        case "boolean":
            return FormKind.YES_NO
        case "integer":
            return FormKind.WHOLE_NUMBER
        case "number":
            return FormKind.NUMBER
        case "object":
            return FormKind.OBJECT
        case "array":
            return _list_kind(node, note)
    return _text_kind(node, note)


def _list_kind(node: Node, note: Node) -> FormKind:
    if node["items"].get("type") == "object":
        return FormKind.OBJECT_LIST
    if not choices(node):
        return FormKind.TEXT_LIST
    return FormKind.ORDERED_CHOICE if note.get("ordered") else FormKind.CHOICE_MANY


def _text_kind(node: Node, note: Node) -> FormKind:
    if "enum" in node:
        return FormKind.CHOICE_ONE
    if node.get("format") == "date":
        return FormKind.DATE
    if node.get("pattern") == TIME:
        return FormKind.TIME
    if note.get("form") == "month_or_day":
        return FormKind.MONTH_OR_DAY
    return FormKind.LONG_TEXT if node.get("maxLength", 0) > LINE_LENGTH else FormKind.SHORT_TEXT


def choices(node: Node) -> tuple[Choice, ...]:
    """The answers to choose from, in the order of the file. Languages and other open codes have labels and
    no enum: their labels are the choices."""
    note = node.get("carnet", {})
    labels = {**node.get("items", {}).get("carnet", {}).get("enum_labels", {}), **note.get("enum_labels", {})}
    if node["type"] == "boolean":
        return (Choice("true", "Oui"), Choice("false", "Non"))
    values = choices_of(node) if node["type"] in ("string", "array") else []
    if not values and node["type"] == "array" and node["items"].get("type") == "string":
        values = list(labels)
    letters = note.get("value_sensitivity", {})
    return tuple(Choice(value, labels.get(value, value), special(letters.get(value))) for value in values)


def exclusive(node: Node) -> frozenset[str]:
    """The choices that cannot go with another one (« Pas de revenu »)."""
    if node.get("then", {}).get("maxItems") != 1:
        return frozenset()
    test = node["if"].get("contains", {})
    return frozenset(test.get("enum", [test["const"]] if "const" in test else []))


def parts(node: Node) -> tuple[Part, ...]:
    """The parts of an object, or of each row of a list of objects; none for the rest."""
    holder = node.get("items", node) if node["type"] == "array" else node
    required = holder.get("required", [])
    return tuple(_part(name, child, name in required) for name, child in holder.get("properties", {}).items())


def _part(name: str, node: Node, required: bool) -> Part:
    note = node.get("carnet", {})
    return Part(
        name=name,
        label=note.get("label", name),
        kind=form_kind(node),
        required=required,
        help=note.get("help", ""),
        choices=choices(node),
        max_length=node.get("maxLength"),
        refers=note.get("refers", ""),
    )

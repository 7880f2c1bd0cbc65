"""The catalogue: which information a carnet may hold, how it is asked, checked, named and split.

Everything here is derived from one JSON file (schemas/catalogue/v2.json, or the one a deployer names): a
field added to the file is validated, asked, described and shared with no change of code. The format is in
docs/formats/catalogue.md.

A field whose values mix levels of sensitivity has two compartments, each with its own key, record and line in
a grant: ``revenus_sources`` (coarse) and ``revenus_sources:precis`` (as answered).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any

from schemas.asking import Choice, FormKind, Part, choices, exclusive, form_kind, parts
from schemas.catalogue_file import CatalogueError, read_catalogue, special
from schemas.coarsening import coarse_schema, coarse_value
from schemas.describing import describe
from schemas.faults import Checker, Fault
from schemas.ids import CompartmentId, FieldId

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Choice",
    "Compartment",
    "Fault",
    "Field",
    "FormKind",
    "Named",
    "Part",
    "Preset",
    "UnknownFieldError",
    "Volet",
]

PRECIS = ":precis"
Node = Mapping[str, Any]


class UnknownFieldError(KeyError):
    """No field or compartment has this id. The id came from outside and is not repeated."""

    def __init__(self) -> None:
        super().__init__("no such field in the catalogue")


@dataclass(frozen=True, slots=True)
class Named:
    """A theme or a part of the carnet, with its French label."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A suggestion the person may apply, then change. Never holds a special category."""

    id: str
    label: str
    sentence: str
    compartments: tuple[CompartmentId, ...]


@dataclass(frozen=True, slots=True)
class Volet:
    """What the référent validates as one. ``understood``: only once the person says that she did."""

    id: str
    label: str
    sentence: str
    fields: tuple[FieldId, ...]
    understood: bool


@dataclass(frozen=True, slots=True)
class Compartment:
    """What a grant names. ``special`` (9 or 9i): shared by an act of its own only, in no preset."""

    id: CompartmentId
    field_id: FieldId
    precis: bool
    special: bool
    sensitivity: tuple[str, ...]
    label: str
    presets: tuple[str, ...]
    node: Node = attribute(repr=False, compare=False)

    @property
    def inline(self) -> str:
        """The label inside a sentence: « permis de conduire »."""
        return self.label[:1].lower() + self.label[1:]

    @property
    def schema(self) -> dict[str, Any]:
        """The plain JSON Schema of what the compartment holds, self-contained."""
        plain: dict[str, Any] = _plain(self.node)
        return plain


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of the catalogue. ``question`` keeps the spelling of the report; ``prompt`` is what a form
    asks; ``label`` names the information in lists and sentences. ``fresh_days`` None: does not age."""

    id: FieldId
    question_id: str | None
    question: str | None
    label: str
    prompt: str
    help: str
    part: str
    theme: str
    sensitivity: tuple[str, ...]
    value_sensitivity: Mapping[str, tuple[str, ...]]
    enum_labels: Mapping[str, str]
    fresh_days: int | None
    presets: tuple[str, ...]
    dpv: str
    collection: bool
    since: int
    aliases: tuple[str, ...]
    marks: Mapping[str, str]  # kind of date → where it stands in the value ("": the value itself)
    several: str  # what its entries are called together
    calendar: str  # the part that stands in her calendar; "" for none
    read_only: bool
    identifying: bool
    node: Node = attribute(repr=False)

    @property
    def schema(self) -> dict[str, Any]:
        """The plain JSON Schema of an answer, self-contained, without our annotations."""
        plain: dict[str, Any] = _plain(self.node)
        return plain

    @property
    def kind(self) -> FormKind:
        return form_kind(self.node)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return choices(self.node)

    @property
    def exclusive(self) -> frozenset[str]:
        """Choices that go with no other."""
        return exclusive(self.node)

    @property
    def parts(self) -> tuple[Part, ...]:
        return parts(self.node)

    @property
    def free_text(self) -> bool:
        """Free words: a plain advice stands beside the question."""
        return "L" in self.sensitivity

    @property
    def unit(self) -> str:
        """The word after a number (« heures par semaine »), or nothing."""
        return str(self.node["carnet"].get("unit", {}).get("other", ""))

    def limit(self, keyword: str) -> Any:
        """``minimum``, ``maximum``, ``maxLength`` or ``maxItems`` of the answer; None without one. For a list
        of texts, ``maxLength`` is that of each text."""
        inner = self.node.get("items", {}) if keyword == "maxLength" else {}
        return self.node.get(keyword, inner.get(keyword))

    def compartments(self) -> tuple[Compartment, ...]:
        """One, or two when some values reveal more than the field."""
        precis = self.node["carnet"].get("precis")
        first = Compartment(
            id=CompartmentId(self.id),
            field_id=self.id,
            precis=False,
            special=special(self.sensitivity),
            sensitivity=self.sensitivity,
            label=self.label,
            presets=self.presets,
            node=coarse_schema(self.node) if precis else self.node,
        )
        if not precis:
            return (first,)
        letters = (*self.sensitivity, *precis.get("sensitivity", ()))
        letters += tuple(letter for value in self.value_sensitivity.values() for letter in value)
        return (
            first,
            Compartment(
                id=CompartmentId(self.id + PRECIS),
                field_id=self.id,
                precis=True,
                special=True,
                sensitivity=tuple(dict.fromkeys(letters)),
                label=f"{self.label} (réponse précise)",
                presets=(),
                node=self.node,
            ),
        )


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items() if key != "carnet"}
    return [_plain(item) for item in node] if isinstance(node, list) else node


def _field(name: str, node: Node) -> Field:
    note = node["carnet"]
    return Field(
        id=FieldId(name),
        question_id=note["question_id"],
        question=note["question"],
        label=note["label"],
        prompt=note.get("prompt", note["label"]),
        help=note.get("help", ""),
        part=note["part"],
        theme=note["theme"],
        sensitivity=tuple(note["sensitivity"]),
        value_sensitivity={key: tuple(letters) for key, letters in note.get("value_sensitivity", {}).items()},
        enum_labels=note.get("enum_labels", {}),
        fresh_days=note["fresh_days"],
        presets=tuple(note["presets"]),
        dpv=note["dpv"],
        collection=note["collection"],
        since=note["since"],
        aliases=tuple(note.get("aliases", ())),
        marks=note.get("marks", {}),
        several=note.get("several", note["label"]),
        calendar=note.get("calendar", ""),
        read_only=bool(node.get("readOnly")),
        identifying=bool(note.get("identifying")),
        node=node,
    )


class Catalogue:
    """The fields in the order of the file, the themes in the order of display. Immutable, safe to share."""

    def __init__(self, document: Node) -> None:
        shared = document["carnet"]
        self.version: str = str(document["version"])
        self.parts: tuple[Named, ...] = tuple(Named(**item) for item in shared["parts"])
        self.themes: tuple[Named, ...] = tuple(Named(**item) for item in shared["themes"])
        self.fields: tuple[Field, ...] = tuple(_field(*item) for item in document["properties"].items())
        self.volets: tuple[Volet, ...] = tuple(self._volet(item) for item in shared.get("volets", ()))
        self._shared_presets: list[Mapping[str, str]] = shared["presets"]
        self._fields: dict[str, Field] = {name: f for f in self.fields for name in (f.id, *f.aliases)}
        every = [compartment for f in self.fields for compartment in f.compartments()]
        self._compartments: dict[str, Compartment] = {compartment.id: compartment for compartment in every}
        self._checkers: dict[str, Checker] = {}

    def _volet(self, item: Node) -> Volet:
        """Its fields, in the order of the catalogue: those it names, or those of a part that are written."""
        fields = tuple(
            field.id
            for field in self.fields
            if (field.id in item["fields"] if "fields" in item else field.part == item["part"])
            and not field.read_only
        )
        return Volet(item["id"], item["label"], item["sentence"], fields, bool(item.get("understood")))

    @classmethod
    def load(cls, path: Path | None = None) -> "Catalogue":
        """The shipped catalogue, or the one in ``path``. Raises CatalogueError."""
        return cls(read_catalogue(path))

    def field(self, field_id: str) -> Field:
        """By id or by an older name (alias). Raises UnknownFieldError."""
        try:
            return self._fields[field_id]
        except (KeyError, TypeError):
            raise UnknownFieldError from None

    def compartment(self, compartment_id: str) -> Compartment:
        """Raises UnknownFieldError. Aliases are for answers, never for grants."""
        try:
            return self._compartments[compartment_id]
        except (KeyError, TypeError):
            raise UnknownFieldError from None

    def compartments(self) -> tuple[Compartment, ...]:
        """All of them; the precise one right after the coarse one."""
        return tuple(self._compartments.values())

    def in_theme(self, theme: str) -> tuple[Field, ...]:
        """The fields of one form."""
        return tuple(field for field in self.fields if field.theme == theme)

    def in_order(self, compartment_ids: Iterable[str]) -> tuple[CompartmentId, ...]:
        """The known ids among these, once each, in the order of the catalogue."""
        wanted = set(compartment_ids)
        return tuple(found.id for found in self._compartments.values() if found.id in wanted)

    def presets(self) -> tuple[Preset, ...]:
        """Suggestions of the catalogue itself; a frame adds its own (schemas/purposes.py)."""
        return tuple(
            Preset(
                id=preset["id"],
                label=preset["label"],
                sentence=preset["sentence"],
                compartments=tuple(c.id for c in self.compartments() if preset["code"] in c.presets),
            )
            for preset in self._shared_presets
        )

    def coarse(self, field_id: str, value: object) -> Any:
        """The value of the first compartment: the answer itself, or its coarse view when the field has a
        precise compartment; then None when nothing is left for readers."""
        node = self.field(field_id).node
        return coarse_value(node, value) if "precis" in node["carnet"] else value

    def validate_value(self, field_id: str, value: object) -> list[Fault]:
        """Why this is not an answer to the field; empty when it is. Raises UnknownFieldError only."""
        field = self.field(field_id)
        return self._checker(field.id + PRECIS, field.node).faults(value)

    def validate_compartment_value(self, compartment_id: str, value: object) -> list[Fault]:
        """Why a compartment cannot hold this. Raises UnknownFieldError only."""
        compartment = self.compartment(compartment_id)
        return self._checker(compartment.id, compartment.node).faults(value)

    def describe(self, field_id: str, value: object) -> list[str]:
        """The lines to read, for an answer or its coarse view; takes a field or compartment id."""
        return describe(self.field(field_id.removesuffix(PRECIS)).node, value)

    def form_kind(self, field: Field) -> FormKind:
        return field.kind

    def _checker(self, key: str, node: Node) -> Checker:
        return self._checkers.get(key) or self._checkers.setdefault(key, Checker(node))

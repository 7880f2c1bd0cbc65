"""A field is added by editing one JSON file; a file that would harm a person is refused at start."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.asking import FormKind
from schemas.catalogue_file import SHIPPED
from schemas.fields import Catalogue, CatalogueError
from schemas.purposes import Frame

NEW = {
    "type": "array",
    "items": {"type": "string", "enum": ["casque", "gants", "aucun"]},
    "uniqueItems": True,
    "minItems": 1,
    "maxItems": 3,
    "if": {"contains": {"const": "aucun"}},
    "then": {"maxItems": 1},
    "carnet": {
        "question_id": None,
        "question": None,
        "label": "Équipement de travail",
        "part": "historique",
        "theme": "emploi",
        "sensitivity": ["O"],
        "enum_labels": {"casque": "Un casque", "gants": "Des gants", "aucun": "Pas d’équipement"},
        "presets": ["R"],
        "fresh_days": 365,
        "dpv": "https://w3id.org/dpv/pd#Job",
        "collection": False,
        "since": 2,
    },
}


def copy(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The shipped catalogue with one change."""
    document = json.loads(SHIPPED.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_field_added_to_the_file_is_checked_asked_told_and_shareable(tmp_path: Path) -> None:
    path = copy(tmp_path, lambda document: document["properties"].update(equipement=NEW))
    catalogue = Catalogue.load(path)
    field = catalogue.field("equipement")
    assert field in catalogue.in_theme("emploi")
    assert field.kind is FormKind.CHOICE_MANY
    assert [choice.label for choice in field.choices] == ["Un casque", "Des gants", "Pas d’équipement"]
    assert field.exclusive == {"aucun"}
    assert catalogue.validate_value("equipement", ["casque", "gants"]) == []
    assert [fault.keyword for fault in catalogue.validate_value("equipement", ["aucun", "gants"])] == [
        "exclusive"
    ]
    assert catalogue.describe("equipement", ["gants"]) == ["Des gants"]
    assert "equipement" in catalogue.presets()[0].compartments
    assert "equipement" in Frame.load(None, catalogue).purpose("accompagnement").compartments
    assert "equipement" not in Frame.load(None, catalogue).purpose("formation").compartments


def test_every_kind_of_schema_gets_a_way_to_ask(tmp_path: Path) -> None:
    note = {key: value for key, value in NEW["carnet"].items() if key != "enum_labels"}  # type: ignore[attr-defined]
    schemas: dict[FormKind, dict[str, Any]] = {
        FormKind.YES_NO: {"type": "boolean"},
        FormKind.WHOLE_NUMBER: {"type": "integer"},
        FormKind.NUMBER: {"type": "number"},
        FormKind.DATE: {"type": "string", "format": "date"},
        FormKind.TIME: {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "maxLength": 5},
        FormKind.MONTH_OR_DAY: {"$ref": "#/$defs/month_or_day"},
        FormKind.SHORT_TEXT: {"$ref": "#/$defs/line", "maxLength": 80},
        FormKind.LONG_TEXT: {"$ref": "#/$defs/text", "maxLength": 800},
        FormKind.TEXT_LIST: {"type": "array", "items": {"$ref": "#/$defs/line"}},
        FormKind.OBJECT: {"type": "object", "properties": {"a": {"type": "boolean"}}},
        FormKind.OBJECT_LIST: {
            "type": "array",
            "items": {"type": "object", "properties": {"a": {"type": "boolean"}}},
        },
    }
    new = {f"champ_{kind.value}": {**schema, "carnet": note} for kind, schema in schemas.items()}
    catalogue = Catalogue.load(copy(tmp_path, lambda document: document["properties"].update(new)))
    assert {catalogue.field(f"champ_{kind.value}").kind for kind in schemas} == set(schemas)
    kinds = {catalogue.form_kind(field) for field in catalogue.fields}
    assert kinds == set(FormKind)


def _note(name: str, **change: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["properties"][name]["carnet"].update(change)


def _precis(name: str, **change: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["properties"][name]["carnet"]["precis"].update(change)


HARMFUL: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("preset", _note("sante_retentissement", presets=["R"])),
    ("preset", _note("enfants_nombre", presets=["X"])),
    (
        "label",
        lambda document: document["properties"]["logement_statut"]["carnet"]["enum_labels"].pop("hotel"),
    ),
    ("theme", _note("enfants_nombre", theme="inconnu")),
    ("precis", lambda document: document["properties"]["revenus_sources"]["carnet"].pop("precis")),
    ("special", _precis("revenus_sources", values=["aah"])),
    (
        "betrays",
        _precis("aides_financieres_percues", groups={"prestation_familiale_ou_autonomie": ["pch", "aeeh"]}),
    ),
    ("hidden", _precis("priorites", groups={})),
    ("disjoint", _precis("priorites", groups={"autre": ["sante", "autre"], "emploi": ["emploi", "autre"]})),
    ("label", _precis("priorites", groups={"divers": ["sante", "autre"]})),
    ("name of a value", _precis("priorites", groups={"emploi": ["sante", "autre"]})),
    ("alias", _note("enfants_nombre", aliases=["auto_entrepreneur"])),
    ("JSON Schema", lambda document: document["properties"]["enfants_nombre"].update(minimum="zéro")),
    ("type", lambda document: document["properties"]["enfants_nombre"].pop("type")),
    ("ref", lambda document: document["properties"]["diplome_intitule"].update({"$ref": "#/$defs/absente"})),
    ("required", lambda document: document["properties"]["enfants_nombre"]["carnet"].pop("sensitivity")),
    ("additionalProperties", _note("enfants_nombre", note="x")),
    ("question", _note("enfants_nombre", question=None)),
]


@pytest.mark.parametrize(("reason", "change"), HARMFUL)
def test_a_file_that_breaks_a_rule_is_refused_with_the_reason(
    tmp_path: Path, reason: str, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(CatalogueError, match=reason):
        Catalogue.load(copy(tmp_path, change))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 1, "version": 2}', "null", '{"a": NaN}', "[" * 9999]
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"catalogue\.json"):
        Catalogue.load(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"absent\.json"):
        Catalogue.load(tmp_path / "absent.json")

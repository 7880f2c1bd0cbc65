"""What a carnet may hold several of: formats and refusals."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.validate import KINDS, UnknownKindError, describe_kind, validate

GOOD: list[tuple[str, dict[str, Any]]] = [
    (
        "milestone",
        {"type": "formation", "title": "Remise à niveau", "starts_on": "2025-09", "ends_on": "2026"},
    ),
    (
        "commitment",
        {"party": "administration", "text": "Proposer un rendez-vous chaque mois.", "body": "CCAS"},
    ),
    (
        "commitment",
        {"party": "person", "text": "Venir aux ateliers.", "due_on": "2026-06-30", "status": "open"},
    ),
    ("project", {"title": "Devenir cuisinière", "text": "Un CAP,\npuis un emploi près de chez moi."}),
    ("goal", {"title": "Avoir un logement stable", "theme": "logement"}),
    ("step", {"title": "Déposer un dossier", "by": "referent", "goal_id": "a" * 26, "status": "to_do"}),
    ("appointment", {"at": "2026-03-03T14:05:00+01:00", "with": "Mme Diallo, CCAS", "mode": "in_person"}),
]


@pytest.mark.parametrize(("kind", "document"), GOOD)
def test_a_well_formed_document_has_no_fault(kind: str, document: dict[str, Any]) -> None:
    assert validate(kind, document) == []


@pytest.mark.parametrize(
    ("kind", "document", "pointer", "keyword"),
    [
        ("milestone", {"type": "emploi", "title": "x"}, "/starts_on", "required"),
        ("milestone", {"type": "x", "title": "x", "starts_on": "2020"}, "/type", "enum"),
        ("commitment", {"party": "caf", "text": "x"}, "/party", "enum"),
        ("commitment", {"party": "person", "text": "x", "due_on": "2026-02-29"}, "/due_on", "format"),
        ("project", {"title": "deux\nlignes"}, "/title", "not"),
        ("goal", {"title": "x", "theme": "sanction"}, "/theme", "enum"),
        ("step", {"title": "x", "by": "person", "goal_id": "../.."}, "/goal_id", "pattern"),
        ("appointment", {"at": "2026-03-03T25:00:00Z", "with": "x"}, "/at", "format"),
        ("appointment", {"at": "2026-03-03T12:00:00", "with": "x"}, "/at", "format"),
        (
            "appointment",
            {"at": "2026-03-03T12:00:00Z", "with": "x", "score": 3},
            "/score",
            "additionalProperties",
        ),
        ("project", [], "", "type"),
        ("project", {"title": "\ud800"}, "/title", "characters"),
    ],
)
def test_a_mistaken_document_is_refused_at_its_place(
    kind: str, document: object, pointer: str, keyword: str
) -> None:
    assert (pointer, keyword) in [(fault.pointer, fault.keyword) for fault in validate(kind, document)]


def test_every_kind_has_a_part_of_the_carnet_and_french_labels() -> None:
    parts = {kind: describe_kind(kind)["carnet"]["part"] for kind in KINDS}
    assert parts == {
        "milestone": "historique",
        "commitment": "engagements",
        "project": "strategie",
        "goal": "strategie",
        "step": "strategie",
        "appointment": "strategie",
    }
    for kind in KINDS:
        for part in describe_kind(kind)["properties"].values():
            assert part["carnet"]["label"]
            assert set(part.get("enum", [])) == set(part["carnet"].get("enum_labels", {}))


@pytest.mark.parametrize("kind", ["", "line", "sanction", "control"])
def test_an_unknown_kind_is_an_error_of_ours(kind: str) -> None:
    for ask in (lambda: validate(kind, {}), lambda: describe_kind(kind)):
        with pytest.raises(UnknownKindError):
            ask()


def _names(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from node
        for child in node.values():
            yield from _names(child)


def test_nothing_scores_or_measures_a_person() -> None:
    for kind in KINDS:
        assert not {"score", "rank", "level", "number", "integer"} & set(_names(describe_kind(kind)))


@given(
    kind=st.sampled_from(KINDS),
    document=st.dictionaries(
        st.sampled_from(["title", "text", "type", "by", "at", "with", "party", "theme"])
        | st.text(max_size=3),
        st.none() | st.booleans() | st.floats() | st.text(max_size=10) | st.lists(st.integers(), max_size=2),
    ),
)
def test_no_document_makes_validation_raise(kind: str, document: dict[str, Any]) -> None:
    assert isinstance(validate(kind, document), list)

"""The shipped frame, row by row, and the frames that are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.fields import Catalogue
from schemas.names import LegalBasis, StructureKind
from schemas.purposes import SHIPPED, Frame, FrameError, UnknownPurposeError

CATALOGUE = Catalogue.load()
FRAME = Frame.load(None, CATALOGUE)


def of(*questions: int) -> set[str]:
    """The ids of the fields that answer these questions of the annex."""
    wanted = {f"Q{number:02d}" for number in questions}
    return {field.id for field in CATALOGUE.fields if field.question_id in wanted}


NAME = {"identite_nom"}
ROWS: dict[str, tuple[str, set[str], int]] = {
    "proposer_poste": (
        "siae plie france_travail cap_emploi mission_locale association",
        NAME
        | of(*range(15, 19), *range(26, 32), *range(34, 38), 40)
        | {"garde_enfants_contraintes", "parcours_jalons"},
        182,
    ),
    "formation": (
        "organisme_formation siae plie",
        NAME | of(*range(15, 19), *range(27, 32), 36, 37, 40),
        182,
    ),
    "aide_urgence": (
        "ccas departement association caf msa",
        NAME | {"enfants_nombre"} | of(5, 6, 10, 11, 22),
        31,
    ),
    "suivi_emploi": ("siae france_travail departement mission_locale", NAME | of(13, 15, 16, 40), 182),
    "presentation_employeur": (
        "employeur",
        NAME
        | {"permis_conduire", "diplome_niveau", "diplome_intitule", "qualites_atouts", "emplois_souhaites"}
        | of(40),
        31,
    ),
    "premier_rendez_vous": (
        "departement france_travail ccas mission_locale cap_emploi",
        set(CATALOGUE.presets()[1].compartments),
        182,
    ),
    "accompagnement": (
        "departement caf msa france_travail ccas plie mission_locale cap_emploi association",
        {compartment.id for compartment in CATALOGUE.compartments()},
        365,
    ),
}


@pytest.mark.parametrize("purpose_id", ROWS)
def test_each_purpose_allows_what_the_frame_says_and_no_more(purpose_id: str) -> None:
    kinds, compartments, days = ROWS[purpose_id]
    purpose = FRAME.purpose(purpose_id)
    assert set(purpose.compartments) == compartments
    assert set(purpose.structure_kinds) == {StructureKind(kind) for kind in kinds.split()}
    assert purpose.max_days == days
    assert purpose.days_offered == tuple(offer for offer in (1, 31, 182, 365) if offer <= days)
    assert purpose.legal_basis is LegalBasis.CONSENT
    assert purpose.compartments == CATALOGUE.in_order(purpose.compartments)


def test_the_frame_has_seven_purposes_and_a_version() -> None:
    assert {purpose.purpose_id for purpose in FRAME.purposes} == set(ROWS)
    assert FRAME.version == "consentement-v1"
    assert FRAME.forbidden_usages == ("controle", "sanction", "fraude")


def test_special_information_is_only_for_the_accompaniment_and_by_an_act_of_its_own() -> None:
    for purpose in FRAME.purposes:
        special = {each for each in purpose.compartments if CATALOGUE.compartment(each).special}
        assert set(purpose.special) == special
        assert set(purpose.ordinary) == set(purpose.compartments) - special
        assert bool(special) is (purpose.purpose_id == "accompagnement")
    assert len(FRAME.purpose("accompagnement").special) == 11


def test_a_purpose_reads_as_the_end_of_a_sentence() -> None:
    for purpose in FRAME.purposes:
        assert purpose.sentence[0].islower()
        assert not purpose.sentence.endswith(".")
        assert purpose.refusal.endswith(".")
        assert "'" not in purpose.sentence + purpose.label + purpose.refusal


def test_purposes_are_listed_by_kind_of_structure() -> None:
    assert [purpose.purpose_id for purpose in FRAME.for_kind(StructureKind.EMPLOYEUR)] == [
        "presentation_employeur"
    ]
    assert FRAME.for_kind(StructureKind.AUTRE) == ()


def test_suggestions_are_those_of_the_catalogue_then_of_the_frame() -> None:
    assert [preset.id for preset in FRAME.presets()] == [
        "referent",
        "premier_rendez_vous",
        "premier_cercle",
        "chercher_emploi",
        "aide_urgence",
    ]
    for preset in FRAME.presets():
        assert not any(CATALOGUE.compartment(each).special for each in preset.compartments)


@pytest.mark.parametrize("purpose_id", ROWS)
def test_a_suggestion_never_exceeds_the_purpose_and_none_is_offered_twice(purpose_id: str) -> None:
    offered = FRAME.presets_for(purpose_id)
    ordinary = set(FRAME.purpose(purpose_id).ordinary)
    assert offered
    assert all(set(preset.compartments) <= ordinary for preset in offered)
    assert len({preset.compartments for preset in offered}) == len(offered)
    assert all(set(preset.compartments) > NAME or not NAME & set(preset.compartments) for preset in offered)


def test_durations_of_retention_come_with_the_frame() -> None:
    months = {name: rule.months for name, rule in FRAME.retention.items()}
    assert months == {
        "carnet": 24,
        "access_journal": None,
        "actor_openings": 12,
        "consent_records": 60,
        "ended_access": 6,
        "mandates": 72,
    }


@pytest.mark.parametrize("unknown", ["", "controle", "Accompagnement", "x" * 500])
def test_an_unknown_purpose_is_an_error_of_ours(unknown: str) -> None:
    with pytest.raises(UnknownPurposeError):
        FRAME.purpose(unknown)


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The shipped frame with one change."""
    document = json.loads(SHIPPED.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "cadre.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _first(**change: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["purposes"][0].update(change)


REFUSED: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("forbidden", _first(purpose_id="controle_rsa")),
    ("forbidden", _first(label="Lutte contre la fraude")),
    ("forbidden", _first(sentence="préparer une SANCTION")),
    ("forbidden", _first(sentence="un con trôle des revenus")),
    ("forbidden_usages", lambda document: document["forbidden_usages"].remove("fraude")),
    ("max_days", _first(max_days=366)),
    ("max_days", _first(max_days=0)),
    ("max_days", _first(max_days=30.5)),
    ("names nothing", _first(fields=["champ_absent"])),
    ("names nothing", _first(fields=["Q41"])),
    ("names nothing", _first(fields=["sante_retentissement:precis"])),
    ("names nothing", _first(fields=["preset:absent"])),
    ("kind of structure", _first(structure_kinds=["prefecture"])),
    ("legal_basis", _first(legal_basis="legitimate_interest")),
    ("required", _first(legal_basis="public_task")),
    ("same purpose_id", _first(purpose_id="formation")),
    ("not in the frame", lambda document: document["presets"][0].update(purpose_id="autre_chose")),
    ("additionalProperties", _first(scoring=True)),
    ("version", lambda document: document.pop("version")),
]


@pytest.mark.parametrize(("reason", "change"), REFUSED)
def test_a_frame_that_breaks_a_rule_is_refused_with_the_reason(
    tmp_path: Path, reason: str, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(FrameError, match=reason) as caught:
        Frame.load(changed(tmp_path, change), CATALOGUE)
    assert "cadre.json" in str(caught.value)


def test_a_frame_on_a_public_task_names_its_text_and_lets_one_object(tmp_path: Path) -> None:
    path = changed(
        tmp_path, _first(legal_basis="public_task", legal_text="CASF, article L. 263-4-1", objection=True)
    )
    purpose = Frame.load(path, CATALOGUE).purposes[0]
    assert (purpose.legal_basis, purpose.objection) == (LegalBasis.PUBLIC_TASK, True)


def test_a_file_that_is_no_frame_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cadre.json"
    path.write_text('{"version": "a", "version": "b"}', encoding="utf-8")
    with pytest.raises(FrameError, match=r"cadre\.json"):
        Frame.load(path, CATALOGUE)


def test_the_frame_of_public_task_says_what_it_rests_on_and_lets_one_object() -> None:
    catalogue = Catalogue.load()
    frame = Frame.load(SHIPPED.parent / "mission-v1.json", catalogue)
    missions = [one for one in frame.purposes if one.legal_basis is LegalBasis.PUBLIC_TASK]
    assert missions
    for one in missions:
        assert one.objection
        assert "L. 263-4-1" in (one.legal_text or "")
        assert not one.special, "what the mission does not need is shared by consent alone"
        assert not {"employeur", "siae", "association"} & set(one.structure_kinds)
    others = [one for one in frame.purposes if one not in missions]
    assert {one.legal_basis for one in others} == {LegalBasis.CONSENT}
    special = {one.id for one in catalogue.compartments() if one.special}
    assert set(frame.purpose("en_dire_plus").special) == special
    assert frame.retention["carnet"].months == 24

"""What the shipped catalogue holds, and the rules that protect a person whatever is added to it."""

import json
from collections import Counter

import pytest

from schemas.asking import FormKind
from schemas.catalogue_file import SPECIAL
from schemas.fields import Catalogue, UnknownFieldError
from tests.domain.annex import ANNEX

CATALOGUE = Catalogue.load()
ASKED = [field for field in CATALOGUE.fields if field.question_id]


def test_the_annex_has_40_questions_18_themes_and_3_spheres() -> None:
    assert [row[0] for row in ANNEX] == [f"Q{n:02d}" for n in range(1, 41)]
    assert len({(sphere, theme) for _, sphere, theme, _, _ in ANNEX}) == 18
    assert {sphere for _, sphere, _, _, _ in ANNEX} == {"PERSO", "PRO", "PROJECTION"}
    assert sum(wording.count("?") for _, _, _, wording, _ in ANNEX) == 49


def test_58_fields_answer_them_and_the_name_stands_beside() -> None:
    assert len(ASKED) == 58
    beside = [field.id for field in CATALOGUE.fields if not field.question_id and field.since == 1]
    assert beside == ["identite_nom"]


def test_the_path_is_written_in_14_fields_added_later_10_of_them_with_several_entries() -> None:
    added = [field for field in CATALOGUE.fields if field.since == 2]
    assert len(added) == 14
    assert sum(field.collection for field in added) == 10
    assert {part for field in added for part in [field.part]} == {"historique", "engagements", "strategie"}


@pytest.mark.parametrize(("question", "sphere", "theme", "wording", "fields"), ANNEX)
def test_each_question_keeps_the_wording_of_the_report(
    question: str, sphere: str, theme: str, wording: str, fields: tuple[str, ...]
) -> None:
    found = [field for field in CATALOGUE.fields if field.question_id == question]
    assert tuple(field.id for field in found) == fields
    for field in found:
        note = field.node["carnet"]
        assert (field.question, note["sphere"], note["source_theme"]) == (wording, sphere, theme)


def test_the_displayed_words_are_of_today_and_typographic() -> None:
    field = CATALOGUE.field("france_travail_inscrit")
    assert "France Travail" in field.label
    assert "France Travail" in field.prompt
    assert CATALOGUE.field("pole_emploi_inscrit") is field
    for field in CATALOGUE.fields:
        for words in (field.label, field.prompt, field.help, *field.enum_labels.values()):
            assert "'" not in words
            assert " ?" not in words
            assert " :" not in words
    assert CATALOGUE.field("soutiens_humains").question.count("oeuvre") == 1  # type: ignore[union-attr]


def test_help_is_said_in_short_sentences() -> None:
    for field in CATALOGUE.fields:
        for words in (field.prompt, *field.help.split(". ")):
            assert len(words.split()) <= 20, words


def test_every_field_has_a_theme_a_part_and_a_category() -> None:
    themes = [theme.id for theme in CATALOGUE.themes]
    for field in CATALOGUE.fields:
        assert field.theme in themes
        assert field.part == "historique" or field.since > 1
        assert field.dpv.startswith("https://w3id.org/dpv/pd#")
        assert field.fresh_days in (92, 365, None)
    used = Counter(field.theme for field in CATALOGUE.fields)
    assert list(used) == themes  # the file follows the order of display
    assert sum(len(CATALOGUE.in_theme(theme)) for theme in themes) == 73


def test_social_and_professional_questions_share_a_form() -> None:
    spheres = {field.node["carnet"]["sphere"] for field in CATALOGUE.in_theme("autre")}
    assert spheres == {"PERSO", "PRO", "PROJECTION"}


def test_every_choice_has_a_french_label() -> None:
    for field in CATALOGUE.fields:
        offered = [*field.choices, *(choice for part in field.parts for choice in part.choices)]
        for choice in offered:
            assert choice.label
            assert choice.label != choice.value
            assert choice.label[0].isupper()


def test_every_value_of_a_coarse_view_has_a_label() -> None:
    for field in CATALOGUE.fields:
        coarse = field.compartments()[0]
        for value in coarse.schema.get("items", {}).get("enum", []):
            assert CATALOGUE.describe(field.id, [value]) != [value]


def test_seven_fields_have_a_precise_compartment_and_four_are_special_as_a_whole() -> None:
    precise = [c.field_id for c in CATALOGUE.compartments() if c.precis]
    assert precise == [
        "aide_immediate_nature",
        "priorites",
        "freins_projection_themes",
        "freins_emploi_themes",
        "accompagnement_structures",
        "revenus_sources",
        "aides_financieres_percues",
    ]
    whole = [c.id for c in CATALOGUE.compartments() if c.special and not c.precis]
    assert set(whole) == {
        "sante_retentissement",
        "proches_a_charge_nature",
        "langues_pratiquees",
        "centres_interet",
    }
    assert len(CATALOGUE.compartments()) == 80


def test_no_preset_holds_a_special_category() -> None:
    for preset in CATALOGUE.presets():
        for compartment in map(CATALOGUE.compartment, preset.compartments):
            assert not compartment.special
            assert not compartment.precis
            assert SPECIAL.isdisjoint(compartment.sensitivity)


def test_each_preset_holds_the_next_smaller_one() -> None:
    sizes = {preset.id: set(preset.compartments) for preset in CATALOGUE.presets()}
    assert sizes["premier_cercle"] < sizes["premier_rendez_vous"] < sizes["referent"]
    assert sizes["premier_cercle"] == {
        "identite_nom",
        "activite_actuelle",
        "emplois_souhaites",
        "temps_travail_souhaite",
        "disponibilite_le",
        "france_travail_inscrit",
        "date_demande_rsa",
        "orientations",
        "contrats",
    }


def test_the_name_is_read_only_and_known_as_a_name() -> None:
    field = CATALOGUE.field("identite_nom")
    assert field.read_only
    assert field.identifying
    assert field.kind is FormKind.NAME
    assert CATALOGUE.describe("identite_nom", {"nom": "KONÉ", "prenoms": "Awa"}) == ["Awa KONÉ"]


def test_the_schema_given_to_outsiders_is_plain_and_whole() -> None:
    for compartment in CATALOGUE.compartments():
        text = json.dumps(compartment.schema)
        assert '"carnet"' not in text
        assert '"$ref"' not in text


@pytest.mark.parametrize(
    "unknown", ["", "nom", "revenus_sources:", "sante_retentissement:precis", "Q05", "a" * 999]
)
def test_an_unknown_field_is_an_error_of_ours_that_repeats_nothing(unknown: str) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        CATALOGUE.compartment(unknown)
    assert str(caught.value) == "'no such field in the catalogue'"
    with pytest.raises(UnknownFieldError):
        CATALOGUE.field(unknown)

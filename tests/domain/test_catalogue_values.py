"""What is refused, where and in which words; what readers of the coarse compartment may learn."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import canonical
from schemas.catalogue_file import choices_of
from schemas.fields import Catalogue

CATALOGUE = Catalogue.load()
IDS = [field.id for field in CATALOGUE.fields]
GROUPED = [field for field in CATALOGUE.fields if field.node["carnet"].get("precis", {}).get("groups")]

GOOD: dict[str, Any] = {
    "temps_travail_souhaite": 24.5,
    "enfants_nombre": 2,
    "disponibilite_le": "2028-02-29",
    "conjoint_presence": False,
    "revenus_sources": ["rsa", "prime_activite"],
    "langues_pratiquees": ["ar", "pt-BR", "zh-Hant"],
    "emplois_souhaites": [{"libelle": "Cuisinière"}, {"libelle": "Boulanger", "code_rome": "D1102"}],
    "parcours_jalons": [{"type": "emploi", "intitule": "Caissière", "debut": "2019", "fin": "2020-03"}],
    "accompagnement_structures": [{"nom": "CCAS de Brest", "kind": "ccas"}],
    "francais_aisance": {"oral": "a_l_aise", "ecrit": "difficile"},
    "secteurs_souhaites": ["G", "N"],
    "attentes_rencontre": "Première ligne.\nDeuxième ligne, avec « accents » et 👋.",
}


@pytest.mark.parametrize(("field_id", "value"), GOOD.items())
def test_a_good_answer_has_no_fault(field_id: str, value: object) -> None:
    assert CATALOGUE.validate_value(field_id, value) == []


REFUSED = [
    ("temps_travail_souhaite", 49, "", "maximum", "Le nombre d’heures doit être entre 0 et 48."),
    ("temps_travail_souhaite", -1, "", "minimum", "Le nombre d’heures doit être entre 0 et 48."),
    ("temps_travail_souhaite", True, "", "type", "Le nombre d’heures doit être un nombre, par exemple 24,5."),
    ("temps_travail_souhaite", math.nan, "", "range", "Ce nombre est trop grand."),
    ("temps_travail_souhaite", math.inf, "", "range", "Ce nombre est trop grand."),
    ("enfants_nombre", 2.5, "", "type", "Le nombre d’enfants doit être un nombre entier, par exemple 2."),
    ("enfants_nombre", True, "", "type", "Le nombre d’enfants doit être un nombre entier, par exemple 2."),
    ("enfants_nombre", 10**4000, "", "range", "Ce nombre est trop grand."),
    ("conjoint_presence", 1, "", "type", "Répondez par oui ou par non."),
    ("conjoint_presence", None, "", "type", "Répondez par oui ou par non."),
    ("disponibilite_le", "2026-02-30", "", "format", None),
    ("disponibilite_le", "20260301", "", "format", None),
    ("disponibilite_le", "2026-03-01\n", "", "format", None),
    ("revenus_sources", [], "", "minItems", "Donnez au moins une réponse."),
    ("revenus_sources", ["rsa", "rsa"], "", "uniqueItems", "La même réponse est donnée deux fois."),
    ("revenus_sources", ["salaire", "minimum_social"], "/1", "enum", None),
    (
        "revenus_sources",
        ["rsa", "aucun"],
        "",
        "exclusive",
        "« Pas de revenu » ne va pas avec une autre réponse.",
    ),
    (
        "garde_enfants_mode",
        ["aucun", "sans_objet"],
        "",
        "exclusive",
        "« Pas de mode de garde » ou « Pas besoin de garde » ne va pas avec une autre réponse.",
    ),
    ("emplois_souhaites", [{"libelle": "x", "code_rome": "Z9999"}], "/0/code_rome", "pattern", None),
    (
        "emplois_souhaites",
        [{"code_rome": "G1602"}],
        "/0/libelle",
        "required",
        "Il manque une partie : métier.",
    ),
    (
        "francais_aisance",
        {"oral": "moyen", "ecrit": "moyen", "a/b~c": 1},
        "/a~1b~0c",
        "additionalProperties",
        None,
    ),
    ("parcours_jalons", [{"type": "stage", "intitule": "x", "fin": "2021-02-30"}], "/0/fin", "anyOf", None),
    ("langues_pratiquees", ["français"], "/0", "pattern", None),
    ("langues_pratiquees", ["fr\n"], "/0", "not", None),
    ("diplome_intitule", "   ", "", "pattern", None),
    ("diplome_intitule", "deux\nlignes", "", "not", "Ce texte doit tenir sur une seule ligne."),
    ("diplome_intitule", "a" * 201, "", "maxLength", "Ce texte est trop long : 200 caractères au plus."),
    ("diplome_intitule", "nul\x00", "", "characters", None),
    ("centres_interet", ["chant", "\ud83d"], "/1", "characters", None),
    ("centres_interet", [{"\udc00": 1}], "/0", "characters", None),
    ("attentes_rencontre", {"a": [[[[[[[[[1]]]]]]]]]}, "", "size", None),
    ("attentes_rencontre", ["x"] * 100_000, "", "size", None),
    ("attentes_rencontre", b"bytes", "", "type", None),
    ("attentes_rencontre", ("tuple",), "", "type", None),
    ("permis_conduire", {"b"}, "", "type", None),
]


@pytest.mark.parametrize(("field_id", "value", "pointer", "keyword", "sentence"), REFUSED)
def test_a_hostile_or_mistaken_value_is_refused_at_its_place(
    field_id: str, value: object, pointer: str, keyword: str, sentence: str | None
) -> None:
    faults = CATALOGUE.validate_value(field_id, value)
    fault = next(fault for fault in faults if fault.pointer == pointer)
    assert fault.keyword == keyword
    if sentence:
        assert fault.sentence.replace("\u00a0", " ") == sentence
    assert len(fault.sentence) > 10
    assert fault.sentence.endswith(".")
    assert "'" not in fault.sentence


def test_the_integer_2_may_be_written_2_0_as_the_standard_says() -> None:
    assert CATALOGUE.validate_value("enfants_nombre", 2.0) == []
    assert canonical(2.0) == canonical(2)
    assert CATALOGUE.describe("enfants_nombre", 2.0) == ["2 enfants"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(field_id=st.sampled_from(IDS), value=JSON)
def test_no_value_ever_makes_validation_or_display_raise(field_id: str, value: object) -> None:
    for fault in CATALOGUE.validate_value(field_id, value):
        assert fault.pointer == "" or fault.pointer.startswith("/")
        assert fault.sentence
    assert all(isinstance(line, str) for line in CATALOGUE.describe(field_id, value))
    CATALOGUE.coarse(field_id, value)


@given(data=st.data())
def test_a_coarse_view_never_holds_a_special_value_and_is_valid_where_it_goes(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(GROUPED))
    value = data.draw(st.lists(st.sampled_from(choices_of(field.node)), unique=True, min_size=1))
    coarse = CATALOGUE.coarse(field.id, value)
    assert not set(coarse) & set(field.node["carnet"]["precis"]["values"])
    allowed = CATALOGUE.validate_compartment_value(field.id, coarse)
    assert not [fault for fault in allowed if fault.keyword != "exclusive"]
    assert CATALOGUE.coarse(field.id, coarse) == coarse


@pytest.mark.parametrize("field", GROUPED, ids=lambda field: str(field.id))
def test_members_of_a_group_cannot_be_told_apart(field: Any) -> None:
    ordinary = [value for value in choices_of(field.node) if not field.value_sensitivity.get(value)]
    for members in field.node["carnet"]["precis"]["groups"].values():
        others = [value for value in ordinary if value not in members]
        for one, other in itertools.combinations(members, 2):
            for place in range(3):
                around = others[:2]
                with_one = [*around[:place], one, *around[place:]]
                with_other = [*around[:place], other, *around[place:]]
                assert CATALOGUE.coarse(field.id, with_one) == CATALOGUE.coarse(field.id, with_other)


def test_the_place_in_an_unordered_list_betrays_nothing() -> None:
    """A browser sends boxes in the order of the page: « La santé » stands before « L’emploi » there."""
    assert CATALOGUE.coarse("freins_emploi_themes", ["sante", "emploi"]) == ["emploi", "autre"]
    assert CATALOGUE.coarse("freins_emploi_themes", ["emploi", "autre"]) == ["emploi", "autre"]
    assert CATALOGUE.coarse("revenus_sources", ["rsa", "prime_activite"]) == CATALOGUE.coarse(
        "revenus_sources", ["prime_activite", "aah"]
    )


def test_priorities_keep_their_order_and_the_group_its_first_place() -> None:
    assert CATALOGUE.coarse("priorites", ["sante", "emploi", "autre"]) == ["autre", "emploi"]
    assert CATALOGUE.coarse("priorites", ["emploi", "autre"]) == ["emploi", "autre"]


@pytest.mark.parametrize(
    "row",
    [
        {"nom": "Maison du Chêne", "kind": "autre", "sensible": True},
        {"nom": "CSAPA Rivage", "kind": "association"},
        {"nom": "Le S.P.I.P.", "kind": "autre"},
        {"nom": "Hôpital de jour", "kind": "autre"},
        {"nom": "Équipe cap-emploi", "kind": "association"},
        {"nom": "Agence du port", "kind": "cap_emploi"},
    ],
)
def test_a_structure_that_says_too_much_is_left_out_for_readers(row: dict[str, object]) -> None:
    plain = {"nom": "Mission locale du pays", "kind": "mission_locale", "sensible": False}
    assert CATALOGUE.validate_value("accompagnement_structures", [row, plain]) == []
    coarse = CATALOGUE.coarse("accompagnement_structures", [row, plain])
    assert coarse == [{"nom": "Mission locale du pays", "kind": "mission_locale"}]
    assert CATALOGUE.validate_compartment_value("accompagnement_structures", coarse) == []
    assert CATALOGUE.validate_compartment_value("accompagnement_structures:precis", [row, plain]) == []
    assert CATALOGUE.coarse("accompagnement_structures", [row]) is None


def test_a_field_with_one_compartment_is_its_own_coarse_view() -> None:
    assert CATALOGUE.coarse("enfants_nombre", 0) == 0
    assert CATALOGUE.coarse("conjoint_presence", False) is False


DESCRIBED: list[tuple[str, object, list[str]]] = [
    ("disponibilite_le", "2026-03-03", ["mardi 3 mars 2026"]),
    ("disponibilite_le", "2026-12-01", ["mardi 1er décembre 2026"]),
    ("temps_travail_souhaite", 24.5, ["24,5 heures par semaine"]),
    ("temps_travail_souhaite", 1, ["1 heure par semaine"]),
    ("enfants_nombre", 0, ["Pas d’enfant"]),
    ("logement_fixe", False, ["Non"]),
    (
        "revenus_sources",
        ["rsa", "minimum_social"],
        ["RSA (revenu de solidarité active)", "Un minimum social"],
    ),
    ("revenus_sources:precis", ["prime_activite"], ["Prime d’activité"]),
    (
        "francais_aisance",
        {"ecrit": "moyen", "oral": "a_l_aise"},
        ["À l’oral : À l’aise", "À l’écrit : Moyennement à l’aise"],
    ),
    ("langues_pratiquees", ["wo", "tlh"], ["Wolof", "tlh"]),
    ("emplois_souhaites", [{"libelle": "Cuisinier", "code_rome": "G1602"}], ["Cuisinier (code G1602)"]),
    (
        "parcours_jalons",
        [{"type": "stage", "intitule": "Mairie", "debut": "2019-03"}],
        ["Stage : Mairie, début : mars 2019"],
    ),
    ("numerique_aisance", "valeur_ancienne", ["valeur_ancienne"]),
]


@pytest.mark.parametrize(("field_id", "value", "lines"), DESCRIBED)
def test_a_value_is_told_in_french_words(field_id: str, value: object, lines: list[str]) -> None:
    told = [line.replace("\u00a0", " ") for line in CATALOGUE.describe(field_id, value)]
    assert told == lines


def test_a_line_has_one_stop_where_a_sentence_of_hers_ends_and_hours_are_said_as_people_do() -> None:
    promise = {"partie": "personne", "texte": "Venir..", "etat": "tenu"}
    assert CATALOGUE.describe("engagements", promise) == ["La personne s’engage : Venir.. Tenu"]
    meeting = {"le": "2027-03-03", "heure": "09:30", "avec": "12:00"}
    (line,) = CATALOGUE.describe("rendez_vous", meeting)
    assert line == "mercredi 3 mars 2027 à 9\u00a0h\u00a030, avec 12:00"

"""What can be guessed is derived from the annotations of the catalogue, for each of its informations."""

import pytest

from schemas.fields import Catalogue, Compartment
from schemas.inference import Guess, GuessKind, guesses

CATALOGUE = Catalogue.load()
EVERY = CATALOGUE.compartments()


def kinds(*compartments: str, **told: object) -> set[GuessKind]:
    return {one.kind for one in guesses(CATALOGUE, compartments, {}, **told)}  # type: ignore[arg-type]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.id)
def test_each_information_warns_of_all_that_its_letters_say_and_of_nothing_else(one: Compartment) -> None:
    field = CATALOGUE.field(one.field_id)
    expected = {
        GuessKind.NAME: field.identifying,
        GuessKind.SPECIAL: "9" in one.sensitivity,
        GuessKind.HINT: "9i" in one.sensitivity and "9" not in one.sensitivity,
        GuessKind.PLACES: one.id == "accompagnement_structures",
        GuessKind.OTHERS: "T" in one.sensitivity,
        GuessKind.WORDS: "L" in one.sensitivity,
    }
    assert kinds(one.id) == {kind for kind, stands in expected.items() if stands}


def test_no_special_information_is_without_a_warning() -> None:
    for one in EVERY:
        if one.special:
            assert kinds(one.id) & {GuessKind.SPECIAL, GuessKind.HINT}, one.id


GROUPED = [
    (one.id, group, members)
    for one in EVERY
    if not one.precis
    for group, members in CATALOGUE.field(one.field_id)
    .node["carnet"]
    .get("precis", {})
    .get("groups", {})
    .items()
]


@pytest.mark.parametrize(("compartment", "group", "members"), GROUPED)
def test_a_group_says_what_it_may_stand_for_when_it_is_there(
    compartment: str, group: str, members: list[str]
) -> None:
    told = guesses(CATALOGUE, [compartment], {compartment: [[group]]})  # type: ignore[dict-item]
    (one,) = [guess for guess in told if guess.kind is GuessKind.GROUP]
    for member in members:
        assert CATALOGUE.describe(compartment, [member])[0].lower() in one.detail.lower()
    assert not [g for g in guesses(CATALOGUE, [compartment], {}) if g.kind is GuessKind.GROUP]


def test_the_exact_form_needs_no_word_about_its_group() -> None:
    both = ["revenus_sources", "revenus_sources:precis"]
    told = guesses(CATALOGUE, both, {"revenus_sources": [["minimum_social"]]})  # type: ignore[dict-item]
    assert GuessKind.GROUP not in {one.kind for one in told}
    assert GuessKind.HINT in {one.kind for one in told}


def test_a_structure_whose_name_tells_is_warned_of() -> None:
    assert kinds("permis_conduire") == set()
    assert kinds("permis_conduire", sensitive_grantee=True) == {GuessKind.GRANTEE}


def test_what_the_catalogue_forgot_warns_of_nothing() -> None:
    assert guesses(CATALOGUE, ["plus_rien", "permis_conduire"], {"plus_rien": ["x"]}) == ()  # type: ignore[dict-item]


def test_a_warning_names_the_informations_it_is_about() -> None:
    told = guesses(CATALOGUE, ["conjoint_presence", "enfants_scolarises"], {})
    assert told == (
        Guess(
            GuessKind.OTHERS,
            ("enfants_scolarises", "conjoint_presence"),  # type: ignore[arg-type]
            ("enfants scolarisés", "conjoint ou conjointe"),
        ),
    )

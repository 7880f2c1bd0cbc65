"""Two spellings of one identity match, two identities do not, and a part of an identity matches nobody."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.identity.matching import folded, pivot_of

HER = {
    "family_name": "LE GOFF-D’ARC",
    "given_names": ["Éloïse", "Marie Ange"],
    "birthdate": "1985-01-01",
    "gender": "female",
    "birthplace": "2A004",
    "birthcountry": "99100",
    "email": "eloise@exemple.example",
}
NAMES = st.text(st.characters(categories=("Lu", "Ll", "Mn", "Lo")), min_size=1, max_size=20)


@given(NAMES)
def test_folding_a_folded_name_changes_nothing_nor_does_the_case_or_the_form_it_came_in(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, name)) == folded(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le Goff-d'Arc", "LE GOFF D’ARC"),
        ("Éloïse", "ELOISE"),
        ("Cœur", "COEUR"),
        ("Lætitia", "LAETITIA"),
        ("Ñandú", "nandu"),
        ("Strauß", "STRAUSS"),
        ("O’Brien", "O Brien"),
    ],
)
def test_what_two_registers_write_differently_is_one_name(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""


def test_an_e_mail_and_a_name_of_use_are_no_part_of_an_identity() -> None:
    assert pivot_of({**HER, "email": "x@y.example", "preferred_username": "DURAND"}) == pivot_of(HER)


@given(st.sampled_from(["family_name", "birthdate", "gender", "birthplace", "birthcountry"]), NAMES)
def test_each_part_counts(part: str, value: str) -> None:
    other = pivot_of({**HER, part: value})
    if folded(value) != folded(str(HER[part])):
        assert other != pivot_of(HER)


@pytest.mark.parametrize("part", ["family_name", "given_names", "birthdate"])
@pytest.mark.parametrize("value", ["", None, [], "-’ ", 12, ["", "-"]])
def test_without_a_name_or_a_date_nobody_is_matched(part: str, value: object) -> None:
    assert pivot_of({**HER, part: value}) is None


def test_a_birth_abroad_without_a_town_is_still_an_identity() -> None:
    abroad = pivot_of({**HER, "birthplace": "", "birthcountry": "99352"})
    assert abroad is not None
    assert abroad != pivot_of(HER)

"""What a provider told of somebody, in words: nothing uncertain as certain, no code, who said it and when."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.demo.identities import PEOPLE
from vault.services.accounts import Identity
from vault.web.pages import views
from vault.web.pages.french import NBSP
from vault.web.pages.identity_lines import birth_place, birth_words, identity_told

TOLD_AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
PERSON = {
    "family_name": "D’ARC",
    "given_names": ["Marie Claire", "Ana"],
    "preferred_username": "Dupont",
    "birthdate": "1991-03-14",
    "gender": "female",
    "birthplace": "29019",
    "birthcountry": "99100",
    "email": "ana@exemple.example",
}
CODE = re.compile(r"\b(99[0-9]{3}|[0-9][0-9AB][0-9]{3})\b")


def told(**changed: object) -> views.IdentityTold:
    return identity_told(Identity("i", "s", {**PERSON, **changed}, "franceconnect", TOLD_AT))


def test_it_says_who_told_and_when() -> None:
    assert told().told == f"Selon FranceConnect, le 22{NBSP}novembre{NBSP}2026"
    old = identity_told(Identity("i", "s", PERSON))
    assert old.told == "Selon votre moyen de connexion", "kept before it was noted: no date is invented"


def test_names_are_told_one_by_one_and_a_name_of_use_only_when_it_differs() -> None:
    lines = {line.label: line.value for line in told().lines}
    assert lines["Prénoms"] == "Marie Claire, Ana"
    assert lines["Nom d’usage"] == "Dupont"
    for same in (None, "", "D’ARC"):
        assert "Nom d’usage" not in {line.label for line in told(preferred_username=same).lines}


@given(st.dates(date(1850, 1, 1), date(2030, 12, 31)))
def test_a_part_that_may_have_been_completed_is_never_printed(born: date) -> None:
    words, unsure = birth_words(born.isoformat())
    assert str(born.year) in words
    if born.day == 1:
        assert "1er" not in words
        assert "jour" in unsure
    if (born.month, born.day) == (1, 1):
        assert words == str(born.year)
        assert "mois" in unsure
    assert bool(unsure) is (born.day == 1)


@pytest.mark.parametrize("birthdate", ["", "1985-00-00", "hier", "1985"])
def test_a_date_that_is_none_is_not_told(birthdate: str) -> None:
    assert birth_words(birthdate) == ("", "")
    assert "Date de naissance" not in {line.label for line in told(birthdate=birthdate).lines}


def test_a_place_is_told_in_words_or_not_at_all() -> None:
    assert birth_place({"birthplace": "29019", "birthcountry": "99100"}) == "France"
    assert birth_place({"birthplace": "2A004", "birthcountry": "99100"}) == "France"
    assert birth_place({"birthplace": "", "birthcountry": "99318"}) == "Somalie"
    assert birth_place({"birthplace": "", "birthcountry": "99999"}) == "à l’étranger"
    assert birth_place({"birthplace": "Liège", "birthcountry": ""}) == "Liège"
    assert birth_place({}) == ""


def test_an_e_mail_is_to_be_confirmed_and_no_gender_is_told() -> None:
    by_label = {line.label: line for line in told().lines}
    assert by_label["Adresse e-mail"].note == "à confirmer"
    assert "female" not in str(told())


def test_of_nobody_invented_is_a_code_shown() -> None:
    for person in PEOPLE:
        claims = {
            "family_name": person.family_name,
            "given_names": list(person.given_names),
            "birthdate": person.birthdate,
            "birthplace": person.birthplace,
            "birthcountry": person.birthcountry,
        }
        for line in identity_told(Identity("i", "s", claims, "franceconnect", TOLD_AT)).lines:
            assert not CODE.search(line.value), line


def test_of_a_professional_the_employer_is_told_when_the_provider_names_one() -> None:
    claims = {"given_name": "Paul", "usual_name": "Le Goff", "email": "p@x.example", "siret": "1" * 14}
    lines = identity_told(Identity("i", "s", claims, "proconnect", TOLD_AT))
    assert lines.told.startswith("Selon ProConnect")
    assert {line.label for line in lines.lines} == {
        "Prénom et nom",
        "Numéro officiel de l’employeur (SIRET)",
        "Adresse e-mail",
    }
    named = identity_told(Identity("i", "s", {**claims, "organization_label": "CCAS"}, "proconnect", TOLD_AT))
    assert ("Employeur", "CCAS") in {(line.label, line.value) for line in named.lines}

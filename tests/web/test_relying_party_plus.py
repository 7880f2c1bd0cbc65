"""FranceConnect+, by settings alone: other levels, and an identity that is not the national register's."""

from pathlib import Path
from typing import Any

import pytest

from tests.provider_process import ProviderHandle
from tests.web.attacks import stage_in
from tests.web.sign_in_steps import settings_of
from tests.web.test_relying_party_inputs import PERSON
from vault.identity.claims import ClaimsError, read_person_claims, read_person_plus_claims
from vault.web.login import ProviderSettings, Refusal, SignInRefused
from vault.web.login.userinfo_checks import read_identity

LEVELS = ("eidas2", "eidas3")
EUROPEAN: dict[str, Any] = {
    "given_name": "Søren",
    "family_name": "Ærø-Jensen",
    "birthdate": "1988-07-14",
    "birthplace": "Århus, Danmark",
    "email": "soren@courriel.example",
    "rnipp_family_name": "SOMEBODY",
    "rnipp_birthplace": "75056",
}


def settings(name: str = "franceconnect", levels: tuple[str, ...] = LEVELS) -> ProviderSettings:
    class Nowhere:
        issuers = {name: "https://fcp.example/api/v2"}  # noqa: RUF012 - read once, here

    handle: ProviderHandle = Nowhere()  # type: ignore[assignment]
    return settings_of(name, handle, acr_values=levels)


@pytest.mark.parametrize(
    ("name", "levels", "plus"),
    [
        ("franceconnect", ("eidas2",), True),
        ("franceconnect", ("eidas3",), True),
        ("franceconnect", ("eidas2", "eidas3"), True),
        ("franceconnect", ("eidas1",), False),
        ("franceconnect", ("eidas1", "eidas2"), False),
        ("proconnect", ("eidas2", "eidas3"), False),
    ],
)
def test_the_levels_alone_say_that_it_is_franceconnect_plus(
    name: str, levels: tuple[str, ...], plus: bool
) -> None:
    assert settings(name, levels).plus is plus


def test_another_country_s_identity_is_read_without_the_register_s_codes() -> None:
    person = read_person_plus_claims(EUROPEAN)
    assert (person.birthplace, person.birthcountry, person.gender) == ("Århus, Danmark", "", "unspecified")
    assert "SOMEBODY" not in str(vars(person)), "the register's twins are dropped"
    bare = {name: value for name, value in EUROPEAN.items() if name != "birthplace"}
    assert read_person_plus_claims(bare).birthplace == ""
    told = read_person_plus_claims(bare | {"birthplace": None, "birthcountry": "", "gender": None})
    assert (told.birthplace, told.birthcountry, told.gender) == ("", "", "unspecified")


def test_a_french_identity_is_the_same_by_both() -> None:
    assert read_person_plus_claims(PERSON) == read_person_claims(PERSON)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birthplace", "A" * 257),
        ("birthplace", "A\u202eB"),
        ("birthplace", 29),
        ("birthplace", "  "),
        ("birthcountry", "DK"),
        ("birthcountry", 99101),
        ("gender", "M"),
        ("gender", 1),
        ("birthdate", "1988-00-00"),
        ("birthdate", None),
        ("email", None),
        ("family_name", ""),
        ("given_name", None),
    ],
)
def test_what_it_does_tell_is_read_as_strictly(name: str, value: object) -> None:
    with pytest.raises(ClaimsError) as refused:
        read_person_plus_claims({**EUROPEAN, name: value})
    assert refused.value.claim == name


def test_franceconnect_stays_as_strict_as_it_was() -> None:
    assert read_identity(settings(), EUROPEAN) == read_person_plus_claims(EUROPEAN)
    with pytest.raises(SignInRefused) as refused:
        read_identity(settings(levels=("eidas1",)), EUROPEAN)
    assert refused.value.reason is Refusal.IDENTITY


def test_a_european_comes_in_by_franceconnect_plus_and_finds_what_it_told(tmp_path: Path) -> None:
    with stage_in(tmp_path, CARNET_FRANCECONNECT_ACR_VALUES="eidas2 eidas3") as stage:
        visitor = stage.visitor()
        assert visitor.sign_in("sofia").address == "/mon-carnet"
        account = visitor.browser.get("/mon-compte")
        assert account.status == 200
        assert "Jerez de la Frontera" in account.text
        again = stage.visitor().sign_in("amina")
        assert (again.status, again.address) == (200, "/mon-carnet"), "the register's codes are read too"
        refused = stage.visitor().sign_in("gerard")
        assert refused.status in (200, 403), "he has no such means"
        stage.stack.close()

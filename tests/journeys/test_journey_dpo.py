"""The DPO's desk on a large screen and on a small one: the log's health, every access, no value."""

from typing import Any

import pytest

from tests.journeys.conftest import PHONE
from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited, share_with

pytestmark = pytest.mark.browser


def test_the_dpo_finds_every_access_and_no_value(served: Running, association: str, walkers: Any) -> None:
    her = walkers()
    come_in(her, "marie-lou")
    her.page.goto(f"{served.url}/mon-carnet/mobilite")
    her.page.get_by_label("Permis B (voiture)").check()
    her.page.get_by_role("button", name="Garder mes réponses").click()
    share_with(her, "port", "accompagnement", ["permis_conduire"], check=False)
    reader = walkers()
    come_in_invited(reader, served.invitation(association), "nolwenn")
    reader.page.locator("main h2 a").first.click()

    office = walkers(desk=True)
    come_in_invited(office, served.invitation(association, "dpo"), "helene")
    assert office.page.url == f"{served.url}/dpo"
    office.check()
    office.sees("Le journal", "Derniers accès")
    office.press("Tous les accès")
    office.sees("Association du Port", "consultation", "permis de conduire", "accompagnement")
    assert "Permis B" not in office.text
    assert "MOREAU" not in office.text
    office.page.set_viewport_size(PHONE)
    office.check()
    office.go("/dpo/journal")
    office.sees("carnet audit verify", "carnet.exemple")
    office.go("/dpo/demandes")
    report = served.carnet("audit", "verify")
    assert report["ok"] is True


def test_public_pages_are_whole_for_anyone(walkers: Any) -> None:
    anyone = walkers()
    for address in ("/connexion", "/aide", "/accessibilite", "/plan-du-site", "/mentions-legales"):
        anyone.go(address)
    for address in ("/donnees-personnelles", "/contact", "/deconnexion/retour"):
        anyone.go(address)


def test_a_faulty_page_is_seen_by_the_check(walkers: Any, served: Running) -> None:
    walker = walkers()
    walker.page.goto(served.url)
    walker.page.evaluate("document.querySelector('main').innerHTML = '<h1>x</h1><img src=\"/favicon.ico\">'")
    with pytest.raises(AssertionError, match="image-alt"):
        walker.check()

"""An identifier that changed, from the page that says so to the carnet found again, in real browsers."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited, share_with

pytestmark = pytest.mark.browser


def test_somebody_whose_identifier_changed_finds_her_carnet_and_her_shares_again(
    served: Running, association: str, walkers: Any
) -> None:
    former, renewed, office = walkers(), walkers(), walkers(desk=True)
    come_in(former, "linh")
    share_with(former, "port", "accompagnement", ["permis_conduire"], check=False)

    with renewed.expecting(403):
        come_in(renewed, "linh", renewed=True)
    renewed.check()
    renewed.sees("Nous devons vérifier que ce carnet est le vôtre", "Rien n’est perdu")
    number = renewed.page.locator("main .code").inner_text()
    renewed.press("Revenir à l’accueil")
    former.go("/mon-carnet")
    former.sees("Quelqu’un demande à ouvrir votre carnet", number)

    come_in_invited(office, served.invitation(association, "dpo"), "ines")
    office.go("/dpo/demandes")
    card = office.page.locator("article", has_text=number)
    with office.expecting(422):
        card.get_by_role("button", name="Accepter").click()
    office.check()
    office.sees("Cochez la case")
    card.get_by_label("J’ai rencontré cette personne").check()
    card.get_by_role("button", name="Accepter").click()
    office.check()
    office.sees("Vous avez accepté", "en attente de la prochaine connexion")

    renewed.page.goto(f"{served.url}/connexion/franceconnect")
    renewed.page.locator("button[name=continue]").click()
    renewed.page.wait_for_url(f"{served.url}/mon-carnet")
    renewed.check()
    renewed.go("/mes-partages")
    renewed.sees("Association du Port")
    former.go("/mon-carnet")
    assert "/connexion" in former.page.url, "the former session is over"

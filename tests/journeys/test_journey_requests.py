"""A professional asks by number; she decides on a small phone, without JavaScript; he reads what she gave."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited

pytestmark = pytest.mark.browser
FIELDS = ("identite_nom", "permis_conduire", "sante_retentissement")
WHY = "Pour préparer notre rendez-vous de mardi."


def ask(his: Any, number: str) -> str:
    """The form as a hand fills it; what the page after it says."""
    his.page.get_by_label("Numéro du carnet").fill(number)
    for field in FIELDS:
        his.page.locator(f"input[value={field}]").check()
    his.page.locator("input[name=duree][value='31']").check()
    his.page.get_by_label("Dites-lui pourquoi").fill(WHY)
    his.page.get_by_role("button", name="Envoyer la demande").click()
    his.page.wait_for_url(f"{his.url}/demander/envoyee")
    return str(his.text)


def test_she_gives_less_than_what_is_asked_and_who_asks_learns_only_that(
    served: Running, walkers: Any
) -> None:
    structure = served.structure("CCAS de la Baie", "ccas")
    his, her = walkers(script=False), walkers(script=False)
    come_in_invited(his, served.invitation(structure, "adviser"), "paule")
    his.page.wait_for_url(f"{served.url}/carnets")
    come_in(her, "camille")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    number = her.page.locator("main .code").first.inner_text()
    her.page.goto(f"{served.url}/mon-carnet/mobilite")
    her.page.get_by_label("Permis B (voiture)").check()
    her.page.get_by_role("button", name="Garder mes réponses").click()

    his.page.locator("main").get_by_role("link", name="Demander").first.click()
    his.page.get_by_role("link", name="Accompagnement").click()
    form = his.page.url
    first = ask(his, number)
    assert "Votre demande est envoyée" in first
    assert "Vous ne saurez pas si elle est lue ou refusée" in first

    her.page.goto(f"{served.url}/mon-carnet")
    her.page.get_by_role("link", name="CCAS de la Baie vous demande").click()
    her.sees("Qui demande Paule", "conseiller ou conseillère, CCAS de la Baie", WHY, "Et si vous dites non ?")
    her.page.get_by_role("button", name="Cocher ce qui est demandé").click()
    her.page.locator("input[value=identite_nom]").uncheck()
    her.page.locator("input[name=days][value='1']").check()
    her.page.locator("button[name=special]").first.click()
    her.sees("Partager aussi")
    her.page.get_by_role("button", name="Non, ne pas la partager").click()
    assert not her.page.locator("input[value=identite_nom]").is_checked()
    her.page.get_by_role("button", name="Voir ce qui sera montré").click()
    her.sees("Voici exactement ce que verra CCAS de la Baie", "Permis B (voiture)")
    her.page.get_by_role("button", name="Partager cette information").click()
    her.sees("C’est partagé")

    his.page.goto(f"{served.url}/carnets")
    his.page.locator("main h2 a").first.click()
    his.sees("Permis B (voiture)")
    assert "MARTIN" not in his.text

    his.page.goto(form)
    assert ask(his, number) == first
    her.page.goto(f"{served.url}/mon-carnet")
    her.page.get_by_role("link", name="CCAS de la Baie vous demande").click()
    her.page.get_by_role("button", name="Dire non").click()
    her.sees("Aucune demande n’attend", "vous avez dit non", "vous avez dit oui")
    his.page.goto(form)
    assert ask(his, number) == first
    her.page.goto(f"{served.url}/mes-demandes")
    her.sees("Aucune demande n’attend")


def test_the_pages_of_asking_and_answering_hold_for_everybody(served: Running, walkers: Any) -> None:
    """No fault that axe sees, on the form of whoever asks and on what she is asked."""
    structure = served.structure("CCAS de la Rade", "ccas")
    his, her = walkers(), walkers()
    come_in_invited(his, served.invitation(structure, "referent"), "gwenaelle")
    come_in(her, "eleonore")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    number = her.page.locator("main .code").first.inner_text()
    his.go("/demander?finalite=accompagnement")
    his.sees("La personne qui sera son référent")
    ask(his, number)
    her.page.goto(f"{served.url}/mes-demandes")
    her.press("Voir et répondre")

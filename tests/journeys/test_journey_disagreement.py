"""She disagrees in her own words, her référent answers, she maintains; he validates, a change re-opens."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited

pytestmark = pytest.mark.browser

_WORDS = "Je n’ai plus le permis depuis janvier."


def test_what_she_contests_is_answered_beside_it_and_validated_without_hiding_it(
    served: Running, walkers: Any
) -> None:
    structure = served.structure("CCAS des Dunes", "ccas")
    his, her = walkers(desk=True), walkers()
    come_in_invited(his, served.invitation(structure), "claire")
    his.page.wait_for_url(f"{served.url}/carnets")
    (member,) = served.carnet("member", "list", "--structure", structure)["members"]
    come_in(her, "sofia")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    number = her.page.locator("main .code").first.inner_text()
    served.carnet("referent", "assign", "--reference", number, "--professional", member["professional_id"])
    _writes(her, "Permis B (voiture)")
    _shares_with_her_referent(her)

    her.page.goto(f"{served.url}/mon-carnet/volets")
    her.sees("Pas encore validé", "Permis de conduire : Permis B (voiture)")
    _step(her, "Permis de conduire")
    her.press("Écrire une observation")
    her.sees("En ce moment, peuvent la lire : CCAS des Dunes")
    her.page.get_by_label("Votre observation").fill(_WORDS)
    _step(her, "Garder mon observation")
    her.sees(f"Vous dites : « {_WORDS} »")

    his.page.goto(f"{served.url}/carnets")
    his.page.locator("main h2 a").first.click()
    his.check()
    carnet = his.page.url
    his.sees("contesté", f"La personne dit : « {_WORDS} »")
    his.press("Répondre")
    his.page.get_by_label("Votre réponse").fill("Je le note. Nous en parlerons jeudi.")
    _step(his, "Répondre à cette observation")
    his.sees("Votre réponse est gardée", "« Je le note. Nous en parlerons jeudi. »")

    her.page.goto(f"{served.url}/mon-carnet")
    her.press("a répondu à votre observation")
    her.sees("CCAS des Dunes", "« Je le note. Nous en parlerons jeudi. »")
    _step(her, "Maintenir mon observation")
    her.sees("Vous maintenez votre observation.")
    observation = her.page.url.partition("?")[0]

    his.page.goto(carnet)
    his.sees("La personne maintient son observation.")
    his.press("Valider les volets du carnet")
    his.sees("Situation et parcours", "contesté")
    _step(his, "Valider ce volet")
    his.sees("Ce volet est validé.", "Validé par")
    her.page.goto(f"{served.url}/mon-carnet/volets")
    her.sees("Validé par", "CCAS des Dunes")

    _writes(her, "Permis AM (cyclomoteur, voiturette)")
    her.go("/mon-carnet/volets")
    her.sees("À revoir : modifié le", "changé depuis")
    his.page.goto(carnet)
    his.sees("porte sur la version du")
    _step(his, "Valider les volets du carnet")
    his.sees("À revoir : modifié le")

    her.page.goto(observation)
    _step(her, "Retirer mon observation")
    his.page.goto(carnet)
    assert _WORDS not in his.text


def _step(walker: Any, name: str) -> None:
    """Press a button or follow a link whose page is checked elsewhere."""
    main = walker.page.locator("main")
    found = main.get_by_role("button", name=name)
    (found if found.count() else main.get_by_role("link", name=name)).first.click()


def _writes(her: Any, label: str) -> None:
    her.page.goto(f"{her.url}/mon-carnet/mobilite")
    her.page.get_by_label(label).check()
    _step(her, "Garder mes réponses")
    her.page.wait_for_url(f"{her.url}/mon-carnet?*")


def _shares_with_her_referent(her: Any) -> None:
    her.page.goto(f"{her.url}/mes-partages/nouveau")
    _step(her, "Votre référent ou votre référente")
    her.page.locator("input[value=accompagnement]").check()
    _step(her, "Continuer")
    for field in ("identite_nom", "permis_conduire"):
        her.page.locator(f"input[value={field}]").check()
    _step(her, "Continuer")
    her.page.locator("input[name=days][value='31']").check()
    _step(her, "Continuer")
    _step(her, "Partager")
    her.page.get_by_role("heading", name="partag").first.wait_for()

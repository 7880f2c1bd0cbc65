"""An information is forgotten, or kept with a reason, from her phone to the desk and back, in real browsers.

What is late is walked with a clock of ours in tests/web/test_pages_forgetting.py: a month has to go by.
"""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited

pytestmark = pytest.mark.browser

LICENCE = "Permis B (voiture)"


def followed(served: Running, her: Any, his: Any, key: str) -> None:
    """She wrote what she drives; he follows her and has read it."""
    structure = served.structure("CCAS des Oublis", "ccas")
    come_in_invited(his, served.invitation(structure), "karim")
    his.page.wait_for_url(f"{served.url}/carnets")
    members = served.carnet("member", "list", "--structure", structure)["members"]
    come_in(her, key)
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    her.go("/mon-carnet")
    number = her.page.locator("main .code").first.inner_text()
    her.page.goto(f"{served.url}/mon-carnet/mobilite")
    her.page.get_by_label(LICENCE).check()
    her.page.get_by_role("button", name="Garder mes réponses").click()
    professional = members[0]["professional_id"]
    served.carnet("referent", "assign", "--reference", number, "--professional", professional)
    her.go("/mes-partages/nouveau")
    her.press("Votre référent ou votre référente")
    her.page.locator("input[value=accompagnement]").check()
    her.press("Continuer")
    her.page.locator("input[value=permis_conduire]").check()
    her.press("Continuer")
    her.page.locator("input[name=days][value='31']").check()
    her.press("Continuer")
    her.press("Partager")
    his.go("/carnets")
    his.page.locator("main h2 a").first.click()
    his.check()
    his.sees(LICENCE)


def asks(her: Any) -> None:
    """From the information itself."""
    her.go("/mon-carnet/volets")
    her.press("Permis de conduire")
    her.press("Faire oublier")
    her.sees(
        "Votre demande va à votre référent (CCAS des Oublis)", "CCAS des Oublis", "déjà lu cette information"
    )
    her.page.get_by_label("Pourquoi, si vous voulez le dire").fill("Je n’ai plus le permis.")
    her.press("Demander l’oubli")
    her.sees("Votre demande attend sa réponse", "Votre demande est envoyée")


def test_what_is_refused_is_explained_then_what_is_accepted_is_gone(served: Running, walkers: Any) -> None:
    her, his, office = walkers(), walkers(desk=True), walkers(desk=True)
    followed(served, her, his, "marie-lou")
    asks(her)
    his.go("/carnets")
    his.press("Demandes d’oubli")
    his.press("Voir et répondre")
    his.sees("Permis de conduire", "Je n’ai plus le permis.", "CCAS des Oublis : 1 fois")
    his.page.get_by_label("Non : elle reste dans le carnet").check()
    with his.expecting(422):
        his.page.get_by_role("button", name="Envoyer ma réponse").click()
    his.check()
    his.sees("Dites pourquoi")
    his.page.get_by_label("Non : elle reste dans le carnet").check()
    his.page.get_by_label("Pourquoi", exact=True).fill("Une aide en cours s’appuie dessus.")
    his.press("Envoyer ma réponse")
    his.sees("Votre réponse est envoyée à la personne.")

    her.go("/mes-oublis")
    her.press("Voir cette demande")
    her.sees("La réponse est non.", "Une aide en cours s’appuie dessus.", "CNIL")
    her.page.get_by_label("Vos mots, si vous voulez").fill("Cette aide est finie.")
    her.press("Me tourner vers le délégué à la protection des données")
    come_in_invited(office, served.invitation(served.structure("Département", "departement"), "dpo"), "ines")
    office.go("/dpo/oublis")
    office.press("Voir et répondre" if "Voir et répondre" in office.text else "Voir")
    office.sees("Une information que vous ne lisez pas", "Cette aide est finie.")
    office.page.get_by_label("Oui : l’information est oubliée tout de suite, pour toujours").check()
    office.press("Envoyer ma réponse")

    her.go("/mes-oublis")
    her.press("Voir cette demande")
    her.sees("Cette information est oubliée, pour toujours.", "n’a pas encore confirmé", "plus aucune copie")
    his.go("/avis")
    his.press("Confirmer que c’est effacé chez nous")
    his.sees("C’est noté.")
    her.page.reload()
    her.sees("A confirmé le")
    his.go("/carnets")
    his.page.locator("main h2 a").first.click()
    his.check()
    assert LICENCE not in his.text

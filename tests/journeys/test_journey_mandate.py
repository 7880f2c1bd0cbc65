"""Somebody is helped: she names her helper, he acts for her in what she allowed, she sees it, ends it."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited

pytestmark = pytest.mark.browser


def test_a_helper_writes_and_shares_for_her_in_her_name_until_she_stops_it(
    served: Running, association: str, walkers: Any
) -> None:
    her, helper = walkers(), walkers(desk=True)
    come_in(her, "maeva")
    come_in_invited(
        helper, served.invitation(served.structure("CCAS du Port", "ccas"), "helper"), "gwenaelle"
    )
    helper.page.goto(f"{helper.url}/agir")
    helper.sees("Personne ne vous a donné de mandat")
    helper.follow("Créer un code")
    code = helper.page.locator("main .code").inner_text()

    her.page.goto(f"{her.url}/mon-compte")
    her.follow("Voir et donner un mandat")
    her.follow("Donner un mandat d’aide")
    her.page.get_by_label("Le code de votre aidant").fill(code)
    her.press("Continuer")
    her.sees("CCAS du Port", "Est-ce bien la personne qui vous aide")
    assert her.page.locator("input:checked").count() == 0, "nothing is chosen for her"
    for scope in ("write", "share"):
        her.page.locator(f"input[value={scope}]").check()
    her.page.locator("input[name=days][value='31']").check()
    her.follow("Donner ce mandat")
    her.sees("Ce mandat est enregistré", "décider des partages")

    helper.page.goto(f"{helper.url}/agir")
    helper.press("Agir pour cette personne")
    helper.sees("Vous agissez pour", "au titre du mandat d’aide", "Terminer")
    helper.page.goto(f"{helper.url}/mon-carnet/mobilite")
    helper.page.locator("input[name=permis_conduire]").first.check()
    helper.follow("Garder")
    helper.sees("Vos réponses sont gardées", "Vous agissez pour")
    helper.page.goto(f"{helper.url}/mes-partages/nouveau?q=port")
    helper.sees("Association du Port", "Vous agissez pour")
    with helper.expecting(403):
        helper.page.goto(f"{helper.url}/mes-telechargements/carnet.pdf")
    helper.sees("Votre mandat ne permet pas cette page")

    her.go("/qui-a-vu")
    her.sees("(CCAS du Port), pour vous, au titre du mandat d’aide du")
    her.page.goto(f"{her.url}/mes-mandats")
    her.press("Voir ce qui a été fait pour vous")
    her.sees("Réponses écrites : permis de conduire")
    her.page.goto(f"{her.url}/mes-mandats")
    her.follow("Arrêter ce mandat")
    her.sees("Ce mandat est terminé")
    helper.page.goto(f"{helper.url}/mon-carnet")
    assert "/connexion" in helper.page.url, "at his next request"

"""The interview for two: in a professional's session each answer is proposed, and she agrees from her own
phone; in her own session the answers are hers at once. Each page is looked at whole."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited

pytestmark = pytest.mark.browser
FIELDS = ("permis_conduire", "vehicule_disponible", "modes_deplacement")


def share(her: Any, words: str) -> None:
    """Three informations for a month, to read and to propose: she ticks it herself."""
    her.page.goto(f"{her.url}/mes-partages/nouveau?q={words}")
    her.page.locator("button.pick").first.click()
    her.page.locator("input[value=accompagnement]").check()
    her.page.locator("main").get_by_role("button", name="Continuer").last.click()
    for field in FIELDS:
        her.page.locator(f"input[value={field}]").check()
    her.page.locator("main").get_by_role("button", name="Continuer").last.click()
    her.page.locator("input[name=days][value='31']").check()
    may = her.page.locator("input[name=proposer]")
    assert not may.is_checked()
    may.check()
    her.page.locator("main").get_by_role("button", name="Continuer").last.click()
    her.sees("pourra vous proposer d’écrire")
    her.page.locator("main").get_by_role("button", name="Partager").last.click()


def test_an_interview_in_his_session_becomes_hers_when_she_agrees_from_her_phone(
    served: Running, walkers: Any
) -> None:
    structure = served.structure("CCAS des Dunes", "ccas")
    his, her = walkers(desk=True), walkers()
    come_in_invited(his, served.invitation(structure, "adviser"), "paule")
    his.page.wait_for_url(f"{served.url}/carnets")
    come_in(her, "camille")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    share(her, "Dunes")

    his.page.goto(f"{served.url}/carnets")
    his.page.locator("main li", has_text="accompagnement").last.locator("h2 a").click()
    his.page.get_by_role("link", name="Proposer d’écrire").click()
    his.sees("n’est pas écrit dans le carnet")
    his.check()
    his.page.get_by_role("link", name="Faire l’entretien ensemble").click()
    his.sees("2 questions", "Cinq conditions")
    his.check()
    his.page.get_by_role("button", name="Commencer").click()
    his.sees("Question 1 sur 2", "Avez-vous un permis de conduire")
    his.check()
    his.page.get_by_label("Permis B (voiture)").check()
    his.page.get_by_role("button", name="Proposer et continuer").click()
    his.page.get_by_role("button", name="Ne souhaite pas répondre").click()
    his.sees("Relire ensemble", "attendent la réponse de la personne", "Permis B (voiture)")
    his.check()

    her.page.goto(f"{served.url}/mon-carnet")
    her.page.get_by_role("link", name="CCAS des Dunes vous propose").click()
    her.sees("Rien de ceci n’est encore dans votre carnet", "Permis B (voiture)", "Paule")
    her.check()
    her.page.get_by_role("link", name="Répondre à celle-ci").first.click()
    her.sees("CCAS des Dunes vous propose d’écrire", "Ne pas garder")
    her.check()
    her.page.get_by_role("link", name="Laisser en attente").click()
    her.page.get_by_role("button", name="Je suis d’accord avec ces").click()
    her.sees("tout est écrit dans votre carnet", "Aucune proposition n’attend")

    his.page.goto(f"{served.url}/carnets")
    his.page.locator("main li", has_text="accompagnement").last.locator("h2 a").click()
    his.sees("Permis B (voiture)", "la personne est d’accord")


def test_an_interview_at_her_own_screen_goes_on_where_it_stopped(served: Running, walkers: Any) -> None:
    her = walkers()
    come_in(her, "camille")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    her.go("/mon-carnet/entretien")
    her.page.get_by_label("Avec mon référent").check()
    her.page.locator("main").get_by_role("button").first.click()
    her.sees("Question 1 sur 40")
    sizes = {
        (round(box["width"]), round(box["height"]))
        for box in (one.bounding_box() for one in her.page.locator(".answers .button").all())
        if box
    }
    assert len(sizes) == 1, "not answering is as big as any answer"
    her.check()
    her.page.get_by_role("button", name="Je ne souhaite pas répondre").click()
    her.sees("Question 2 sur 40")
    her.page.get_by_role("link", name="Passer").click()
    her.sees("Question 3 sur 40")
    her.page.get_by_role("link", name="S’arrêter ici").click()
    her.page.get_by_role("button", name="Reprendre").click()
    her.sees("Question 2 sur 40")
    her.go("/mon-carnet/entretien/fin")
    her.sees("Relire ensemble", "Vous ne souhaitez pas répondre")
    her.check()

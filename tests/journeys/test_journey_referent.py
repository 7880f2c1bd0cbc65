"""Her référent, from the four steps to the one who comes next, in real browsers."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, come_in_invited

pytestmark = pytest.mark.browser


def test_her_referent_reads_until_another_follows_her_and_she_says_yes(served: Running, walkers: Any) -> None:
    structure = served.structure("CCAS du Levant", "ccas")
    his, next_one, her = walkers(desk=True), walkers(desk=True), walkers()
    for one, key in ((his, "bruno"), (next_one, "gwenaelle")):
        come_in_invited(one, served.invitation(structure), key)
        one.page.wait_for_url(f"{served.url}/carnets")
    first, second = (
        one["professional_id"] for one in served.carnet("member", "list", "--structure", structure)["members"]
    )
    come_in(her, "camille")
    her.page.wait_for_url(f"{served.url}/mon-carnet")
    her.go("/mon-carnet")
    number = her.page.locator("main .code").first.inner_text()
    her.page.goto(f"{served.url}/mon-carnet/mobilite")
    her.page.get_by_label("Permis B (voiture)").check()
    her.page.get_by_role("button", name="Garder mes réponses").click()
    her.go("/mon-referent")
    her.sees("Personne n’est inscrit comme votre référent")

    served.carnet("referent", "assign", "--reference", number, "--professional", first)
    her.go("/mes-partages/nouveau")
    her.sees("La personne qui vous suit", "Votre référent ou votre référente CCAS du Levant")
    her.press("Votre référent ou votre référente")
    her.page.locator("input[value=accompagnement]").check()
    her.press("Continuer")
    for field in ("identite_nom", "permis_conduire"):
        her.page.locator(f"input[value={field}]").check()
    her.press("Continuer")
    her.page.locator("input[name=days][value='31']").check()
    her.press("Continuer")
    her.sees("Votre référent, CCAS du Levant")
    her.press("Partager")
    his.go("/carnets")
    his.page.locator("main h2 a").first.click()
    his.check()
    his.sees("Permis B (voiture)")
    reading = his.page.url
    next_one.go("/carnets")
    next_one.sees("Personne ne partage encore")

    served.carnet("referent", "assign", "--reference", number, "--professional", second)
    with his.expecting(403):  # his session is open all the while
        his.page.goto(reading)
    his.check()
    his.sees("terminé")
    his.go("/carnets")
    his.sees("Personne ne partage encore")

    her.go("/mon-carnet")
    her.sees("Votre référent a changé", "1 partage attend votre réponse")
    her.press("Votre référent a changé")
    her.sees("Vos partages avec votre ancien référent", "permis de conduire", "comme avant")
    her.press("Donner ce partage")
    her.sees("C’est fait")
    next_one.go("/carnets")
    next_one.page.locator("main h2 a").first.click()
    next_one.check()
    next_one.sees("Permis B (voiture)")

"""A professional's day: an invitation, who shares, a carnet as granted, what is not shared."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, enter_where_invited, share_with

pytestmark = pytest.mark.browser


def test_a_professional_reads_what_was_shared_and_nothing_else(served: Running, walkers: Any) -> None:
    structure = served.structure("CCAS du Ponant", "ccas")
    invitation = served.invitation(structure, "referent")
    his = walkers()
    his.go(invitation)
    told = his.text
    his.sees("CCAS du Ponant vous invite")
    his.press("Continuer avec ProConnect")
    his.choose_at_provider("karim")
    enter_where_invited(his, told)
    assert his.page.url == f"{served.url}/carnets"
    his.sees("Personne ne partage encore avec votre structure")

    her = walkers()
    come_in(her, "fatoumata")
    her.page.goto(f"{served.url}/mon-carnet/mobilite")
    her.page.get_by_label("Permis B (voiture)").check()
    her.page.get_by_role("button", name="Garder mes réponses").click()
    share_with(her, "ponant", "accompagnement", ["identite_nom", "permis_conduire"], check=False)

    his.go("/carnets")
    his.sees("accompagnement", "encore 31 jours")
    assert "DIALLO" not in his.text, "no name before a reading"
    his.page.locator("main h2 a").first.click()
    his.check()
    his.sees("Fatoumata DIALLO", "Permis B (voiture)", "La personne voit que vous avez ouvert cette page")
    his.sees("Ce qui n’est pas sur cette page est non communiqué")
    for address in ("/aide", "/plan-du-site"):
        his.go(address)

    for address, status, says in (
        ("/mon-carnet", 403, "n’est pas pour vous"),
        (f"/carnets/{'a' * 26}", 404, "n’existe pas"),
    ):
        with his.expecting(status):
            his.page.goto(served.url + address)
        his.check()
        his.sees(says)

    second = served.invitation(served.structure("CCAS du Levant", "ccas"), "member")
    his.page.goto(second)
    his.page.get_by_role("button", name="Continuer avec ProConnect").click()  # already known there
    assert his.page.url.endswith("/choisir-structure")
    his.check()
    his.press("CCAS du Levant")
    his.sees("Carnets partagés avec CCAS du Levant")

    used = walkers(desk=True)
    with used.expecting(404):
        used.page.goto(invitation)
    used.check()
    used.sees("n’est plus valable")

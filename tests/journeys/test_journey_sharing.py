"""Giving and stopping on a small phone, act by act: stopping takes fewer acts than giving, and two at most.
She sees his screen before and after, holds the share, and a paper stops it in somebody else's hands."""

from pathlib import Path
from typing import Any

import pytest

from tests.domain.carnet_on_paper import read_back
from tests.journeys.running import Running
from tests.journeys.steps import come_in, share_with

pytestmark = pytest.mark.browser
MOST_TO_STOP = 2


class Acts:
    """Counts what a finger does: a press, a tick, a word typed."""

    def __init__(self, walker: Any) -> None:
        self._walker, self.count = walker, 0

    def press(self, name: str) -> None:
        self.count += 1
        main = self._walker.page.locator("main")
        main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).first.click()

    def tick(self, value: str) -> None:
        self.count += 1
        self._walker.page.locator(f"main input[value='{value}']").check()

    def type(self, label: str, words: str) -> None:
        self.count += 1
        self._walker.page.get_by_label(label).fill(words)


def test_stopping_takes_fewer_acts_than_giving_and_two_at_most(served: Running, walkers: Any) -> None:
    served.structure("Chantier des Dunes", "siae")
    her = walkers()
    come_in(her, "amina")
    her.go("/mon-carnet")
    giving = Acts(her)
    giving.press("Partager des informations")
    giving.type("Nom de l’organisme", "dunes")
    giving.press("Chercher")
    giving.press("Chantier des Dunes")
    giving.tick("proposer_poste")
    giving.press("Continuer")
    giving.tick("permis_conduire")
    giving.press("Continuer")
    giving.tick("31")
    giving.press("Continuer")
    her.sees("Voici exactement ce que verra Chantier des Dunes", "Cela repose sur", "votre accord")
    giving.press("Partager cette information")
    her.sees("C’est partagé")

    her.go("/mon-carnet")
    stopping = Acts(her)
    stopping.press("Voir ou arrêter mes partages")
    her.sees("s’arrête aussitôt")
    stopping.press("Arrêter ce partage avec Chantier des Dunes")
    her.sees("C’est arrêté", "Chantier des Dunes ne peut plus rien lire")
    assert stopping.count <= MOST_TO_STOP
    assert stopping.count <= giving.count


def test_she_sees_his_screen_holds_the_share_and_a_paper_stops_it(
    served: Running, walkers: Any, tmp_path: Path
) -> None:
    served.structure("Atelier du Phare", "siae")
    her = walkers()
    come_in(her, "eleonore")
    share_with(her, "phare", "proposer_poste", ["identite_nom", "permis_conduire"], check=False)
    her.press("ce que voit Atelier du Phare")
    her.sees("Ce que voit Atelier du Phare", "Ce qu’on peut deviner", "Votre nom est montré")
    her.go("/mes-partages")
    act = Acts(her)
    act.press("Suspendre le partage avec Atelier du Phare")
    her.sees("Suspendu : personne ne peut lire par ce partage")
    act.press("Reprendre le partage avec Atelier du Phare")
    with her.page.expect_download() as printing:
        her.page.get_by_role("button", name="Imprimer de quoi l’arrêter").first.click()
    printing.value.save_as(tmp_path / "papier.pdf")
    (code,) = [
        line
        for line in read_back((tmp_path / "papier.pdf").read_bytes()).splitlines()
        if len(line.split()) == 4 and len(line.replace(" ", "")) == 16
    ]
    friend = walkers(script=False)
    friend.page.goto(f"{friend.url}/arreter-un-partage")
    friend.page.get_by_label("Le code du papier").fill(code.lower())
    friend.page.get_by_role("button", name="Continuer").click()
    friend.page.get_by_role("button", name="Arrêter ce partage").click()
    assert "C’est arrêté" in friend.text
    assert "Phare" not in friend.text
    her.go("/mes-partages")
    her.sees("Arrêté par vous")

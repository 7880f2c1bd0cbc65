"""The person's whole story on a small phone: come in, write, share, be read, see who looked, stop, leave."""

from typing import Any

import pytest

from tests.journeys.running import Running
from tests.journeys.steps import come_in, enter_where_invited, share_with

pytestmark = pytest.mark.browser


def test_a_person_writes_shares_is_read_sees_it_and_stops(served: Running, walkers: Any) -> None:
    structure = served.structure("Atelier des Rives", "siae")
    invitation = served.invitation(structure, "adviser")
    her = walkers()
    her.go("/")
    her.press("Je suis bénéficiaire")
    her.press("S’identifier avec FranceConnect")
    her.choose_at_provider("amina")
    her.sees("Bonjour Amina BENSAÏD", "Personne, à part vous", "Personne n’a encore lu votre carnet")

    her.go("/mon-carnet/mobilite")
    her.page.get_by_label("Permis B (voiture)").check()
    her.press("Garder mes réponses")
    assert her.page.locator("[role=status]").inner_text() == "Vos réponses sont gardées."
    her.go("/mon-carnet/emploi")
    her.page.fill("[name=temps_travail_souhaite]", "24,5")
    her.press("Garder mes réponses")
    her.sees("24,5 heures par semaine")

    share_with(
        her, "rives", "proposer_poste", ["permis_conduire", "temps_travail_souhaite", "vehicule_disponible"]
    )
    her.sees("C’est partagé", "Atelier des Rives")

    reader = walkers(desk=True)
    reader.go(invitation)
    told = reader.text
    reader.press("Continuer avec ProConnect")
    reader.choose_at_provider("claire")
    enter_where_invited(reader, told)
    reader.page.locator("main h2 a").first.click()
    reader.check()
    reader.sees("Permis B (voiture)", "24,5 heures par semaine")
    assert "BENSAÏD" not in reader.text, "her name was not shared"

    her.go("/qui-a-vu")
    her.sees(
        "Atelier des Rives",
        "a lu heures de travail souhaitées et permis de conduire pour vous proposer un poste",
    )
    her.go("/mes-partages")
    her.sees("Atelier des Rives", "encore 31 jours")
    her.press("Arrêter ce partage avec Atelier des Rives")
    her.sees("Atelier des Rives ne peut plus rien lire")

    with reader.expecting(403):
        reader.page.reload()
    reader.check()
    reader.sees("Cet accès est terminé")

    for address in (
        "/mon-carnet",
        "/mes-partages",
        "/mes-demandes",
        "/mes-telechargements",
        "/qui-a-vu?own=1",
    ):
        her.go(address)
    her.press("Se déconnecter", within="header")
    assert her.page.url.startswith(f"{served.url}/deconnexion/retour")
    her.go("/mon-carnet")
    assert her.page.url.startswith(f"{served.url}/connexion")


@pytest.mark.usefixtures("association")
def test_every_form_and_every_step_is_whole_on_a_small_phone(walkers: Any) -> None:
    her = walkers()
    come_in(her, "eleonore")
    links = her.page.locator("main .fold a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    forms = [link for link in links if "/info/" not in link and not link.endswith("/nouveau")]
    new = [link for link in links if link.endswith("/nouveau")]  # made alike: two of them
    assert len(forms) > 12
    assert len(new) == 10
    for link in (*forms, new[0], new[-1]):
        her.go(link)
    her.go("/mes-partages/nouveau?q=port")
    her.press("Association du Port")
    her.page.locator("input[value=accompagnement]").check()
    her.press("Continuer")
    her.press("Préparer mon premier rendez-vous")
    assert her.page.locator("input[name=fields]:checked").count() > 10
    her.press("Effet de la santé sur le travail")
    her.press("Oui, partager cette information")
    her.sees("vous avez choisi de la partager")
    her.press("Continuer")
    her.press("Revenir")
    assert her.page.locator("input[name=fields]:checked").count() > 10, "going back loses nothing"


def test_a_fault_is_led_to_and_said(walkers: Any) -> None:
    her = walkers()
    come_in(her, "kevin")
    her.go("/mon-carnet/emploi")
    her.page.fill("[name=temps_travail_souhaite]", "200")
    her.page.fill("[name=parcours_recit]", "Mon histoire.")
    with her.expecting(422):
        her.page.locator("main").get_by_role("button", name="Garder mes réponses").click()
    her.check()
    assert her.page.title().startswith("Erreur")
    her.page.locator(".fault a").first.click()
    assert her.page.evaluate("document.activeElement.name || location.hash") in (
        "temps_travail_souhaite",
        "#champ-temps_travail_souhaite",
    )
    assert her.page.input_value("[name=parcours_recit]") == "Mon histoire."


@pytest.mark.usefixtures("association")
def test_the_keyboard_alone_stops_a_share(walkers: Any) -> None:
    her = walkers()
    come_in(her, "gerard")
    share_with(her, "port", "accompagnement", ["permis_conduire"], check=False)
    her.go("/mes-partages")
    for _ in range(40):
        her.page.keyboard.press("Tab")
        if her.page.evaluate("document.activeElement.className.includes('stop')"):
            break
    assert her.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    her.page.keyboard.press("Enter")
    her.page.wait_for_url("**/arrete")
    her.check()
    her.sees("ne peut plus rien lire")


@pytest.mark.usefixtures("association")
def test_everything_works_without_script(served: Running, walkers: Any) -> None:
    her = walkers(script=False)
    page = her.page
    page.goto(served.url + "/mon-carnet")
    page.get_by_role("link", name="S’identifier avec FranceConnect").click()
    page.locator("button[value=yusuf]").click()
    page.goto(served.url + "/mon-carnet/mobilite")
    page.get_by_label("Permis B (voiture)").check()
    page.get_by_role("button", name="Garder mes réponses").click()
    share_with(her, "port", "accompagnement", ["permis_conduire"], check=False)
    page.goto(served.url + "/mes-partages")
    page.get_by_role("button", name="Arrêter ce partage").click()
    assert page.url.endswith("/arrete")
    assert her.said == []

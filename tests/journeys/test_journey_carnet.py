"""The carnet as it is worked with, on a small phone: a goal, an action, both sides' commitments, a date to
take away, and what she does not agree with."""

from typing import Any

import pytest

from tests.journeys.steps import come_in

pytestmark = pytest.mark.browser


def save(her: Any, **inputs: str) -> None:
    for name, value in inputs.items():
        field = her.page.locator(f"[name='{name.replace('__', '.')}']")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    her.press("Garder")


def test_a_goal_an_action_and_a_meeting_make_a_plan(walkers: Any) -> None:
    her = walkers()
    come_in(her, "amina")
    her.go("/mon-carnet/partie/strategie")
    her.press("Ajouter : objectif")
    save(her, objectifs__intitule="Passer le permis", objectifs__theme="mobilite")
    her.sees("C’est gardé dans votre carnet.", "Passer le permis (Déplacements). En cours")
    her.go("/mon-carnet/partie/strategie")
    her.press("Ajouter : action pour cet objectif")
    save(
        her, actions__intitule="Appeler l’auto-école", actions__qui="personne",
        actions__echeance__jour="3", actions__echeance__mois="3", actions__echeance__annee="2031",
    )  # fmt: skip
    her.go("/mon-carnet/partie/strategie")
    her.sees("Passer le permis", "Appeler l’auto-école. Vous", "Lundi 3 mars 2031")
    her.press("Ajouter : rendez-vous")
    save(
        her, rendez_vous__le__jour="4", rendez_vous__le__mois="3", rendez_vous__le__annee="2031",
        rendez_vous__heure="9h30", rendez_vous__avec="Mme Roux",
    )  # fmt: skip
    her.go("/mon-carnet")
    her.sees("Prochaines dates", "Mardi 4 mars 2031 à 9 h 30", "avec Mme Roux")
    her.go("/mon-carnet/partie/strategie")
    with her.page.expect_download() as taken:
        her.page.get_by_role("link", name="Mettre ces dates dans l’agenda de mon téléphone").click()
    told = taken.value.path().read_text()
    assert told.count("BEGIN:VEVENT") == 2
    assert "DTSTART;TZID=Europe/Paris:20310304T093000" in told


def test_both_sides_commit_and_she_may_disagree(walkers: Any) -> None:
    her = walkers()
    come_in(her, "yusuf")
    her.go("/mon-carnet/partie/engagements")
    her.press("Ajouter un engagement de l’administration")
    assert her.page.locator("[name='engagements.partie']").input_value() == "administration"
    save(her, engagements__texte="Trouver une place en formation.", engagements__organisme="Département")
    her.press("Je ne suis pas d’accord")
    her.sees("vous n’êtes pas d’accord", "contesté", "Voulez-vous dire pourquoi ?")
    her.press("Corriger")
    save(her, engagements__texte="Trouver une place en formation avant l’été.")
    her.sees("Ce qui était écrit avant", "Trouver une place en formation.", "Version 2")
    her.go("/mon-carnet/partie/engagements")
    her.sees("L’administration s’engage", "avant l’été", "Vous vous engagez", "Rien pour l’instant.")


def test_a_fault_in_a_part_keeps_every_word(walkers: Any) -> None:
    her = walkers()
    come_in(her, "gerard")
    her.go("/mon-carnet/jalons/nouveau")
    her.page.fill("[name='jalons.intitule']", "Formation de cuisine")
    with her.expecting(422):
        her.page.locator("main").get_by_role("button", name="Garder").click()
    her.check()
    assert her.page.title().startswith("Erreur")
    assert her.page.input_value("[name='jalons.intitule']") == "Formation de cuisine"

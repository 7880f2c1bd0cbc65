"""Sharing in four steps: nothing ticked for her, nothing skipped, nothing forged; the preview is the reader's
own screen; one press stops it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from schemas.names import GrantState, StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site
from tests.world import Someone
from vault.services.own_carnet import list_own_grants

NEW = "/mes-partages/nouveau"
NEXT = "Continuer"
AIM = "accompagnement"
SPECIAL = "sante_retentissement"


@dataclass
class Her:
    site: Site
    someone: Someone
    browser: Browser
    ccas: str

    def at_why(self) -> Page:
        found = self.browser.get(f"{NEW}?q=brest")
        form = found.form(f"{NEW}/pourquoi")
        data = form.filled({}) | {"structure_id": [self.ccas]}
        return self.browser.post(form.action, data)

    def at_what(self, purpose: str = AIM) -> Page:
        return self.browser.press(self.at_why(), NEXT, action=f"{NEW}/quoi", purpose_id=purpose)

    def at_how_long(self, *fields: str) -> Page:
        return self.browser.press(self.at_what(), NEXT, action=f"{NEW}/duree", fields=list(fields))

    def at_preview(self, *fields: str, days: str = "31") -> Page:
        return self.browser.press(self.at_how_long(*fields), NEXT, action=f"{NEW}/verifier", days=days)

    def shared(self, *fields: str) -> Page:
        return self.browser.press(self.at_preview(*fields), "Partager", action="/mes-partages")

    def grants(self) -> list[Any]:
        return list(list_own_grants(self.site.world.parts, self.someone.owner))


@pytest.fixture
def her(lone_site: Site) -> Iterator[Her]:
    world = lone_site.world
    someone = world.newcomer()
    world.fill(someone)
    world.write(someone, "revenus_sources", ["rsa"])
    world.write(someone, "sante_retentissement", first_choice(lone_site, "sante_retentissement"))
    ccas = world.structure("CCAS de Brest", StructureKind.CCAS)
    return Her(lone_site, someone, Browser(lone_site.signed_in(someone.session)), ccas)  # type: ignore[return-value]


def first_choice(site: Site, field_id: str) -> str:
    return site.world.parts.catalogue.field(field_id).choices[0].value


def ticked(page: Page) -> set[str]:
    return {value for name, value in page.form(f"{NEW}/duree").inputs if name == "fields"}


def test_nothing_is_ticked_until_she_ticks_or_takes_a_preset(her: Her) -> None:
    what = her.at_what()
    assert ticked(what) == set()
    assert not [
        pair
        for pair in her.at_how_long("permis_conduire").form(f"{NEW}/verifier").inputs
        if pair[0] == "days"
    ]
    preset = her.browser.press(what, "premier rendez-vous", action=f"{NEW}/duree")
    allowed = her.site.world.parts.frame.presets_for(AIM)
    assert ticked(preset) == set(next(one for one in allowed if one.id == "premier_rendez_vous").compartments)
    special = set(her.site.world.parts.frame.purpose(AIM).special)
    assert not ticked(preset) & special, "no preset holds a special information"


def test_each_line_shows_her_own_words_in_the_form_that_would_be_shared(her: Her) -> None:
    page = her.at_what()
    assert "24,5 heures par semaine" in page.text
    exact = her.site.world.parts.catalogue.describe("revenus_sources", ["rsa"])[0]
    assert exact not in page.text, "the ordinary share shows the coarse form only"


def test_the_preview_is_the_very_screen_of_the_reader(her: Her) -> None:
    preview = her.at_preview("permis_conduire", "temps_travail_souhaite", "revenus_sources")
    done = her.browser.press(preview, "Partager ces 3", action="/mes-partages")
    assert done.address.endswith("/partage")
    reader = Browser(her.site.professional(her.ccas, f"paul-{her.ccas}"))
    seen = reader.get(f"/carnets/{her.someone.carnet_id}?finalite={AIM}")
    assert seen.status == 200
    assert themes(seen) == themes(preview)
    assert len(themes(seen)) == 3


def themes(page: Page) -> list[str]:
    """The HTML of each information, up to where the next thing begins."""
    pieces = page.html.split('<div class="info" ')[1:]
    return [re.split(r'<div class="theme|</section|<p class="small|</div>\n<p', piece)[0] for piece in pieces]


def test_what_she_has_not_written_is_announced_as_such(her: Her) -> None:
    page = her.at_preview("permis_conduire", "logement_fixe")
    assert "Vous n’avez rien écrit pour : logement fixe" in page.text.replace("\u00a0", " ")
    assert "Partager ces 2 informations" in page.text


def test_a_special_information_has_a_page_of_its_own_and_no_other_way_in(her: Her) -> None:
    ticks = her.at_what().form(f"{NEW}/duree").filled({"fields": ["permis_conduire"]})
    alone = her.browser.post(f"{NEW}/a-part", ticks | {"special": [SPECIAL]})
    assert alone.status == 200
    said = her.site.world.parts.catalogue.field("sante_retentissement").choices[0].label
    assert said in alone.text
    back = her.browser.press(alone, "Oui, partager", action=f"{NEW}/quoi")
    assert "vous avez choisi de la partager" in back.text
    assert ticked(back) == {"permis_conduire"}, "what was ticked before stays"
    long = her.browser.press(back, NEXT, action=f"{NEW}/duree")
    preview = her.browser.press(long, NEXT, action=f"{NEW}/verifier", days="31")
    assert said in preview.text
    her.browser.press(preview, "Partager ces 2", action="/mes-partages")
    (grant,) = her.grants()
    assert grant.terms.compartments == ("permis_conduire", "sante_retentissement")


def test_no_on_the_page_of_a_special_information_takes_it_back(her: Her) -> None:
    what = her.at_what().form(f"{NEW}/duree").filled({}) | {"special": [SPECIAL]}
    yes = her.browser.press(her.browser.post(f"{NEW}/a-part", what), "Oui", action=f"{NEW}/quoi")
    again = yes.form(f"{NEW}/duree").filled({}) | {"special": [SPECIAL]}
    no = her.browser.press(her.browser.post(f"{NEW}/a-part", again), "Non", action=f"{NEW}/quoi")
    assert "vous avez choisi de la partager" not in no.text


@pytest.mark.parametrize(
    ("address", "forged", "says"),
    [
        ("/duree", {"fields": [SPECIAL]}, "se décide sur une page à part"),
        ("/duree", {"fields": ["permis_conduire", "inconnu"]}, "n’est pas prévue"),
        ("/duree", {"fields": []}, "Choisissez au moins une information"),
        ("/duree", {"special_fields": [SPECIAL]}, "Choisissez au moins une information"),
        ("/duree", {"special_fields": [f"{SPECIAL}~{'0' * 32}"]}, "Choisissez au moins une information"),
        (
            "/duree",
            {"special_fields": [f"permis_conduire~{'0' * 32}"]},
            "Choisissez au moins une information",
        ),
        ("/a-part", {"special": ["permis_conduire"]}, "n’est pas prévue"),
        ("/verifier", {"fields": ["permis_conduire"]}, "Choisissez jusqu’à quand"),
        ("/verifier", {"fields": ["permis_conduire"], "days": ["9999"]}, "Choisissez jusqu’à quand"),
        ("/quoi", {"purpose_id": ["controle"]}, "Choisissez une raison"),
        ("/quoi", {"purpose_id": ["proposer_poste"]}, "Choisissez une raison"),
        ("/quoi", {"purpose_id": []}, "Choisissez une raison"),
        ("/pourquoi", {"structure_id": ["a" * 26]}, "Nous ne connaissons pas cet organisme"),
        ("/pourquoi", {"structure_id": []}, "Nous ne connaissons pas cet organisme"),
    ],
)
def test_a_step_that_is_skipped_or_forged_shows_what_is_lacking(
    her: Her, address: str, forged: dict[str, list[str]], says: str
) -> None:
    data = her.at_what().form(f"{NEW}/duree").filled({}) | forged
    page = her.browser.post(NEW + address, data)
    assert page.status == 422
    assert says in page.text
    assert her.grants() == []


def test_the_last_button_counts_only_after_the_preview_of_exactly_this_share(her: Her) -> None:
    preview = her.at_preview("permis_conduire").form("/mes-partages").filled({})
    for changed in (
        {"apercu": []},
        {"apercu": ["0" * 32]},
        {"fields": ["permis_conduire", "temps_travail_souhaite"]},
        {"days": ["182"]},
    ):
        page = her.browser.post("/mes-partages", preview | changed)
        assert page.status == 422
        assert "Voici exactement ce que verra" in page.text, "she is shown it, and decides"
        assert her.grants() == []
    other = Browser(her.site.signed_in(her.site.world.newcomer().session))
    token = dict(other.get("/mes-partages/nouveau?q=brest").form(f"{NEW}/pourquoi").inputs)["csrf_token"]
    stolen = other.post("/mes-partages", preview | {"csrf_token": [token]})
    assert stolen.status == 422, "a seal is worth nothing in another session"


def test_sharing_again_for_the_same_reason_replaces_and_says_so_before(her: Her) -> None:
    her.shared("permis_conduire")
    preview = her.at_preview("temps_travail_souhaite")
    assert "prendra la place de celui" in preview.text
    her.browser.press(preview, "Partager", action="/mes-partages")
    assert [grant.state for grant in her.grants()] == [GrantState.GRANTED, GrantState.REPLACED]


def test_one_press_stops_a_share_and_the_page_says_what_is_true(her: Her) -> None:
    her.shared("permis_conduire")
    shares = her.browser.get("/mes-partages")
    assert "personne n’a encore regardé" in shares.text
    (grant,) = her.grants()
    stopped = her.browser.press(shares, "Arrêter ce partage", action=f"/mes-partages/{grant.id}/arreter")
    assert stopped.address.endswith("/arrete")
    assert "CCAS de Brest" in stopped.text
    assert [one.state for one in her.grants()] == [GrantState.WITHDRAWN]
    assert "Arrêter ce partage" not in her.browser.get("/mes-partages").text
    assert her.browser.get(f"/mes-partages/{grant.id}/partage").address == "/mes-partages"


def test_a_share_of_somebody_else_does_not_exist(her: Her) -> None:
    her.shared("permis_conduire")
    (grant,) = her.grants()
    other = Browser(her.site.signed_in(her.site.world.newcomer().session))
    token = dict(other.get("/mes-partages/nouveau?q=brest").form(f"{NEW}/pourquoi").inputs)["csrf_token"]
    for page in (
        other.post(f"/mes-partages/{grant.id}/arreter", {"csrf_token": token}),
        other.get(f"/mes-partages/{grant.id}/partage"),
        other.get(f"/mes-partages/{grant.id}/arrete"),
    ):
        assert page.status == 404
    assert [one.state for one in her.grants()] == [GrantState.GRANTED]


def test_who_looked_is_said_in_one_sentence(her: Her) -> None:
    her.shared("permis_conduire", "temps_travail_souhaite")
    reader = Browser(her.site.professional(her.ccas, f"lea-{her.ccas}"))
    reader.get(f"/carnets/{her.someone.carnet_id}")
    page = her.browser.get("/qui-a-vu")
    said = "(un référent ou une référente) a lu heures de travail souhaitées et permis de conduire pour vous"
    assert f"CCAS de Brest {said}" in page.text
    assert "pour vous accompagner dans votre parcours. Vous l’aviez permis le" in page.text
    assert "Vous avez ouvert" not in page.text
    assert "Vous avez ouvert" in her.browser.get("/qui-a-vu?own=1").text
    assert "personne n’a encore regardé" not in her.browser.get("/mes-partages").text
    assert "CCAS de Brest" in her.browser.get("/mon-carnet").text


def test_pages_of_looks_follow_each_other(her: Her) -> None:
    her.shared("permis_conduire")
    for _ in range(51):
        her.browser.client.get("/mon-carnet/mobilite")
    first = her.browser.get("/qui-a-vu?own=1")
    older = her.browser.get(first.links["Lectures plus anciennes"])
    assert older.status == 200
    assert "Revenir aux plus récentes" in older.text
    assert her.browser.get("/qui-a-vu?avant=abc").status == 422

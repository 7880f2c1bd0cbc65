"""The pages of both sides' commitments: a review saved whole, what the law asks, what each did."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.ids import FieldId
from tests.web.plain_browser import Browser
from tests.web.site import Site
from tests.world import Someone
from vault.carnet.entries import Entry
from vault.services.own_carnet import read_own_carnet
from vault.services.writing import Answer, write_entry
from vault.web.pages.french import in_paris

REVIEW = "/mon-carnet/bilan/nouveau"
FILE = "/mon-carnet/ce-que-chacun-a-fait"
CRECHE = {"partie": "administration", "texte": "Chercher une place en crèche", "etat": "en_cours"}
CV = {"partie": "personne", "texte": "Envoyer mon CV", "etat": "en_cours"}


@pytest.fixture
def her(lone_site: Site) -> tuple[Someone, Browser]:
    someone = lone_site.world.newcomer()
    return someone, Browser(lone_site.signed_in(someone.session))


def add(site: Site, who: Someone, field: str, value: Any) -> Entry:
    return write_entry(site.world.parts, who.owner, Answer(FieldId(field), value), actor=who.actor)


def held(site: Site, who: Someone, field: str) -> list[Any]:
    carnet = read_own_carnet(site.world.parts, who.owner, actor=who.actor)
    return [one.body.value for one in carnet.in_fields().get(FieldId(field), ())]


def test_a_review_is_saved_whole_and_what_did_not_move_stays(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    theirs, mine = add(lone_site, who, "engagements", CRECHE), add(lone_site, who, "engagements", CV)
    today = in_paris(lone_site.world.parts.now()).date()
    form = browser.get(REVIEW)
    assert "Chercher une place en crèche" in form.text
    before = lone_site.log_size()
    told = {
        f"{theirs.entry_id}-etat": "pas_encore_possible",
        f"{mine.entry_id}-etat": "tenu",
        "avec": "Mme Roux",
        "prochain_le": (today + timedelta(days=30)).isoformat(),
        "prochain_heure": "14:30",
        "rythme": "mois",
    }
    done = browser.press(form, "Garder ce bilan", action=REVIEW, inputs=told)
    assert done.status == 200
    states = {one["texte"]: (one["etat"], one.get("fait_le")) for one in held(lone_site, who, "engagements")}
    assert states == {
        "Chercher une place en crèche": ("pas_encore_possible", None),
        "Envoyer mon CV": ("tenu", today.isoformat()),
    }
    assert held(lone_site, who, "bilans") == [{"le": today.isoformat(), "avec": "Mme Roux"}]
    assert held(lone_site, who, "rendez_vous")[0]["avec"] == "Mme Roux"
    assert held(lone_site, who, "rythme_rendez_vous") == ["mois"]
    writes = [leaf for leaf in lone_site.last_entries(lone_site.log_size() - before) if leaf.op == "write"]
    assert len(writes) == 1


def test_what_cannot_be_kept_is_said_and_nothing_is_half_written(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    mine = add(lone_site, who, "engagements", CV)
    form = browser.get(REVIEW)
    told = {
        f"{mine.entry_id}-etat": "tenu",
        "prochain_le": "2026-02-30",
        "texte": "Nous avons parlé du permis.",
    }
    again = browser.press(form, "Garder ce bilan", action=REVIEW, inputs=told)
    assert again.status == 422
    assert "Nous avons parlé du permis." in again.text
    assert held(lone_site, who, "engagements") == [CV]
    assert held(lone_site, who, "bilans") == []


def test_who_was_slower_is_told_and_loses_nothing(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    who, browser = her
    mine = add(lone_site, who, "engagements", CV)
    form = browser.get(REVIEW)
    parts = lone_site.world.parts
    moved = Answer(FieldId("engagements"), CV | {"etat": "pas_encore_possible"}, entry_id=mine.entry_id)
    write_entry(parts, who.owner, moved, actor=who.actor)
    told = {f"{mine.entry_id}-etat": "tenu", "texte": "Gardez ceci."}
    again = browser.press(form, "Garder ce bilan", action=REVIEW, inputs=told)
    assert again.status == 409
    assert "Gardez ceci." in again.text
    assert held(lone_site, who, "bilans") == []


def test_what_the_law_asks_stands_beside_what_the_administration_promised(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    assert "Ce que la loi demande" not in browser.get("/mon-carnet/partie/engagements").text
    lone_site.world.write(who, "date_demande_rsa", "2020-01-06")
    add(lone_site, who, "orientations", {"le": "2020-03-02", "organisme": "CCAS"})
    page = browser.get("/mon-carnet/partie/engagements")
    assert "Fait le lundi 2 mars 2020, 14 jours après la date." in page.text
    assert "La date est passée de" in page.text
    assert "CASF, article D. 262-65-2" in page.text


def test_what_each_did_is_told_with_its_line_of_the_log(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    index = lone_site.log_size()
    add(lone_site, who, "engagements", CRECHE)
    page = browser.get(FILE)
    assert f"Ligne {index} du journal." in page.text
    assert "L’administration" in page.text
    paper = browser.get(f"{FILE}.pdf")
    assert paper.status in (200, 503)

"""The pages of what the carnet holds several of: written, corrected, agreed with, seen side by side."""

from datetime import timedelta
from typing import Any

import pytest

from consent.phases import last_day_of_phase
from schemas.ids import FieldId, new_id
from schemas.names import StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import V1, Site
from tests.world import Someone
from vault.audit.events import Op
from vault.carnet.entries import Entry
from vault.services.job_phase import end_phases
from vault.services.own_carnet import read_own_carnet
from vault.services.writing import Answer, write_entry
from vault.web.pages.french import day, in_paris

ROUX = {"source": "Mme Roux (CCAS)", "author": new_id()}
NEW = "/mon-carnet/actions/nouveau"


@pytest.fixture
def her(lone_site: Site) -> tuple[Someone, Browser]:
    someone = lone_site.world.newcomer()
    return someone, Browser(lone_site.signed_in(someone.session))


def add(site: Site, who: Someone, field: str, value: Any, **told: Any) -> Entry:
    answer = Answer(FieldId(field), value, **told)
    return write_entry(site.world.parts, who.owner, answer, actor=who.actor)


def held(site: Site, who: Someone, field: str) -> list[Any]:
    carnet = read_own_carnet(site.world.parts, who.owner, actor=who.actor)
    return [one.body.value for one in carnet.in_fields().get(FieldId(field), ())]


def send(browser: Browser, address: str, field: str, **inputs: str) -> Page:
    page = browser.get(address)
    told = {f"{field}.{name}".replace("__", "."): value for name, value in inputs.items()}
    return browser.press(page, "Garder", action=address.partition("?")[0], inputs=told)


def test_every_field_that_holds_several_has_its_form(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    for field in lone_site.world.parts.catalogue.fields:
        page = her[1].get(f"/mon-carnet/{field.id}/nouveau")
        assert page.status == (200 if field.collection else 404)
        if field.collection:
            for part in (one for one in field.parts if not one.refers):
                assert f'name="{field.id}.{part.name}' in page.html
            assert "ne souhaite pas répondre" not in page.text
    assert her[1].get("/mon-carnet/inconnu/nouveau").status == 404


def test_an_action_is_written_as_people_write_it_and_corrected(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    kept = send(
        browser, NEW, "actions", intitule="Appeler l’auto-école", qui="personne",
        echeance__jour="3", echeance__mois="4", echeance__annee="2027",
    )  # fmt: skip
    assert "C’est gardé dans votre carnet." in kept.text
    assert held(lone_site, who, "actions") == [
        {"intitule": "Appeler l’auto-école", "qui": "personne", "echeance": "2027-04-03", "etat": "a_faire"}
    ]
    address = kept.address.partition("?")[0] + "/corriger"
    corrected = send(browser, address, "actions", etat="fait", echeance__jour="")
    assert corrected.status == 422, "a day without its number is no day"
    corrected = browser.press(corrected, "Garder", action=address, inputs={"actions.echeance.jour": "5"})
    assert "Appeler l’auto-école. Vous" in corrected.text
    assert held(lone_site, who, "actions")[0]["echeance"] == "2027-04-05"
    assert "Version 1" in corrected.text, "what it said before"


def test_a_time_is_understood_and_a_fault_keeps_what_was_typed(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    address = "/mon-carnet/rendez_vous/nouveau"
    page = send(browser, address, "rendez_vous", heure="14h30", avec="Mme Roux", lieu="CCAS")
    assert page.status == 422
    assert 'value="Mme Roux"' in page.html
    day = {"rendez_vous.le.jour": "3", "rendez_vous.le.mois": "3", "rendez_vous.le.annee": "2027"}
    browser.press(page, "Garder", action=address, inputs=day)
    assert held(lone_site, who, "rendez_vous") == [
        {"le": "2027-03-03", "heure": "14:30", "avec": "Mme Roux", "lieu": "CCAS"}
    ]


def test_an_action_names_a_goal_of_hers_and_no_other(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    who, browser = her
    goal = add(
        lone_site, who, "objectifs", {"intitule": "Le permis", "theme": "mobilite", "etat": "en_cours"}
    )
    stranger = lone_site.world.newcomer()
    other = add(lone_site, stranger, "objectifs", {"intitule": "Autre", "theme": "autre", "etat": "en_cours"})
    send(browser, f"{NEW}?objectif={goal.entry_id}", "actions", intitule="Code", qui="personne")
    assert held(lone_site, who, "actions")[0]["objectif"] == goal.entry_id
    refused = send(browser, NEW, "actions", intitule="Code", qui="personne", objectif=other.entry_id)
    assert refused.status == 422
    assert "Choisissez dans la liste" in refused.text
    part = browser.get("/mon-carnet/partie/strategie").text
    assert part.index("Le permis") < part.index("Code. Vous")


def test_both_sides_stand_beside_each_other(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    who, browser = her
    base = {"texte": "Chercher une place.", "etat": "en_cours"}
    add(lone_site, who, "engagements", {**base, "partie": "administration", "echeance": "2027-02-01"}, **ROUX)
    add(lone_site, who, "engagements", {**base, "partie": "personne", "texte": "Venir aux rendez-vous."})
    page = browser.get("/mon-carnet/partie/engagements")
    text = page.text
    order = [
        text.index(one) for one in ("L’administration s’engage", "Chercher une place", "Vous vous engagez")
    ]
    assert order == sorted(order)
    assert "accord pas encore dit" in text
    assert "vous n’avez pas encore dit si vous êtes d’accord" in text
    assert text.count("Chercher une place") == 2, "in its column, and in the calendar"


def test_her_word_is_shown_everywhere_and_invites_her_to_say_why(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    entry = add(lone_site, who, "projets", {"intitule": "Devenir soudeur"}, **ROUX)
    address = f"/mon-carnet/info/{entry.entry_id}"
    alpha = lone_site.world.structure("CCAS Alpha", StructureKind.CCAS)
    lone_site.world.share(who, alpha, ["projets"], purpose="accompagnement")
    reader = lone_site.professional(alpha)
    seen = f"/carnets/{who.carnet_id}?finalite=accompagnement"
    assert "la personne n’a pas encore dit si elle est d’accord" in Browser(reader).get(seen).text
    page = browser.press(browser.get(address), "Je ne suis pas d’accord", action=f"{address}/accord")
    assert "Voulez-vous dire pourquoi" in page.text
    assert page.links["Écrire une observation"] == f"{address}/observation"
    read = Browser(reader).get(seen).text
    assert "contesté" in read
    assert "la personne n’est pas d’accord" in read
    assert "Qui l’a lue" in browser.get(address).text
    assert "CCAS Alpha" in browser.get(address).text
    browser.press(browser.get(address), "Je suis d’accord", action=f"{address}/accord")
    assert "la personne est d’accord" in Browser(reader).get(seen).text


def test_somebody_elses_entry_is_no_page_of_hers(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    stranger = lone_site.world.newcomer()
    theirs = add(lone_site, stranger, "projets", {"intitule": "Secret"})
    for page in (f"/mon-carnet/info/{theirs.entry_id}", f"/mon-carnet/info/{theirs.entry_id}/corriger"):
        assert her[1].get(page).status == 404
    assert her[1].get("/mon-carnet/info/nouveau").status == 404


def test_her_first_page_is_short_and_holds_all(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    who, browser = her
    today = in_paris(lone_site.world.parts.now()).date()
    lone_site.world.write(who, "permis_conduire", ["b"])
    add(lone_site, who, "rendez_vous", {"le": (today + timedelta(days=2)).isoformat(), "avec": "Mme Roux"})
    lone_site.world.write(who, "emploi_debut", today.isoformat())
    page = browser.get("/mon-carnet")
    assert page.html.count("<details") >= len(lone_site.world.parts.catalogue.themes)
    assert "Prochaines dates" in page.text
    assert "s’arrêtent seuls le" in page.text
    assert "Voir les engagements, côte à côte" in page.links
    assert "Permis B" in page.text


def test_she_takes_her_dates_away_by_one_entry_and_again_under_the_same_names(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, _ = her
    meeting = {"le": "2027-03-03", "heure": "14:30", "avec": "Mme Roux; M. Le Gall", "lieu": "CCAS"}
    entry = add(lone_site, who, "rendez_vous", meeting)
    add(
        lone_site,
        who,
        "actions",
        {"intitule": "Code", "qui": "personne", "etat": "fait", "echeance": "2027-01-01"},
    )
    me, size = lone_site.signed_in(who.session), lone_site.log_size()
    first = me.get("/mon-carnet/agenda.ics")
    assert first.headers["content-type"].startswith("text/calendar")
    assert [leaf.op for leaf in lone_site.last_entries(1)] == [Op.EXPORT]
    assert lone_site.log_size() == size + 1
    told = first.text.replace("\r\n ", "")
    assert told.count("BEGIN:VEVENT") == 1, "what is done is no date any more"
    assert "DTSTART;TZID=Europe/Paris:20270303T143000" in told
    assert "Mme Roux\\; M. Le Gall" in told
    assert "LOCATION:CCAS" in told
    assert entry.entry_id not in told
    again = me.get("/mon-carnet/agenda.ics").text
    (uid,) = [line for line in again.splitlines() if line.startswith("UID:")]
    assert uid in first.text
    assert lone_site.dpo().get("/mon-carnet/agenda.ics").status_code == 403


def test_programs_of_hers_do_the_same(lone_site: Site) -> None:
    who = lone_site.world.newcomer()
    me = lone_site.signed_in(who.session)
    made = me.post(f"{V1}/me/fields/projets/entries", json={"value": {"intitule": "Cuisiner"}})
    assert (made.status_code, made.json()["version"]) == (201, 1)
    here = f"{V1}/me/entries/{made.json()['entry_id']}"
    again = me.put(here, json={"value": {"intitule": "Servir"}, "version": 1})
    assert again.json()["version"] == 2
    assert me.put(here, json={"value": {"intitule": "x"}, "version": 1}).status_code == 409
    assert me.put(here, json={"value": {}}).status_code == 422
    said = me.post(f"{here}/agreement", json={"agreement": "disagreed"}).json()
    assert (said["agreement"], said["contested"], said["value"]) == (
        "disagreed",
        True,
        {"intitule": "Servir"},
    )
    whole = me.get(here).json()
    assert [one["version"] for one in whole["versions"]] == [2, 1]
    carnet = me.get(f"{V1}/me/carnet").json()["entries"]
    assert [one["entry_id"] for one in carnet if one["field_id"] == "projets"] == [made.json()["entry_id"]]
    assert me.put(f"{V1}/me/fields/projets", json={"value": {"intitule": "x"}}).status_code == 422
    assert me.post(f"{V1}/me/fields/permis_conduire/entries", json={"value": ["b"]}).status_code == 422
    assert me.get(f"{V1}/me/entries/{new_id()}").status_code == 404


def test_a_share_of_the_phase_says_when_it_ends_and_is_not_offered_once_it_is_over(
    lone_site: Site, her: tuple[Someone, Browser]
) -> None:
    who, browser = her
    began = in_paris(lone_site.world.parts.now()).date() - timedelta(days=160)
    alpha = lone_site.world.structure("SIAE Phase", StructureKind.SIAE)
    me = lone_site.signed_in(who.session)

    def step(name: str, **told: str) -> str:
        form = {"csrf_token": who.session.session.csrf, "structure_id": alpha, **told}
        answer = me.post(f"/mes-partages/nouveau/{name}", data=form)
        assert answer.status_code == 200, answer.text
        return answer.text

    lone_site.world.write(who, "emploi_debut", began.isoformat())
    assert "suivi_emploi" in step("pourquoi")
    lengths = step("duree", purpose_id="suivi_emploi", fields="permis_conduire")
    last = day(last_day_of_phase(began), lone_site.world.parts.now())
    assert plain(lengths).count(f"jusqu’au {plain(last)}") == 1
    assert "Jusqu’à la fin de vos six premiers mois d’emploi" in lengths
    assert "6 mois</strong>" not in lengths, "what goes beyond is not offered"
    lone_site.world.write(who, "emploi_debut", (began - timedelta(days=100)).isoformat())
    assert "suivi_emploi" not in step("pourquoi")
    assert "sont terminés depuis le" in browser.get("/mon-carnet").text


def test_a_share_that_the_phase_ended_says_why(lone_site: Site, her: tuple[Someone, Browser]) -> None:
    who, browser = her
    alpha = lone_site.world.structure("SIAE Finie", StructureKind.SIAE)
    lone_site.world.share(who, alpha, ["permis_conduire"], purpose="suivi_emploi", days=31)
    began = in_paris(lone_site.world.parts.now()).date() - timedelta(days=250)
    lone_site.world.write(who, "emploi_debut", began.isoformat())
    assert end_phases(lone_site.world.parts) == 1
    assert "Vos six premiers mois d’emploi sont passés." in browser.get("/mes-partages").text


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())

"""Her page of what he sees is his page, byte for byte; a paper stops a share and says nothing; each share
says what it rests on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import schemas.purposes
from consent.grants import Grant
from consent.lifecycle import By, Move
from schemas.ids import StructureId, new_id
from schemas.names import StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site, site_over
from tests.world import Someone, World
from vault.audit.events import ActorKind
from vault.services import administering
from vault.services.journal import Actor
from vault.services.overriding import override_grant
from vault.services.own_carnet import list_own_grants
from vault.services.slips import print_slip
from vault.services.suspending import Why, suspend_grant

AIM = "accompagnement"
FIELDS = ("identite_nom", "permis_conduire", "temps_travail_souhaite", "revenus_sources", "logement_fixe")
MISSION = Path(schemas.purposes.__file__).parent / "frame" / "mission-v1.json"
NEW = "/mes-partages/nouveau"


@pytest.fixture(scope="module")
def mission_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("mission")
    urls = (f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite")
    world = World.open(*urls, folder, CARNET_FRAME=str(MISSION))
    with site_over(world) as running:
        yield running
    world.close()


def her(site: Site) -> tuple[Someone, Browser]:
    someone = site.world.newcomer()
    site.world.fill(someone)
    site.world.write(someone, "revenus_sources", ["aah"])
    return someone, Browser(site.signed_in(someone.session))


def screen(page: Page) -> str:
    """The one piece of template, without the minute at which it was opened."""
    found = re.search(
        r'<div class="columns carnet full">.*?non communiqué.*?</div>\s*</div>', page.html, re.S
    )
    assert found, page.text
    return re.sub(r"vous avez ouvert cette page, [^<]*", "", found[0])


def test_what_she_sees_is_his_page_byte_for_byte_before_and_after(lone_site: Site) -> None:
    someone, browser = her(lone_site)
    ccas = lone_site.world.structure("CCAS de Brest", StructureKind.CCAS)
    why = at_why(someone, browser, ccas)
    what = browser.press(why, "Continuer", action=f"{NEW}/quoi", purpose_id=AIM)
    how_long = browser.press(what, "Continuer", action=f"{NEW}/duree", fields=list(FIELDS))
    before = browser.press(how_long, "Continuer", action=f"{NEW}/verifier", days="31")
    browser.press(before, "Partager ces 5", action="/mes-partages")
    (grant,) = list_own_grants(lone_site.world.parts, someone.owner)
    after = browser.get(f"/mes-partages/{grant.id}/vu")
    reader = Browser(lone_site.professional(ccas, f"lit-{ccas}"))
    his = reader.get(f"/carnets/{someone.carnet_id}?finalite={AIM}")
    assert screen(before) == screen(after) == screen(his)
    assert before.html.count("<h1") == after.html.count("<h1") == 1
    assert "ANA" in screen_title(before)
    told = " ".join(before.text.replace("\u00a0", " ").split())
    assert "On ne sait pas laquelle" in told, "the group that stands for her answer is explained"
    assert "Votre nom est montré" in told
    assert "Vous n’avez rien écrit pour : logement fixe" in told


def screen_title(page: Page) -> str:
    found = re.search(r'<p class="screen-title">(.*?)</p>', page.html, re.S)
    return found[1] if found else ""


def at_why(someone: Someone, browser: Browser, structure_id: str) -> Page:
    told = {"structure_id": structure_id, "csrf_token": someone.session.session.csrf}
    return browser.post(f"{NEW}/pourquoi", told)


def test_a_share_that_ended_shows_her_that_nothing_is_seen(lone_site: Site) -> None:
    someone, browser = her(lone_site)
    grant = lone_site.world.share(someone, lone_site.world.structure())
    lone_site.world.withdraw(someone, grant)
    page = browser.get(f"/mes-partages/{grant.id}/vu")
    assert "ne peut rien lire par ce partage" in page.text
    assert "Permis" not in page.text
    assert browser.get(f"/mes-partages/{new_id()}/vu").status == 404


def test_a_structure_whose_name_tells_is_warned_of(lone_site: Site) -> None:
    someone, browser = her(lone_site)
    told = administering.add_structure(
        lone_site.world.parts,
        name="Maison des soins",
        kind=StructureKind.SIAE,
        siret=None,
        sensitive=True,
    )
    grant = lone_site.world.share(someone, told)
    assert "Le nom de cet organisme en dit déjà sur vous" in browser.get(f"/mes-partages/{grant.id}/vu").text


def test_the_card_says_what_was_read_and_what_stopping_ends(lone_site: Site) -> None:
    someone, browser = her(lone_site)
    machine = lone_site.machine("SIAE Lectrice")
    grant = lone_site.world.share(someone, machine.structure_id)
    assert "a déjà lu" not in browser.get("/mes-partages").text
    lone_site.system(machine).get(
        f"/api/v1/carnets/{someone.carnet_id}/fields?purpose=proposer_poste&fields=permis_conduire"
    )
    cards = browser.get("/mes-partages")
    assert "Ce que SIAE Lectrice a déjà lu" in cards.text
    assert "s’arrête aussitôt" in cards.text
    stopped = browser.press(cards, "Arrêter ce partage", action=f"/mes-partages/{grant.id}/arreter")
    assert "avait déjà lu" in stopped.text
    assert "permis de conduire" in stopped.text


# --- the paper -------------------------------------------------------------------------------------------


def paper(site: Site, someone: Someone, structure: StructureId) -> tuple[str, str]:
    grant = site.world.share(someone, structure)
    return print_slip(site.world.parts, someone.owner, grant.id, actor=someone.actor).code, grant.id


def test_whoever_holds_the_paper_stops_the_share_without_an_account(lone_site: Site) -> None:
    someone, _ = her(lone_site)
    code, grant_id = paper(lone_site, someone, lone_site.world.structure("SIAE du Secret"))
    anyone = Browser(lone_site.client())
    form = anyone.get("/arreter-un-partage")
    asked = anyone.press(form, "Continuer", action="/arreter-un-partage", code=code.lower())
    assert asked.status == 200
    for name in ("Secret", "ANA", "Ana", grant_id, someone.carnet_id):
        assert name not in asked.html, "nothing but the day"
    done = anyone.press(asked, "Arrêter ce partage", action="/arreter-un-partage/oui")
    assert "C’est arrêté" in done.text
    (grant,) = list_own_grants(lone_site.world.parts, someone.owner)
    assert grant.state == "withdrawn"


def test_every_code_that_stops_nothing_gets_the_same_page(lone_site: Site) -> None:
    someone, _ = her(lone_site)
    code, _ = paper(lone_site, someone, lone_site.world.structure())
    client = lone_site.client()
    assert client.post("/arreter-un-partage/oui", data={"code": code}).status_code == 200
    ended, grant_id = paper(lone_site, someone, lone_site.world.structure())
    lone_site.world.withdraw(someone, next(one for one in grants(lone_site, someone) if one.id == grant_id))
    size = lone_site.log_size()
    answers = [
        client.post(path, data={"code": told})
        for told in (code, ended, "", "AAAA BBBB CCCC DDDD", "é" * 5_000)
        for path in ("/arreter-un-partage", "/arreter-un-partage/oui")
    ]
    assert {answer.status_code for answer in answers} == {422}
    here = {answer.text.replace("/arreter-un-partage/oui", "/arreter-un-partage") for answer in answers}
    assert len(here) == 1
    assert lone_site.log_size() == size


def grants(site: Site, someone: Someone) -> list[Grant]:
    return list(list_own_grants(site.world.parts, someone.owner))


# --- what a share rests on -------------------------------------------------------------------------------


def test_under_a_public_task_every_page_says_so_and_offers_to_object(mission_site: Site) -> None:
    someone, browser = her(mission_site)
    ccas = mission_site.world.structure("CCAS de Brest", StructureKind.CCAS)
    why = at_why(someone, browser, ccas)
    assert "Voici ce que la loi permet à CCAS de Brest de voir" in why.text
    what = browser.press(why, "Continuer", action=f"{NEW}/quoi", purpose_id=AIM)
    how_long = browser.press(what, "Continuer", action=f"{NEW}/duree", fields=["permis_conduire"])
    before = browser.press(how_long, "Continuer", action=f"{NEW}/verifier", days="31")
    assert "L. 263-4-1" in before.text
    done = browser.press(before, "Partager cette", action="/mes-partages")
    assert "M’opposer à ce partage" in done.text
    reader = Browser(mission_site.professional(ccas, f"lit-{ccas}"))
    reader.get(f"/carnets/{someone.carnet_id}?finalite={AIM}")
    cards = browser.get("/mes-partages")
    looks = browser.get("/qui-a-vu")
    assert "une mission d’intérêt public" in cards.text
    assert "Cela repose sur une mission d’intérêt public" in looks.text
    (grant,) = list_own_grants(mission_site.world.parts, someone.owner)
    stopped = browser.press(cards, "M’opposer à ce partage", action=f"/mes-partages/{grant.id}/arreter")
    assert "votre opposition est enregistrée" in stopped.text
    for page in (before, done, cards, looks, stopped):
        assert not re.search(r"consentement|votre accord|Vous l’aviez permis", page.text), page.address


# --- a share that stands still ---------------------------------------------------------------------------


def test_she_holds_a_share_and_lets_it_go_on_from_its_card(lone_site: Site) -> None:
    someone, browser = her(lone_site)
    machine = lone_site.machine("SIAE du Quai")
    grant = lone_site.world.share(someone, machine.structure_id)
    url = f"/api/v1/carnets/{someone.carnet_id}/fields?purpose=proposer_poste&fields=permis_conduire"
    program = lone_site.system(machine)
    held = browser.press(
        browser.get("/mes-partages"), "Suspendre", action=f"/mes-partages/{grant.id}/suspendre"
    )
    assert "Suspendu : personne ne peut lire" in held.text.replace("\u00a0", " ")
    assert "vous l’avez demandé" in held.text
    assert program.get(url).status_code == 403
    assert "ne peut rien lire" in browser.get(f"/mes-partages/{grant.id}/vu").text
    again = browser.press(held, "Reprendre", action=f"/mes-partages/{grant.id}/reprendre")
    assert "Suspendu" not in again.text
    assert program.get(url).status_code == 200


def test_she_reads_why_the_officer_suspended_or_ended_a_share_and_cannot_undo_it(lone_site: Site) -> None:
    someone, browser = her(lone_site)
    world = lone_site.world
    held, over = (world.share(someone, world.structure(name)) for name in ("SIAE Une", "SIAE Deux"))
    officer = Actor(ActorKind.OPERATOR)
    suspend_grant(
        world.parts, someone.carnet_id, held.id, by=By.DPO, why=Why.CHECK, actor=officer, words="On vérifie."
    )
    override_grant(
        world.parts,
        someone.carnet_id,
        over.id,
        Move.INVALIDATE,
        why=Why.PRESSURE,
        actor=officer,
        words="Voilà.",
    )
    page = browser.get("/mes-partages")
    told = page.text.replace("\u00a0", " ")
    for words in ("une vérification est en cours", "« On vérifie. »", "choisi librement", "« Voilà. »"):
        assert words in told, words
    assert "Reprendre" not in page.text


def test_a_program_of_hers_sees_the_same_before_and_after(lone_site: Site) -> None:
    someone, _ = her(lone_site)
    program, machine = lone_site.signed_in(someone.session), lone_site.machine("SIAE des Essais")
    wish = {
        "grantee": {"structure_id": machine.structure_id},
        "purpose_id": "proposer_poste",
        "fields": ["permis_conduire", "identite_nom", "disponibilite_le"],
        "days": 31,
    }
    before = program.post("/api/v1/me/grants/view", json=wish).json()
    assert not grants(lone_site, someone)
    grant_id = program.post("/api/v1/me/grants", json=wish).json()["grant_id"]
    after = program.get(f"/api/v1/me/grants/{grant_id}/view").json()
    asked = "purpose=proposer_poste&fields=permis_conduire,identite_nom,disponibilite_le"
    read = lone_site.system(machine).get(f"/api/v1/carnets/{someone.carnet_id}/fields?{asked}").json()
    assert before["seen"]["fields"] == after["seen"]["fields"] == read["fields"]
    assert [one["kind"] for one in before["guesses"]] == ["name"]
    program.post(f"/api/v1/me/grants/{grant_id}/withdraw")
    over = program.get(f"/api/v1/me/grants/{grant_id}/view").json()
    assert (over["seen"], over["why_not"]) == (None, "closed")

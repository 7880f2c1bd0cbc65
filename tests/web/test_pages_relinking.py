"""An identifier that changed, through the pages: what she reads, what the officer sees and answers, and how
she finds her carnet again, with a true provider over HTTP."""

from collections.abc import Iterator

import pytest
from _pytest.logging import LogCaptureFixture

from schemas.ids import new_id
from schemas.names import StructureKind
from tests.services.test_relinking import Known
from tests.web.plain_browser import Browser, Page
from tests.web.site import Site
from tests.web.test_pages_sign_in import Doors, doors
from vault.audit.events import Op
from vault.carnet.references import shown
from vault.demo.identities import AMINA
from vault.services import relinking

__all__ = ["doors"]
DESK = "/dpo/demandes"
MET = {"rencontre": "oui"}


@pytest.fixture
def known(lone_site: Site) -> Known:
    return Known(lone_site.world)


def at_desk(site: Site) -> Browser:
    return Browser(site.dpo(new_id()))


def answers(desk: Browser, known: Known, word: str, **values: str) -> Page:
    action = f"{DESK}/{known.row.request_id}"
    form = desk.get(DESK).form(action)
    return desk.post(action, {**form.filled(dict(values)), "reponse": word})


@pytest.fixture
def street(doors: Doors) -> Iterator[Doors]:
    yield doors
    doors.stack.close()


# --- the person ------------------------------------------------------------------------------------------


def test_she_finds_her_carnet_again_once_the_officer_has_met_her(
    street: Doors, caplog: LogCaptureFixture
) -> None:
    at_home, elsewhere = street.visitor(), street.visitor()
    assert at_home.sign_in(AMINA.key).status == 200
    size = street.site.log_size()
    told = elsewhere.sign_in(f"{AMINA.key}+renewed")
    assert told.status == 403
    assert street.site.log_size() == size + 1
    assert street.site.last_entries(1)[0].op is Op.RELINK
    (asked,) = relinking.list_requests(street.site.world.parts, relinking.OPEN)
    assert shown(asked.row.reference) in told.text
    for word in (AMINA.family_name, AMINA.email, shown(asked.carnet_reference)):
        assert word not in told.text
    assert elsewhere.browser.get("/mon-carnet").address.startswith("/connexion")

    lines = [one.getMessage() for one in caplog.records if one.name == "carnet.security"]
    assert lines == ["sign-in refused: provider=franceconnect reason=needs_relinking"]
    leave = elsewhere.browser.client.get(told.links["Quitter FranceConnect"])
    assert leave.status_code == 303
    assert "/session/end" in leave.headers["location"]

    desk = at_desk(street.site)
    page = desk.get(DESK)
    assert shown(asked.row.reference) in page.text
    assert shown(asked.carnet_reference) in page.text
    assert AMINA.family_name not in page.html
    done = desk.press(page, "Accepter la demande", action=f"{DESK}/{asked.row.request_id}", inputs=dict(MET))
    assert "Vous avez accepté" in done.text

    elsewhere.forget_provider()
    assert elsewhere.sign_in(f"{AMINA.key}+renewed").status == 200
    assert elsewhere.browser.get("/mon-carnet").address == "/mon-carnet"
    assert at_home.browser.get("/mon-carnet").address.startswith("/connexion"), "the former session ended"
    at_home.forget_provider()
    assert at_home.sign_in(AMINA.key).status == 403


def test_whose_carnet_it_is_reads_first_that_somebody_asks_for_it(lone_site: Site, known: Known) -> None:
    browser = Browser(lone_site.signed_in(known.session))
    home = browser.get("/mon-carnet").text
    assert "Quelqu’un demande à ouvrir votre carnet" in home
    assert shown(known.row.reference) in home
    known.decides(accept=False)
    assert "Quelqu’un demande" not in browser.get("/mon-carnet").text


# --- the officer -----------------------------------------------------------------------------------------


def test_an_empty_desk_says_so(lone_site: Site) -> None:
    text = at_desk(lone_site).get(DESK).text
    assert "Droits sur les données" in text


def test_yes_needs_the_box_and_no_does_not(lone_site: Site, known: Known) -> None:
    desk = at_desk(lone_site)
    assert answers(desk, known, "accepter").status == 422
    assert known.steps() == ["asked"]
    assert "Vous avez refusé" in answers(desk, known, "refuser").text
    assert known.steps() == ["asked", "refused"]


@pytest.mark.parametrize("word", ["", "peut-être", "accepter\x00"])
def test_a_word_that_is_no_answer_decides_nothing(lone_site: Site, known: Known, word: str) -> None:
    assert answers(at_desk(lone_site), known, word, **MET).status == 422
    assert known.steps() == ["asked"]


def test_a_second_answer_is_told_that_there_was_a_first(lone_site: Site, known: Known) -> None:
    desk, action = at_desk(lone_site), f"{DESK}/{known.row.request_id}"
    form = desk.get(DESK).form(action)
    known.decides(accept=False)
    late = desk.post(action, {**form.filled(dict(MET)), "reponse": "accepter"})
    assert late.status == 409
    assert "déjà reçu une réponse" in late.text
    assert known.steps() == ["asked", "refused"]
    assert desk.post(f"{DESK}/{new_id()}", {**form.filled({}), "reponse": "refuser"}).status == 409


def test_only_the_officer_answers_and_only_from_our_own_page(lone_site: Site, known: Known) -> None:
    action, sent = f"{DESK}/{known.row.request_id}", {"reponse": "accepter", "rencontre": "oui"}
    pro = lone_site.professional(lone_site.world.structure("CCAS", StructureKind.CCAS), new_id())
    _, person = lone_site.person(new_id())
    for caller in (pro, person):
        assert caller.post(action, data=sent).status_code == 403
        assert caller.get(DESK).status_code == 403
    assert lone_site.client().post(action, data=sent).status_code in (303, 401)
    officer = lone_site.dpo(new_id())
    del officer.headers["X-CSRF-Token"]
    assert officer.post(action, data=sent).status_code == 403
    assert known.steps() == ["asked"]


def test_the_table_of_accesses_shows_the_steps_of_a_request(lone_site: Site, known: Known) -> None:
    known.decides(accept=True)
    text = at_desk(lone_site).get("/dpo/acces").text
    assert text.count("rattachement d’une identité à un carnet") >= 2
    assert known.claims["family_name"] not in text

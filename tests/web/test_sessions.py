"""Somebody's account in the pages: her sessions, what she typed too late, proving who she is, closing, going
out. Against a true provider over HTTP."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from schemas.ids import CarnetId
from schemas.names import Role, StructureKind
from tests.web.plain_browser import Browser, Page
from tests.web.site import V1, Site
from tests.web.test_pages_sign_in import Doors, Visitor, _browsers_closed, doors, fresh_doors
from tests.world import RULES, Someone
from vault.audit.events import Op
from vault.crypto import digest
from vault.errors import StoreUnavailableError
from vault.services import sessions
from vault.storage.keystore import SqlKeyStore
from vault.web.pages.devices import UNKNOWN, device_words

__all__ = ["_browsers_closed", "doors"]  # the fixtures

WORK, ACCOUNT, CLOSE = "/mon-carnet/emploi", "/mon-compte", "/mon-compte/fermer"
PAPER, AGAIN = "/mes-telechargements/carnet.pdf", "/connexion/de-nouveau"
KEPT = "Nous avons gardé ce que vous aviez écrit."
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"


def left_alone(site: Site, cookie: str | None) -> None:
    """As if an hour had passed since the last visit."""
    store, parts = site.world.parts.keystore, site.world.parts
    store.touch_session(digest(cookie or ""), parts.now() - timedelta(hours=1))


def typed_too_late(visitor: Visitor, text: str) -> Page:
    """She opens the form, writes for an hour, presses the button."""
    page = visitor.browser.get(WORK)
    left_alone(visitor.site, visitor.cookie)
    return visitor.browser.press(
        page, "Garder mes réponses", action=WORK, inputs={"emplois_souhaites.0.libelle": text}
    )


def unproven(site: Site, cookie: str | None) -> str:
    """The same session, of somebody who proved who she is long ago. Its cookie."""
    row = site.world.parts.keystore.session(digest(cookie or ""))
    known = sessions.session_of(site.world.parts, cookie or "", {sessions.PERSON: RULES})
    assert row
    assert known
    return sessions.open_session(
        site.world.parts,
        kind=row.kind,
        subject=row.subject,
        account_id=row.account_id,
        rules=RULES,
        private=known.private,
        replaces=cookie,
        proved_at=LONG_AGO,
    ).cookie


def old_proof(site: Site, someone: Someone) -> Browser:
    client = site.client()
    client.cookies.set("carnet", unproven(site, someone.session.cookie))
    return Browser(client)


def long_after_proving(visitor: Visitor) -> None:
    cookie, jar = unproven(visitor.site, visitor.cookie), visitor.browser.client.cookies
    jar.clear()
    jar.set("carnet", cookie)


# --- what was typed too late -----------------------------------------------------------------------------


def test_what_she_typed_too_late_waits_for_her_and_is_not_written_by_itself(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("amina")
    late = typed_too_late(visitor, "Soudeuse à l’arc")
    assert late.address.startswith("/connexion")
    assert "gardé 15 minutes" in late.text
    back = visitor.sign_in("continue")
    assert back.address == f"{WORK}?reprendre=1"
    assert KEPT in back.text
    assert "Soudeuse à l’arc" in back.html
    assert "Soudeuse" not in visitor.browser.get("/mon-carnet").html, "nothing was written"
    assert "Soudeuse" not in visitor.browser.get(WORK).html
    saved = visitor.browser.press(visitor.browser.get(back.address), "Garder mes réponses", action=WORK)
    assert saved.address.startswith("/mon-carnet?fait=garde")
    assert "Soudeuse à l’arc" in saved.html
    assert KEPT not in visitor.browser.get(back.address).text, "kept for good, it waits no more"


def test_somebody_else_on_that_computer_finds_nothing_of_it(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("gerard")
    typed_too_late(visitor, "Charpentier naval")
    visitor.forget_provider()
    page = visitor.sign_in("fatoumata")
    assert page.address == "/mon-carnet"
    for address in (WORK, f"{WORK}?reprendre=1", "/mon-carnet"):
        assert "Charpentier" not in visitor.browser.get(address).html
    visitor.forget_provider()
    visitor.sign_in("gerard")
    assert "Charpentier" not in visitor.browser.get(f"{WORK}?reprendre=1").html, "it was destroyed"


def test_another_browser_of_hers_does_not_find_it(doors: Doors) -> None:
    visitor, other = doors.visitor(), doors.visitor()
    visitor.sign_in("yusuf")
    typed_too_late(visitor, "Cuisinier de nuit")
    other.sign_in("yusuf")
    assert "Cuisinier" not in other.browser.get(f"{WORK}?reprendre=1").html


@pytest.mark.parametrize("token", ["", "faux"])
def test_a_form_that_cannot_prove_its_page_is_not_kept(doors: Doors, token: str) -> None:
    visitor = doors.visitor()
    visitor.sign_in("kevin")
    left_alone(doors.site, visitor.cookie)
    form = {"csrf_token": token, "emplois_souhaites.0.libelle": "Pirate", "emplois_souhaites.version": "0"}
    page = visitor.browser.post(WORK, form)
    assert "gardé 15 minutes" not in page.text
    assert visitor.sign_in("continue").address == "/mon-carnet"


def test_a_session_that_was_ended_keeps_nothing(lone_site: Site) -> None:
    someone = lone_site.world.newcomer()
    browser = Browser(lone_site.signed_in(someone.session))
    page = browser.get(WORK)
    lone_site.world.parts.keystore.end_sessions(subject=someone.carnet_id)
    late = browser.press(page, "Garder mes réponses", action=WORK)
    assert late.address.startswith("/connexion")
    assert "gardé 15 minutes" not in late.text


# --- her account -----------------------------------------------------------------------------------------


def test_her_account_tells_who_she_is_and_leaves_one_entry(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("amina")
    before = doors.site.log_size()
    page = visitor.browser.get(ACCOUNT)
    assert doors.site.log_size() == before + 1
    (leaf,) = doors.site.last_entries(1)
    assert leaf.op == Op.READ_OWN
    assert "Selon FranceConnect, le " in page.text
    assert "BENSAÏD" in page.text
    assert "cette connexion" in page.text


def test_she_ends_another_connection_and_then_all_others(doors: Doors) -> None:
    here, phone, library = (doors.visitor() for _ in range(3))
    phone.browser.client.headers["user-agent"] = CHROME
    for visitor in (here, phone, library):
        visitor.sign_in("eleonore")
    page = here.browser.get(ACCOUNT)
    assert "Chrome sur Android" in page.text
    assert UNKNOWN in page.text, "a program is none of the browsers we have words for"
    form = page.form(f"{ACCOUNT}/connexions")
    wanted = digest(phone.cookie or "")
    done = here.browser.post(form.action, form.filled({}) | {"connexion": [wanted]})
    assert "Cette connexion est fermée." in done.text
    assert phone.browser.get("/mon-carnet").address.startswith("/connexion")
    assert library.browser.get("/mon-carnet").status == 200
    extra = doors.visitor()
    extra.sign_in("eleonore")
    done = here.browser.press(
        here.browser.get(ACCOUNT), "Fermer toutes les autres", action=f"{ACCOUNT}/connexions"
    )
    assert "Vos autres connexions sont fermées." in done.text
    for other in (library, extra):
        assert other.browser.get("/mon-carnet").address.startswith("/connexion")
    assert here.browser.get("/mon-carnet").address == "/mon-carnet"


def test_nobody_ends_a_connection_of_somebody_else(lone_site: Site) -> None:
    eva, zoe = lone_site.world.newcomer("eva"), lone_site.world.newcomer("zoe")
    browser = Browser(lone_site.signed_in(eva.session))
    form = {"csrf_token": eva.session.session.csrf, "connexion": digest(zoe.session.cookie)}
    assert "Rien n’a changé." in browser.post(f"{ACCOUNT}/connexions", form).text
    assert lone_site.signed_in(zoe.session).get("/mon-carnet").status_code == 200


@pytest.mark.parametrize("role", [Role.REFERENT, Role.MANAGER, Role.DPO])
def test_whoever_works_for_a_structure_has_an_account_page_too(lone_site: Site, role: Role) -> None:
    structure = lone_site.world.structure("CCAS du Compte", StructureKind.CCAS)
    browser = Browser(lone_site.professional(structure, f"compte-{role.value}", role))
    before = lone_site.log_size()
    page = browser.get(ACCOUNT)
    assert page.status == 200
    assert lone_site.log_size() == before + 1
    assert "CCAS du Compte" in page.text
    assert role.label in page.text
    assert "Fermer mon carnet" not in page.text
    assert browser.get(CLOSE).status == 403


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (CHROME, "Chrome sur Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox sur Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari sur iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/131 Safari/537 Edg/131", "Edge sur Windows"),
        ("<script>alert(1)</script> Amina Bensaïd", UNKNOWN),
        ("x" * 100_000 + "Firefox/", UNKNOWN),
        ("", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_a_browser_is_known_by_words_of_a_closed_list(header: str | None, words: str) -> None:
    assert device_words(header) == words


# --- proving again who she is ----------------------------------------------------------------------------


def test_paper_and_closing_ask_for_a_fresh_proof_and_nothing_else_does(lone_site: Site) -> None:
    someone = lone_site.world.newcomer()
    browser = old_proof(lone_site, someone)
    before = lone_site.log_size()
    for address, back in ((PAPER, "%2Fmes-telechargements"), (CLOSE, "%2Fmon-compte%2Ffermer")):
        page = browser.get(address)
        assert page.address == f"{AGAIN}?retour={back}"
        assert page.links["Confirmer avec FranceConnect"] == (
            f"/connexion/franceconnect?nouveau=1&retour={back}"
        )
    api = browser.client.get(f"{V1}/me/carnet.pdf")
    assert api.status_code == 403
    assert api.json()["type"].endswith("problems/fresh-sign-in-needed")
    csrf = browser.client.get(f"{V1}/session").json()["csrf_token"]
    assert browser.post(CLOSE, {"csrf_token": csrf, "sur": "oui"}).address.startswith(AGAIN)
    assert lone_site.log_size() == before, "nothing was read and nothing was erased"
    assert browser.get("/mon-carnet").status == 200
    assert browser.get("/qui-a-vu").status == 200


def test_a_fresh_proof_by_the_same_person_leads_back_and_opens(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("yusuf")
    long_after_proving(visitor)
    door = visitor.browser.get(CLOSE).links["Confirmer avec FranceConnect"]
    authorize = visitor.leave(door)
    assert dict(parse_qsl(urlsplit(authorize).query))["prompt"] == "login"
    page = visitor.browser.get(visitor.walk(authorize, "yusuf"))
    assert page.address == CLOSE
    assert visitor.browser.get(CLOSE).address == CLOSE


def test_a_fresh_proof_by_somebody_else_is_a_sign_in_of_theirs_at_their_home(doors: Doors) -> None:
    visitor = doors.visitor()
    visitor.sign_in("yusuf")
    long_after_proving(visitor)
    authorize = visitor.leave(visitor.browser.get(CLOSE).links["Confirmer avec FranceConnect"])
    page = visitor.browser.get(visitor.walk(authorize, "kevin"))
    assert page.address == "/mon-carnet"
    assert "Bonjour Yusuf" not in page.text


def test_leaving_again_never_leads_elsewhere(lone_site: Site) -> None:
    browser = old_proof(lone_site, lone_site.world.newcomer())
    for hostile in ("//evil.example", "https://evil.example", "/dpo", "/\\evil", "/deconnexion"):
        page = browser.client.get(AGAIN, params={"retour": hostile})
        assert "retour=%2Fmon-carnet" in page.text, hostile


# --- closing ---------------------------------------------------------------------------------------------


def test_closing_says_what_goes_then_erases_everything_and_ends_every_session(doors: Doors) -> None:
    visitor, phone = doors.visitor(), doors.visitor()
    for one in (visitor, phone):
        one.sign_in("marie-lou")
    row = doors.site.world.parts.keystore.session(digest(visitor.cookie or ""))
    assert row
    page = visitor.browser.get(CLOSE)
    assert "Ce qui est effacé" in page.text
    assert "Avec personne." in page.text
    unsure = visitor.browser.press(page, "Effacer mon carnet", action=CLOSE)
    assert unsure.status == 422
    assert "Cochez la case" in unsure.text
    carnet = doors.site.world.parts.data.carnet(CarnetId(row.subject))
    assert carnet is not None
    assert carnet.open
    form = unsure.form(CLOSE)
    answer = visitor.browser.client.post(CLOSE, data=form.filled({}) | {"sur": ["oui"]})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{doors.provider.issuer_fc}/session/end?")
    ended = visitor.provider.get(answer.headers["location"], follow_redirects=False)
    back = ended.headers["location"]
    assert urlsplit(back).path == "/deconnexion/retour"
    done = visitor.browser.get(f"/deconnexion/retour?{urlsplit(back).query}")
    assert done.address == "/au-revoir"
    assert "Votre carnet est effacé" in done.text
    assert doors.site.world.parts.data.carnet(CarnetId(row.subject)) is None or not carnet_open(
        doors, row.subject
    )
    for one in (visitor, phone):
        assert one.browser.get("/mon-carnet").address.startswith("/connexion")
    assert Op.ERASE in [leaf.op for leaf in doors.site.last_entries(3)]
    visitor.forget_provider()
    again = visitor.sign_in("marie-lou")
    assert again.address == "/mon-carnet", "she may come back, to a new and empty carnet"


def carnet_open(doors: Doors, carnet_id: str) -> bool:
    carnet = doors.site.world.parts.data.carnet(CarnetId(carnet_id))
    return carnet is not None and carnet.open


def test_closing_names_those_who_received(lone_site: Site) -> None:
    someone = lone_site.world.newcomer()
    lone_site.world.fill(someone)
    now, before = (lone_site.world.structure(name) for name in ("SIAE de Maintenant", "SIAE d’Avant"))
    lone_site.world.share(someone, now)
    lone_site.world.withdraw(someone, lone_site.world.share(someone, before))
    page = Browser(lone_site.signed_in(someone.session)).get(CLOSE)
    assert "Aujourd’hui : SIAE de Maintenant." in page.text
    assert "Avant : SIAE d’Avant." in page.text


# --- going out -------------------------------------------------------------------------------------------


def test_going_out_is_noted_and_ends_the_session_first(doors: Doors) -> None:
    visitor = doors.visitor()
    page = visitor.sign_in("gerard")
    cookie = visitor.cookie
    with doors.misbehaving("discovery-500"), fresh_doors(doors.site):
        out = visitor.browser.press(page, "Se déconnecter", action="/deconnexion")
    assert doors.site.last_entries(1)[0].op == Op.SIGN_OUT
    assert sessions.session_of(doors.site.world.parts, cookie or "", {sessions.PERSON: RULES}) is None
    assert out.address.startswith("/deconnexion/retour")
    assert "reconnaît peut-être encore" in out.text


@pytest.mark.parametrize("query", ["?state=faux", "?state=" + "x" * 5000, "?state=a&state=b", "?error=x"])
def test_whatever_the_provider_brings_back_she_is_out_and_sees_no_error(doors: Doors, query: str) -> None:
    visitor = doors.visitor()
    form = visitor.sign_in("gerard").form("/deconnexion")
    answer = visitor.browser.client.post("/deconnexion", data=form.filled({}))
    assert answer.headers["location"].startswith(doors.provider.issuer_fc)
    page = visitor.browser.get(f"/deconnexion/retour{query}")
    assert page.status == 200
    assert "Vous avez quitté le service" in page.text
    assert visitor.browser.get("/mon-carnet").address.startswith("/connexion")


def test_going_out_after_the_session_was_over_still_ends_the_providers(doors: Doors) -> None:
    visitor = doors.visitor()
    form = visitor.sign_in("gerard").form("/deconnexion")
    left_alone(doors.site, visitor.cookie)
    answer = visitor.browser.client.post("/deconnexion", data=form.filled({}))
    assert answer.headers["location"].startswith(f"{doors.provider.issuer_fc}/session/end?")


def test_while_our_store_is_away_the_browser_forgets_and_the_page_says_what_is_not_sure(
    lone_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = lone_site.world.newcomer()
    client = lone_site.signed_in(someone.session)

    def away(*_: object, **__: object) -> int:
        raise StoreUnavailableError("keys", "stopped on purpose")

    with monkeypatch.context() as stopped:
        stopped.setattr(SqlKeyStore, "end_sessions", away)
        answer = client.post("/deconnexion", data={"csrf_token": someone.session.session.csrf})
    assert answer.headers["location"] == "/deconnexion/retour?panne=1"
    assert 'carnet=""' in answer.headers["set-cookie"]
    assert "Une panne nous empêche" in Browser(lone_site.client()).get("/deconnexion/retour?panne=1").text


def test_an_older_page_of_ours_may_end_the_session_but_no_other_site_may(lone_site: Site) -> None:
    someone = lone_site.world.newcomer()
    browser = Browser(lone_site.signed_in(someone.session))
    stale = {"csrf_token": "d’une session d’avant"}
    for site in ("cross-site", "same-site", "none"):
        headers = {"Sec-Fetch-Site": site}
        assert browser.post("/deconnexion", stale, headers=headers).status == 403
    assert browser.get("/mon-carnet").address == "/mon-carnet"
    browser.post("/deconnexion", stale, headers={"Sec-Fetch-Site": "same-origin"})
    assert browser.get("/mon-carnet").address.startswith("/connexion")

"""Who may open which page, and how a refusal looks: a redirect to sign in, a friendly page, never a trace."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from exporters import PaperUnavailableError
from schemas.names import Role, StructureKind
from tests.web.plain_browser import Browser
from tests.web.site import Site, site_over
from tests.world import World

PERSON = [
    "/mon-carnet",
    "/mon-carnet/emploi",
    "/mes-partages",
    "/mes-partages/nouveau",
    "/qui-a-vu",
    "/mes-demandes",
    "/mes-telechargements",
    "/mes-telechargements/carnet.pdf",
]
OFFICE = ["/carnets", "/carnets/" + "a" * 26]
DPO = ["/dpo", "/dpo/acces", "/dpo/journal", "/dpo/demandes"]
PUBLIC = [
    "/",
    "/connexion",
    "/aide",
    "/accessibilite",
    "/plan-du-site",
    "/mentions-legales",
    "/donnees-personnelles",
    "/contact",
    "/deconnexion/retour",
    "/deconnexion/retour?state=inconnu",
]


@pytest.mark.parametrize("address", PERSON + OFFICE + DPO + ["/choisir-structure"])
def test_a_page_of_somebody_leads_to_signing_in_and_back(lone_site: Site, address: str) -> None:
    answer = lone_site.client().get(address)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/connexion?retour={quote(address, safe='')}"
    assert "no-store" in answer.headers["cache-control"]


def test_a_session_that_ended_is_said_on_the_sign_in_page(lone_site: Site) -> None:
    client = lone_site.client()
    client.cookies.set("carnet", "un-ancien-cookie")
    page = Browser(client).get("/mon-carnet")
    assert page.address.startswith("/connexion?")
    assert "session est fermée" in page.text


@pytest.mark.parametrize("address", PUBLIC)
def test_public_pages_open_for_anyone(lone_site: Site, address: str) -> None:
    page = Browser(lone_site.client()).get(address)
    assert page.status == 200
    assert "Accessibilité : non conforme" in page.text.replace("\u00a0", " ")
    assert "no-store" in page.headers["cache-control"]


def test_the_wrong_kind_of_caller_gets_a_friendly_page(lone_site: Site) -> None:
    structure = lone_site.world.structure("CCAS", StructureKind.CCAS)
    callers = {
        "person": lone_site.signed_in(lone_site.world.newcomer().session),
        "office": lone_site.professional(structure, "p-doors"),
        "dpo": lone_site.dpo("dpo-doors"),
    }
    owners = {"person": PERSON, "office": OFFICE, "dpo": DPO}
    for who, client in callers.items():
        for owner, addresses in owners.items():
            if owner == who:
                continue
            for address in addresses:
                page = Browser(client).get(address)
                assert page.status == 403, (who, address)
                assert "n’est pas pour vous" in page.text


def test_whoever_is_in_charge_of_a_team_is_led_to_it_and_to_no_carnet(lone_site: Site) -> None:
    structure = lone_site.world.structure("CCAS", StructureKind.CCAS)
    manager = lone_site.professional(structure, "m-doors", Role.MANAGER)
    for address in (*PERSON, *OFFICE, *DPO):
        page = Browser(manager).get(address)
        assert (page.status, page.address) in ((403, address), (200, "/equipe")), address
        assert page.status == 200 or "n’est pas pour vous" in page.text


@pytest.mark.parametrize(
    "address", ["/mon-carnet/emploi", "/mes-partages", "/mes-partages/nouveau/quoi", "/deconnexion"]
)
def test_a_form_without_its_token_does_nothing(lone_site: Site, address: str) -> None:
    someone = lone_site.world.newcomer()
    browser = Browser(lone_site.signed_in(someone.session))
    before = lone_site.log_size()
    for data in (
        {},
        {"csrf_token": "faux"},
        {"csrf_token": lone_site.world.newcomer().session.session.csrf},
    ):
        page = browser.post(address, data)
        assert page.status == 403
        assert "Rien n’a été enregistré" in page.text
    opened = 3 * 3  # one newcomer: opens, signs in, writes her name
    assert lone_site.log_size() - before <= opened
    assert browser.get("/mes-demandes").status == 200, "the session stands"


def test_what_is_posted_must_be_a_form_of_ours(lone_site: Site) -> None:
    someone = lone_site.world.newcomer()
    client = lone_site.signed_in(someone.session)
    address = "/mon-carnet/emploi"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(address, json={"a": 1}).status_code == 415
    assert client.post(address, files={"a": b"x"}).status_code == 415
    assert client.post(address, content=b"a=1").status_code == 415
    assert client.post(address, content=b"a=%ff%fe", headers=form).status_code == 400
    assert client.post(address, content="é=1".encode(), headers=form).status_code == 400
    assert client.post(address, content=b"&".join([b"a=1"] * 3000), headers=form).status_code == 400
    assert client.post(address, content=b"a=" + b"x" * 300_000, headers=form).status_code == 413
    assert client.post(address, content=b"a=" + b"x" * 10_000_000, headers=form).status_code == 413


def test_a_page_that_leaves_a_trace_answers_neither_head_nor_a_look_ahead(lone_site: Site) -> None:
    client = lone_site.signed_in(lone_site.world.newcomer().session)
    before = lone_site.log_size()
    for address in ("/mon-carnet", "/qui-a-vu", "/mes-partages"):
        assert client.head(address).status_code == 405
        assert client.get(address, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert lone_site.log_size() == before


def test_an_unknown_address_is_a_page_of_ours(lone_site: Site) -> None:
    page = Browser(lone_site.client()).get("/n-existe-pas")
    assert page.status == 404
    assert "Cette page n’existe pas" in page.text
    hers = Browser(lone_site.signed_in(lone_site.world.newcomer().session)).get("/n-existe-pas")
    assert "Se déconnecter" in hers.text


def test_the_notice_is_generated_and_each_version_is_kept(lone_site: Site) -> None:
    version = lone_site.world.parts.notice_version
    browser = Browser(lone_site.client())
    page = browser.get("/donnees-personnelles")
    assert version in page.text
    for theme in lone_site.world.parts.catalogue.themes:
        assert theme.label in page.text
    for purpose in lone_site.world.parts.frame.purposes:
        assert purpose.label in page.text
    folder = lone_site.world.app.settings.data_dir / "notices"
    (kept,) = folder.glob("*.html")
    assert browser.get(f"/donnees-personnelles/{version}").html == kept.read_text()
    older = folder / "2025-01-02_0123456789ab.html"
    older.write_text("<p>avant</p>")
    assert "Version du jeudi 2 janvier 2025" in browser.get("/donnees-personnelles").text.replace(
        "\u00a0", " "
    )
    assert browser.get("/donnees-personnelles/0123456789ab").text == "avant"
    assert browser.get("/donnees-personnelles/..%2f..%2fkeys").status == 404


def test_the_deployers_name_colours_and_logo_are_on_every_page(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    told = {
        "name": "Carnet de <Là-bas>",
        "controller": {"name": "Département d’Essai", "address": "1 rue\n29000 Ville"},
        "colours": {"accent": "#123456"},
        "logo": "logo.svg",
        "leave_quickly_url": "https://meteo.example/",
    }
    (tmp_path / "instance.json").write_text(json.dumps(told))
    world = World.open(
        f"sqlite:///{tmp_path}/c.sqlite",
        f"sqlite:///{tmp_path}/k.sqlite",
        tmp_path,
        CARNET_INSTANCE=str(tmp_path / "instance.json"),
    )
    with site_over(world) as site:
        page = Browser(site.client()).get("/contact")
        assert "Carnet de <Là-bas>" in page.text
        assert "<Là-bas>" not in page.html
        assert "1 rue" in page.text
        sheet = site.client().get("/couleurs.css")
        assert "--accent:#123456;" in sheet.text
        assert sheet.headers["content-type"].startswith("text/css")
        assert site.client().get("/logo").headers["content-type"] == "image/svg+xml"
        hers = Browser(site.signed_in(site.world.newcomer().session)).get("/mon-carnet")
        assert hers.links["Quitter vite"] == "https://meteo.example/"
    world.close()


def test_without_the_system_libraries_paper_is_refused_with_a_sentence(
    lone_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(_: object) -> bytes:
        raise PaperUnavailableError("as on a machine without Pango")

    monkeypatch.setattr("vault.web.paper.to_pdf", cannot)
    browser = Browser(lone_site.signed_in(lone_site.world.newcomer().session))
    assert "Tout imprimer, sans choisir (PDF)" in browser.get("/mes-telechargements").text
    page = browser.get("/mes-telechargements/carnet.pdf")
    assert page.status == 503
    assert "ne sait pas préparer le PDF" in page.text
    assert "ne sait pas encore fabriquer" in browser.get("/mes-telechargements").text
    del lone_site.app.state.paper_possible

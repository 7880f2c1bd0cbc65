"""The professional's and the DPO's pages: as granted, no more; refusals alike; each look in the log."""

from urllib.parse import quote

import pytest

from schemas.names import StructureKind
from tests.web.plain_browser import Browser
from tests.web.site import Site

AIM = "accompagnement"


def test_the_list_names_nobody_and_opens_nothing(lone_site: Site) -> None:
    world = lone_site.world
    someone, ccas = world.newcomer(), world.structure("CCAS de la liste", StructureKind.CCAS)
    world.share(someone, ccas, ["identite_nom", "permis_conduire"], purpose=AIM)
    browser = Browser(lone_site.professional(ccas, "liste"))
    before = lone_site.log_size()
    page = browser.get("/carnets")
    assert lone_site.log_size() == before
    reference = world.parts.data.references([someone.carnet_id])[someone.carnet_id]
    assert reference in page.text.replace(" ", "")
    assert "ANA" not in page.text
    assert f"/carnets/{someone.carnet_id}?finalite={AIM}" in page.html


def test_a_carnet_shows_what_is_granted_and_its_reading_is_one_entry(lone_site: Site) -> None:
    world = lone_site.world
    someone, ccas = world.newcomer(), world.structure("CCAS qui lit", StructureKind.CCAS)
    world.fill(someone)
    world.share(someone, ccas, ["permis_conduire", "logement_fixe"], purpose=AIM)
    browser = Browser(lone_site.professional(ccas, "lit"))
    before = lone_site.log_size()
    page = browser.get(f"/carnets/{someone.carnet_id}")
    assert page.status == 200
    assert lone_site.log_size() == before + 1
    assert "Permis B (voiture)" in page.text
    assert "24,5" not in page.text, "not granted"
    assert "Logement fixe" not in page.text, "granted and empty is simply absent"
    assert "accompagnement, et seulement pour cela" in page.text


def test_two_reasons_are_two_pages_with_a_link_between_them(lone_site: Site) -> None:
    world = lone_site.world
    someone, ccas = world.newcomer(), world.structure("CCAS à deux raisons", StructureKind.CCAS)
    world.fill(someone)
    world.share(someone, ccas, ["permis_conduire"], purpose=AIM)
    world.share(someone, ccas, ["permis_conduire"], purpose="premier_rendez_vous")
    browser = Browser(lone_site.professional(ccas, "deux"))
    page = browser.get(f"/carnets/{someone.carnet_id}?finalite={AIM}")
    other = browser.get(page.links["premier rendez-vous"])
    assert "premier rendez-vous, et seulement pour cela" in other.text
    assert len(browser.get("/carnets").html.split('class="card"')) == 3


def test_what_was_never_shared_does_not_exist_and_looks_the_same(lone_site: Site) -> None:
    world = lone_site.world
    other = world.newcomer()
    ccas = world.structure("CCAS curieux", StructureKind.CCAS)
    client = lone_site.professional(ccas, "curieux")
    before = lone_site.log_size()
    addresses = [
        f"/carnets/{other.carnet_id}?finalite={AIM}",
        f"/carnets/{'a' * 26}?finalite={AIM}",
        f"/carnets/nimporte?finalite={AIM}",
        f"/carnets/{other.carnet_id}",
    ]
    answers = [client.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"x-request-id"})) for answer in answers}) == 1
    assert lone_site.log_size() == before + len(addresses), "each leaves its denied entry"
    assert client.get(f"/carnets/{other.carnet_id}?finalite=inconnue").status_code == 404
    assert lone_site.log_size() == before + len(addresses), "what concerns the request alone comes first"


def test_an_access_that_ended_is_said_without_its_reason(lone_site: Site) -> None:
    world = lone_site.world
    someone, ccas = world.newcomer(), world.structure("CCAS d’avant", StructureKind.CCAS)
    world.fill(someone)
    grant = world.share(someone, ccas, ["permis_conduire"], purpose=AIM)
    client = lone_site.professional(ccas, "avant")
    world.withdraw(someone, grant)
    for address in (f"/carnets/{someone.carnet_id}", f"/carnets/{someone.carnet_id}?finalite={AIM}"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "Cet accès est terminé" in answer.text
        assert "Permis" not in answer.text
    assert str(someone.carnet_id) not in Browser(client).get("/carnets").html


def test_the_dpo_sees_every_access_and_no_value(lone_site: Site) -> None:
    world = lone_site.world
    someone, ccas = world.newcomer(), world.structure("CCAS regardé", StructureKind.CCAS)
    world.fill(someone)
    world.share(someone, ccas, ["permis_conduire"], purpose=AIM)
    Browser(lone_site.professional(ccas, "regarde")).get(f"/carnets/{someone.carnet_id}")
    browser = Browser(lone_site.dpo("dpo-table"))
    page = browser.get("/dpo/acces")
    assert page.status == 200
    assert "CCAS regardé" in page.text
    assert "permis de conduire" in page.text
    assert "Permis B" not in page.text
    assert "ANA" not in page.text
    reference = world.parts.data.references([someone.carnet_id])[someone.carnet_id]
    assert reference in page.text.replace(" ", "")
    before = lone_site.log_size()
    browser.client.get("/dpo/acces")
    assert lone_site.log_size() == before + 1, "his look is an entry too"


def test_the_dpos_table_goes_on_to_older_pages(lone_site: Site) -> None:
    world = lone_site.world
    someone, ccas = world.newcomer(), world.structure("CCAS assidu", StructureKind.CCAS)
    world.share(someone, ccas, ["permis_conduire"], purpose=AIM)
    reader = lone_site.professional(ccas, "assidu")
    for _ in range(51):
        reader.get(f"/carnets/{someone.carnet_id}")
    browser = Browser(lone_site.dpo("dpo-pages"))
    first = browser.get("/dpo/acces")
    older = browser.get(first.links["Plus anciens"])
    assert older.status == 200
    assert "Revenir aux plus récents" in older.text
    assert browser.get("/dpo/acces?avant=" + quote("1 or 1")).status == 422


@pytest.mark.parametrize("address", ["/dpo", "/dpo/journal", "/dpo/demandes"])
def test_the_dpos_other_pages_open(lone_site: Site, address: str) -> None:
    assert Browser(lone_site.dpo(f"dpo{address.replace('/', '-')}")).get(address).status == 200


def test_paper_is_made_or_refused_with_a_sentence(lone_site: Site) -> None:
    someone = lone_site.world.newcomer()
    lone_site.world.fill(someone)
    answer = lone_site.signed_in(someone.session).get("/mes-telechargements/carnet.pdf")
    if answer.status_code == 503:
        assert "PDF" in answer.text
        return
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert str(lone_site.last_entries(1)[0].op) == "export"

"""« Faire oublier » on her pages, at the desk of whoever answers, and for whoever had read."""

import re
import zlib
from contextlib import suppress
from pathlib import Path

import page as papers
import pytest
from starlette.testclient import TestClient

from schemas.ids import FieldId, ProfessionalId, new_id
from schemas.names import Role, StructureKind
from tests.web.site import Site, fields_url, site_over
from tests.world import MovingClock, Someone, World
from vault.services import designating
from vault.services.journal import OPERATOR
from vault.services.own_carnet import read_own_carnet
from vault.services.upkeep import run_upkeep

FIELD = "permis_conduire"
SIAE = StructureKind.SIAE


class Place:
    """She is followed by Paul of a SIAE that read her licence."""

    def __init__(self, site: Site, *, read: bool = True) -> None:
        self.site, self.name = site, "p4" + new_id()[:8]
        name = self.name
        self.ana, self.me = site.person(name)
        site.world.fill(self.ana)
        self.structure_id = site.world.structure("SIAE qui suit", SIAE)
        session = site.world.professional(self.structure_id, f"paul-{name}")
        self.paul = site.signed_in(session)
        carnet = site.world.parts.data.carnet(self.ana.carnet_id)
        assert carnet is not None
        self.reference = carnet.reference
        professional_id = ProfessionalId(session.session.row.subject)
        designating.designate(site.world.parts, carnet.reference, professional_id, actor=OPERATOR)
        site.world.share(self.ana, self.structure_id)
        if read:
            assert self.paul.get(fields_url(self.ana.carnet_id, (FIELD,))).status_code == 200
        self.page = f"/mon-carnet/info/{entry_of(site, self.ana)}/oubli"

    def asks(self, text: str = "Je n’ai plus le permis.") -> str:
        """The address of her demand."""
        asked = self.me.post(self.page, data=form(self.me, texte=text))
        assert asked.status_code == 303, asked.text
        return asked.headers["location"].partition("?")[0]

    def desk(self) -> str:
        return "/demandes-d-oubli/" + self.asks().rpartition("/")[2]


def entry_of(site: Site, ana: Someone) -> str:
    carnet = read_own_carnet(site.world.parts, ana.owner, actor=ana.actor)
    return carnet.by_field()[FieldId(FIELD)].entry_id


def form(client: TestClient, **told: str) -> dict[str, str]:
    return {"csrf_token": client.headers["X-CSRF-Token"], **told}


def test_what_nobody_read_is_forgotten_by_one_button_and_certified(lone_site: Site) -> None:
    place = Place(lone_site, read=False)
    shown = place.me.get(place.page).text
    assert "Personne d’autre que vous n’a lu cette information" in shown
    assert "Faire oublier maintenant" in shown
    here = place.asks()
    for _ in range(2):
        lone_site.world.app.jobs().run_once()
    shown = place.me.get(here).text
    assert "Cette information est oubliée, pour toujours." in shown
    jws = place.me.get(f"{here}/certificat.jws")
    assert jws.headers["content-type"] == "application/jose"
    asked = lone_site.client().post("/certificat", files={"fichier": ("certificat.jws", jws.content)})
    assert "Ce certificat vient d’ici." in asked.text
    asked = lone_site.client().post(
        "/certificat", files={"fichier": ("c.jws", jws.content[:-8] + b"AAAAAAAA")}
    )
    assert "Nous ne connaissons pas ce certificat" in asked.text


def test_her_referent_sees_what_hangs_on_it_says_yes_and_the_reader_confirms(lone_site: Site) -> None:
    place = Place(lone_site)
    assert "SIAE qui suit" in place.me.get(place.page).text
    desk = place.desk()
    assert "1 à traiter" in place.paul.get("/carnets").text
    listed = place.paul.get("/demandes-d-oubli").text
    assert re.search(r"Carnet <span[^>]*>[A-Z0-9 -]+</span>", listed)
    shown = place.paul.get(desk).text
    assert "Permis de conduire" in shown
    assert "Je n’ai plus le permis." in shown
    assert re.search(r"SIAE qui suit\s: 1 fois", shown)
    refused = place.paul.post(f"{desk}/repondre", data=form(place.paul, reponse="refuse", texte=""))
    assert refused.status_code == 422
    assert "Dites pourquoi" in refused.text
    done = place.paul.post(f"{desk}/repondre", data=form(place.paul, reponse="accept"))
    assert done.headers["location"] == "/demandes-d-oubli?fait=oubli-repondu"
    assert FIELD not in place.paul.get(fields_url(place.ana.carnet_id, (FIELD,))).json()["fields"]
    notice = re.search(r'action="(/avis/\w+/recu)"', place.paul.get("/avis").text)
    assert notice is not None
    mine = "/mes-oublis/" + desk.rpartition("/")[2]
    assert "Prévenu, n’a pas encore confirmé." in place.me.get(mine).text
    assert place.paul.post(notice[1], data=form(place.paul)).status_code == 303
    assert "A confirmé le" in place.me.get(mine).text


def test_a_refusal_shows_its_reason_the_recourse_and_leads_to_the_officer(lone_site: Site) -> None:
    place = Place(lone_site)
    desk = place.desk()
    told = form(place.paul, reponse="refuse", texte="Une aide en cours s’appuie dessus.")
    assert place.paul.post(f"{desk}/repondre", data=told).status_code == 303
    mine = "/mes-oublis/" + desk.rpartition("/")[2]
    shown = place.me.get(mine).text
    assert "Une aide en cours s’appuie dessus." in shown
    assert "3 place de Fontenoy" in shown
    assert "Votre demande d’oubli a une réponse" in place.me.get("/mon-carnet").text
    officer = lone_site.dpo("dpo-" + new_id()[:8])
    theirs = mine.replace("/mes-oublis", "/dpo/oublis")
    assert officer.get(theirs).status_code == 404, "nothing of hers before she turns to him"
    assert place.me.post(f"{mine}/recours", data=form(place.me, texte="Je maintiens.")).status_code == 303
    assert "Je maintiens." in officer.get(theirs).text
    told = form(officer, reponse="accept")
    assert officer.post(f"{theirs}/repondre", data=told).status_code == 303
    assert "oubliée, pour toujours" in place.me.get(mine).text
    assert officer.get("/dpo/oublis").status_code == 200


def test_nobody_else_opens_a_demand(lone_site: Site) -> None:
    place, other = Place(lone_site), Place(lone_site)
    desk = place.desk()
    mine = "/mes-oublis/" + desk.rpartition("/")[2]
    assert other.paul.get(desk).status_code == 404
    assert other.me.get(mine).status_code == 404
    assert other.me.get(place.page).status_code == 404
    assert place.paul.get("/dpo/oublis").status_code in (303, 403)
    manager = lone_site.professional(place.structure_id, "chef-" + new_id()[:8], Role.MANAGER)
    assert manager.get("/avis").status_code == 200
    assert manager.get(desk).status_code in (303, 403)


def test_a_reason_too_long_is_kept_on_the_page(lone_site: Site) -> None:
    place = Place(lone_site)
    told = form(place.me, texte="mot " * 400)
    answered = place.me.post(place.page, data=told)
    assert answered.status_code == 422
    assert "mot mot mot" in answered.text
    first = place.asks()
    assert place.asks() == first, "asked twice leads to the same"


def test_what_is_late_is_said_to_her_and_to_the_officer_who_may_answer(tmp_path: Path) -> None:
    clock = MovingClock()
    world = World.open(
        f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path, clock=clock
    )
    try:
        with site_over(world) as site:
            place = Place(site)
            mine = place.asks()
            clock.forward(days=40)
            run_upkeep(world.parts)
            again = world.person(place.name)
            me, officer = site.signed_in(again.session), site.dpo("dpo-" + new_id()[:8])
            shown = me.get(mine).text
            assert "Le délai est passé sans réponse." in shown
            assert "Une demande d’oubli est restée sans réponse" in me.get("/mon-carnet").text
            assert "Ce n’est pas de votre fait." in shown
            turned = me.post(f"{mine}/recours", data=form(me, texte="Toujours rien."))
            assert turned.status_code == 303
            theirs = mine.replace("/mes-oublis", "/dpo/oublis")
            assert "en retard" in officer.get("/dpo/oublis").text
            told = form(officer, reponse="accept")
            assert officer.post(f"{theirs}/repondre", data=told).status_code == 303
            assert "oubliée, pour toujours" in me.get(mine).text
    finally:
        world.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_certificate_on_paper_keeps_the_profiles_it_declares(lone_site: Site) -> None:
    place = Place(lone_site, read=False)
    here = place.asks()
    for _ in range(2):
        lone_site.world.app.jobs().run_once()
    paper = place.me.get(f"{here}/certificat.pdf")
    if paper.status_code == 503:
        pytest.skip("sans Pango : pas de PDF")
    assert paper.status_code == 200, paper.text
    for profile in (papers.ValidationProfile.PDF_A_3A, papers.ValidationProfile.PDF_UA_1):
        assert papers.validate_pdf_bytes(paper.content, profile=profile).failures == []
    assert place.me.get(f"{here}/certificat.jws").content in _attached(paper.content)


def _attached(pdf: bytes) -> bytes:
    """Every stream of the file, inflated where it can be."""
    found = []
    for piece in pdf.split(b"stream")[1:]:
        with suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(piece.lstrip(b"\r\n")))
    return b"".join(found)

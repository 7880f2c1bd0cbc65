"""« Mon référent » on her pages, and the page of whoever designates."""

import re

from consent.grants import Grantee
from schemas.ids import CompartmentId, ProfessionalId, PurposeId
from schemas.names import Role, StructureKind
from tests.web.site import Site, fields_url
from tests.world import Someone
from vault.services import designating, sharing
from vault.services.journal import OPERATOR


def number(site: Site, ana: Someone) -> str:
    carnet = site.world.parts.data.carnet(ana.carnet_id)
    assert carnet is not None
    return carnet.reference


def form(site_client, **told: str):  # type: ignore[no-untyped-def]
    return {"csrf_token": site_client.headers["X-CSRF-Token"], **told}


def test_she_sees_who_it_was_who_it_is_and_gives_by_one_button(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-page")
    site.world.fill(ana)
    structure_id = site.world.structure("SIAE des Pages", StructureKind.SIAE)
    paul, lea = (site.world.professional(structure_id, name) for name in ("paul-p", "lea-p"))
    assert "Personne n’est inscrit comme votre référent" in me.get("/mon-referent").text
    first = ProfessionalId(paul.session.row.subject)
    designating.designate(site.world.parts, number(site, ana), first, actor=OPERATOR)
    wish = sharing.Wish(
        Grantee.professional(first),
        PurposeId("proposer_poste"),
        (CompartmentId("permis_conduire"),),
        31,
        function="referent",
    )
    sharing.give_grant(site.world.parts, ana.owner, wish, actor=ana.actor)
    second = ProfessionalId(lea.session.row.subject)
    designating.designate(site.world.parts, number(site, ana), second, actor=OPERATOR)

    home = me.get("/mon-carnet").text
    assert "Votre référent a changé" in home
    assert "votre ancien référent" in me.get("/mes-partages").text
    shown = me.get("/mon-referent").text
    assert "SIAE des Pages" in shown
    assert "permis de conduire" in shown.lower()
    assignment_id = re.search(r'name="assignment_id" value="(\w+)"', shown)
    grant_id = re.search(r'name="grant_id" value="(\w+)"', shown)
    assert assignment_id is not None
    assert grant_id is not None
    told = form(me, assignment_id=assignment_id[1], grant_id=grant_id[1])
    other = me.post("/mon-referent/donner", data=told | {"assignment_id": "a" * 26})
    assert other.status_code == 409
    hers = site.signed_in(lea)
    assert hers.get(fields_url(ana.carnet_id, ("permis_conduire",))).status_code == 404
    given = me.post("/mon-referent/donner", data=told)
    assert (given.status_code, given.headers["location"]) == (303, "/mon-referent?fait=referent-donne")
    assert hers.get(fields_url(ana.carnet_id, ("permis_conduire",))).status_code == 200
    assert me.post("/mon-referent/donner", data=told).status_code == 409  # twice gives nothing twice
    assert "ancien référent" not in me.get("/mon-referent").text
    assert "Votre référent a changé" not in me.get("/mon-carnet").text


def test_she_stops_all_that_waited_by_one_button(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-arret")
    structure_id = site.world.structure("SIAE de l’arrêt", StructureKind.SIAE)
    paul = ProfessionalId(site.world.professional(structure_id, "paul-a").session.row.subject)
    designating.designate(site.world.parts, number(site, ana), paul, actor=OPERATOR)
    wish = sharing.Wish(
        Grantee.professional(paul),
        PurposeId("proposer_poste"),
        (CompartmentId("permis_conduire"),),
        31,
        function="referent",
    )
    grant = sharing.give_grant(site.world.parts, ana.owner, wish, actor=ana.actor)
    lea = ProfessionalId(site.world.professional(structure_id, "lea-a").session.row.subject)
    designating.designate(site.world.parts, number(site, ana), lea, actor=OPERATOR)
    assert me.post("/mon-referent/arreter", data=form(me)).status_code == 303
    (row,) = site.world.parts.data.grants_of(ana.carnet_id)
    assert (row.grant.id, row.grant.state) == (grant.id, "withdrawn")


def test_a_manager_proposes_and_she_answers_on_her_page(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-proposition")
    structure_id = site.world.structure("CCAS du Pont", StructureKind.CCAS)
    manager = site.professional(structure_id, "chef-pont", Role.MANAGER)
    rose = site.world.professional(structure_id, "rose-pont").session.row.subject
    shown = manager.get("/equipe/referent")
    assert rose in shown.text
    known = manager.post("/equipe/referent", data=form(manager, numero=number(site, ana), professionnel=rose))
    unknown = manager.post("/equipe/referent", data=form(manager, numero="222 2222 222", professionnel=rose))
    assert known.headers["location"] == "/equipe/referent?fait=enregistre"
    if unknown.status_code == 303:  # a number that reads as one
        assert unknown.headers["location"] == known.headers["location"]
    assert manager.post("/equipe/referent", data=form(manager, numero="x")).status_code == 422
    assert "On vous propose un référent" in me.get("/mon-carnet").text
    page = me.get("/mon-referent").text
    assert "CCAS du Pont" in page
    action = re.search(r'action="(/mon-referent/propositions/\w+/oui)"', page)
    assert action is not None
    assert me.post(action[1], data=form(me)).status_code == 303
    assert "Vous suit depuis" in me.get("/mon-referent").text
    assert me.post(action[1], data=form(me)).status_code == 404


def test_her_words_are_kept_and_too_many_are_not(lone_site: Site) -> None:
    _, me = lone_site.person("ana-mots")
    assert me.post("/mon-referent/souhait", data=form(me, souhait="Une femme")).status_code == 303
    assert "Une femme" in me.get("/mon-referent").text
    assert me.post("/mon-referent/souhait", data=form(me, souhait="a" * 1100)).status_code == 422
    assert "Une femme" in me.get("/mon-referent").text

"""« Demander » for professionals: the same page for whoever exists or not, faults for what was typed."""

import re

from starlette.testclient import TestClient

from schemas.ids import ProfessionalId, PurposeId, StructureId
from schemas.names import Role, StructureKind
from tests.web.site import V1, Site
from tests.world import RULES, coming_in_pro
from vault.carnet.references import shown
from vault.services import administering, designating, signing_in
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR
from vault.services.sessions import NewSession

WHY = "Pour vous proposer un poste près de chez vous."


def test_the_page_is_the_same_whatever_the_number_leads_to(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-demandée")
    his = site.professional(site.world.structure("SIAE de Paul"), "paul-demande")
    carnet = site.world.parts.data.carnet(ana.carnet_id)
    assert carnet is not None
    assert "/demander" in his.get("/carnets").text
    assert "finalite=proposer_poste" in his.get("/demander").text
    assert "Numéro du carnet" in his.get("/demander?finalite=proposer_poste").text
    told = {
        "csrf_token": his.headers["X-CSRF-Token"],
        "finalite": "proposer_poste",
        "champs": ["permis_conduire"],
        "duree": "31",
        "raison": WHY,
        "pour": "me",
    }
    number = shown(carnet.reference)
    answers = [
        his.post("/demander", data=told | {"numero": number}),
        his.post("/demander", data=told | {"numero": number}),  # one waits already
        his.post("/demander", data=told | {"carnet": "a" * 26}),  # nobody's
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["location"]) == (303, "/demander/envoyee"), answer.text
        assert sorted(answer.headers) == sorted(answers[0].headers)
        assert answer.content == answers[0].content
    assert "Vous ne saurez pas si elle est lue ou refusée" in his.get("/demander/envoyee").text
    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    assert (request["reason"], request["fields"]) == (WHY, ["permis_conduire"])
    for wrong in ({"numero": "123"}, {"raison": "court"}, {"duree": ""}, {"champs": ["adresse"]}):
        fault = his.post("/demander", data=told | {"numero": number} | wrong)
        assert fault.status_code == 422, wrong
        assert "À corriger" in fault.text


def typed(his: TestClient, carnet_id: str, **told: object) -> dict[str, object]:
    usual = {"finalite": "accompagnement", "champs": ["permis_conduire"], "duree": "31", "raison": WHY}
    return usual | {"csrf_token": his.headers["X-CSRF-Token"], "carnet": carnet_id, "pour": "me"} | told


def an_adviser(site: Site, structure_id: StructureId) -> tuple[TestClient, ProfessionalId]:
    """Nolwenn LE GALL, as ProConnect tells her."""
    invitation = administering.invite(
        site.world.parts, structure_id=structure_id, email="n@cap.example", role=Role.ADVISER
    )
    coming = coming_in_pro("nolwenn", claims={"given_name": "Nolwenn", "usual_name": "LE GALL"})
    session = signing_in.professional_signs_in(
        site.world.parts, coming, invitation=invitation.secret, rules=RULES
    )
    assert isinstance(session, NewSession)
    return site.signed_in(session), ProfessionalId(session.session.row.subject)


def test_she_is_told_who_asks_by_name_and_role_until_he_works_there_no_more(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-qui-demande")
    his, professional_id = an_adviser(site, site.world.structure("CCAS du Cap", StructureKind.CCAS))
    assert his.post("/demander", data=typed(his, ana.carnet_id)).status_code == 303
    before = site.log_size()
    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    assert request["asked_by"] == {"system": False, "name": "Nolwenn LE GALL", "role": "adviser"}
    pages = ("/mes-demandes", f"/mes-demandes/{request['request_id']}")
    for page in pages:
        assert "Nolwenn LE GALL, conseiller ou conseillère, CCAS du Cap" in me.get(page).text
    assert site.log_size() == before + 3, "one entry each"
    end_habilitation(site.world.parts, professional_id, at=None, actor=OPERATOR)
    for page in pages:
        text = me.get(page).text
        assert "LE GALL" not in text
        assert "<dt>Qui demande</dt><dd>CCAS du Cap</dd>" in text
    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    assert request["asked_by"] == {"system": False, "name": None, "role": None}


def test_asking_as_referent_is_offered_by_role_and_arrives_from_him_alone(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-suivie")
    carnet = site.world.parts.data.carnet(ana.carnet_id)
    assert carnet is not None
    ccas = site.world.structure("CCAS de la Pointe", StructureKind.CCAS)
    session = site.world.professional(ccas, "yann")
    professional_id = ProfessionalId(session.session.row.subject)
    his, other = site.signed_in(session), site.professional(ccas, "soazig")
    adviser = site.professional(ccas, "loic", Role.ADVISER)
    designating.designate(site.world.parts, carnet.reference, professional_id, actor=OPERATOR)
    form = f"/demander?finalite=accompagnement&carnet={ana.carnet_id}"
    assert 'name="pour" value="referent"' not in adviser.get(form).text
    for one in (his, other):
        assert one.get(form).text.count('name="pour" value="referent"') == 1
    answers = [one.post("/demander", data=typed(one, ana.carnet_id, pour="referent")) for one in (other, his)]
    assert {answer.headers["location"] for answer in answers} == {"/demander/envoyee"}
    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    assert (request["function"], request["professional_id"]) == ("referent", professional_id)


def test_what_may_be_asked_stands_by_theme_and_a_model_ticks_nothing_special(lone_site: Site) -> None:
    site = lone_site
    his = site.professional(site.world.structure("SIAE des Modèles"), "paul-modeles")
    purpose = site.world.parts.frame.purpose(PurposeId("proposer_poste"))
    models = site.world.parts.frame.presets_for(purpose.purpose_id)
    assert models
    shown_first = his.get("/demander?finalite=proposer_poste").text
    assert 'class="theme-name"' in shown_first
    assert "checked" not in shown_first.split("Ce dont vous avez besoin")[1].split("Qui lira")[0]
    assert "1\u00a0mois" in shown_first
    told = {"csrf_token": his.headers["X-CSRF-Token"], "finalite": "proposer_poste", "raison": WHY}
    before = site.log_size()
    answer = his.post("/demander", data=told | {"modele": models[0].id, "numero": "7F3"})
    ticked = set(re.findall(r'name="champs" value="([^"]+)" checked', answer.text))
    assert (answer.status_code, ticked) == (200, set(models[0].compartments))
    assert not ticked & set(purpose.special)
    assert WHY in answer.text
    assert 'value="7F3"' in answer.text
    assert site.log_size() == before, "nothing was asked yet"

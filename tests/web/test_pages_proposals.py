"""The pages about what somebody proposes, and the interview for two."""

import re
from collections.abc import Mapping

import pytest
from starlette.testclient import TestClient

from consent.grants import Grantee
from schemas.ids import CompartmentId, ProfessionalId, PurposeId
from schemas.names import AnswerKind, Right, StructureKind
from tests.web.site import Site
from tests.world import Someone
from vault.services.own_carnet import read_own_carnet
from vault.services.sharing import Wish, give_grant

PURPOSE = "accompagnement"


@pytest.fixture
def ana(site: Site) -> tuple[Someone, TestClient]:
    someone = site.world.newcomer()
    return someone, site.signed_in(someone.session)


@pytest.fixture
def paul(site: Site, ana: tuple[Someone, TestClient]) -> TestClient:
    """A professional to whom she gives to read and to propose, health included."""
    someone, _ = ana
    structure_id = site.world.structure("CCAS de Brest", StructureKind.CCAS)
    session = site.world.professional(structure_id, "paul")
    ids = ("permis_conduire", "vehicule_disponible", "sante_retentissement", "engagements", "logement_fixe")
    wish = Wish(
        Grantee.professional(ProfessionalId(session.session.row.subject)),
        PurposeId(PURPOSE),
        tuple(CompartmentId(one) for one in ids),
        31,
        (Right.PROPOSE, Right.READ),
    )
    give_grant(site.world.parts, someone.owner, wish, actor=someone.actor)
    return site.signed_in(session)


def proposing(someone: Someone, rest: str) -> str:
    return f"/carnets/{someone.carnet_id}/{rest}?finalite={PURPOSE}"


def values(site: Site, someone: Someone) -> Mapping[str, object]:
    found = read_own_carnet(site.world.parts, someone.owner, actor=someone.actor).by_field()
    return {name: entry.body for name, entry in found.items() if name != "identite_nom"}


def test_he_proposes_in_a_form_and_she_answers_each_on_its_page(
    site: Site, ana: tuple[Someone, TestClient], paul: TestClient
) -> None:
    someone, me = ana
    carnet = paul.get(f"/carnets/{someone.carnet_id}?finalite={PURPOSE}")
    assert f"/carnets/{someone.carnet_id}/proposer" in carnet.text
    assert "Permis de conduire" in paul.get(proposing(someone, "proposer")).text
    sent = paul.post(
        proposing(someone, "proposer/permis_conduire"),
        data={"permis_conduire": ["b"], "permis_conduire.version": "0", "permis_conduire.answer": "answered"},
    )
    assert sent.status_code == 303, sent.text
    assert "en attente" in paul.get(sent.headers["location"]).text
    assert values(site, someone) == {}
    assert "vous propose 1\u00a0information" in me.get("/mon-carnet").text.replace("\u202f", "\u00a0")
    listed = me.get("/mes-propositions").text
    (href,) = set(re.findall(r"/mes-propositions/[a-z2-7]{26}", listed))
    shown = me.get(href).text
    assert "CCAS de Brest" in shown
    assert "Garder, mais je ne suis pas" in shown
    done = me.post(href, data={"choix": "disagreed", "version": "1", "etait": "0"})
    assert done.headers["location"].startswith("/mon-carnet/info/")
    assert me.get(done.headers["location"]).status_code == 200
    assert "la personne a répondu" in paul.get(proposing(someone, "proposer")).text
    late = me.post(href, data={"choix": "agreed", "version": "1", "etait": "0"})
    assert late.status_code == 409


def test_one_button_agrees_to_all_but_what_is_special_or_changes_an_answer(
    site: Site, ana: tuple[Someone, TestClient], paul: TestClient
) -> None:
    someone, me = ana
    site.world.write(someone, "vehicule_disponible", "velo")
    for name, value in (
        ("permis_conduire", "b"),
        ("vehicule_disponible", "aucun"),
        ("sante_retentissement", "aucun"),
    ):
        told = {name: [value], f"{name}.version": "0", f"{name}.answer": "answered"}
        assert paul.post(proposing(someone, f"proposer/{name}"), data=told).status_code == 303, name
    listed = me.get("/mes-propositions").text
    together = re.findall(r'name="proposition" value="([a-z2-7]{26}\.1)"', listed)
    assert len(together) == 1
    every = set(re.findall(r"/mes-propositions/([a-z2-7]{26})", listed))
    refused = me.post("/mes-propositions/d-accord", data={"proposition": [f"{one}.1" for one in every]})
    assert refused.status_code == 409
    assert me.post("/mes-propositions/d-accord", data={"proposition": together}).status_code == 303
    assert set(values(site, someone)) == {"permis_conduire", "vehicule_disponible"}


def test_he_proposes_one_more_commitment_of_the_administration(
    site: Site, ana: tuple[Someone, TestClient], paul: TestClient
) -> None:
    someone, me = ana
    form = paul.get(proposing(someone, "proposer/engagements"))
    assert form.status_code == 200
    told = {
        "engagements.version": "0",
        "engagements.partie": "administration",
        "engagements.texte": "Chercher une place en crèche",
        "engagements.etat": "en_cours",
    }
    choices = re.findall(r'<option value="([a-z_]+)"', form.text)
    told["engagements.etat"] = next(one for one in choices if one not in ("administration", "personne"))
    sent = paul.post(proposing(someone, "proposer/engagements"), data=told)
    assert sent.status_code == 303, sent.text
    assert "Chercher une place en crèche" in me.get("/mes-propositions").text


def test_whoever_may_not_propose_is_told_what_a_reader_is_told(
    site: Site, ana: tuple[Someone, TestClient]
) -> None:
    someone, _ = ana
    other = site.professional(site.world.structure(), "lea")
    for rest in ("proposer", "proposer/permis_conduire", "entretien", "entretien/1", "entretien/fin"):
        assert other.get(proposing(someone, rest)).status_code == 404, rest


def test_the_interview_in_her_session_goes_on_where_it_stopped(
    site: Site, ana: tuple[Someone, TestClient]
) -> None:
    someone, me = ana
    assert "40 questions" in me.get("/mon-carnet/entretien").text
    first = me.get("/mon-carnet/entretien/suite?avec=referent")
    assert first.headers["location"] == "/mon-carnet/entretien/1?avec=referent"
    page = me.get(first.headers["location"]).text
    assert "Avez-vous des enfants" in page
    said = me.post(
        first.headers["location"],
        data={
            "tout": "",
            "enfants_nombre": "2",
            "enfants_nombre.version": "0",
            "enfants_nombre.answer": "answered",
        },
    )
    assert said.headers["location"] == "/mon-carnet/entretien/2?avec=referent"
    prefers = me.post("/mon-carnet/entretien/2?avec=referent", data={"tout": "ne-souhaite-pas"})
    assert prefers.status_code == 303
    again = me.get("/mon-carnet/entretien/suite?avec=referent")
    assert again.headers["location"] == "/mon-carnet/entretien/3?avec=referent"
    found = values(site, someone)
    assert found["enfants_nombre"].value == 2  # type: ignore[attr-defined]
    assert found["enfants_nombre"].source == "entretien avec le référent"  # type: ignore[attr-defined]
    assert found["conjoint_presence"].answer is AnswerKind.PREFERS_NOT_TO_SAY  # type: ignore[attr-defined]
    wrong = me.post(
        "/mon-carnet/entretien/1",
        data={"tout": "", "enfants_nombre": "beaucoup", "enfants_nombre.version": "1"},
    )
    assert wrong.status_code == 422
    assert "beaucoup" in wrong.text
    end = me.get("/mon-carnet/entretien/fin").text
    assert "Avez-vous des enfants" in end
    assert me.get("/mon-carnet/entretien/41").status_code == 404


def test_the_interview_in_his_session_proposes_each_answer_and_she_agrees_from_her_own(
    site: Site, ana: tuple[Someone, TestClient], paul: TestClient
) -> None:
    someone, me = ana
    start = paul.get(proposing(someone, "entretien"))
    assert "3 questions" in start.text
    first = paul.get(proposing(someone, "entretien/suite")).headers["location"]
    assert "Avez-vous un logement fixe" in paul.get(first).text
    said = paul.post(first, data={"tout": "", "logement_fixe": "true", "logement_fixe.version": "0"})
    assert said.status_code == 303, said.text
    prefers = paul.post(said.headers["location"], data={"tout": "ne-souhaite-pas"})
    assert prefers.status_code == 303
    assert (
        paul.get(proposing(someone, "entretien/suite"))
        .headers["location"]
        .startswith(f"/carnets/{someone.carnet_id}/entretien/3")
    )
    end = paul.get(proposing(someone, "entretien/fin")).text
    assert "attend" in end
    assert values(site, someone) == {}
    together = re.findall(r'name="proposition" value="([a-z2-7]{26}\.1)"', me.get("/mes-propositions").text)
    assert me.post("/mes-propositions/d-accord", data={"proposition": together}).status_code == 303
    assert "logement_fixe" in values(site, someone)

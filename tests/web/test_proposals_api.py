"""Proposals over the API: the whole story, and refusals that tell nothing."""

import pytest
from starlette.testclient import TestClient

from schemas.ids import new_id
from tests.web.site import V1, Machine, Site
from tests.world import Someone

GIVEN = ("permis_conduire", "vehicule_disponible")


@pytest.fixture
def alpha(site: Site) -> Machine:
    return site.machine()


@pytest.fixture
def ana(site: Site) -> tuple[Someone, TestClient]:
    someone = site.world.newcomer()
    return someone, site.signed_in(someone.session)


def give(me: TestClient, alpha: Machine, *rights: str) -> str:
    told = {
        "grantee": {"structure_id": alpha.structure_id},
        "purpose_id": "proposer_poste",
        "fields": list(GIVEN),
        "rights": list(rights),
        "days": 31,
    }
    answer = me.post(f"{V1}/me/grants", json=told)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["grant_id"])


def entries(carnet_id: str, field_id: str) -> str:
    return f"{V1}/carnets/{carnet_id}/fields/{field_id}/entries"


def test_a_system_proposes_she_answers_and_it_reads_what_she_kept(
    site: Site, ana: tuple[Someone, TestClient], alpha: Machine
) -> None:
    someone, me = ana
    give(me, alpha, "read", "propose")
    (card,) = me.get(f"{V1}/me/grants").json()["items"]
    assert card["rights"] == ["propose", "read"]
    program = site.system(alpha)
    made = program.post(
        entries(someone.carnet_id, "permis_conduire"), json={"value": ["b"], "source": "bilan"}
    )
    assert made.status_code == 201
    assert made.json()["state"] == "proposed"
    other = program.post(entries(someone.carnet_id, "vehicule_disponible"), json={"answer": "does_not_know"})
    first, second = me.get(f"{V1}/me/proposals").json()["items"]
    assert (first["proposal_id"], first["value"], first["may_disagree"]) == (
        made.json()["entry_id"],
        ["b"],
        True,
    )
    assert first["source"].endswith(", bilan")
    said = me.post(
        f"{V1}/me/proposals/{first['proposal_id']}/answer",
        json={"choice": "agreed", "version": 1, "seen_version": 0},
    )
    assert said.status_code == 200
    late = me.post(
        f"{V1}/me/proposals/{first['proposal_id']}/answer", json={"choice": "set_aside", "version": 1}
    )
    assert late.status_code == 409
    me.post(f"{V1}/me/proposals/{second['proposal_id']}/answer", json={"choice": "set_aside", "version": 1})
    assert me.get(f"{V1}/me/proposals").json()["items"] == []
    own = program.get(f"{V1}/carnets/{someone.carnet_id}/proposals").json()["items"]
    assert [one["state"] for one in own] == ["answered", "answered"]
    assert {one["entry_id"] for one in own} == {made.json()["entry_id"], other.json()["entry_id"]}
    read = program.get(
        f"{V1}/carnets/{someone.carnet_id}/fields?purpose=proposer_poste&fields={','.join(GIVEN)}"
    )
    assert list(read.json()["fields"]) == ["permis_conduire"]


def test_refusals_are_those_of_a_read_byte_for_byte(
    site: Site, ana: tuple[Someone, TestClient], alpha: Machine
) -> None:
    someone, me = ana
    program = site.system(alpha)
    told = {"value": ["b"]}
    never = program.post(entries(someone.carnet_id, "permis_conduire"), json=told)
    nobody = program.post(entries(new_id(), "permis_conduire"), json=told)
    read = program.get(f"{V1}/carnets/{new_id()}/fields?purpose=proposer_poste&fields=permis_conduire")
    assert never.status_code == 404
    assert never.content == nobody.content == read.content
    grant_id = give(me, alpha, "read")
    assert program.post(entries(someone.carnet_id, "permis_conduire"), json=told).content == never.content
    me.post(f"{V1}/me/grants/{grant_id}/withdraw")
    ended = program.post(entries(someone.carnet_id, "permis_conduire"), json=told)
    listed = program.get(f"{V1}/carnets/{someone.carnet_id}/proposals")
    assert ended.status_code == listed.status_code == 403
    assert ended.content == listed.content


def test_to_propose_alone_reads_nothing(site: Site, ana: tuple[Someone, TestClient], alpha: Machine) -> None:
    someone, me = ana
    me.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]})
    give(me, alpha, "propose")
    program = site.system(alpha)
    read = program.get(
        f"{V1}/carnets/{someone.carnet_id}/fields?purpose=proposer_poste&fields=permis_conduire"
    )
    assert read.status_code == 404
    assert (
        program.post(entries(someone.carnet_id, "permis_conduire"), json={"value": ["c"]}).status_code == 201
    )


def test_faults_are_named(site: Site, ana: tuple[Someone, TestClient], alpha: Machine) -> None:
    someone, _ = ana
    program = site.system(alpha)
    for field_id, told in (
        ("permis_conduire", {"value": ["zzz"]}),
        ("permis_conduire", {}),
        ("permis_conduire", {"answer": "not_discussed"}),
        ("identite_nom", {"value": "X"}),
        ("inconnu", {"value": 1}),
        ("permis_conduire", {"value": ["b"], "on_entry": new_id()}),
    ):
        answer = program.post(entries(someone.carnet_id, field_id), json=told)
        assert answer.status_code == 422, (field_id, told, answer.text)

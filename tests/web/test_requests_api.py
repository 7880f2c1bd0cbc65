"""Requests by the API: what whoever asks is told, and what she answers."""

from tests.web.site import V1, Site
from tests.world import SIAE_FIELDS
from vault.carnet.references import shown

WHY = "Pour vous proposer un poste près de chez vous."


def a_demand(**told: object) -> dict[str, object]:
    usual = {"purpose_id": "proposer_poste", "fields": list(SIAE_FIELDS), "days": 31, "reason": WHY}
    return usual | told


def test_who_asks_is_told_the_same_whoever_and_she_gives_less_once(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-demande")
    site.world.fill(ana)
    bearer = site.system(site.machine("SIAE qui demande"))
    carnet = site.world.parts.data.carnet(ana.carnet_id)
    assert carnet is not None
    real = bearer.post(f"{V1}/grant-requests", json=a_demand(reference=shown(carnet.reference)))
    again = bearer.post(f"{V1}/grant-requests", json=a_demand(carnet_id=ana.carnet_id))
    nobody = bearer.post(f"{V1}/grant-requests", json=a_demand(carnet_id="a" * 26))
    for answer in (real, again, nobody):
        assert answer.status_code == 202, answer.text
        assert set(answer.json()) == {"request_id"}
        assert len(answer.content) == len(real.content)
        assert list(answer.headers) == list(real.headers)
    for wrong, pointer in (
        (a_demand(carnet_id="a" * 26, days=365), "/days"),
        (a_demand(carnet_id="a" * 26, fields=["logement_fixe"]), "/fields/0"),
        (a_demand(carnet_id="a" * 26, **{"for": "me"}), "/for"),
        (a_demand(reference="0000"), "/reference"),
    ):
        told = bearer.post(f"{V1}/grant-requests", json=wrong)
        assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, pointer), told.text

    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    assert (request["reason"], request["state"], request["days"]) == (WHY, "requested", 31)
    path = f"{V1}/me/requests/{request['request_id']}"
    assert me.post(f"{path}/defer").json()["state"] == "deferred"
    more = me.post(f"{path}/accept", json={"fields": ["logement_fixe"]})
    assert (more.status_code, more.json()["errors"][0]["pointer"]) == (422, "/fields/0")
    given = me.post(f"{path}/accept", json={"fields": ["permis_conduire"], "days": 1})
    assert given.status_code == 200, given.text
    (grant,) = me.get(f"{V1}/me/grants").json()["items"]
    assert (grant["grant_id"], grant["fields"]) == (given.json()["grant_id"], ["permis_conduire"])
    for late in ("accept", "refuse", "defer"):
        answer = me.post(f"{path}/{late}", json={} if late == "accept" else None)
        assert answer.status_code == 409, (late, answer.text)
    assert me.post(f"{V1}/me/requests/{'b' * 26}/refuse").status_code == 404


def test_she_alone_answers_what_she_was_asked(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-seule")
    _, other = site.person("une-autre")
    bearer = site.system(site.machine("SIAE d’Ana"))
    assert bearer.post(f"{V1}/grant-requests", json=a_demand(carnet_id=ana.carnet_id)).status_code == 202
    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    path = f"{V1}/me/requests/{request['request_id']}"
    for act in ("refuse", "defer"):
        assert other.post(f"{path}/{act}").status_code == 404
    assert me.post(f"{path}/refuse").json()["state"] == "refused"
    assert me.get(f"{V1}/me/requests").json()["items"][0]["state"] == "refused"

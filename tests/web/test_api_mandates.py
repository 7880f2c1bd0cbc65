"""Acting for somebody and giving a mandate, by programs: the doors of the pages, and no other."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from schemas.names import StructureKind
from tests.web.api_samples import helped, number_of, took
from tests.web.site import V1, Site, site_over
from tests.world import MovingClock, World

WISH = {"purpose_id": "accompagnement", "fields": ["permis_conduire"], "days": 31}


def acting(helper: TestClient, mandate_id: str) -> TestClient:
    return took(helper, helper.post(f"{V1}/acting", json={"mandate_id": mandate_id}))


def test_a_program_of_a_helper_acts_within_its_scopes_and_is_himself_again(lone_site: Site) -> None:
    someone, me, helper, given = helped(lone_site, "ines", "write")
    (held,) = helper.get(f"{V1}/acting").json()["items"]
    assert (held["mandate_id"], held["scopes"]) == (given, ["see", "write"])
    assert helper.get(f"{V1}/me/carnet").status_code == 403
    begun = helper.post(f"{V1}/acting", json={"mandate_id": given})
    assert begun.status_code == 201
    assert "HttpOnly" in begun.headers["set-cookie"]
    took(helper, begun)
    told = helper.get(f"{V1}/session").json()
    assert told == begun.json()
    assert (told["kind"], told["mandate_id"], told["scopes"]) == ("mandate", given, ["see", "write"])
    assert helper.get(f"{V1}/me/carnet").json()["carnet_id"] == someone.carnet_id
    assert helper.get(f"{V1}/me/accesses").status_code == 200
    assert helper.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]}).status_code == 200
    for method, path in (
        ("GET", "/me/grants"),
        ("GET", "/me/requests"),
        ("GET", "/me/carnet.pdf"),
        ("GET", "/me/mandates"),
        ("GET", "/me/receipts"),
        ("GET", "/me/notices"),
        ("GET", "/acting"),
    ):
        assert helper.request(method, V1 + path).status_code == 403, path
    (mine,) = me.get(f"{V1}/me/mandates").json()["items"]
    assert (mine["structure"], mine["standing"], mine["state"]) == ("CCAS ines", True, "active")
    back = helper.delete(f"{V1}/acting")
    assert (back.status_code, back.json()["kind"]) == (200, "professional")
    assert took(helper, back).get(f"{V1}/me/carnet").status_code == 403
    assert helper.delete(f"{V1}/acting").status_code == 403, "nobody acts any more"


def test_a_program_that_shares_for_her_lets_nothing_be_read_in_an_emergency(lone_site: Site) -> None:
    _, _, helper, given = helped(lone_site, "lou", "share")
    acting(helper, given)
    there = lone_site.world.structure("Association du Port", StructureKind.ASSOCIATION)
    wish = WISH | {"grantee": {"structure_id": there}}
    shared = helper.post(f"{V1}/me/grants", json=wish)
    assert shared.status_code == 201, shared.text
    path = f"{V1}/me/grants/{shared.json()['grant_id']}"
    assert helper.get(f"{V1}/me/grants").json()["items"][0]["state"] == "granted"
    assert helper.post(f"{path}/suspend").status_code == 200
    assert helper.post(f"{path}/withdraw").json()["state"] == "withdrawn"
    assert helper.get(f"{V1}/me/requests").status_code == 200
    assert helper.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]}).status_code == 403
    for_life = WISH | {"grantee": {"function": "emergency"}}
    assert helper.post(f"{V1}/me/grants", json=for_life).status_code == 403
    assert helper.get(f"{V1}/me/emergency").status_code == 403


def test_a_mandate_ended_by_a_program_of_hers_opens_nothing_at_the_next_call(lone_site: Site) -> None:
    _, me, helper, given = helped(lone_site, "gaia", "write")
    acting(helper, given)
    ended = me.post(f"{V1}/me/mandates/{given}/end")
    assert ended.json()["state"] == "ended"
    assert me.post(f"{V1}/me/mandates/{given}/end").json() == ended.json()
    assert helper.get(f"{V1}/me/carnet").status_code == 401, "the session itself is gone"
    assert helper.delete(f"{V1}/acting").status_code == 401
    assert me.post(f"{V1}/me/mandates/{'b' * 26}/end").status_code == 404


def test_beginning_needs_a_mandate_of_his_own_and_his_own_session(lone_site: Site) -> None:
    _, me, helper, given = helped(lone_site, "maud")
    _, _, other, _ = helped(lone_site, "nour")
    for client in (other, me):
        assert client.post(f"{V1}/acting", json={"mandate_id": given}).status_code == 404
    assert lone_site.dpo("sans").post(f"{V1}/acting", json={"mandate_id": given}).status_code == 403
    assert helper.post(f"{V1}/acting", json={"mandate_id": "x"}).status_code == 422
    assert helper.delete(f"{V1}/acting").status_code == 403


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"code": "ABC DEFG HJK"}, "/code"),
        ({"days": 2}, "/days"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_cannot_be_given_is_said_where(
    lone_site: Site, changed: dict[str, object], pointer: str
) -> None:
    me = lone_site.signed_in(lone_site.world.newcomer("faute").session)
    told = {"code": "23456789AB", "scopes": ["write"], "days": 31} | changed
    answer = me.post(f"{V1}/me/mandates", json=told)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]


def test_the_officer_records_and_ends_a_ruling_and_sees_no_name(lone_site: Site) -> None:
    site, world = lone_site, lone_site.world
    someone, relative = world.newcomer("odile"), world.newcomer("paula")
    desk, hers = site.dpo("greffe"), site.signed_in(someone.session)
    ruling = {
        "carnet": number_of(site, someone),
        "kind": "curatorship",
        "scopes": ["write"],
        "holder": {"carnet": number_of(site, relative), "name": "Paula, sa sœur"},
        "ruling": "TJ Brest 26/7",
        "ends_on": "2035-06-30",
    }
    for changed, pointer in (
        ({"scopes": ["share"]}, "/scopes"),
        ({"ends_on": "2001-01-01"}, "/ends_on"),
        ({"ends_on": "demain"}, "/ends_on"),
        ({"carnet": "ABC"}, "/carnet"),
        ({"kind": "helper"}, "/kind"),
        ({"holder": {"carnet": number_of(site, someone), "name": "Elle"}}, "/holder/carnet"),
    ):
        answer = desk.post(f"{V1}/dpo/mandates", json=ruling | changed)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    recorded = desk.post(f"{V1}/dpo/mandates", json=ruling)
    assert recorded.status_code == 201, recorded.text
    mandate_id = recorded.json()["mandate_id"]
    assert "Paula" not in desk.get(f"{V1}/dpo/mandates").text
    (mine,) = hers.get(f"{V1}/me/mandates").json()["items"]
    assert (mine["holder"], mine["kind"]) == ("Paula, sa sœur", "curatorship")
    assert hers.post(f"{V1}/me/mandates/{mandate_id}/end").status_code == 404, "not hers to end"
    theirs = acting(site.signed_in(relative.session), mandate_id)
    assert theirs.get(f"{V1}/me/carnet").json()["carnet_id"] == someone.carnet_id
    assert desk.post(f"{V1}/dpo/mandates/{mandate_id}/end").json()["state"] == "ended"
    assert theirs.get(f"{V1}/me/carnet").status_code == 401
    _, _, _, given = helped(site, "rita")
    assert desk.post(f"{V1}/dpo/mandates/{given}/end").status_code == 404, "help is hers to end"


def test_giving_asks_who_she_is_again_and_ending_does_not(tmp_path: Path) -> None:
    clock = MovingClock()
    urls = (f"sqlite:///{tmp_path}/c.sqlite", f"sqlite:///{tmp_path}/k.sqlite")
    world = World.open(*urls, tmp_path, clock=clock)
    with site_over(world) as site:
        _, me, _, given = helped(site, "zora")
        clock.forward(minutes=11)
        told = {"code": "23456789AB", "scopes": [], "days": 1}
        refused = me.post(f"{V1}/me/mandates", json=told)
        assert refused.json()["type"].endswith("fresh-sign-in-needed")
        assert me.post(f"{V1}/me/mandates/{given}/end").status_code == 200
    world.close()

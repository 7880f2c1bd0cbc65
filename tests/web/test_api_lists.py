"""Every list comes in pages of fifty: nothing twice, nothing missed, and an end."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from schemas.names import StructureKind
from tests.web.site import V1, Site, fields_url
from tests.world import Someone

PAGE = 50


def pages(client: TestClient, path: str, key: str) -> list[list[dict[str, Any]]]:
    """Every page, following ``next`` to the end."""
    told, after = [], ""
    while True:
        separator = "&" if "?" in path else "?"
        answer = client.get(f"{V1}{path}{separator}after={after}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {"items", "next"}
        told.append(page["items"])
        if page["next"] is None:
            return told
        assert page["next"] == page["items"][-1][key], "the last id, exclusive"
        after = page["next"]


def all_of(client: TestClient, path: str, key: str) -> list[dict[str, Any]]:
    """The items of all pages; each page but the last is full, no item comes twice."""
    found = pages(client, path, key)
    assert [len(page) for page in found[:-1]] == [PAGE] * (len(found) - 1)
    items = [item for page in found for item in page]
    assert len({item[key] for item in items}) == len(items)
    return items


def test_the_catalogue_lists_every_compartment_with_its_schema(lone_site: Site) -> None:
    catalogue = lone_site.world.parts.catalogue
    items = all_of(lone_site.client(), "/catalogue", "field_id")
    assert [item["field_id"] for item in items] == [one.id for one in catalogue.compartments()]
    assert len(items) > PAGE
    assert "revenus_sources:precis" in {item["field_id"] for item in items}
    assert all(item["schema"] == catalogue.compartment(item["field_id"]).schema for item in items)


def test_the_purposes_are_those_of_the_frame(lone_site: Site) -> None:
    items = all_of(lone_site.client(), "/purposes", "purpose_id")
    frame = lone_site.world.parts.frame
    assert [item["purpose_id"] for item in items] == [one.purpose_id for one in frame.purposes]
    assert all(
        set(item["fields"]) <= {c.id for c in lone_site.world.parts.catalogue.compartments()}
        for item in items
    )


@pytest.fixture(scope="module")
def many_structures(lone_site: Site) -> list[str]:
    return [lone_site.world.structure(f"Épicerie {n % 7} é {n:03}", StructureKind.SIAE) for n in range(55)]


def test_structures_are_found_by_words_in_pages(lone_site: Site, many_structures: list[str]) -> None:
    _, me = lone_site.person("cherche")
    found = all_of(me, "/me/grantees?q=epicerie", "structure_id")
    assert [item["name"] for item in found] == sorted(item["name"] for item in found)
    assert {item["structure_id"] for item in found} == set(many_structures)
    assert [item["name"] for item in all_of(me, "/me/grantees?q=EPICERIE%20007", "structure_id")] == [
        "Épicerie 0 é 007"
    ]
    assert all_of(me, "/me/grantees?q=%25", "structure_id") == []
    assert len(all_of(me, "/me/grantees", "structure_id")) >= 55


def shared_with_many(site: Site, who: Someone, structures: list[str]) -> list[str]:
    return [site.world.share(who, one, ["permis_conduire"], days=3).id for one in structures]  # type: ignore[arg-type]


def test_her_grants_come_newest_first_in_pages(lone_site: Site, many_structures: list[str]) -> None:
    ana, me = lone_site.person("donne")
    given = shared_with_many(lone_site, ana, many_structures)
    found = all_of(me, "/me/grants", "grant_id")
    assert {item["grant_id"] for item in found} == set(given)
    starts = [item["starts_at"] for item in found]
    assert starts == sorted(starts, reverse=True)
    assert {tuple(item["grantee"]) for item in found} == {("structure_id",)}


def test_a_grantees_own_grants_come_in_pages(lone_site: Site) -> None:
    site, alpha = lone_site, lone_site.machine()
    people = [site.world.person(f"personne-{number}") for number in range(53)]
    given = {site.world.share(who, alpha.structure_id, ["permis_conduire"]).id for who in people}
    other = site.machine("SIAE Beta")
    site.world.share(people[0], other.structure_id)
    for caller in (site.system(alpha), site.professional(alpha.structure_id)):
        found = all_of(caller, "/grants", "grant_id")
        assert {item["grant_id"] for item in found} == given
        assert {item["carnet_id"] for item in found} == {who.carnet_id for who in people}


def test_accesses_come_newest_first_in_pages_that_new_ones_do_not_shift(site: Site) -> None:
    ana, me = site.person("ana")
    site.world.fill(ana)
    alpha = site.machine()
    site.world.share(ana, alpha.structure_id)
    system = site.system(alpha)
    read = [system.get(fields_url(ana.carnet_id)).json()["access_id"] for _ in range(60)]
    first = me.get(f"{V1}/me/accesses").json()
    system.get(fields_url(ana.carnet_id))
    second = me.get(f"{V1}/me/accesses?after={first['next']}").json()
    listed = [item["access_id"] for item in first["items"] + second["items"]]
    assert listed == sorted(read, key=int, reverse=True)
    assert second["next"] is None
    assert {item["own"] for item in first["items"]} == {False}
    own = me.get(f"{V1}/me/accesses?own=1").json()["items"]
    assert [item["own"] for item in own].count(True) == 0, "she has not looked at her carnet yet"
    me.get(f"{V1}/me/carnet")
    assert me.get(f"{V1}/me/accesses?own=1").json()["items"][0]["own"] is True
    assert me.get(f"{V1}/me/accesses").json()["items"][0]["own"] is False


def test_the_desk_sees_every_entry_once_newest_first_and_no_name(site: Site) -> None:
    ana, me = site.person("noemie")
    alpha = site.machine()
    grant = site.world.share(ana, alpha.structure_id)
    system, paul = site.system(alpha), site.professional(alpha.structure_id, "paulin")
    for _ in range(30):
        system.get(fields_url(ana.carnet_id))
        paul.get(fields_url(ana.carnet_id))
    officer = site.dpo()
    found = all_of(officer, "/dpo/accesses", "access_id")
    assert [int(item["access_id"]) for item in found] == sorted(
        (item["log_index"] for item in found), reverse=True
    )
    reads = [item for item in found if item["op"] == "read"]
    assert len(reads) == 60
    reference = me.get(f"{V1}/me/carnet").json()["reference"]
    for item in reads:
        assert (item["carnet_id"], item["reference"], item["grant_id"], item["structure"]) == (
            ana.carnet_id,
            reference,
            grant.id,
            "SIAE Alpha",
        )
    assert {item["client_id"] for item in reads} == {alpha.client_id, None}
    assert {item["role"] for item in reads} == {None, "referent"}
    assert len({item["professional_id"] for item in reads}) == 2
    answer = officer.get(f"{V1}/dpo/accesses").text.lower()
    assert "noemie" not in answer
    assert "paulin" not in answer

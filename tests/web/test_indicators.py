"""The counts of all carnets: for those who steer, in sentences and figures, and for nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from schemas.ids import new_id
from schemas.names import Role, StructureKind
from tests.web.plain_browser import Browser
from tests.web.site import Site, site_over
from tests.world import World
from vault.services.indicators import count_paths
from vault.web.api.operations import V1

PAGE, API = "/indicateurs", f"{V1}/indicators"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("place")
    world = World.open(f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite", folder)
    with site_over(world) as running:
        yield running
    world.close()


def in_charge(site: Site, kind: StructureKind) -> TestClient:
    there = site.world.structure(f"Ici {kind}", kind)
    return site.signed_in(site.world.professional(there, new_id(), Role.MANAGER))


def test_before_eleven_carnets_nothing_is_told_and_the_page_says_why(place: Site) -> None:
    page = Browser(in_charge(place, StructureKind.DEPARTEMENT)).get(PAGE)
    assert page.status == 200
    assert "à partir de 11 personnes" in page.text
    told = place.dpo("dpo-counts").get(API).json()
    assert told == {"made_on": None, "least": 11, "tables": {}}


def test_counts_are_for_a_departement_and_the_officer_and_nobody_else(place: Site) -> None:
    allowed = {
        "departement": in_charge(place, StructureKind.DEPARTEMENT),
        "dpo": place.dpo("dpo-doors"),
    }
    there = place.world.structure("Un CCAS", StructureKind.CCAS)
    others = {
        "person": place.signed_in(place.world.newcomer().session),
        "professional": place.professional(there, "p-counts"),
        "manager elsewhere": in_charge(place, StructureKind.CCAS),
    }
    for who, client in allowed.items():
        assert (client.get(PAGE).status_code, client.get(API).status_code) == (200, 200), who
    for who, client in others.items():
        assert (client.get(PAGE).status_code, client.get(API).status_code) == (403, 403), who
    assert place.client().get(API).status_code == 401


def test_the_same_number_is_in_a_sentence_a_table_and_the_api(place: Site) -> None:
    for _ in range(14):
        place.world.newcomer()
    open_now = len(place.world.parts.data.carnets_after(None, limit=100))
    count_paths(place.world.parts)
    officer = place.dpo("dpo-same")
    assert officer.get(API).json()["tables"]["carnets"]["total"]["count"] == open_now
    page = Browser(officer).get(PAGE)
    assert f"{open_now} carnets sont ouverts." in page.text.replace("\u00a0", " ")
    assert "Trop peu de personnes" in page.text  # nobody has a contract


def test_the_desk_of_those_who_steer_leads_there(place: Site) -> None:
    assert PAGE in place.dpo("dpo-links").get("/dpo").text
    assert PAGE in in_charge(place, StructureKind.DEPARTEMENT).get("/equipe").text
    assert PAGE not in in_charge(place, StructureKind.CCAS).get("/equipe").text

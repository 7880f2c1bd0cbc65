"""Who may call what: sessions, the CSRF token, kinds of callers, habilitations that end."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from sqlalchemy import update
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from schemas.names import Role, StructureKind
from tests.web.site import V1, Site, fields_url
from vault.errors import ConfigError
from vault.services.sessions import end_session
from vault.storage.tables import clients, habilitations
from vault.web.app import create_app
from vault.web.declared import check_declared

CARNET = "a" * 26
PERSON = [
    ("GET", "/me/carnet"),
    ("PUT", "/me/fields/permis_conduire"),
    ("GET", "/me/grantees"),
    ("POST", "/me/grants"),
    ("GET", "/me/grants"),
    ("POST", f"/me/grants/{CARNET}/withdraw"),
    ("GET", "/me/accesses"),
    ("GET", "/me/carnet.pdf"),
]
GRANTEE = [
    ("GET", "/grants"),
    ("GET", f"/carnets/{CARNET}/fields?purpose=proposer_poste&fields=permis_conduire"),
]
DPO = [("GET", "/dpo/accesses"), ("GET", "/dpo/log"), ("GET", "/indicators")]


def status(client: TestClient, method: str, path: str, **told: Any) -> int:
    body = {"json": {"value": ["b"]}} if method == "PUT" else {"json": {}} if method == "POST" else {}
    return client.request(method, V1 + path, **body, **told).status_code


@pytest.fixture(scope="module")
def callers(lone_site: Site) -> dict[str, TestClient]:
    alpha = lone_site.machine()
    return {
        "person": lone_site.person("ana")[1],
        "professional": lone_site.professional(alpha.structure_id, "paul"),
        "manager": lone_site.professional(alpha.structure_id, "max", Role.MANAGER),
        "dpo": lone_site.dpo("diane"),
        "system": lone_site.system(alpha),
        "nobody": lone_site.client(),
    }


@pytest.mark.parametrize(("method", "path"), PERSON + GRANTEE + DPO + [("GET", "/session")])
def test_without_a_session_or_a_token_everything_personal_is_401(
    callers: dict[str, TestClient], method: str, path: str
) -> None:
    answer = callers["nobody"].request(method, V1 + path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("routes", "allowed"),
    [(PERSON, {"person"}), (GRANTEE, {"professional", "system"}), (DPO, {"dpo"})],
)
def test_each_kind_of_caller_has_its_own_doors(
    callers: dict[str, TestClient], routes: list[tuple[str, str]], allowed: set[str]
) -> None:
    for who in set(callers) - {"nobody"}:
        for method, path in routes:
            found = status(callers[who], method, path)
            if who in allowed:
                assert found not in (401, 403), (who, path, found)
            else:
                assert found == 403, (who, path, found)


@pytest.mark.parametrize(("method", "path"), [one for one in PERSON if one[0] != "GET"])
@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 10_000])
def test_an_unsafe_call_without_the_sessions_csrf_token_is_403(
    callers: dict[str, TestClient], method: str, path: str, token: str
) -> None:
    headers = {"X-CSRF-Token": token.encode("utf-8")}
    answer = callers["person"].request(method, V1 + path, json={"value": ["b"]}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("problems/csrf")


def test_the_csrf_token_of_another_session_does_not_serve(lone_site: Site) -> None:
    _, mine = lone_site.person("deux")
    _, other = lone_site.person("deux")
    told = other.get(f"{V1}/session").json()["csrf_token"]
    assert status(mine, "PUT", "/me/fields/permis_conduire", headers={"X-CSRF-Token": told}) == 403
    own = mine.get(f"{V1}/session").json()["csrf_token"]
    assert status(mine, "PUT", "/me/fields/permis_conduire", headers={"X-CSRF-Token": own}) == 200


def test_a_system_has_no_session(callers: dict[str, TestClient]) -> None:
    assert callers["system"].get(f"{V1}/session").status_code == 401


def test_the_session_says_who_one_is_and_nothing_more(lone_site: Site) -> None:
    ana, me = lone_site.person("qui")
    structure_id = lone_site.world.structure("CCAS", StructureKind.CCAS)
    told = me.get(f"{V1}/session").json()
    assert set(told) == {"kind", "carnet_id", "csrf_token"}
    assert (told["kind"], told["carnet_id"]) == ("person", ana.carnet_id)
    referent = lone_site.professional(structure_id, "rita").get(f"{V1}/session").json()
    assert (referent["kind"], referent["structure_id"], referent["role"]) == (
        "professional",
        structure_id,
        "referent",
    )
    assert lone_site.dpo("dora").get(f"{V1}/session").json()["kind"] == "dpo"


@pytest.mark.parametrize("cookie", ["", "x", "a" * 26, "é" * 20, "x" * 4000])
def test_a_cookie_that_names_no_session_opens_nothing(lone_site: Site, cookie: str) -> None:
    client = lone_site.client()
    answer = client.get(f"{V1}/session", headers={"Cookie": f"carnet={cookie}".encode()})
    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer ", "Bearer x", "bearer é", "Basic eDp5", "Bearer " + "x" * 5000])
def test_a_token_that_was_never_given_opens_nothing(lone_site: Site, scheme: str) -> None:
    client = lone_site.client()
    answer = client.get(fields_url(CARNET), headers={"Authorization": scheme.encode()})
    assert answer.status_code == 401


def test_a_session_that_ended_opens_nothing(lone_site: Site) -> None:
    ana, me = lone_site.person("fin")
    assert me.get(f"{V1}/me/carnet").status_code == 200
    end_session(lone_site.world.parts, ana.session.cookie)
    assert me.get(f"{V1}/me/carnet").status_code == 401


def test_a_professional_who_left_loses_everything_at_the_next_request(site: Site) -> None:
    alpha = site.machine()
    ana = site.world.person("ana")
    site.world.fill(ana)
    site.world.share(ana, alpha.structure_id)
    paul = site.professional(alpha.structure_id, "paul")
    assert paul.get(fields_url(ana.carnet_id)).status_code == 200
    _end_habilitations(site)
    assert paul.get(fields_url(ana.carnet_id)).status_code == 403
    assert paul.get(f"{V1}/grants").status_code == 403
    told = paul.get(f"{V1}/session").json()
    assert set(told) == {"kind", "csrf_token"}


def test_a_system_that_was_closed_lists_and_reads_nothing_while_its_token_lives(site: Site) -> None:
    alpha = site.machine()
    ana = site.world.person("ana")
    site.world.share(ana, alpha.structure_id)
    system = site.system(alpha)
    assert system.get(fields_url(ana.carnet_id)).status_code == 200
    _close_clients(site)
    assert system.get(f"{V1}/grants").status_code == 401
    assert system.get(fields_url(ana.carnet_id)).status_code == 403
    assert site.client().post("/oauth/token", data=alpha.form()).status_code == 401


def _end_habilitations(site: Site) -> None:
    with site.world.app.data.database.transaction() as connection:
        connection.execute(update(habilitations).values(ends_at=datetime.now(UTC) - timedelta(seconds=1)))


def _close_clients(site: Site) -> None:
    with site.world.app.data.database.transaction() as connection:
        connection.execute(update(clients).values(ends_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_a_token_ends_after_ten_minutes(site: Site) -> None:
    alpha = site.machine()
    system = site.system(alpha)
    assert system.get(f"{V1}/grants").status_code == 200
    later = datetime.fromtimestamp(time.time() + 601, tz=UTC)
    object.__setattr__(site.world.parts, "clock", lambda: later)
    assert system.get(f"{V1}/grants").status_code == 401


# --- closed by default -----------------------------------------------------------------------------------


def test_a_route_that_does_not_say_who_may_call_it_stops_the_start(lone_site: Site) -> None:
    open_door = APIRouter()

    @open_door.get("/ouvert")
    def anything() -> dict[str, str]:
        return {}

    with pytest.raises(ConfigError, match="/ouvert"):
        create_app(lone_site.world.app, pages=[open_door])


def test_what_cannot_say_who_may_call_it_stops_the_start() -> None:
    for route in (
        Mount("/autre", routes=[]),
        Route("/brut", lambda request: None),
        WebSocketRoute("/w", print),
    ):
        with pytest.raises(ConfigError):
            check_declared([route])

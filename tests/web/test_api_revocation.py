"""A system gives its tokens back; nobody else's end by it, and whose they are is not told."""

from typing import Any

import pytest

from tests.web.site import BASE, V1, Machine, Site
from vault.services import clients

REVOKE, GRANTS = "/oauth/revoke", f"{V1}/grants"


@pytest.fixture(scope="module")
def alpha(lone_site: Site) -> Machine:
    return lone_site.machine()


def revoke(site: Site, machine: Machine, token: str, url: str = REVOKE, **changed: str) -> Any:
    return site.client().post(url, data=machine.form(token=token) | changed)


def opens(site: Site, token: str) -> bool:
    return bool(site.client(Authorization=f"Bearer {token}").get(GRANTS).status_code == 200)


@pytest.mark.parametrize("url", [REVOKE, f"{V1}{REVOKE}"])
def test_a_token_given_back_opens_nothing_at_once(site: Site, url: str) -> None:
    machine = site.machine()
    token, other = site.token(machine), site.token(machine)
    answer = revoke(site, machine, token, url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert not opens(site, token)
    assert opens(site, other)


def test_another_system_s_token_stays_and_the_answer_is_the_same(lone_site: Site, alpha: Machine) -> None:
    theirs = lone_site.token(lone_site.machine("CCAS Beta"))
    mine = lone_site.token(alpha)
    answers = [
        revoke(lone_site, alpha, token) for token in (theirs, mine, mine, "unknown", "é\u0000", "x" * 5000)
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}
    assert opens(lone_site, theirs)
    assert not opens(lone_site, mine)


def test_giving_back_asks_who_one_is(lone_site: Site, alpha: Machine) -> None:
    token = lone_site.token(alpha)
    other = lone_site.machine()
    for spoiled in (
        alpha.form(alpha.assertion(aud="https://elsewhere.example"), token=token),
        alpha.form(other.assertion(iss=alpha.client_id, sub=alpha.client_id), token=token),
        alpha.form("x", token=token),
    ):
        answer = lone_site.client().post(REVOKE, data=spoiled)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    for missing in ("token", "client_assertion", "client_assertion_type"):
        answer = lone_site.client().post(REVOKE, data=alpha.form(token=token) | {missing: ""})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    form = alpha.form(alpha.assertion(aud=f"{BASE}/oauth/revoke"), token="unknown")
    assert [lone_site.client().post(REVOKE, data=form).status_code for _ in range(2)] == [200, 401]
    assert opens(lone_site, token)


def test_an_assertion_used_to_give_back_gets_no_token_and_the_reverse(
    lone_site: Site, alpha: Machine
) -> None:
    form = alpha.form(token="unknown")
    assert lone_site.client().post(REVOKE, data=form).status_code == 200
    assert lone_site.client().post("/oauth/token", data=form).status_code == 401


def test_nothing_opens_to_a_system_that_ended(site: Site) -> None:
    machine = site.machine()
    ana = site.world.person("ana")
    site.world.fill(ana)
    site.world.share(ana, machine.structure_id)
    client = site.system(machine)
    reading = f"{V1}/carnets/{ana.carnet_id}/fields?purpose=proposer_poste&fields=permis_conduire"
    assert [client.get(url).status_code for url in (GRANTS, reading)] == [200, 200]
    clients.end_client(site.world.parts, machine.client_id)
    assert [client.get(url).status_code for url in (GRANTS, reading)] == [401, 401]
    refused = site.client().post("/oauth/token", data=machine.form())
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert revoke(site, machine, "x").status_code == 401


def test_what_programs_may_use_here_is_told_where_they_look(lone_site: Site) -> None:
    answer = lone_site.client().get("/.well-known/oauth-authorization-server")
    told = answer.json()
    assert (answer.status_code, told["issuer"]) == (200, BASE)
    paths = {route.path for route in lone_site.app.routes}
    for name in ("token_endpoint", "revocation_endpoint"):
        assert told[name].removeprefix(BASE) in paths
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA"]

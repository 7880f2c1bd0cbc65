"""Cross-site request forgery: every route there is that changes something refuses a session's call without
that session's own token, before it does anything. The routes are walked, none is listed by hand."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from schemas.ids import new_id
from schemas.names import Role, StructureKind
from tests.web.site import Site, site_over
from tests.world import World
from vault.web.guard import SAFE_METHODS

FORM = {"content-type": "application/x-www-form-urlencoded"}
# They know no session: what they take proves itself (an assertion, a one-time link, a provider's answer).
WITHOUT_A_SESSION = {
    "/oauth/token",
    "/api/v1/oauth/token",
    "/oauth/revoke",
    "/api/v1/oauth/revoke",
    "/invitation/{token}",
    "/arreter-un-partage",
    "/arreter-un-partage/oui",
    "/recu",
    "/certificat",
    "/connexion/franceconnect/retour",
    "/connexion/proconnect/retour",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("csrf")
    world = World.open(f"sqlite:///{folder}/c.sqlite", f"sqlite:///{folder}/k.sqlite", folder)
    with site_over(world) as running:
        yield running
    world.close()


def changing(site: Site) -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in site.app.router.routes
        if isinstance(route, APIRoute)
        for method in sorted(set(route.methods or ()) - SAFE_METHODS)
    ]


def callers(site: Site) -> dict[str, TestClient]:
    structure = site.world.structure("CCAS des Formulaires", StructureKind.CCAS)
    told = {"person": site.signed_in(site.world.newcomer().session), "dpo": site.dpo(new_id())}
    for role in (Role.REFERENT, Role.MANAGER):
        told[role.value] = site.professional(structure, f"csrf-{role.value}", role)
    for client in told.values():
        client.headers.pop("X-CSRF-Token", None)
    return told


def test_no_route_changes_anything_without_the_token_of_this_very_session(site: Site) -> None:
    clients = callers(site)
    foreign = site.world.newcomer().session.session.csrf
    routes = [one for one in changing(site) if one[1] not in WITHOUT_A_SESSION]
    assert len(routes) > 15
    before = site.log_size()
    for method, path in routes:
        address = re.sub(r"{[^}]+}", "a" * 26, path)
        for who, client in clients.items():
            for token in ("", "faux", foreign):
                if path.startswith("/api/"):
                    headers = {"X-CSRF-Token": token} if token else {}
                    answer = client.request(method, address, json={}, headers=headers)
                else:
                    answer = client.request(
                        method, address, content=f"csrf_token={token}" if token else "", headers=FORM
                    )
                assert answer.status_code == 403, (who, method, path, answer.status_code)
                assert "csrf" in answer.text or "Rien n’a été enregistré" in answer.text, (who, path)
    assert site.log_size() == before, "nothing was done, and nothing noted"
    for who, client in clients.items():
        assert client.get("/api/v1/session").status_code == 200, f"{who} is still signed in"


def test_what_knows_no_session_is_not_helped_by_one(site: Site) -> None:
    """A cookie that comes along adds nothing to those routes."""
    known = {path for _, path in changing(site)}
    someone = site.signed_in(site.world.newcomer().session)
    for path in sorted(WITHOUT_A_SESSION & known):
        address = path.replace("{token}", "inconnu")
        alone = site.client().post(address, content="", headers=FORM)
        with_cookie = someone.post(address, content="", headers=FORM)
        assert with_cookie.status_code == alone.status_code, path
        assert with_cookie.status_code >= 300

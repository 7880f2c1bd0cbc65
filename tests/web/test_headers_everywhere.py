"""What every answer carries, on every route there is: the routes are walked, none is listed by hand."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from schemas.names import Role, StructureKind
from tests.web.site import Site, site_over
from tests.world import World

PROVIDERS = {  # nobody listens there: leaving for one ends on the page that says so
    "CARNET_FRANCECONNECT_ISSUER": "https://127.0.0.1:9/api/v2",
    "CARNET_FRANCECONNECT_CLIENT_ID": "a",
    "CARNET_FRANCECONNECT_CLIENT_SECRET": "b",
    "CARNET_PROCONNECT_ISSUER": "https://localhost:9/api/v2",
    "CARNET_PROCONNECT_CLIENT_ID": "a",
    "CARNET_PROCONNECT_CLIENT_SECRET": "b",
}
BESIDE = [
    ("GET", "/static/carnet.css"),
    ("GET", "/static/rien.css"),
    ("GET", "/static/"),
    ("GET", "/page-qui-n-existe-pas"),
    ("GET", "/api/v1/nothing"),
    ("DELETE", "/api/v1/session"),
    ("TRACE", "/"),
    ("OPTIONS", "/mon-carnet"),
    ("POST", "/aide"),
]
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self' https://127.0.0.1:9 https://localhost:9; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "content-security-policy": POLICY,
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """As deployed: a public https address, both doors set."""
    folder = tmp_path_factory.mktemp("everywhere")
    stores = f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite"
    world = World.open(*stores, folder, CARNET_PUBLIC_URL="https://carnet.example", **PROVIDERS)
    with site_over(world) as running:
        yield running
    world.close()


@pytest.fixture(scope="module")
def callers(site: Site) -> dict[str, TestClient]:
    """Nobody, and everybody who may sign in, each with the CSRF token of her session in no request."""
    structure = site.world.structure("CCAS", StructureKind.CCAS)
    told = {
        "person": site.world.person("ana").session,
        "other": site.world.person("bea").session,
        "professional": site.world.professional(structure, "paul", Role.REFERENT),
        "manager": site.world.professional(structure, "rosa", Role.MANAGER),
        "dpo": site.world.professional(site.world.structure("D", StructureKind.DEPARTEMENT), "d", Role.DPO),
    }
    cookies = {name: f"__Host-carnet={session.cookie}" for name, session in told.items()}
    return {"nobody": site.client()} | {name: site.client(Cookie=told) for name, told in cookies.items()}


Answers = dict[tuple[str, str, str], Any]  # (who, method, path) → the answer


@pytest.fixture(scope="module")
def answers(site: Site, callers: dict[str, TestClient]) -> Answers:
    """Every route with each of its methods, its parameters filled with something that could be one, asked for
    by everybody, as a page of another origin would."""
    found = [
        (method, re.sub(r"\{[^}]*\}", "a" * 26, route.path))
        for route in site.app.router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
    assert len(found) > 60, "the routes are where they were"
    return {
        (who, method, path): client.request(method, path, headers={"Origin": "https://evil.example"})
        for method, path in [*found, *BESIDE]
        for who, client in callers.items()
    }


def test_every_answer_of_every_route_carries_the_security_headers(answers: Answers) -> None:
    for asked, answer in answers.items():
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, asked
        assert "camera=()" in answer.headers["permissions-policy"], asked
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"]), asked
        assert answer.status_code != 500, asked


def test_every_answer_says_what_it_is_and_text_says_in_which_letters(answers: Answers) -> None:
    for asked, answer in answers.items():
        kind = answer.headers.get("content-type", "")
        assert bool(kind) == bool(answer.content), asked
        assert not kind.startswith("text/") or kind.endswith("; charset=utf-8"), asked


def test_what_may_be_kept_is_the_same_for_everybody_and_all_else_is_never_kept(answers: Answers) -> None:
    told = {asked: answer.headers["cache-control"] for asked, answer in answers.items()}
    kept = {asked[1:] for asked, cached in told.items() if cached != "no-store"}
    assert ("GET", "/static/carnet.css") in kept
    for method, path in kept:
        same = [answer for asked, answer in answers.items() if asked[1:] == (method, path)]
        assert method == "GET"
        assert all(answer.headers["cache-control"].startswith("public, max-age=") for answer in same), path
        assert len({answer.content for answer in same}) == 1, path
        assert not any("set-cookie" in answer.headers for answer in same), path
    for asked, answer in answers.items():
        if asked[1:] not in kept:
            assert not {"etag", "last-modified", "accept-ranges"} & set(answer.headers), asked


def test_no_answer_lets_another_origin_read_it(answers: Answers) -> None:
    for asked, answer in answers.items():
        assert not [name for name in answer.headers if name.startswith("access-control-")], asked


def test_what_programs_get_is_never_a_page(answers: Answers) -> None:
    programs = ("application/json", "application/problem+json", "application/pdf", "application/zip")
    for asked, answer in answers.items():
        if asked[2].startswith(("/api/", "/oauth/")):
            assert answer.headers["content-type"] in programs, asked


def test_no_answer_says_what_serves_it(answers: Answers) -> None:
    for asked, answer in answers.items():
        assert not {"server", "x-powered-by", "via"} & set(answer.headers), asked


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "PROPFIND"])
def test_a_method_nobody_serves_is_refused(site: Site, method: str) -> None:
    for path in ("/", "/mon-carnet", "/api/v1/me/carnet", "/oauth/token"):
        assert site.client().request(method, path).status_code == 405


def test_a_folder_is_not_listed_and_nothing_outside_it_is_served(site: Site) -> None:
    outside = [
        "",
        ".",
        "%2e%2e/app.py",
        "..%2fapp.py",
        "../app.py",
        "%2e%2e%2f%2e%2e%2f.git/config",
        "/etc/passwd",
    ]
    for path in (*(f"/static/{one}" for one in outside), "/.git/HEAD", "/static/.git/HEAD", "/carnet.sqlite"):
        answer = site.client().get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"].startswith("text/html"), path


def test_every_page_of_somebody_signed_in_lets_her_sign_out(answers: Answers) -> None:
    pages = {
        asked: answer.text
        for asked, answer in answers.items()
        if answer.headers.get("content-type", "").startswith("text/html")
        if asked[0] != "nobody" and answers["nobody", *asked[1:]].status_code != 200  # not open to all
    }
    assert len(pages) > 100
    for asked, html in pages.items():
        assert '<form method="post" action="/deconnexion">' in html, asked


def test_no_session_does_anything_without_its_token(answers: Answers) -> None:
    """Every unsafe method of every route, asked for with a session's cookie alone."""
    # No session counts there.
    apart = (
        "/oauth/",
        "/api/v1/oauth/",
        "/invitation/",
        "/connexion/",
        "/arreter-un-partage",
        "/recu",
        "/certificat",
    )
    tried = [
        (asked, answer)
        for asked, answer in answers.items()
        if asked[0] != "nobody" and asked[1] not in ("GET", "HEAD", "OPTIONS")
        if not asked[2].startswith(apart) and asked[1:] not in BESIDE
    ]
    assert len(tried) > 50
    for asked, answer in tried:
        assert answer.status_code == 403, asked

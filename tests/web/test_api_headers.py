"""What every answer carries, what is refused before anything is read, and what no answer says."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.loops import run_apart
from tests.web.site import V1, Site, fields_url, site_over
from tests.world import World
from vault.audit import open_note
from vault.errors import LogUnavailableError, StoreUnavailableError
from vault.web.api.sante import Pulse
from vault.web.headers import MOST_BODY
from vault.web.telling import Refusals


@pytest.fixture(scope="module")
def secure_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("secure")
    world = World.open(
        f"sqlite:///{folder}/carnet.sqlite",
        f"sqlite:///{folder}/keys.sqlite",
        folder,
        CARNET_PUBLIC_URL="https://carnet.example",
    )
    with site_over(world) as running:
        yield running
    world.close()


def test_on_http_nothing_is_said_of_https_and_no_provider_is_named(lone_site: Site) -> None:
    headers = lone_site.client().get("/sante").headers
    assert "strict-transport-security" not in headers
    assert "form-action 'self'; base-uri" in headers["content-security-policy"]


def test_the_number_of_a_request_is_new_each_time(lone_site: Site) -> None:
    client = lone_site.client()
    assert len({client.get("/sante").headers["x-request-id"] for _ in range(20)}) == 20


def test_on_https_the_cookie_is_bound_to_the_host(secure_site: Site) -> None:
    someone = secure_site.world.person("ana")
    client = secure_site.client()
    for name, status in (("carnet", 401), ("__Host-carnet", 200)):
        headers = {"Cookie": f"{name}={someone.session.cookie}"}
        assert client.get(f"{V1}/session", headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/me/carnet", "/me/accesses", "/session", "/me/grants", "/me/carnet.pdf"])
def test_an_answer_that_depends_on_who_asks_is_never_kept_or_asked_again_in_part(
    lone_site: Site, path: str
) -> None:
    _, me = lone_site.person("cache")
    answer = me.get(V1 + path, headers={"If-None-Match": "*", "Range": "bytes=0-1"})
    assert answer.status_code in (200, 503)
    assert answer.headers["cache-control"] == "no-store"
    assert not {"etag", "last-modified", "accept-ranges", "content-range"} & set(answer.headers)


@pytest.mark.parametrize(
    "value", ["prefetch", "Prefetch", "prefetch;prerender", "prefetch; anonymous-client-ip"]
)
@pytest.mark.parametrize("path", [f"{V1}/me/carnet", "/sante", "/mon-carnet", f"{V1}/nothing"])
def test_what_a_browser_loads_in_advance_is_503_first(lone_site: Site, path: str, value: str) -> None:
    _, me = lone_site.person("avance")
    assert me.get(path, headers={"Sec-Purpose": value}).status_code == 503


@pytest.mark.parametrize("path", ["/me/carnet", "/me/accesses", "/grants", "/dpo/accesses", "/session"])
def test_head_is_405(lone_site: Site, path: str) -> None:
    _, me = lone_site.person("tete")
    answer = me.head(V1 + path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


# --- long bodies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{V1}/me/fields/permis_conduire"),
        ("POST", "/oauth/token"),
        ("POST", f"{V1}/nothing"),
        ("GET", "/sante"),
    ],
)
def test_a_body_of_ten_megabytes_is_413_by_its_announced_length(
    lone_site: Site, method: str, path: str
) -> None:
    _, me = lone_site.person("long")
    answer = me.request(method, path, content=b"x" * 10_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    told = answer.json()
    assert told.get("type", "").endswith("problems/too-large") or told["error"] == "invalid_request"


@pytest.mark.anyio
async def test_a_body_without_a_length_is_413_as_soon_as_it_is_too_long(lone_site: Site) -> None:
    taken, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 8192, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "PUT",
        "path": f"{V1}/me/carnet",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await lone_site.app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert taken == MOST_BODY // 8192 + 1


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("length", ["x", "-1", "9" * 30, "1.5"])
def test_a_length_that_is_no_length_is_413(lone_site: Site, length: str) -> None:
    answer = lone_site.client().get("/sante", headers={"Content-Length": length})
    assert answer.status_code == 413


# --- what breaks, and what is never said -----------------------------------------------------------------


def test_what_breaks_says_nothing_of_what_it_held(
    lone_site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "canary-of-her-name"

    def breaks(*_: Any) -> Any:
        raise KeyError(canary)

    monkeypatch.setattr(lone_site.world.parts.data, "last_checkpoint", breaks)
    with caplog.at_level(logging.DEBUG):
        answer = lone_site.client().get("/log/checkpoint")
    assert (answer.status_code, answer.json()["type"][-7:]) == (500, "/broken")
    (line,) = [record for record in caplog.records if record.name == "carnet.web"]
    assert line.getMessage().startswith(
        f"status=500 request={answer.headers['x-request-id']} error=KeyError at="
    )
    assert canary not in answer.text + caplog.text


def test_no_secret_and_no_name_reaches_the_process_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ana, me = site.person("canaria")
        alpha = site.machine()
        me.put(f"{V1}/me/fields/diplome_intitule", json={"value": "canari en cage"})
        me.put(f"{V1}/me/fields/permis_conduire", json={"value": "canari mal mis"})
        grant = site.world.share(ana, alpha.structure_id)
        system = site.system(alpha)
        for call in (fields_url(ana.carnet_id), f"{V1}/carnets/canari/fields", f"{V1}/grants"):
            system.get(call)
        me.get(f"{V1}/me/carnet")
        me.get(f"{V1}/me/accesses?after=canari")
        me.post(f"{V1}/me/grants/{grant.id}/withdraw")
        site.client().post("/oauth/token", data=alpha.form("canari.canari.canari"))
    secrets = [
        ana.session.cookie,
        ana.session.session.csrf,
        system.headers["authorization"].removeprefix("Bearer "),
    ]
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert "canari" not in said.lower()
    assert not [secret for secret in secrets if secret in caplog.text]


def told_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "carnet.security"]


def test_a_refusal_is_told_to_the_operator_by_its_kind_alone(
    lone_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    _, me = lone_site.person("refus")
    stranger = lone_site.dpo("autre-refus")
    me.headers.pop("X-CSRF-Token")
    calls = [
        (me.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]}), "csrf"),
        (me.post("/deconnexion", data={"csrf_token": "faux"}), "csrf"),
        (stranger.get("/mon-carnet"), "wrong-caller"),
        (stranger.get(f"{V1}/me/carnet?canari=1"), "wrong-caller"),
    ]
    assert told_of(caplog) == [
        f"refused: reason={reason} request={answer.headers['x-request-id']}" for answer, reason in calls
    ]
    assert lone_site.client().get(f"{V1}/me/carnet").status_code == 401
    assert len(told_of(caplog)) == len(calls), "a session that ended is everyday life"


def test_whoever_hammers_at_a_door_does_not_fill_the_disk(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    refusals = Refusals(lambda: now[0])
    for _ in range(1000):
        refusals.tell("wrong-caller", {"carnet.request_id": "x"})
    assert len(told_of(caplog)) == 61
    assert told_of(caplog)[-1].endswith("the rest is not told")
    now[0] += 60
    refusals.tell("wrong-caller", {})
    assert len(told_of(caplog)) == 62


def test_when_the_log_cannot_append_the_answer_is_503_and_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, me = site.person("ana")
    alpha = site.machine()
    site.world.share(ana, alpha.structure_id)
    system, officer = site.system(alpha), site.dpo()

    def refuses(*_: Any) -> Any:
        raise LogUnavailableError("stopped on purpose")

    monkeypatch.setattr(site.world.parts.data, "append_reads", refuses)
    monkeypatch.setattr(site.world.parts.data, "change", refuses)
    calls = [
        me.get(f"{V1}/me/carnet"),
        me.get(f"{V1}/me/accesses"),
        me.get(f"{V1}/me/carnet.pdf"),
        me.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]}),
        system.get(fields_url(ana.carnet_id)),
        officer.get(f"{V1}/dpo/accesses"),
    ]
    for answer in calls:
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("problems/log-unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "on purpose" not in answer.text
    assert me.get(f"{V1}/session").status_code == 200, "what needs no entry goes on"
    health = site.client().get("/sante")
    assert (health.status_code, health.json()) == (503, {"status": "failing", "part": "log"})


def test_the_health_names_the_part_that_fails(lone_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    parts = lone_site.world.parts
    pulse = Pulse(parts, lambda: now[0])
    assert run_apart(pulse.failing()) is None

    def fails(*_: Any) -> Any:
        raise StoreUnavailableError("keys")

    monkeypatch.setattr(parts.keystore, "instance", fails)
    assert run_apart(pulse.failing()) is None, "looked at once a second at most"
    now[0] += 1.0
    assert run_apart(pulse.failing()) == "keys"
    pulse.close()


def test_the_logs_public_face_is_a_checkpoint_and_the_key_that_signed_it(lone_site: Site) -> None:
    site, client = lone_site, lone_site.client()
    site.world.app.jobs().run_once()
    note, keys = client.get("/log/checkpoint"), client.get("/log/vkey")
    assert note.headers["content-type"] == keys.headers["content-type"] == "text/plain; charset=utf-8"
    assert keys.text.splitlines() == list(site.world.app.log_vkeys)
    checkpoint = open_note(note.content, [site.world.app.verifier])
    assert checkpoint.size == site.log_size()


def test_before_the_first_checkpoint_one_is_told_to_come_back(
    lone_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lone_site.world.parts.data, "last_checkpoint", lambda: None)
    answer = lone_site.client().get("/log/checkpoint")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")

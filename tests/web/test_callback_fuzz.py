"""Whatever is thrown at the addresses of the sign-in: never a breakage of ours (5xx), never a session."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.web.attacks import FC, PC, Stage, stage_in

QUICKLY = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ["state", "code", "iss", "error", "error_description", "session_state", "retour", "suite", "x"]
WORDS = [
    "access_denied",
    "server_error",
    "temporarily_unavailable",
    "invalid_scope",
    "undefined",
    "null",
    "//x",
]
HOSTILE = (
    st.text(max_size=40) | st.sampled_from(WORDS) | st.binary(max_size=20).map(lambda b: b.decode("latin-1"))
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), HOSTILE), max_size=12)
RAW = st.binary(max_size=60).map(
    lambda raw: "".join(f"%{byte:02X}" if byte % 3 else chr(33 + byte % 90) for byte in raw)
)
ADDRESSES = st.sampled_from(
    [f"{FC}/retour", f"{PC}/retour", FC, PC, "/connexion", "/deconnexion/retour"]
    + [f"{door}/autre-compte" for door in (FC, PC, "/connexion/x")]
)
METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY"])
HEADER_NAMES = [
    *(
        "accept",
        "content-type",
        "x-csrf-token",
        "authorization",
        "sec-fetch-site",
        "x-forwarded-for",
        "referer",
    ),
    *("origin", "range", "dpop", "x-http-method-override", "accept-language", "if-none-match"),
]
HEADER_WORDS = ["Bearer x", "application/json", "application/x-www-form-urlencoded", "cross-site", "*/*"]
VISIBLE = st.characters(min_codepoint=33, max_codepoint=126)
HEADERS = st.dictionaries(
    st.sampled_from(HEADER_NAMES), st.text(VISIBLE, max_size=40) | st.sampled_from(HEADER_WORDS), max_size=4
)
COOKIES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='",;\\'), max_size=60)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_in(tmp_path_factory.mktemp("fuzz")) as stage:
        stage.visitor().sign_in("gerard")
        yield stage
        stage.stack.close()


@dataclass(frozen=True)
class Unmoved:
    stage: Stage
    client: TestClient


@pytest.fixture
def world(stage: Stage) -> Iterator[Unmoved]:
    """No session more at the end than at the beginning."""
    before = stage.sessions()
    yield Unmoved(stage, stage.site.client())
    assert stage.sessions() == before


def query_of(pairs: list[tuple[str, str]]) -> str:
    return urlencode([(quote(name, errors="replace"), value) for name, value in pairs], errors="replace")


@QUICKLY
@given(METHODS, ADDRESSES, PAIRS, RAW, HEADERS, COOKIES, st.binary(max_size=60))
def test_any_request_to_any_address_of_the_sign_in_opens_nothing_and_breaks_nothing(
    world: Unmoved,
    method: str,
    address: str,
    pairs: list[tuple[str, str]],
    raw: str,
    headers: dict[str, str],
    cookie: str,
    body: bytes,
) -> None:
    client = world.client
    client.cookies.clear()
    answer = client.request(
        method,
        f"{address}?{query_of(pairs)}&{raw}",
        headers={**headers, "cookie": f"carnet={cookie}"},
        content=body if method in ("POST", "PUT", "PATCH") else None,
    )
    assert answer.status_code < 500, answer.text
    held = answer.cookies.get("carnet") or cookie
    shown = client.get("/api/v1/session", headers={"cookie": f"carnet={held}"})
    assert shown.status_code == 401


@QUICKLY
@given(st.sampled_from([FC, PC]), PAIRS, st.sampled_from(["state", "iss", "code", ""]))
def test_any_answer_to_a_sign_in_that_is_awaited_opens_nothing_and_breaks_nothing(
    world: Unmoved, door: str, pairs: list[tuple[str, str]], left_out: str
) -> None:
    """The hardest case: the state is the browser's own, and often the issuer too."""
    client = world.client
    client.cookies.clear()
    authorize = client.get(door).headers["location"]
    state = authorize.split("state=")[1].split("&")[0]
    issuer = world.stage.provider.issuers[door[11:]]
    good = {"state": state, "iss": issuer, "code": "a-code-of-nobody"}
    hostile = [(name, value) for name, value in pairs if name not in ("state", "iss")]
    sent = [(name, value) for name, value in good.items() if name != left_out] + hostile
    answer = client.get(f"{door}/retour?{query_of(sent)}")
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 303
    assert client.get("/api/v1/session").status_code == 401

"""Anything at all at the addresses of systems: no breakage, and no token without the right signature."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from tests.conftest import SOAKING
from tests.web.site import ASSERTION_TYPE, V1, Machine, Site, site_over
from tests.world import World

ADDRESSES = ("/oauth/token", "/oauth/revoke", f"{V1}/oauth/token", f"{V1}/oauth/revoke")
FUZZ = settings(
    max_examples=1000 if SOAKING else 80,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "htm", "htu", "ath", "x"]), VALUES
)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "jwk", "jku", "x5c", "crit", "b64", "zip", "x"]), VALUES
)
NAMES = ["grant_type", "client_assertion_type", "client_assertion", "client_id", "token", "token_type_hint"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One that counts nothing: what is refused is refused for what it is."""
    folder = tmp_path_factory.mktemp("fuzzed")
    urls = f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite"
    world = World.open(*urls, folder, CARNET_LIMITS="off")
    with site_over(world) as running:
        yield running
    world.close()


@pytest.fixture(scope="module")
def machine(site: Site) -> Machine:
    return site.machine()


@pytest.fixture(scope="module")
def program(site: Site) -> TestClient:
    return site.client()


def told(answer: Any) -> dict[str, Any]:
    """What came back, once it is found to be no breakage and one of the errors we name."""
    assert answer.status_code in (200, 400, 401, 413, 429), answer.text
    document: dict[str, Any] = answer.json() if answer.content else {}
    if answer.status_code != 200:
        assert set(document) == {"error", "error_description"}
    return document


def part(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def sealed(key: Any, header: Any, claims: Any) -> str:
    """Signed with ES256 whatever the header says, which no honest library would."""
    text = f"{part(header)}.{part(claims)}"
    signature = jws.JWSRegistry.algorithms["ES256"].sign(text.encode(), key)
    return f"{text}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@FUZZ
@given(address=st.sampled_from(ADDRESSES), body=st.binary(max_size=300), kind=st.text(max_size=40))
def test_any_body_gets_no_token(program: TestClient, address: str, body: bytes, kind: str) -> None:
    for media_type in ("application/x-www-form-urlencoded", kind.encode("utf-8", "ignore")):
        answer = program.post(address, content=body, headers={b"Content-Type": media_type})  # type: ignore[dict-item]
        assert "access_token" not in told(answer)


@FUZZ
@given(address=st.sampled_from(ADDRESSES), form=st.dictionaries(st.sampled_from(NAMES), st.text()))
def test_any_form_gets_no_token(program: TestClient, address: str, form: dict[str, str]) -> None:
    assert "access_token" not in told(program.post(address, data=form))
    whole = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "token": "x"}
    assert "access_token" not in told(program.post(address, data={**whole, **form}))


@FUZZ
@given(address=st.sampled_from(ADDRESSES), header=HEADERS, claims=CLAIMS, end=st.text(max_size=90))
def test_an_assertion_made_of_anything_gets_no_token(
    program: TestClient, machine: Machine, address: str, header: Any, claims: Any, end: str
) -> None:
    for head in (header, {"alg": "ES256", **header}):
        for body in (claims, machine.claims() | claims):
            made = f"{part(head)}.{part(body)}.{end}"
            assert "access_token" not in told(program.post(address, data=machine.form(made, token="x")))


@FUZZ
@given(address=st.sampled_from(ADDRESSES), header=HEADERS, claims=CLAIMS)
def test_what_a_stranger_signed_gets_no_token(
    program: TestClient, machine: Machine, address: str, header: Any, claims: Any
) -> None:
    stranger = ECKey.generate_key("P-256")
    made = sealed(stranger, {"alg": "ES256"} | header, machine.claims() | claims)
    assert "access_token" not in told(program.post(address, data=machine.form(made, token="x")))


@FUZZ
@given(address=st.sampled_from(ADDRESSES), header=HEADERS, claims=CLAIMS)
def test_a_system_that_signs_anything_breaks_nothing(
    program: TestClient, machine: Machine, address: str, header: Any, claims: Any
) -> None:
    made = sealed(machine.key, {"alg": "ES256"} | header, machine.claims() | claims)
    told(program.post(address, data=machine.form(made, token="x")))


@FUZZ
@given(header=HEADERS, claims=CLAIMS, text=st.text(max_size=200), signs=st.booleans())
def test_a_proof_made_of_anything_opens_nothing(
    program: TestClient, machine: Machine, header: Any, claims: Any, text: str, signs: bool
) -> None:
    key = ECKey.generate_key("P-256")
    good = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    made = sealed(key, good | header, claims) if signs else text
    proof = made.encode("utf-8", "ignore").replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
    answer = program.post("/oauth/token", data=machine.form(), headers={b"DPoP": proof})  # type: ignore[dict-item]
    assert (answer.status_code, told(answer)["error"]) == (400, "invalid_dpop_proof")
    headers = {b"Authorization": b"DPoP x", b"DPoP": proof}
    refused = program.get(f"{V1}/grants", headers=headers)  # type: ignore[arg-type]
    assert refused.status_code == 401

"""How a structure's system proves itself: every way to spoil an assertion is refused, and each works once."""

import json
import time
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from schemas.ids import new_id
from tests.web.site import BASE, V1, Algorithm, Machine, Site, signed, unsigned
from vault.services import administering

URL = "/oauth/token"


@pytest.fixture(scope="module")
def alpha(lone_site: Site) -> Machine:
    return lone_site.machine()


def ask(site: Site, form: dict[str, str], url: str = URL) -> Any:
    return site.client().post(url, data=form)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
@pytest.mark.parametrize("url", [URL, "/api/v1/oauth/token"])
def test_a_system_gets_a_token_for_ten_minutes(lone_site: Site, algorithm: Algorithm, url: str) -> None:
    site = lone_site
    machine = site.machine(algorithm=algorithm)
    answer = ask(site, machine.form(client_id=machine.client_id), url)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in"}
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    assert answer.headers["cache-control"] == "no-store"
    client = site.client(Authorization=f"Bearer {told['access_token']}")
    assert client.get(f"{V1}/grants").status_code == 200


@pytest.mark.parametrize(
    "aud", [BASE, f"{BASE}/", f"{BASE}/oauth/token", [f"{BASE}/oauth/token"], ["x", BASE]]
)
def test_the_audience_may_be_the_endpoint_or_the_public_address(
    lone_site: Site, alpha: Machine, aud: Any
) -> None:
    assert ask(lone_site, alpha.form(alpha.assertion(aud=aud))).status_code == 200


NOW = int(time.time())
SPOILED: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "other"},
    "another subject": {"sub": "other"},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "a subject that is a number": {"sub": 1, "iss": 1},
    "a subject with a NUL": {"sub": "\u0000", "iss": "\u0000"},
    "another audience": {"aud": "https://elsewhere.example/oauth/token"},
    "no audience": {"aud": None},
    "an audience that is a number": {"aud": 1},
    "an empty audience": {"aud": []},
    "no end": {"exp": None},
    "over": {"exp": NOW - 1},
    "too far ahead": {"exp": NOW + 3600},
    "an end that is a text": {"exp": str(NOW + 60)},
    "an end that is true": {"exp": True},
    "an end beyond any date": {"exp": 1e300},
    "given in the future": {"iat": NOW + 3600},
    "not valid yet": {"nbf": NOW + 3600},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a jti that is a number": {"jti": 7},
    "a very long jti": {"jti": "x" * 300},
}


@pytest.mark.parametrize("why", SPOILED)
def test_an_assertion_that_does_not_say_what_it_must_is_refused(
    lone_site: Site, alpha: Machine, why: str
) -> None:
    answer = ask(lone_site, alpha.form(alpha.assertion(**SPOILED[why])))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_assertion_works_once(site: Site) -> None:
    machine, other = site.machine(), site.machine("SIAE Beta")
    assertion = machine.assertion(jti="the same")
    assert ask(site, machine.form(assertion)).status_code == 200
    again = ask(site, machine.form(assertion))
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert ask(site, machine.form(machine.assertion(jti="the same"))).status_code == 401
    assert ask(site, other.form(other.assertion(jti="the same"))).status_code == 200, (
        "each system has its own"
    )


def test_a_refused_assertion_does_not_use_its_jti_up(lone_site: Site, alpha: Machine) -> None:
    jti = new_id()
    assert ask(lone_site, alpha.form(alpha.assertion(jti=jti, aud="x"))).status_code == 401
    assert ask(lone_site, alpha.form(alpha.assertion(jti=jti))).status_code == 200


def forged(alpha: Machine, beta: Machine) -> dict[str, str]:
    """Assertions that name alpha and were not signed by it."""
    claims = alpha.claims()
    stranger = ECKey.generate_key("P-256")
    public = json.dumps(alpha.key.as_dict(private=False)).encode()
    head, body, signature = alpha.assertion().split(".")
    return {
        "signed by another system": signed(beta.key, {"alg": "ES256"}, claims),
        "signed by a stranger": signed(stranger, {"alg": "ES256"}, claims),
        "a key of its own inside": signed(
            stranger, {"alg": "ES256", "jwk": stranger.as_dict(private=False)}, claims
        ),
        "our key inside": alpha.assertion(header={"jwk": alpha.key.as_dict(private=False)}),
        "an address of a key inside": alpha.assertion(header={"jku": "https://elsewhere.example/jwks"}),
        "a rule we do not know": alpha.assertion(header={"crit": ["x"], "x": 1}),
        "another curve": signed(OKPKey.generate_key("Ed25519"), {"alg": "EdDSA"}, claims),
        "the public key as a shared secret": signed(OctKey.import_key(public), {"alg": "HS256"}, claims),
        "unsigned": unsigned(claims),
        "no signature": f"{head}.{body}.",
        "cut": f"{head}.{body}",
        "a signature cut": f"{head}.{body}.{signature[:-4]}",
        "another body": f"{head}.{alpha.assertion().split('.')[1]}.{signature}",
        "not base64": f"{head}.!!.{signature}",
        "not an object": f"{head}.W10.{signature}",
        "five parts": f"{head}.{body}.{signature}.x.y",
        "nothing": "..",
        "beyond ASCII": f"é{head}.{body}.{signature}",
        "very long": f"{head}.{body * 100}.{signature}",
    }


def test_what_the_registered_key_did_not_sign_is_refused_alike(lone_site: Site, alpha: Machine) -> None:
    answers = {
        why: ask(lone_site, alpha.form(assertion))
        for why, assertion in forged(alpha, lone_site.machine("SIAE Beta")).items()
    }
    unknown = ask(lone_site, alpha.form(alpha.assertion(iss="a" * 26, sub="a" * 26)))
    assert {why: answer.status_code for why, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert {answer.content for answer in answers.values()} == {unknown.content}


FORMS: dict[str, tuple[dict[str, str], str]] = {
    "no grant type": ({"grant_type": ""}, "invalid_request"),
    "another grant type": ({"grant_type": "password"}, "unsupported_grant_type"),
    "no assertion": ({"client_assertion": ""}, "invalid_request"),
    "another kind of assertion": ({"client_assertion_type": "x"}, "invalid_request"),
}


@pytest.mark.parametrize("why", FORMS)
def test_a_form_that_asks_for_something_else_is_400(lone_site: Site, alpha: Machine, why: str) -> None:
    changes, error = FORMS[why]
    answer = ask(lone_site, alpha.form() | changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff", "application/x-www-form-urlencoded"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(200)), "application/x-www-form-urlencoded"),
        (b"x", ""),
    ],
)
def test_a_body_that_is_not_a_form_is_400(lone_site: Site, body: bytes, content_type: str) -> None:
    answer = lone_site.client().post(URL, content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_client_id_beside_must_be_the_one_inside(lone_site: Site, alpha: Machine) -> None:
    assert ask(lone_site, alpha.form(client_id="a" * 26)).status_code == 401


def test_what_was_sent_is_never_repeated(lone_site: Site, alpha: Machine) -> None:
    canary = "canary-8b1f"
    told = [
        ask(lone_site, alpha.form() | {"grant_type": canary}),
        ask(lone_site, alpha.form(canary)),
        ask(lone_site, alpha.form(alpha.assertion(aud=canary))),
        ask(lone_site, alpha.form(alpha.assertion(iss=canary, sub=canary))),
    ]
    assert all(canary not in answer.text + str(dict(answer.headers)) for answer in told)


def test_the_address_takes_post_alone(lone_site: Site) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = lone_site.client().request(method, URL)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_registered_key_that_is_no_point_of_its_curve_is_refused_like_any_other(lone_site: Site) -> None:
    good = lone_site.machine("SIAE Zêta")
    not_a_point = json.dumps({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})
    client_id = administering.add_client(
        lone_site.world.parts, structure_id=good.structure_id, name="x", public_jwk=not_a_point
    )
    answer = ask(lone_site, Machine(good.structure_id, client_id, good.key, "ES256").form())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

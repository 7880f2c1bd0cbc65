"""A token bound to a key opens nothing without that key's proof, made for this very call, used once."""

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey
from starlette.testclient import TestClient

from schemas.ids import new_id
from tests.web.site import BASE, V1, Algorithm, Machine, Site, signed, site_over
from tests.world import World
from vault.services import clients
from vault.web.limits import FAILED_PROOFS

TOKEN, GRANTS = "/oauth/token", f"{V1}/grants"


@dataclass(frozen=True)
class Holder:
    """Whoever holds a key, and makes proofs with it."""

    algorithm: Algorithm = "ES256"
    key: Any = field(default=None, repr=False)

    @classmethod
    def new(cls, algorithm: Algorithm = "ES256") -> "Holder":
        made = ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
        return cls(algorithm, made)

    def proof(
        self,
        path: str,
        method: str = "GET",
        *,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        told = {"htm": method, "htu": BASE + path, "iat": int(time.time()), "jti": new_id()}
        if token is not None:
            told["ath"] = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
        claims = {name: value for name, value in (told | changed).items() if value is not None}
        head = {"alg": self.algorithm, "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)}
        return signed(self.key, {n: v for n, v in (head | (header or {})).items() if v is not None}, claims)


def ask(site: Site, machine: Machine, proof: str | None) -> Any:
    headers = {} if proof is None else {"DPoP": proof}
    return site.client().post(TOKEN, data=machine.form(), headers=headers)


def bound(site: Site, machine: Machine, holder: Holder) -> str:
    answer = ask(site, machine, holder.proof(TOKEN, "POST"))
    assert (answer.status_code, answer.json()["token_type"]) == (200, "DPoP"), answer.text
    return str(answer.json()["access_token"])


def call(site: Site, token: str, proof: str | None, *, scheme: str = "DPoP", url: str = GRANTS) -> Any:
    headers = {"Authorization": f"{scheme} {token}"} | ({} if proof is None else {"DPoP": proof})
    return site.client().get(url, headers=headers)


@pytest.fixture(scope="module")
def alpha(lone_site: Site) -> Machine:
    return lone_site.machine()


@pytest.fixture(scope="module")
def holder() -> Holder:
    return Holder.new()


@pytest.fixture(scope="module")
def token(lone_site: Site, alpha: Machine, holder: Holder) -> str:
    return bound(lone_site, alpha, holder)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_bound_token_opens_with_the_proof_of_its_key(site: Site, algorithm: Algorithm) -> None:
    machine, holder = site.machine(), Holder.new(algorithm)
    token = bound(site, machine, holder)
    assert call(site, token, holder.proof(GRANTS, token=token)).status_code == 200
    assert call(site, token, holder.proof(GRANTS, token=token), scheme="dpop").status_code == 200
    ana = site.world.person("ana")
    site.world.fill(ana)
    site.world.share(ana, machine.structure_id)
    path = f"{V1}/carnets/{ana.carnet_id}/fields"
    url = f"{path}?purpose=proposer_poste&fields=permis_conduire"
    answer = call(site, token, holder.proof(path, token=token), url=url)
    assert answer.status_code == 200
    assert answer.json()["fields"]["permis_conduire"], "the query is not part of the address proven"


def test_a_proof_serves_once(site: Site) -> None:
    machine, holder = site.machine(), Holder.new()
    token = bound(site, machine, holder)
    proof = holder.proof(GRANTS, token=token)
    assert [call(site, token, proof).status_code for _ in range(3)] == [200, 401, 401]
    first = holder.proof(TOKEN, "POST")
    assert [ask(site, machine, first).status_code for _ in range(2)] == [200, 400]


def test_without_a_proof_a_bound_token_is_no_token(lone_site: Site, token: str, holder: Holder) -> None:
    for scheme, proof in (
        ("Bearer", None),
        ("Bearer", holder.proof(GRANTS, token=token)),
        ("DPoP", None),
    ):
        answer = call(lone_site, token, proof, scheme=scheme)
        assert answer.status_code == 401
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith('DPoP error="invalid_')
        assert 'algs="ES256 EdDSA"' in challenge
    person = lone_site.client(Authorization=f"Bearer {token}").get(f"{V1}/me/grants")
    assert person.status_code == 401, "nor is it known of where systems have no business"


def test_a_token_that_is_not_bound_is_not_used_with_proofs(
    lone_site: Site, alpha: Machine, holder: Holder
) -> None:
    plain = lone_site.token(alpha)
    assert call(lone_site, plain, holder.proof(GRANTS, token=plain)).status_code == 401
    assert call(lone_site, plain, None, scheme="Bearer").status_code == 200


def spoiled(holder: Holder, token: str) -> dict[str, str]:
    """Proofs that prove nothing of this call."""
    now = int(time.time())
    stranger = Holder.new()
    good = holder.proof(GRANTS, token=token)
    head, body, signature = good.split(".")
    secret = OctKey.generate_key(256)

    def with_(**changed: Any) -> str:
        return holder.proof(GRANTS, token=token, **changed)

    def headed(**changed: Any) -> str:
        return holder.proof(GRANTS, token=token, header=changed)

    return {
        "another key": stranger.proof(GRANTS, token=token),
        "another method": with_(htm="POST"),
        "no method": with_(htm=None),
        "another path": with_(htu=f"{BASE}{GRANTS}/x"),
        "another host": with_(htu=f"https://elsewhere.example{GRANTS}"),
        "a name in the address": with_(htu=f"http://x@127.0.0.1:8000{GRANTS}"),
        "another port": with_(htu=f"http://127.0.0.1:8001{GRANTS}"),
        "https for http": with_(htu=f"https://127.0.0.1:8000{GRANTS}"),
        "a bad port": with_(htu=f"http://127.0.0.1:99999{GRANTS}"),
        "a path alone": with_(htu=GRANTS),
        "no address": with_(htu=None),
        "an address that is a number": with_(htu=1),
        "too old": with_(iat=now - 70),
        "too new": with_(iat=now + 70),
        "no instant": with_(iat=None),
        "an instant that is true": with_(iat=True),
        "an instant beyond any date": with_(iat=1e300),
        "no jti": with_(jti=None),
        "an empty jti": with_(jti=""),
        "a very long jti": with_(jti="x" * 300),
        "no digest of the token": with_(ath=None),
        "the digest of another token": holder.proof(GRANTS, token="another"),
        "a digest that is a number": with_(ath=1),
        "another type": headed(typ="JWT"),
        "no type": headed(typ=None),
        "no key": headed(jwk=None),
        "a key that is a text": headed(jwk="x"),
        "the private key too": headed(jwk=holder.key.as_dict(private=True)),
        "somebody else's key": headed(jwk=stranger.key.as_dict(private=False)),
        "an address of a key": headed(jku="https://elsewhere.example/jwks"),
        "a rule we do not know": headed(crit=["x"], x=1),
        "a shared secret": signed(
            secret,
            {"alg": "HS256", "typ": "dpop+jwt", "jwk": {"kty": "oct", "k": secret.as_dict()["k"]}},
            {"htm": "GET", "htu": BASE + GRANTS, "iat": now, "jti": new_id()},
        ),
        "no signature": f"{head}.{body}.",
        "another body": f"{head}.{with_().split('.')[1]}.{signature}",
        "cut": f"{head}.{body}",
        "nothing": "",
        "not base64": f"!!.{body}.{signature}",
        "very long": f"{head}.{body * 100}.{signature}",
    }


def test_a_proof_that_is_not_this_call_s_opens_nothing(lone_site: Site, token: str, holder: Holder) -> None:
    proofs = spoiled(holder, token)
    answers = {why: call(lone_site, token, proof) for why, proof in proofs.items()}
    assert {why: answer.status_code for why, answer in answers.items()} == dict.fromkeys(proofs, 401)
    assert len({answer.content for answer in answers.values()}) == 1
    assert call(lone_site, token, holder.proof(GRANTS, token=token)).status_code == 200


def test_two_proofs_are_none(lone_site: Site, token: str, holder: Holder) -> None:
    headers = [("Authorization", f"DPoP {token}")]
    headers += [("DPoP", holder.proof(GRANTS, token=token)) for _ in range(2)]
    assert lone_site.client().get(GRANTS, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "htu", ["HTTP://127.0.0.1:8000" + GRANTS, BASE + GRANTS + "?a=b#c", BASE + "/api/v1/%67rants"]
)
def test_one_address_may_be_written_in_several_ways(
    lone_site: Site, token: str, holder: Holder, htu: str
) -> None:
    assert call(lone_site, token, holder.proof(GRANTS, token=token, htu=htu)).status_code == 200


def test_a_bad_proof_gets_no_token_and_uses_no_assertion_up(lone_site: Site, alpha: Machine) -> None:
    holder = Holder.new()
    form = alpha.form()
    for bad in ("x", holder.proof(TOKEN, "GET"), holder.proof("/oauth/revoke", "POST")):
        answer = lone_site.client().post(TOKEN, data=form, headers={"DPoP": bad})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    answer = lone_site.client().post(TOKEN, data=form, headers={"DPoP": holder.proof(TOKEN, "POST")})
    assert answer.status_code == 200


def test_a_system_of_which_proofs_are_asked_gets_no_token_without(lone_site: Site, alpha: Machine) -> None:
    client_id = clients.add_client(
        lone_site.world.parts,
        structure_id=alpha.structure_id,
        name="x",
        public_jwk=json.dumps(alpha.key.as_dict(private=False)),
        dpop=True,
    )
    strict = Machine(alpha.structure_id, client_id, alpha.key, alpha.algorithm)
    answer = ask(lone_site, strict, None)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    holder = Holder.new()
    token = bound(lone_site, strict, holder)
    assert call(lone_site, token, holder.proof(GRANTS, token=token)).status_code == 200


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def world_alone(lone_site: Site) -> World:
    return lone_site.world


def test_an_address_whose_proofs_fail_too_often_is_not_listened_to(
    world_alone: World, clock: Seconds
) -> None:
    with site_over(world_alone, clock=clock) as site:
        machine = site.machine()
        holder = Holder.new()
        token = bound(site, machine, holder)

        def from_(address: str) -> TestClient:
            return site.client(address=(address, 1234))

        far = from_("203.0.113.9")
        bad = machine.form(machine.assertion(aud="x"))
        for _ in range(FAILED_PROOFS.most - 1):
            assert far.post(TOKEN, data=bad).status_code == 401
        headers = {"Authorization": f"DPoP {token}", "DPoP": "x"}
        assert far.get(GRANTS, headers=headers).status_code == 401
        refused = far.post(TOKEN, data=machine.form())
        assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        assert far.get(GRANTS, headers=headers).status_code == 429
        revoke = machine.form(token=token)
        assert far.post("/oauth/revoke", data=revoke).status_code == 429
        assert from_("203.0.113.10").post(TOKEN, data=machine.form()).status_code == 200, "others are served"
        clock.now += 61
        assert far.post(TOKEN, data=machine.form()).status_code == 200

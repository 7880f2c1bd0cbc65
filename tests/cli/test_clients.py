"""What an operator does about structures' systems, beside a server that runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from schemas.ids import ClientId, StructureId
from tests.cli.typing_commands import Operator
from tests.provider_process import plain_http
from tests.web.site import Machine
from tests.world import a_public_jwk


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator.in_folder(tmp_path_factory.mktemp("operating")).set_up()


@pytest.fixture(scope="module")
def structure(operator: Operator) -> str:
    return str(operator.answer("structure", "add", "--name", "A", "--kind", "siae")["structure_id"])


def kept(folder: Path, jwk: Any) -> str:
    file = folder / "key.json"
    file.write_text(json.dumps(jwk))
    return str(file)


def add(operator: Operator, structure: str, *words: str) -> str:
    added = operator.answer("client", "add", "--structure", structure, "--name", "x", *words)
    return str(added["client_id"])


def test_keys_are_added_listed_and_removed_by_name(
    operator: Operator, structure: str, tmp_path: Path
) -> None:
    client = add(operator, structure, "--public-jwk", kept(tmp_path, json.loads(a_public_jwk())))
    second = kept(tmp_path, json.loads(a_public_jwk()) | {"kid": "2027"})
    added = operator.answer("client", "key", "add", "--client", client, "--public-jwk", second)
    assert added["name"] == "2027"
    listed = operator.answer("client", "key", "list", "--client", client)
    first, again = listed["keys"]
    assert (again, listed["jwks_uri"]) == (added, None)
    assert first["name"] == "sha-256:" + first["thumbprint"]
    operator.answer("client", "key", "remove", "--client", client, "--key", first["name"])
    lines = operator.type("client", "key", "list", "--client", client).out
    assert lines == "2027  EC P-256\n"
    refused = operator.type("client", "key", "remove", "--client", client, "--key", "2027")
    assert (refused.code, refused.out) == (1, "")
    assert "hint: " in refused.err


def test_a_system_is_known_by_a_file_or_by_an_address_and_not_by_both(
    operator: Operator, structure: str, tmp_path: Path
) -> None:
    client = add(operator, structure, "--jwks-uri", "https://siae.example/jwks", "--dpop")
    assert "https://siae.example/jwks" in operator.type("client", "key", "list", "--client", client).out
    file = kept(tmp_path, json.loads(a_public_jwk()))
    words = ("client", "add", "--structure", structure, "--name", "x")
    both = operator.type(*words, "--public-jwk", file, "--jwks-uri", "https://siae.example/jwks")
    assert (both.code, operator.type(*words).code) == (2, 2)
    inside = operator.type(*words, "--jwks-uri", "https://10.0.0.1/jwks")
    assert (inside.code, inside.out) == (1, "")


@pytest.mark.parametrize(
    "words",
    [("key", "list"), ("end",), ("key", "remove", "--key", "x")],
    ids=" ".join,
)
def test_a_system_that_does_not_exist_is_refused(operator: Operator, words: tuple[str, ...]) -> None:
    typed = operator.type("client", *words, "--client", "nobody")
    assert (typed.code, typed.out) == (1, "")
    assert "no such system" in typed.err


def test_an_end_is_felt_at_once_by_a_server_that_runs(
    operator: Operator, structure: str, tmp_path: Path
) -> None:
    key = ECKey.generate_key("P-256")
    client = add(operator, structure, "--public-jwk", kept(tmp_path, key.as_dict(private=False)))
    machine = Machine(StructureId(structure), ClientId(client), key, "ES256")
    with operator.serving() as server, plain_http() as http:
        aud = f"{server.url}/oauth/token"

        def ask() -> Any:
            return http.post(f"{server.url}/oauth/token", data=machine.form(machine.assertion(aud=aud)))

        token = ask().json()["access_token"]
        grants = f"{server.url}/api/v1/grants"
        headers = {"Authorization": f"Bearer {token}"}
        assert http.get(grants, headers=headers).status_code == 200
        operator.answer("client", "end", "--client", client)
        assert http.get(grants, headers=headers).status_code == 401
        assert ask().status_code == 401
    assert operator.answer("audit", "verify")["size"] > 0

"""The server as it is run: what it prints and what it leaves on the disk, after sign-ins good and bad, holds
nothing that was planted."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.cli.typing_commands import Operator, Server
from tests.journeys.running import SECRET, free_port, plain_clients
from tests.planted import Planted, found_in
from tests.planting_provider import AGENT, PERSON
from tests.provider_process import CLIENT_ID, ProviderHandle, plain_http, start_provider, walk_to_callback

SMTP_PASSWORD = "canarimotdepasse"
FC, PC = "/connexion/franceconnect", "/connexion/proconnect"


def comes_back(server: Server, door: str, choice: str, told: Planted) -> httpx2.Response:
    """One browser's sign-in; the answer of the callback."""
    with plain_http() as http:
        authorize = http.get(server.url + door).headers["location"]
        for name in ("state", "nonce"):
            told.keep(f"{name} {len(told.words)}", parse_qs(urlsplit(authorize).query)[name][0])
        answer = http.get(walk_to_callback(http, authorize, choice))
        told.keep(f"cookie {len(told.words)}", http.cookies["carnet"])
        return answer


def served(folder: Path, provider: ProviderHandle, port: int) -> Operator:
    environ = {
        "CARNET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CARNET_SMTP_URL": f"smtp://canariposte:{SMTP_PASSWORD}@127.0.0.1:9",  # nobody listens there
    }
    for name, issuer in provider.issuers.items():
        environ |= {
            f"CARNET_{name.upper()}_ISSUER": issuer,
            f"CARNET_{name.upper()}_CLIENT_ID": CLIENT_ID,
            f"CARNET_{name.upper()}_CLIENT_SECRET": SECRET,
        }
    return Operator.in_folder(folder, **environ).set_up()


def test_the_served_program_writes_nothing_of_a_sign_in(tmp_path: Path) -> None:
    port, told = free_port(), Planted()
    for name, value in (PERSON | AGENT).items():
        told.keep(name, str(value))
    told.keep("client_secret", SECRET)
    told.keep("smtp", SMTP_PASSWORD)
    told.keep("invited", "canariinvite@exemple.example")
    with start_provider(
        plain_clients(f"http://127.0.0.1:{port}"), module="tests.planting_provider"
    ) as provider:
        operator = served(tmp_path, provider, port)
        structure = operator.answer("structure", "add", "--name", "A", "--kind", "ccas")["structure_id"]
        words = ("--email", told.words["invited"], "--role", "referent")
        told.keep(
            "link", operator.answer("invite", "--structure", structure, *words)["url"].rpartition("/")[2]
        )
        with operator.serving("--port", str(port)) as server, plain_http() as http:
            misbehave = f"http://127.0.0.1:{provider.port}/misbehave"
            assert comes_back(server, FC, "amina", told).status_code == 303
            assert comes_back(server, PC, "karim", told).status_code == 403
            for fault in ("wrong-nonce", "token-500", "userinfo-bare", "identity-control-name"):
                http.put(misbehave, json={"mode": fault})
                assert comes_back(server, FC, "kevin", told).status_code in (403, 503)
                http.put(misbehave, json={"mode": None})
            http.get(
                f"{server.url}{FC}/retour?code=canaricode&state=canarietat", headers={"X-A": "canarientete"}
            )
            for kind, secrets in http.get(f"http://127.0.0.1:{provider.port}/given").json().items():
                for secret in secrets:
                    told.keep(f"{kind} {len(told.words)}", secret)
            stopped = server.stop()
    for word in ("canaricode", "canarietat", "canarientete"):
        told.keep(word, word)
    assert stopped.code == 0
    assert stopped.out == ""
    assert "sign-in refused: provider=franceconnect" in stopped.err, "refusals are told to the operator"
    assert found_in(told, stopped.err.encode()) == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"carnet.sqlite", "keys.sqlite", "keyring"} <= {path.name for path in files}
    for path in files:
        assert found_in(told, path.name.encode() + path.read_bytes()) == [], path.name

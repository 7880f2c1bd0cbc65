"""The whole program as its users meet it: the real server and the bundled sign-in provider, each in a process
of its own, on loopback; the operator's command line to prepare it; a browser to walk through it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.provider_process import CLIENT_ID, ROOT, Clients, clients_of, plain_http, start_provider

CARNET = Path(sys.executable).parent / "carnet"
SECRET = "un-secret-de-tests"  # a setting is one word


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Running:
    """``url`` of a server that answers, and the environment its commands run in."""

    url: str
    environ: dict[str, str]

    def carnet(self, *words: str) -> Any:
        """A command of the operator, beside the server; its JSON answer."""
        told = subprocess.run(
            [CARNET, *words, "--json"], env=self.environ, check=True, capture_output=True, text=True, cwd=ROOT
        )
        return json.loads(told.stdout)

    def structure(self, name: str, kind: str) -> str:
        return str(self.carnet("structure", "add", "--name", name, "--kind", kind)["structure_id"])

    def invitation(self, structure_id: str, role: str = "referent") -> str:
        """The address of a one-time link."""
        told = self.carnet(
            "invite", "--structure", structure_id, "--email", "personne@exemple.invalid", "--role", role
        )
        return str(told["url"])


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """A fresh instance, served until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with start_provider(plain_clients(url)) as provider:
        environ = {
            "PATH": os.environ["PATH"],
            "CARNET_DATA_DIR": str(folder / "var"),
            "CARNET_PUBLIC_URL": url,
            "CARNET_LOG_ORIGIN": "carnet.exemple",
        }
        for name, issuer in provider.issuers.items():
            prefix = f"CARNET_{name.upper()}"
            environ |= {
                f"{prefix}_ISSUER": issuer,
                f"{prefix}_CLIENT_ID": CLIENT_ID,
                f"{prefix}_CLIENT_SECRET": SECRET,
            }
        for words in (("keys", "init"), ("database", "upgrade")):
            subprocess.run([CARNET, *words], env=environ, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        server = subprocess.Popen(
            [CARNET, "serve", "--port", str(port)], env=environ, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        try:
            _wait(url, server)
            yield Running(url, environ)
        finally:
            server.terminate()
            server.wait(20)


def plain_clients(url: str) -> Clients:
    return {
        name: [{**one, "client_secret": SECRET} for one in told] for name, told in clients_of(url).items()
    }


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    with plain_http() as http:
        while time.monotonic() < deadline and server.poll() is None:
            try:
                if http.get(f"{url}/sante").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
    raise RuntimeError("the server did not start")

"""The bundled sign-in provider for tests: in a process of its own, over HTTP, and a way to walk through it
without a browser.

    with start_provider(clients_of("http://127.0.0.1:8000")) as provider:
        response = sign_in_over_http(http, "http://127.0.0.1:8000/connexion/franceconnect", AMINA.key)
"""

import json
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ("franceconnect", "proconnect")
CLIENT_ID = "carnet-test"
CLIENT_SECRET = "a secret & of tests é"
MAX_STEPS = 12

Clients = Mapping[str, Sequence[Mapping[str, Any]]]


def clients_of(public_url: str) -> Clients:
    """Our own registration at both providers, with the addresses of ``public_url``."""
    return {
        name: [
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": [f"{public_url}/connexion/{name}/retour"],
                "post_logout_redirect_uris": [f"{public_url}/deconnexion/retour"],
            }
        ]
        for name in PROVIDERS
    }


def plain_http() -> httpx2.Client:
    """A browser for loopback addresses: loading the certificates of the world takes longer than a sign-in."""
    return httpx2.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)


class ProviderHandle:
    """A running provider. Leaving it as a context manager, or ``stop()``, ends its process."""

    def __init__(self, clients: Clients, module: str, state: Path | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="carnet-provider-")
        file = Path(self._folder.name) / "clients.json"
        file.write_text(json.dumps(clients))
        command = [sys.executable, "-m", module, "--clients", str(file), "--until-stdin-closes"]
        self._process = subprocess.Popen(
            command + (["--state", str(state)] if state else []),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the provider did not start")
        announced = json.loads(line)
        self.port: int = announced["port"]
        self.issuers: dict[str, str] = announced["issuers"]
        self.issuer_fc = self.issuers["franceconnect"]
        self.issuer_pc = self.issuers["proconnect"]

    def stop(self) -> None:
        """End the process and wait for it. Repeatable."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._folder.cleanup()

    def __enter__(self) -> "ProviderHandle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_provider(
    clients: Clients, *, module: str = "vault.demo.provider", state: Path | None = None
) -> ProviderHandle:
    """Start the provider on a free port and wait until it listens."""
    return ProviderHandle(clients, module, state)


def walk_to_callback(http: httpx2.Client, authorize_url: str, choice: str) -> str:
    """From an authorize address to the callback address, which is not called. ``choice`` is an identity's
    key, or "refuse", "continue" or "other"; with an open session, an identity is chosen through "other".
    "KEY+renewed" is that identity with her second subject."""
    home = urlsplit(authorize_url).netloc
    response = http.get(authorize_url, follow_redirects=False)
    for _ in range(MAX_STEPS):
        if response.has_redirect_location:
            target = urljoin(str(response.url), response.headers["location"])
            if urlsplit(target).netloc != home:
                return target
            response = http.get(target, follow_redirects=False)
            continue
        assert response.status_code == 200, f"the provider shows an error page: {response.status_code}"
        response = _choose(http, response, choice)
    raise AssertionError("the provider never came back")


def sign_in_over_http(http: httpx2.Client, start_url: str, choice: str) -> httpx2.Response:
    """Sign in without a browser: start at our own address, walk through the provider, call our callback.
    Returns the callback's answer, redirects not followed; ``http`` then holds the session's cookie."""
    leaving = http.get(start_url, follow_redirects=False)
    assert leaving.has_redirect_location, f"no redirect to the provider: {leaving.status_code}"
    callback = walk_to_callback(http, leaving.headers["location"], choice)
    return http.get(callback, follow_redirects=False)


def _choose(http: httpx2.Client, page: httpx2.Response, choice: str) -> httpx2.Response:
    buttons = dict(re.findall(r'<button name="(\w+)" value="([^"]+)"', page.text))
    key, _, renewed = choice.partition("+")
    if choice in ("refuse", "continue", "other"):
        form = {choice: "1"}
    else:
        form = {"identity": key} if "identity" in buttons else {"other": "1"}
        form |= {renewed: "1"} if renewed else {}
    return http.post(str(page.url), data=form, follow_redirects=False)

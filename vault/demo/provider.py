"""The bundled sign-in provider: a true OpenID Connect provider over HTTP, in a process of its own.

It serves two issuers, ``…/franceconnect/api/v2`` and ``…/proconnect/api/v2``, with the addresses, members and
lifetimes of the two real services; only the proof of identity is missing: one chooses who one is. For the
demo and for tests; the server never imports it.

    python -m vault.demo.provider --port 0 --clients FILE [--state FILE] [--until-stdin-closes]

prints one line of JSON, ``{"port": …, "issuers": {"franceconnect": …, "proconnect": …}}``, once it listens.
The clients file is ``{"franceconnect": [{"client_id", "client_secret", "redirect_uris",
"post_logout_redirect_uris"}], "proconnect": […]}``. With ``--state``, keys and port are kept, so that
accounts survive a restart.
"""

import argparse
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from joserfc.jwk import ECKey

from vault.demo.provider_routes import build_app, issuer_path
from vault.demo.provider_rules import FRANCECONNECT, PROCONNECT, Rules, read_clients
from vault.demo.provider_tokens import Issuer, new_key

BOTH: tuple[Rules, ...] = (FRANCECONNECT, PROCONNECT)


def main(
    arguments: Sequence[str] | None = None,
    *,
    make_issuer: Callable[..., Issuer] = Issuer,
    extend: Callable[[FastAPI, Sequence[Issuer]], None] | None = None,
) -> None:
    """Run until stopped. Tests give their own ``make_issuer`` and ``extend`` to make a provider misbehave."""
    options = _options(arguments)
    state = _read_state(options.state)
    listening = _listen(options.port or state.get("port", 0), exact=bool(options.port))
    port = listening.getsockname()[1]
    clients = json.loads(options.clients.read_text())
    issuers = [
        make_issuer(
            rules,
            f"http://127.0.0.1:{port}{issuer_path(rules)}",
            read_clients(rules, clients.get(rules.name, [])),
            _key_of(state, rules),
        )
        for rules in BOTH
    ]
    _write_state(options.state, port, issuers)
    app = build_app(issuers)
    if extend is not None:
        extend(app, issuers)
    server = _server(app)
    if options.until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    announced = {"port": port, "issuers": {issuer.rules.name: issuer.address for issuer in issuers}}
    sys.stdout.write(json.dumps(announced) + "\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vault.demo.provider", description="sign-in provider")
    parser.add_argument("--port", type=int, default=0, help="0: the kept one if free, else any free one")
    parser.add_argument("--clients", type=Path, required=True, help="JSON file of the registered services")
    parser.add_argument("--state", type=Path, help="file that keeps keys and port between runs")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process above")
    return parser.parse_args(arguments)


def _listen(port: int, *, exact: bool) -> socket.socket:
    """A listening socket on loopback; a kept port that is taken by now is replaced unless it was asked
    for."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        if exact or port == 0:
            raise
        listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    return listening


def _server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
    )


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


def _read_state(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    state: dict[str, Any] = json.loads(path.read_text())
    return state


def _key_of(state: Mapping[str, Any], rules: Rules) -> ECKey:
    kept = state.get("keys", {}).get(rules.name)
    return new_key() if kept is None else ECKey.import_key(kept)


def _write_state(path: Path | None, port: int, issuers: Sequence[Issuer]) -> None:
    if path is None:
        return
    keys = {issuer.rules.name: issuer.keys[0].as_dict(private=True) for issuer in issuers}
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"port": port, "keys": keys}, file)
    new.replace(path)


if __name__ == "__main__":
    main()

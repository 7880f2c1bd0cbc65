"""The demo: the real server with the bundled sign-in provider beside it, and a story already told.

- Everything is in ``.demo/`` under the current folder and survives a restart; removing it starts afresh.
- Two processes are started, the provider and ``carnet serve``; whatever ends the demo ends both, and the end
  of either ends the demo.
- Nothing leaves this machine: all addresses are 127.0.0.1.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from vault import bootstrap
from vault.config import load_settings
from vault.demo.children import Child
from vault.demo.story import Teller, move_system, write_private
from vault.demo.telling import INSTANCE, document, welcome
from vault.demo.visitor import VisitError

FOLDER = Path(".demo")
CLIENT_ID = "carnet-demo"
HOST = "127.0.0.1"
PROVIDER_PORTS = range(8100, 8200)
FAILED, CONFIGURATION = 1, 3
_WAIT_FOR_PORT = 3.0  # seconds: a demo killed just now may still hold it


class DemoError(Exception):
    """What stops the demo, as a sentence for whoever tries it; ``code`` to leave with."""

    def __init__(self, sentence: str, code: int = CONFIGURATION) -> None:
        super().__init__(sentence)
        self.code = code


class _Stopped(BaseException):
    """SIGINT or SIGTERM."""


@dataclass(frozen=True)
class Kept:
    """What is drawn once and kept beside the data: the provider's address is part of every account."""

    provider_port: int
    client_secret: str


def run_demo(*, port: int, as_json: bool) -> int:
    """Run until stopped. The exit code: 0 stopped, 1 a part died, 3 it cannot start here."""
    try:
        with _signals(), ExitStack() as stack:
            stack.enter_context(_alone(FOLDER))
            url = f"http://{HOST}:{_free(port)}"
            _say(f"Démarrage… ({FOLDER}/)", quiet=as_json)
            children = _start(stack, url, port, as_json)
            _say(json.dumps(document(url), ensure_ascii=False) if as_json else welcome(url))
            return _watch(children)
    except VisitError as error:
        sys.stderr.write(f"L’histoire de la démonstration n’a pas pu être racontée : {error}\n")
        return FAILED
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    except _Stopped:
        _say("\nArrêté. Les données restent dans .demo/.", quiet=as_json)
        return 0


def _start(stack: ExitStack, url: str, port: int, as_json: bool) -> Sequence[Child]:
    kept = _kept(FOLDER)
    environ = _environ(url, kept)
    story = FOLDER / "story.json"
    if not story.exists():  # never told to its end: nothing of it is worth keeping
        shutil.rmtree(FOLDER / "var", ignore_errors=True)
    settings = load_settings({name: text for name, text in environ.items() if name.startswith("CARNET_")})
    bootstrap.make_keys(settings)
    bootstrap.upgrade(settings)
    provider = _child(stack, "vault.demo.provider", _provider_arguments(url, kept), environ)
    server = _child(stack, "vault.cli.main", ["serve", "--port", str(port), "--json"], environ)
    if not story.exists():
        _say("Première fois : les personnes de la démonstration remplissent leur carnet…", quiet=as_json)
        application = bootstrap.open_application(settings)
        stack.callback(application.close)
        told = Teller(url, application, FOLDER, datetime.now(UTC).date()).tell()
        write_private(story, json.dumps(told, indent=1) + "\n")
    move_system(FOLDER, url)
    return provider, server


def _child(stack: ExitStack, module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Child:
    child = Child(module, arguments, environ)
    stack.callback(child.stop)
    if not child.first_line():
        raise DemoError(f"{module} n’a pas démarré ; la raison est écrite ci-dessus.", FAILED)
    return child


def _watch(children: Sequence[Child]) -> int:
    while all(child.alive for child in children):
        time.sleep(0.2)
    raise DemoError("Une partie de la démonstration s’est arrêtée : tout est arrêté.", FAILED)


def _say(sentence: str, *, quiet: bool = False) -> None:
    if not quiet:
        sys.stdout.write(f"{sentence}\n")
        sys.stdout.flush()


# --- what it runs on -------------------------------------------------------------------------------------


def _environ(url: str, kept: Kept) -> dict[str, str]:
    """Our own environment with the demo's settings in place of any others."""
    provider = f"http://{HOST}:{kept.provider_port}"
    settings = {
        "CARNET_DATA_DIR": str((FOLDER / "var").absolute()),
        "CARNET_PUBLIC_URL": url,
        "CARNET_INSTANCE": str(_instance_file()),
    }
    for name in ("franceconnect", "proconnect"):
        settings[f"CARNET_{name.upper()}_ISSUER"] = f"{provider}/{name}/api/v2"
        settings[f"CARNET_{name.upper()}_CLIENT_ID"] = CLIENT_ID
        settings[f"CARNET_{name.upper()}_CLIENT_SECRET"] = kept.client_secret
    others = {name: text for name, text in os.environ.items() if not name.startswith("CARNET_")}
    return others | settings


def _instance_file() -> Path:
    path = (FOLDER / "instance.json").absolute()
    write_private(path, json.dumps(INSTANCE, ensure_ascii=False, indent=1) + "\n")
    return path


def _provider_arguments(url: str, kept: Kept) -> list[str]:
    clients = {
        name: [
            {
                "client_id": CLIENT_ID,
                "client_secret": kept.client_secret,
                "redirect_uris": [f"{url}/connexion/{name}/retour"],
                "post_logout_redirect_uris": [f"{url}/deconnexion/retour"],
            }
        ]
        for name in ("franceconnect", "proconnect")
    }
    path = FOLDER / "clients.json"
    write_private(path, json.dumps(clients) + "\n")
    state = FOLDER / "provider.json"
    return ["--port", str(kept.provider_port), "--clients", str(path), "--state", str(state)]


def _kept(folder: Path) -> Kept:
    path = folder / "demo.json"
    if path.exists():
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        kept = Kept(int(told["provider_port"]), str(told["client_secret"]))
        _free(kept.provider_port, kept=True)
        return kept
    free = next((port for port in PROVIDER_PORTS if _is_free(port)), None)
    if free is None:
        raise DemoError("Aucun port libre entre 8100 et 8199 pour le fournisseur d’identité.")
    kept = Kept(free, secrets.token_urlsafe(24))
    write_private(path, json.dumps({"provider_port": free, "client_secret": kept.client_secret}) + "\n")
    return kept


def _free(port: int, *, kept: bool = False) -> int:
    """``port``, or a free one for 0. Raises DemoError when another program has it."""
    deadline = time.monotonic() + _WAIT_FOR_PORT
    while not _is_free(port):
        if time.monotonic() > deadline:
            remedy = (
                "Fermez ce programme, ou recommencez à neuf avec : make reset"
                if kept
                else f"Choisissez-en un autre, par exemple : make run PORT={port + 1}"
            )
            raise DemoError(f"Le port {port} est déjà pris par un autre programme. {remedy}")
        time.sleep(0.1)
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[TextIO]:
    """One demo a folder at a time. The lock goes with the process, however it ends."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError("La démonstration tourne déjà dans ce dossier.") from None
        yield lock


@contextmanager
def _signals() -> Iterator[None]:
    """SIGINT and SIGTERM end what is under way once; while stopping, more of them change nothing."""

    def stop(_: int, __: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

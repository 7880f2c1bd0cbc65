"""Typing commands like an operator: in this process when that is the same, else in one of its own."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.conftest import StoreUrls
from vault.cli.main import run

PROGRAM = [sys.executable, "-m", "vault.cli.main"]


@dataclass(frozen=True)
class Typed:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its one JSON document."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


@dataclass(frozen=True)
class Operator:
    """Whoever types; ``environ`` holds the settings."""

    environ: Mapping[str, str]

    @classmethod
    def of(cls, urls: StoreUrls, folder: Path, **more: str) -> "Operator":
        return cls(
            {
                "CARNET_DATA_DIR": str(folder / "var"),
                "CARNET_DATABASE_URL": urls.data,
                "CARNET_KEYSTORE_URL": urls.keys,
                **more,
            }
        )

    @classmethod
    def in_folder(cls, folder: Path, **more: str) -> "Operator":
        return cls({"CARNET_DATA_DIR": str(folder / "var"), **more})

    def type(self, *words: str) -> Typed:
        """Run the command here."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.whole_environ(), clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = run(list(words))
            except SystemExit as leaving:  # argparse
                code = int(leaving.code or 0)
        return Typed(code, out.getvalue(), err.getvalue())

    def answer(self, *words: str) -> Any:
        """The JSON document of a command that must succeed."""
        typed = self.type(*words, "--json")
        assert typed.code == 0, typed.err
        return typed.document

    def set_up(self) -> "Operator":
        for words in (("keys", "init"), ("database", "upgrade")):
            assert self.type(*words).code == 0
        return self

    def whole_environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **self.environ}

    def launch(self, *words: str, cwd: Path | None = None) -> "subprocess.Popen[str]":
        """The command in a process of its own, not waited for."""
        return subprocess.Popen(
            [*PROGRAM, *words],
            env=self.whole_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )

    @contextmanager
    def serving(self, *words: str) -> Iterator["Server"]:
        """``carnet serve`` on a free port, from when it answers; killed at the end if it still runs."""
        process = self.launch("serve", "--port", "0", "--json", *words)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            yield Server(process, json.loads(line))
        finally:
            process.kill()
            process.communicate()


@dataclass(frozen=True)
class Server:
    process: "subprocess.Popen[str]"
    announced: Mapping[str, Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.announced['port']}"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Typed:
        """Ask it to stop, and wait."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return Typed(self.process.returncode, out, err)


def children_of(pid: int) -> set[int]:
    """The processes it started and that live."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(one) for one in listed.split()}


def is_alive(pid: int) -> bool:
    """Whether the process runs (one that waits to be buried does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

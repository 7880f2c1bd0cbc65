"""A mutant and the tests that should miss what it lacks, in a child process.

What the tests lean on is loaded once, before; the program itself is loaded by each child, from the changed
source.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mutations.finding import Mutant

ROOT = Path(__file__).resolve().parents[2]
# Loaded before the first fork: others' code, never ours.
BEFORE = ("fastapi", "starlette.testclient", "sqlalchemy", "alembic", "authlib", "joserfc.jwt", "jinja2")
BEFORE += ("httpx2", "httpcore2", "uvicorn", "cryptography.x509", "pydantic", "weasyprint", "jsonschema")
OPTIONS = ["-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the mutant's files from what it says."""

    def __init__(self, mutant: Mutant) -> None:
        self._sources = {module_of(path): (path, source) for path, source in mutant.sources.items()}

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        del path, target
        if name not in self._sources:
            return None
        return importlib.util.spec_from_file_location(name, self._sources[name][0], loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        path, source = self._sources[module.__name__]
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - our own source, changed


def module_of(path: Path) -> str:
    return ".".join(path.resolve().relative_to(ROOT).with_suffix("").parts)


def load_before() -> None:
    for name in BEFORE:
        importlib.import_module(name)


class Trial:
    """One child under way."""

    def __init__(self, mutant: Mutant, tests: Sequence[str]) -> None:
        self.mutant = mutant
        self._told = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by ``wait``
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            os._exit(self._child(tests))

    def _child(self, tests: Sequence[str]) -> int:
        for number in (1, 2):
            os.dup2(self._told.fileno(), number)
        os.chdir(ROOT)
        sys.meta_path.insert(0, _Changed(self.mutant))
        return int(pytest.main([*OPTIONS, *tests]))

    def wait(self) -> list[str]:
        """The tests that failed; empty when the mutant lives."""
        _, status = os.waitpid(self._pid, 0)
        self._told.seek(0)
        lines = self._told.read().splitlines()
        self._told.close()
        failed = [
            line.split(" - ")[0].split(" ", 1)[1] for line in lines if line.startswith(("FAILED ", "ERROR "))
        ]
        code = os.waitstatus_to_exitcode(status)
        if code == pytest.ExitCode.USAGE_ERROR and not failed:
            return ["(the program does not even load)"]
        if bool(code) != bool(failed):
            raise RuntimeError(f"the tests did not run for {self.mutant.name}: {lines[-5:]}")
        return failed

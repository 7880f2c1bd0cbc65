"""The arrows point one way; and the reader of arrows sees each kind of wrong one."""

from pathlib import Path

import pytest

from tests.rules.arrows import DOORS, MAY_IMPORT, faults, place_of
from tests.rules.tracked import ROOT, direct_dependencies

WRONG = {
    "consent/grants.py: import vault.carnet.entries": "consent.grants may not import vault.carnet.entries",
    "schemas/names.py: from consent.grants import Grant": "schemas.names may not import consent.grants",
    "schemas/names.py: from vault.errors import CarnetError": "schemas.names may not import vault.errors",
    "vault/carnet/entries.py: from vault.audit.events import Read": (
        "vault.carnet.entries may not import vault.audit.events"
    ),
    "vault/carnet/entries.py: from ..audit import events": "vault.carnet.entries may not import vault.audit",
    "vault/services/reading.py: from vault.storage.carnets import Carnets": (
        "vault.services.reading may not import vault.storage.carnets"
    ),
    "vault/web/api/fields.py: from vault import crypto": "vault.web.api.fields may not import vault.crypto",
    "vault/web/guard.py: def f():\n  import vault.crypto.envelope": (
        "vault.web.guard may not import vault.crypto.envelope"
    ),
    "vault/web/guard.py: from vault.storage.sessions import Sessions": (
        "vault.web.guard may not import vault.storage.sessions"
    ),
    "vault/storage/carnets.py: import vault.crypto": "vault.storage.carnets may not import vault.crypto",
    "vault/bootstrap.py: import vault.demo.provider": "vault.bootstrap may not import vault.demo.provider",
    "vault/cli/main.py: from vault.demo import provider": "vault.cli.main may not import vault.demo",
    "vault/web/app.py: importlib.import_module('vault.demo.people')": (
        "vault.web.app may not import vault.demo.people"
    ),
    "vault/web/app.py: import_module(name)": "vault.web.app imports a computed name, which has no door",
    "vault/services/reading.py: import sqlalchemy as sa": (
        "vault.services.reading may not import sqlalchemy: the door of sqlalchemy is vault.storage"
    ),
    "vault/storage/keystore.py: from cryptography.hazmat import x": (
        "vault.storage.keystore may not import cryptography.hazmat: the door of cryptography is vault.crypto"
    ),
    "exporters/to_json.py: import weasyprint": (
        "exporters.to_json may not import weasyprint: the door of weasyprint is exporters.to_pdf"
    ),
    "vault/web/app.py: import requests": "vault.web.app imports requests, which has no door",
    "vault/web/app.py: import tests.builders": "vault.web.app imports tests.builders, which has no door",
    "vault/web/utils.py: import json": "vault.web.utils: a module is named after its subject, not utils",
    "vault/stuff.py: import json": (
        "vault.stuff has no place: add it to a room, or give it one in tests/rules/arrows.py"
    ),
    "consent/grants.py: now = datetime.now(UTC)": (
        "consent.grants reads a clock: time comes in as an argument"
    ),
    "vault/audit/events.py: at = datetime.datetime.now()": (
        "vault.audit.events reads a clock: time comes in as an argument"
    ),
}
RIGHT = [
    "vault/services/reading.py: from vault.crypto import open_record",
    "vault/services/reading.py: from consent.decisions import decide",
    "vault/services/reading.py: from datetime import datetime",
    "vault/storage/carnets.py: import sqlalchemy; from vault.services.ports import Work",
    "vault/web/login/callback.py: import joserfc; from vault.identity import claims; from . import checks",
    "vault/web/api/fields.py: from vault.config import Settings; from ..guard import caller",
    "vault/cli/demo.py: from vault.demo import provider; from vault.bootstrap import assemble",
    "vault/bootstrap.py: from vault.crypto import seal; from vault.web.app import make_app",
    "vault/crypto/envelope.py: from cryptography.hazmat.primitives import hashes",
    "exporters/to_pdf.py: import weasyprint; from schemas import names",
    "vault/storage/sessions.py: at = datetime.now(UTC)",
]


def plant(root: Path, line: str) -> None:
    """Write the one-file tree that ``"path: source"`` describes."""
    name, _, source = line.partition(": ")
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(source + "\n")


def test_every_arrow_of_this_repository_points_the_right_way() -> None:
    assert faults(ROOT) == []


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_arrow_is_seen(line: str, tmp_path: Path) -> None:
    plant(tmp_path, line)
    assert faults(tmp_path) == [WRONG[line]]


@pytest.mark.parametrize("line", RIGHT)
def test_a_right_arrow_is_left_alone(line: str, tmp_path: Path) -> None:
    plant(tmp_path, line)
    assert faults(tmp_path) == []


def test_every_place_that_may_import_is_a_place_that_may_be_imported() -> None:
    assert all(place_of(allowed) == allowed for allowed in set().union(*MAY_IMPORT.values()))


def test_every_direct_dependency_has_a_door() -> None:
    # uvicorn’s parser; the build’s back end; what jsonschema checks instants with
    imported_by_nobody = {"httptools", "setuptools", "rfc3339_validator"}
    names = {name.replace("-", "_") for name in direct_dependencies("requirements.in")}
    assert names - imported_by_nobody <= set(DOORS)

"""Verifying and handing over the log from the command line."""

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator
from tests.conftest import StoreUrls
from tests.world import World

MALFORMED = {"CARNET_KMS": "nothing", "CARNET_UNKNOWN": "x"}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator.in_folder(tmp_path).set_up()


@pytest.fixture
def told(operator: Operator, tmp_path: Path) -> Iterator[World]:
    """The same instance after a person wrote, shared and was read."""
    urls = StoreUrls(f"sqlite:///{tmp_path}/var/carnet.sqlite", f"sqlite:///{tmp_path}/var/keys.sqlite")
    world = World.open(urls.data, urls.keys, tmp_path)
    person, system = world.person(), world.system()
    world.fill(person)
    world.share(person, system.structure_id)
    world.read(system, person.carnet_id)
    operator.answer("jobs", "run", "--once")
    yield world
    world.close()


def test_an_export_verifies_anywhere(operator: Operator, told: World, tmp_path: Path) -> None:
    out = tmp_path / "handed over"
    exported = operator.answer("audit", "export", "--out", str(out))
    assert exported["openings"] == 0
    assert not (out / "openings.jsonl").exists()
    elsewhere = tmp_path / "elsewhere"
    shutil.move(out, elsewhere)
    typed = Operator(MALFORMED).type("audit", "verify", str(elsewhere), "--json")
    assert typed.code == 0
    assert typed.document["ok"] is True
    assert typed.document["size"] == exported["size"]


def test_openings_are_shown_only_when_asked_and_the_look_is_logged(
    operator: Operator, told: World, tmp_path: Path
) -> None:
    before = operator.answer("audit", "verify")["size"]
    exported = operator.answer("audit", "export", "--out", str(tmp_path / "out"), "--openings")
    assert exported["size"] == before + 1
    assert exported["openings"] == 2 * exported["size"]
    lines = [json.loads(line) for line in (tmp_path / "out" / "openings.jsonl").read_text().splitlines()]
    assert {(line["index"], line["kind"]) for line in lines} == {
        (index, kind) for index in range(exported["size"]) for kind in ("about", "actor")
    }
    last = json.loads(b64decode(lines[-2]["content"]))
    assert last == {"reason": "log export with openings"}
    verified = Operator({}).type("audit", "verify", str(tmp_path / "out"), "--json")
    assert (verified.code, verified.document["openings"]) == (0, exported["openings"])


def test_an_export_never_replaces_what_is_there(operator: Operator, told: World, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("keep me")
    typed = operator.type("audit", "export", "--out", str(tmp_path / "mine"), "--json")
    assert (typed.code, typed.out) == (1, "")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter"]


def test_a_changed_folder_fails_and_the_index_is_named(
    operator: Operator, told: World, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    operator.answer("audit", "export", "--out", str(out))
    lines = (out / "leaves.jsonl").read_text().splitlines()
    lines[3], lines[4] = lines[4], lines[3]
    (out / "leaves.jsonl").write_text("".join(f"{line}\n" for line in lines))
    typed = Operator({}).type("audit", "verify", str(out))
    assert typed.code == 1
    assert "index 3" in typed.out

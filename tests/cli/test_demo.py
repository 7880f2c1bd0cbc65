"""The demo tells its story once, stops with everything it started, and says what is wrong in one sentence."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.typing_commands import Operator, Server, children_of, is_alive
from tests.provider_process import ROOT
from vault.demo.identities import (
    AMINA,
    BRUNO,
    CLAIRE,
    GERARD,
    GWENAELLE,
    HELENE,
    INES,
    KARIM,
    MARIE_LOU,
    THOMAS,
    YUSUF,
)
from vault.demo.visitor import PERSON_DOOR, PROFESSIONAL_DOOR, Visitor


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def demo(folder: Path, *, port: int | None = None, **environ: str) -> Iterator[Server]:
    """A demo in ``folder``, from when it says it is open."""
    words = ("demo", "--port", str(port or free_port()), "--json")
    process = Operator({"PYTHONPATH": str(ROOT), **environ}).launch(*words, cwd=folder)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        yield Server(process, json.loads(line))
    finally:
        process.kill()
        process.communicate()


def gone(pids: set[int]) -> bool:
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def as_(url: str, identity: str, door: str) -> Visitor:
    visitor = Visitor(url)
    visitor.sign_in(door, identity)
    return visitor


def items(visitor: Visitor, path: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visitor.get(path, **query)["items"]
    return found


def every(visitor: Visitor, path: str) -> Iterator[dict[str, Any]]:
    page = visitor.get(path)
    yield from page["items"]
    while page["next"] is not None:
        page = visitor.get(path, after=page["next"])
        yield from page["items"]


def test_its_story_can_be_followed_and_survives_a_restart(tmp_path: Path) -> None:
    foreign = {"CARNET_DATA_DIR": "elsewhere", "CARNET_UNKNOWN": "x"}  # the demo has settings of its own
    with demo(tmp_path, **foreign) as first:
        url = first.announced["url"]
        names = {one["name"] for one in first.announced["people"]}
        assert {
            one.display_name for one in (AMINA, GERARD, MARIE_LOU, CLAIRE, HELENE, GWENAELLE, THOMAS)
        } <= names
        children = children_of(first.process.pid)
        check_the_person(url)
        check_what_they_write_together(url)
        check_the_others(url)
        check_the_team(url)
        read_as_the_system(tmp_path)
        kept = json.loads((tmp_path / ".demo" / "story.json").read_text())
        stopped = first.stop(signal.SIGINT)
    assert (stopped.code, stopped.out, stopped.err) == (0, "", "")
    assert len(children) == 2
    assert gone(children)
    with demo(tmp_path, port=free_port()) as second:  # another port, the same people
        with as_(second.announced["url"], AMINA.key, PERSON_DOOR) as amina:
            assert amina.session["carnet_id"] == kept["carnets"]["amina"]
        read_as_the_system(tmp_path)
        assert second.stop(signal.SIGTERM).code == 0
    verified = Operator({"CARNET_DATA_DIR": str(tmp_path / ".demo" / "var")}).answer("audit", "verify")
    assert verified["ok"] is True
    assert not (tmp_path / "elsewhere").exists()


def check_the_person(url: str) -> None:
    with as_(url, AMINA.key, PERSON_DOOR) as amina:
        assert len(amina.get("/me/carnet")["entries"]) >= 15
        outcomes = [(one["structure"], one["outcome"]) for one in items(amina, "/me/accesses")]
        assert len(outcomes) >= 3
        assert {outcome for _, outcome in outcomes} == {"granted", "denied"}
        assert sorted(one["state"] for one in items(amina, "/me/grants")) == ["granted", "withdrawn"]
    with as_(url, MARIE_LOU.key, PERSON_DOOR) as marie_lou:
        assert len(marie_lou.get("/me/carnet")["entries"]) == 2  # her name, and one answer


def check_what_they_write_together(url: str) -> None:
    with as_(url, AMINA.key, PERSON_DOOR) as amina:
        assert len(items(amina, "/me/proposals")) == 1, "the meeting that waits"
        volets = {one["volet"]: one["state"] for one in items(amina, "/me/volets")}
        assert volets["comprehension_engagements"] == "validated"
        entries = amina.get("/me/carnet")["entries"]
        (said,) = [one for entry in entries for one in entry["observations"]]
        assert len(said["replies"]) == 1
        sides = [entry["value"]["partie"] for entry in entries if entry["field_id"] == "engagements"]
        assert sorted(sides) == ["administration", "administration", "personne"]
        assert "La date est passée" in amina.look("/mon-carnet/ce-que-chacun-a-fait")
    with as_(url, GERARD.key, PERSON_DOOR) as gerard:
        (asked,) = items(gerard, "/me/forget-requests")
        assert asked["state"] not in ("refused", "executed")
    with as_(url, YUSUF.key, PERSON_DOOR) as yusuf:
        assert [one["state"] for one in items(yusuf, "/me/requests")] == ["requested"]


def check_the_others(url: str) -> None:
    with as_(url, CLAIRE.key, PROFESSIONAL_DOOR) as claire:
        licences = []
        for grant in items(claire, "/grants"):
            asked = {"purpose": "proposer_poste", "fields": "permis_conduire"}
            read = claire.get(f"/carnets/{grant['carnet_id']}/fields", **asked)
            licences += [one["value"] for one in read["fields"]["permis_conduire"]]
        assert sorted(licences) == [["b"], ["b", "be"]]  # Kévin's and Gérard's
    with as_(url, KARIM.key, PROFESSIONAL_DOOR) as karim:
        assert len(items(karim, "/grants")) == 1  # Fatoumata's; Amina stopped hers
    with as_(url, HELENE.key, PROFESSIONAL_DOOR) as helene:
        assert helene.session["kind"] == "dpo"
        assert "denied" in {one["outcome"] for one in every(helene, "/dpo/accesses")}


def check_the_team(url: str) -> None:
    with as_(url, GWENAELLE.key, PROFESSIONAL_DOOR) as gwenaelle:
        team = gwenaelle.look("/equipe")
        assert BRUNO.display_name in team
        assert f"le numéro officiel (SIRET) de son employeur est {BRUNO.siret}" in team
        assert INES.email in team, "the invitation that waits"
        assert BRUNO.display_name in gwenaelle.look("/carnets"), "she reads none: she is led to her team"


def read_as_the_system(folder: Path) -> None:
    script = [str(ROOT / "examples" / "read_as_system.py"), ".demo/atelier-des-rives.json"]
    told = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "python"), *script],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "proposer_poste" in told.stdout
    assert '["b", "be"]' in told.stdout


def test_when_one_part_dies_all_of_it_ends(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        children = children_of(running.process.pid)
        os.kill(min(children), signal.SIGKILL)
        _, err = running.process.communicate(timeout=60)
    assert running.process.returncode == 1
    assert "arrêté" in err
    assert gone(children)
    with demo(tmp_path) as again:  # killed itself, it takes everything with it all the same
        children = children_of(again.process.pid)
        refused = Operator({"PYTHONPATH": str(ROOT)}).launch("demo", "--port", str(free_port()), cwd=tmp_path)
        assert "déjà" in refused.communicate(timeout=60)[1]
        assert refused.returncode == 3
        again.process.kill()
        again.process.wait()
        assert gone(children)


def test_a_taken_port_is_said_in_french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        typed = Operator({}).type("demo", "--port", str(port))
    assert (typed.code, typed.out) == (3, "")
    assert f"Le port {port} est déjà pris" in typed.err
    assert f"PORT={port + 1}" in typed.err

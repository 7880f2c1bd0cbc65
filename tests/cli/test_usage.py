"""Words that are no command: exit 2, a hint, nothing on stdout."""

from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator

NOT_YET = [
    "keys rotate-root",
    "keys rotate-log",
    "backup data --out x",
    "restore data --from x",
]
WRONG = [
    "", "nothing", "keys", "serve --port x", "serve --port 70000", "serve --workers 0", "serve --wor 2",
    "structure add --name A", "structure add --name A --kind unknown", "structure add --name",
    "structure add --name A --kind siae --siret 12", "invite --structure a --email nobody --role dpo",
    "invite --structure a --email a@b.example --role boss", "audit verify no/such/folder", "audit export",
    "erase", "erase --carnet a --for-rea", "jobs run --twice", "demo --port -1",
]  # fmt: skip


@pytest.mark.parametrize("line", WRONG + NOT_YET)
def test_what_cannot_be_meant_is_refused_with_a_hint(line: str, tmp_path: Path) -> None:
    typed = Operator.in_folder(tmp_path).type(*line.split())
    assert (typed.code, typed.out) == (2, "")
    assert "hint: " in typed.err
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("line", NOT_YET)
def test_what_comes_later_is_not_announced(line: str, tmp_path: Path) -> None:
    topic, _, rest = line.partition(" ")
    listed = Operator.in_folder(tmp_path).type("--help").out
    assert f"{topic} {rest.split()[0]}" not in listed


def test_help_is_asked_for_and_given(tmp_path: Path) -> None:
    for words in (("--help",), ("keys", "--help"), ("structure", "add", "--help")):
        typed = Operator.in_folder(tmp_path).type(*words)
        assert (typed.code, typed.err) == (0, "")
        assert "usage: carnet" in typed.out

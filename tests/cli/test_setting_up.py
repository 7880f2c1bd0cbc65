"""From nothing to an instance that may be served, and what is said on the way."""

from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator
from tests.conftest import StoreUrls

NEEDS_KEYS = [
    ("serve", "--port", "0"),
    ("keys", "status"),
    ("database", "upgrade"),
    ("database", "check"),
    ("structure", "add", "--name", "A", "--kind", "siae"),
    ("invite", "--structure", "a", "--email", "a@b.example", "--role", "dpo"),
    ("audit", "verify"),
    ("audit", "export", "--out", "nowhere"),
    ("erase", "--carnet", "a"),
    ("jobs", "run", "--once"),
]


@pytest.mark.parametrize("words", NEEDS_KEYS, ids=" ".join)
def test_before_the_keys_every_command_names_the_one_to_run(words: tuple[str, ...], tmp_path: Path) -> None:
    typed = Operator.in_folder(tmp_path).type(*words)
    assert (typed.code, typed.out) == (3, "")
    assert "carnet keys init" in typed.err


@pytest.mark.parametrize("words", [one for one in NEEDS_KEYS if one[0] not in ("keys",)], ids=" ".join)
def test_before_the_tables_too(words: tuple[str, ...], tmp_path: Path) -> None:
    operator = Operator.in_folder(tmp_path)
    assert operator.type("keys", "init").code == 0
    if words != ("database", "upgrade"):
        typed = operator.type(*words)
        assert (typed.code, typed.out) == (3, "")
        assert "carnet database upgrade" in typed.err


def test_both_commands_may_be_repeated(store_urls: StoreUrls, tmp_path: Path) -> None:
    operator = Operator.of(store_urls, tmp_path)
    assert operator.answer("keys", "init")["made"] is True
    assert operator.answer("database", "upgrade") == {"log_begun": True}
    first = operator.answer("keys", "status")
    assert operator.answer("keys", "init")["made"] is False
    assert operator.answer("database", "upgrade") == {"log_begun": False}
    assert operator.answer("keys", "status") == first
    assert operator.answer("database", "check") == {"ok": True, "findings": []}
    assert operator.answer("audit", "verify")["size"] == 1


def test_what_holds_secrets_is_its_owners_alone(tmp_path: Path) -> None:
    operator = Operator.in_folder(tmp_path).set_up()
    folder = Path(operator.environ["CARNET_DATA_DIR"])
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    assert modes.pop("var") == 0o700
    assert set(modes.values()) == {0o600}


def test_a_lost_keyring_is_never_replaced_in_silence(tmp_path: Path) -> None:
    operator = Operator.in_folder(tmp_path).set_up()
    keyring = tmp_path / "var" / "keyring"
    kept = keyring.read_bytes()
    keyring.unlink()
    typed = operator.type("keys", "init")
    assert typed.code == 3
    assert not keyring.exists()
    keyring.touch(0o600)
    keyring.write_bytes(kept)
    assert operator.type("database", "check").code == 0


def test_a_setting_that_does_not_exist_stops_the_command_and_is_named(tmp_path: Path) -> None:
    typed = Operator.in_folder(tmp_path, CARNET_DATABSE_URL="x").type("keys", "init")
    assert typed.code == 3
    assert "CARNET_DATABSE_URL" in typed.err
    assert not (tmp_path / "var").exists()

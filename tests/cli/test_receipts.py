"""``carnet receipt verify``: with the file alone, and with the keys of a site."""

import json
from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator
from tests.world import World
from vault.services.receipts_kept import jwks, list_receipts

VERIFY = ("receipt", "verify")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A receipt, the keys of its site, and those of another."""
    made = tmp_path_factory.mktemp("receipts")
    for name in ("own", "other"):
        stores = made / name
        stores.mkdir()
        world = World.open(f"sqlite:///{stores}/d.sqlite", f"sqlite:///{stores}/k.sqlite", stores)
        (made / f"{name}.jwks").write_text(json.dumps(jwks(world.parts)))
        if name == "own":
            ana = world.person("ana")
            world.fill(ana)
            world.share(ana, world.structure())
            found, _ = list_receipts(world.parts, ana.owner, actor=ana.actor)
            (made / "recu.jws").write_bytes(found[0].jws)
        world.close()
    return made


def test_a_receipt_is_checked_with_nothing_but_itself_and_nothing_is_made(
    folder: Path, tmp_path: Path
) -> None:
    typed = Operator.in_folder(tmp_path).type(*VERIFY, str(folder / "recu.jws"))
    assert (typed.code, typed.err) == (0, "")
    assert "the receipt holds" in typed.out
    assert "SIAE Alpha" in typed.out
    assert "Compare the key" in typed.out
    assert not (tmp_path / "var").exists()


def test_with_the_keys_of_its_site_it_holds_and_with_others_it_does_not(folder: Path, tmp_path: Path) -> None:
    operator = Operator.in_folder(tmp_path)
    receipt = str(folder / "recu.jws")
    known = operator.type(*VERIFY, receipt, "--keys", str(folder / "own.jwks"), "--json")
    assert known.code == 0
    assert json.loads(known.out) | {"holds": True, "key_known": True, "move": "granted"} == json.loads(
        known.out
    )
    stranger = operator.type(*VERIFY, receipt, "--keys", str(folder / "other.jwks"))
    assert stranger.code == 1
    assert "not among those given" in stranger.out


@pytest.mark.parametrize("at", [5, 400, -5])
def test_a_changed_receipt_does_not_hold(folder: Path, tmp_path: Path, at: int) -> None:
    data = bytearray((folder / "recu.jws").read_bytes())
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    (tmp_path / "changed.jws").write_bytes(data)
    typed = Operator.in_folder(tmp_path).type(*VERIFY, str(tmp_path / "changed.jws"))
    assert typed.code == 1
    assert "DOES NOT HOLD" in typed.out


def test_a_file_that_is_not_there_or_is_no_set_of_keys_is_an_error_of_usage(
    folder: Path, tmp_path: Path
) -> None:
    operator, receipt = Operator.in_folder(tmp_path), str(folder / "recu.jws")
    assert operator.type(*VERIFY, str(tmp_path / "none.jws")).code == 2
    assert operator.type(*VERIFY, receipt, "--keys", receipt).code == 2

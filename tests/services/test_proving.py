"""An exported log holds for anyone, and nothing that is done to the folder afterwards goes unseen."""

import json
import shutil
from base64 import b64decode
from pathlib import Path

import pytest

from tests.audit_builders import (
    ORIGIN,
    OTHER_SIGNER,
    SIGNER,
    START,
    VERIFIER,
    MemoryLog,
    a_leaf,
    a_log,
    an_opening,
    check_signature,
)
from tests.vectors import independent_log as naive
from vault.audit import Op, VerificationReport, open_note, sign_checkpoint
from vault.audit.merkle import root_of, verify_consistency, verify_inclusion
from vault.audit.tiles import tile_path
from vault.services.proving import Exported, ExportRefusedError, export_log, proved_indexes, verify_folder

SIZE = 300


def export(log: MemoryLog, out: Path, *, openings: bool = False) -> Exported:
    return export_log(log, out, origin=ORIGIN, signers=[SIGNER], verifiers=[VERIFIER], openings=openings)


def check(folder: Path) -> VerificationReport:
    return verify_folder(folder, check_signature, trusted=[VERIFIER])


def opened_log(size: int = SIZE) -> MemoryLog:
    log = a_log([a_leaf(no, op=Op.WRITE) for no in range(size)])  # of which an opening may be gone
    log.known = [an_opening(no, kind) for no in range(0, size, 7) for kind in ("about", "actor")]
    return log


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "log"
    export(opened_log(), out, openings=True)
    return out


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "log"))


# --- what is written --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 1010])
def test_an_exported_log_verifies(size: int, tmp_path: Path) -> None:
    done = export(a_log(size, every=100), tmp_path / "log")
    report = check(tmp_path / "log")
    assert report.ok, report.sentences
    assert not report.sentences
    assert (report.size, report.root) == (size, done.root)
    assert report.proofs == min(size, 1000) + done.consistency_proofs
    assert done.as_document()["size"] == size


def test_the_folder_holds_what_its_page_says_and_nothing_else(whole: Path) -> None:
    names = {path.name for path in whole.iterdir()}
    assert names == {
        *("checkpoint", "checkpoints", "vkey", "leaves.jsonl", "tiles"),
        *("inclusion", "consistency", "openings.jsonl"),
    }
    tiles = {
        str(path.relative_to(whole / "tiles")) for path in (whole / "tiles").rglob("*") if path.is_file()
    }
    assert tiles == {tile_path(*address) for address in naive.tile_addresses(SIZE)}
    assert (whole / "vkey").read_text() == naive.vkey(ORIGIN, VERIFIER.public) + "\n"
    assert len(list((whole / "consistency").iterdir())) == 30
    assert sorted(path.name for path in (whole / "checkpoints").iterdir())[0] == "000000000010"


def test_the_leaves_and_the_checkpoint_agree_for_an_outsider(whole: Path) -> None:
    leaves = [
        b64decode(json.loads(line)["leaf"]) for line in (whole / "leaves.jsonl").read_text().splitlines()
    ]
    checkpoint = open_note((whole / "checkpoint").read_bytes(), [VERIFIER])
    assert leaves == [a_leaf(no, op=Op.WRITE) for no in range(SIZE)]
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, SIZE, naive.mth(leaves))


def test_the_proof_files_are_the_definitions(whole: Path) -> None:
    leaves = [a_leaf(no, op=Op.WRITE) for no in range(SIZE)]
    root = naive.b64(naive.mth(leaves))
    for index in (0, 17, 255, 256, 299):
        assert json.loads((whole / f"inclusion/{index}.json").read_text()) == {
            "leafIdx": index,
            "treeSize": SIZE,
            "root": root,
            "leafHash": naive.b64(naive.sha256(b"\0" + leaves[index])),
            "proof": [naive.b64(step) for step in naive.path(index, leaves)],
        }
    assert json.loads((whole / "consistency/250-300.json").read_text()) == {
        "size1": 250,
        "size2": SIZE,
        "root1": naive.b64(naive.mth(leaves[:250])),
        "root2": root,
        "proof": [naive.b64(step) for step in naive.proof(250, leaves)],
    }


def test_openings_are_written_only_when_asked_for(whole: Path, tmp_path: Path) -> None:
    first = json.loads((whole / "openings.jsonl").read_text().splitlines()[0])
    assert first == {
        "index": 0,
        "kind": "about",
        "r": naive.b64(an_opening(0, "about").r),
        "content": naive.b64(an_opening(0, "about").content),
    }
    leaf = json.loads(a_leaf(0))
    told = naive.commitment("about", b64decode(leaf["n"]), b64decode(first["r"]), b64decode(first["content"]))
    assert naive.b64(told) == leaf["about"]
    done = export(opened_log(), tmp_path / "without")
    assert done.openings == 0
    assert not (tmp_path / "without/openings.jsonl").exists()


def test_inclusion_is_proved_for_every_leaf_to_1000_then_for_1000_of_them() -> None:
    assert list(proved_indexes(0)) == []
    assert list(proved_indexes(1000)) == list(range(1000))
    for size in (1001, 1999, 2000, 10**9):
        spread = list(proved_indexes(size))
        assert len(set(spread)) == 1000
        assert (spread[0], spread[-1]) == (0, size - 1)


def test_leaves_whose_bytes_are_pruned_are_given_as_hashes(tmp_path: Path) -> None:
    log = a_log(SIZE)
    log.rows[:100] = [row._replace(data=None) for row in log.rows[:100]]
    with pytest.raises(ExportRefusedError):
        export(log, tmp_path / "log")
    known = {"origin": ORIGIN, "signers": [SIGNER], "verifiers": [VERIFIER]}
    export_log(log, tmp_path / "log", pruned=True, **known)  # type: ignore[arg-type]
    lines = (tmp_path / "log/leaves.jsonl").read_text().splitlines()
    assert list(json.loads(lines[99])) == ["leaf_hash"]
    assert list(json.loads(lines[100])) == ["leaf"]
    report = check(tmp_path / "log")
    assert report.ok
    assert report.sentences == ("100 leaves are given as hashes only",)


def test_two_checkpoints_of_one_size_are_both_kept(tmp_path: Path) -> None:
    log = a_log(30)
    log.notes.insert(1, sign_checkpoint(open_note(log.notes[0], [VERIFIER]), SIGNER, OTHER_SIGNER))
    done = export(log, tmp_path / "log")
    assert {path.name for path in (tmp_path / "log/checkpoints").iterdir()} == {
        "000000000010", "000000000010-2", "000000000020", "000000000030",
    }  # fmt: skip
    assert done.consistency_proofs == 3
    assert check(tmp_path / "log").ok


# --- what is refused --------------------------------------------------------------------------------------


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/precious").write_text("x")
    with pytest.raises(ExportRefusedError):
        export(a_log(3), tmp_path / "log")
    assert [path.name for path in tmp_path.rglob("*")] == ["log", "precious"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    export(a_log(3), tmp_path / "log")
    assert check(tmp_path / "log").ok


def test_a_log_that_does_not_verify_is_neither_signed_nor_written(tmp_path: Path) -> None:
    log = a_log(30)
    log.edit(7, a_leaf(5000, t=START + 70))
    log.rebuild()
    with pytest.raises(ExportRefusedError) as refused:
        export(log, tmp_path / "log")
    assert refused.value.report is not None
    assert refused.value.report.interval == (0, 10)
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_a_note_kept_elsewhere_contradicts_is_not_signed(tmp_path: Path) -> None:
    log = a_log(30)
    longer = a_log(40).notes[-1]
    with pytest.raises(ExportRefusedError):
        export_log(
            log, tmp_path / "log", origin=ORIGIN, signers=[SIGNER], verifiers=[VERIFIER], also=[longer]
        )


def test_an_export_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    class Full(MemoryLog):
        def openings(self):  # type: ignore[no-untyped-def]
            self.asked = getattr(self, "asked", 0) + 1
            if self.asked > 1:
                raise OSError("disk full")
            return iter(())

    log = a_log(30)
    with pytest.raises(OSError, match="disk full"):
        export(Full(log.rows, log.tiles, log.notes, log.kept_head), tmp_path / "log", openings=True)
    assert list(tmp_path.iterdir()) == []


def test_the_proofs_hold_with_the_plain_functions(whole: Path) -> None:
    """As outsiders do it: proof files and signed roots, no leaf at all."""
    for path in (whole / "inclusion").iterdir():
        told = json.loads(path.read_text())
        steps = [b64decode(step) for step in told["proof"]]
        leaf, root = b64decode(told["leafHash"]), b64decode(told["root"])
        assert verify_inclusion(leaf, told["leafIdx"], told["treeSize"], steps, root)
    for path in (whole / "consistency").iterdir():
        told = json.loads(path.read_text())
        note = (whole / "checkpoints" / f"{told['size1']:012}").read_bytes()
        root1 = open_note(note, [VERIFIER]).root
        steps = [b64decode(step) for step in told["proof"]]
        assert verify_consistency(told["size1"], told["size2"], root1, b64decode(told["root2"]), steps)


def test_an_empty_log_has_the_root_of_nothing(tmp_path: Path) -> None:
    assert export(a_log(0), tmp_path / "log").root == root_of([])

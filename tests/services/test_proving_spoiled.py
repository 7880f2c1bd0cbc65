"""Whatever is done to an exported folder is found, and the report says where."""

import json
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.audit_builders import (
    ORIGIN,
    OTHER_SIGNER,
    OTHER_VERIFIER,
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
from vault.audit import Checkpoint, Op, VerificationReport, sign_checkpoint
from vault.services.proving import Exported, export_log, verify_folder

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


@pytest.fixture(scope="module")
def kept_files(whole: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}


@pytest.fixture
def folder(whole: Path, kept_files: dict[Path, bytes]) -> Iterator[Path]:
    """The export, put back as it was after each test: many times faster than a copy for each."""
    before = {path: path.stat() for path in kept_files}
    yield whole
    for path in [*whole.rglob("*")]:
        if path.is_file() and path not in kept_files:
            path.unlink()
    for path, data in kept_files.items():
        now = path.stat() if path.is_file() else None
        if now is None or (now.st_mtime_ns, now.st_ino) != (before[path].st_mtime_ns, before[path].st_ino):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def lines_of(folder: Path) -> list[str]:
    return (folder / "leaves.jsonl").read_text().splitlines(keepends=True)


def put(folder: Path, lines: list[str]) -> None:
    (folder / "leaves.jsonl").write_text("".join(lines))


def a_line(no: int, t: int) -> str:
    return json.dumps({"leaf": b64encode(a_leaf(no, t=t)).decode()}) + "\n"


def edit_line(lines: list[str], no: int) -> None:
    lines[no] = a_line(no + 5000, START + 10 * no)


def swap_lines(lines: list[str], no: int) -> None:
    lines[no], lines[no + 1] = lines[no + 1], lines[no]


LINE_SPOILS: dict[str, tuple[Callable[[list[str], int], object], int]] = {
    "edited": (edit_line, 0),
    "deleted": (lambda lines, no: lines.pop(no), 0),
    "inserted before": (lambda lines, no: lines.insert(no, a_line(7000, START)), 0),
    "swapped with the next": (swap_lines, 0),
    "repeated": (lambda lines, no: lines.insert(no, lines[no]), 1),
    "blanked": (lambda lines, no: lines.__setitem__(no, "\n"), 0),
    "not JSON": (lambda lines, no: lines.__setitem__(no, "{\n"), 0),
    "given another key": (lambda lines, no: lines.__setitem__(no, lines[no].replace("leaf", "leave")), 0),
    "given two keys": (lambda lines, no: lines.__setitem__(no, lines[no][:-2] + ', "x": 1}\n'), 0),
    "not base64": (lambda lines, no: lines.__setitem__(no, '{"leaf": "?"}\n'), 0),
    "a number": (lambda lines, no: lines.__setitem__(no, '{"leaf": 1}\n'), 0),
    "a false hash": (
        lambda lines, no: lines.__setitem__(no, f'{{"leaf_hash": "{naive.b64(bytes(32))}"}}\n'),
        0,
    ),
    "a short hash": (
        lambda lines, no: lines.__setitem__(no, f'{{"leaf_hash": "{naive.b64(bytes(31))}"}}\n'),
        0,
    ),
}


@pytest.mark.parametrize("no", [0, 11, 255, 256, 298])
@pytest.mark.parametrize("name", LINE_SPOILS)
def test_the_index_is_named_of_a_leaf_that_was(name: str, no: int, folder: Path) -> None:
    spoil, shift = LINE_SPOILS[name]
    lines = lines_of(folder)
    spoil(lines, no)
    put(folder, lines)
    report = check(folder)
    assert not report.ok
    assert report.first_bad_index == no + shift


@pytest.mark.parametrize("kept", [0, 1, 255, 256, 299])
def test_the_first_missing_index_is_named_of_leaves_cut_off(kept: int, folder: Path) -> None:
    put(folder, lines_of(folder)[:kept])
    assert check(folder).first_bad_index == kept


def test_a_line_added_at_the_end_is_named(folder: Path) -> None:
    put(folder, [*lines_of(folder), a_line(SIZE, START + 10 * SIZE)])
    assert check(folder).first_bad_index == SIZE


def test_a_last_line_without_its_end_is_named(folder: Path) -> None:
    text = (folder / "leaves.jsonl").read_text()
    (folder / "leaves.jsonl").write_text(text[:-1])
    assert check(folder).first_bad_index == SIZE - 1


def test_a_line_of_many_megabytes_is_named_and_not_read(folder: Path) -> None:
    lines = lines_of(folder)
    lines[20] = '{"leaf": "' + "A" * 5_000_000 + '"}\n'
    put(folder, lines)
    assert check(folder).first_bad_index == 20


def rewrite(folder: Path, no: int, *, note: bool) -> None:
    """A forger without the log's key rewrites leaf ``no``, every hash and every proof; with ``note`` he
    signs the whole anew with a key of his own."""
    log = opened_log()
    log.edit(no, a_leaf(no + 5000, t=START + 10 * no, op=Op.WRITE))
    log.rebuild()
    log.notes.clear()
    shutil.copytree(folder / "checkpoints", folder.parent / "notes")
    kept = (folder / "checkpoint").read_bytes()
    shutil.rmtree(folder)
    export_log(log, folder, origin=ORIGIN, signers=[OTHER_SIGNER], verifiers=[OTHER_VERIFIER])
    if not note:
        (folder / "checkpoint").write_bytes(kept)
    (folder / "vkey").write_text(VERIFIER.vkey + "\n")
    shutil.rmtree(folder / "checkpoints")
    (folder.parent / "notes").rename(folder / "checkpoints")


def test_a_leaf_rewritten_with_all_hashes_gives_the_interval_between_checkpoints(folder: Path) -> None:
    rewrite(folder, 123, note=False)
    report = check(folder)
    assert report.interval == (120, 130)
    assert report.first_bad_index is None
    assert "inclusion/0.json: the proof does not hold" in report.sentences
    assert any("more findings about proofs" in sentence for sentence in report.sentences)
    assert len(report.findings) < 20
    assert report.checkpoints == 12


def test_a_folder_signed_anew_by_a_stranger_is_refused(folder: Path) -> None:
    rewrite(folder, 123, note=True)
    assert not check(folder).ok


def test_a_stranger_s_folder_that_holds_in_itself_is_told_from_ours_by_the_key(tmp_path: Path) -> None:
    log = a_log(30)
    log.notes.clear()
    export_log(log, tmp_path / "log", origin=ORIGIN, signers=[OTHER_SIGNER], verifiers=[OTHER_VERIFIER])
    own = verify_folder(tmp_path / "log", check_signature)
    assert own.ok
    assert any("the folder's own" in sentence for sentence in own.sentences)
    assert not check(tmp_path / "log").ok


def edit_text(name: str, old: str, new: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return spoil


def edit_document(name: str, **changed: object) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        document = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**document, **changed}))

    return spoil


def edit_bytes(name: str, at: int) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[at] ^= 1
        (folder / name).write_bytes(data)

    return spoil


def remove(name: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def a_note(size: int, root: bytes) -> str:
    return sign_checkpoint(Checkpoint(ORIGIN, size, root), SIGNER)


ZERO = naive.b64(bytes(32))
KEPT = "checkpoints"
FOLDER_SPOILS: dict[str, Callable[[Path], object]] = {
    "the size": edit_text("checkpoint", "\n300\n", "\n299\n"),
    "the root": edit_text("checkpoint", "=\n\n", "A=\n\n"),
    "the origin": edit_text("checkpoint", "carnet\n", "autre\n"),
    "the signature": edit_text("checkpoint", "— journal.example/carnet ", "— journal.example/carnet A"),
    "a kept size": edit_text("checkpoints/000000000050", "\n50\n", "\n51\n"),
    "a kept signature": edit_bytes("checkpoints/000000000050", -5),
    "a kept note for a later one": lambda f: (f / KEPT / "000000000310").write_text(a_note(310, bytes(32))),
    "a kept note for another root": lambda f: (f / KEPT / "000000000055").write_text(a_note(55, bytes(32))),
    "the name of a kept note": lambda f: (f / KEPT / "000000000050").rename(f / KEPT / "note"),
    "the order of kept notes": lambda f: (f / KEPT / "000000000050").rename(f / KEPT / "000000000250-2"),
    "a hash in the lowest tile": edit_bytes("tiles/0/000", 40),
    "a hash in an upper tile": edit_bytes("tiles/1/000.p/1", 3),
    "a partial tile, removed": remove("tiles/0/001.p/44"),
    "a full tile, removed": remove("tiles/0/000"),
    "all tiles, removed": remove("tiles"),
    "the leaves, removed": remove("leaves.jsonl"),
    "a tile, very long": lambda f: (f / "tiles/0/000").write_bytes(bytes(10**6)),
    "an inclusion proof's index": edit_document("inclusion/8.json", leafIdx=9),
    "an inclusion proof's size": edit_document("inclusion/8.json", treeSize=299),
    "an inclusion proof's root": edit_document("inclusion/8.json", root=ZERO),
    "an inclusion proof's leaf": edit_document("inclusion/8.json", leafHash=ZERO),
    "an inclusion proof's steps": edit_document("inclusion/8.json", proof=[ZERO]),
    "an inclusion proof's steps, for text": edit_document("inclusion/8.json", proof="AAAA"),
    "an inclusion proof's steps, without end": edit_document("inclusion/8.json", proof=[ZERO] * 1000),
    "an inclusion proof's keys": edit_document("inclusion/8.json", more=1),
    "an inclusion proof's index, for text": edit_document("inclusion/8.json", leafIdx="8"),
    "an inclusion proof's index, negative": edit_document("inclusion/8.json", leafIdx=-1),
    "an inclusion proof's index, huge": edit_document("inclusion/8.json", leafIdx=10**40),
    "an inclusion proof, removed": remove("inclusion/8.json"),
    "an inclusion proof, not JSON": lambda f: (f / "inclusion/8.json").write_text("["),
    "all inclusion proofs, removed": remove("inclusion"),
    "a consistency proof's size": edit_document("consistency/250-300.json", size1=240),
    "a consistency proof's later size": edit_document("consistency/250-300.json", size2=299),
    "a consistency proof's root": edit_document("consistency/250-300.json", root1=ZERO),
    "a consistency proof's steps": edit_document("consistency/250-300.json", proof=[]),
    "a consistency proof of no kept note": edit_document("consistency/250-300.json", size1=251),
    "an opening's content": edit_text("openings.jsonl", '"content": "', '"content": "AAAA'),
    "an opening's r": edit_text("openings.jsonl", '"r": "', '"r": "AAAA'),
    "an opening's kind": edit_text("openings.jsonl", '"about"', '"other"'),
    "an opening's index": edit_text("openings.jsonl", '"index": 7,', '"index": 8,'),
    "an opening's index, for text": edit_text("openings.jsonl", '"index": 7,', '"index": "7",'),
    "an opening, not JSON": edit_text("openings.jsonl", '{"index": 7,', '{"index" 7,'),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDER_SPOILS)
def test_a_folder_is_refused_after_a_change_of(name: str, folder: Path) -> None:
    FOLDER_SPOILS[name](folder)
    report = check(folder)
    assert not report.ok
    assert report.findings[0].sentence


def test_a_bad_proof_names_its_leaf(folder: Path) -> None:
    FOLDER_SPOILS["an inclusion proof's steps"](folder)
    report = check(folder)
    assert [(finding.index, finding.sentence) for finding in report.findings] == [
        (None, "inclusion/8.json: the proof does not hold"),
        (8, "no inclusion proof of leaf 8 holds"),
    ]
    assert report.first_bad_index is None


def test_a_bad_opening_names_its_leaf(folder: Path) -> None:
    FOLDER_SPOILS["an opening's content"](folder)
    assert check(folder).first_bad_index == 0


@pytest.mark.parametrize(
    "vkey", ["", "x\n", "\xff\n", OTHER_VERIFIER.vkey + "\n"], ids=["no", "bad", "odd", "other"]
)
def test_without_a_good_key_of_its_own_a_folder_does_not_verify(vkey: str, folder: Path) -> None:
    (folder / "vkey").write_text(vkey, encoding="latin-1")
    report = verify_folder(folder, check_signature)
    assert not report.ok
    assert report.root is None


def test_a_folder_that_is_not_there_does_not_verify(tmp_path: Path) -> None:
    assert not verify_folder(tmp_path / "nowhere", check_signature).ok
    assert not check(tmp_path).ok


def test_a_checkpoint_that_promises_far_more_than_there_is_costs_nothing(folder: Path) -> None:
    (folder / "checkpoint").write_text(a_note(2**62, bytes(32)))
    assert check(folder).first_bad_index == SIZE


def test_files_added_beside_change_nothing(folder: Path) -> None:
    (folder / "README").write_text("x")
    assert check(folder).ok

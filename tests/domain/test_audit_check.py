"""Whatever is done to a stored log is found, and the report says where."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit_builders import (
    ORIGIN,
    OTHER_SIGNER,
    SIGNER,
    START,
    VERIFIER,
    MemoryLog,
    a_leaf,
    a_log,
    made_up,
    set_head,
    set_tile,
)
from vault.audit import (
    Checkpoint,
    SourceError,
    StoredLeaf,
    VerificationReport,
    leaf_hash,
    sign_checkpoint,
    verify,
    verify_since,
)
from vault.audit.report import MOST_FINDINGS

SIZES = (1, 2, 25, 256, 300, 1030)


def check(log: MemoryLog, **more: bool) -> VerificationReport:
    return verify(log, origin=ORIGIN, verifiers=[VERIFIER], **more)  # type: ignore[arg-type]


def signed(size: int, root: bytes, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, size, root), SIGNER)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("partial", [True, False], ids=["all-tiles", "full-tiles-only"])
def test_an_untouched_log_holds(size: int, partial: bool) -> None:
    log = a_log(size, partial=partial)
    report = check(log)
    assert report.ok, report.sentences
    assert not report.sentences
    assert (report.size, report.root) == (size, log.kept_head.range.root() if log.kept_head else None)
    assert report.checkpoints == len(log.notes)


def test_an_empty_log_holds() -> None:
    assert check(a_log(0)).ok


# --- one leaf, the hashes left alone ----------------------------------------------------------------------

LOG_SIZES = st.sampled_from((25, 300))


@given(LOG_SIZES, st.data())
@settings(max_examples=40)
def test_an_edited_leaf_is_named_and_the_rest_still_holds(size: int, data: st.DataObject) -> None:
    no = data.draw(st.integers(0, size - 1))
    log = a_log(size)
    log.edit(no, a_leaf(no + 5000, t=START + 10 * no))
    report = check(log)
    assert report.first_bad_index == no
    assert report.sentences == (f"leaf {no}: its bytes do not give the stored hash",)
    assert report.checkpoints == len(log.notes)


@given(LOG_SIZES, st.data())
@settings(max_examples=40)
def test_a_leaf_edited_with_its_stored_hash_is_named_by_the_tile(size: int, data: st.DataObject) -> None:
    no = data.draw(st.integers(0, size - 1))
    log = a_log(size)
    log.edit(no, a_leaf(no + 5000, t=START + 10 * no), with_hash=True)
    report = check(log)
    assert report.first_bad_index == no
    assert report.sentences == (f"leaf {no}: its hash is not the one in the tile",)


@given(LOG_SIZES, st.data())
@settings(max_examples=40)
def test_a_deleted_leaf_is_named_and_the_rest_still_holds(size: int, data: st.DataObject) -> None:
    no = data.draw(st.integers(0, size - 1))
    log = a_log(size)
    del log.rows[no]
    report = check(log)
    assert not report.ok
    assert report.first_bad_index == no
    assert report.findings[0].sentence == f"leaf {no} is missing"


@given(LOG_SIZES, st.data())
@settings(max_examples=40)
def test_swapped_leaves_are_both_named(size: int, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True)))
    log = a_log(size)
    one, other = log.rows[low], log.rows[high]
    log.rows[low], log.rows[high] = other._replace(no=low), one._replace(no=high)
    report = check(log)
    assert report.first_bad_index == low
    assert {low, high} <= {finding.index for finding in report.findings}


@given(LOG_SIZES, st.data())
@settings(max_examples=40)
def test_a_leaf_that_stands_twice_is_named(size: int, data: st.DataObject) -> None:
    no = data.draw(st.integers(0, size - 1))
    log = a_log(size)
    log.rows.insert(no + 1, log.rows[no])
    report = check(log)
    assert report.first_bad_index == no
    assert report.findings[0].sentence == f"leaf {no} is there more than once, or out of order"


@given(LOG_SIZES, st.data())
@settings(max_examples=40)
def test_a_leaf_inserted_with_all_others_moved_up_is_named(size: int, data: st.DataObject) -> None:
    no = data.draw(st.integers(0, size - 1))
    log = a_log(size)
    extra = StoredLeaf(no, a_leaf(7000), leaf_hash(a_leaf(7000)))
    log.rows = log.rows[:no] + [extra] + [row._replace(no=row.no + 1) for row in log.rows[no:]]
    report = check(log)
    assert report.first_bad_index == no
    assert any(
        finding.sentence.endswith(f"is beyond the end of the log, {size}") for finding in report.findings
    ) or (len(report.findings) == MOST_FINDINGS)


def test_leaves_missing_at_the_end_are_named() -> None:
    log = a_log(300)
    del log.rows[280:]
    report = check(log)
    assert report.first_bad_index == 280
    assert "leaves 280 to 299 are missing" in report.sentences


# --- the hashes rewritten too -----------------------------------------------------------------------------


@given(st.integers(0, 299))
@settings(max_examples=40)
def test_a_leaf_rewritten_with_all_hashes_gives_the_interval_between_checkpoints(no: int) -> None:
    log = a_log(300)
    log.edit(no, a_leaf(no + 5000, t=START + 10 * no))
    log.rebuild()
    report = check(log)
    assert not report.ok
    assert report.interval == (no // 10 * 10, no // 10 * 10 + 10)
    assert report.first_bad_index is None
    assert report.checkpoints == no // 10


def test_a_leaf_rewritten_with_the_lowest_tile_is_narrowed_by_the_tile_above() -> None:
    log = a_log(1030, every=1030)
    log.edit(300, a_leaf(5000, t=START + 3000))
    above = {place: tile for place, tile in log.tiles.items() if place[0] > 0}
    log.rebuild()
    log.tiles |= above
    report = check(log)
    assert report.interval == (256, 512)
    assert any(sentence.startswith("tile 1/0: leaves 256 to 511") for sentence in report.sentences)


@given(st.integers(1, 299))
@settings(max_examples=40)
def test_a_log_cut_short_with_its_head_is_found_by_a_checkpoint(size: int) -> None:
    log = a_log(300)
    del log.rows[size:]
    log.rebuild()
    report = check(log)
    assert report.first_bad_index == size
    assert any("it was cut short" in sentence for sentence in report.sentences)


def test_a_log_cut_short_with_its_checkpoints_is_found_by_a_note_kept_elsewhere() -> None:
    log = a_log(300)
    elsewhere = log.notes[-1]
    del log.rows[200:], log.notes[20:]
    log.rebuild()
    assert check(log).ok
    report = verify(log, origin=ORIGIN, verifiers=[VERIFIER], also=[elsewhere])
    assert report.first_bad_index == 200


def test_a_rewritten_log_with_all_its_notes_removed_is_found_by_a_note_kept_elsewhere() -> None:
    log = a_log(30)
    elsewhere = log.notes[-1]
    log.edit(7, a_leaf(5000, t=START + 70))
    log.rebuild()
    log.notes.clear()
    report = check(log)
    assert report.ok
    assert report.sentences == ("leaves 0 to 29 are under no checkpoint that holds",)
    assert verify(log, origin=ORIGIN, verifiers=[VERIFIER], also=[elsewhere]).interval == (0, 30)


# --- checkpoints, tiles, head, time -----------------------------------------------------------------------


def edit_note(change: Callable[[str], str]) -> Callable[[MemoryLog], None]:
    def spoil(log: MemoryLog) -> None:
        log.notes[1] = change(str(log.notes[1]))

    return spoil


SPOILS: dict[str, tuple[Callable[[MemoryLog], None], str]] = {
    "a checkpoint's size": (edit_note(lambda n: n.replace("\n20\n", "\n21\n")), "number 2 is refused"),
    "a checkpoint's root": (lambda log: log.notes.insert(1, signed(15, made_up("x"))), "at 15 does not hold"),
    "a checkpoint's origin": (
        edit_note(lambda n: n.replace("carnet\n", "autre\n", 1)),
        "number 2 is refused",
    ),
    "a checkpoint's signature": (edit_note(lambda n: n[:-9] + "AAAA" + n[-5:]), "number 2 is refused"),
    "a checkpoint of another log": (
        lambda log: log.notes.insert(0, sign_checkpoint(Checkpoint("autre", 1, made_up("x")), SIGNER)),
        "number 1 is of another log",
    ),
    "a checkpoint by a stranger": (
        lambda log: log.notes.insert(0, sign_checkpoint(Checkpoint(ORIGIN, 1, made_up("x")), OTHER_SIGNER)),
        "number 1 is refused",
    ),
    "checkpoints in disorder": (lambda log: log.notes.reverse(), "is out of order"),
    "the empty checkpoint's root": (
        lambda log: log.notes.insert(0, signed(0, made_up("x"))),
        "the checkpoint at 0 does not hold",
    ),
    "two roots of one size": (
        lambda log: log.notes.insert(1, signed(10, made_up("x"))),
        "at 10 does not hold",
    ),
    "a full tile missing": (lambda log: log.tiles.pop((0, 0)) and None, "tile 0/0 is missing"),
    "a full tile cut": (set_tile(0, 0, lambda t: t[:-32]), "tile 0/0 is missing, or not 256 hashes long"),
    "a full tile too long": (set_tile(0, 0, lambda t: t + bytes(32)), "not 256 hashes long"),
    "a partial tile too long": (set_tile(0, 1, lambda t: t + bytes(32)), "not 44 hashes long"),
    "a hash in a tile": (set_tile(0, 1, lambda t: t[:64] + bytes(32) + t[96:]), "leaf 258: its hash is not"),
    "a hash in an upper tile": (set_tile(1, 0, lambda t: bytes(32)), "tile 1/0: leaves 0 to 255"),
    "the head's size": (set_head(size=299), "299"),
    "the head's tree": (set_head(range=a_log(299).kept_head.range), "the head does not hold"),  # type: ignore[union-attr]
    "the head's time": (set_head(t=START), "the head's time is before"),
    "an unreadable leaf": (
        lambda log: log.rows.__setitem__(9, StoredLeaf(9, None, None)),
        "leaf 9 cannot be read",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_log_is_refused_after_a_change_to(name: str) -> None:
    log = a_log(300)
    spoil, sentence = SPOILS[name]
    spoil(log)
    report = check(log)
    assert not report.ok
    assert any(sentence in said for said in report.sentences), report.sentences


def test_a_leaf_whose_time_goes_back_is_named() -> None:
    log = a_log([a_leaf(0), a_leaf(1), a_leaf(2, t=START), a_leaf(3, t=START), a_leaf(4)])
    report = check(log)
    assert report.sentences == ("leaf 2: time goes back",)
    assert report.first_bad_index == 2


def test_two_leaves_may_have_the_same_time() -> None:
    assert check(a_log([a_leaf(0), a_leaf(1, t=START)])).ok


def test_bytes_in_the_tree_that_are_no_leaf_are_named() -> None:
    report = check(a_log([a_leaf(0), b"not a leaf", a_leaf(2)]))
    assert report.sentences == ("leaf 1 is not a leaf in its canonical form",)


def test_leaves_of_which_only_the_hash_is_left_hold_where_that_is_allowed() -> None:
    log = a_log(300)
    log.rows[100:200] = [row._replace(data=None) for row in log.rows[100:200]]
    report = check(log, pruned=True)
    assert report.ok
    assert report.sentences == ("100 leaves are given as hashes only",)
    assert check(log).first_bad_index == 100


ODD_TYPES: dict[str, Callable[[MemoryLog], object]] = {
    "text for bytes": lambda log: log.rows.__setitem__(9, StoredLeaf(9, "text", log.rows[9].hash)),  # type: ignore[arg-type]
    "a number for bytes": lambda log: log.rows.__setitem__(9, StoredLeaf(9, 5, log.rows[9].hash)),  # type: ignore[arg-type]
    "text for a hash": lambda log: log.rows.__setitem__(9, log.rows[9]._replace(hash="x" * 32)),  # type: ignore[arg-type]
    "a word for a number": lambda log: log.rows.__setitem__(9, log.rows[9]._replace(no="nine")),  # type: ignore[arg-type]
    "text for a tile": lambda log: log.tiles.__setitem__((0, 0), "x" * 8192),  # type: ignore[arg-type]
    "text for an upper tile": lambda log: log.tiles.__setitem__((1, 0), "x" * 32),  # type: ignore[arg-type]
    "a number for a note": lambda log: log.notes.__setitem__(0, 5),  # type: ignore[arg-type]
    "a word for the size": set_head(size="many"),
    "a word for the time": set_head(t="now"),
    "a word for the tree": set_head(range="tree"),
}


@pytest.mark.parametrize("name", ODD_TYPES)
def test_a_value_of_another_type_is_a_finding_and_not_a_crash(name: str) -> None:
    """SQLite keeps whatever type it is given."""
    log = a_log(300)
    ODD_TYPES[name](log)
    report = check(log)
    assert not report.ok
    if name in ("text for bytes", "a number for bytes", "text for a hash"):
        assert report.first_bad_index == 9
    verify_since(log, a_log(300).notes[20], origin=ORIGIN, verifiers=[VERIFIER])


def test_an_altered_hash_without_bytes_is_named() -> None:
    log = a_log(300)
    log.rows[7] = StoredLeaf(7, None, made_up("x"))
    assert check(log).first_bad_index == 7


def test_partial_tiles_may_be_absent_only_where_that_is_said() -> None:
    log = a_log(300, partial=False)
    assert check(log).ok
    assert not check(log, partial_tiles=True).ok


def test_a_source_that_breaks_off_is_a_finding_and_not_a_crash() -> None:
    class Broken(MemoryLog):
        def leaves(self, start: int = 0) -> Iterator[StoredLeaf]:
            yield from self.rows[start:17]
            raise SourceError("disk")

    log = a_log(300)
    report = check(Broken(log.rows, log.tiles, log.notes, log.kept_head))
    assert report.first_bad_index == 17
    assert "the leaves cannot be read to the end: disk" in report.sentences


def test_a_leaf_numbered_far_beyond_the_others_does_not_hold_the_verifier_up() -> None:
    log = a_log(300)
    log.rows[299] = log.rows[299]._replace(no=10**15)
    set_head(size=10**15 + 1)(log)
    assert check(log).first_bad_index == 299


def test_many_findings_are_counted_and_the_first_is_kept() -> None:
    log = a_log(300)
    for no in range(100, 300):
        log.edit(no, a_leaf(no + 5000, t=START + 10 * no))
    report = check(log)
    assert len(report.findings) == MOST_FINDINGS
    assert report.first_bad_index == 100
    assert "150 more findings are not listed" in report.sentences


def test_a_report_becomes_one_document() -> None:
    log = a_log(12)
    log.edit(3, a_leaf(5000, t=START + 30))
    document = check(log).as_document()
    assert document["ok"] is False
    assert document["first_bad_index"] == 3
    assert document["findings"] == [
        {"index": 3, "sentence": "leaf 3: its bytes do not give the stored hash"},
    ]

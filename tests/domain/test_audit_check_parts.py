"""Openings against their leaves, and the short check that a start can afford."""

from collections.abc import Callable
from dataclasses import replace

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
    made_up,
    set_head,
    set_tile,
)
from vault.audit import (
    Checkpoint,
    Head,
    Opening,
    VerificationReport,
    sign_checkpoint,
    verify,
    verify_since,
)

SIZES = (1, 2, 25, 256, 300, 1030)


def check(log: MemoryLog, **more: bool) -> VerificationReport:
    return verify(log, origin=ORIGIN, verifiers=[VERIFIER], **more)  # type: ignore[arg-type]


def signed(size: int, root: bytes, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, size, root), SIGNER)


# --- openings ---------------------------------------------------------------------------------------------


def with_openings(size: int = 30) -> MemoryLog:
    log = a_log(size)
    log.known = [an_opening(no, kind) for no in range(0, size, 3) for kind in ("about", "actor")]
    return log


def test_openings_that_fit_their_leaves_hold() -> None:
    report = check(with_openings())
    assert report.ok
    assert report.openings == 20


OPENING_SPOILS: dict[str, Callable[[list[Opening]], object]] = {
    "content": lambda known: known.__setitem__(4, replace(known[4], content=b"{}")),
    "r": lambda known: known.__setitem__(4, replace(known[4], r=made_up("x"))),
    "r of another length": lambda known: known.__setitem__(4, replace(known[4], r=b"")),
    "place": lambda known: known.__setitem__(4, replace(known[4], index=7)),
}


@pytest.mark.parametrize("name", OPENING_SPOILS)
def test_an_opening_is_refused_after_a_change_of_its(name: str) -> None:
    log = with_openings()
    OPENING_SPOILS[name](log.known)
    report = check(log)
    assert report.first_bad_index == 6


def test_an_opening_given_twice_or_for_no_leaf_is_refused() -> None:
    twice, beyond = with_openings(), with_openings()
    twice.known.insert(1, twice.known[0])
    beyond.known.append(an_opening(30, "about"))
    assert "an opening of leaf 0 is repeated or out of order" in check(twice).sentences
    assert check(beyond).first_bad_index == 30


def test_the_actor_shown_as_what_was_done_is_refused() -> None:
    log = a_log(3)
    log.known = [replace(an_opening(1, "actor"), kind="about")]
    assert check(log).first_bad_index == 1


# --- since a checkpoint -----------------------------------------------------------------------------------


def since(log: MemoryLog, note: str | bytes, *also: str | bytes) -> VerificationReport:
    return verify_since(log, note, origin=ORIGIN, verifiers=[VERIFIER], also=also)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("partial", [True, False], ids=["all-tiles", "full-tiles-only"])
def test_a_log_holds_since_each_of_its_checkpoints(size: int, partial: bool) -> None:
    log = a_log(size, every=7 if size < 400 else 101, partial=partial)
    for note in log.notes:
        report = since(log, note, log.notes[-1])
        assert report.ok, report.sentences
        assert report.size == size


def test_since_a_checkpoint_only_what_came_after_is_read() -> None:
    log = a_log(300)
    log.edit(5, b"changed long ago")
    log.edit(295, a_leaf(5000, t=START + 2950))
    assert since(log, log.notes[-2]).first_bad_index == 295


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: log.rows.__delitem__(slice(200, None)),
        lambda log: log.rows.__delitem__(295),
        lambda log: (log.rows.__delitem__(slice(200, None)), log.rebuild()),
        lambda log: log.tiles.clear(),
        set_tile(1, 0, lambda tile: bytes(len(tile))),
        set_head(size=299),
        set_head(range=a_log(299).kept_head.range),  # type: ignore[union-attr]
    ],
    ids=["cut", "hole", "cut-and-rebuilt", "no-tiles", "other-tiles", "head-size", "head-tree"],
)
def test_a_log_put_back_or_broken_is_found_from_the_last_checkpoint(
    spoil: Callable[[MemoryLog], None],
) -> None:
    log = a_log(300)
    last = log.notes[-1]
    spoil(log)
    assert not since(log, last).ok


def test_a_stranger_s_note_is_no_place_to_start_from() -> None:
    log = a_log(30)
    note = sign_checkpoint(Checkpoint(ORIGIN, 10, made_up("x")), OTHER_SIGNER)
    assert not since(log, note).ok


def test_a_newer_note_kept_elsewhere_must_hold_as_well() -> None:
    log = a_log(300)
    forged = signed(295, made_up("another history"))
    assert since(log, log.notes[-2], forged).interval == (290, 295)


def test_a_head_says_where_the_log_ends() -> None:
    log = a_log(30)
    log.kept_head = Head(31, START + 9999, a_log(31).kept_head.range)  # type: ignore[union-attr]
    report = check(log)
    assert report.first_bad_index == 30

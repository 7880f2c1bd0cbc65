"""The checker of the order finds each way to break the promise, names the entry, and finds nothing else."""

from dataclasses import replace
from itertools import count

import pytest

from schemas.canonical import canonical
from schemas.ids import CompartmentId, GrantId
from schemas.names import Outcome
from tests.audit_builders import MemoryLog, a_leaf, a_log, an_opening
from vault.audit import AboutContent, Event, Leaf, Op, Order, check_order, commitment
from vault.audit.order import ENDS
from vault.audit.source import Opening

OK, NO = Outcome.GRANTED, Outcome.DENIED
GIVEN, READ, DENIED = (Op.GRANT, OK), (Op.READ, OK), (Op.READ, NO)
STOP, GO = (Op.SUSPEND, OK), (Op.RESUME, OK)


def story(*told: tuple[Op, Outcome], until: int | None = None) -> list[Event]:
    """From number 10 on, a second apart, all about one share of the field ``a``."""
    return [
        Event(no, no * 1000, op, out, "g", ("a",), until if op is Op.GRANT else None)
        for no, (op, out) in zip(count(10), told, strict=False)
    ]


def faults(events: list[Event]) -> list[str]:
    order = Order()
    for event in events:
        order.take(event)
    assert [finding.index for finding in order.findings.kept] == [
        int(finding.sentence.split()[1]) for finding in order.findings.kept
    ]
    return [finding.sentence for finding in order.findings.kept]


@pytest.mark.parametrize("end", sorted(ENDS))
def test_a_read_after_the_end_is_named_and_a_second_end_too(end: Op) -> None:
    stop = (end, OK)
    assert faults(story(GIVEN, READ, READ, stop, DENIED, DENIED)) == []
    assert faults(story(GIVEN, READ, stop, READ)) == ["leaf 13 reads under a grant that 12 had ended"]
    assert faults(story(GIVEN, stop, DENIED, stop)) == ["leaf 13 ends what 11 had ended"]
    assert faults(story(GIVEN, stop, GO)) == ["leaf 12 moves what 11 had ended"]
    assert faults(story(GIVEN, stop, GIVEN)) == ["leaf 12 gives what 10 had given"]
    assert faults(story(stop, GIVEN)) == ["leaf 11 gives what 10 had ended"]


@pytest.mark.parametrize("use", [Op.REPLY, Op.VALIDATE])
def test_what_is_said_by_a_share_after_its_end_is_named_as_a_read_is(use: Op) -> None:
    told = (use, OK)
    assert faults(story(GIVEN, READ, told, (Op.WITHDRAW, OK))) == []
    assert faults(story(GIVEN, (Op.WITHDRAW, OK), told)) == ["leaf 12 reads under a grant that 11 had ended"]
    assert faults(story(GIVEN, (Op.WITHDRAW, OK), (use, NO))) == []


def test_a_read_before_the_share_or_of_what_it_does_not_give_is_named() -> None:
    assert faults(story(READ, GIVEN)) == ["leaf 10 reads under a grant that was not given before"]
    given, read = story(GIVEN, READ)
    assert faults([given, replace(read, fields=())]) == []
    assert faults([given, replace(read, fields=("a", "b"))]) == ["leaf 11 reads what 10 did not give"]
    assert faults([given, replace(read, grant_id="other")]) != []


def test_a_read_while_suspended_is_named_and_not_once_resumed() -> None:
    assert faults(story(GIVEN, STOP, DENIED, GO, READ)) == []
    assert faults(story(GIVEN, STOP, READ, GO)) == ["leaf 12 reads under a grant that 11 had suspended"]
    assert faults(story(GIVEN, STOP, (Op.WITHDRAW, OK), GO, READ)) == [
        "leaf 13 moves what 12 had ended",
        "leaf 14 reads under a grant that 12 had ended",
        "leaf 14 reads under a grant that 11 had suspended",
    ]


def test_the_end_is_the_first_instant_that_is_too_late_and_time_never_goes_back() -> None:
    assert faults(story(GIVEN, READ, until=11_001)) == []
    assert faults(story(GIVEN, READ, until=11_000)) == ["leaf 11 reads at or after the end of its grant"]
    events = story(GIVEN, READ)
    assert faults([events[0], replace(events[1], t=9_999)]) == ["leaf 11 is dated before 10"]


def test_every_swap_of_two_entries_that_changes_the_meaning_is_found() -> None:
    """The honest story holds; of its mutations, exactly those that no honest instance can write are found."""
    honest = story(GIVEN, READ, STOP, DENIED, GO, READ, (Op.WITHDRAW, OK), DENIED)
    assert faults(honest) == []
    for one in range(len(honest)):
        for other in range(one + 1, len(honest)):
            swapped = list(honest)
            for place, taken in ((one, other), (other, one)):
                swapped[place] = replace(honest[taken], no=10 + place, t=(10 + place) * 1000)
            reads = [at for at, event in enumerate(swapped) if (event.op, event.out) == READ]
            given, stopped, go, ended = (
                next(at for at, event in enumerate(swapped) if event.op is op)
                for op in (Op.GRANT, Op.SUSPEND, Op.RESUME, Op.WITHDRAW)
            )
            sound = (
                all(given < at < ended for at in reads)
                and not any(stopped < at < go or go < stopped < at for at in reads)
                and max(given, stopped, go) < ended
            )
            assert (faults(swapped) == []) is sound, (one, other)


# --- from a log with its openings ------------------------------------------------------------------------


def a_told_log(events: list[Event]) -> MemoryLog:
    leaves, openings = [], []
    for no, event in enumerate(events):
        about = AboutContent(
            grant_id=GrantId(event.grant_id) if event.grant_id else None,
            fields=tuple(CompartmentId(one) for one in event.fields),
            until=event.until,
        )
        opening, leaf = an_opening(no, "about", about.to_bytes()), Leaf.parse(a_leaf(no))
        told = commitment("about", leaf.n, opening.r, opening.content)
        leaves.append(replace(leaf, op=event.op, out=event.out, t=event.t, about=told).encode())
        openings.append(opening)
    log = a_log(leaves)
    log.known = openings
    return log


def test_a_log_that_shows_its_openings_is_judged_and_another_is_not() -> None:
    log = a_told_log(story(GIVEN, READ, (Op.WITHDRAW, OK), READ, until=12_000))
    report = check_order(log)
    assert [finding.index for finding in report.findings] == [3, 3]
    assert (report.judged, report.reads, report.shares) == (True, 2, 1)
    log.known = []
    assert not check_order(log).judged


def test_what_says_nothing_readable_is_counted_and_costs_nothing() -> None:
    log = a_told_log(story(GIVEN, READ))
    unknown = canonical({"grant_id": "g", "of a later version": "x"})
    log.known[1] = Opening(1, "about", b"r" * 32, unknown)
    report = check_order(log)
    assert (report.findings, report.unread) == ((), 1)
    assert "1 contents are of a form not known here" in report.remark

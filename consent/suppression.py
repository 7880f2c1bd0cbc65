"""Counts that name nobody: no cell of fewer than eleven persons, nor anything from which one is computed.

A table counts persons: a total, the same persons by group, and how many were served in time. It is published
in three blocks, each with the day it was made on. Plain values, no clock.

- *Within one publication.* Groups are shown from the largest down, as long as the group is larger than the
  one after it and at least ``LEAST`` persons are left over; what is left over is told as one number, and not
  of which groups it is. So the smallest group is never shown by itself, and moving one person between two
  groups that are not shown changes nothing: whoever knows the rule computes no more than whoever does not. In
  time and late are shown when both are at least ``LEAST``; a quantile, when so many lie on each side of it.
- *Between tables.* A table counts some of the persons of another (its ``parent``): what remains of the other,
  in all and in each group shown, is nobody or at least ``LEAST``.
- *Between one publication and the next.* A block is replaced only when each number that both let compute
  (each cell, and what is left over) is the same or differs by at least ``LEAST``; else it stays as it was,
  with its day. Two publications that follow each other never tell what became of fewer.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST = 11
QUANTILES = {"p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}

Counts = Mapping[str, int]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One person, once a table. ``kept``: served in time; ``days``: how long it took. None: not so."""

    group: str
    kept: bool | None = None
    days: int | None = None


# --- one publication -------------------------------------------------------------------------------------


def shown_groups(counts: Counts, *, least: int = LEAST, never: Collection[str] = ()) -> dict[str, int]:
    """The groups that may be shown beside their total. ``counts`` names every group there is, those of nobody
    too; ``never``: those that may not be shown, whatever their size."""
    order = sorted(counts, key=lambda name: (-counts[name], name))
    left = sum(counts.values())
    shown: dict[str, int] = {}
    for no, name in enumerate(order):
        n, following = counts[name], [counts[other] for other in order[no + 1 :]]
        if n < least or name in never or left - n < least or n <= max(following, default=0):
            break
        shown[name] = n
        left -= n
    small = [n for name, n in counts.items() if name not in shown]
    return {} if all(n == least - 1 for n in small) else shown  # then there would be one way only


def apart(whole: int, part: int, *, least: int = LEAST) -> bool:
    """Whether what remains of ``whole`` may be computed: nobody, or enough."""
    return whole == part or abs(whole - part) >= least


def quantiles(days: Sequence[int], *, least: int = LEAST) -> dict[str, int]:
    """Those with enough persons on each side, in whole days."""
    ordered = sorted(days)
    found = {}
    for name, share in QUANTILES.items():
        below = int(len(ordered) * share)
        if below >= least and len(ordered) - below >= least:
            found[name] = ordered[below]
    return found


def _by_group(cases: Sequence[Case]) -> Counter[str]:
    return Counter(case.group for case in cases)


# --- one after the other ---------------------------------------------------------------------------------


def may_follow(former: Mapping[str, Any], total: int, shown: Counts, *, least: int = LEAST) -> bool:
    """Whether groups may be published after those of ``former`` (their ``total`` and ``counts``)."""
    before: Counts = former["counts"]
    both = before.keys() & shown.keys()
    left = former["total"] - sum(before[name] for name in both), total - sum(shown[name] for name in both)
    pairs = [(before[name], shown[name]) for name in both]
    return all(apart(one, other, least=least) for one, other in [*pairs, left, (former["total"], total)])


def publish(
    cases: Sequence[Case],
    former: Document | None,
    *,
    on: str,
    groups: Collection[str] = (),
    parent: Sequence[Case] | None = None,
    least: int = LEAST,
) -> Document:
    """The table after ``former``; ``groups``: all there may be, beside those of the cases. It holds ``total``
    (``count``, ``quantiles``), ``groups`` (``total``, ``counts``, ``medians``) and ``share`` (``kept``,
    ``missed``), each with ``on``; None while nothing could ever be told."""
    total = len(cases)
    whole = total if parent is None else len(parent)
    blocks: Document = dict(former or {"total": None, "groups": None, "share": None})
    if total < least or not apart(whole, total, least=least):
        return blocks  # that it goes away, or begins anew the day after, would tell of a few
    last = blocks["total"]
    if last is not None and not apart(last["count"], total, least=least):
        return blocks
    if last is None or last["count"] != total:
        days = [case.days for case in cases if case.days is not None]
        blocks["total"] = {"on": on, "count": total, "quantiles": quantiles(days, least=least)}
    named = dict.fromkeys(groups, 0) | _by_group(cases)
    close = _close(named, parent, least)
    shown = shown_groups(named, least=least, never=close)
    blocks["groups"] = _groups(cases, shown, blocks["groups"], on=on, least=least)
    blocks["share"] = _share(cases, blocks["share"], on=on, least=least)
    return blocks


def _close(counts: Counts, parent: Sequence[Case] | None, least: int) -> set[str]:
    """The groups of which too few of the parent remain."""
    wholes = counts if parent is None else _by_group(parent)
    return {name for name, n in counts.items() if n and not apart(wholes[name], n, least=least)}


def _groups(
    cases: Sequence[Case], shown: dict[str, int], former: Document | None, *, on: str, least: int
) -> Document | None:
    if former is not None and not may_follow(former, len(cases), shown, least=least):
        return former
    if former is not None and (former["total"], former["counts"]) == (len(cases), shown):
        return former
    medians = {
        name: found["p50"]
        for name in shown
        if "p50" in (found := quantiles(_days_of(cases, name), least=least))
    }
    return {"on": on, "total": len(cases), "counts": shown, "medians": medians}


def _days_of(cases: Sequence[Case], group: str) -> list[int]:
    return [case.days for case in cases if case.group == group and case.days is not None]


def _share(cases: Sequence[Case], former: Document | None, *, on: str, least: int) -> Document | None:
    kept = sum(case.kept is True for case in cases)
    missed = sum(case.kept is False for case in cases)
    if min(kept, missed) < least or kept + missed != len(cases):
        return former
    if former is not None:
        same = (former["kept"], former["missed"]) == (kept, missed)
        moved = apart(former["kept"], kept, least=least) and apart(former["missed"], missed, least=least)
        if same or not moved:
            return former
    return {"on": on, "kept": kept, "missed": missed}

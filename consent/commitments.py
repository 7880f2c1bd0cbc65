"""Commitments of both sides, judged by the same rule: who is to act, by when, where it stands. Plain values.

The report of 16 December 2020 (proposition 4) puts the obligations of the administration beside those of the
person. Here both run the same clock, with the same words, and what the law gives the administration runs
beside them: orientation within six weeks of the request (CASF, article D. 262-65-2), contract within a month
of the orientation (Code du travail, article D. 5411-14-1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from consent.clocks import contract_by, orientation_by
from schemas.names import Word

SOON = timedelta(days=7)
CLOSED = frozenset({"tenu", "revu", "fait", "mis_de_cote"})  # words of the catalogue after which nothing runs
MET = frozenset({"tenu", "fait"})


class Standing(Word):
    """Where a commitment stands on a given day; the same words for both sides."""

    UNDATED = "undated", "sans date"
    RUNNING = "running", "en cours"
    SOON = "soon", "bientôt"
    PASSED = "passed", "date passée"
    MET = "met", "tenu"
    MET_LATE = "met_late", "tenu après la date"
    CLOSED = "closed", "revu ensemble"


def standing(due: date | None, state: str | None, done: date | None, *, today: date) -> Standing:
    """``state``: the word of the catalogue. The last day counts whole: a commitment due today is not late."""
    if state in MET:
        late = due is not None and done is not None and done > due
        return Standing.MET_LATE if late else Standing.MET
    if state in CLOSED:
        return Standing.CLOSED
    if due is None:
        return Standing.UNDATED
    if due < today:
        return Standing.PASSED
    return Standing.SOON if due - today <= SOON else Standing.RUNNING


@dataclass(frozen=True, slots=True)
class Duty:
    """What the law asks of the administration on this path. ``what``: orientation or contract; ``since``: the
    day its time began; ``due``: its last day; ``met_on``: when it was done."""

    what: str
    since: date
    due: date
    met_on: date | None

    def standing(self, *, today: date) -> Standing:
        if self.met_on is None:
            return standing(self.due, None, None, today=today)
        return standing(self.due, "tenu", self.met_on, today=today)

    def days_late(self, *, today: date) -> int:
        """Whole days after its last day; 0 while in time."""
        return max(((self.met_on or today) - self.due).days, 0)


def legal_duties(
    requested: Sequence[date], oriented: Sequence[date], contracted: Sequence[date]
) -> tuple[Duty, ...]:
    """The duties of this path, from the dates that are known. A new orientation begins the month of the
    contract again; what was before the day a time began does not count for it."""
    duties = []
    if requested:
        since = min(requested)
        duties.append(Duty("orientation", since, orientation_by(since), _first(oriented, since)))
    if oriented:
        since = max(oriented)
        duties.append(Duty("contract", since, contract_by(since), _first(contracted, since)))
    return tuple(duties)


def _first(days: Sequence[date], since: date) -> date | None:
    return min((day for day in days if day >= since), default=None)

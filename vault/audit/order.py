"""Does the order of the log keep the promise made to people? (docs/formats/log-export.md, "The order")

From the entries and what they say, and nothing else. For each share, in log order:
- nothing is read under it before it was given, nor what it does not give (nor is anything answered or
  validated by it, which is as much);
- nothing is read under it once it was stopped, replaced, revoked, cancelled or over, nor while suspended,
  nor at or after the instant at which it ends (the end is the first instant that is too late);
- what ended never begins or ends again.

An entry whose opening is gone cannot be judged. Openings go with an erased carnet, and its ``erase`` entry
comes after all others about it: moves and reads without an opening that stand before an erasure are counted,
and the report says how many; one that stands after the last is named, since nothing explains it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.names import Outcome
from vault.audit.errors import ContentError, LeafError
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf, OpeningKind
from vault.audit.report import Finding, Findings
from vault.audit.source import LogSource, Opening

ENDS = frozenset({Op.WITHDRAW, Op.REPLACE, Op.EXPIRE, Op.REVOKE, Op.INVALIDATE, Op.LAPSE})
_ERASES = frozenset({Op.ERASE})  # the end of a month takes who acted, never what was done
USES = frozenset({Op.READ, Op.REPLY, Op.VALIDATE})  # what a grantee does by a share: as much as reading it
_MOVES = ENDS | USES | {Op.GRANT, Op.SUSPEND, Op.RESUME}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry, as far as shares go. ``t``: milliseconds since 1970 UTC; ``until``: when the share that was
    given ends, the same way, where the entry says so."""

    no: int
    t: int
    op: Op
    out: Outcome
    grant_id: str | None
    fields: tuple[str, ...] = ()
    until: int | None = None


@dataclass(slots=True)
class _Share:
    """What the entries so far say of one share: numbers of entries."""

    given: int | None = None
    ended: int | None = None
    suspended: int | None = None
    until: int | None = None
    fields: frozenset[str] = frozenset()


@dataclass(slots=True)
class Order:
    """Takes entries in log order; ``findings`` names those that break the promise."""

    findings: Findings = field(default_factory=Findings)
    reads: int = 0
    _last: Event | None = None
    _shares: dict[str, _Share] = field(default_factory=dict)

    @property
    def shares(self) -> int:
        return len(self._shares)

    def take(self, event: Event) -> None:
        last, self._last = self._last, event
        if last is not None and event.t < last.t:
            self._add(event, f"is dated before {last.no}")
        if event.grant_id is None or event.out is not Outcome.GRANTED or event.op not in _MOVES:
            return
        share = self._shares.setdefault(event.grant_id, _Share())
        if event.op in USES:
            self._read(event, share)
        elif event.op is Op.GRANT:
            self._give(event, share)
        else:
            self._move(event, share)

    def _give(self, event: Event, share: _Share) -> None:
        if share.given is not None:
            self._add(event, f"gives what {share.given} had given")
        elif share.ended is not None:
            self._add(event, f"gives what {share.ended} had ended")
        share.given, share.until, share.fields = event.no, event.until, frozenset(event.fields)

    def _move(self, event: Event, share: _Share) -> None:
        if share.ended is not None:
            verb = "ends" if event.op in ENDS else "moves"
            self._add(event, f"{verb} what {share.ended} had ended")
        elif event.op in ENDS:
            share.ended = event.no
        else:
            share.suspended = event.no if event.op is Op.SUSPEND else None

    def _read(self, event: Event, share: _Share) -> None:
        self.reads += event.op is Op.READ
        if share.given is None:
            self._add(event, "reads under a grant that was not given before")
        elif not share.fields.issuperset(event.fields):
            self._add(event, f"reads what {share.given} did not give")
        if share.ended is not None:
            self._add(event, f"reads under a grant that {share.ended} had ended")
        if share.suspended is not None:
            self._add(event, f"reads under a grant that {share.suspended} had suspended")
        if share.until is not None and event.t >= share.until:
            self._add(event, "reads at or after the end of its grant")

    def _add(self, event: Event, what: str) -> None:
        self.findings.add(f"leaf {event.no} {what}", event.no)


@dataclass(slots=True)
class _Gone:
    """Moves and reads without an opening: how many an erasure explains, and which none does so far."""

    explained: int = 0
    waiting: list[int] = field(default_factory=list)

    def take(self, no: int, leaf: Leaf) -> None:
        if leaf.out is Outcome.GRANTED and leaf.op in _MOVES:
            self.waiting.append(no)
        self.erased(leaf)

    def erased(self, leaf: Leaf) -> None:
        if leaf.out is Outcome.GRANTED and leaf.op in _ERASES:
            self.explained += len(self.waiting)
            self.waiting.clear()


@dataclass(frozen=True, slots=True)
class OrderReport:
    """``judged``: whether there was anything to judge by. ``unread``: contents of a form not known here."""

    findings: tuple[Finding, ...]
    judged: bool
    reads: int = 0
    shares: int = 0
    unread: int = 0
    more: int = 0  # findings beyond those listed
    unjudged: int = 0  # moves and reads whose openings went with an erased carnet

    @property
    def remark(self) -> str:
        what = f"{self.reads} reads under {self.shares} shares were judged in the order of the log"
        what += f"; {self.unread} contents are of a form not known here" if self.unread else ""
        gone = "moves and reads could not be judged: their openings went, as those of an erased carnet do"
        what += f"; {self.unjudged} {gone}" if self.unjudged else ""
        return what + (f"; {self.more} more that break the order are not listed" if self.more else "")


def check_order(source: LogSource) -> OrderReport:
    """Judge a log that shows its openings. Whether leaves and openings are genuine is ``verify``'s to say;
    what cannot be read there is passed over here. Raises SourceError."""
    order, gone, judged, unread = Order(), _Gone(), False, 0
    openings = _abouts(source)
    opening = next(openings, None)
    if opening is None:
        return OrderReport((), judged=False)
    for row in source.leaves():
        while opening is not None and opening.index < row.no:
            opening = next(openings, None)
        if row.data is None:
            continue
        try:
            leaf = Leaf.parse(row.data)
            if opening is None or opening.index != row.no:
                gone.take(row.no, leaf)
                continue
            judged = True
            gone.erased(leaf)
            order.take(event_of(row.no, leaf, AboutContent.from_bytes(opening.content)))
        except LeafError:
            continue
        except ContentError:
            unread += 1
    found = order.findings
    for no in gone.waiting if judged else ():
        found.add(f"leaf {no} has no opening, and no carnet was erased after it", no)
    kept = tuple(found.kept)
    return OrderReport(kept, judged, order.reads, order.shares, unread, found.more, gone.explained)


def event_of(no: int, leaf: Leaf, about: AboutContent) -> Event:
    return Event(no, leaf.t, leaf.op, leaf.out, about.grant_id, about.fields, about.until)


def _abouts(source: LogSource) -> Iterator[Opening]:
    return (opening for opening in source.openings() if opening.kind == OpeningKind.ABOUT)

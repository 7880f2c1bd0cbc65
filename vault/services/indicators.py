"""Counts for those who steer: delays, deadlines kept or missed, volumes. Made once a day, from dates alone.

Each table counts persons, each once: who follows them (by kind of structure), and the dates remembered
beside answers (``path_dates``), opened with J_p; no answer, no name and no list of anybody. What is kept and
shown is what ``consent.suppression`` lets be published after what was published before; the counts themselves
are forgotten when the function returns. Where fewer than eleven carnets are open nothing is opened at all.
A row that no entry of the log vouches for is not shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from consent.clocks import contract_by, day_of, orientation_by
from consent.demands import DemandKind
from consent.suppression import LEAST, Case, publish
from schemas.canonical import canonical, parse_canonical
from schemas.ids import CarnetId, StructureId
from schemas.names import StructureKind
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.crypto import JournalSecret
from vault.services.noting import about_nobody
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.path_dates import PathDate, open_dates
from vault.services.path_rows import CountsRow, DemandRow
from vault.services.referents import current_referents

BATCH = 200
ENTRIES = 5  # of the log, among which the one of what is shown stands
WHOLE = StructureId("instance")  # the counts of all carnets of this instance
NOBODY = "none"  # the group of those whom nobody follows
CARNETS, CONTRACTS, ORIENTATION, CONTRACT = "carnets", "contracts", "orientation", "contract"
OWED, OWING, DEMANDS = "commitments_administration", "commitments_person", "demands"
_PARENTS = {  # each table counts some of the persons of another
    CARNETS: None,
    CONTRACTS: CARNETS,
    ORIENTATION: CARNETS,
    CONTRACT: ORIENTATION,
    OWED: CARNETS,
    OWING: CARNETS,
    DEMANDS: CARNETS,
}
TABLES = tuple(_PARENTS)
GROUPS = (NOBODY, *(kind.value for kind in StructureKind))
DEMAND_KINDS = tuple(kind.value for kind in DemandKind)
_WAITING = "en_cours"  # a commitment put off or seen again together is no longer due on that day
_DONE = "tenu"


@dataclass(frozen=True, slots=True)
class _Path:
    """What is known of one person: dates, and who follows her."""

    group: str
    dates: Sequence[PathDate]
    demands: Sequence[DemandRow]


@dataclass(frozen=True, slots=True)
class Indicators:
    """What may be shown: the tables of ``consent.suppression``, by name. ``made_on``: an ISO day in Paris."""

    made_on: str
    tables: Mapping[str, Mapping[str, Any]]


def count_paths(parts: Parts) -> Indicators | None:
    """Count, publish what may be, and append ``count`` with the digest of it. None, and nothing opened, while
    too few carnets are open. Raises UnavailableError."""
    if len(parts.data.carnets_after(None, limit=LEAST)) < LEAST:
        return None
    now = parts.now()
    cases: dict[str, list[Case]] = {name: [] for name in TABLES}
    for path in _paths(parts):
        for name, case in _cases(path, day_of(now), now):
            cases[name].append(case)
    former = latest(parts)
    tables: dict[str, Mapping[str, Any]] = {}
    for name, parent in _PARENTS.items():
        before = dict(former.tables.get(name, {})) if former else {}
        tables[name] = publish(
            cases[name],
            before or None,
            on=day_of(now).isoformat(),
            groups=DEMAND_KINDS if name == DEMANDS else GROUPS,
            parent=cases[parent] if parent else None,
        )
    made = Indicators(day_of(now).isoformat(), tables)
    _keep(parts, made)
    return made


def latest(parts: Parts) -> Indicators | None:
    """What was published last. None when nothing was, or the log does not say that it was made here."""
    row = parts.data.last_counts(WHOLE)
    if row is None or sha256(row.document.encode()).hexdigest() not in _digests(parts):
        return None
    tables = parse_canonical(row.document.encode())
    return Indicators(row.made_on, {name: tables[name] for name in TABLES if name in tables})


def _digests(parts: Parts) -> frozenset[str]:
    """Of the last few counts: the row follows its entry, or was not written."""
    instance = parts.journal_keys.load(now=parts.now()).instance
    found = set[str]()
    for row in parts.data.log_latest(ops=(Op.COUNT,), before=None, limit=ENTRIES):
        about = about_of(row.about_sealed, Leaf.parse(row.leaf), instance)
        found.update(about.digests if about else ())
    return frozenset(found)


def _keep(parts: Parts, made: Indicators) -> None:
    """The entry first, then what anybody sees."""
    document = canonical(made.tables)
    about = AboutContent(digests=(sha256(document).hexdigest(),), reason=made.made_on)
    entry = about_nobody(parts, Op.COUNT, about)
    with parts.data.change() as work:
        work.append(entry)
        work.commit()
    parts.data.keep_counts(CountsRow(made.made_on, WHOLE, document.decode()))


# --- from dates to cases ---------------------------------------------------------------------------------


def _paths(parts: Parts) -> Iterator[_Path]:
    after: CarnetId | None = None
    while rows := parts.data.carnets_after(after, limit=BATCH):
        after = rows[-1].carnet_id
        ids = [row.carnet_id for row in rows if row.open]
        journals = parts.journal_keys.load(now=parts.now(), carnets=ids)
        referents = current_referents(parts, ids)
        structures = parts.data.structures({row.structure_id for row in referents.values()})
        for carnet_id in ids:
            journal = journals.journal(carnet_id)
            if journal is None:
                continue
            follows = referents.get(carnet_id)
            structure = structures.get(follows.structure_id) if follows else None
            dates = open_dates(parts.data.path_dates(carnet_id), JournalSecret(journal))
            demands = parts.data.demands_of(carnet_id)
            yield _Path(structure.kind.value if structure else NOBODY, dates, demands)


def _cases(path: _Path, today: date, now: datetime) -> Iterator[tuple[str, Case]]:
    """In which tables a person counts, and how."""
    yield CARNETS, Case(path.group)
    if _days(path, "contract"):
        yield CONTRACTS, Case(path.group)
    requested = max(_days(path, "request"), default=None)
    if requested is not None and requested <= today:
        oriented = min((day for day in _days(path, "orientation") if day >= requested), default=None)
        case = _served(path.group, requested, oriented, orientation_by(requested), today)
        if case is not None:
            yield ORIENTATION, case
            if oriented is not None:
                signed = min((day for day in _days(path, "contract") if day >= oriented), default=None)
                then = _served(path.group, oriented, signed, contract_by(oriented), today)
                if then is not None:
                    yield CONTRACT, then
    for name, party in ((OWED, "administration"), (OWING, "personne")):
        kept = [_kept(one, today) for one in path.dates if one.kind == "due" and one.by == party]
        judged = [one for one in kept if one is not None]
        if judged:
            yield name, Case(path.group, kept=all(judged))
    case = _demand(path.demands, now)
    if case is not None:
        yield DEMANDS, case


def _days(path: _Path, kind: str) -> list[date]:
    return [one.on for one in path.dates if one.kind == kind]


def _served(group: str, since: date, on: date | None, by: date, today: date) -> Case | None:
    """Within the delay of the law or not; None while it still runs."""
    if on is not None and on <= today:
        return Case(group, kept=on <= by, days=(on - since).days)
    return Case(group, kept=False) if today > by else None


def _kept(commitment: PathDate, today: date) -> bool | None:
    """Whether it was done by its day; None while it may be, or when it was put off together."""
    if commitment.state == _DONE:
        return (commitment.done or commitment.on) <= commitment.on
    if commitment.state == _WAITING and today > commitment.on:
        return False
    return None


def _demand(demands: Sequence[DemandRow], now: datetime) -> Case | None:
    """Her latest demand that was answered, or is late."""
    for row in demands:  # newest first
        if row.answered_at is not None:
            return Case(row.kind, kept=row.answered_at < row.due_at)
        if now >= row.due_at:
            return Case(row.kind, kept=False)
    return None

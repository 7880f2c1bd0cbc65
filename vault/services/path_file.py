"""What each side did: commitments, actions, meetings and reviews with every version, each traced to the entry
of the log that was made when it was written. She looks at it, prints it, and keeps it with its proofs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from consent.clocks import day_of
from consent.commitments import Duty, Standing, legal_duties, standing
from schemas.canonical import canonical
from schemas.fields import Field
from schemas.ids import CompartmentId, EntryId, FieldId
from schemas.names import Outcome
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.carnet.entries import Entry
from vault.crypto import JournalSecret, carnet_index_tag
from vault.services.exporting import copied_entry, own_name
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.log_proofs import Proofs, proven_line, rows_about
from vault.services.opened_entries import about_of
from vault.services.own_carnet import append_own, open_history
from vault.services.parts import Parts
from vault.services.path_dates import PathDate, open_dates
from vault.services.ports import LogRow, RecordRow
from vault.services.writing import CarnetClosedError

STATE, DONE_ON, SIDE, ACTS = "etat", "fait_le", "partie", "qui"
WRITES = (Op.WRITE, Op.ANSWER)
SEALED_WITHIN = timedelta(seconds=10)  # of being written: a value is sealed just before its entry
ADMINISTRATION, PERSON, BOTH = "administration", "personne", "ensemble"


@dataclass(frozen=True, slots=True)
class Version:
    """``index``: the entry of the log made when it was written; None when it cannot be told any more."""

    entry: Entry
    index: int | None


@dataclass(frozen=True, slots=True)
class Traced:
    """One commitment, action, meeting or review. ``history``: oldest first, the last one stands."""

    field: Field
    side: str
    standing: Standing
    history: tuple[Version, ...]

    @property
    def last(self) -> Entry:
        return self.history[-1].entry


@dataclass(frozen=True, slots=True)
class Path:
    """``copy``: canonical JSON with a proof for each entry of the log that is named."""

    reference: str
    name: str | None
    made_at: datetime
    duties: tuple[Duty, ...]
    traced: tuple[Traced, ...]
    copy: bytes = field(repr=False)

    @property
    def today(self) -> date:
        return day_of(self.made_at)


def duties_of(dates: Iterable[PathDate]) -> tuple[Duty, ...]:
    """What the law asks of the administration, from the dates remembered beside values."""
    known: dict[str, list[date]] = {"request": [], "orientation": [], "contract": []}
    for one in dates:
        if one.kind in known:
            known[one.kind].append(one.on)
    return legal_duties(known["request"], known["orientation"], known["contract"])


def own_duties(parts: Parts, owner: OwnerAccess) -> tuple[Duty, ...]:
    """The same for a page that already appended its entry."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    return duties_of(open_dates(parts.data.path_dates(owner.carnet_id), journals.journals[owner.carnet_id]))


def trace_path(parts: Parts, owner: OwnerAccess, *, actor: Actor, op: Op = Op.READ_OWN) -> Path:
    """One entry first. Raises CarnetClosedError, LogUnavailableError."""
    carnet = parts.data.carnet(owner.carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    fields = traced_fields(parts)
    receipt, journals = append_own(parts, owner, op, actor=actor, fields=[one.id for one in fields])
    journal, now = journals.journals[owner.carnet_id], parts.now()
    named = {one.id for one in parts.catalogue.fields if one.identifying}
    places = {CompartmentId(name) for name in (*named, *(one.id for one in fields))}
    records = [
        row for row in parts.data.own_records(owner.carnet_id, history=True) if row.head.compartment in places
    ]
    entries = open_history(parts, receipt, owner, places)
    indexes = _Indexes(parts, journal, records)
    traced = tuple(_traced(fields, entries, indexes, today=day_of(now)))
    dates = open_dates(parts.data.path_dates(owner.carnet_id), journal)
    own = {one.field_id: one for one in entries if one.field_id in named}
    copy = _copy(parts, traced, indexes, journal, carnet.reference, now)
    return Path(carnet.reference, own_name(parts.catalogue, own), now, duties_of(dates), traced, copy)


def traced_fields(parts: Parts) -> list[Field]:
    """Those whose dates are remembered or stand in the calendar, and of which there may be several."""
    return [one for one in parts.catalogue.fields if one.collection and (one.marks or one.calendar)]


def _traced(
    fields: Sequence[Field], entries: Sequence[Entry], indexes: "_Indexes", *, today: date
) -> Iterable[Traced]:
    found: dict[tuple[FieldId, EntryId], list[Entry]] = {}
    for entry in entries:
        found.setdefault((entry.field_id, entry.entry_id), []).append(entry)
    by_id = {one.id: one for one in fields}
    for (field_id, _), versions in sorted(found.items()):
        if field_id not in by_id:
            continue
        told = sorted(versions, key=lambda one: one.version)
        last = told[-1].body.value
        value = last if isinstance(last, Mapping) else {}
        due, state = _day(value.get(by_id[field_id].calendar or "")), value.get(STATE)
        yield Traced(
            by_id[field_id],
            _side(value),
            standing(due, state, _day(value.get(DONE_ON)), today=today) if state else Standing.UNDATED,
            tuple(Version(one, indexes.of(one)) for one in told),
        )


def _side(value: Mapping[str, object]) -> str:
    """Whose it is. A référent and an organisation are the administration's side; a meeting is everybody's."""
    who = value.get(SIDE) or value.get(ACTS)
    if who is None:
        return BOTH
    return PERSON if who == PERSON else ADMINISTRATION


def _day(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else None


class _Indexes:
    """Which entry of the log was made for a version: by the digest of what was sealed, or, once it was sealed
    again under another key, by its field and its instant."""

    def __init__(self, parts: Parts, journal: JournalSecret, records: Sequence[RecordRow]) -> None:
        self._digests = {
            (row.head.entry_id, row.head.version): sha256(row.record).hexdigest() for row in records
        }
        self.rows: dict[int, LogRow] = {}
        self._by_digest: dict[str, int] = {}
        self._by_field: list[tuple[datetime, int, tuple[CompartmentId, ...]]] = []
        for row in rows_about(parts, carnet_index_tag(journal), ops=WRITES):
            leaf = Leaf.parse(row.leaf)
            about = about_of(row.about_sealed, leaf, journal)
            if about is None or leaf.out is not Outcome.GRANTED:
                continue
            self.rows[row.no] = row
            self._by_digest |= dict.fromkeys(about.digests, row.no)
            at = datetime.fromtimestamp(leaf.t / 1000, UTC)
            self._by_field.append((at, row.no, about.fields))

    def of(self, entry: Entry) -> int | None:
        digest = self._digests.get((entry.entry_id, entry.version), "")
        if digest in self._by_digest:
            return self._by_digest[digest]
        said = entry.body.collected_at
        near = [
            (abs(at - said), index)
            for at, index, fields in self._by_field
            if entry.compartment in fields and abs(at - said) <= SEALED_WITHIN
        ]
        return min(near)[1] if near else None


def _copy(
    parts: Parts,
    traced: Sequence[Traced],
    indexes: _Indexes,
    journal: JournalSecret,
    reference: str,
    now: datetime,
) -> bytes:
    checkpoint = parts.data.last_checkpoint()
    proofs = Proofs(parts, checkpoint)
    named = sorted({one.index for each in traced for one in each.history if one.index is not None})
    return canonical(
        {
            "format": "carnet/path/1",
            "reference": reference,
            "made_at": now.isoformat(timespec="seconds"),
            "undertakings": [
                {
                    "field_id": one.field.id,
                    "side": one.side,
                    "standing": str(one.standing),
                    "versions": [{**copied_entry(each.entry), "index": each.index} for each in one.history],
                }
                for one in traced
            ],
            "log": [proven_line(indexes.rows[index], journal, proofs) for index in named],
            "checkpoint": checkpoint.note if checkpoint is not None else None,
        }
    )

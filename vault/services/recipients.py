"""Who had read an information is told what became of it (GDPR, article 19).

Who read is looked up in the log, with J_p: each structure whose read, since the information was written,
was granted a compartment it stands in. What the log cannot tell (an opening that is gone) names nobody. The
notice is sealed under J_p: which field, of which carnet, since when; never what it said. Its acknowledgement
is sealed again with it, so that no row of D says that a structure read a notice it did not.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from schemas.canonical import canonical
from schemas.framing import lp
from schemas.ids import CarnetId, DemandId, EntryId, FieldId, StructureId, new_id
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.crypto import CryptoError, JournalSecret, carnet_index_tag, open_small, seal_small
from vault.errors import CallerError
from vault.services.bindings import instant, to_the_millisecond
from vault.services.journal import Actor, agents_of, draft
from vault.services.office_mail import managers_of, tell
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.path_rows import RecipientNoticeRow
from vault.services.ports import Work

PAGE = 500
ACKNOWLEDGE_WITHIN = timedelta(days=15)
_WRITES = (Op.WRITE, Op.ANSWER, Op.REPLY, Op.OBSERVE)
_READS = (Op.READ,)
_FOR_HER = (Op.READ_OWN, Op.EXPORT)  # looks of hers, or of whoever acts for her under a mandate


class NoSuchAvisError(CallerError):
    """No such notice was sent to this structure."""


@dataclass(frozen=True, slots=True)
class Reading:
    """That a structure read an information: how often, when first and last."""

    structure_id: StructureId
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RecipientNotice:
    """A notice, opened. ``acknowledged_at``: as its seal says."""

    row: RecipientNoticeRow
    field_id: FieldId
    entry_id: EntryId
    acknowledged_at: datetime | None

    def overdue(self, now: datetime) -> bool:
        return self.acknowledged_at is None and now >= self.row.made_at + ACKNOWLEDGE_WITHIN


# --- from the log ----------------------------------------------------------------------------------------


def first_written(parts: Parts, carnet_id: CarnetId, digests: Collection[str], journal: JournalSecret) -> int:
    """The index of the entry that wrote the first of these records, those of a first version; 0 when none is
    found (a key that changed gives records other digests): rather one notice too many than one too few."""
    found = 0
    for no, _, about in _entries(parts, carnet_id, journal, _WRITES, since=0):
        if about is not None and not set(about.digests).isdisjoint(digests):
            found = no
    return found


def readings(
    parts: Parts,
    carnet_id: CarnetId,
    compartments: Collection[str],
    journal: JournalSecret,
    *,
    since: int,
) -> Mapping[StructureId, Reading]:
    """The structures that read one of these compartments, from this entry of the log on. Who helps her under
    a mandate reads for her, and the structure he helps for with him; no field named is the whole carnet."""
    helping = {row.mandate_id: row.structure_id for row in parts.data.mandates_of(carnet_id)}
    found: dict[StructureId, Reading] = {}
    ops = (*_READS, *_FOR_HER) if any(helping.values()) else _READS
    for _, at, about in _entries(parts, carnet_id, journal, ops, since=since):
        if about is None:
            continue
        whole = about.mandate_id is not None and not about.fields
        by = about.structure_id if about.mandate_id is None else helping.get(about.mandate_id)
        if by is None or not (whole or set(about.fields) & set(compartments)):
            continue
        known = found.get(by)
        found[by] = Reading(
            by,
            times=known.times + 1 if known else 1,
            first_at=at,  # the newest comes first
            last_at=known.last_at if known else at,
        )
    return found


def _entries(
    parts: Parts, carnet_id: CarnetId, journal: JournalSecret, ops: Collection[Op], *, since: int
) -> Sequence[tuple[int, datetime, AboutContent | None]]:
    """What was granted about this carnet, newest first."""
    found: list[tuple[int, datetime, AboutContent | None]] = []
    before = None
    while True:
        rows = parts.data.log_by_carnet(carnet_index_tag(journal), ops=ops, before=before, limit=PAGE)
        for row in rows:
            leaf = Leaf.parse(row.leaf)
            if row.no < since:
                return found
            if leaf.out is Outcome.GRANTED:
                at = datetime.fromtimestamp(leaf.t / 1000, tz=UTC)
                about = about_of(row.about_sealed, leaf, journal)
                known = about is not None and about.carnet_id == carnet_id
                found.append((row.no, at, about if known else None))
        if len(rows) < PAGE:
            return found
        before = rows[-1].no


# --- notices ---------------------------------------------------------------------------------------------


def inform(
    work: Work,
    parts: Parts,
    carnet_id: CarnetId,
    *,
    to: Collection[StructureId],
    field_id: FieldId,
    entry_id: EntryId,
    demand_id: DemandId | None,
    journal: JournalSecret,
) -> int:
    """In the transaction that makes it so: one notice for each structure that stands, and a mail to those in
    charge of its team. How many."""
    made = 0
    for structure_id in sorted(to):
        if parts.data.structure(structure_id) is None:
            continue
        row = RecipientNoticeRow(
            carnet_id, new_id(), demand_id, structure_id, to_the_millisecond(work.now), None, b""
        )
        work.add_recipient_notice(replace(row, sealed=_sealed(row, field_id, entry_id, None, journal)))
        for manager in managers_of(parts, structure_id):
            tell(work, parts, "recipient", manager)
        made += 1
    return made


def open_recipient_notice(row: RecipientNoticeRow, journal: JournalSecret) -> RecipientNotice | None:
    """None for a row that was altered, moved or invented."""
    try:
        told = json.loads(open_small(row.sealed, secret=journal, place=_place(row)))
        done = told["acknowledged"]
        at = datetime.fromisoformat(done) if done else None
        return RecipientNotice(row, FieldId(told["field"]), EntryId(told["entry"]), at)
    except (CryptoError, KeyError, ValueError, TypeError):
        return None


def notices_of(
    parts: Parts, carnet_id: CarnetId, journal: JournalSecret, demand_id: DemandId | None = None
) -> list[RecipientNotice]:
    """Of one carnet (and of one demand), oldest first."""
    rows = parts.data.recipient_notices_of(carnet_id)
    opened = (open_recipient_notice(row, journal) for row in rows)
    return [one for one in opened if one and (demand_id is None or one.row.demand_id == demand_id)]


def notices_to(parts: Parts, structure_id: StructureId, *, limit: int = 100) -> list[RecipientNotice]:
    """What a structure is told, what it did not acknowledge first. Tells of carnets and of fields, so whoever
    shows it appends an entry before."""
    return _opened(parts, parts.data.recipient_notices_to(structure_id, limit=limit))


def notices_overdue(parts: Parts, *, limit: int = 100) -> list[RecipientNotice]:
    """What nobody acknowledged in time, oldest first: for the officer."""
    before = parts.now() - ACKNOWLEDGE_WITHIN
    return _opened(parts, parts.data.recipient_notices_waiting(before, limit=limit))


def _opened(parts: Parts, rows: Sequence[RecipientNoticeRow]) -> list[RecipientNotice]:
    journals = parts.journal_keys.load(now=parts.now(), carnets={row.carnet_id for row in rows})
    found = []
    for row in rows:
        journal = journals.journal(row.carnet_id)
        opened = open_recipient_notice(row, journal) if journal is not None else None
        if opened is not None:
            found.append(opened)
    return found


def acknowledge(parts: Parts, notice_id: str, *, actor: Actor) -> None:
    """A structure says that it read the notice, and did what it asks. Once said, saying it again does
    nothing. Raises NoSuchAvisError."""
    row = parts.data.recipient_notice(notice_id)
    if row is None or actor.structure_id is None or row.structure_id != actor.structure_id:
        raise NoSuchAvisError("no such notice")
    carnet_id = row.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    journal = journals.journal(carnet_id)
    opened = open_recipient_notice(row, journal) if journal is not None else None
    if journal is None or opened is None:
        raise NoSuchAvisError("no such notice")
    if opened.acknowledged_at is not None:
        return
    about = AboutContent(
        carnet_id=carnet_id, structure_id=actor.structure_id, role=actor.role, reason=f"notice {notice_id}"
    )
    with parts.data.change() as work:
        at = to_the_millisecond(work.now)
        sealed = _sealed(row, opened.field_id, opened.entry_id, at, journal)
        if not work.acknowledge_notice(carnet_id, notice_id, at=at, sealed=sealed):
            return
        work.append(
            draft(
                Op.ACKNOWLEDGE,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
            )
        )
        work.commit()


def _sealed(
    row: RecipientNoticeRow,
    field_id: FieldId,
    entry_id: EntryId,
    acknowledged_at: datetime | None,
    journal: JournalSecret,
) -> bytes:
    done = instant(acknowledged_at) if acknowledged_at else ""
    told = {"acknowledged": done, "entry": entry_id, "field": field_id}
    return seal_small(canonical(told), secret=journal, place=_place(row))


def _place(row: RecipientNoticeRow) -> bytes:
    return lp(
        "carnet/recipient-notice/1",
        row.carnet_id,
        row.notice_id,
        row.demand_id or "",
        row.structure_id,
        instant(row.made_at),
    )

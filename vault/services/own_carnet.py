"""The person looks at what is hers: her carnet, her grants, who looked. Each look that shows something
appends one entry first; the screens and the API ask the same functions.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consent.grants import Grant
from schemas.ids import CarnetId, CompartmentId, EntryId, FieldId, GrantId, MandateId, PurposeId, StructureId
from schemas.names import EntryState, LegalBasis, Outcome, Role
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.carnet.entries import Entry
from vault.crypto import JournalSecret, carnet_index_tag
from vault.errors import BrokenError
from vault.services.entries import open_own
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals, OwnerAccess, OwnerSecrets
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.ports import (
    Appended,
    CarnetRow,
    Draft,
    FieldKeyRow,
    LogRow,
    ReadTicket,
    Recheck,
    RecordRow,
)
from vault.services.standing import check_acts
from vault.services.writing import CarnetClosedError, owner_secrets

LOOKS = 5  # at rows that change while we look
MOST_SCANS = 20  # pages of the log, for one page of looks
READS = (Op.READ,)
OWN_READS = (Op.READ, Op.READ_OWN, Op.EXPORT)


@dataclass(frozen=True, slots=True)
class OwnCarnet:
    """Her carnet, opened: each entry once, exact where it has two forms."""

    carnet: CarnetRow
    entries: Sequence[Entry]
    access_no: int

    def by_field(self) -> Mapping[FieldId, Entry]:
        """Of the fields that hold one entry. One that holds several shows one of them only: ``in_fields``."""
        return {entry.field_id: entry for entry in self.entries}

    def in_fields(self) -> Mapping[FieldId, Sequence[Entry]]:
        """Every entry of each field, what was said first before."""
        found: dict[FieldId, list[Entry]] = {}
        for entry in sorted(self.entries, key=lambda one: (one.body.collected_at, one.entry_id)):
            found.setdefault(entry.field_id, []).append(entry)
        return found


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of the log about her, opened."""

    no: int
    at: datetime
    op: Op
    outcome: Outcome
    structure_id: StructureId | None
    role: Role | None
    purpose_id: PurposeId | None
    fields: tuple[str, ...]
    legal_basis: LegalBasis | None
    grant_id: GrantId | None
    readable: bool = True  # False: somebody spoiled what it says; that it happened still stands
    mandate_id: MandateId | None = None  # who looked did so for her

    @property
    def by_another(self) -> bool:
        """Whether somebody else than herself looked."""
        return self.op is Op.READ or self.mandate_id is not None


def read_own_carnet(
    parts: Parts,
    owner: OwnerAccess,
    *,
    actor: Actor,
    op: Op = Op.READ_OWN,
    fields: Collection[FieldId] | None = None,
) -> OwnCarnet:
    """All her current entries (or those of ``fields``). Raises CarnetClosedError, LogUnavailableError."""
    carnet = parts.data.carnet(owner.carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    wanted = frozenset(fields) if fields is not None else None
    receipt, _ = append_own(parts, owner, op, actor=actor, fields=sorted(wanted or ()))
    secrets = owner_secrets(parts, owner)
    opened = _open_standing(parts, receipt, secrets, owner.carnet_id, wanted)
    return OwnCarnet(carnet, _exact(opened), receipt.no)


def _open_standing(
    parts: Parts,
    receipt: Appended,
    secrets: OwnerSecrets,
    carnet_id: CarnetId,
    wanted: Collection[FieldId] | None,
) -> list[Entry]:
    """Records and keys are two looks: when fields were rotated between them, look again."""
    looked: tuple[Sequence[RecordRow], Sequence[FieldKeyRow]] | None = None
    for left in reversed(range(LOOKS)):
        records = [
            row
            for row in parts.data.own_records(carnet_id)
            if wanted is None or row.head.compartment.partition(":")[0] in wanted
        ]
        field_keys = parts.data.field_keys(carnet_id)
        try:
            return open_own(receipt, secrets, records=records, field_keys=field_keys, instance=parts.instance)
        except BrokenError:
            if not left or looked == (
                records,
                field_keys,
            ):  # nothing moved: it is what is stored that is broken
                raise
            looked = (records, field_keys)
    raise AssertionError("the last look returns or raises")


def open_history(
    parts: Parts, receipt: Appended, owner: OwnerAccess, places: Collection[CompartmentId] | None = None
) -> list[Entry]:
    """Every version that is not forgotten (of these compartments), in every form, for a look that already
    appended its entry. Records and keys are two looks: when a rotation came between them, look again."""
    secrets, looked = owner_secrets(parts, owner), None
    for left in reversed(range(LOOKS)):
        records = [
            row
            for row in parts.data.own_records(owner.carnet_id, history=True)
            if places is None or row.head.compartment in places
        ]
        field_keys = parts.data.field_keys(owner.carnet_id)
        try:
            return open_own(receipt, secrets, records=records, field_keys=field_keys, instance=parts.instance)
        except BrokenError:
            if not left or looked == (records, field_keys):  # nothing moved: what is stored is broken
                raise
            looked = (records, field_keys)
    raise AssertionError("the last look returns or raises")


def _exact(entries: Sequence[Entry]) -> list[Entry]:
    """Of the two forms of an answer, the one she gave."""
    chosen: dict[EntryId, Entry] = {}
    for entry in entries:
        if entry.state in (EntryState.CURRENT, EntryState.FROZEN) and (
            entry.entry_id not in chosen or ":" in entry.compartment
        ):
            chosen[entry.entry_id] = entry
    return list(chosen.values())


def append_own(
    parts: Parts, owner: OwnerAccess, op: Op, *, actor: Actor, fields: Sequence[str] = ()
) -> tuple[Appended, Journals]:
    """The durable entry of a look of hers. Raises CarnetClosedError when the carnet closed meanwhile."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    if journals.journal(owner.carnet_id) is None:
        raise CarnetClosedError("this carnet is closed")

    def entry(out: Outcome) -> Draft:
        return draft(
            op,
            out,
            journals=journals,
            actor=actor,
            carnet_id=owner.carnet_id,
            about=AboutContent(
                carnet_id=owner.carnet_id, fields=tuple(CompartmentId(field) for field in fields)
            ),
            random=parts.random,
            field_count=len(fields),
        )

    if actor.mandate_id is not None:
        return _append_acting(parts, owner, actor, entry), journals
    ticket = ReadTicket(entry(Outcome.GRANTED), Recheck(owner.carnet_id, None), lambda: entry(Outcome.DENIED))
    (receipt,) = parts.data.append_reads([ticket])
    if receipt.out is not Outcome.GRANTED:
        raise CarnetClosedError("this carnet is closed")
    return receipt, journals


def _append_acting(
    parts: Parts, owner: OwnerAccess, actor: Actor, entry: Callable[[Outcome], Draft]
) -> Appended:
    """The entry of somebody who acts for her: the mandate is looked at again, under the lock."""
    with parts.data.change() as work:
        carnet = work.carnet(owner.carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        check_acts(parts, actor)
        receipt = work.append(entry(Outcome.GRANTED))
        work.commit()
    return receipt


def list_own_grants(parts: Parts, owner: OwnerAccess) -> Sequence[Grant]:
    """Newest first, ended ones too. Holds no value: appends nothing."""
    grants = [row.grant for row in parts.data.grants_of(owner.carnet_id)]
    return sorted(grants, key=lambda grant: (grant.terms.starts_at, grant.id), reverse=True)


def list_spoiled_grants(parts: Parts, owner: OwnerAccess) -> Sequence[GrantId]:
    """Shares of hers whose terms do not match any more: nobody reads by them, and nothing tells what they
    were. Appends nothing."""
    return parts.data.spoiled_grants(owner.carnet_id)


def list_accesses(
    parts: Parts,
    owner: OwnerAccess,
    *,
    actor: Actor,
    own: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> tuple[list[Access], int | None]:
    """Who looked, newest first, and where the next page starts (exclusive). Whoever acts for her is another,
    not herself. Appends one entry."""
    _, journals = append_own(parts, owner, Op.LOG_READ, actor=actor)
    journal = journals.journals[owner.carnet_id]
    helped = not own and bool(parts.data.mandates_of(owner.carnet_id))
    ops, found = OWN_READS if own or helped else READS, list[Access]()
    for _ in range(MOST_SCANS):  # among her own looks, those of whoever acts for her
        rows = parts.data.log_by_carnet(carnet_index_tag(journal), ops=ops, before=before, limit=limit + 1)
        before = rows[limit - 1].no if len(rows) > limit else None
        opened = (open_access(row, journal) for row in rows[:limit])
        found += [one for one in opened if own or one.by_another]
        if before is None or len(found) >= limit:
            break
    return (found, before) if len(found) <= limit else (found[:limit], found[limit - 1].no)


def last_accesses(parts: Parts, journal: JournalSecret, *, limit: int) -> list[Access]:
    """The latest looks of others, for a page that already appended its entry."""
    rows = parts.data.log_by_carnet(carnet_index_tag(journal), ops=READS, before=None, limit=limit)
    return [open_access(row, journal) for row in rows]


def open_access(row: LogRow, journal: JournalSecret) -> Access:
    """One entry, read with J_p. What cannot be read of it is empty; the entry itself stays in the list."""
    leaf = Leaf.parse(row.leaf)
    about = about_of(row.about_sealed, leaf, journal)
    told = about or AboutContent()
    return Access(
        no=row.no,
        at=datetime.fromtimestamp(leaf.t / 1000, tz=UTC),
        op=leaf.op,
        outcome=leaf.out,
        structure_id=told.structure_id,
        role=told.role,
        purpose_id=told.purpose_id,
        fields=told.fields,
        legal_basis=told.legal_basis,
        grant_id=told.grant_id,
        readable=about is not None,
        mandate_id=told.mandate_id,
    )

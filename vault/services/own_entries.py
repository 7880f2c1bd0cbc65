"""One entry of hers: with the versions before it, and whether she agrees with what it says.

Whoever wrote it, she says whether she agrees: a new version keeps the value, its author, its source and its
day, and carries her word. What nobody asked her stays « not collected », which is never taken for a yes
(report of 16 December 2020, proposition 4: what is written is written in agreement with the person).

Before she says so she reads: a look at the entry (one ``read_own`` entry), then a version with its own entry
of the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.fields import Field
from schemas.ids import CarnetId, EntryId
from schemas.names import Agreement, EntryState, RecordKind
from vault.audit.events import Op
from vault.carnet.entries import Entry, field_of
from vault.errors import BrokenError, CallerError
from vault.services.entries import open_own
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess, OwnerSecrets
from vault.services.own_carnet import LOOKS, append_own
from vault.services.parts import Parts
from vault.services.ports import Appended, RecordHead
from vault.services.remarks import remarks_of
from vault.services.signing_in import SOURCE
from vault.services.writing import (
    ALIVE,
    Answer,
    CarnetClosedError,
    EntryFrozenError,
    NoSuchEntryError,
    owner_secrets,
    write_answers,
)


class NothingToAgreeError(CallerError):
    """It holds no answer, or it is the name that the sign-in provider gave: nobody agrees to it or not."""


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """``entry`` as it stands, exact; ``before``: its earlier versions, newest first."""

    entry: Entry
    before: tuple[Entry, ...]
    access_no: int


def find_own_entry(parts: Parts, carnet_id: CarnetId, entry_id: EntryId) -> RecordHead:
    """Where it stands, without a look at what it says. Raises NoSuchEntryError, for a remark too."""
    return _standing(parts.data.heads(carnet_id), entry_id)


def read_own_entry(parts: Parts, owner: OwnerAccess, entry_id: EntryId, *, actor: Actor) -> OwnEntry:
    """With its versions and what stands beside it. One ``read_own`` entry. Raises NoSuchEntryError before any
    entry, CarnetClosedError, LogUnavailableError."""
    carnet = parts.data.carnet(owner.carnet_id)
    if carnet is None or not carnet.open:
        raise CarnetClosedError("this carnet is closed")
    head = find_own_entry(parts, owner.carnet_id, entry_id)
    field_id = field_of(head.compartment)
    receipt, _ = append_own(parts, owner, Op.READ_OWN, actor=actor, fields=[field_id])
    opened = _opened(parts, receipt, owner_secrets(parts, owner), owner.carnet_id, entry_id)
    exact = parts.catalogue.field(field_id).compartments()[-1].id
    versions = sorted((one for one in opened if one.compartment == exact), key=lambda one: -one.version)
    if not versions or versions[0].state not in ALIVE:
        raise NoSuchEntryError("this entry was forgotten meanwhile")
    return OwnEntry(versions[0], tuple(versions[1:]), receipt.no)


def may_agree(field: Field, entry: Entry) -> bool:
    """Whether there is something she may agree with or not."""
    return entry.body.holds and not field.read_only and entry.body.source != SOURCE


def say_agreement(
    parts: Parts,
    owner: OwnerAccess,
    entry_id: EntryId,
    agreement: Agreement,
    *,
    actor: Actor,
    version: int | None = None,
) -> Entry:
    """Whether she agrees with an entry, hers or another's: the value stays. Saying it again changes nothing.
    Raises NoSuchEntryError, NothingToAgreeError, EntryFrozenError, RevisionConflictError (not ``version`` any
    more), CarnetClosedError."""
    entry = read_own_entry(parts, owner, entry_id, actor=actor).entry
    check_not_frozen(entry)
    if not may_agree(parts.catalogue.field(entry.field_id), entry):
        raise NothingToAgreeError("nothing to agree with")
    if entry.body.agreement is agreement and version in (None, entry.version):
        return entry
    collection = parts.catalogue.field(entry.field_id).collection
    answer = Answer(
        entry.field_id,
        entry.body.value,
        source=entry.body.source,
        author=entry.body.author,
        collected_at=entry.body.collected_at,
        version=entry.version if version is None else version,
        entry_id=entry_id if collection else None,
        agreement=agreement,
        knowingly=True,  # it stands already: nothing comes back where she had something forgotten
    )
    (written,) = write_answers(parts, owner, [answer], actor=actor)
    contested = agreement is Agreement.DISAGREED or bool(entry.observations)
    return written._replace(observations=entry.observations, contested=contested)


def check_not_frozen(entry: Entry) -> None:
    """Raises EntryFrozenError."""
    if entry.state is EntryState.FROZEN:
        raise EntryFrozenError("this entry is frozen")


def _standing(heads: Sequence[RecordHead], entry_id: EntryId) -> RecordHead:
    for head in heads:
        if head.entry_id == entry_id and head.kind is RecordKind.ENTRY and head.state in ALIVE:
            return head
    raise NoSuchEntryError("no such entry in this carnet")


def _opened(
    parts: Parts, receipt: Appended, secrets: OwnerSecrets, carnet_id: CarnetId, entry_id: EntryId
) -> list[Entry]:
    """Every version, in every form. Records and keys are two looks: when a rotation came between them, look
    again."""
    looked = None
    for left in reversed(range(LOOKS)):
        every = parts.data.own_records(carnet_id, history=True)
        heads = [row.head for row in every]
        beside = {head.entry_id for head in remarks_of(heads, entry_id)}
        records = [
            row
            for row in every
            if row.head.entry_id == entry_id or (row.head.entry_id in beside and row.head.state in ALIVE)
        ]
        field_keys = parts.data.field_keys(carnet_id)
        try:
            return open_own(receipt, secrets, records=records, field_keys=field_keys, instance=parts.instance)
        except BrokenError:
            if not left or looked == (records, field_keys):  # nothing moved: what is stored is broken
                raise
            looked = (records, field_keys)
    raise AssertionError("the last look returns or raises")

"""How records open: for a reader under a grant, for the owner by her own path.

``open_fields`` is the only way a reader gets clear data. It asks for an ``Allowed``, which only ``decide``
makes, and for an ``Appended``, which only the log makes; ``open_own`` asks for the owner's secrets, which
only her session loads. The operator has neither.
"""

from collections.abc import Callable, Mapping, Sequence

from consent.decisions import Allowed
from schemas.ids import CompartmentId, FieldId
from schemas.names import Agreement, Outcome, RecordKind
from vault.carnet.entries import Body, Entry, EntryBrokenError, field_of
from vault.carnet.remarks import Remark, RemarkBody, beside
from vault.crypto import (
    FieldKey,
    GrantKey,
    SealContext,
    ShredTree,
    SlotSalt,
    grant_field_place,
    grant_wrapping_key,
    open_grant_key,
    open_record,
    owner_field_place,
    owner_wrapping_key,
    seal_record,
    unwrap_keys,
)
from vault.services.key_sources import OwnerSecrets, ReaderSecrets
from vault.services.ports import Appended, FieldKeyRow, GrantKeyRow, GrantRow, RecordHead, RecordRow


def context_of(head: RecordHead, instance: str) -> SealContext:
    """Built from where we read, never from the sealed bytes: a moved record does not open."""
    return SealContext(
        instance=instance,
        carnet_id=head.carnet_id,
        compartment=head.compartment,
        entry_id=head.entry_id,
        slot=head.slot,
        version=head.version,
        epoch=head.epoch,
        schema_version=head.schema_version,
    )


def seal_body(body: Body, head: RecordHead, *, key: FieldKey, salt: SlotSalt, instance: str) -> RecordRow:
    return RecordRow(
        head, seal_record(body.to_bytes(), key=key, salt=salt, context=context_of(head, instance))
    )


def reseal_record(
    row: RecordRow, *, keys: tuple[FieldKey, FieldKey], salt: SlotSalt, head: RecordHead, instance: str
) -> RecordRow:
    """The same body under the second key and the place ``head`` says, without a look at what it holds. Raises
    OpenError when the row was altered."""
    former, new = keys
    body = open_record(row.record, key=former, salt=salt, context=context_of(row.head, instance))
    return RecordRow(head, seal_record(body, key=new, salt=salt, context=context_of(head, instance)))


def same_record(
    former: RecordRow, row: RecordRow, *, keys: tuple[FieldKey, FieldKey], salt: SlotSalt, instance: str
) -> bool:
    """Whether two rows, each under its own key, hold the same body. Raises OpenError."""
    one, other = (
        open_record(each.record, key=key, salt=salt, context=context_of(each.head, instance))
        for each, key in zip((former, row), keys, strict=True)
    )
    return one == other


# --- the reader's path -----------------------------------------------------------------------------------


def open_fields(
    receipt: Appended,
    keys: ReaderSecrets,
    allowed: Allowed,
    *,
    grant: GrantRow,
    records: Sequence[RecordRow],
    wraps: Sequence[GrantKeyRow],
    instance: str,
    open_key: Callable[[bytes, bytes, bytes], bytes] | None = None,
) -> Mapping[CompartmentId, list[Entry]]:
    """Clear entries of the allowed compartments, in an order that tells nothing. ``open_key`` may remember
    what a sealed grant key opens to.

    Raises OpenError when terms, wraps or records were altered or are not the caller's, PermissionError when
    the entry says the read was not granted.
    """
    if receipt.out is not Outcome.GRANTED:
        raise PermissionError("the entry does not grant this read")
    if keys.shred is None:
        raise PermissionError("no key of this caller opens this grant")
    field_keys = granted_keys(keys, allowed, grant=grant, wraps=wraps, instance=instance, open_key=open_key)
    wanted = [
        row
        for row in not_forgotten(records, keys.shred)
        if (row.head.compartment, row.head.epoch) in field_keys
    ]
    wanted.sort(key=lambda row: (row.head.compartment, row.head.entry_id))  # not as they were written
    salts = keys.shred.salts({row.head.slot for row in wanted})
    found: dict[CompartmentId, list[Entry]] = {}
    remarks: dict[FieldId, list[Remark]] = {}  # of both forms of an answer together
    for row in wanted:
        head = row.head
        key, salt = field_keys[head.compartment, head.epoch], salts[head.slot]
        if head.kind is not RecordKind.ENTRY:
            remark = _open_remark(row, key, salt, instance)
            remarks.setdefault(field_of(head.compartment), []).append(remark)
            continue
        entry = _open(row, key, salt, instance)
        if entry.body.holds:
            found.setdefault(head.compartment, []).append(entry)
    if not remarks:
        return found
    return {place: _with_remarks(told, remarks.get(field_of(place), ())) for place, told in found.items()}


def not_forgotten(records: Sequence[RecordRow], shred: ShredTree) -> list[RecordRow]:
    """Without those whose slot is punctured: an old backup of D may hold their rows again, never what they
    said, and must not keep the others from opening."""
    return [row for row in records if not shred.is_punctured(row.head.slot)]


def granted_keys(
    keys: ReaderSecrets,
    allowed: Allowed,
    *,
    grant: GrantRow,
    wraps: Sequence[GrantKeyRow],
    instance: str,
    open_key: Callable[[bytes, bytes, bytes], bytes] | None = None,
) -> dict[tuple[CompartmentId, int], FieldKey]:
    """The field keys this grant gives its reader, by compartment and epoch. Raises as ``open_fields``."""
    seed = keys.seed_for(grant.grant.terms.key_id)
    if seed is None or keys.grant is None:
        raise PermissionError("no key of this caller opens this grant")
    opener = open_key or (lambda sealed, seed, terms: open_grant_key(sealed, seed=seed, terms=terms))
    grant_key = GrantKey(opener(grant.sealed_key, seed, grant.terms))
    under = grant_wrapping_key(keys.grant, grant_key)
    wanted = [wrap for wrap in wraps if wrap.compartment in allowed.compartments]
    opened = unwrap_keys(
        [
            (
                wrap.wrapped,
                grant_field_place(instance, allowed.carnet_id, wrap.grant_id, wrap.compartment, wrap.epoch),
            )
            for wrap in wanted
        ],
        under=under,
    )
    return {(wrap.compartment, wrap.epoch): FieldKey(key) for wrap, key in zip(wanted, opened, strict=True)}


def _open(row: RecordRow, key: FieldKey, salt: SlotSalt, instance: str) -> Entry:
    head = row.head
    body = Body.from_bytes(open_record(row.record, key=key, salt=salt, context=context_of(head, instance)))
    return Entry(
        entry_id=head.entry_id,
        field_id=field_of(head.compartment),
        compartment=head.compartment,
        version=head.version,
        state=head.state,
        body=body,
        contested=body.agreement is Agreement.DISAGREED,
    )


def _open_remark(row: RecordRow, key: FieldKey, salt: SlotSalt, instance: str) -> Remark:
    """Raises EntryBrokenError when the clear columns do not say what is sealed."""
    head = row.head
    body = RemarkBody.from_bytes(
        open_record(row.record, key=key, salt=salt, context=context_of(head, instance))
    )
    if (body.kind, body.beside) != (head.kind, head.on_entry):
        raise EntryBrokenError("a remark stands beside another entry than it says")
    return Remark(head.entry_id, body)


def _with_remarks(entries: Sequence[Entry], remarks: Sequence[Remark]) -> list[Entry]:
    """Each entry with what stands beside it: never one without the other."""
    told = []
    for entry in entries:
        observations = beside(entry.entry_id, remarks)
        contested = entry.contested or bool(observations)
        told.append(entry._replace(contested=contested, observations=observations))
    return told


# --- the owner's path ------------------------------------------------------------------------------------


def own_field_keys(
    rows: Sequence[FieldKeyRow], secrets: OwnerSecrets, instance: str
) -> dict[tuple[CompartmentId, int], FieldKey]:
    """Every field key of the carnet, by compartment and epoch."""
    under = owner_wrapping_key(secrets.own)
    keys = unwrap_keys([(row.wrapped, _own_place(row, instance)) for row in rows], under=under)
    return {(row.compartment, row.epoch): FieldKey(key) for row, key in zip(rows, keys, strict=True)}


def _own_place(row: FieldKeyRow, instance: str) -> bytes:
    return owner_field_place(instance, row.carnet_id, row.compartment, row.epoch)


def open_own(
    receipt: Appended,
    secrets: OwnerSecrets,
    *,
    records: Sequence[RecordRow],
    field_keys: Sequence[FieldKeyRow],
    instance: str,
) -> list[Entry]:
    """The person's own entries. Raises OpenError when a stored row was altered, EntryBrokenError when its
    key is missing."""
    if receipt.out is not Outcome.GRANTED:
        raise PermissionError("the entry does not grant this read")
    keys = own_field_keys(field_keys, secrets, instance)
    standing = not_forgotten(records, secrets.shred)
    if any((row.head.compartment, row.head.epoch) not in keys for row in standing):
        raise EntryBrokenError("a record has no key")
    salts = secrets.shred.salts({row.head.slot for row in standing})
    told = [(row, keys[row.head.compartment, row.head.epoch], salts[row.head.slot]) for row in standing]
    entries = [_open(*one, instance) for one in told if one[0].head.kind is RecordKind.ENTRY]
    remarks = [_open_remark(*one, instance) for one in told if one[0].head.kind is not RecordKind.ENTRY]
    return _with_remarks(entries, remarks)

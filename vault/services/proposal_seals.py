"""How what somebody proposes is sealed and opens (docs/formats/proposal.md): one place for whoever makes it
and for her who answers it. What a row says is believed only when the key it wraps opens there."""

from datetime import datetime
from typing import NamedTuple

from schemas.canonical import canonical
from schemas.ids import CompartmentId, EntryId, FieldId, GrantId, ProfessionalId, ProposalId, StructureId
from vault.carnet.entries import Body
from vault.crypto import (
    FieldKey,
    SealContext,
    SlotSalt,
    WrappingKey,
    open_box,
    open_record,
    proposal_box_place,
    proposal_place,
    seal_box,
    seal_record,
    unwrap_key,
    wrap_key,
)
from vault.services.parts import SCHEMA_VERSION
from vault.services.path_rows import ProposalRow


class Proposed(NamedTuple):
    """Something somebody proposes, opened. ``on_entry``: what it would be a new version of, in a field that
    holds several. Its repr tells where, not what."""

    proposal_id: ProposalId
    version: int
    field_id: FieldId
    on_entry: EntryId | None
    grant_id: GrantId
    structure_id: StructureId
    professional_id: ProfessionalId | None
    proposed_at: datetime
    body: Body

    def __repr__(self) -> str:
        return f"<Proposed {self.proposal_id} version {self.version}>"


def facts_of(row: ProposalRow) -> bytes:
    """What its seals are bound to: canonical JSON (RFC 8785) of all that the row says of it."""
    return canonical(
        {
            "at": row.proposed_at.isoformat(),
            "carnet": row.carnet_id,
            "field": row.field_id,
            "grant": row.grant_id,
            "on": row.on_entry or "",
            "professional": row.professional_id or "",
            "proposal": row.proposal_id,
            "slot": row.slot,
            "structure": row.structure_id,
            "version": row.version,
        }
    )


def seal_proposal(
    row: ProposalRow,
    body: Body,
    *,
    key: bytes,
    salt: SlotSalt,
    box: bytes,
    under: WrappingKey,
    instance: str,
) -> tuple[bytes, bytes, bytes]:
    """The record, and its key for the person and for the author. ``key``: 32 fresh random bytes."""
    facts = facts_of(row)
    record = seal_record(body.to_bytes(), key=FieldKey(key), salt=salt, context=_context(row, instance))
    for_her = seal_box(key, public_key=box, place=proposal_box_place(instance, row.carnet_id, facts))
    return record, for_her, wrap_for_author(row, key, under=under, instance=instance)


def wrap_for_author(row: ProposalRow, key: bytes, *, under: WrappingKey, instance: str) -> bytes:
    place = proposal_place(instance, row.carnet_id, row.grant_id, facts_of(row))
    return wrap_key(key, under=under, place=place)


def key_for_her(row: ProposalRow, *, seed: bytes, instance: str) -> bytes:
    """F_e by the carnet's box. Raises CryptoError."""
    return open_box(row.box_key, seed=seed, place=proposal_box_place(instance, row.carnet_id, facts_of(row)))


def key_for_author(row: ProposalRow, *, under: WrappingKey, instance: str) -> bytes:
    """F_e by the grant it was proposed by. Raises CryptoError."""
    place = proposal_place(instance, row.carnet_id, row.grant_id, facts_of(row))
    return unwrap_key(row.author_key, under=under, place=place)


def open_proposal(row: ProposalRow, *, key: bytes, salt: SlotSalt, instance: str) -> Proposed:
    """Raises CryptoError, EntryBrokenError."""
    body = Body.from_bytes(
        open_record(row.record, key=FieldKey(key), salt=salt, context=_context(row, instance))
    )
    return Proposed(
        row.proposal_id,
        row.version,
        row.field_id,
        row.on_entry,
        row.grant_id,
        row.structure_id,
        row.professional_id,
        row.proposed_at,
        body,
    )


def _context(row: ProposalRow, instance: str) -> SealContext:
    return SealContext(
        instance=instance,
        carnet_id=row.carnet_id,
        compartment=CompartmentId(row.field_id),
        entry_id=EntryId(row.proposal_id),
        slot=row.slot,
        version=row.version,
        epoch=0,  # of no field key: records have epochs from 1
        schema_version=SCHEMA_VERSION,
    )

"""Structures, as the root vouches for them, and which one stands behind a grantee."""

from datetime import datetime

from consent.decisions import READING_ROLES
from consent.grants import Grantee, GranteeKind
from schemas.ids import ProfessionalId, StructureId
from schemas.names import StructureKind
from vault.errors import CallerError
from vault.services.bindings import STRUCTURE, holds, structure_facts
from vault.services.parts import Parts
from vault.services.ports import StructureRow


class NoSuchStructureError(CallerError):
    """There is no such structure, or its row is not as it was added."""


def known_structure(parts: Parts, structure_id: StructureId) -> StructureRow:
    """The structure under the name and kind it was added with. Raises NoSuchStructureError."""
    row = parts.data.structure(structure_id)
    if row is None or not holds(parts, STRUCTURE, structure_id, structure_facts(row)):
        raise NoSuchStructureError("no such structure")
    return row


def structure_of(
    parts: Parts, grantee: Grantee, *, now: datetime | None = None
) -> tuple[StructureId, StructureKind] | None:
    """The structure behind a grantee, when both are in force ``now`` (None: by the clock)."""
    structure_id = StructureId(grantee.id)
    if grantee.kind is GranteeKind.PROFESSIONAL:
        habilitation = parts.data.habilitation(ProfessionalId(grantee.id))
        if habilitation is None or not habilitation.live(now or parts.now()):
            return None
        if habilitation.role not in READING_ROLES:
            return None
        structure_id = habilitation.structure_id
    structure = parts.data.structure(structure_id)
    return (structure.structure_id, structure.kind) if structure else None


def structure_behind(parts: Parts, grantee: Grantee) -> StructureId | None:
    """With whom she shared, to tell her: in force or not. None when nothing says it any more."""
    if grantee.kind is GranteeKind.STRUCTURE:
        return StructureId(grantee.id)
    habilitation = parts.data.habilitation(ProfessionalId(grantee.id))
    return habilitation.structure_id if habilitation else None

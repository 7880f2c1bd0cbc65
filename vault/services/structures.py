"""Structures, as the root vouches for them."""

from schemas.ids import StructureId
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

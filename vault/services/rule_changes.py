"""The frame and the catalogue in force, as a decision to read needs them.

The person said yes under the rules of that day. When they become narrower afterwards, nobody reads beyond the
new ones: decided at each read, so that no share has to be found and changed first. When they become wider,
her share stays what she gave: its terms bound it, and the key of nothing else was ever given.
"""

from consent.decisions import Rules
from schemas.ids import PurposeId
from schemas.names import StructureKind
from schemas.purposes import UnknownPurposeError
from vault.services.parts import Parts


def rules_for(parts: Parts, purpose_id: PurposeId, kind: StructureKind) -> Rules | None:
    """What this purpose lets this kind of structure read now; None when the frame does not name the two
    together (any more)."""
    try:
        purpose = parts.frame.purpose(purpose_id)
    except UnknownPurposeError:
        return None
    if kind not in purpose.structure_kinds:
        return None
    return Rules(
        frozenset(purpose.compartments), frozenset(purpose.special), purpose.max_days, parts.catalogue.version
    )

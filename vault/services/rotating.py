"""New field keys for what was asked to be rotated, in the person's own session."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RotationReport:
    """What one call did. ``pending``: something is left for the person's next session."""

    compartments: int = 0
    records: int = 0
    pending: bool = False

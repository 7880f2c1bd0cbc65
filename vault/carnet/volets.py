"""What a validation covers, and what changed since. Plain values, no key.

A validation covers entries at a version, in the compartments its author could read then, whether these held
an entry or not. It is over when one of them changes: another version, one more entry, one less. What he could
not read then, or cannot read now, never changes anything for him.
"""

import json
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import NamedTuple

from schemas.canonical import canonical
from schemas.ids import CarnetId, CompartmentId, EntryId
from vault.carnet.errors import EntryBrokenError


class Covered(NamedTuple):
    """One entry at one version, in one of its forms."""

    compartment: CompartmentId
    entry_id: EntryId
    version: int


class Changed(NamedTuple):
    """Since a validation: entries that are new or have another version, and how many are there no more."""

    entries: frozenset[EntryId]
    gone: int

    def __bool__(self) -> bool:
        return bool(self.entries) or self.gone > 0


class Coverage(NamedTuple):
    """What is sealed with a validation. ``by``: « Mme Roux (CCAS de Brest) », of that moment, or empty."""

    scope: frozenset[CompartmentId]
    entries: frozenset[Covered]
    by: str

    def __repr__(self) -> str:
        return f"<Coverage of {len(self.entries)}>"

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        return canonical(
            {
                "by": self.by,
                "entries": [list(one) for one in sorted(self.entries)],
                "scope": sorted(self.scope),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Coverage":
        """Inverse of ``to_bytes``, for bytes that just opened. Raises EntryBrokenError."""
        try:
            told = json.loads(data.decode())
            return cls(
                frozenset(CompartmentId(one) for one in told["scope"]),
                frozenset(
                    Covered(CompartmentId(place), EntryId(entry_id), int(version))
                    for place, entry_id, version in told["entries"]
                ),
                str(told["by"]),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise EntryBrokenError("a validation does not say what it covers") from error

    def since(self, now: Iterable[Covered], readable: Collection[CompartmentId] | None = None) -> Changed:
        """What changed, among what was covered and is readable now; ``readable`` None: all of it."""
        scope = self.scope if readable is None else self.scope & frozenset(readable)
        before = {one for one in self.entries if one.compartment in scope}
        after = {one for one in now if one.compartment in scope}
        kept = {(one.compartment, one.entry_id) for one in after}
        gone = {one.entry_id for one in before if (one.compartment, one.entry_id) not in kept}
        return Changed(frozenset(one.entry_id for one in after - before), len(gone))


def version_hash(carnet_id: CarnetId, volet: str, entries: Iterable[Covered]) -> str:
    """SHA-256, in hexadecimal, of what was read: docs/decisions/volets.md says the exact bytes."""
    told = {
        "carnet_id": carnet_id,
        "entries": [
            {"compartment": one.compartment, "entry_id": one.entry_id, "version": one.version}
            for one in sorted(entries)
        ],
        "v": 1,
        "volet": volet,
    }
    return sha256(canonical(told)).hexdigest()

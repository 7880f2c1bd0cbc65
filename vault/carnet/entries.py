"""An entry: one value of one field, with who said it, when, and whether she agrees. Plain values, no key.

``Body`` is what a record holds sealed; its exact bytes are canonical JSON. What is not a real answer (« ne
souhaite pas répondre ») is kept for her and never reaches a reader.
"""

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schemas.canonical import canonical
from schemas.ids import CompartmentId, EntryId, FieldId
from schemas.names import Agreement, AnswerKind, EntryState
from vault.carnet.errors import EntryBrokenError
from vault.carnet.remarks import Observation

__all__ = ["JSON", "Body", "Entry", "EntryBrokenError", "field_of", "fresh_until"]

JSON = Any  # a value of a catalogue field: anything JSON can say

_ANSWERS = {answer.value: answer for answer in AnswerKind}
_AGREEMENTS = {agreement.value: agreement for agreement in Agreement}


class Body(NamedTuple):
    """What is sealed. ``value`` is None unless ``answer`` is ``answered``. Its repr tells nothing."""

    value: JSON
    answer: AnswerKind
    source: str
    author: str
    collected_at: datetime
    agreement: Agreement

    def __repr__(self) -> str:
        return "<Body>"

    @property
    def holds(self) -> bool:
        """Whether a reader may be given it: a real answer, something left of it."""
        return self.answer is AnswerKind.ANSWERED and self.value is not None

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        return canonical(
            {
                "agreement": str(self.agreement),
                "answer": str(self.answer),
                "author": self.author,
                "collected_at": self.collected_at.isoformat(),
                "source": self.source,
                "value": self.value,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Body":
        """Inverse of ``to_bytes``, for bytes that just opened: nobody else can have written them. Raises
        EntryBrokenError."""
        try:
            told = json.loads(data.decode())
            return cls(
                value=told["value"],
                answer=_ANSWERS[told["answer"]],
                source=told["source"],
                author=told["author"],
                collected_at=datetime.fromisoformat(told["collected_at"]),
                agreement=_AGREEMENTS[told["agreement"]],
            )
        except (KeyError, ValueError, TypeError) as error:
            raise EntryBrokenError("a record does not hold an entry") from error


class Entry(NamedTuple):
    """One value of one field, opened. Its repr tells where, not what."""

    entry_id: EntryId
    field_id: FieldId
    compartment: CompartmentId
    version: int
    state: EntryState
    body: Body
    contested: bool = False  # she disagrees, or an observation of hers stands beside it
    observations: tuple[Observation, ...] = ()

    def __repr__(self) -> str:
        return f"<Entry {self.entry_id} version {self.version}>"


def field_of(compartment: CompartmentId) -> FieldId:
    """The field a compartment belongs to: "revenus_sources" for "revenus_sources:precis"."""
    return FieldId(compartment.partition(":")[0])


def fresh_until(collected_at: datetime, fresh_days: int | None) -> datetime | None:
    """When the value asks to be confirmed; None for what does not age."""
    return collected_at + timedelta(days=fresh_days) if fresh_days is not None else None

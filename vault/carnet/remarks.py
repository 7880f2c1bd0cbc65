"""What stands beside an entry: her observation, and what a professional answers. Plain values, no key.

An observation is hers: published without anybody's approval, bound to the version of the entry she read,
inseparable from the entry in every view, print, export and answer (report of 16 December 2020, prop. 4).
A reply is a professional's; it never changes nor hides what it answers.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.canonical import canonical
from schemas.ids import EntryId
from schemas.names import RecordKind
from vault.carnet.errors import EntryBrokenError

_KINDS = {kind.value: kind for kind in (RecordKind.OBSERVATION, RecordKind.REPLY)}


class RemarkBody(NamedTuple):
    """What is sealed. ``on_entry``, ``on_version``: the entry she read, and ``version_at`` when that version
    was said; for a reply, the observation it answers is ``answers``. Without words, a reply of hers says that
    she maintains her observation. Its repr tells nothing."""

    kind: RecordKind
    on_entry: EntryId
    on_version: int
    answers: EntryId | None
    text: str
    author: str  # "person", or a professional's id
    source: str  # as it reads on a page: "person", or « Mme Roux (CCAS de Brest) »
    said_at: datetime
    version_at: datetime

    def __repr__(self) -> str:
        return "<RemarkBody>"

    @property
    def beside(self) -> EntryId:
        """What it stands beside, as the row says it in clear: an entry, or for a reply the observation."""
        return self.on_entry if self.answers is None else self.answers

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        return canonical(
            {
                "answers": self.answers,
                "author": self.author,
                "kind": str(self.kind),
                "on_entry": self.on_entry,
                "on_version": self.on_version,
                "said_at": self.said_at.isoformat(),
                "source": self.source,
                "text": self.text,
                "version_at": self.version_at.isoformat(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "RemarkBody":
        """Inverse of ``to_bytes``, for bytes that just opened. Raises EntryBrokenError, for the body of an
        entry too: the two are never taken for each other."""
        try:
            told = json.loads(data.decode())
            return cls(
                kind=_KINDS[told["kind"]],
                on_entry=EntryId(told["on_entry"]),
                on_version=int(told["on_version"]),
                answers=EntryId(told["answers"]) if told["answers"] is not None else None,
                text=told["text"],
                author=told["author"],
                source=told["source"],
                said_at=datetime.fromisoformat(told["said_at"]),
                version_at=datetime.fromisoformat(told["version_at"]),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise EntryBrokenError("a record does not hold a remark") from error


class Remark(NamedTuple):
    """One opened remark. Its repr tells where, not what."""

    remark_id: EntryId
    body: RemarkBody

    def __repr__(self) -> str:
        return f"<Remark {self.remark_id}>"


class Observation(NamedTuple):
    """An observation with the replies to it, oldest first."""

    observation_id: EntryId
    body: RemarkBody
    replies: tuple[Remark, ...] = ()

    def __repr__(self) -> str:
        return f"<Observation {self.observation_id}>"


def beside(entry_id: EntryId, remarks: Iterable[Remark]) -> tuple[Observation, ...]:
    """The observations on an entry, oldest first, with their replies. A reply to none of them is left out."""
    mine: Sequence[Remark] = sorted(
        {one.remark_id: one for one in remarks if one.body.on_entry == entry_id}.values(),
        key=lambda one: (one.body.said_at, one.remark_id),
    )
    return tuple(
        Observation(
            one.remark_id,
            one.body,
            tuple(
                each
                for each in mine
                if each.body.kind is RecordKind.REPLY and each.body.answers == one.remark_id
            ),
        )
        for one in mine
        if one.body.kind is RecordKind.OBSERVATION
    )

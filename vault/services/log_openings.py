"""The openings of the whole log, for an export that shows who did what (docs/formats/log-export.md).

Personal data: whoever asks leaves an entry first. Opens what journal, month and agent keys open, never a key
of content; what expired or was erased is simply not shown.
"""

from collections.abc import Mapping
from typing import Protocol

from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf, OpeningKind
from vault.audit.source import Opening
from vault.crypto import (
    CryptoError,
    JournalSecret,
    MonthSecret,
    OpeningKey,
    about_key,
    actor_key,
    open_opening,
)
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals
from vault.services.overseeing import Agents, journals_by_tag
from vault.services.parts import Parts
from vault.services.ports import LogRow, ReadTicket

BATCH = 200


class Sealed(Protocol):
    """An opening as it is kept, with the bytes of its leaf."""

    @property
    def no(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def sealed(self) -> bytes: ...
    @property
    def leaf(self) -> bytes: ...


def show_openings(parts: Parts, *, actor: Actor, reason: str) -> "Shower":
    """Leave the entry ``log_read``, then give what opens. Raises LogUnavailableError: nothing is shown."""
    journals = parts.journal_keys.load(now=parts.now())
    entry = draft(
        Op.LOG_READ,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=None,
        about=AboutContent(reason=reason),
        random=parts.random,
    )
    parts.data.append_reads([ReadTicket(entry, None, lambda: entry)])
    return Shower(parts, journals)


class Shower:
    """Opens the openings of a log read in order. Keeps the keys of one batch of leaves at a time."""

    def __init__(self, parts: Parts, journals: Journals) -> None:
        self._parts, self._instance = parts, journals.instance
        self._rows: Mapping[int, LogRow] = {}
        self._journals: Mapping[bytes, JournalSecret] = {}
        self._months: dict[str, MonthSecret] = {}
        self._agents = Agents(parts, self._months)

    def __call__(self, opening: Sealed) -> Opening | None:
        if opening.no not in self._rows:
            self._load(opening.no)
        row = self._rows.get(opening.no)
        leaf = Leaf.parse(opening.leaf)
        key = self._key(row, leaf, opening.kind) if row else None
        if key is None:
            return None
        try:
            r, content = open_opening(opening.sealed, key=key, kind=opening.kind, n=leaf.n)
        except CryptoError:
            return None
        return Opening(opening.no, opening.kind, r, content)

    def _load(self, no: int) -> None:
        rows = self._parts.data.log_rows(range(no, no + BATCH))
        self._rows = {row.no: row for row in rows}
        self._journals = journals_by_tag(self._parts, rows)
        new = {Leaf.parse(row.leaf).m for row in rows} - self._months.keys()
        self._months.update(self._parts.journal_keys.months(new))

    def _key(self, row: LogRow, leaf: Leaf, kind: str) -> OpeningKey | None:
        journal = self._journals.get(row.carnet_tag, self._instance)
        if kind == OpeningKind.ABOUT:
            return about_key(journal, leaf.n)
        month = self._months.get(leaf.m)
        if month is None:
            return None
        return actor_key(month, self._agents.secret(row.agent_tag, leaf.m, journal), leaf.n)

"""What others propose to write in a carnet. Which answer it got is no column: an answered row says when."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from schemas.ids import CarnetId, GrantId, ProposalId
from vault.services.path_rows import ProposalRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import proposals

PROPOSED, ANSWERING, ANSWERED = "proposed", "answering", "answered"
_NAMES = tuple(one.name for one in fields(ProposalRow))
_COLUMNS = tuple(proposals.c[name] for name in _NAMES)
_EMPTY = {"record": b"", "box_key": b"", "author_key": b""}


def _told(row: ProposalRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES}


def _of_carnet(connection: Connection, carnet_id: CarnetId) -> list[ProposalRow]:
    """Oldest first."""
    return _rows(connection, select(*_COLUMNS).where(proposals.c.carnet_id == carnet_id))


def _rows(connection: Connection, statement: Select[Any]) -> list[ProposalRow]:
    ordered = statement.order_by(proposals.c.proposed_at, proposals.c.proposal_id)
    return [ProposalRow(*row) for row in connection.execute(ordered)]


class ProposalChanges(Changes):
    """Inside one locked transaction."""

    def add_proposal(self, row: ProposalRow) -> None:
        self._connection.execute(insert(proposals), _told(row))

    def proposals_of(self, carnet_id: CarnetId) -> Sequence[ProposalRow]:
        """All, whatever their state."""
        return _of_carnet(self._connection, carnet_id)

    def renew_proposal(self, row: ProposalRow) -> bool:
        """In place of its version before. False, and nothing done, when that one waits no more."""
        former = (
            proposals.c.carnet_id == row.carnet_id,
            proposals.c.proposal_id == row.proposal_id,
            proposals.c.version == row.version - 1,
            proposals.c.state == PROPOSED,
        )
        return self._connection.execute(update(proposals).where(*former).values(_told(row))).rowcount == 1

    def answer_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId, *, version: int) -> bool:
        """False, and nothing done, when this version does not wait for an answer (any more)."""
        mine = (
            proposals.c.carnet_id == carnet_id,
            proposals.c.proposal_id == proposal_id,
            proposals.c.version == version,
            proposals.c.state == PROPOSED,
        )
        told = {"state": ANSWERING, "answered_at": self.now}
        return self._connection.execute(update(proposals).where(*mine).values(told)).rowcount == 1

    def end_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId) -> bool:
        """What opened it is destroyed: nothing of what it said stays here."""
        mine = (
            proposals.c.carnet_id == carnet_id,
            proposals.c.proposal_id == proposal_id,
            proposals.c.state == ANSWERING,
        )
        told = {"state": ANSWERED, **_EMPTY}
        return self._connection.execute(update(proposals).where(*mine).values(told)).rowcount == 1

    def rewrap_proposal(self, row: ProposalRow) -> bool:
        """Its key for its author, under another key of the same grant."""
        same = (
            proposals.c.carnet_id == row.carnet_id,
            proposals.c.proposal_id == row.proposal_id,
            proposals.c.version == row.version,
            proposals.c.state == PROPOSED,
        )
        told = {"author_key": row.author_key}
        return self._connection.execute(update(proposals).where(*same).values(told)).rowcount == 1

    def drop_proposal(self, carnet_id: CarnetId, proposal_id: ProposalId) -> bool:
        mine = (proposals.c.carnet_id == carnet_id, proposals.c.proposal_id == proposal_id)
        return self._connection.execute(delete(proposals).where(*mine)).rowcount == 1


class ProposalLooks(Looks):
    """Beside it."""

    def proposals_of(self, carnet_id: CarnetId) -> Sequence[ProposalRow]:
        """All, whatever their state."""
        with self._database.read() as connection:
            return _of_carnet(connection, carnet_id)

    def proposals_by(self, carnet_id: CarnetId, grant_id: GrantId) -> Sequence[ProposalRow]:
        mine = (proposals.c.carnet_id == carnet_id, proposals.c.grant_id == grant_id)
        with self._database.read() as connection:
            return _rows(connection, select(*_COLUMNS).where(*mine))

    def proposals_answering(self, *, limit: int) -> Sequence[ProposalRow]:
        """Those whose answer stands and whose keys may stand too."""
        left = select(*_COLUMNS).where(proposals.c.state == ANSWERING).limit(limit)
        with self._database.read() as connection:
            return _rows(connection, left)

    def drop_answered_proposals(self, before: datetime) -> int:
        """The rows, already empty, of what was answered before that instant."""
        old = (proposals.c.state == ANSWERED, proposals.c.answered_at < before)
        with self._database.transaction() as connection:
            return connection.execute(delete(proposals).where(*old)).rowcount

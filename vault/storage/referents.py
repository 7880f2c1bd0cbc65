"""Who follows a person, with dates; one at a time. And what she says of it herself."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from schemas.ids import CarnetId
from vault.services.sharing_rows import ReferentRow
from vault.storage.columns import fixed, padded
from vault.storage.doors import Changes, Looks
from vault.storage.sharing_tables import referent_wishes, referents

_REFERENT = select(
    referents.c.carnet_id,
    referents.c.assignment_id,
    referents.c.professional_id,
    referents.c.structure_id,
    referents.c.state,
    referents.c.starts_at,
    referents.c.ends_at,
    referents.c.confirm_until,
)
_OF_CARNET = _REFERENT.where(referents.c.carnet_id == bindparam("carnet")).order_by(
    referents.c.starts_at.desc(), referents.c.assignment_id
)
_IN_STATE = (
    _REFERENT.where(referents.c.state == bindparam("state"))
    .order_by(referents.c.carnet_id, referents.c.assignment_id)
    .limit(bindparam("most"))
)
_OVER = (
    _REFERENT.where(referents.c.state == bindparam("state"), referents.c.ends_at <= bindparam("now"))
    .order_by(referents.c.carnet_id, referents.c.assignment_id)
    .limit(bindparam("most"))
)
_UNCONFIRMED = (
    _REFERENT.where(referents.c.state == fixed("active"), referents.c.confirm_until <= bindparam("before"))
    .order_by(referents.c.confirm_until)
    .limit(bindparam("most"))
)


class ReferentChanges(Changes):
    """Inside one locked transaction."""

    def add_referent(self, row: ReferentRow) -> None:
        self._connection.execute(
            insert(referents),
            {
                "carnet_id": row.carnet_id,
                "assignment_id": row.assignment_id,
                "professional_id": row.professional_id,
                "structure_id": row.structure_id,
                "state": row.state,
                "starts_at": row.starts_at,
                "ends_at": row.ends_at,
                "confirm_until": row.confirm_until,
            },
        )

    def referents_of(self, carnet_id: CarnetId) -> Sequence[ReferentRow]:
        """As they stand under the lock, the latest first."""
        found = self._connection.execute(_OF_CARNET, {"carnet": carnet_id})
        return [ReferentRow(*row) for row in found]

    def set_referent(self, row: ReferentRow) -> None:
        """State and instants of an assignment that exists, as ``row`` says them."""
        values: dict[str, Any] = {
            "state": row.state,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "confirm_until": row.confirm_until,
        }
        self._connection.execute(
            update(referents)
            .where(
                referents.c.carnet_id == row.carnet_id,
                referents.c.assignment_id == row.assignment_id,
            )
            .values(**values)
        )

    def drop_referent(self, row: ReferentRow) -> None:
        """What was proposed, and nobody took."""
        self._connection.execute(
            delete(referents).where(
                referents.c.carnet_id == row.carnet_id,
                referents.c.assignment_id == row.assignment_id,
            )
        )

    def set_referent_wish(self, carnet_id: CarnetId, sealed: bytes | None) -> None:
        """Her words in place of those before; None: none any more."""
        mine = delete(referent_wishes).where(referent_wishes.c.carnet_id == carnet_id)
        self._connection.execute(mine)
        if sealed is not None:
            values = {"carnet_id": carnet_id, "said_at": self.now, "sealed": sealed}
            self._connection.execute(insert(referent_wishes), values)


class ReferentLooks(Looks):
    """Beside it."""

    def referents_of(self, carnet_id: CarnetId) -> Sequence[ReferentRow]:
        """Proposed, active, ended: the latest first."""
        with self._database.read() as connection:
            return [ReferentRow(*row) for row in connection.execute(_OF_CARNET, {"carnet": carnet_id})]

    def referents_standing(self, carnet_ids: Collection[CarnetId]) -> Sequence[ReferentRow]:
        """The active ones of these carnets."""
        statement = _REFERENT.where(
            referents.c.carnet_id.in_(padded(carnet_ids)), referents.c.state == fixed("active")
        )
        with self._database.read() as connection:
            return [ReferentRow(*row) for row in connection.execute(statement)]

    def referents_in(self, state: str, *, limit: int) -> Sequence[ReferentRow]:
        with self._database.read() as connection:
            found = connection.execute(_IN_STATE, {"state": state, "most": limit})
            return [ReferentRow(*row) for row in found]

    def referents_over(self, state: str, now: datetime, *, limit: int) -> Sequence[ReferentRow]:
        """Those in a state that their end should have changed."""
        asked = {"state": state, "now": now, "most": limit}
        with self._database.read() as connection:
            return [ReferentRow(*row) for row in connection.execute(_OVER, asked)]

    def referents_unconfirmed(self, before: datetime, *, limit: int) -> Sequence[ReferentRow]:
        """Active ones whose time to be confirmed is over; the oldest first."""
        asked = {"before": before, "most": limit}
        with self._database.read() as connection:
            return [ReferentRow(*row) for row in connection.execute(_UNCONFIRMED, asked)]

    def referent_wish(self, carnet_id: CarnetId) -> tuple[datetime, bytes] | None:
        """When she last said whom she would like, and what she said, sealed."""
        statement = select(referent_wishes.c.said_at, referent_wishes.c.sealed).where(
            referent_wishes.c.carnet_id == carnet_id
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return (row[0], row[1]) if row else None

"""Grants with the keys they carry, and the mark that somebody once held one.

The terms are kept and returned as their exact bytes; the columns beside them only find rows. What a row says
of its state is the row's; everything else is what the terms say, whatever the columns hold.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, literal_column, select, update

from consent.grants import Grant, Grantee, GrantError, Terms, terms_of
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState
from vault.errors import BrokenError
from vault.services.rows import GrantKeyRow, GrantRow
from vault.storage.columns import fixed, padded
from vault.storage.doors import Changes, Looks
from vault.storage.tables import carnets, grant_keys, grants, once_held

GRANT = (
    grants.c.terms,
    grants.c.state,
    grants.c.ended_at,
    grants.c.sealed_key,
    grants.c.owner_wrap,
)
GRANTED = fixed(GrantState.GRANTED)
# Not over: read under now, or once it is resumed. Its keys must follow those of the others.
STANDING = grants.c.state.in_([GRANTED, fixed(GrantState.SUSPENDED)])
CARNET_OPEN = exists().where(carnets.c.carnet_id == grants.c.carnet_id, carnets.c.state == fixed("open"))

_OF_CARNET = (
    select(*GRANT, grants.c.grant_id, grants.c.carnet_id)
    .where(grants.c.carnet_id == bindparam("carnet"))
    .order_by(grants.c.starts_at, grants.c.grant_id)
)
_TO_GRANTEE = (
    select(*GRANT)
    .where(
        grants.c.grantee_kind == bindparam("kind"),
        grants.c.grantee_id == bindparam("grantee"),
        grants.c.state == GRANTED,
        grants.c.grant_id > bindparam("after"),
        grants.c.starts_at <= bindparam("now"),
        grants.c.ends_at > bindparam("now"),
        CARNET_OPEN,
    )
    .order_by(grants.c.grant_id)
    .limit(bindparam("most"))
)
_GRANTED_TO = (
    select(*GRANT, grants.c.grant_id, grants.c.carnet_id)
    .where(
        grants.c.grantee_kind == bindparam("kind"),
        grants.c.grantee_id == bindparam("grantee"),
        STANDING,
        grants.c.grant_id > bindparam("after"),
        CARNET_OPEN,
    )
    .order_by(grants.c.grant_id)
    .limit(bindparam("most"))
)
_KEYS = (
    select(grant_keys.c.grant_id, grant_keys.c.compartment, grant_keys.c.epoch, grant_keys.c.wrapped)
    .where(grant_keys.c.grant_id == bindparam("grant"))
    .order_by(grant_keys.c.compartment, grant_keys.c.epoch)
)
_STATES = {state.value: state for state in GrantState}


class TermsError(BrokenError):
    """The stored terms of a grant are not terms."""


def grant_of(row: Sequence[Any]) -> GrantRow:
    """From the columns of ``GRANT``. Raises TermsError."""
    terms, state, ended_at, sealed_key, owner_wrap = row
    try:
        return GrantRow(Grant(terms_of(terms), _STATES[state], ended_at), terms, sealed_key, owner_wrap)
    except GrantError:
        raise TermsError("the terms of a grant do not read") from None


def grants_of(connection: Connection, carnet_id: CarnetId) -> list[GrantRow]:
    """Those that are what they say they are. One that is not opens for nobody, and must keep no other from
    being seen and stopped."""
    found = []
    for row in connection.execute(_OF_CARNET, {"carnet": carnet_id}):
        with suppress(TermsError):
            told = grant_of(row[:5])
            if _same(told, row):
                found.append(told)
    return found


def _same(told: GrantRow, row: Sequence[Any]) -> bool:
    """Whether the terms are those of the grant and of the carnet where they stand."""
    return (told.grant.id, told.grant.terms.carnet_id) == (row[5], row[6])


def spoiled_grants(connection: Connection, carnet_id: CarnetId) -> list[GrantId]:
    """The others."""
    sound = {row.grant.id for row in grants_of(connection, carnet_id)}
    every = select(grants.c.grant_id).where(grants.c.carnet_id == carnet_id).order_by(grants.c.grant_id)
    return [GrantId(one) for one in connection.execute(every).scalars() if one not in sound]


def granted_to(
    connection: Connection, grantee: Grantee, after: GrantId | None, limit: int
) -> tuple[list[GrantRow], GrantId | None]:
    asked = {"kind": grantee.kind.value, "grantee": grantee.id, "after": after or "", "most": limit}
    rows = connection.execute(_GRANTED_TO, asked).all()
    readable = []
    for row in rows:
        with suppress(TermsError):  # opens for nobody, and must keep nobody else's from being looked after
            found = grant_of(row[:5])
            terms = found.grant.terms
            if (terms.grantee, terms.grant_id, terms.carnet_id) == (grantee, row[5], row[6]):
                readable.append(found)
    return readable, GrantId(rows[-1][5]) if len(rows) == limit else None


def _found_by(terms: Terms) -> dict[str, str]:
    """The columns that say to whom and for what, as the terms do."""
    grantee = terms.grantee
    return {"grantee_kind": grantee.kind.value, "grantee_id": grantee.id, "purpose_id": terms.purpose_id}


class GrantChanges(Changes):
    def add_grant(self, row: GrantRow, *, once_held_until: datetime) -> None:
        grant, terms = row.grant, row.grant.terms
        self._connection.execute(
            insert(grants),
            {
                "carnet_id": terms.carnet_id,
                "grant_id": terms.grant_id,
                "grantee_kind": terms.grantee.kind.value,
                "grantee_id": terms.grantee.id,
                "purpose_id": terms.purpose_id,
                "state": grant.state.value,
                "starts_at": terms.starts_at,
                "ends_at": terms.ends_at,
                "ended_at": grant.ended_at,
                "keys_left": 0 if grant.state is GrantState.GRANTED else 1,
                "terms": row.terms,
                "sealed_key": row.sealed_key,
                "owner_wrap": row.owner_wrap,
            },
        )
        self.keep_once_held(grant, until=once_held_until)

    def grants_of(self, carnet_id: CarnetId) -> Sequence[GrantRow]:
        """All that are what they say they are, oldest first, whatever their state."""
        return grants_of(self._connection, carnet_id)

    def make_room(self, terms: Terms) -> Sequence[GrantId]:
        """Whatever still stands where a grant with ``terms`` would go: a row that is not what it says it is
        ends, without its wraps, and is named; one whose columns were changed gets those of its own terms."""
        seat = (
            grants.c.carnet_id == terms.carnet_id,
            grants.c.grantee_id == terms.grantee.id,
            grants.c.grantee_kind == terms.grantee.kind.value,
            grants.c.purpose_id == terms.purpose_id,
            grants.c.state == GRANTED,
        )
        found = self._connection.execute(select(grants.c.grant_id).where(*seat)).scalars().all()
        sound = {row.grant.id: row.grant.terms for row in self.grants_of(terms.carnet_id)} if found else {}
        ended = {"state": GrantState.REPLACED.value, "ended_at": terms.starts_at}
        for one in map(GrantId, found):
            values = _found_by(sound[one]) if one in sound else ended
            self._connection.execute(update(grants).where(grants.c.grant_id == one).values(**values))
            if one not in sound:
                self.delete_grant_keys(one)
        return [GrantId(one) for one in found if one not in sound]

    def end_grant(self, grant: Grant, *, once_held_until: datetime) -> None:
        """Store the state ``grant`` has moved to. Its keys count as left until they are deleted."""
        ended = (
            update(grants)
            .where(grants.c.grant_id == grant.id, STANDING)
            .values(state=grant.state.value, ended_at=grant.ended_at, keys_left=1)
        )
        if self._connection.execute(ended).rowcount != 1:
            raise BrokenError("a grant to be ended does not stand")
        self.keep_once_held(grant, until=once_held_until)

    def hold_grant(self, grant: Grant) -> bool:
        """Store that a standing grant is suspended, or granted again, as ``grant`` says. False, and nothing
        done, when it does not stand, or says so already."""
        moved = (
            update(grants)
            .where(grants.c.grant_id == grant.id, STANDING, grants.c.state != grant.state.value)
            .values(state=grant.state.value)
        )
        return self._connection.execute(moved).rowcount == 1

    def granted_to(
        self, grantee: Grantee, *, after: GrantId | None, limit: int
    ) -> tuple[Sequence[GrantRow], GrantId | None]:
        """As ``GrantLooks.granted_to``, as this transaction sees them."""
        return granted_to(self._connection, grantee, after, limit)

    def move_grant(self, former: GrantRow, row: GrantRow) -> bool:
        """Other terms and another sealed key for a grant that stands. False, and nothing done, when it is
        not ``former`` any more."""
        same = (
            update(grants)
            .where(
                grants.c.carnet_id == former.grant.terms.carnet_id,
                grants.c.grant_id == former.grant.id,
                STANDING,
                grants.c.terms == former.terms,
                grants.c.sealed_key == former.sealed_key,
                grants.c.owner_wrap == former.owner_wrap,
            )
            .values(terms=row.terms, sealed_key=row.sealed_key, owner_wrap=row.owner_wrap)
        )
        return self._connection.execute(same).rowcount == 1

    def replace_grant_keys(self, carnet_id: CarnetId, grant_id: GrantId, rows: Sequence[GrantKeyRow]) -> None:
        """These wraps and no others."""
        mine = delete(grant_keys).where(grant_keys.c.carnet_id == carnet_id)
        self._connection.execute(mine.where(grant_keys.c.grant_id == grant_id))
        self.add_grant_keys(carnet_id, rows)

    def keep_once_held(self, grant: Grant, *, until: datetime) -> None:
        """Remember that this grantee held a grant on this carnet for this purpose; nothing else."""
        terms = grant.terms
        key = {
            "carnet_id": terms.carnet_id,
            "grantee_kind": terms.grantee.kind.value,
            "grantee_id": terms.grantee.id,
            "purpose_id": terms.purpose_id,
        }
        same = and_(*(once_held.c[name] == value for name, value in key.items()))
        if self._connection.execute(update(once_held).where(same).values(until=until)).rowcount == 0:
            self._connection.execute(insert(once_held), {**key, "until": until})

    def add_grant_keys(self, carnet_id: CarnetId, rows: Sequence[GrantKeyRow]) -> None:
        if rows:
            self._connection.execute(
                insert(grant_keys),
                [
                    {
                        "carnet_id": carnet_id,
                        "grant_id": row.grant_id,
                        "compartment": row.compartment,
                        "epoch": row.epoch,
                        "wrapped": row.wrapped,
                    }
                    for row in rows
                ],
            )

    def delete_grant_keys(self, grant_id: GrantId) -> int:
        """The wraps of a grant; from then on it is not among those with keys left."""
        self._connection.execute(update(grants).where(grants.c.grant_id == grant_id).values(keys_left=0))
        return self._connection.execute(delete(grant_keys).where(grant_keys.c.grant_id == grant_id)).rowcount


class GrantLooks(Looks):
    def grants_of(self, carnet_id: CarnetId) -> Sequence[GrantRow]:
        """All that are what they say they are, oldest first, whatever their state."""
        with self._database.read() as connection:
            return grants_of(connection, carnet_id)

    def spoiled_grants(self, carnet_id: CarnetId) -> Sequence[GrantId]:
        """Rows of this carnet that are not grants: their terms do not read, or are another's."""
        with self._database.read() as connection:
            return spoiled_grants(connection, carnet_id)

    def grant_keys(self, grant_id: GrantId) -> Sequence[GrantKeyRow]:
        with self._database.read() as connection:
            return [GrantKeyRow(*row) for row in connection.execute(_KEYS, {"grant": grant_id})]

    def grants_to(
        self, grantees: Collection[Grantee], *, now: datetime, after: GrantId | None, limit: int
    ) -> Sequence[GrantRow]:
        """Live ones on open carnets, by grant id, exclusive. Each grantee is one walk along its index."""
        with self._database.read() as connection:
            walks = [
                [
                    grant_of(row)
                    for row in connection.execute(
                        _TO_GRANTEE,
                        {
                            "kind": grantee.kind.value,
                            "grantee": grantee.id,
                            "now": now,
                            "after": after or "",
                            "most": limit,
                        },
                    )
                ]
                for grantee in sorted(set(grantees), key=lambda grantee: (grantee.kind, grantee.id))
            ]
        return list(islice(merge(*walks, key=lambda row: row.grant.id), limit))

    def granted_to(
        self, grantee: Grantee, *, after: GrantId | None, limit: int
    ) -> tuple[Sequence[GrantRow], GrantId | None]:
        """Those still said to be granted to ``grantee``, on open carnets, by grant id, exclusive; and where
        to go on, None at the end. A row that is not what it says it is left out."""
        with self._database.read() as connection:
            return granted_to(connection, grantee, after, limit)

    def grants_named(self, grant_ids: Collection[GrantId]) -> Collection[GrantId]:
        """Those of ``grant_ids`` that D knows."""
        statement = select(grants.c.grant_id).where(grants.c.grant_id.in_(padded(grant_ids)))
        with self._database.read() as connection:
            return {GrantId(found) for found in connection.execute(statement).scalars()}

    def ended_with_keys(self, *, limit: int) -> Sequence[GrantRow]:
        """Ended grants whose keys are not known to be gone."""
        return self._some(grants.c.keys_left == literal_column("1"), grants.c.grant_id, limit)

    def expired_grants(self, now: datetime, *, limit: int) -> Sequence[GrantRow]:
        """Grants of open carnets, still said to be granted or suspended, whose time is over; the oldest
        first, those that were granted before those that were suspended."""
        over = and_(grants.c.ends_at <= now, CARNET_OPEN)
        found = self._some(and_(grants.c.state == GRANTED, over), grants.c.ends_at, limit)
        held = fixed(GrantState.SUSPENDED)
        return found or self._some(and_(grants.c.state == held, over), grants.c.ends_at, limit)

    def _some(self, which: Any, order: Any, limit: int) -> list[GrantRow]:
        statement = select(*GRANT).where(which).order_by(order).limit(limit)
        with self._database.read() as connection:
            return [grant_of(row) for row in connection.execute(statement)]

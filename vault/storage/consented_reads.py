"""What a consented read needs from D: one look before the entry, one after it, each for many reads at once.

The statements are the same whatever is asked about: an unknown carnet costs what a known one costs.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, String, bindparam, cast, or_, select, union_all

from schemas.ids import CarnetId, CompartmentId, GrantId, ProfessionalId, StructureId
from schemas.names import EntryState
from vault.services.ports import Clock
from vault.services.rows import (
    GrantKeyRow,
    GrantRow,
    ReadAsk,
    ReadFacts,
    RecordHead,
    RecordRow,
    StandingReferent,
)
from vault.storage.carnets import HEAD, SEALED, head_of
from vault.storage.columns import fixed, from_ms, to_ms
from vault.storage.database import Database
from vault.storage.doors import Looks
from vault.storage.grants import GRANT, GRANTED, grant_of
from vault.storage.prepared import Prepared, identifiers, one_of
from vault.storage.sharing_tables import referents
from vault.storage.tables import carnets, clients, grant_keys, grants, habilitations, once_held, records

_NOW = bindparam("now", type_=BigInteger())
_NOTHING = fixed("")
_NOTHINGS = (_NOTHING,) * 4
_ALONE = ("",) * 4
_CURRENT = records.c.state == fixed(EntryState.CURRENT)

# (kind, id, grantee kind, grantee id, purpose, "") of what stands now; of a référent: the carnet, the
# professional, the assignment, since when, the structure.
_STANDING = Prepared(
    union_all(
        select(fixed("carnet"), carnets.c.carnet_id, *_NOTHINGS).where(
            one_of(carnets.c.carnet_id, "carnets"), carnets.c.state == fixed("open")
        ),
        select(fixed("client"), clients.c.client_id, *_NOTHINGS).where(
            one_of(clients.c.client_id, "clients"),
            or_(clients.c.ends_at.is_(None), clients.c.ends_at > _NOW),
        ),
        select(fixed("professional"), habilitations.c.professional_id, *_NOTHINGS).where(
            one_of(habilitations.c.professional_id, "professionals"),
            habilitations.c.starts_at <= _NOW,
            or_(habilitations.c.ends_at.is_(None), habilitations.c.ends_at > _NOW),
        ),
        select(
            fixed("held"),
            once_held.c.carnet_id,
            once_held.c.grantee_kind,
            once_held.c.grantee_id,
            once_held.c.purpose_id,
            _NOTHING,
        ).where(
            one_of(once_held.c.carnet_id, "carnets"),
            one_of(once_held.c.grantee_id, "grantees"),
            once_held.c.until > _NOW,
        ),
        select(
            fixed("referent"),
            referents.c.carnet_id,
            referents.c.professional_id,
            referents.c.assignment_id,
            cast(referents.c.starts_at, String),
            referents.c.structure_id,
        ).where(
            one_of(referents.c.carnet_id, "carnets"),
            referents.c.state == fixed("active"),
            referents.c.starts_at <= _NOW,
        ),
    )
)
# An ended grant has no use here; that there was one is told by once_held.
_GRANTS = Prepared(
    select(*GRANT).where(
        one_of(grants.c.carnet_id, "carnets"),
        one_of(grants.c.grantee_id, "grantees"),
        grants.c.state == GRANTED,
    )
)
_HEADS = Prepared(
    select(*HEAD).where(
        one_of(records.c.carnet_id, "carnets"), one_of(records.c.compartment, "compartments"), _CURRENT
    )
)
_ALL_HEADS = Prepared(select(*HEAD).where(one_of(records.c.carnet_id, "carnets"), _CURRENT))
_RECORDS = Prepared(
    select(*HEAD, records.c.record).where(
        one_of(records.c.carnet_id, "carnets"), one_of(records.c.compartment, "compartments"), _CURRENT
    )
)
_WRAPS = Prepared(
    select(
        grant_keys.c.grant_id,
        grant_keys.c.compartment,
        grant_keys.c.epoch,
        grant_keys.c.wrapped,
        grant_keys.c.carnet_id,
    ).where(
        one_of(grant_keys.c.carnet_id, "carnets"),
        one_of(grant_keys.c.grant_id, "grants"),
        one_of(grant_keys.c.compartment, "compartments"),
    )
)


class ConsentedReads(Looks):
    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock

    def read_facts(self, asks: Sequence[ReadAsk]) -> list[ReadFacts]:
        """What stands, for each ask. Records are the current ones, of the compartments asked for."""
        if not asks:
            return []
        asked = _asked(asks, self._clock())
        with self._database.read() as connection:
            standing = set(_STANDING.rows(connection, **asked))
            given = _by_carnet(connection, asked)
            heads = _heads(connection, asks, asked)
        following = _following(standing)
        return [_facts(ask, standing, following, given, heads) for ask in asks]

    def sealed_fields(
        self, wanted: Sequence[tuple[CarnetId, GrantId, Collection[CompartmentId]]]
    ) -> list[tuple[list[RecordRow], list[GrantKeyRow]]]:
        """For each (carnet, grant, compartments): the current sealed records and the grant's wraps."""
        if not wanted:
            return []
        asked = {
            "carnets": identifiers(carnet_id for carnet_id, _, _ in wanted),
            "grants": identifiers(grant_id for _, grant_id, _ in wanted),
            "compartments": identifiers(one for _, _, compartments in wanted for one in compartments),
        }
        found: dict[CarnetId, list[RecordRow]] = {}
        wraps: dict[tuple[CarnetId, GrantId], list[GrantKeyRow]] = {}
        with self._database.read() as connection:
            for record in _RECORDS.rows(connection, **asked):
                found.setdefault(record[0], []).append(RecordRow(head_of(record), record[SEALED]))
            for wrap in _WRAPS.rows(connection, **asked):
                wraps.setdefault((wrap[4], wrap[0]), []).append(GrantKeyRow(*wrap[:4]))
        return [
            (
                [row for row in found.get(carnet_id, ()) if row.head.compartment in compartments],
                [row for row in wraps.get((carnet_id, grant_id), ()) if row.compartment in compartments],
            )
            for carnet_id, grant_id, compartments in wanted
        ]


def _asked(asks: Sequence[ReadAsk], now: datetime) -> dict[str, Any]:
    return {
        "now": to_ms(now),
        "carnets": identifiers(ask.carnet_id for ask in asks),
        "clients": identifiers(ask.client_id for ask in asks),
        "professionals": identifiers(ask.professional_id for ask in asks),
        "grantees": identifiers(grantee.id for ask in asks for grantee in ask.grantees),
        "compartments": identifiers(one for ask in asks for one in ask.compartments or ()),
    }


def _by_carnet(connection: Connection, asked: Mapping[str, Any]) -> dict[str, list[GrantRow]]:
    found: dict[str, list[GrantRow]] = {}
    for row in _GRANTS.rows(connection, **asked):
        grant = grant_of(row)
        found.setdefault(grant.grant.terms.carnet_id, []).append(grant)
    return found


def _heads(
    connection: Connection, asks: Sequence[ReadAsk], asked: Mapping[str, Any]
) -> dict[str, list[RecordHead]]:
    """Current heads by carnet: of the compartments asked for, or all when one ask does not say."""
    statement = _ALL_HEADS if any(ask.compartments is None for ask in asks) else _HEADS
    found: dict[str, list[RecordHead]] = {}
    for row in statement.rows(connection, **asked):
        found.setdefault(row[0], []).append(head_of(row))
    return found


def _facts(
    ask: ReadAsk,
    standing: Collection[tuple[str, ...]],
    following: Mapping[str, StandingReferent],
    given: Mapping[str, Sequence[GrantRow]],
    heads: Mapping[str, Sequence[RecordHead]],
) -> ReadFacts:
    client = ask.client_id is None or ("client", ask.client_id, *_ALONE) in standing
    professional = ask.professional_id is None or ("professional", ask.professional_id, *_ALONE) in standing
    somebody = ask.client_id is not None or ask.professional_id is not None
    return ReadFacts(
        carnet_open=("carnet", ask.carnet_id, *_ALONE) in standing,
        caller_live=somebody and client and professional,
        grants=[
            row
            for row in given.get(ask.carnet_id, ())
            if row.grant.terms.grantee in ask.grantees and row.grant.terms.purpose_id == ask.purpose_id
        ],
        heads=[
            head
            for head in heads.get(ask.carnet_id, ())
            if ask.compartments is None or head.compartment in ask.compartments
        ],
        once_held=any(
            ("held", ask.carnet_id, grantee.kind.value, grantee.id, ask.purpose_id, "") in standing
            for grantee in ask.grantees
        ),
        referent=following.get(ask.carnet_id),
    )


def _following(standing: Collection[tuple[str, ...]]) -> dict[str, StandingReferent]:
    """By carnet; at most one is active."""
    return {
        carnet_id: StandingReferent(
            assignment_id, ProfessionalId(professional_id), StructureId(structure_id), from_ms(int(starts_at))
        )
        for kind, carnet_id, professional_id, assignment_id, starts_at, structure_id in standing
        if kind == "referent"
    }

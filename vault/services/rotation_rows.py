"""What a rotation looks at and what one of its steps does: plain rows, and the keys of grants that go on.

Used by ``rotating`` alone, in the person's own session.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.ids import CarnetId, CompartmentId
from schemas.names import EntryState
from vault.crypto import (
    FieldKey,
    GrantKey,
    GrantSecret,
    WrappingKey,
    grant_field_place,
    grant_wrapping_key,
    owner_grant_place,
    owner_wrapping_key,
    unwrap_key,
    unwrap_keys,
    wrap_key,
)
from vault.services.key_sources import OwnerSecrets
from vault.services.parts import Parts
from vault.services.ports import FieldKeyRow, GrantKeyRow, GrantRow, RecordHead, RecordRow, Work
from vault.services.writing import RacedError

Place = tuple[CompartmentId, int]  # a compartment and an epoch of it


def at_of(head: RecordHead) -> Place:
    return head.compartment, head.epoch


@dataclass(frozen=True, slots=True)
class RotationLook:
    """What stands, as one look found it. ``records``: every version that is not forgotten."""

    records: Sequence[RecordRow]
    field_keys: Sequence[FieldKeyRow]
    grants: Sequence[GrantRow]
    asked: Sequence[CompartmentId]

    def check(self, parts: Parts, work: Work, carnet_id: CarnetId) -> None:
        """Under the lock. Raises RacedError when anything moved since."""
        carnet = work.carnet(carnet_id)
        heads = [head for head in work.heads(carnet_id) if head.state is not EntryState.FORGOTTEN]
        if (
            carnet is None
            or not carnet.open
            or heads != [row.head for row in self.records]
            or list(work.field_keys(carnet_id)) != list(self.field_keys)
            or list(work.grants_of(carnet_id)) != list(self.grants)
            or list(parts.data.rotations_asked(carnet_id)) != list(self.asked)
        ):
            raise RacedError

    def epochs(self, compartment: CompartmentId) -> list[int]:
        return [row.epoch for row in self.field_keys if row.compartment == compartment]

    def begun(self) -> list[CompartmentId]:
        known = dict.fromkeys(row.compartment for row in self.field_keys)
        return [compartment for compartment in known if len(self.epochs(compartment)) > 1]


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A grant that goes on, with Q_g and the standing public key of its grantee."""

    row: GrantRow
    secret: GrantSecret = field(repr=False)
    public: bytes

    @property
    def reads(self) -> frozenset[CompartmentId]:
        return frozenset(self.row.grant.terms.compartments)

    def key(self, instance: str, secrets: OwnerSecrets) -> GrantKey:
        """G_g, from the owner's wrap."""
        terms = self.row.grant.terms
        place = owner_grant_place(instance, terms.carnet_id, terms.grant_id)
        return GrantKey(unwrap_key(self.row.owner_wrap, under=owner_wrapping_key(secrets.own), place=place))

    def under(self, instance: str, secrets: OwnerSecrets) -> WrappingKey:
        return grant_wrapping_key(self.secret, self.key(instance, secrets))

    def wrap(self, instance: str, at: Place, key: FieldKey, under: WrappingKey) -> GrantKeyRow:
        return GrantKeyRow(
            self.row.grant.id, *at, wrap_key(key, under=under, place=self._place(instance, *at))
        )

    def unwrap(self, instance: str, wraps: Sequence[GrantKeyRow], key: GrantKey) -> dict[Place, FieldKey]:
        under = grant_wrapping_key(self.secret, key)
        pairs = [(wrap.wrapped, self._place(instance, wrap.compartment, wrap.epoch)) for wrap in wraps]
        keys = unwrap_keys(pairs, under=under)
        return {(wrap.compartment, wrap.epoch): FieldKey(one) for wrap, one in zip(wraps, keys, strict=True)}

    def _place(self, instance: str, compartment: CompartmentId, epoch: int) -> bytes:
        terms = self.row.grant.terms
        return grant_field_place(instance, terms.carnet_id, terms.grant_id, compartment, epoch)


@dataclass(slots=True)
class RotationStep:
    """What one transaction does."""

    keys: list[FieldKeyRow] = field(default_factory=list)
    wraps: list[GrantKeyRow] = field(default_factory=list)
    begun: list[CompartmentId] = field(default_factory=list)
    resealed: list[tuple[RecordRow, RecordRow]] = field(default_factory=list)  # before, after
    ended: dict[CompartmentId, int] = field(default_factory=dict)  # the epoch that stays
    dropped: int = 0  # rows of older epochs that go

    @property
    def rows(self) -> int:
        return len(self.keys) + len(self.wraps) + len(self.resealed) + self.dropped

    @property
    def fields(self) -> list[CompartmentId]:
        return sorted({*self.begun, *self.ended, *(after.head.compartment for _, after in self.resealed)})

"""What a rotation looks at and what one of its steps does: plain rows, and the keys of grants that go on.

Used by ``rotating`` alone, in the person's own session. Nothing here is believed because a row says so: a key
is one that opens where it stands, a grant is one whose terms K vouches for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.ids import CarnetId, CompartmentId, GrantId
from schemas.names import EntryState
from vault.crypto import (
    FieldKey,
    GrantKey,
    GrantSecret,
    WrappingKey,
    grant_field_place,
    grant_wrapping_key,
    owner_field_place,
    owner_grant_place,
    owner_wrapping_key,
    unwrap_key,
    unwrap_keys,
    wrap_key,
)
from vault.errors import UnavailableError
from vault.services.key_sources import OwnerSecrets
from vault.services.parts import Parts
from vault.services.ports import FieldKeyRow, GrantKeyRow, GrantRow, RecordHead, RecordRow, Work
from vault.services.writing import RacedError

Place = tuple[CompartmentId, int]  # a compartment and an epoch of it
Keys = dict[Place, FieldKey]


def at_of(head: RecordHead) -> Place:
    return head.compartment, head.epoch


class Guarded:
    """``with guarded:`` whatever breaks inside is kept in ``broke``: somebody's row, which must not keep the
    others from what they need. A store that does not answer, and a race, go on up."""

    broke = False

    def __enter__(self) -> None:
        self.broke = False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> bool:
        self.broke = isinstance(error, Exception) and not isinstance(error, UnavailableError | RacedError)
        return self.broke


def sound_keys(
    rows: Sequence[FieldKeyRow], secrets: OwnerSecrets, instance: str
) -> tuple[Keys, set[CompartmentId]]:
    """The field keys that open, and the compartments of those that do not."""
    under, keys, torn = owner_wrapping_key(secrets.own), Keys(), set[CompartmentId]()
    for row in rows:
        trying = Guarded()
        with trying:
            place = owner_field_place(instance, row.carnet_id, row.compartment, row.epoch)
            keys[row.compartment, row.epoch] = FieldKey(unwrap_key(row.wrapped, under=under, place=place))
        if trying.broke:
            torn.add(row.compartment)
    return keys, torn


@dataclass(frozen=True, slots=True)
class RotationLook:
    """What stands, as one look found it. ``records``: every version that is not forgotten; ``grants``: those
    that may still be read under, now or once they are resumed."""

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
            or list(work.standing_grants(carnet_id)) != list(self.grants)
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
    """A grant that goes on, with Q_g and the standing public key of its grantee. ``agreed``: K vouches for
    its terms; the key of another is never sealed again."""

    row: GrantRow
    secret: GrantSecret = field(repr=False)
    public: bytes
    agreed: bool

    @property
    def reads(self) -> frozenset[CompartmentId]:
        return self.row.grant.reads

    def key(self, instance: str, secrets: OwnerSecrets) -> GrantKey:
        """G_g, from the owner's wrap."""
        terms = self.row.grant.terms
        place = owner_grant_place(instance, terms.carnet_id, terms.grant_id)
        return GrantKey(unwrap_key(self.row.owner_wrap, under=owner_wrapping_key(secrets.own), place=place))

    def under(self, instance: str, secrets: OwnerSecrets) -> WrappingKey:
        return grant_wrapping_key(self.secret, self.key(instance, secrets))

    def opened(
        self, instance: str, secrets: OwnerSecrets, wraps: Sequence[GrantKeyRow]
    ) -> tuple[Keys, set[CompartmentId]]:
        """The keys its wraps open to, and the compartments of those that do not open: all, when the owner's
        wrap of its own key does not."""
        keys, spoiled, whole = Keys(), set[CompartmentId](), Guarded()
        with whole:
            under = self.under(instance, secrets)
            for wrap in wraps:
                one = Guarded()
                with one:
                    place = self._place(instance, wrap.compartment, wrap.epoch)
                    key = FieldKey(unwrap_key(wrap.wrapped, under=under, place=place))
                    keys[wrap.compartment, wrap.epoch] = key
                if one.broke:
                    spoiled.add(wrap.compartment)
        return (Keys(), set(self.reads)) if whole.broke else (keys, spoiled)

    def wrap(self, instance: str, at: Place, key: FieldKey, under: WrappingKey) -> GrantKeyRow:
        return GrantKeyRow(
            self.row.grant.id, *at, wrap_key(key, under=under, place=self._place(instance, *at))
        )

    def unwrap(self, instance: str, wraps: Sequence[GrantKeyRow], key: GrantKey) -> Keys:
        under = grant_wrapping_key(self.secret, key)
        pairs = [(wrap.wrapped, self._place(instance, wrap.compartment, wrap.epoch)) for wrap in wraps]
        keys = unwrap_keys(pairs, under=under)
        return {(wrap.compartment, wrap.epoch): FieldKey(one) for wrap, one in zip(wraps, keys, strict=True)}

    def _place(self, instance: str, compartment: CompartmentId, epoch: int) -> bytes:
        terms = self.row.grant.terms
        return grant_field_place(instance, terms.carnet_id, terms.grant_id, compartment, epoch)


def of(keys: Mapping[Place, FieldKey], compartments: Collection[CompartmentId]) -> Keys:
    """Those of these compartments."""
    return {at: key for at, key in keys.items() if at[0] in compartments}


@dataclass(frozen=True, slots=True)
class RotationSight:
    """One look, and what opened of it. ``torn``: compartments of which a key of hers does not open."""

    look: RotationLook
    secrets: OwnerSecrets
    keys: Keys
    torn: set[CompartmentId]
    readers: Sequence[GoingOn]
    held: Mapping[GrantId, tuple[Keys, set[CompartmentId]]]  # by its wraps, and what of them is spoiled

    def short(self, reader: GoingOn) -> frozenset[CompartmentId]:
        """What this grant should open and does not."""
        keys, spoiled = self.held[reader.row.grant.id]
        return frozenset(
            one
            for one in reader.reads - self.torn
            if one in spoiled or of(keys, {one}) != of(self.keys, {one})
        )


@dataclass(slots=True)
class RotationStep:
    """What one transaction does."""

    keys: list[FieldKeyRow] = field(default_factory=list)
    wraps: list[GrantKeyRow] = field(default_factory=list)
    begun: list[CompartmentId] = field(default_factory=list)
    resealed: list[tuple[RecordRow, RecordRow]] = field(default_factory=list)  # before, after
    ended: dict[CompartmentId, int] = field(default_factory=dict)  # the epoch that stays
    dropped: int = 0  # rows of older epochs that go
    readers: dict[CompartmentId, Sequence[GoingOn]] = field(default_factory=dict)  # who goes on reading it

    @property
    def rows(self) -> int:
        return len(self.keys) + len(self.wraps) + len(self.resealed) + self.dropped

    @property
    def fields(self) -> list[CompartmentId]:
        return sorted({*self.begun, *self.ended, *(after.head.compartment for _, after in self.resealed)})

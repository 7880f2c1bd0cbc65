"""P5: what is forgotten is really gone, from every backup of D, whatever living key one is given.

A backup of D is everything D holds that leads to a value: records of every version, field keys, grant keys,
grants. The attacker gets every backup ever taken, the whole living key store and the root, and tries the
owner's path, every grant's path, and every secret it can find as a salt (raw derivation).
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from schemas.ids import CarnetId, EntryId
from tests.services.killing import KilledError
from tests.world import Someone, System, World
from vault.audit import verify
from vault.carnet.entries import Body
from vault.crypto import (
    CryptoError,
    FieldKey,
    GrantKey,
    GrantSecret,
    OwnerSecret,
    ShredTree,
    SlotSalt,
    grant_field_place,
    grant_wrapping_key,
    open_grant_key,
    open_record,
    owner_field_place,
    owner_wrapping_key,
    unwrap_key,
)
from vault.errors import StoreUnavailableError
from vault.services import leaving, own_carnet, stopping
from vault.services.entries import context_of
from vault.services.journal import OPERATOR
from vault.services.reading import AccessEnded
from vault.services.rows import FieldKeyRow, GrantKeyRow, GrantRow, RecordRow
from vault.services.upkeep import run_upkeep
from vault.services.writing import CarnetClosedError
from vault.storage.log_source import log_source


@dataclass(frozen=True)
class Backup:
    """What a copy of D holds about one carnet."""

    records: Sequence[RecordRow]
    field_keys: Sequence[FieldKeyRow]
    grants: Sequence[GrantRow]
    grant_keys: Sequence[GrantKeyRow]


def back_up(world: World, carnet_id: CarnetId) -> Backup:
    data = world.parts.data
    grants = data.grants_of(carnet_id)
    return Backup(
        records=data.own_records(carnet_id, history=True),
        field_keys=data.field_keys(carnet_id),
        grants=grants,
        grant_keys=[key for row in grants for key in data.grant_keys(row.grant.id)],
    )


@dataclass
class Attacker:
    """Holds the living K, opened by the root."""

    world: World
    secrets: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        database = self.world.app.keystore.database
        with database.read() as connection:
            names = [tuple(row) for row in connection.execute(text("SELECT kind, id FROM secrets"))]
        names = [name for name in names if name[0] != "box"]
        self.secrets = self.world.parts.rows.load(names)  # type: ignore[arg-type] # rows of (kind, id)

    def opened(self, backup: Backup) -> dict[tuple[EntryId, str, int], Body]:
        """Every record of the backup that opens, by any path."""
        found = {}
        for row in backup.records:
            for key, salt in itertools.product(self._keys(backup, row), self._salts(row)):
                try:
                    told = open_record(
                        row.record, key=key, salt=salt, context=context_of(row.head, self._instance)
                    )
                except CryptoError:
                    continue
                found[row.head.entry_id, row.head.compartment, row.head.version] = Body.from_bytes(told)
        return found

    @property
    def _instance(self) -> str:
        return self.world.parts.instance

    def _keys(self, backup: Backup, row: RecordRow) -> Iterator[FieldKey]:
        """Of the row's compartment: by the owner's wrap, then by each grant's."""
        own = self.secrets.get(("own", row.head.carnet_id))
        for wrap in backup.field_keys:
            if own and (wrap.compartment, wrap.epoch) == (row.head.compartment, row.head.epoch):
                place = owner_field_place(self._instance, wrap.carnet_id, wrap.compartment, wrap.epoch)
                yield FieldKey(
                    unwrap_key(wrap.wrapped, under=owner_wrapping_key(OwnerSecret(own)), place=place)
                )
        for grant in backup.grants:
            yield from self._granted(grant, backup, row)

    def _granted(self, grant: GrantRow, backup: Backup, row: RecordRow) -> Iterator[FieldKey]:
        terms = grant.grant.terms
        secret = self.secrets.get(("grant", grant.grant.id))
        seed = self.secrets.get(("seed", f"{terms.grantee.kind}:{terms.grantee.id}"))
        if secret is None or seed is None:
            return
        grant_key = open_grant_key(grant.sealed_key, seed=seed, terms=grant.terms)
        under = grant_wrapping_key(GrantSecret(secret[:32]), GrantKey(grant_key))
        for wrap in backup.grant_keys:
            if (wrap.grant_id, wrap.compartment) == (grant.grant.id, row.head.compartment):
                place = grant_field_place(
                    self._instance, terms.carnet_id, wrap.grant_id, wrap.compartment, wrap.epoch
                )
                yield FieldKey(unwrap_key(wrap.wrapped, under=under, place=place))

    def _salts(self, row: RecordRow) -> Iterator[SlotSalt]:
        """The slot's own, if it can be reached; then every secret there is, taken as a salt."""
        shred = self.secrets.get(("shred", row.head.carnet_id))
        if shred is not None:
            try:
                yield ShredTree.from_bytes(shred).salts([row.head.slot])[row.head.slot]
            except CryptoError:
                for start in range(1, len(shred) - 31):  # every node it still has, at any offset
                    yield SlotSalt(shred[start : start + 32])
        for secret in self.secrets.values():
            yield SlotSalt(secret[:32])


@pytest.fixture
def shared(world: World, ana: Someone, alpha: System) -> System:
    world.share(ana, alpha.structure_id)
    return alpha


def entry_of(world: World, someone: Someone, field_id: str) -> EntryId:
    carnet = own_carnet.read_own_carnet(world.parts, someone.owner, actor=someone.actor)
    return next(entry.entry_id for entry in carnet.entries if entry.field_id == field_id)


def test_a_forgotten_entry_opens_from_no_backup_by_any_path_and_every_other_still_does(
    world: World, ana: Someone, shared: System
) -> None:
    backups = [back_up(world, ana.carnet_id)]
    world.write(ana, "permis_conduire", ["b", "c"])
    backups.append(back_up(world, ana.carnet_id))
    before = [Attacker(world).opened(backup) for backup in backups]
    entry_id = entry_of(world, ana, "permis_conduire")

    report = leaving.forget_entry(world.parts, ana.carnet_id, entry_id, actor=ana.actor)

    assert report.versions == 2
    backups.append(back_up(world, ana.carnet_id))
    for backup, once in zip(backups, [*before, {}], strict=True):
        now = Attacker(world).opened(backup)
        assert not [name for name in now if name[0] == entry_id]
        assert now.items() >= {name: body for name, body in once.items() if name[0] != entry_id}.items()
    assert [name for name in before[1] if name[0] == entry_id], "the attacker's paths do open what stands"
    assert world.values(shared, ana.carnet_id).keys() == {"temps_travail_souhaite", "vehicule_disponible"}


def test_an_answer_after_a_forgetting_is_a_new_entry_in_a_new_slot(world: World, ana: Someone) -> None:
    entry_id = entry_of(world, ana, "permis_conduire")
    slot = next(h.slot for h in world.parts.data.heads(ana.carnet_id) if h.entry_id == entry_id)
    leaving.forget_entry(world.parts, ana.carnet_id, entry_id, actor=ana.actor)
    again = world.write(ana, "permis_conduire", ["d"])
    assert again.entry_id != entry_id
    slots = [head.slot for head in world.parts.data.heads(ana.carnet_id)]
    assert slot not in slots
    assert len(set(slots)) == len(slots)


@settings(max_examples=5)
@given(order=st.permutations(range(6)))
def test_many_forgettings_in_any_order_leave_exactly_the_others(
    order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("forget")
    world = World.open(f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite", folder)
    try:
        ana = world.person("ana")
        values = {
            "enfants_nombre": 2,
            "logement_fixe": True,
            "aide_immediate": False,
            "conjoint_presence": True,
        }
        for name, value in values.items():
            world.write(ana, name, value)
        world.decline(ana, "numerique_aisance")
        carnet = own_carnet.read_own_carnet(world.parts, ana.owner, actor=ana.actor)
        ids = [entry.entry_id for entry in carnet.entries]
        assert len(ids) == len(order)
        backup = back_up(world, ana.carnet_id)
        left = set(ids)
        for place in order[:4]:
            leaving.forget_entry(world.parts, ana.carnet_id, ids[place], actor=ana.actor)
            left.discard(ids[place])
            assert {name[0] for name in Attacker(world).opened(backup)} == left
    finally:
        world.close()


def test_an_erased_carnet_opens_from_no_backup_and_others_are_untouched(
    world: World, ana: Someone, shared: System
) -> None:
    bob = world.person("bob")
    world.fill(bob)
    backups = [back_up(world, ana.carnet_id)]
    assert Attacker(world).opened(backups[0])
    dry = leaving.erase_carnet(world.parts, ana.carnet_id, for_real=False, actor=OPERATOR)
    assert dry.counts["records"] == len(backups[0].records)
    assert Attacker(world).opened(backups[0]), "a dry run changes nothing"

    leaving.erase_carnet(world.parts, ana.carnet_id, for_real=True, actor=OPERATOR)

    assert Attacker(world).opened(backups[0]) == {}
    left = back_up(world, ana.carnet_id)
    assert (left.records, left.field_keys, left.grant_keys) == ([], [], []), (
        "her random id may remain in grants"
    )
    assert Attacker(world).opened(back_up(world, bob.carnet_id))
    assert world.read(shared, ana.carnet_id) == AccessEnded()
    with pytest.raises((CarnetClosedError, CryptoError)):
        own_carnet.read_own_carnet(world.parts, ana.owner, actor=ana.actor)
    fresh = world.person("ana")
    assert fresh.carnet_id != ana.carnet_id, "coming back opens a new carnet"


def test_after_forgetting_and_erasing_the_log_still_verifies(
    world: World, ana: Someone, shared: System
) -> None:
    world.read(shared, ana.carnet_id)
    world.app.jobs().run_once()
    entry_id = entry_of(world, ana, "permis_conduire")
    leaving.forget_entry(world.parts, ana.carnet_id, entry_id, actor=ana.actor)
    leaving.erase_carnet(world.parts, ana.carnet_id, for_real=True, actor=OPERATOR)
    world.app.jobs().run_once()
    with log_source(world.app.data.database) as source:
        report = verify(source, origin=world.app.settings.log_origin, verifiers=[world.app.verifier])
    assert report.ok, report.findings


@pytest.mark.parametrize("killed_before", ["puncture", "rows"])
def test_a_forgetting_that_was_interrupted_is_ended_by_the_next_pass(
    world: World, ana: Someone, monkeypatch: pytest.MonkeyPatch, killed_before: str
) -> None:
    def die(*_: Any, **__: Any) -> Any:
        raise KilledError

    entry_id = entry_of(world, ana, "permis_conduire")
    backup = back_up(world, ana.carnet_id)
    target = (leaving, "puncture") if killed_before == "puncture" else (leaving, "finish_forgetting")
    monkeypatch.setattr(*target, die)
    with pytest.raises(KilledError):
        leaving.forget_entry(world.parts, ana.carnet_id, entry_id, actor=ana.actor)
    monkeypatch.undo()
    shown = own_carnet.read_own_carnet(world.parts, ana.owner, actor=ana.actor)
    assert entry_id not in [entry.entry_id for entry in shown.entries], "already out of her sight"
    assert run_upkeep(world.parts).forgotten == 1
    assert not [name for name in Attacker(world).opened(backup) if name[0] == entry_id]
    assert run_upkeep(world.parts).forgotten == 0


def test_an_erasure_that_was_interrupted_is_ended_by_the_next_pass(
    world: World, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> Any:
        raise KilledError

    backup = back_up(world, ana.carnet_id)
    monkeypatch.setattr(leaving, "finish_erasure", die)
    with pytest.raises(KilledError):
        leaving.erase_carnet(world.parts, ana.carnet_id, for_real=True, actor=OPERATOR)
    monkeypatch.undo()
    assert run_upkeep(world.parts).erased == 1
    assert Attacker(world).opened(backup) == {}


def test_the_files_of_the_key_store_keep_nothing_of_a_punctured_or_erased_secret(tmp_path: Path) -> None:
    """SQLite: secure_delete, truncated WAL, VACUUM. (PostgreSQL keeps dead rows until the root rotates.)"""
    world = World.open(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path)
    try:
        ana = world.person("ana")
        world.fill(ana)
        name = ("shred", ana.carnet_id)
        wrapped = world.parts.keystore.secrets([name])[name].wrapped
        files = [tmp_path / "k.sqlite", tmp_path / "k.sqlite-wal"]
        assert any(wrapped in path.read_bytes() for path in files if path.exists())
        leaving.forget_entry(
            world.parts, ana.carnet_id, entry_of(world, ana, "permis_conduire"), actor=ana.actor
        )
        assert not any(wrapped in path.read_bytes() for path in files if path.exists())
        own = ("own", ana.carnet_id)
        wrapped = world.parts.keystore.secrets([own])[own].wrapped
        leaving.erase_carnet(world.parts, ana.carnet_id, for_real=True, actor=OPERATOR)
        assert not any(wrapped in path.read_bytes() for path in files if path.exists())
    finally:
        world.close()


@contextmanager
def somebody_reading(world: World) -> Iterator[None]:
    """Another program holds a look at K open: a copy being taken, a shell left alone."""
    database = world.app.keystore.database
    with database.maintenance() as writer:
        writer.exec_driver_sql("PRAGMA busy_timeout=50").close()
    with database.snapshot() as reader:
        reader.execute(text("SELECT count(*) FROM secrets")).close()
        yield


def lone_world(folder: Path) -> World:
    return World.open(f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite", folder)


def files_hold(folder: Path, wrapped: bytes) -> bool:
    return any(wrapped in path.read_bytes() for path in folder.glob("k.sqlite*"))


def test_a_forgetting_is_not_over_while_a_file_of_the_key_store_keeps_the_secret(tmp_path: Path) -> None:
    """A reader keeps SQLite from emptying its journal, and the engine raises nothing."""
    world = lone_world(tmp_path)
    try:
        ana = world.person("ana")
        world.fill(ana)
        name, own = ("shred", ana.carnet_id), ("own", ana.carnet_id)
        wrapped = world.parts.keystore.secrets([name])[name].wrapped
        with somebody_reading(world), pytest.raises(StoreUnavailableError):
            leaving.forget_entry(
                world.parts, ana.carnet_id, entry_of(world, ana, "permis_conduire"), actor=ana.actor
            )
        assert run_upkeep(world.parts).forgotten == 1
        assert not files_hold(tmp_path, wrapped)
        wrapped = world.parts.keystore.secrets([own])[own].wrapped
        with somebody_reading(world), pytest.raises(StoreUnavailableError):
            leaving.erase_carnet(world.parts, ana.carnet_id, for_real=True, actor=OPERATOR)
        assert run_upkeep(world.parts).erased == 1
        assert not files_hold(tmp_path, wrapped)
    finally:
        world.close()


def test_a_withdrawal_does_not_wait_for_a_reader_of_the_key_store(tmp_path: Path) -> None:
    """It is in force at once; what a file still keeps is swept by the next pass."""
    world = lone_world(tmp_path)
    try:
        ana, alpha = world.person("ana"), world.system("SIAE Alpha")
        world.fill(ana)
        grant = world.share(ana, alpha.structure_id)
        name = ("grant", grant.id)
        wrapped = world.parts.keystore.secrets([name])[name].wrapped
        with somebody_reading(world):
            stopping.withdraw_grant(world.parts, ana.owner, grant.id, actor=ana.actor)
        assert world.parts.keystore.secrets([name]) == {}
        assert run_upkeep(world.parts).cut == 1
        assert not files_hold(tmp_path, wrapped)
        assert run_upkeep(world.parts).cut == 0
    finally:
        world.close()

"""Carnets, records and field keys, there and back, on both engines."""

from datetime import timedelta

import pytest

from schemas.ids import CarnetId, EntryId, new_id
from schemas.names import EntryState, GrantState
from tests.storage.conftest import Stores
from tests.storage.makers import FIELDS, NOW, YEAR, a_carnet, a_grant, a_record, an_account, some_keys
from vault.services.rows import FieldKeyRow
from vault.storage import ConflictError, SqlDataStore


def test_a_carnet_comes_back_as_it_was_given(data: SqlDataStore) -> None:
    carnet = a_carnet()
    with data.change() as work:
        work.add_carnet(carnet)
        assert work.carnet(carnet.carnet_id) == carnet
        work.commit()
    assert data.carnet(carnet.carnet_id) == carnet
    assert data.references([carnet.carnet_id, CarnetId("unknown")]) == {carnet.carnet_id: carnet.reference}


def test_an_unknown_or_hostile_carnet_id_finds_nothing_on_any_engine(data: SqlDataStore) -> None:
    for hostile in ("", "unknown", "a\x00b", "é" * 10, "\ud800", "x" * 5000, "' OR 1=1 --"):
        carnet_id = CarnetId(hostile)
        assert data.carnet(carnet_id) is None
        assert data.heads(carnet_id) == []
        assert data.own_records(carnet_id) == []
        assert data.references([carnet_id]) == {}


def test_an_id_that_could_never_be_found_again_is_not_stored(data: SqlDataStore) -> None:
    for hostile in ("", "a\x00b", "x" * 65):
        with pytest.raises(ConflictError), data.change() as work:
            work.add_carnet(a_carnet(CarnetId(hostile)))


def test_slots_are_given_in_order_and_never_twice(data: SqlDataStore) -> None:
    carnet = a_carnet()
    with data.change() as work:
        work.add_carnet(carnet)
        assert [work.take_slot(carnet.carnet_id) for _ in range(3)] == [0, 1, 2]
        work.commit()
    with data.change() as work:
        assert work.take_slot(carnet.carnet_id) == 3
    with data.change() as work:  # the one before was left without commit
        assert work.take_slot(carnet.carnet_id) == 3
        work.commit()
    found = data.carnet(carnet.carnet_id)
    assert found is not None
    assert found.next_slot == 4


def test_a_reference_may_be_replaced_and_stays_unique(data: SqlDataStore) -> None:
    one, other = a_carnet(), a_carnet()
    with data.change() as work:
        work.add_carnet(one)
        work.add_carnet(other)
        work.set_reference(one.carnet_id, "ABCDEFGHJK")
        work.commit()
    assert data.references([one.carnet_id]) == {one.carnet_id: "ABCDEFGHJK"}
    with pytest.raises(ConflictError), data.change() as work:
        work.set_reference(other.carnet_id, "ABCDEFGHJK")


def test_records_and_field_keys_come_back_as_they_were_given(data: SqlDataStore) -> None:
    carnet = a_carnet()
    records = [a_record(carnet.carnet_id, field, slot=slot) for slot, field in enumerate(FIELDS[:4])]
    keys = [
        FieldKeyRow(carnet.carnet_id, field, epoch, b"w" * 62) for field in FIELDS[:2] for epoch in (1, 2)
    ]
    with data.change() as work:
        work.add_carnet(carnet)
        for record in records:
            work.add_record(record)
        for key in keys:
            work.add_field_key(key)
        assert work.heads(carnet.carnet_id) == [record.head for record in records]
        work.commit()
    assert data.own_records(carnet.carnet_id) == records
    assert data.heads(carnet.carnet_id) == [record.head for record in records]
    assert data.field_keys(carnet.carnet_id) == keys


def test_own_records_are_those_standing_and_with_history_all_but_the_forgotten(data: SqlDataStore) -> None:
    carnet = a_carnet()
    entry = EntryId(new_id())
    by_state = {
        state: a_record(carnet.carnet_id, FIELDS[number], slot=number, state=state)
        for number, state in enumerate(EntryState)
    }
    old = a_record(carnet.carnet_id, entry_id=entry, version=1)
    new = a_record(carnet.carnet_id, entry_id=entry, version=2)
    with data.change() as work:
        work.add_carnet(carnet)
        for record in (old, new, *by_state.values()):
            work.add_record(record)
        work.set_entry_state(carnet.carnet_id, entry, EntryState.REPLACED, version=1)
        work.commit()
    standing = {row.record for row in data.own_records(carnet.carnet_id)}
    assert standing == {
        new.record,
        by_state[EntryState.CURRENT].record,
        by_state[EntryState.FROZEN].record,
    }
    history = {row.record for row in data.own_records(carnet.carnet_id, history=True)}
    assert history == {old.record, new.record, *(r.record for r in by_state.values())} - {
        by_state[EntryState.FORGOTTEN].record
    }


def test_a_forgotten_entry_is_listed_until_all_its_versions_are_deleted(data: SqlDataStore) -> None:
    carnet, entry = a_carnet(), EntryId(new_id())
    with data.change() as work:
        work.add_carnet(carnet)
        for version in (1, 2):
            work.add_record(a_record(carnet.carnet_id, entry_id=entry, version=version))
        kept = a_record(carnet.carnet_id, FIELDS[1])
        work.add_record(kept)
        work.set_entry_state(carnet.carnet_id, entry, EntryState.FORGOTTEN)
        work.commit()
    assert {(head.entry_id, head.version) for head in data.forgotten_heads(limit=10)} == {
        (entry, 1),
        (entry, 2),
    }
    assert len(data.forgotten_heads(limit=1)) == 1
    with data.change() as work:
        assert work.delete_records(carnet.carnet_id, entry) == 2
        assert work.delete_records(carnet.carnet_id, entry) == 0
        work.commit()
    assert data.forgotten_heads(limit=10) == []
    assert data.own_records(carnet.carnet_id, history=True) == [kept]


def test_an_erased_carnet_is_listed_until_its_rows_are_gone(stores: Stores) -> None:
    data, carnet, other = stores.data, a_carnet(), a_carnet()
    grant = a_grant(carnet.carnet_id)
    with data.change() as work:
        for one in (carnet, other):
            work.add_carnet(one)
            work.add_record(a_record(one.carnet_id))
            work.add_account(an_account(one.carnet_id))
            work.add_field_key(FieldKeyRow(one.carnet_id, FIELDS[0], 1, b"w" * 62))
        work.add_grant(grant, once_held_until=NOW + YEAR)
        work.add_grant_keys(carnet.carnet_id, some_keys(grant))
        work.commit()
    with data.change() as work:
        work.close_carnet(carnet.carnet_id)
        work.commit()
    closed = data.carnet(carnet.carnet_id)
    assert closed is not None
    assert not closed.open
    assert [row.carnet_id for row in data.erased_carnets(limit=5)] == [carnet.carnet_id]
    for counts in (
        {"records": 1, "field_keys": 1, "grant_keys": len(FIELDS), "accounts": 1, "grants": 1, "carnets": 1},
        {"records": 0, "field_keys": 0, "grant_keys": 0, "accounts": 0, "grants": 1, "carnets": 0},
    ):
        with data.change() as work:
            assert work.erase_carnet(carnet.carnet_id) == counts
            work.commit()
    assert data.erased_carnets(limit=5) == []
    assert data.carnet(carnet.carnet_id) is None
    assert data.own_records(carnet.carnet_id) == []
    (left,) = data.grants_of(carnet.carnet_id)
    assert (left.grant.state, left.sealed_key, left.owner_wrap) == (GrantState.LAPSED, b"", b"")
    assert data.ended_with_keys(limit=5) == []
    assert len(data.own_records(other.carnet_id)) == 1


def test_carnets_are_walked_in_order_by_pages(data: SqlDataStore) -> None:
    carnets = sorted((a_carnet() for _ in range(5)), key=lambda carnet: carnet.carnet_id)
    with data.change() as work:
        for carnet in reversed(carnets):
            work.add_carnet(carnet)
        work.commit()
    first = data.carnets_after(None, limit=3)
    assert list(first) == carnets[:3]
    assert list(data.carnets_after(first[-1].carnet_id, limit=3)) == carnets[3:]


def test_instants_are_kept_to_the_millisecond(data: SqlDataStore, stores: Stores) -> None:
    stores.clock.now = NOW + timedelta(microseconds=999)
    with data.change() as work:
        assert work.now == NOW

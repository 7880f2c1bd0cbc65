"""Grants, their keys and who once held one, there and back, on both engines."""

from datetime import timedelta

import pytest

from consent.grants import Grantee, ended
from schemas.ids import CarnetId, GrantId, ProfessionalId, PurposeId, StructureId, new_id
from schemas.names import EntryState, GrantState
from tests.storage.makers import (
    FIELDS,
    NOW,
    PURPOSE,
    YEAR,
    Clock,
    a_carnet,
    a_client,
    a_grant,
    a_habilitation,
    a_record,
    a_structure,
    an_account,
    some_keys,
)
from vault.errors import BrokenError
from vault.services.rows import CarnetRow, GrantRow, ReadAsk
from vault.storage import ConflictError, SqlDataStore


def given(data: SqlDataStore, *grants: GrantRow, carnet: CarnetRow) -> None:
    with data.change() as work:
        work.add_carnet(carnet)
        for grant in grants:
            work.add_grant(grant, once_held_until=NOW + YEAR)
            work.add_grant_keys(carnet.carnet_id, some_keys(grant))
        work.commit()


def test_a_grant_and_its_keys_come_back_as_they_were_given(data: SqlDataStore) -> None:
    carnet = a_carnet()
    grant = a_grant(carnet.carnet_id)
    keys = some_keys(grant)
    with data.change() as work:
        work.add_grant(grant, once_held_until=NOW + YEAR)
        work.add_grant_keys(carnet.carnet_id, keys)
        work.add_grant_keys(carnet.carnet_id, [])
        assert work.grants_of(carnet.carnet_id) == [grant]
        work.commit()
    assert data.grants_of(carnet.carnet_id) == [grant]
    assert data.grant_keys(grant.grant.id) == keys
    assert set(data.grants_named([grant.grant.id, GrantId("unknown")])) == {grant.grant.id}


def test_two_live_grants_for_one_person_grantee_and_purpose_are_impossible(data: SqlDataStore) -> None:
    carnet = a_carnet()
    first = a_grant(carnet.carnet_id)
    second = a_grant(carnet.carnet_id, first.grant.terms.grantee)
    given(data, first, carnet=carnet)
    with pytest.raises(ConflictError), data.change() as work:
        work.add_grant(second, once_held_until=NOW + YEAR)
    with data.change() as work:
        work.end_grant(ended(first.grant, GrantState.REPLACED, now=work.now), once_held_until=NOW + YEAR)
        work.add_grant(second, once_held_until=NOW + YEAR)
        work.commit()


def test_a_grant_ends_once(data: SqlDataStore) -> None:
    carnet = a_carnet()
    grant = a_grant(carnet.carnet_id)
    given(data, grant, carnet=carnet)
    stopped = ended(grant.grant, GrantState.WITHDRAWN, now=NOW)
    with data.change() as work:
        work.end_grant(stopped, once_held_until=NOW + YEAR)
        work.commit()
    (found,) = data.grants_of(carnet.carnet_id)
    assert found.grant == stopped
    with pytest.raises(BrokenError), data.change() as work:
        work.end_grant(stopped, once_held_until=NOW + YEAR)


def test_an_ended_grant_is_listed_until_its_keys_are_deleted(data: SqlDataStore) -> None:
    carnet = a_carnet()
    grant, other = a_grant(carnet.carnet_id), a_grant(carnet.carnet_id)
    given(data, grant, other, carnet=carnet)
    assert data.ended_with_keys(limit=5) == []
    with data.change() as work:
        work.end_grant(ended(grant.grant, GrantState.WITHDRAWN, now=NOW), once_held_until=NOW + YEAR)
        work.commit()
    assert [row.grant.id for row in data.ended_with_keys(limit=5)] == [grant.grant.id]
    with data.change() as work:
        assert work.delete_grant_keys(grant.grant.id) == len(FIELDS)
        assert work.delete_grant_keys(grant.grant.id) == 0
        work.commit()
    assert data.ended_with_keys(limit=5) == []
    assert data.grant_keys(grant.grant.id) == []
    assert len(data.grant_keys(other.grant.id)) == len(FIELDS)


def test_grants_over_are_listed_until_somebody_notes_it(data: SqlDataStore) -> None:
    carnet = a_carnet()
    over = [a_grant(carnet.carnet_id, ends_at=NOW + timedelta(days=day)) for day in (2, 1)]
    given(data, *over, a_grant(carnet.carnet_id), carnet=carnet)
    assert data.expired_grants(NOW + timedelta(hours=1), limit=5) == []
    later = NOW + timedelta(days=2)  # the end is not part of a grant
    assert list(data.expired_grants(later, limit=5)) == [over[1], over[0]]
    assert list(data.expired_grants(later, limit=1)) == [over[1]]


def test_a_grantee_sees_its_live_grants_on_open_carnets_by_pages(data: SqlDataStore) -> None:
    structure = Grantee.structure(StructureId(new_id()))
    member = Grantee.professional(ProfessionalId(new_id()))
    carnets = [a_carnet() for _ in range(7)]
    live = [a_grant(carnet.carnet_id, (structure, member)[n % 2]) for n, carnet in enumerate(carnets)]
    over = a_grant(carnets[0].carnet_id, member, ends_at=NOW)
    early = a_grant(carnets[1].carnet_id, structure, starts_at=NOW + YEAR, ends_at=NOW + 2 * YEAR)
    with data.change() as work:
        for carnet in carnets:
            work.add_carnet(carnet)
        for grant in (*live, over, early, a_grant(carnets[2].carnet_id)):
            work.add_grant(grant, once_held_until=NOW + YEAR)
        work.close_carnet(carnets[6].carnet_id)
        work.commit()
    expected = sorted(row.grant.id for row in live[:6])
    first = data.grants_to([structure, member], now=NOW, after=None, limit=4)
    rest = data.grants_to([structure, member], now=NOW, after=first[-1].grant.id, limit=4)
    assert [row.grant.id for row in (*first, *rest)] == expected
    assert len(data.grants_to([member], now=NOW, after=None, limit=50)) == 3
    assert data.grants_to([], now=NOW, after=None, limit=50) == []


def test_a_read_finds_what_stands_for_it_and_nothing_else(data: SqlDataStore, clock: Clock) -> None:
    carnet, structure = a_carnet(), a_structure()
    client = a_client(structure)
    grantee = Grantee.structure(structure.structure_id)
    grant = a_grant(carnet.carnet_id, grantee)
    other_purpose = a_grant(carnet.carnet_id, grantee, purpose_id=PurposeId("emploi"))
    records = [a_record(carnet.carnet_id, field, slot=n) for n, field in enumerate(FIELDS[:3])]
    with data.change() as work:
        work.add_structure(structure)
        work.add_client(client)
        work.add_carnet(carnet)
        for record in records:
            work.add_record(record)
        work.set_entry_state(carnet.carnet_id, records[2].head.entry_id, EntryState.REPLACED)
        for one in (grant, other_purpose):
            work.add_grant(one, once_held_until=NOW + YEAR)
            work.add_grant_keys(carnet.carnet_id, some_keys(one))
        work.commit()

    def ask(**changed: object) -> ReadAsk:
        base = {
            "carnet_id": carnet.carnet_id,
            "grantees": (grantee,),
            "purpose_id": PURPOSE,
            "client_id": client.client_id,
            "professional_id": None,
        }
        return ReadAsk(**{**base, **changed})  # type: ignore[arg-type]

    unknown = ask(carnet_id=CarnetId("\x00unknown"))
    elsewhere = ask(purpose_id=PurposeId("jamais"))
    narrow = ask(compartments=FIELDS[:1])
    facts, none, other, few = data.read_facts([ask(), unknown, elsewhere, narrow])
    assert facts.carnet_open
    assert facts.caller_live
    assert facts.once_held
    assert list(facts.grants) == [grant]
    assert sorted(facts.heads, key=lambda head: head.slot) == [record.head for record in records[:2]]
    assert (none.carnet_open, none.once_held, none.grants, none.heads) == (False, False, [], [])
    assert none.caller_live
    assert (other.grants, other.once_held) == ([], False)
    assert few.heads == [records[0].head]
    assert data.read_facts([narrow]) == [few]
    assert data.read_facts([]) == []

    wanted = [(carnet.carnet_id, grant.grant.id, FIELDS[:2]), (carnet.carnet_id, grant.grant.id, ())]
    (sealed, wraps), nothing = data.sealed_fields(wanted)
    assert sorted(sealed, key=lambda row: row.head.slot) == records[:2]
    assert {wrap.compartment for wrap in wraps} == set(FIELDS[:2])
    assert {wrap.grant_id for wrap in wraps} == {grant.grant.id}
    assert nothing == ([], [])
    assert data.sealed_fields([]) == []

    clock.advance(days=366)
    assert not data.read_facts([ask()])[0].once_held
    assert data.drop_once_held(clock.now) == 2
    assert data.drop_once_held(clock.now) == 0


def test_a_caller_is_live_only_within_its_time(data: SqlDataStore, clock: Clock) -> None:
    structure = a_structure()
    account = an_account()
    until = NOW + timedelta(days=1)
    client = a_client(structure, ends_at=until)
    member = a_habilitation(account, structure, ends_at=until)
    with data.change() as work:
        work.add_structure(structure)
        work.add_account(account)
        work.add_client(client)
        work.add_habilitation(member)
        work.commit()

    def live() -> list[bool]:
        asks = [
            ReadAsk(CarnetId("x"), (), PURPOSE, client.client_id, None),
            ReadAsk(CarnetId("x"), (), PURPOSE, None, member.professional_id),
            ReadAsk(CarnetId("x"), (), PURPOSE, client.client_id, ProfessionalId("unknown")),
            ReadAsk(CarnetId("x"), (), PURPOSE, None, None),
        ]
        return [facts.caller_live for facts in data.read_facts(asks)]

    assert live() == [True, True, False, False]
    clock.now = until
    assert live() == [False, False, False, False]
    clock.now = NOW - timedelta(milliseconds=1)  # before the habilitation begins
    assert live() == [True, False, False, False]


def test_what_was_once_held_is_remembered_no_longer_than_said(data: SqlDataStore) -> None:
    carnet = a_carnet()
    grant = a_grant(carnet.carnet_id)
    given(data, grant, carnet=carnet)
    with data.change() as work:
        work.keep_once_held(grant.grant, until=NOW + timedelta(days=1))
        work.commit()
    assert data.drop_once_held(NOW) == 0
    assert data.drop_once_held(NOW + timedelta(days=1)) == 1

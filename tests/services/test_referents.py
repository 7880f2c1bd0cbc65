"""Her référent: one at a time, believed while the root vouches for it; nothing is handed over by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from consent.grants import Grantee
from schemas.ids import CompartmentId, GrantId, PurposeId, new_id
from schemas.names import GrantState, Role
from tests.services.conftest import ONE_ENGINE
from tests.services.followed import (
    FIELDS,
    SIAE,
    Place,
    assigned,
    designate,
    reads,
    rows_of,
    share_with_referent,
)
from tests.world import MovingClock, World
from vault.services import designating, handing_over, reading, sharing, stopping
from vault.services.answering_requests import accept_request, list_requests, wish_of
from vault.services.bindings import binding_name
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR
from vault.services.leaving import erase_carnet
from vault.services.received import list_received_grants
from vault.services.referents import REFERENT, binding_id, current_referent
from vault.services.requesting import Demand, ask_to_share
from vault.services.upkeep import run_upkeep
from vault.storage.data_store import SqlDataStore
from vault.storage.sharing_tables import referents


@pytest.fixture
def place(town: World) -> Place:
    return Place(town)


@pytest.fixture
def small(small_town: World) -> Place:
    return Place(small_town)


def test_the_referent_reads_what_was_shared_with_the_referent(town: World, place: Place) -> None:
    designate(town, place.ana, place.first)
    grant = share_with_referent(town, place.ana)
    assert grant.terms.function == REFERENT
    assert town.values(place.first, place.ana.carnet_id, fields=FIELDS) == {
        "permis_conduire": [["b"]],
        "temps_travail_souhaite": [24.5],
    }
    assert list_received_grants(town.parts, place.first.reader)[0] == [grant]
    assert not reads(town, place.second, place.ana)


def test_the_former_referent_reads_nothing_from_the_change_on_and_she_gives_it_to_the_new_one(
    town: World, place: Place
) -> None:
    """The former one's session stays open all the while."""
    designate(town, place.ana, place.first)
    former = share_with_referent(town, place.ana)
    assert reads(town, place.first, place.ana)
    designate(town, place.ana, place.second)
    assert isinstance(town.read(place.first, place.ana.carnet_id, FIELDS), reading.AccessEnded)
    assert not reads(town, place.second, place.ana)
    assert list_received_grants(town.parts, place.first.reader)[0] == []
    assert handing_over.standing_still(town.parts, place.ana.carnet_id) == {former.id}

    (given,) = handing_over.confirm(
        town.parts, place.ana.owner, assigned(town, place.ana), actor=place.ana.actor
    )
    assert reads(town, place.second, place.ana)
    assert given.terms.compartments == former.terms.compartments
    assert given.terms.ends_at == former.terms.ends_at
    states = {row.grant.id: row.grant.state for row in town.parts.data.grants_of(place.ana.carnet_id)}
    assert states == {former.id: GrantState.REPLACED, given.id: GrantState.GRANTED}
    assert town.parts.data.grant_keys(former.id) == []
    assert handing_over.standing_still(town.parts, place.ana.carnet_id) == frozenset()


@ONE_ENGINE
def test_a_change_between_the_decision_and_the_lock_is_seen_under_the_lock(town: World, place: Place) -> None:
    designate(town, place.ana, place.first)
    share_with_referent(town, place.ana)
    whole = town.parts.data.append_reads

    def changed_first(tickets):  # type: ignore[no-untyped-def]
        town.parts.data.append_reads = whole  # type: ignore[method-assign]
        designate(town, place.ana, place.second)
        return whole(tickets)

    town.parts.data.append_reads = changed_first  # type: ignore[method-assign]
    assert isinstance(town.read(place.first, place.ana.carnet_id, FIELDS), reading.AccessEnded)


@ONE_ENGINE
def test_who_comes_back_as_referent_reads_nothing_of_before_until_she_says_so(
    town: World, place: Place
) -> None:
    designate(town, place.ana, place.first)
    share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    designate(town, place.ana, place.first)
    assert not reads(town, place.first, place.ana)
    handing_over.confirm(town.parts, place.ana.owner, assigned(town, place.ana), actor=place.ana.actor)
    assert reads(town, place.first, place.ana)


@ONE_ENGINE
def test_nobody_who_writes_in_the_data_store_makes_a_referent_or_brings_one_back(
    town: World, place: Place
) -> None:
    data = town.parts.data
    assert isinstance(data, SqlDataStore)
    designate(town, place.ana, place.first)
    share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    with data.database.transaction() as connection:
        connection.execute(
            update(referents)
            .where(referents.c.professional_id == place.second.professional_id)
            .values(state="ended")
        )
        connection.execute(
            update(referents)
            .where(referents.c.professional_id == place.first.professional_id)
            .values(state="active")
        )
    assert current_referent(town.parts, place.ana.carnet_id) is None
    assert not reads(town, place.first, place.ana)
    with data.database.transaction() as connection:
        connection.execute(rows_of(place.ana).values(state="ended"))
        made = {"carnet_id": place.ana.carnet_id, "assignment_id": new_id(), "state": "active"}
        whose = {"professional_id": place.first.professional_id, "structure_id": place.structure_id}
        connection.execute(insert(referents), {**made, **whose, "starts_at": town.parts.now()})
    assert current_referent(town.parts, place.ana.carnet_id) is None
    assert not reads(town, place.first, place.ana)


@ONE_ENGINE
def test_an_older_start_written_in_the_data_store_opens_nothing_of_before(town: World, place: Place) -> None:
    data = town.parts.data
    assert isinstance(data, SqlDataStore)
    designate(town, place.ana, place.first)
    grant = share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    designate(town, place.ana, place.first)
    with data.database.transaction() as connection:
        connection.execute(
            rows_of(place.ana)
            .where(referents.c.state == "active")
            .values(starts_at=grant.terms.starts_at - timedelta(days=1))
        )
    assert not reads(town, place.first, place.ana)


@ONE_ENGINE
def test_nobody_is_given_the_share_of_a_referent_he_is_not(town: World, place: Place) -> None:
    designate(town, place.ana, place.first)
    wish = sharing.Wish(
        Grantee.professional(place.first.professional_id),
        PurposeId("proposer_poste"),
        (CompartmentId("permis_conduire"),),
        31,
        function=REFERENT,
    )
    designate(town, place.ana, place.second)  # between her page and her button
    with pytest.raises(sharing.GrantRefusedError):
        sharing.give_grant(town.parts, place.ana.owner, wish, actor=place.ana.actor)
    assert town.parts.data.grants_of(place.ana.carnet_id) == []


def test_what_she_does_not_give_in_time_lapses_and_is_cut(
    town: World, place: Place, clock: MovingClock
) -> None:
    designate(town, place.ana, place.first)
    grant = share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    clock.forward(days=14)
    run_upkeep(town.parts)
    assert handing_over.standing_still(town.parts, place.ana.carnet_id) == {grant.id}
    clock.forward(days=1, seconds=1)
    assert run_upkeep(town.parts).referents
    (row,) = town.parts.data.grants_of(place.ana.carnet_id)
    assert row.grant.state is GrantState.LAPSED
    assert town.parts.data.grant_keys(grant.id) == []
    assert not run_upkeep(town.parts).referents
    assert not reads(town, place.second, place.ana)


def test_one_change_after_another_leaves_one_referent(town: World, place: Place) -> None:
    for whom in (place.first, place.second, place.first, place.first):
        designate(town, place.ana, whom)
    rows = town.parts.data.referents_of(place.ana.carnet_id)
    assert [row.state for row in rows] == ["active", "ended", "ended"]
    vouched = town.parts.keystore.secrets([binding_name(REFERENT, binding_id(row)) for row in rows])
    assert list(vouched) == [binding_name(REFERENT, binding_id(rows[0]))]
    designate(town, place.ana, None)
    assert current_referent(town.parts, place.ana.carnet_id) is None


@ONE_ENGINE
def test_what_she_withdraws_while_it_waits_is_not_given(town: World, place: Place) -> None:
    designate(town, place.ana, place.first)
    grant = share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    row = current_referent(town.parts, place.ana.carnet_id)
    (one,) = handing_over.waiting(town.parts, place.ana.owner, row)
    stopping.withdraw_grant(town.parts, place.ana.owner, grant.id, actor=place.ana.actor)
    with pytest.raises(handing_over.NotWaitingError):  # the other device, a moment later
        handing_over._hand_over(town.parts, place.ana.owner, one, place.ana.actor)
    assert [one.grant.state for one in town.parts.data.grants_of(place.ana.carnet_id)] == [
        GrantState.WITHDRAWN
    ]
    assert not reads(town, place.second, place.ana)


@ONE_ENGINE
def test_she_gives_to_the_one_she_was_shown_or_to_nobody(town: World, place: Place) -> None:
    designate(town, place.ana, place.first)
    share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    seen = assigned(town, place.ana)
    designate(town, place.ana, place.first)
    with pytest.raises(handing_over.ReferentChangedError):
        handing_over.confirm(town.parts, place.ana.owner, seen, actor=place.ana.actor)


@ONE_ENGINE
def test_a_share_with_something_special_is_given_by_an_act_of_its_own(town: World, place: Place) -> None:
    purpose = next(one for one in town.parts.frame.purposes if one.special)
    kind = purpose.structure_kinds[0]
    structure_id = town.structure("Un organisme", kind)
    first, second = (town.member(structure_id, name + new_id()[:6], kind=kind) for name in ("paul", "lea"))
    designate(town, place.ana, first)
    wish = sharing.Wish(
        Grantee.professional(first.professional_id),
        purpose.purpose_id,
        (purpose.special[0],),
        1,
        function=REFERENT,
    )
    grant = sharing.give_grant(town.parts, place.ana.owner, wish, actor=place.ana.actor)
    designate(town, place.ana, second)
    asked = (town.parts, place.ana.owner, assigned(town, place.ana))
    assert handing_over.confirm(*asked, actor=place.ana.actor) == []
    (given,) = handing_over.confirm(*asked, [grant.id], actor=place.ana.actor)
    assert given.terms.compartments == (purpose.special[0],)


@ONE_ENGINE
def test_a_row_that_says_it_was_shared_is_not_on_her_page(town: World, place: Place) -> None:
    """K does not know what it says: she is asked to give nothing she had not given."""
    designate(town, place.ana, place.first)
    grant = share_with_referent(town, place.ana)
    designate(town, place.ana, place.second)
    row = current_referent(town.parts, place.ana.carnet_id)
    assert len(handing_over.waiting(town.parts, place.ana.owner, row)) == 1
    (stored,) = town.parts.data.grants_of(place.ana.carnet_id)
    wider = replace(
        grant.terms,
        grant_id=GrantId(new_id()),
        purpose_id=PurposeId("suivre_parcours_siae"),
        compartments=(*grant.terms.compartments, CompartmentId("vehicule_disponible")),
    )
    forged = replace(
        stored,
        grant=replace(stored.grant, terms=wider),
        terms=wider.to_bytes(),
        sealed_key=b"k",
        owner_wrap=b"w",
    )
    with town.parts.data.change() as work:
        work.add_grant(forged, once_held_until=town.parts.now())
        work.commit()
    assert len(handing_over.waiting(town.parts, place.ana.owner, row)) == 1


def test_a_change_during_a_session_of_the_former_one_and_a_yes_half_said(town: World, place: Place) -> None:
    """He asked for something, as her référent; she looks at what she would give; he is replaced meanwhile."""
    designate(town, place.ana, place.first)
    share_with_referent(town, place.ana, ("temps_travail_souhaite",))
    demand = Demand(
        place.ana.carnet_id,
        None,
        PurposeId("proposer_poste"),
        tuple(CompartmentId(one) for one in FIELDS),
        31,
        "Pour préparer notre rendez-vous.",
        "referent",
    )
    ask_to_share(town.parts, place.first.reader, demand)
    (request,) = list_requests(town.parts, place.ana.owner, actor=place.ana.actor)
    shown = wish_of(town.parts, request)  # her page says: to the first
    assert shown.grantee == Grantee.professional(place.first.professional_id)

    designate(town, place.ana, place.second)
    assert isinstance(town.read(place.first, place.ana.carnet_id, FIELDS), reading.AccessEnded)
    with pytest.raises(sharing.GrantRefusedError):  # her yes was for somebody else
        accept_request(town.parts, place.ana.owner, request, shown, actor=place.ana.actor)
    assert not reads(town, place.first, place.ana)
    assert not reads(town, place.second, place.ana)

    (request,) = list_requests(town.parts, place.ana.owner, actor=place.ana.actor)
    assert request.waits, "nothing is asked again: the request goes on for the next one"
    given = accept_request(
        town.parts, place.ana.owner, request, wish_of(town.parts, request), actor=place.ana.actor
    )
    assert given.terms.grantee == Grantee.professional(place.second.professional_id)
    assert reads(town, place.second, place.ana)
    assert not reads(town, place.first, place.ana)


# --- leaving, erasing ------------------------------------------------------------------------------------


def test_a_referent_who_leaves_reads_nothing_and_the_next_one_gets_what_she_gives(
    town: World, place: Place
) -> None:
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    designate(town, place.ana, place.first)
    share_with_referent(town, place.ana)
    end_habilitation(town.parts, place.first.professional_id, at=None, actor=OPERATOR)
    assert current_referent(town.parts, place.ana.carnet_id) is None
    assert not reads(town, place.first, place.ana)
    designate(town, place.ana, place.second, by=manager)  # his structure followed her
    handing_over.confirm(town.parts, place.ana.owner, assigned(town, place.ana), actor=place.ana.actor)
    assert reads(town, place.second, place.ana)


@ONE_ENGINE
def test_an_erased_carnet_leaves_nothing_that_vouches(town: World, place: Place) -> None:
    designate(town, place.ana, place.first)
    names = [
        binding_name(REFERENT, binding_id(row)) for row in town.parts.data.referents_of(place.ana.carnet_id)
    ]
    assert town.parts.keystore.secrets(names)
    erase_carnet(town.parts, place.ana.carnet_id, for_real=True, actor=OPERATOR)
    assert not town.parts.keystore.secrets(names)
    assert town.parts.data.referents_of(place.ana.carnet_id) == []


@ONE_ENGINE
def test_a_change_killed_before_what_vouched_is_gone_is_finished(
    town: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    designate(town, place.ana, place.first)
    monkeypatch.setattr(designating, "settle", lambda parts, left: None)
    designate(town, place.ana, place.second)
    monkeypatch.undo()
    assert not reads(town, place.first, place.ana)
    assert run_upkeep(town.parts).referents
    rows = town.parts.data.referents_of(place.ana.carnet_id)
    assert [row.state for row in rows] == ["active", "ended"]
    assert not town.parts.keystore.secrets([binding_name(REFERENT, binding_id(rows[1]))])

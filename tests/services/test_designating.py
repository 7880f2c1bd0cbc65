"""Who may say who follows a person, and what anybody learns by saying it."""

from datetime import timedelta

import pytest

from schemas.ids import new_id
from schemas.names import Role, StructureKind
from tests.services.conftest import ONE_ENGINE
from tests.services.followed import SIAE, Place, assigned, designate, number_of, rows_of
from tests.world import MovingClock, World
from vault.services import designating
from vault.services.following import look_at_referent
from vault.services.journal import OPERATOR
from vault.services.managing import NoLongerManagerError
from vault.services.pausing import set_pause
from vault.services.referents import current_referent
from vault.services.sharing_rows import ReferentRow
from vault.storage.data_store import SqlDataStore


@pytest.fixture
def place(town: World) -> Place:
    return Place(town)


@pytest.fixture
def small(small_town: World) -> Place:
    return Place(small_town)


def test_a_departement_and_the_structure_of_the_referent_designate_and_others_propose(
    town: World, place: Place
) -> None:
    departement = town.structure("Département", StructureKind.DEPARTEMENT)
    chief = town.member(departement, "chef" + new_id()[:6], Role.MANAGER, kind=StructureKind.DEPARTEMENT)
    adviser = town.member(departement, "ada" + new_id()[:6], kind=StructureKind.DEPARTEMENT)
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)

    designate(town, place.ana, place.first, by=manager)  # nobody follows her: a proposal
    assert current_referent(town.parts, place.ana.carnet_id) is None
    designate(town, place.ana, adviser, by=chief)
    assert assigned(town, place.ana)
    designate(town, place.ana, place.first, by=manager)  # another structure follows her: a proposal
    (proposal, *_) = [
        row for row in town.parts.data.referents_of(place.ana.carnet_id) if row.state == "proposed"
    ]
    designating.accept(town.parts, place.ana.owner, proposal.assignment_id, actor=place.ana.actor)
    standing = current_referent(town.parts, place.ana.carnet_id)
    assert standing is not None
    assert standing.professional_id == place.first.professional_id
    designate(town, place.ana, place.second, by=manager)  # his own structure follows her: it is so
    standing = current_referent(town.parts, place.ana.carnet_id)
    assert standing is not None
    assert standing.professional_id == place.second.professional_id


@ONE_ENGINE
def test_she_refuses_a_proposal_and_it_is_gone(town: World, place: Place) -> None:
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    designate(town, place.ana, place.first, by=manager)
    (row,) = town.parts.data.referents_of(place.ana.carnet_id)
    designating.decline(town.parts, place.ana.owner, row.assignment_id, actor=place.ana.actor)
    assert current_referent(town.parts, place.ana.carnet_id) is None
    with pytest.raises(designating.NoSuchProposalError):
        designating.accept(town.parts, place.ana.owner, row.assignment_id, actor=place.ana.actor)


@ONE_ENGINE
def test_what_she_declined_the_same_structure_does_not_propose_for_ninety_days(
    town: World, place: Place, clock: MovingClock
) -> None:
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    elsewhere = town.structure("SIAE Voisine")
    neighbour = town.member(elsewhere, "eli" + new_id()[:6], Role.MANAGER, kind=SIAE)
    theirs = town.member(elsewhere, "zoe" + new_id()[:6], kind=SIAE)

    def proposals() -> list[str]:
        rows = town.parts.data.referents_of(place.ana.carnet_id)
        return [row.structure_id for row in rows if row.state == "proposed"]

    designate(town, place.ana, place.first, by=manager)
    (row,) = town.parts.data.referents_of(place.ana.carnet_id)
    designating.decline(town.parts, place.ana.owner, row.assignment_id, actor=place.ana.actor)
    designate(town, place.ana, place.second, by=manager)
    assert proposals() == [], "nor somebody else of it"
    designate(town, place.ana, theirs, by=neighbour)
    assert proposals() == [elsewhere]
    clock.forward(days=91)
    designating.finish_assignments(town.parts, town.parts.now())
    assert town.parts.data.referents_of(place.ana.carnet_id) == [], "nothing is kept longer"
    manager = town.member(place.structure_id, "mia" + new_id()[:6], Role.MANAGER, kind=SIAE)
    designate(town, place.ana, place.second, by=manager)
    assert proposals() == [place.structure_id]


@ONE_ENGINE
def test_nobody_proposes_a_referent_during_a_pause(town: World, place: Place, clock: MovingClock) -> None:
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    until = clock() + timedelta(days=5)
    set_pause(
        town.parts, place.ana.carnet_id, until=until, words="Une sanction est en cours.", actor=OPERATOR
    )
    size = town.parts.data.log_size()
    designate(town, place.ana, place.first, by=manager)
    assert town.parts.data.log_size() == size + 1, "as many entries as ever"
    assert town.parts.data.referents_of(place.ana.carnet_id) == []
    clock.forward(days=6)
    designate(town, place.ana, place.first, by=manager)
    assert len(town.parts.data.referents_of(place.ana.carnet_id)) == 1


@ONE_ENGINE
def test_a_proposal_turned_into_a_designation_in_the_data_store_is_believed_by_nobody(
    town: World, place: Place
) -> None:
    data = town.parts.data
    assert isinstance(data, SqlDataStore)
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    designate(town, place.ana, place.first, by=manager)
    with data.database.transaction() as connection:
        connection.execute(rows_of(place.ana).values(state="active"))
    assert current_referent(town.parts, place.ana.carnet_id) is None


@ONE_ENGINE
def test_a_proposal_nobody_answers_is_over_after_thirty_days(town: World, place: Place) -> None:
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    designate(town, place.ana, place.first, by=manager)
    (row,) = town.parts.data.referents_of(place.ana.carnet_id)
    assert row.ends_at is not None
    assert designating.proposed(town.parts, row, row.ends_at - timedelta(milliseconds=1))
    assert not designating.proposed(town.parts, row, row.ends_at)
    assert designating.finish_assignments(town.parts, row.ends_at)
    assert town.parts.data.referents_of(place.ana.carnet_id) == []


@ONE_ENGINE
def test_a_manager_designates_in_his_team_alone_and_nobody_else_designates(town: World, place: Place) -> None:
    elsewhere = town.structure("Autre SIAE")
    stranger = town.member(elsewhere, "zoe", kind=SIAE)
    manager = town.member(place.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    with pytest.raises(designating.NoSuchProfessionalError):
        designate(town, place.ana, stranger, by=manager)
    with pytest.raises(NoLongerManagerError):
        designate(town, place.ana, place.first, by=place.second)
    with pytest.raises(designating.NoSuchProfessionalError):
        designate(town, place.ana, manager)


def test_whoever_designates_writes_as_much_whether_there_is_such_a_carnet_or_not(
    small_town: World, small: Place
) -> None:
    manager = small_town.member(small.structure_id, "max" + new_id()[:6], Role.MANAGER, kind=SIAE)
    data, keys = small_town.parts.data, small_town.parts.keystore

    def written(number: str) -> tuple[int, int]:
        before = data.log_size(), len(keys.secret_ids("binding", after=None, limit=1000))
        designating.designate(
            small_town.parts, number, small.first.professional_id, actor=manager.reader.actor
        )
        after = data.log_size(), len(keys.secret_ids("binding", after=None, limit=1000))
        return after[0] - before[0], after[1] - before[1]

    assert written("22222 22222")[0] == written("not a number")[0] == 1
    assert written("not a number")[1] == 0  # nothing is left of it
    assert written(number_of(small_town, small.ana)) == (1, 1)


@ONE_ENGINE
def test_nobody_who_writes_in_the_data_store_proposes_anybody(town: World, place: Place) -> None:
    data = town.parts.data
    assert isinstance(data, SqlDataStore)
    row = ReferentRow(
        place.ana.carnet_id,
        new_id(),
        place.first.professional_id,
        place.structure_id,
        "proposed",
        town.parts.now(),
    )
    with data.change() as work:
        work.add_referent(row)
        work.commit()
    assert look_at_referent(town.parts, place.ana.owner, actor=place.ana.actor).proposals == ()
    with pytest.raises(designating.NoSuchProposalError):
        designating.accept(town.parts, place.ana.owner, row.assignment_id, actor=place.ana.actor)

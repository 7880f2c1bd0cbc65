"""A share that stands still, that goes on, that the data protection officer ends; and requests that pause."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from consent.lifecycle import By, Move
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState, Role, StructureKind
from tests.services.killing import killed_at_statement
from tests.services.log_order import events_of, faults
from tests.world import MovingClock, Someone, System, World
from vault.audit.events import Op
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import grant_name
from vault.services.overriding import override_grant
from vault.services.pausing import BadPauseError, end_pause, is_paused, pause_of, set_pause
from vault.services.reading import AccessEnded, FieldsView
from vault.services.sharing import GrantRefusedError
from vault.services.standing import NoLongerOfficerError
from vault.services.suspending import CannotMoveError, Why, holds_of, resume_grant, suspend_grant
from vault.services.upkeep import run_upkeep
from vault.storage.sharing_tables import pauses
from vault.storage.tables import grants


def a_share(world: World) -> tuple[Someone, System]:
    ana, siae = world.newcomer(), world.system()
    world.fill(ana)
    return ana, siae


def state_of(world: World, who: Someone) -> GrantState:
    (row,) = world.parts.data.grants_of(who.carnet_id)
    return row.grant.state


def test_a_suspended_share_is_read_by_nobody_and_goes_on_as_it_was(town: World) -> None:
    ana, siae = a_share(town)
    grant = town.share(ana, siae.structure_id)
    before = town.values(siae, ana.carnet_id)
    suspend_grant(town.parts, ana.carnet_id, grant.id, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    assert isinstance(town.read(siae, ana.carnet_id), AccessEnded)
    assert holds_of(town.parts, [grant.id])[grant.id].by is By.PERSON
    resume_grant(town.parts, ana.carnet_id, grant.id, by=By.PERSON, actor=ana.actor)
    assert town.values(siae, ana.carnet_id) == before
    assert holds_of(town.parts, [grant.id]) == {}
    assert faults(events_of(town, [ana.carnet_id])) == []


def test_whoever_writes_in_the_data_store_alone_makes_no_suspended_share_go_on(town: World) -> None:
    ana, siae = a_share(town)
    grant = town.share(ana, siae.structure_id)
    suspend_grant(town.parts, ana.carnet_id, grant.id, by=By.DPO, why=Why.PRESSURE, actor=OPERATOR)
    with town.app.data.database.transaction() as connection:
        connection.execute(update(grants).where(grants.c.grant_id == grant.id).values(state="granted"))
    assert isinstance(town.read(siae, ana.carnet_id), AccessEnded)


def test_what_the_officer_suspended_the_person_does_not_take_up_again_but_may_stop(town: World) -> None:
    ana, siae = a_share(town)
    grant = town.share(ana, siae.structure_id)
    suspend_grant(
        town.parts, ana.carnet_id, grant.id, by=By.DPO, why=Why.CHECK, words="Nous vérifions.", actor=OPERATOR
    )
    with pytest.raises(CannotMoveError, match="by_whoever_suspended"):
        resume_grant(town.parts, ana.carnet_id, grant.id, by=By.PERSON, actor=ana.actor)
    assert holds_of(town.parts, [grant.id])[grant.id].words == "Nous vérifions."
    assert town.withdraw(ana, grant).state is GrantState.WITHDRAWN
    assert holds_of(town.parts, [grant.id]) == {}
    with pytest.raises(CannotMoveError):
        resume_grant(town.parts, ana.carnet_id, grant.id, by=By.DPO, actor=OPERATOR)


def test_a_new_share_takes_the_place_of_a_suspended_one(town: World) -> None:
    ana, siae = a_share(town)
    first = town.share(ana, siae.structure_id)
    suspend_grant(town.parts, ana.carnet_id, first.id, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    town.share(ana, siae.structure_id, ["permis_conduire"])
    with pytest.raises(CannotMoveError):
        resume_grant(town.parts, ana.carnet_id, first.id, by=By.PERSON, actor=ana.actor)
    assert set(town.values(siae, ana.carnet_id)) == {"permis_conduire"}


def test_a_suspended_share_ends_at_its_own_end(town: World, clock: MovingClock) -> None:
    ana, siae = a_share(town)
    grant = town.share(ana, siae.structure_id, days=1)
    suspend_grant(town.parts, ana.carnet_id, grant.id, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    clock.forward(days=3)
    run_upkeep(town.parts)
    assert state_of(town, ana) is GrantState.EXPIRED
    assert holds_of(town.parts, [grant.id]) == {}
    with pytest.raises(CannotMoveError):
        resume_grant(town.parts, ana.carnet_id, grant.id, by=By.PERSON, actor=ana.actor)


@pytest.mark.parametrize(
    ("move", "state", "op"),
    [(Move.REVOKE, GrantState.REVOKED, Op.REVOKE), (Move.INVALIDATE, GrantState.INVALIDATED, Op.INVALIDATE)],
)
def test_the_officer_ends_a_share_for_good_and_the_person_is_told_why(
    town: World, move: Move, state: GrantState, op: Op
) -> None:
    ana, siae = a_share(town)
    grant = town.share(ana, siae.structure_id)
    assert isinstance(town.read(siae, ana.carnet_id), FieldsView)
    override_grant(
        town.parts, ana.carnet_id, grant.id, move, why=Why.PRESSURE, words="Rien ne change.", actor=OPERATOR
    )
    assert isinstance(town.read(siae, ana.carnet_id), AccessEnded)
    assert state_of(town, ana) is state
    assert town.parts.data.grant_keys(grant.id) == []
    assert [event.op for event in events_of(town, [ana.carnet_id])].count(op) == 1
    again = override_grant(town.parts, ana.carnet_id, grant.id, Move.REVOKE, why=Why.CHECK, actor=OPERATOR)
    assert again.state is state, "what ended stays as it ended"


def test_suspending_and_going_on_may_be_killed_anywhere(small_town: World) -> None:
    """Whatever died, a reader never reads what is said to be suspended, and doing it again ends it."""
    ana, siae = a_share(small_town)
    grant = small_town.share(ana, siae.structure_id)
    steps: list[Callable[[World], object]] = [
        lambda world: suspend_grant(
            world.parts, ana.carnet_id, grant.id, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor
        ),
        lambda world: resume_grant(world.parts, ana.carnet_id, grant.id, by=By.PERSON, actor=ana.actor),
    ]
    stores = (small_town.app.data.database, small_town.app.keystore.database)
    for step, readable in zip(steps, (False, True), strict=True):
        for number in range(40):
            with killed_at_statement(number, *stores) as seen:
                step(small_town)
            if seen[-1:] != ["killed"]:
                break
            if state_of(small_town, ana) is GrantState.SUSPENDED:
                assert isinstance(small_town.read(siae, ana.carnet_id), AccessEnded)
        else:
            pytest.fail("it never came to its end")
        assert number > 2
        assert isinstance(small_town.read(siae, ana.carnet_id), FieldsView) is readable


def test_a_pause_holds_until_its_end_and_whoever_writes_in_d_neither_lifts_nor_makes_one(
    town: World, clock: MovingClock
) -> None:
    ana, now = town.newcomer(), town.parts.now()
    assert not is_paused(town.parts, ana.carnet_id, now)
    until = now + timedelta(days=10)
    set_pause(town.parts, ana.carnet_id, until=until, words="Une décision est en cours.", actor=OPERATOR)
    told = pause_of(town.parts, ana.carnet_id, town.parts.now())
    assert told is not None
    assert told.words == "Une décision est en cours."
    with town.app.data.database.transaction() as connection:
        connection.execute(delete(pauses))
    assert is_paused(town.parts, ana.carnet_id, town.parts.now())
    assert not is_paused(town.parts, ana.carnet_id, until)
    set_pause(town.parts, ana.carnet_id, until=until, words="Encore.", actor=OPERATOR)
    assert end_pause(town.parts, ana.carnet_id, actor=OPERATOR)
    assert not is_paused(town.parts, ana.carnet_id, town.parts.now())
    assert not end_pause(town.parts, ana.carnet_id, actor=OPERATOR)


@pytest.mark.parametrize(("days", "words"), [(0, "oui"), (-1, "oui"), (400, "oui"), (5, "  ")])
def test_a_pause_says_why_and_ends_within_a_year(small_town: World, days: int, words: str) -> None:
    ana = small_town.newcomer()
    until = small_town.parts.now() + timedelta(days=days)
    with pytest.raises(BadPauseError):
        set_pause(small_town.parts, ana.carnet_id, until=until, words=words, actor=OPERATOR)
    assert not is_paused(small_town.parts, ana.carnet_id, small_town.parts.now())


@pytest.mark.parametrize("act", ["suspend", "resume", "revoke", "annul", "pause", "end of pause"])
def test_an_officer_who_left_a_moment_ago_moves_nothing_any_more(small_town: World, act: str) -> None:
    """Asked under the head lock, whatever the door said before."""
    world = small_town
    ana, siae = a_share(world)
    grant = world.share(ana, siae.structure_id)
    parts, carnet_id = world.parts, ana.carnet_id
    officer = world.member(siae.structure_id, "dora", Role.DPO, kind=StructureKind.SIAE)
    another = world.member(siae.structure_id, "marc", kind=StructureKind.SIAE)
    if act == "resume":
        suspend_grant(parts, carnet_id, grant.id, by=By.DPO, why=Why.CHECK, actor=officer.reader.actor)
    if act == "end of pause":
        set_pause(parts, carnet_id, until=parts.now() + timedelta(days=3), words="x", actor=OPERATOR)
    before = (state_of(world, ana), is_paused(parts, carnet_id, parts.now()))
    end_habilitation(parts, officer.professional_id, at=None, actor=OPERATOR)
    size = parts.data.log_size()
    for actor in (officer.reader.actor, another.reader.actor):
        with pytest.raises(NoLongerOfficerError):
            one_act(world, carnet_id, grant.id, act, actor)
    assert (state_of(world, ana), is_paused(parts, carnet_id, parts.now())) == before
    assert parts.data.log_size() == size
    assert bool(holds_of(parts, [grant.id])) is (act == "resume")


def one_act(world: World, carnet_id: CarnetId, grant_id: GrantId, act: str, actor: Actor) -> None:
    parts = world.parts
    if act == "suspend":
        suspend_grant(parts, carnet_id, grant_id, by=By.DPO, why=Why.CHECK, actor=actor)
    elif act == "resume":
        resume_grant(parts, carnet_id, grant_id, by=By.DPO, actor=actor)
    elif act == "pause":
        set_pause(parts, carnet_id, until=parts.now() + timedelta(days=3), words="x", actor=actor)
    elif act == "end of pause":
        end_pause(parts, carnet_id, actor=actor)
    else:
        move = Move.REVOKE if act == "revoke" else Move.INVALIDATE
        override_grant(parts, carnet_id, grant_id, move, why=Why.CHECK, actor=actor)


def test_of_a_resuming_and_a_suspending_in_one_instant_the_one_who_came_last_stands(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She suspended it, takes it up in two tabs, and the officer suspends it in between."""
    who, system = a_share(town)
    grant = town.share(who, system.structure_id)
    told = (town.parts, who.carnet_id, grant.id)
    suspend_grant(*told, by=By.PERSON, why=Why.HER_CHOICE, actor=who.actor)
    honest = town.parts.data.change

    def change() -> Any:
        monkeypatch.setattr(town.parts.data, "change", honest)
        resume_grant(*told, by=By.PERSON, actor=who.actor)
        suspend_grant(*told, by=By.DPO, why=Why.CHECK, actor=OPERATOR)
        return honest()

    monkeypatch.setattr(town.parts.data, "change", change)
    with pytest.raises(CannotMoveError):
        resume_grant(*told, by=By.PERSON, actor=who.actor)
    assert holds_of(town.parts, [grant.id])[grant.id].by is By.DPO
    assert isinstance(town.read(system, who.carnet_id), AccessEnded)


def test_who_takes_it_up_takes_away_no_hold_that_came_after(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, system = a_share(town)
    grant = town.share(who, system.structure_id)
    told = (town.parts, who.carnet_id, grant.id)
    suspend_grant(*told, by=By.PERSON, why=Why.HER_CHOICE, actor=who.actor)
    honest, changes = town.parts.data.change, list[int]()

    def change() -> Any:
        changes.append(len(changes))
        if len(changes) == 2:  # between the entry and the row of K
            suspend_grant(*told, by=By.DPO, why=Why.CHECK, actor=OPERATOR)
        return honest()

    monkeypatch.setattr(town.parts.data, "change", change)
    resume_grant(*told, by=By.PERSON, actor=who.actor)
    assert holds_of(town.parts, [grant.id])[grant.id].by is By.DPO


def test_what_the_officer_suspended_is_not_given_again_beside_him(town: World) -> None:
    ana, siae = a_share(town)
    grant = town.share(ana, siae.structure_id)
    told = (town.parts, ana.carnet_id, grant.id)
    suspend_grant(*told, by=By.DPO, why=Why.PRESSURE, actor=OPERATOR)
    size = town.parts.data.log_size()
    with pytest.raises(GrantRefusedError, match="/grantee"):
        town.share(ana, siae.structure_id, ["permis_conduire"])
    assert town.parts.data.log_size() == size
    assert state_of(town, ana) is GrantState.SUSPENDED
    resume_grant(*told, by=By.DPO, actor=OPERATOR)
    town.share(ana, siae.structure_id, ["permis_conduire"])
    assert set(town.values(siae, ana.carnet_id)) == {"permis_conduire"}


@pytest.mark.parametrize("spoiled", ["terms that do not read", "another's terms", "columns of another"])
def test_a_spoiled_row_keeps_nobody_from_giving_again(town: World, spoiled: str) -> None:
    """It opens for nobody, and goes; a share that merely stands in a wrong place goes back to its own."""
    ana, siae = a_share(town)
    other = town.system("SIAE Voisine")
    first, neighbour = town.share(ana, siae.structure_id), town.share(ana, other.structure_id)
    columns: dict[str, Any] = {"terms": b"{}"} if spoiled == "terms that do not read" else {}
    row = next(one for one in town.parts.data.grants_of(ana.carnet_id) if one.grant.id == neighbour.id)
    if spoiled == "another's terms":
        columns = {"terms": row.terms}
    if spoiled == "columns of another":
        town.withdraw(ana, first)
        first, columns = neighbour, {"grantee_id": siae.structure_id}
    with town.app.data.database.transaction() as connection:
        connection.execute(update(grants).where(grants.c.grant_id == first.id).values(**columns))
    again = town.share(ana, siae.structure_id, ["permis_conduire"])
    assert set(town.values(siae, ana.carnet_id)) == {"permis_conduire"}
    assert len(town.values(other, ana.carnet_id)) == 3
    kept = set(town.parts.rows.rows([grant_name(one) for one in (first.id, again.id)]))
    assert kept == {grant_name(one.id) for one in (first, again) if one is again or one is neighbour}
    assert faults(events_of(town, [ana.carnet_id])) == []
    run_upkeep(town.parts)

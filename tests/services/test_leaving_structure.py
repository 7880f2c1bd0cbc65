"""Somebody leaves a structure: out at once, or on the day; then the structure's key changes. Whoever stays
reads on, and what the old key and every old copy of the data give is nothing new."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from consent.grants import Grantee
from schemas.ids import CompartmentId, ProfessionalId, new_id
from schemas.names import GrantState, Role, StructureKind
from tests.services.killing import Change, killed_before
from tests.services.log_order import events_of, faults
from tests.world import MovingClock, Professional, World
from vault.audit.events import Op
from vault.crypto import key_id
from vault.services.bindings import in_force
from vault.services.habilitations import (
    LaterEndError,
    NoSuchHabilitationError,
    end_habilitation,
    finish_leavings,
    leaving_row,
)
from vault.services.journal import OPERATOR
from vault.services.key_sources import next_seed_name, public_keys, seed_name
from vault.services.reading import AccessEnded, FieldsView, NotShared
from vault.services.rekeying import ask_rekeying, rekey, rekeyings
from vault.services.upkeep import finish_cuts, rekey_structures, run_upkeep
from vault.storage.data_store import SqlWork

SIAE = StructureKind.SIAE


def a_member(town: World, role: Role = Role.REFERENT) -> Professional:
    return town.member(town.structure("SIAE " + new_id()), new_id(), role, kind=SIAE)


def stands(town: World, who: Professional) -> bool:
    row = town.parts.data.habilitation(who.professional_id)
    return row is not None and in_force(town.parts, row)


def leave(town: World, who: Professional, **told: float) -> None:
    at = town.parts.now() + timedelta(**told) if told else None
    end_habilitation(town.parts, who.professional_id, at=at, actor=OPERATOR)


def entries(town: World, op: Op) -> int:
    return len(town.parts.data.log_latest(ops=[op], before=None, limit=1000))


def marks(town: World, who: Professional) -> list[str]:
    ids = town.parts.keystore.secret_ids("leaving", after=None, limit=1000)
    return [id_ for id_ in ids if id_.endswith(who.professional_id)]


# --- out -------------------------------------------------------------------------------------------------


def test_who_left_is_out_at_once_with_one_entry_and_no_session(town: World) -> None:
    who, other = a_member(town), a_member(town)
    before = entries(town, Op.LEAVE)
    assert stands(town, who)
    leave(town, who)
    leave(town, who)
    assert not stands(town, who)
    assert town.parts.keystore.session(who.session.session.session_id) is None
    assert entries(town, Op.LEAVE) == before + 1
    assert stands(town, other)
    assert town.parts.keystore.session(other.session.session.session_id) is not None
    assert marks(town, who) == []


def test_who_left_reads_nothing_even_with_a_door_still_open(town: World) -> None:
    who = a_member(town)
    eva = town.newcomer("eva")
    town.fill(eva)
    town.share(eva, who.structure_id)
    assert isinstance(town.read(who, eva.carnet_id), FieldsView)
    leave(town, who)
    assert town.read(who, eva.carnet_id) in (AccessEnded(), NotShared())


def test_nobody_who_writes_in_the_data_store_brings_a_habilitation_back(town: World) -> None:
    who = a_member(town)
    leave(town, who)
    set_end(town, who.professional_id, None)
    assert not stands(town, who)


def test_an_end_on_a_day_lets_work_go_on_until_then(town: World, clock: MovingClock) -> None:
    who = a_member(town)
    leave(town, who, days=3)
    assert stands(town, who)
    assert town.parts.keystore.session(who.session.session.session_id) is not None
    run_upkeep(town.parts)
    assert stands(town, who)
    clock.forward(days=3)
    assert not stands(town, who)
    assert run_upkeep(town.parts).left >= 1
    assert marks(town, who) == []
    set_end(town, who.professional_id, None)
    assert not stands(town, who), "nothing vouches for it any more"


def test_nobody_who_writes_in_the_data_store_puts_a_planned_end_off(town: World) -> None:
    who = a_member(town)
    leave(town, who, days=3)
    set_end(town, who.professional_id, None)
    assert not stands(town, who)


def test_an_end_only_comes_nearer(town: World) -> None:
    who = a_member(town)
    leave(town, who, days=3)
    with pytest.raises(LaterEndError):
        leave(town, who, days=4)
    leave(town, who, days=2)
    assert stands(town, who)
    leave(town, who)
    assert not stands(town, who)


def test_an_end_that_was_planned_and_came_sooner_asks_for_one_change_of_key(
    town: World, clock: MovingClock
) -> None:
    who = a_member(town)
    leave(town, who, days=3)
    leave(town, who)
    run_upkeep(town.parts)
    clock.forward(days=4)
    run_upkeep(town.parts)
    assert marks(town, who) == []
    row = town.parts.rows.rows([seed_name(Grantee.structure(who.structure_id))])
    assert [one.version for one in row.values()] == [2]


def test_who_is_unknown_or_altered_is_not_given_an_end(town: World) -> None:
    with pytest.raises(NoSuchHabilitationError):
        end_habilitation(town.parts, ProfessionalId("nobody"), at=None, actor=OPERATOR)
    who = a_member(town)
    run(town, "UPDATE habilitations SET role = 'dpo' WHERE professional_id = :id", id=who.professional_id)
    with pytest.raises(NoSuchHabilitationError):
        leave(town, who, days=2)
    leave(town, who)
    run(
        town, "UPDATE habilitations SET role = 'referent' WHERE professional_id = :id", id=who.professional_id
    )
    assert not stands(town, who), "to put somebody out is always possible"


def test_what_was_given_to_who_left_alone_is_over_and_cut(town: World) -> None:
    who = a_member(town)
    eva = town.newcomer("eva")
    town.fill(eva)
    grant = town.share(eva, Grantee.professional(who.professional_id))
    leave(town, who)
    (row,) = town.parts.data.grants_of(eva.carnet_id)
    assert row.grant.state is GrantState.INVALIDATED
    assert town.parts.data.grant_keys(grant.id) == []
    assert town.parts.rows.rows([("grant", grant.id), seed_name(grant.terms.grantee)]) == {}
    events = events_of(town, [eva.carnet_id])
    assert [event.op for event in events if event.grant_id == grant.id] == [Op.GRANT, Op.EXPIRE]
    assert faults(events) == []
    assert set(town.parts.data.rotations_asked(eva.carnet_id)) == set(grant.terms.compartments)


def test_a_manager_who_leaves_changes_no_key(town: World) -> None:
    who = a_member(town, Role.MANAGER)
    leave(town, who)
    assert who.structure_id not in rekeyings(town.parts)
    other = a_member(town)
    leave(town, other)
    assert other.structure_id in rekeyings(town.parts)
    run_upkeep(town.parts)
    assert other.structure_id not in rekeyings(town.parts)


# --- the structure's key ---------------------------------------------------------------------------------


def keys_of(town: World, structure_id: Any) -> list[str]:
    return [key_id(one).hex() for one in public_keys(town.parts.rows, Grantee.structure(structure_id))]


def test_the_others_read_on_under_a_new_key(town: World) -> None:
    system, people = town.system(), [town.newcomer("eva"), town.newcomer("max")]
    for who in people:
        town.fill(who)
        town.share(who, system.structure_id)
    (old,) = keys_of(town, system.structure_id)
    ask_rekeying(town.parts, system.structure_id)
    assert rekey(town.parts, system.structure_id) == 2
    (new,) = keys_of(town, system.structure_id)
    assert new != old
    assert town.parts.rows.rows([next_seed_name(Grantee.structure(system.structure_id))]) == {}
    for who in people:
        (row,) = town.parts.data.grants_of(who.carnet_id)
        assert row.grant.terms.key_id == new
        assert isinstance(town.read(system, who.carnet_id), FieldsView)
        ops = [event.op for event in events_of(town, [who.carnet_id])]
        assert ops.count(Op.KEY_CHANGE) == 1
        assert set(town.parts.data.rotations_asked(who.carnet_id)) == set(row.grant.terms.compartments)
    assert rekey(town.parts, system.structure_id) == 2, "and again, when somebody else leaves"


def test_her_next_sign_in_rotates_what_the_structure_could_read(town: World) -> None:
    who, subject = a_member(town), new_id()
    eva = town.person("eva", subject=subject)
    town.fill(eva)
    grant = town.share(eva, who.structure_id)
    town.write(eva, "enfants_nombre", 1)
    leave(town, who)
    run_upkeep(town.parts)
    town.person("eva", subject=subject)
    epochs = {row.compartment: row.epoch for row in town.parts.data.field_keys(eva.carnet_id)}
    assert {epochs[one] for one in grant.terms.compartments} == {2}
    assert epochs[CompartmentId("enfants_nombre")] == 1, "what it could not read stays as it is"
    assert town.parts.data.rotations_asked(eva.carnet_id) == []
    size = town.parts.data.log_size()
    town.person("eva", subject=subject)
    assert town.parts.data.log_size() == size + 1, "only the sign-in"


def test_more_grants_than_a_batch_all_move(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault.services.rekeying.BATCH", 2)
    system, people = town.system(), [town.newcomer() for _ in range(5)]
    for who in people:
        town.write(who, "permis_conduire", ["b"])
        town.share(who, system.structure_id, ["permis_conduire"])
    assert rekey(town.parts, system.structure_id) == 5
    assert all(isinstance(town.read(system, who.carnet_id), FieldsView) for who in people)


def test_while_the_key_changes_both_what_moved_and_what_did_not_are_read(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, eva = town.system(), town.newcomer("eva")
    town.fill(eva)
    town.share(eva, system.structure_id)
    monkeypatch.setattr("vault.services.rekeying._end", lambda *_: None)
    with monkeypatch.context() as patch:
        patch.setattr("vault.services.rekeying._move_all", lambda *_: 0)
        rekey(town.parts, system.structure_id)
    new, old = keys_of(town, system.structure_id)
    for key in (old, new):
        (row,) = town.parts.data.grants_of(eva.carnet_id)
        assert row.grant.terms.key_id == key
        assert isinstance(town.read(system, eva.carnet_id), FieldsView)
        rekey(town.parts, system.structure_id)


def test_a_grant_that_somebody_altered_keeps_no_key_from_changing(town: World) -> None:
    system, eva, max_ = town.system(), town.newcomer("eva"), town.newcomer("max")
    for who in (eva, max_):
        town.fill(who)
        town.share(who, system.structure_id)
    run(town, "UPDATE grants SET sealed_key = :none WHERE carnet_id = :id", none=b"", id=eva.carnet_id)
    assert rekey(town.parts, system.structure_id) == 1
    assert isinstance(town.read(system, max_.carnet_id), FieldsView)


def test_a_grant_given_while_the_key_changes_is_under_the_new_one(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made under the old key, before the next pair was there; stored after."""
    system, eva = town.system(), town.newcomer("eva")
    town.fill(eva)
    honest, once = town.parts.keystore.add_secrets, list[bool]()

    def add_secrets(rows: Any, **told: Any) -> None:
        honest(rows, **told)
        if not once and rows[0].kind == "grant":
            once.append(True)
            rekey(town.parts, system.structure_id)

    monkeypatch.setattr(town.parts.keystore, "add_secrets", add_secrets)
    grant = town.share(eva, system.structure_id)
    assert [grant.terms.key_id] == keys_of(town, system.structure_id)
    assert isinstance(town.read(system, eva.carnet_id), FieldsView)


def test_a_read_that_began_before_the_key_changed_is_answered_after(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, eva = town.system(), town.newcomer("eva")
    town.fill(eva)
    town.share(eva, system.structure_id)
    honest = town.parts.data.append_reads

    def append_reads(tickets: Any) -> Any:
        receipts = honest(tickets)
        rekey(town.parts, system.structure_id)
        return receipts

    monkeypatch.setattr(town.parts.data, "append_reads", append_reads)
    assert isinstance(town.read(system, eva.carnet_id), FieldsView)


def test_nothing_is_given_to_somebody_who_leaves_meanwhile(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, eva = a_member(town), town.newcomer("eva")
    town.fill(eva)
    honest, once = town.parts.keystore.add_secrets, list[bool]()

    def add_secrets(rows: Any, **told: Any) -> None:
        honest(rows, **told)
        if not once and rows[0].kind == "grant":
            once.append(True)
            leave(town, who)

    monkeypatch.setattr(town.parts.keystore, "add_secrets", add_secrets)
    with pytest.raises(Exception, match="grantee"):
        town.share(eva, Grantee.professional(who.professional_id))
    assert town.parts.data.grants_of(eva.carnet_id) == []


# --- killed anywhere -------------------------------------------------------------------------------------


def every_change(town: World) -> list[Change]:
    return [*((town.parts.keystore, name) for name in K_CHANGES), (SqlWork, "commit")]


K_CHANGES = ("add_secrets", "replace_secret", "delete_secrets", "end_sessions", "compact")


def finish(town: World) -> None:
    """The steps of the pass that are about leaving."""
    finish_cuts(town.parts)
    finish_leavings(town.parts, town.parts.now())
    rekey_structures(town.parts)


def test_killed_before_any_change_of_a_store_a_leaving_is_finished_by_the_next_pass(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_upkeep(town.parts)  # what other tests left to do
    number, left_at, stays = 0, None, a_member(town)
    while True:
        who, eva = town.member(stays.structure_id, new_id(), kind=SIAE), town.newcomer("eva")
        town.write(eva, "permis_conduire", ["b"])
        town.share(eva, who.structure_id, ["permis_conduire"])
        town.share(eva, Grantee.professional(who.professional_id), ["vehicule_disponible"])
        with killed_before(number, every_change(town), monkeypatch) as seen:
            leave(town, who)
            finish(town)
        killed = seen[-1] == "killed"
        committed = "commit" in seen[: number if killed else None]
        if left_at is None and committed:
            left_at = number
        assert stands(town, who) is (not committed)
        finish(town)
        assert stands(town, who) is (not committed)
        assert isinstance(town.read(stays, eva.carnet_id, ["permis_conduire"]), FieldsView), seen
        if committed:
            finish(town)  # killed right after a pair was made, what was asked makes one more turn
            check_gone(town, who, eva)
        if not killed:
            break
        number += 1
    assert left_at == 2, "first the mark, then the entry; nothing else before"
    assert number > 12


def check_gone(town: World, who: Professional, eva: Any) -> None:
    own = Grantee.professional(who.professional_id)
    assert town.parts.keystore.session(who.session.session.session_id) is None
    assert town.parts.rows.rows([("binding", f"habilitation:{who.professional_id}"), seed_name(own)]) == {}
    assert marks(town, who) == []
    rows = {row.grant.terms.grantee: row for row in town.parts.data.grants_of(eva.carnet_id)}
    assert rows[own].grant.state is GrantState.INVALIDATED
    assert town.parts.data.grant_keys(rows[own].grant.id) == []
    (new,) = keys_of(town, who.structure_id)
    assert rows[Grantee.structure(who.structure_id)].grant.terms.key_id == new
    assert town.parts.rows.rows([seed_name(Grantee.structure(who.structure_id))]) != {}
    assert who.structure_id not in rekeyings(town.parts)


def test_killed_while_an_end_is_planned_nobody_is_locked_out_for_long(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        who = a_member(town)
        with killed_before(number, every_change(town), monkeypatch) as seen:
            leave(town, who, days=3)
        run_upkeep(town.parts)
        assert stands(town, who), seen
        row = town.parts.data.habilitation(who.professional_id)
        assert row is not None
        if row.ends_at is not None:
            assert any(
                id_.startswith(f"{round(row.ends_at.timestamp() * 1000):015d}") for id_ in marks(town, who)
            )
        if seen[-1] != "killed":
            return
    raise AssertionError("it never came to its end")


def test_a_mark_whose_change_was_never_committed_goes_after_a_day(town: World, clock: MovingClock) -> None:
    who = a_member(town)
    row = town.parts.data.habilitation(who.professional_id)
    assert row is not None
    town.parts.keystore.add_secrets([leaving_row(town.parts.rows, row, due=town.parts.now())])
    run_upkeep(town.parts)
    assert len(marks(town, who)) == 1
    clock.forward(hours=25)
    run_upkeep(town.parts)
    assert marks(town, who) == []
    assert stands(town, who)


# --- in the tables ---------------------------------------------------------------------------------------


def run(town: World, sql: str, **values: Any) -> None:
    """As somebody with the password of D, and no key."""
    with town.app.data.database.write() as connection:
        connection.execute(text(sql), values)
        connection.commit()


def set_end(town: World, professional_id: str, ends_at: int | None) -> None:
    run(
        town,
        "UPDATE habilitations SET ends_at = :at WHERE professional_id = :id",
        at=ends_at,
        id=professional_id,
    )

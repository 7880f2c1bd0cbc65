"""New keys after somebody reads no more: asked for with the very end of a share, done at once or later,
killed at every statement, and held up by no row that somebody spoiled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consent.grants import Grantee, terms_of
from schemas.ids import CompartmentId
from schemas.names import GrantState
from tests.services.killing import killed_at_statement
from tests.services.test_forgetting import Backup, back_up
from tests.services.test_rotating import FIELDS, Case, Thief, a_case, run, untouched, what_is_seen
from tests.world import SIAE_FIELDS, MovingClock, System, World
from vault.crypto import key_id
from vault.services import leaving, rotating
from vault.services.key_sources import grant_name, newest_public, seed_name
from vault.services.reading import AccessEnded, FieldsView
from vault.services.rotating import rotation_pending
from vault.services.upkeep import run_upkeep


@pytest.fixture(scope="module")
def alpha(town: World) -> System:
    return town.system("SIAE Alpha")


@pytest.fixture(scope="module")
def beta(town: World) -> System:
    return town.system("SIAE Bêta")


@pytest.fixture
def case(town: World, alpha: System, beta: System) -> Case:
    return a_case(town, alpha, beta)


def pending(case: Case, *fields: str) -> bool:
    return rotation_pending(
        case.town.parts, case.who.carnet_id, [CompartmentId(one) for one in fields] or None
    )


# --- when it is asked for --------------------------------------------------------------------------------


def test_what_she_stops_sharing_waits_for_new_keys_and_the_stop_does_not_wait(case: Case) -> None:
    case.town.withdraw(case.who, case.grants[1])
    assert case.town.read(case.beta, case.who.carnet_id) == AccessEnded()
    assert pending(case)
    assert pending(case, FIELDS[0])
    assert not pending(case, "enfants_nombre")
    before = (case.seen(case.alpha), case.own(), case.history())
    assert case.due().compartments == 3
    assert (case.seen(case.alpha), case.own(), case.history()) == before
    assert not pending(case)
    assert {one for epochs in map(case.epochs().get, SIAE_FIELDS) for one in epochs or ()} == {2}


def test_what_ends_by_itself_gets_new_keys_when_she_comes_back(case: Case, clock: MovingClock) -> None:
    short = case.town.share(case.who, case.beta.structure_id, FIELDS[:1], purpose="suivi_emploi", days=1)
    clock.forward(days=2)
    run_upkeep(case.town.parts)
    states = {row.grant.id: row.grant.state for row in case.town.parts.data.grants_of(case.who.carnet_id)}
    assert states[short.id] is GrantState.EXPIRED
    assert pending(case, FIELDS[0])
    assert not pending(case, *FIELDS[1:])
    before = what_is_seen(case)
    assert case.due().compartments == 1
    assert what_is_seen(case) == before


def test_a_narrower_share_changes_the_keys_of_what_it_leaves_out_and_a_longer_one_none(
    case: Case,
) -> None:
    case.town.share(case.who, case.alpha.structure_id, days=60)
    assert not pending(case)
    case.town.share(case.who, case.alpha.structure_id, FIELDS[:1])
    assert not pending(case, FIELDS[0])
    assert pending(case, FIELDS[1])
    assert case.due().compartments == 2
    assert case.seen(case.alpha) == {FIELDS[0]: ["b"]}
    assert set(case.seen(case.beta)) == set(FIELDS)


def test_who_kept_all_of_it_before_she_stopped_opens_nothing_that_stands_after(case: Case) -> None:
    """The structure's seed, Q_g, all of K but her own key and what the other structure has, and D of then."""
    town, grant = case.town, case.grants[0]
    thief = Thief(town)
    other = (grant_name(case.grants[1].id), seed_name(case.grants[1].terms.grantee))
    thief.secrets = {
        name: key for name, key in thief.secrets.items() if name[0] != "own" and name not in other
    }
    then = back_up(town, case.who.carnet_id)

    def opened() -> int:
        now = back_up(town, case.who.carnet_id)
        tries = [
            Backup(now.records, [], [row], [wrap])
            for row in [*then.grants, *now.grants]
            for wrap in [*then.grant_keys, *now.grant_keys]
            if wrap.grant_id == row.grant.id == grant.id
        ]
        return len(set().union(*(thief.opened(one) for one in tries)))

    assert opened() == 4
    town.withdraw(case.who, grant)
    assert opened() == 4, "without new keys, a copy of everything would still open what stands"
    case.due()
    town.write(case.who, "vehicule_disponible", "voiture")
    assert opened() == 0


# --- killed ----------------------------------------------------------------------------------------------


def test_killed_at_every_statement_it_goes_on_loses_nothing_and_leaves_no_old_key(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "MOST", 9)
    town, number = case.town, 0
    town.withdraw(case.who, case.grants[1])
    before, stores = (
        (case.seen(case.alpha), case.history()),
        (town.app.data.database, town.app.keystore.database),
    )
    while True:
        with town.parts.data.change() as work:
            work.ask_rotation(case.who.carnet_id, FIELDS[:2])
            work.commit()
        with killed_at_statement(number, *stores) as seen:
            case.due()
        assert case.seen(case.alpha) == before[0], seen
        if seen[-1] != "killed":
            break
        number += 1
    assert number > 40, "it was killed everywhere"
    assert not case.due().pending
    assert (case.seen(case.alpha), case.history()) == before
    assert not pending(case)
    assert all(len(epochs) == 1 for epochs in case.epochs().values()), case.epochs()


# --- spoiled ---------------------------------------------------------------------------------------------

SPOILED = {
    "a key of hers": "UPDATE field_keys SET wrapped = :bad WHERE carnet_id = :id AND compartment = :one",
    "another key of hers": (
        "INSERT INTO field_keys (carnet_id, compartment, epoch, wrapped) VALUES (:id, :one, 7, :bad)"
    ),
    "a record": "UPDATE records SET record = :bad WHERE carnet_id = :id AND compartment = :one",
    "a record under a key that was never": (
        "UPDATE records SET epoch = 5 WHERE carnet_id = :id AND compartment = :one"
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_one_spoiled_row_holds_up_its_own_field_alone(case: Case, how: str) -> None:
    run_spoiling(case, SPOILED[how])
    report = case.rotate()
    assert (report.compartments, report.pending) == (2, True)
    assert [max(case.epochs()[name]) for name in SIAE_FIELDS[1:]] == [2, 2]
    answer = case.town.read(case.alpha, case.who.carnet_id, SIAE_FIELDS[1:])
    assert isinstance(answer, FieldsView)


SPOILED_SHARES = {
    "the key of a share, as she has it": "UPDATE grants SET owner_wrap = :bad WHERE grant_id = :grant",
    "the key of a share, as its reader has it": "UPDATE grants SET sealed_key = :bad WHERE grant_id = :grant",
    "a wrap": "UPDATE grant_keys SET wrapped = :bad WHERE grant_id = :grant AND compartment = :one",
    "a wrap too many": (
        "INSERT INTO grant_keys (grant_id, carnet_id, compartment, epoch, wrapped) "
        "VALUES (:grant, :id, :one, 2, :bad)"
    ),
    "a wrap taken away": "DELETE FROM grant_keys WHERE grant_id = :grant AND compartment = :one",
}


@pytest.mark.parametrize("how", SPOILED_SHARES)
def test_a_share_whose_keys_were_spoiled_is_mended_and_holds_up_nobody(case: Case, how: str) -> None:
    before = what_is_seen(case)
    run_spoiling(case, SPOILED_SHARES[how])
    assert not case.rotate().pending
    untouched(case, before)


def test_a_wrap_that_is_spoiled_half_way_is_mended_before_the_old_keys_go(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = what_is_seen(case)
    with monkeypatch.context() as patch:
        patch.setattr(rotating, "MOST", 4)
        patch.setattr(rotating, "STEPS", 1)
        assert case.rotate(FIELDS[:1]).pending
    assert case.epochs()[FIELDS[0]] == {1, 2}
    run_spoiling(case, SPOILED_SHARES["a wrap"])
    assert not case.due().pending
    untouched(case, before)


@pytest.mark.parametrize("how", ["unreadable", "of another carnet", "twice"])
def test_a_share_that_is_not_what_its_row_says_holds_up_nobody(case: Case, how: str) -> None:
    row = case.town.parts.data.grants_of(case.who.carnet_id)[1]
    other = case.town.newcomer()
    terms = {
        "unreadable": b"{}",
        "of another carnet": replace(row.grant.terms, carnet_id=other.carnet_id).to_bytes(),
        "twice": case.town.parts.data.grants_of(case.who.carnet_id)[0].terms,
    }[how]
    id_ = case.grants[1].id
    run(case.town, "UPDATE grants SET terms = :terms WHERE grant_id = :grant", terms=terms, grant=id_)
    assert not case.rotate().pending
    assert case.epochs_of(case.grants[0].id) == {name: {2} for name in SIAE_FIELDS}
    run(case.town, "DELETE FROM grants WHERE grant_id = :grant", grant=id_)


def run_spoiling(case: Case, sql: str) -> None:
    told = {"bad": b"\x01" * 60, "id": case.who.carnet_id, "grant": case.grants[1].id, "one": FIELDS[0]}
    run(case.town, sql, **{name: value for name, value in told.items() if f":{name}" in sql})


def altered(case: Case, how: str, gamma: System) -> Any:
    terms = case.grants[1].terms
    if how == "for somebody else":
        grantee = Grantee.structure(gamma.structure_id)
        key = key_id(newest_public(case.town.parts.rows, grantee)).hex()
        return replace(terms, grantee=grantee, key_id=key)
    if how == "for longer":
        return replace(terms, ends_at=terms.ends_at + timedelta(days=300))
    return replace(terms, compartments=tuple(sorted((*terms.compartments, CompartmentId("enfants_nombre")))))


@pytest.mark.parametrize("how", ["for somebody else", "for longer", "for more"])
def test_who_edits_the_terms_of_a_share_does_not_have_her_seal_a_key_to_them(case: Case, how: str) -> None:
    town, gamma, former = case.town, case.town.system("SIAE Gamma"), case.grants[1]
    town.write(case.who, "enfants_nombre", 2)
    terms = altered(case, how, gamma)
    sealed = town.parts.data.grants_of(case.who.carnet_id)[1].sealed_key
    edit = "UPDATE grants SET terms = :terms, grantee_id = :whom, ends_at = :at WHERE grant_id = :grant"
    told = {
        "terms": terms.to_bytes(),
        "whom": terms.grantee.id,
        "at": round(terms.ends_at.timestamp() * 1000),
    }
    run(town, edit, grant=former.id, **told)
    assert not case.rotate((*FIELDS, CompartmentId("enfants_nombre"))).pending
    assert "enfants_nombre" not in case.epochs_of(former.id), "nor has her wrap what she did not give"
    rows = {row.grant.id: row for row in town.parts.data.grants_of(case.who.carnet_id)}
    assert rows[former.id].sealed_key == sealed
    asked = (*SIAE_FIELDS, "enfants_nombre")
    for system in (case.beta, gamma):
        assert not isinstance(town.read(system, case.who.carnet_id, asked), FieldsView)
    assert set(case.seen(case.alpha)) == set(FIELDS), "the others go on, under new keys"
    assert case.epochs_of(case.grants[0].id) == {name: {2} for name in SIAE_FIELDS}
    told = {"terms": former.terms.to_bytes(), "whom": former.terms.grantee.id}
    run(town, edit, grant=former.id, at=round(former.terms.ends_at.timestamp() * 1000), **told)
    assert set(case.seen(case.beta)) == set(FIELDS), "put back as it was, it opens what it opened"


def test_an_entry_forgotten_and_put_back_by_another_hand_holds_up_nothing(case: Case) -> None:
    parts = case.town.parts
    rows = [row for row in parts.data.own_records(case.who.carnet_id) if row.head.compartment == FIELDS[0]]
    leaving.forget_entry(parts, case.who.carnet_id, rows[0].head.entry_id, actor=case.who.actor)
    with parts.data.change() as work:
        for row in rows:
            work.add_record(row)
        work.commit()
    report = case.rotate()
    assert (report.compartments, report.pending) == (3, False)
    assert all(len(epochs) == 1 for epochs in case.epochs().values()), case.epochs()
    assert set(case.seen(case.alpha)) == set(FIELDS[1:])


def test_a_suspended_share_follows_and_opens_again_once_it_is_resumed(case: Case) -> None:
    before, id_ = what_is_seen(case), case.grants[1].id
    run(case.town, "UPDATE grants SET state = 'suspended' WHERE grant_id = :grant", grant=id_)
    assert not isinstance(case.town.read(case.beta, case.who.carnet_id), FieldsView)
    assert not case.rotate().pending
    assert not isinstance(case.town.read(case.beta, case.who.carnet_id), FieldsView)
    run(case.town, "UPDATE grants SET state = 'granted' WHERE grant_id = :grant", grant=id_)
    untouched(case, before)


def test_what_was_agreed_is_said_by_k_for_every_share_she_gives(case: Case) -> None:
    rows = case.town.parts.data.grants_of(case.who.carnet_id)
    terms = [terms_of(row.terms) for row in rows]
    assert case.town.parts.owner_keys.agreed(case.who.owner, terms) == {row.grant.id for row in rows}
    moved = [replace(one, key_id="00" * 8) for one in terms]
    assert case.town.parts.owner_keys.agreed(case.who.owner, moved) == {row.grant.id for row in rows}
    longer = [replace(one, ends_at=one.ends_at + timedelta(days=1)) for one in terms]
    assert case.town.parts.owner_keys.agreed(case.who.owner, longer) == frozenset()

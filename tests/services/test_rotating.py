"""Field keys change in the person's own session. Whoever may read goes on reading, all she wrote is still
there, and what was known of the old keys opens nothing that stands now."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from consent.grants import Grant
from schemas.ids import CompartmentId, GrantId
from schemas.names import EntryState, Role, StructureKind
from tests.services.killing import killed_before
from tests.services.log_order import events_of
from tests.services.racing import Scene, race
from tests.services.test_forgetting import Attacker, Backup, back_up
from tests.services.test_races import check
from tests.world import SIAE_FIELDS, Someone, System, World
from vault.audit.events import Op
from vault.carnet.entries import Entry
from vault.crypto import CryptoError, FieldKey
from vault.services import leaving, own_carnet, rotating
from vault.services.entries import open_own
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR
from vault.services.key_sources import seed_name
from vault.services.reading import FieldsView
from vault.services.rekeying import rekey
from vault.services.rotating import RotationReport, rotate, rotate_due
from vault.services.rows import Appended, RecordRow
from vault.services.upkeep import run_upkeep
from vault.storage.data_store import SqlWork

FIELDS = tuple(CompartmentId(one) for one in SIAE_FIELDS)


@dataclass
class Case:
    """A person who wrote two versions of three answers and shared them with two structures."""

    town: World
    who: Someone
    alpha: System
    beta: System
    grants: list[Grant]

    def rotate(self, fields: tuple[CompartmentId, ...] = FIELDS) -> RotationReport:
        return rotate(self.town.parts, self.who.owner, fields, actor=self.who.actor)

    def due(self) -> RotationReport:
        return rotate_due(self.town.parts, self.who.owner, self.who.actor)

    def ask(self) -> None:
        with self.town.parts.data.change() as work:
            work.ask_rotation(self.who.carnet_id, FIELDS)
            work.commit()

    def epochs(self) -> dict[str, set[int]]:
        """Of every key there is, by compartment."""
        data, found = self.town.parts.data, dict[str, set[int]]()
        for key in data.field_keys(self.who.carnet_id):
            found.setdefault(key.compartment, set()).add(key.epoch)
        for row in data.grants_of(self.who.carnet_id):
            for wrap in data.grant_keys(row.grant.id):
                found.setdefault(wrap.compartment, set()).add(wrap.epoch)
        return found

    def epochs_of(self, grant_id: GrantId) -> dict[str, set[int]]:
        """Of the wraps of one share."""
        found = dict[str, set[int]]()
        for wrap in self.town.parts.data.grant_keys(grant_id):
            found.setdefault(wrap.compartment, set()).add(wrap.epoch)
        return found

    def seen(self, system: System) -> dict[str, Any]:
        answer = self.town.read(system, self.who.carnet_id)
        assert isinstance(answer, FieldsView), answer
        return {name: entries[0].body.value for name, entries in answer.fields.items()}

    def own(self) -> dict[str, Any]:
        opened = own_carnet.read_own_carnet(self.town.parts, self.who.owner, actor=self.who.actor)
        return {str(name): entry.body.value for name, entry in opened.by_field().items()}

    def history(self) -> list[Entry]:
        """Every version, opened by her own path."""
        parts, data = self.town.parts, self.town.parts.data
        receipt, _ = own_carnet.append_own(parts, self.who.owner, Op.READ_OWN, actor=self.who.actor)
        assert isinstance(receipt, Appended)
        opened = open_own(
            receipt,
            parts.owner_keys.load(self.who.owner),
            records=data.own_records(self.who.carnet_id, history=True),
            field_keys=data.field_keys(self.who.carnet_id),
            instance=parts.instance,
        )
        return sorted(opened, key=lambda entry: (entry.compartment, entry.version))


@pytest.fixture(scope="session")
def alpha(town: World) -> System:
    return town.system("SIAE Alpha")


@pytest.fixture(scope="session")
def beta(town: World) -> System:
    return town.system("SIAE Bêta")


@pytest.fixture
def case(town: World, alpha: System, beta: System) -> Case:
    return a_case(town, alpha, beta)


def a_case(town: World, alpha: System, beta: System) -> Case:
    who = town.newcomer("eva")
    town.write(who, "permis_conduire", ["a"])
    town.fill(who)
    grants = [town.share(who, one.structure_id) for one in (alpha, beta)]
    return Case(town, who, alpha, beta, grants)


def untouched(case: Case, before: tuple[Any, ...]) -> None:
    """Nobody sees a difference, and no key of an older epoch is left."""
    assert (case.seen(case.alpha), case.seen(case.beta), case.own(), case.history()) == before
    assert all(len(epochs) == 1 for epochs in case.epochs().values()), case.epochs()
    assert case.town.parts.data.rotations_asked(case.who.carnet_id) == []


def what_is_seen(case: Case) -> tuple[Any, ...]:
    return case.seen(case.alpha), case.seen(case.beta), case.own(), case.history()


# --- what it does ----------------------------------------------------------------------------------------


def test_everything_is_there_for_everybody_under_new_keys_and_no_old_key_is_left(case: Case) -> None:
    before, rows = what_is_seen(case), case.town.parts.data.grants_of(case.who.carnet_id)
    report = case.rotate()
    assert report == RotationReport(compartments=3, records=4, pending=False)
    untouched(case, before)
    assert {name: case.epochs()[name] for name in SIAE_FIELDS} == {name: {2} for name in SIAE_FIELDS}
    after = case.town.parts.data.grants_of(case.who.carnet_id)
    assert [row.terms for row in after] == [row.terms for row in rows]
    assert all(new.sealed_key != old.sealed_key for new, old in zip(after, rows, strict=True))
    events = [event for event in events_of(case.town, [case.who.carnet_id]) if event.op is Op.KEY_CHANGE]
    assert len(events) == 3, "one for each grant's key, one for the fields"


def test_she_and_her_structures_go_on_after_it(case: Case) -> None:
    case.rotate()
    case.town.write(case.who, "permis_conduire", ["b", "c"])
    assert case.seen(case.alpha)["permis_conduire"] == ["b", "c"]
    case.town.withdraw(case.who, case.grants[0])
    again = case.town.share(case.who, case.alpha.structure_id)
    assert case.seen(case.alpha)["permis_conduire"] == ["b", "c"]
    assert again.id != case.grants[0].id
    case.rotate()
    assert case.epochs()["permis_conduire"] == {3}
    assert case.seen(case.beta)["permis_conduire"] == ["b", "c"]


def test_only_what_is_asked_is_rotated(case: Case) -> None:
    before = what_is_seen(case)
    case.rotate(FIELDS[:1])
    untouched(case, before)
    assert [case.epochs()[name] for name in SIAE_FIELDS] == [{2}, {1}, {1}]


def test_a_field_never_written_nor_shared_has_nothing_to_rotate(case: Case) -> None:
    case.rotate((CompartmentId("enfants_nombre"),))
    assert case.town.parts.data.rotations_asked(case.who.carnet_id) == []
    assert "enfants_nombre" not in case.epochs()


def test_whose_share_ended_gets_no_new_key(case: Case) -> None:
    case.town.withdraw(case.who, case.grants[0])
    case.rotate()
    assert case.town.parts.data.grant_keys(case.grants[0].id) == []
    assert case.seen(case.beta)


def test_nothing_is_done_when_nothing_is_due(case: Case) -> None:
    size = case.town.parts.data.log_size()
    assert case.due() == RotationReport()
    assert case.town.parts.data.log_size() == size


def test_what_an_old_copy_and_the_old_key_of_the_structure_give_opens_nothing_new(
    town: World, beta: System
) -> None:
    """The departed has the old seed, a copy of D from then, D as it is now and, to be generous, all of K but
    the person's own secret and the structure's new seed."""
    alpha = town.system()
    case = a_case(town, alpha, beta)
    member = town.member(alpha.structure_id, "paul", Role.REFERENT, kind=StructureKind.SIAE)
    name = seed_name(case.grants[0].terms.grantee)
    old_seed, then = town.parts.rows.load([name])[name], back_up(town, case.who.carnet_id)

    def opened() -> tuple[int, int]:
        """Records of then, and of now, by everything the departed holds."""
        thief = Thief(town)
        thief.secrets = {one: key for one, key in thief.secrets.items() if one[0] not in ("own", "seed")}
        thief.secrets[name] = old_seed
        now = back_up(town, case.who.carnet_id)
        grants, wraps = [*then.grants, *now.grants], [*then.grant_keys, *now.grant_keys]

        def found(one: Backup) -> int:
            tries = [
                Backup(one.records, [], [grant], [wrap])
                for grant in grants
                for wrap in wraps
                if wrap.grant_id == grant.grant.id
            ]
            return len(set().union(*(thief.opened(some) for some in tries)))

        return found(then), found(now)

    assert opened() == (4, 4), "so far it opens all: the attack is a real one"
    end_habilitation(town.parts, member.professional_id, at=None, actor=OPERATOR)
    run_upkeep(town.parts)
    assert case.due().compartments == 3
    town.write(case.who, "vehicule_disponible", "voiture")
    assert opened() == (4, 0), "what was copied was copied; what stands now stays shut"
    assert case.seen(alpha)["vehicule_disponible"] == "voiture"


class Thief(Attacker):
    """An attacker whom a wrap that does not open does not stop."""

    def _keys(self, backup: Backup, row: RecordRow) -> Iterator[FieldKey]:
        with suppress(CryptoError):
            yield from super()._keys(backup, row)


# --- killed, raced, altered ------------------------------------------------------------------------------

CHANGES = (
    "add_field_key",
    "add_grant_keys",
    "rotation_begun",
    "reseal",
    "drop_epochs",
    "move_grant",
    "replace_grant_keys",
    "append",
    "commit",
)


def test_killed_before_any_change_it_goes_on_at_the_next_session_and_loses_nothing(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "MOST", 9)
    case.town.withdraw(case.who, case.grants[1])
    before, number = (case.seen(case.alpha), case.history()), 0
    while True:
        case.ask()
        with killed_before(number, [(SqlWork, name) for name in CHANGES], monkeypatch) as seen:
            case.due()
        assert (case.seen(case.alpha), case.history()) == before, seen
        if seen[-1] != "killed":
            break
        number += 1
    assert number > 20, "it was killed everywhere"
    for _ in range(2):  # what was interrupted, then what was asked again meanwhile
        assert not case.due().pending
    assert (case.seen(case.alpha), case.history()) == before
    assert all(len(epochs) == 1 for epochs in case.epochs().values()), case.epochs()


def test_what_is_larger_than_a_step_is_done_in_several_and_in_several_sessions(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        case.town.write(case.who, "enfants_nombre", number % 9)
    before = what_is_seen(case)
    monkeypatch.setattr(rotating, "MOST", 5)
    monkeypatch.setattr(rotating, "STEPS", 2)
    asked = (*FIELDS, CompartmentId("enfants_nombre"))
    assert case.rotate(asked).pending
    sessions = 1
    while case.due().pending:
        assert what_is_seen(case) == before
        sessions += 1
    untouched(case, before)
    assert 3 < sessions < 30


def once_after(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[], Any], *, skip: int = 0
) -> list[bool]:
    """``act`` right after a call of a method, the first after ``skip``, before its caller goes on."""
    honest, done, calls = getattr(owner, name), list[bool](), list[int]()

    def method(*args: Any, **told: Any) -> Any:
        found = honest(*args, **told)
        calls.append(1)
        if not done and len(calls) > skip:
            done.append(True)
            act()
        return found

    monkeypatch.setattr(owner, name, method)
    return done


ACTS: dict[str, Callable[[Case], Any]] = {
    "write": lambda case: case.town.write(case.who, "permis_conduire", ["d"]),
    "share": lambda case: case.town.share(case.who, case.alpha.structure_id, purpose="suivi_emploi", days=2),
    "withdraw": lambda case: case.town.withdraw(case.who, case.grants[1]),
    "change the structure's key": lambda case: rekey(case.town.parts, case.alpha.structure_id),
    "rotate": lambda case: case.rotate(FIELDS[:2]),
    "forget": lambda case: leaving.forget_entry(
        case.town.parts,
        case.who.carnet_id,
        next(e.entry_id for e in case.history() if e.compartment == FIELDS[1]),
        actor=case.who.actor,
    ),
}


@pytest.mark.parametrize("skip", [0, 4], ids=["grant", "fields"])
@pytest.mark.parametrize("act", ACTS)
def test_what_happens_while_it_seals_is_neither_lost_nor_undone(
    case: Case, act: str, skip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its look and before the lock: of the step for a grant's key, or of the one for the fields (each
    step asks twice, the second time under the lock)."""
    data = case.town.parts.data
    done = once_after(monkeypatch, data, "rotations_asked", lambda: ACTS[act](case), skip=skip)
    case.rotate()
    monkeypatch.undo()
    assert done
    case.due()
    assert all(len(epochs) == 1 for epochs in case.epochs().values()), case.epochs()
    own, seen = case.own(), case.seen(case.alpha)
    assert own["permis_conduire"] == (["d"] if act == "write" else ["b"])
    assert ("temps_travail_souhaite" in own) is (act != "forget")
    assert seen == {name: own[name] for name in SIAE_FIELDS if name in own}
    if act != "withdraw":
        assert case.seen(case.beta) == seen
    standing = {str(e.field_id) for e in case.history() if e.state is EntryState.CURRENT}
    assert standing == set(own)


@pytest.mark.parametrize("act", ["write", "share"])
def test_a_rotation_between_sealing_and_storing_makes_the_writer_seal_again(
    case: Case, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = once_after(monkeypatch, case.town.parts.data, "field_keys", case.rotate)
    ACTS[act](case)
    assert done
    assert case.seen(case.alpha)["permis_conduire"] == (["d"] if act == "write" else ["b"])
    assert all(epochs == {2} for name, epochs in case.epochs().items() if name in SIAE_FIELDS)


@pytest.mark.parametrize("between", ["append_reads", "read_facts"])
def test_a_reader_sees_all_of_it_whenever_the_rotation_falls(
    case: Case, between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = case.seen(case.alpha)
    once_after(monkeypatch, case.town.parts.data, between, case.rotate)
    assert case.seen(case.alpha) == before


def test_a_reader_that_saw_old_records_and_new_keys_looks_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = case.seen(case.alpha)
    honest, looks = case.town.parts.data.sealed_fields, list[int]()

    def sealed_fields(wanted: Any) -> Any:
        looks.append(1)
        if len(looks) > 1:
            return honest(wanted)
        old = honest(wanted)
        case.rotate()
        return [(records, wraps) for (records, _), (_, wraps) in zip(old, honest(wanted), strict=True)]

    monkeypatch.setattr(case.town.parts.data, "sealed_fields", sealed_fields)
    assert case.seen(case.alpha) == before
    assert len(looks) == 2


def test_a_reader_that_saw_an_old_record_before_its_key_went_looks_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation that had begun is finished between the two looks: the grant's own key is the same."""
    before = case.seen(case.alpha)
    with monkeypatch.context() as patch:
        patch.setattr(rotating, "MOST", 4)
        patch.setattr(rotating, "STEPS", 1)
        case.rotate(FIELDS[:1])
    assert case.epochs()[FIELDS[0]] == {1, 2}
    honest, looks = case.town.parts.data.sealed_fields, list[int]()

    def sealed_fields(wanted: Any) -> Any:
        looks.append(1)
        old = honest(wanted)
        if len(looks) == 1:
            case.due()
            return [(records, wraps) for (records, _), (_, wraps) in zip(old, honest(wanted), strict=True)]
        return old

    monkeypatch.setattr(case.town.parts.data, "sealed_fields", sealed_fields)
    assert case.seen(case.alpha) == before
    assert case.epochs()[FIELDS[0]] == {2}


def test_she_sees_all_of_it_whenever_the_rotation_falls(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    before = case.own()
    once_after(monkeypatch, case.town.parts.data, "own_records", case.rotate)
    assert case.own() == before


def test_what_somebody_altered_stays_as_it_is_and_the_rest_goes_on(case: Case) -> None:
    run(
        case.town,
        "UPDATE records SET record = :none WHERE carnet_id = :id AND compartment = :one",
        none=b"",
        id=case.who.carnet_id,
        one=FIELDS[0],
    )
    report = case.rotate()
    assert (report.compartments, report.pending) == (2, True)
    assert case.epochs()[FIELDS[0]] == {1}
    assert case.epochs()[FIELDS[1]] == {2}


def test_whatever_fails_she_has_come_in(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.ask()
    before = what_is_seen(case)

    def fails(*_: Any) -> Any:
        raise RuntimeError("a secret: 4242")

    with monkeypatch.context() as patch:
        patch.setattr(case.town.parts.data, "standing_grants", fails)
        assert case.due() == RotationReport(pending=True)
    with monkeypatch.context() as patch:
        patch.setattr(case.town.parts.data, "rotations_asked", fails)
        assert case.due() == RotationReport(pending=True)
    assert not case.due().pending
    untouched(case, before)


def test_an_erased_carnet_has_nothing_left_to_rotate(case: Case) -> None:
    case.ask()
    leaving.erase_carnet(case.town.parts, case.who.carnet_id, for_real=True, actor=OPERATOR)
    assert case.town.parts.data.rotations_asked(case.who.carnet_id) == []
    assert case.due() == RotationReport()


def test_among_readers_writers_and_changes_of_key_no_read_is_late_and_none_is_short(town: World) -> None:
    persons = [town.newcomer("ana"), town.newcomer("bob")]
    for who in persons:
        town.fill(who)
    systems = [town.system("SIAE Un"), town.system("SIAE Deux")]
    dice = random.Random(7)  # noqa: S311 - which, not what

    def change_keys() -> None:
        who = dice.choice(persons)
        rotate(town.parts, who.owner, FIELDS[: dice.randint(1, 3)], actor=who.actor)
        rekey(town.parts, dice.choice(systems).structure_id)

    seen = race(town, Scene.of(persons, systems), seconds=1.5, seed=5, more=[change_keys])
    events = check(town, persons, [seen])
    assert {Op.KEY_CHANGE, Op.READ} <= {event.op for event in events}
    for who in persons:
        rotate_due(town.parts, who.owner, who.actor)
        assert town.parts.data.rotations_begun(who.carnet_id) == []


def run(town: World, sql: str, **values: Any) -> None:
    """As somebody with the password of D, and no key."""
    with town.app.data.database.write() as connection:
        connection.execute(text(sql), values)
        connection.commit()

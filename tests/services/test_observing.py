"""Her words beside an entry: inseparable from it, answered and never hidden, destroyed when she says so."""

from collections.abc import Sequence

import pytest
from sqlalchemy import insert, select, update

from schemas.ids import CompartmentId, EntryId, FieldId, new_id
from schemas.names import Agreement, EntryState, Outcome, RecordKind, StructureKind
from tests.services.conftest import ONE_ENGINE
from tests.world import Professional, Someone, World
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.carnet.entries import Entry
from vault.carnet.errors import EntryBrokenError
from vault.services import journal, observing, reading, replying, rotating, writing
from vault.services.leaving import forget_entry
from vault.services.own_carnet import read_own_carnet
from vault.services.remarks import (
    LONGEST,
    MOST_OBSERVATIONS,
    NoSuchObservationError,
    RemarkRefusedError,
    remarks_of,
)
from vault.services.upkeep import finish_forgettings
from vault.storage.data_store import SqlDataStore
from vault.storage.tables import carnets, records

SIAE = StructureKind.SIAE
FIELD = "permis_conduire"


class Two:
    """A person who wrote, and a professional who reads one field of hers."""

    def __init__(self, town: World) -> None:
        self.town = town
        self.ana = town.newcomer()
        self.entry = town.write(self.ana, FIELD, ["b"])
        self.paul = town.member(town.structure(), "paul" + new_id()[:6], kind=SIAE)
        self.grant = town.share(self.ana, self.paul.structure_id, [FIELD])

    def observes(self, text: str = "Ce n’est plus vrai.", **told: int) -> EntryId:
        made = observing.observe(
            self.town.parts, self.ana.owner, self.entry.entry_id, text, actor=self.ana.actor, **told
        )
        return made.observation_id

    def answers(self, observation_id: EntryId, text: str = "Je le note.") -> object:
        return replying.reply(self.town.parts, self.paul.reader, self.ana.carnet_id, observation_id, text)

    def hers(self) -> Entry:
        found = read_own_carnet(self.town.parts, self.ana.owner, actor=self.ana.actor)
        return found.by_field()[FieldId(FIELD)]

    def his(self) -> Entry:
        return read_by(self.town, self.paul, self.ana)[0]


@pytest.fixture
def two(town: World) -> Two:
    return Two(town)


def read_by(town: World, who: Professional, whom: Someone, field: str = FIELD) -> Sequence[Entry]:
    answer = town.read(who, whom.carnet_id, [field])
    assert isinstance(answer, reading.FieldsView), answer
    return next(iter(answer.fields.values()))


def last_ops(town: World, count: int) -> list[tuple[Op, Outcome]]:
    size = town.parts.data.log_size()
    rows = sorted(town.parts.data.log_rows(range(size - count, size)), key=lambda row: row.no)
    return [(leaf.op, leaf.out) for leaf in (Leaf.parse(row.leaf) for row in rows)]


def test_an_observation_stands_beside_its_entry_for_her_and_for_whoever_reads_it(two: Two) -> None:
    assert not two.his().contested
    observation_id = two.observes()
    assert last_ops(two.town, 2) == [(Op.READ_OWN, Outcome.GRANTED), (Op.OBSERVE, Outcome.GRANTED)]
    for entry in (two.hers(), two.his()):
        (told,) = entry.observations
        assert (told.observation_id, told.body.text) == (observation_id, "Ce n’est plus vrai.")
        assert (told.body.on_version, told.body.version_at) == (1, two.entry.body.collected_at)
        assert entry.contested


def test_it_stays_beside_later_versions_and_says_which_one_it_is_about(two: Two) -> None:
    two.observes(version=1)
    two.town.write(two.ana, FIELD, ["b", "a"])
    with pytest.raises(writing.RevisionConflictError):
        two.observes(version=1)
    for entry in (two.hers(), two.his()):
        assert entry.version == 2
        assert [one.body.on_version for one in entry.observations] == [1]


def test_a_professional_who_reads_the_entry_answers_and_everybody_reads_both(two: Two) -> None:
    observation_id = two.observes()
    assert isinstance(two.answers(observation_id), replying.Replied)
    assert last_ops(two.town, 2) == [(Op.READ, Outcome.GRANTED), (Op.REPLY, Outcome.GRANTED)]
    for entry in (two.hers(), two.his()):
        (reply,) = entry.observations[0].replies
        assert (reply.body.text, reply.body.author) == ("Je le note.", two.paul.professional_id)
        assert "SIAE Alpha" in reply.body.source


def test_she_maintains_after_a_reply_and_only_then(two: Two) -> None:
    observation_id = two.observes()
    parts, ana = two.town.parts, two.ana
    with pytest.raises(observing.NotAnsweredError):
        observing.maintain(parts, ana.owner, observation_id, actor=ana.actor)
    two.answers(observation_id)
    observing.maintain(parts, ana.owner, observation_id, actor=ana.actor)
    assert [one.body.author for one in two.his().observations[0].replies] == [
        two.paul.professional_id,
        writing.BY_PERSON,
    ]
    with pytest.raises(observing.NotAnsweredError):
        observing.maintain(parts, ana.owner, observation_id, "Vraiment.", actor=ana.actor)


def test_what_she_takes_back_opens_for_nobody_even_from_rows_kept_elsewhere(two: Two) -> None:
    """The rows as a backup of the data store would bring them back, with the living keys."""
    data = two.town.parts.data
    assert isinstance(data, SqlDataStore)
    observation_id, kept = two.observes(), two.observes("Une autre.")
    two.answers(observation_id)
    statement = select(records).where(records.c.carnet_id == two.ana.carnet_id)
    with data.database.read() as connection:
        backup = [
            dict(row._mapping) for row in connection.execute(statement.where(records.c.kind != "entry"))
        ]
    assert len(backup) == 3
    observing.take_back(two.town.parts, two.ana.owner, observation_id, actor=two.ana.actor)
    assert last_ops(two.town, 1) == [(Op.RETRACT, Outcome.GRANTED)]
    with data.database.read() as connection:
        left = connection.execute(statement.where(records.c.kind != "entry")).all()
    assert [row.entry_id for row in left] == [kept]
    with data.database.transaction() as connection:
        connection.execute(insert(records), [row for row in backup if row["entry_id"] != kept])
    for entry in (two.hers(), two.his()):
        assert [one.observation_id for one in entry.observations] == [kept]
    with pytest.raises(NoSuchObservationError):
        observing.maintain(two.town.parts, two.ana.owner, observation_id, actor=two.ana.actor)


@ONE_ENGINE
def test_nothing_is_said_beside_what_was_forgotten_and_all_that_was_is_found_with_it(two: Two) -> None:
    first, second = two.observes(), two.observes("Encore.")
    two.answers(second)
    heads = two.town.parts.data.heads(two.ana.carnet_id)
    found = remarks_of(heads, two.entry.entry_id)
    assert {head.entry_id for head in found} > {first, second}
    assert sorted(head.kind for head in found) == ["observation", "observation", "reply"]
    forget_entry(two.town.parts, two.ana.carnet_id, two.entry.entry_id, actor=two.ana.actor)
    with pytest.raises(writing.NoSuchEntryError):
        two.observes()


@ONE_ENGINE
def test_an_entry_forgotten_while_she_writes_beside_it_takes_no_observation(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = journal.draft

    def forgotten_first(*told, **more):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(observing, "draft", whole)
        forget_entry(two.town.parts, two.ana.carnet_id, two.entry.entry_id, actor=two.ana.actor)
        return whole(*told, **more)

    monkeypatch.setattr(observing, "draft", forgotten_first)
    with pytest.raises(writing.NoSuchEntryError):
        two.observes()
    assert not remarks_of(two.town.parts.data.heads(two.ana.carnet_id), two.entry.entry_id)


@ONE_ENGINE
def test_another_version_that_comes_while_she_writes_is_to_be_read_first(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = journal.draft

    def written_first(*told, **more):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(observing, "draft", whole)
        two.town.write(two.ana, FIELD, ["a"])
        return whole(*told, **more)

    monkeypatch.setattr(observing, "draft", written_first)
    with pytest.raises(writing.RevisionConflictError):
        two.observes()
    assert not two.hers().observations


@ONE_ENGINE
def test_killed_once_it_is_marked_what_she_took_back_is_destroyed_by_the_next_pass(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    observation_id = two.observes()
    two.answers(observation_id)

    def killed(*_):  # type: ignore[no-untyped-def]
        raise KeyboardInterrupt

    monkeypatch.setattr(observing, "finish_forgetting", killed)
    with pytest.raises(KeyboardInterrupt):
        observing.take_back(two.town.parts, two.ana.owner, observation_id, actor=two.ana.actor)
    assert not two.hers().observations
    assert not two.his().observations
    finish_forgettings(two.town.parts)
    left = two.town.parts.data.heads(two.ana.carnet_id)
    assert not [head for head in left if head.kind is not RecordKind.ENTRY]


@ONE_ENGINE
def test_a_frozen_entry_shows_its_observation_to_her_alone(two: Two) -> None:
    two.observes()
    with two.town.parts.data.change() as work:
        work.set_entry_state(two.ana.carnet_id, two.entry.entry_id, EntryState.FROZEN)
        work.commit()
    assert two.hers().observations
    answer = two.town.read(two.paul, two.ana.carnet_id, [FIELD])
    assert isinstance(answer, reading.FieldsView)
    assert answer.fields == {}


@ONE_ENGINE
def test_who_does_not_read_the_entry_cannot_answer_and_learns_nothing(two: Two) -> None:
    observation_id = two.observes()
    other = two.town.member(two.town.structure("Autre"), "lea" + new_id()[:6], kind=SIAE)
    two.town.write(two.ana, "vehicule_disponible", "velo")
    two.town.share(two.ana, other.structure_id, ["vehicule_disponible"])
    for who, carnet_id, which in (
        (other, two.ana.carnet_id, observation_id),  # reads something else of hers
        (other, new_id(), observation_id),  # no such carnet
        (two.paul, two.ana.carnet_id, EntryId(new_id())),  # no such observation
        (two.paul, two.ana.carnet_id, two.entry.entry_id),  # an entry is none
    ):
        before = two.town.parts.data.log_size()
        answer = replying.reply(two.town.parts, who.reader, carnet_id, which, "Bonjour")  # type: ignore[arg-type]
        assert isinstance(answer, reading.NotShared)
        assert two.town.parts.data.log_size() == before + 1
    two.town.withdraw(two.ana, two.grant)
    assert isinstance(two.answers(observation_id), reading.AccessEnded)
    assert not two.hers().observations[0].replies


@ONE_ENGINE
def test_a_share_stopped_while_he_writes_takes_no_reply(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    observation_id, whole = two.observes(), journal.draft

    def stopped_first(*told, **more):  # type: ignore[no-untyped-def]
        two.town.withdraw(two.ana, two.grant)
        return whole(*told, **more)

    monkeypatch.setattr(replying, "draft", stopped_first)
    assert isinstance(two.answers(observation_id), reading.AccessEnded)
    assert not two.hers().observations[0].replies


@ONE_ENGINE
def test_keys_that_change_while_he_writes_are_looked_at_again(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's share of the field is stopped, and the field gets a new key, between seal and lock."""
    other = two.town.system("Autre")
    given = two.town.share(two.ana, other.structure_id, [FIELD])
    observation_id, whole = two.observes(), journal.draft

    def rotated_first(*told, **more):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(replying, "draft", whole)
        two.town.withdraw(two.ana, given)
        rotating.rotate(two.town.parts, two.ana.owner, [CompartmentId(FIELD)], actor=two.ana.actor)
        return whole(*told, **more)

    monkeypatch.setattr(replying, "draft", rotated_first)
    assert isinstance(two.answers(observation_id), replying.Replied)
    for entry in (two.hers(), two.his()):
        assert [one.body.text for one in entry.observations[0].replies] == ["Je le note."]


@ONE_ENGINE
def test_a_reader_of_the_exact_form_reads_what_a_reader_of_the_coarse_one_answered(town: World) -> None:
    ana = town.newcomer()
    town.write(ana, "revenus_sources", ["rsa"])
    coarse, exact = (
        town.member(town.structure("CCAS", StructureKind.CCAS), name + new_id()[:6], kind=StructureKind.CCAS)
        for name in ("rose", "yann")
    )
    purpose = "accompagnement"
    town.share(ana, coarse.structure_id, ["revenus_sources"], purpose=purpose)
    both = ["revenus_sources", "revenus_sources:precis"]
    town.share(ana, exact.structure_id, both, purpose=purpose)
    entry_id = (
        read_own_carnet(town.parts, ana.owner, actor=ana.actor)
        .by_field()[FieldId("revenus_sources")]
        .entry_id
    )
    said = observing.observe(town.parts, ana.owner, entry_id, "Non.", actor=ana.actor)
    replying.reply(town.parts, coarse.reader, ana.carnet_id, said.observation_id, "Vu.")
    answer = town.read(exact, ana.carnet_id, both, purpose=purpose)
    assert isinstance(answer, reading.FieldsView)
    for entries in answer.fields.values():
        (observation,) = entries[0].observations
        assert [one.body.text for one in observation.replies] == ["Vu."]


@ONE_ENGINE
def test_as_many_are_kept_as_are_shown_and_no_longer_than_is_read(two: Two) -> None:
    for text in ("", " \n ", "x" * (LONGEST + 1), "un\x00deux"):
        with pytest.raises(RemarkRefusedError):
            two.observes(text)
    for _ in range(MOST_OBSERVATIONS):
        two.observes()
    with pytest.raises(RemarkRefusedError):
        two.observes()
    two.town.write(two.ana, FIELD, ["a"])  # values go on having room


@ONE_ENGINE
def test_words_keep_no_slot_that_values_need(two: Two) -> None:
    data = two.town.parts.data
    assert isinstance(data, SqlDataStore)
    with data.database.transaction() as connection:
        connection.execute(
            update(carnets).where(carnets.c.carnet_id == two.ana.carnet_id).values(next_slot=60_000)
        )
    with pytest.raises(RemarkRefusedError):
        two.observes()
    two.town.write(two.ana, "vehicule_disponible", "velo")


@ONE_ENGINE
def test_an_observation_moved_beside_another_entry_is_shown_nowhere(two: Two) -> None:
    """By somebody who writes in the data store."""
    data = two.town.parts.data
    assert isinstance(data, SqlDataStore)
    other = two.town.write(two.ana, "vehicule_disponible", "velo")
    two.observes()
    mine = update(records).where(records.c.carnet_id == two.ana.carnet_id)
    with data.database.transaction() as connection:
        connection.execute(
            mine.where(records.c.kind == RecordKind.OBSERVATION.value).values(on_entry=other.entry_id)
        )
    with pytest.raises(EntryBrokenError):
        two.hers()
    assert isinstance(two.town.read(two.paul, two.ana.carnet_id, [FIELD]), EntryBrokenError)


@ONE_ENGINE
def test_an_observation_is_not_a_value_and_one_on_what_is_not_shared_tells_nothing(two: Two) -> None:
    """« Ne souhaite pas répondre » with words of hers beside it looks like an empty field."""
    declined = two.town.decline(two.ana, FIELD)
    two.observes()
    assert declined.entry_id == two.entry.entry_id
    answer = two.town.read(two.paul, two.ana.carnet_id, [FIELD])
    assert isinstance(answer, reading.FieldsView)
    assert answer.fields == {}


@ONE_ENGINE
def test_to_disagree_and_to_observe_are_two_things_and_each_says_contested(two: Two) -> None:
    disagreed = two.town.write(two.ana, "vehicule_disponible", "velo", agreement=Agreement.DISAGREED)
    assert disagreed.body.agreement is Agreement.DISAGREED
    two.observes()
    found = read_own_carnet(two.town.parts, two.ana.owner, actor=two.ana.actor).by_field()
    assert found[FieldId("vehicule_disponible")].contested
    assert found[FieldId(FIELD)].contested
    assert found[FieldId(FIELD)].body.agreement is Agreement.AGREED

"""Several entries in one field, corrected one by one, agreed with or not, and what each said before."""

from typing import Any

import pytest

from schemas.ids import EntryId, FieldId, new_id
from schemas.names import Agreement, EntryState
from tests.world import Someone, World
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.carnet.entries import Entry
from vault.services.leaving import forget_entry
from vault.services.observing import observe
from vault.services.own_carnet import read_own_carnet
from vault.services.own_entries import (
    NothingToAgreeError,
    read_own_entry,
    say_agreement,
)
from vault.services.writing import (
    Answer,
    EntryFrozenError,
    InvalidValueError,
    NoSuchEntryError,
    ReadOnlyFieldError,
    RevisionConflictError,
    write_answers,
    write_entry,
)

PROMISE = {"partie": "administration", "texte": "Trouver une place.", "etat": "en_cours"}
ROUX = {"source": "Mme Roux (CCAS)", "author": new_id()}


def add(town: World, who: Someone, field: str, value: object, **told: Any) -> Entry:
    answer = Answer(FieldId(field), value, **told)
    return write_entry(town.parts, who.owner, answer, actor=who.actor)


def own(town: World, who: Someone, entry_id: EntryId) -> tuple[Entry, tuple[Entry, ...]]:
    found = read_own_entry(town.parts, who.owner, entry_id, actor=who.actor)
    return found.entry, found.before


def agree(town: World, who: Someone, entry: Entry, agreement: Agreement, version: int | None = None) -> Entry:
    return say_agreement(town.parts, who.owner, entry.entry_id, agreement, actor=who.actor, version=version)


def test_each_entry_of_a_field_has_its_own_versions(town: World) -> None:
    ana = town.newcomer()
    first = add(town, ana, "projets", {"intitule": "Cuisiner"})
    second = add(town, ana, "projets", {"intitule": "Servir"})
    add(town, ana, "projets", {"intitule": "Cuisiner à domicile"}, entry_id=first.entry_id, version=1)
    carnet = read_own_carnet(town.parts, ana.owner, actor=ana.actor)
    held = [one.body.value["intitule"] for one in carnet.in_fields()[FieldId("projets")]]
    assert sorted(held) == ["Cuisiner à domicile", "Servir"]
    entry, before = own(town, ana, first.entry_id)
    assert (entry.version, [one.body.value for one in before]) == (2, [{"intitule": "Cuisiner"}])
    assert own(town, ana, second.entry_id)[1] == ()


def test_a_field_that_holds_several_is_written_entry_by_entry_and_only_with_a_value(town: World) -> None:
    ana = town.newcomer()
    with pytest.raises(ReadOnlyFieldError):
        town.write(ana, "projets", {"intitule": "Cuisiner"})
    with pytest.raises(InvalidValueError):
        add(town, ana, "projets", {})
    with pytest.raises(ReadOnlyFieldError):
        add(town, ana, "permis_conduire", ["b"])
    with pytest.raises(NoSuchEntryError):
        add(town, ana, "projets", {"intitule": "x"}, entry_id=EntryId(new_id()))


def test_her_word_is_a_new_version_that_keeps_all_the_rest(town: World) -> None:
    ana = town.newcomer()
    theirs = add(town, ana, "engagements", PROMISE, **ROUX)
    assert theirs.body.agreement is Agreement.NOT_COLLECTED, "nobody asked her"
    said = agree(town, ana, theirs, Agreement.DISAGREED)
    assert said.body == theirs.body._replace(agreement=Agreement.DISAGREED)
    assert (said.version, said.contested) == (2, True)
    assert agree(town, ana, theirs, Agreement.DISAGREED).version == 2, "said once"
    assert agree(town, ana, theirs, Agreement.AGREED).contested is False
    entry, before = own(town, ana, theirs.entry_id)
    assert [one.body.agreement for one in (entry, *before)] == [
        Agreement.AGREED,
        Agreement.DISAGREED,
        Agreement.NOT_COLLECTED,
    ]
    assert {one.body.author for one in (entry, *before)} == {ROUX["author"]}


def test_she_says_whether_she_agrees_with_what_she_wrote_herself(town: World) -> None:
    ana = town.newcomer()
    mine = town.write(ana, "revenus_sources", ["aah"])
    said = agree(town, ana, mine, Agreement.NOT_COLLECTED, version=1)
    assert (said.body.value, said.body.agreement) == (["aah"], Agreement.NOT_COLLECTED)
    assert own(town, ana, mine.entry_id)[0].body.value == ["aah"], "exact, though it has two forms"
    assert town.write(ana, "revenus_sources", ["rsa"]).body.agreement is Agreement.AGREED


def test_what_changed_since_she_read_it_is_not_agreed_with(town: World) -> None:
    ana = town.newcomer()
    mine = add(town, ana, "projets", {"intitule": "Cuisiner"})
    add(town, ana, "projets", {"intitule": "Servir"}, entry_id=mine.entry_id)
    with pytest.raises(RevisionConflictError):
        agree(town, ana, mine, Agreement.DISAGREED, version=1)


def test_nobody_agrees_with_a_name_nor_with_no_answer(town: World) -> None:
    ana = town.newcomer()
    carnet = read_own_carnet(town.parts, ana.owner, actor=ana.actor)
    name = carnet.by_field()[FieldId("identite_nom")]
    for entry in (name, town.decline(ana, "permis_conduire")):
        with pytest.raises(NothingToAgreeError):
            agree(town, ana, entry, Agreement.DISAGREED)


def test_a_frozen_entry_is_read_and_not_changed(town: World) -> None:
    ana = town.newcomer()
    mine = add(town, ana, "projets", {"intitule": "Cuisiner"})
    with town.parts.data.change() as work:
        work.set_entry_state(ana.carnet_id, mine.entry_id, EntryState.FROZEN, version=1)
        work.commit()
    assert own(town, ana, mine.entry_id)[0].state is EntryState.FROZEN
    with pytest.raises(EntryFrozenError):
        agree(town, ana, mine, Agreement.DISAGREED)
    with pytest.raises(EntryFrozenError):
        add(town, ana, "projets", {"intitule": "Servir"}, entry_id=mine.entry_id)


def test_an_observation_stands_beside_the_entry_and_is_none(town: World) -> None:
    ana = town.newcomer()
    mine = add(town, ana, "engagements", PROMISE, **ROUX)
    said = observe(town.parts, ana.owner, mine.entry_id, "Ce n’est pas ce qui a été dit.", actor=ana.actor)
    after = agree(town, ana, mine, Agreement.AGREED)
    assert [one.body.text for one in after.observations] == ["Ce n’est pas ce qui a été dit."]
    assert after.contested, "her observation stands"
    assert len(own(town, ana, mine.entry_id)[0].observations) == 1
    with pytest.raises(NoSuchEntryError):
        own(town, ana, said.observation_id)


def test_a_forgotten_entry_or_somebody_elses_is_not_found_and_nothing_is_logged(town: World) -> None:
    ana, bob = town.newcomer(), town.newcomer("bob")
    mine, hers = (add(town, who, "projets", {"intitule": "Cuisiner"}) for who in (ana, bob))
    forget_entry(town.parts, ana.carnet_id, mine.entry_id, actor=ana.actor)
    size = town.parts.data.log_size()
    for entry in (mine, hers):
        with pytest.raises(NoSuchEntryError):
            own(town, ana, entry.entry_id)
    assert town.parts.data.log_size() == size


def test_a_look_and_her_word_each_leave_one_entry(town: World) -> None:
    ana = town.newcomer()
    mine = add(town, ana, "engagements", PROMISE, **ROUX)
    size = town.parts.data.log_size()
    agree(town, ana, mine, Agreement.AGREED)
    rows = town.parts.data.log_rows(range(size, town.parts.data.log_size()))
    assert [Leaf.parse(row.leaf).op for row in sorted(rows, key=lambda row: row.no)] == [
        Op.READ_OWN,
        Op.WRITE,
    ]


def test_several_entries_and_a_field_are_saved_whole_or_not_at_all(town: World) -> None:
    ana = town.newcomer()
    first = add(town, ana, "projets", {"intitule": "Cuisiner"})
    late = [
        Answer(FieldId("projets"), {"intitule": "Servir"}),
        Answer(FieldId("projets"), {"intitule": "x"}, entry_id=first.entry_id, version=7),
    ]
    with pytest.raises(RevisionConflictError):
        write_answers(town.parts, ana.owner, late, actor=ana.actor)
    carnet = read_own_carnet(town.parts, ana.owner, actor=ana.actor)
    assert len(carnet.in_fields()[FieldId("projets")]) == 1

"""What a reader may learn of an answer: the compartment it was given, nothing of the rest, and never that
something was refused, left empty or hidden. And what a copy of the files may learn: not even a length."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from schemas.asking import FormKind
from schemas.fields import PRECIS, Catalogue, Field
from schemas.ids import CompartmentId, FieldId
from schemas.names import Agreement, AnswerKind, EntryState, StructureKind
from tests.services.conftest import ONE_ENGINE
from tests.world import Someone, System, World
from vault.carnet.entries import Body
from vault.crypto import FieldKey, SlotSalt
from vault.services import leaving, own_carnet, reading, writing
from vault.services.entries import seal_body
from vault.services.own_carnet import Access
from vault.services.reading import FieldsView
from vault.services.rows import RecordHead
from vault.services.writing import Answer

CATALOGUE = Catalogue.load()
SPLIT = [field for field in CATALOGUE.fields if len(field.compartments()) == 2]
PURPOSE = "accompagnement"
STRUCTURES = "accompagnement_structures"
TELLING_ROW = {"nom": "CSAPA Les Tilleuls", "kind": "association"}
PLAIN_ROW = {"nom": "CCAS de Villeneuve", "kind": "ccas"}


@dataclass(frozen=True)
class Shared:
    """A person with one reader of the coarse compartments and one of the precise ones."""

    town: World
    who: Someone
    coarse: System
    precise: System

    def write(self, field_id: str, value: Any) -> None:
        self.town.write(self.who, field_id, value)

    def read(self, reader: System, fields: Any = ()) -> dict[str, Any]:
        asked = tuple(fields) or tuple(one.id for field in SPLIT for one in field.compartments())
        return self.town.values(reader, self.who.carnet_id, fields=asked, purpose=PURPOSE)

    def last_access(self) -> Access:
        accesses, _ = own_carnet.list_accesses(self.town.parts, self.who.owner, actor=self.who.actor)
        return accesses[0]


@pytest.fixture(scope="session")
def readers(town: World) -> tuple[System, System]:
    return (
        town.system("CCAS Grossier", StructureKind.CCAS),
        town.system("CCAS Précis", StructureKind.CCAS),
    )


@pytest.fixture
def shared(town: World, readers: tuple[System, System]) -> Shared:
    who = town.newcomer("zoe")
    coarse, precise = readers
    town.share(who, coarse.structure_id, [field.id for field in SPLIT], purpose=PURPOSE)
    town.share(who, precise.structure_id, [field.id + PRECIS for field in SPLIT], purpose=PURPOSE)
    return Shared(town, who, coarse, precise)


def groups(field: Field) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = field.node["carnet"]["precis"]["groups"]
    return found


# --- the coarse form never reveals -----------------------------------------------------------------------


@ONE_ENGINE
@pytest.mark.parametrize("field", [field for field in SPLIT if groups(field)], ids=lambda field: field.id)
def test_the_members_of_a_group_are_one_to_the_reader_of_the_coarse_form(
    shared: Shared, field: Field
) -> None:
    for name, members in groups(field).items():
        for member in members:
            shared.write(field.id, [member])
            assert shared.read(shared.coarse) == {field.id: [[name]]}
            assert shared.read(shared.precise) == {field.id + PRECIS: [[member]]}


def test_a_row_that_says_too_much_is_not_there_for_the_reader_of_the_coarse_form(shared: Shared) -> None:
    shared.write(STRUCTURES, [PLAIN_ROW, TELLING_ROW])
    assert shared.read(shared.coarse) == {STRUCTURES: [[PLAIN_ROW]]}
    assert shared.read(shared.precise) == {STRUCTURES + PRECIS: [[PLAIN_ROW, TELLING_ROW]]}


def test_an_answer_is_written_once_in_each_compartment_whatever_it_is(shared: Shared) -> None:
    for field in SPLIT:
        for answer in (
            Answer(field.id, None, AnswerKind.PREFERS_NOT_TO_SAY),
            Answer(field.id, [TELLING_ROW] if field.id == STRUCTURES else [field.choices[0].value]),
        ):
            writing.write_field(shared.town.parts, shared.who.owner, answer, actor=shared.who.actor)
    by_field: dict[str, list[RecordHead]] = {}
    for head in shared.town.parts.data.heads(shared.who.carnet_id):
        by_field.setdefault(head.compartment.partition(":")[0], []).append(head)
    for field in SPLIT:
        heads = by_field[field.id]
        assert sorted((head.compartment, head.version) for head in heads) == [
            (one, version) for one in (field.id, field.id + PRECIS) for version in (1, 2)
        ]
        assert len({(head.entry_id, head.slot) for head in heads}) == 1, "one answer, one slot"
        for version, state in ((1, EntryState.REPLACED), (2, EntryState.CURRENT)):
            assert {head.state for head in heads if head.version == version} == {state}


def test_the_person_sees_what_she_said_not_its_coarse_form(shared: Shared) -> None:
    shared.write("revenus_sources", ["aah"])
    carnet = own_carnet.read_own_carnet(shared.town.parts, shared.who.owner, actor=shared.who.actor)
    entry = carnet.by_field()[FieldId("revenus_sources")]
    assert (entry.compartment, entry.body.value) == ("revenus_sources:precis", ["aah"])


# --- nothing, however it came to be nothing --------------------------------------------------------------

NOTHINGS = [
    "never asked",
    *(kind.value for kind in AnswerKind if kind is not AnswerKind.ANSWERED),
    "nothing left of it",
    "answered then refused",
    "forgotten",
]


def leave_nothing(shared: Shared, how: str) -> None:
    """A field of which the coarse reader may be given nothing."""
    if how == "never asked":
        return
    if how in set(AnswerKind):
        answer = Answer(FieldId(STRUCTURES), None, AnswerKind(how))
        writing.write_field(shared.town.parts, shared.who.owner, answer, actor=shared.who.actor)
        return
    if how == "nothing left of it":
        shared.write(STRUCTURES, [TELLING_ROW])
        return
    shared.write(STRUCTURES, [PLAIN_ROW])
    if how == "answered then refused":
        shared.town.decline(shared.who, STRUCTURES)
        return
    heads = shared.town.parts.data.heads(shared.who.carnet_id)
    entry_id = next(head.entry_id for head in heads if head.compartment == STRUCTURES)
    leaving.forget_entry(shared.town.parts, shared.who.carnet_id, entry_id, actor=shared.who.actor)


@pytest.mark.parametrize("how", NOTHINGS)
def test_a_reader_cannot_tell_why_there_is_nothing(shared: Shared, how: str) -> None:
    leave_nothing(shared, how)
    answer = shared.town.read(shared.coarse, shared.who.carnet_id, [STRUCTURES], purpose=PURPOSE)
    assert isinstance(answer, FieldsView)
    plain = replace(answer, access_no=0, at=None, grant=None, carnet_id="")  # type: ignore[arg-type]
    assert plain == FieldsView("", PURPOSE, 0, None, None, {})  # type: ignore[arg-type]
    assert STRUCTURES not in repr(answer.fields)
    access = shared.last_access()
    assert access.no == answer.access_no
    assert access.fields == (), "what was not seen is not said to have been"


@ONE_ENGINE
@pytest.mark.parametrize("how", NOTHINGS[1:])
def test_even_if_the_journal_were_wrong_about_what_is_held_nothing_is_given(
    shared: Shared, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second lock: what opened is looked at once more before it is given."""
    monkeypatch.setattr(reading, "held_heads", lambda heads, *_: tuple(heads))
    leave_nothing(shared, how)
    assert shared.read(shared.coarse) == {}


@ONE_ENGINE
@pytest.mark.parametrize("how", NOTHINGS[1:])
def test_what_stands_beside_nothing_is_read_and_logged_alone(shared: Shared, how: str) -> None:
    shared.write("priorites", ["emploi"])
    leave_nothing(shared, how)
    assert shared.read(shared.coarse) == {"priorites": [["emploi"]]}
    assert shared.last_access().fields == ("priorites",)


def test_the_order_of_what_is_read_is_not_the_order_of_writing(
    shared: Shared, town: World, readers: tuple[System, System]
) -> None:
    names = ["priorites", "revenus_sources", "aide_immediate_nature"]
    values = {"priorites": ["emploi"], "revenus_sources": ["salaire"], "aide_immediate_nature": ["autre"]}
    for name in names:
        shared.write(name, values[name])
    other = town.newcomer("léo")
    town.share(other, shared.coarse.structure_id, [field.id for field in SPLIT], purpose=PURPOSE)
    for name in reversed(names):
        town.write(other, name, ["autre"])
        town.write(other, name, values[name])
    theirs = town.values(shared.coarse, other.carnet_id, fields=names, purpose=PURPOSE)
    assert list(theirs.items()) == list(shared.read(shared.coarse, names).items())


# --- lengths ---------------------------------------------------------------------------------------------


def closed_values(field: Field) -> list[Any]:
    """Every value of a field that has a closed list of them; dates over the years one may give."""
    if field.kind is FormKind.YES_NO:
        return [True, False]
    if field.kind is FormKind.CHOICE_ONE:
        return [choice.value for choice in field.choices]
    if field.kind is FormKind.DATE:
        return [
            f"{year}-{month:02d}-{day:02d}"
            for year in (1900, 2026, 2099)
            for month, day in ((1, 1), (12, 31))
        ]
    if field.kind in (FormKind.CHOICE_MANY, FormKind.ORDERED_CHOICE):
        return [[choice.value] for choice in field.choices]
    return []


CLOSED = [field for field in CATALOGUE.fields if not field.collection and closed_values(field)]


def everything_said(field: Field) -> Iterator[tuple[AnswerKind, Any]]:
    for value in closed_values(field):
        assert CATALOGUE.validate_value(field.id, value) == [], (field.id, value)
        yield AnswerKind.ANSWERED, value
    for kind in AnswerKind:
        if kind is not AnswerKind.ANSWERED:
            yield kind, None


@ONE_ENGINE
@pytest.mark.parametrize("field", CLOSED, ids=lambda field: field.id)
def test_everything_one_may_say_in_a_closed_field_seals_to_one_length(field: Field, town: World) -> None:
    key, salt, now = FieldKey(bytes(32)), SlotSalt(bytes(32)), town.parts.now()
    for compartment in field.compartments():
        lengths = set()
        for kind, said in everything_said(field):
            coarse = kind is AnswerKind.ANSWERED and not compartment.precis
            value = CATALOGUE.coarse(field.id, said) if coarse else said
            for author in ("person", "FranceConnect"):
                body = Body(value, kind, author, author, now, Agreement.NOT_COLLECTED)
                head = a_head(compartment.id, town.parts.random(8))
                lengths.add(len(seal_body(body, head, key=key, salt=salt, instance="i").record))
        assert len(lengths) == 1, compartment.id


def a_head(compartment: CompartmentId, held: bytes) -> RecordHead:
    return RecordHead("c", "e", compartment, 1, 0, 1, 1, EntryState.CURRENT, held)  # type: ignore[arg-type]


def test_in_the_files_no_closed_field_has_two_lengths(small_town: World) -> None:
    """The same through the real path: form after form, until every value was written once."""
    town, who = small_town, small_town.newcomer("ida")
    single = [field for field in CLOSED if field.kind not in (FormKind.CHOICE_MANY, FormKind.ORDERED_CHOICE)]
    said = {field.id: list(everything_said(field)) for field in single}
    for round_ in range(max(map(len, said.values()))):
        answers = [Answer(FieldId(name), *reversed(told[round_ % len(told)])) for name, told in said.items()]
        writing.write_answers(town.parts, who.owner, answers, actor=who.actor)
    lengths: dict[str, set[tuple[int, int]]] = {}
    for row in town.parts.data.own_records(who.carnet_id, history=True):
        lengths.setdefault(row.head.compartment, set()).add((len(row.record), len(row.head.held)))
    assert lengths.keys() == {field.id for field in single} | {"identite_nom"}
    assert {name: found for name, found in lengths.items() if len(found) > 1} == {}


def test_without_padding_the_values_of_a_health_field_would_have_lengths_of_their_own(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the test above can fail."""
    from vault.crypto import record

    monkeypatch.setattr(record, "pad", lambda body: body + b"\x80")
    field = CATALOGUE.field("sante_retentissement")
    with pytest.raises(AssertionError, match="sante_retentissement"):
        test_everything_one_may_say_in_a_closed_field_seals_to_one_length(field, town)

"""Writing in one's carnet: nothing is lost between two writers, nothing is half-written, nothing is stored
where it does not belong."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import pytest

from schemas.ids import FieldId, GrantId
from schemas.names import AnswerKind, EntryState, Outcome
from tests.services.conftest import ONE_ENGINE
from tests.world import SIAE_FIELDS, Someone, System, World
from vault.audit.events import Op
from vault.errors import LogUnavailableError
from vault.services import leaving, own_carnet, writing
from vault.services.journal import OPERATOR
from vault.services.writing import (
    Answer,
    CarnetClosedError,
    InvalidValueError,
    ReadOnlyFieldError,
    RevisionConflictError,
)

FIELD = FieldId("enfants_nombre")


@pytest.fixture
def eva(town: World) -> Someone:
    return town.newcomer("eva")


@pytest.fixture(scope="session")
def beta(town: World) -> System:
    return town.system("SIAE Bêta")


def opened(town: World, who: Someone) -> dict[str, Any]:
    """Her carnet: value, or why there is none, with the version."""
    carnet = own_carnet.read_own_carnet(town.parts, who.owner, actor=who.actor)
    return {
        entry.field_id: (entry.body.value if entry.body.holds else entry.body.answer, entry.version)
        for entry in carnet.entries
        if entry.field_id != "identite_nom"
    }


def rows(town: World, who: Someone, field_id: str = FIELD) -> list[Any]:
    """Every record of a field and its compartments, of every version."""
    return [
        row
        for row in town.parts.data.own_records(who.carnet_id, history=True)
        if row.head.compartment.partition(":")[0] == field_id
    ]


def form(town: World, who: Someone, *answers: Answer) -> list[Any]:
    return writing.write_answers(town.parts, who.owner, answers, actor=who.actor)


# --- versions --------------------------------------------------------------------------------------------


def test_writing_again_makes_the_next_version_and_keeps_the_history(town: World, eva: Someone) -> None:
    for number in range(3):
        assert town.write(eva, FIELD, number).version == number + 1
    assert opened(town, eva) == {FIELD: (2, 3)}
    states = {row.head.version: row.head.state for row in rows(town, eva)}
    assert states == {1: EntryState.REPLACED, 2: EntryState.REPLACED, 3: EntryState.CURRENT}
    assert len({(row.head.entry_id, row.head.slot) for row in rows(town, eva)}) == 1


@pytest.mark.parametrize(("written", "seen"), [(2, 1), (2, 0), (2, 3), (0, 1), (0, 7)])
def test_a_writer_who_has_not_seen_what_stands_is_told_and_changes_nothing(
    town: World, eva: Someone, written: int, seen: int
) -> None:
    for number in range(written):
        town.write(eva, FIELD, number)
    before, size = opened(town, eva), town.parts.data.log_size()
    with pytest.raises(RevisionConflictError) as told:
        town.write(eva, FIELD, 9, version=seen)
    assert (told.value.field_id, told.value.seen, told.value.current) == (FIELD, seen, written)
    assert "9" not in str(told.value)
    assert town.parts.data.log_size() == size
    assert opened(town, eva) == before


def test_a_writer_who_has_seen_what_stands_writes(town: World, eva: Someone) -> None:
    assert town.write(eva, FIELD, 1, version=0).version == 1
    assert town.write(eva, FIELD, 2, version=1).version == 2
    assert town.decline(eva, FIELD).version == 3
    assert opened(town, eva) == {FIELD: (AnswerKind.PREFERS_NOT_TO_SAY, 3)}


def test_an_older_name_of_a_field_is_the_field(town: World, eva: Someone) -> None:
    new, old = FieldId("france_travail_inscrit"), FieldId("pole_emploi_inscrit")
    assert town.write(eva, old, True).field_id == new
    assert town.write(eva, old, False).version == 2
    (entry,) = form(town, eva, Answer(old, True))
    assert (entry.field_id, entry.compartment, entry.version) == (new, new, 3)
    assert opened(town, eva) == {new: (True, 3)}
    assert {row.head.compartment for row in rows(town, eva, new)} == {new}
    with pytest.raises(RevisionConflictError):
        town.write(eva, old, True, version=1)


# --- two writers at once ---------------------------------------------------------------------------------


def together(*works: Callable[[], Any]) -> list[Any]:
    """Each in a thread of its own, started at the same moment; what each returned or raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        start.wait()
        try:
            results[place] = works[place]()
        except Exception as error:  # handed to the test
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_two_writers_at_once_lose_nothing(town: World, eva: Someone) -> None:
    def writes(start: int) -> Callable[[], list[int]]:
        return lambda: [town.write(eva, FIELD, number).version for number in range(start, start + 8)]

    first, second = together(writes(0), writes(10))
    assert sorted(first + second) == list(range(1, 17))
    history = {row.head.version: row.head.state for row in rows(town, eva)}
    assert sorted(history) == list(range(1, 17))
    assert [version for version, state in history.items() if state is EntryState.CURRENT] == [16]


def test_of_writers_who_have_seen_the_same_version_one_wins_and_the_others_are_told(
    town: World, eva: Someone
) -> None:
    town.write(eva, FIELD, 0)
    results = together(*(lambda n=n: town.write(eva, FIELD, n, version=1) for n in (1, 2, 3)))
    won = [one for one in results if not isinstance(one, Exception)]
    assert len(won) == 1
    assert all(isinstance(one, RevisionConflictError) for one in results if one not in won)
    assert opened(town, eva) == {FIELD: (won[0].body.value, 2)}


def test_a_share_and_first_answers_at_once_all_stand(town: World, eva: Someone, beta: System) -> None:
    """Both make the keys of the fields that had none; whoever comes second uses the first one's."""
    results = together(
        lambda: town.share(eva, beta.structure_id),
        lambda: town.fill(eva),
        lambda: town.share(eva, beta.structure_id, purpose="suivi_emploi"),
    )
    assert [one for one in results if isinstance(one, Exception)] == []
    assert town.values(beta, eva.carnet_id).keys() == set(SIAE_FIELDS)
    assert town.values(beta, eva.carnet_id, purpose="suivi_emploi").keys() == set(SIAE_FIELDS)


@contextmanager
def just_before_the_lock(
    town: World, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]
) -> Iterator[None]:
    """Run ``work`` once, after what is about to be stored was sealed and before it is."""
    honest = town.parts.data.change
    done: list[bool] = []

    def change() -> Any:
        if not done:
            done.append(True)
            work()
        return honest()

    with monkeypatch.context() as patch:
        patch.setattr(town.parts.data, "change", change)
        yield
    assert done


def test_an_answer_that_comes_second_looks_again(
    town: World, eva: Someone, beta: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with just_before_the_lock(town, monkeypatch, lambda: town.write(eva, FIELD, 1)):
        assert town.write(eva, FIELD, 2).version == 2
    with just_before_the_lock(town, monkeypatch, lambda: town.share(eva, beta.structure_id)):
        town.fill(eva)
    assert town.values(beta, eva.carnet_id).keys() == set(SIAE_FIELDS)


def test_a_share_that_comes_second_uses_the_key_that_stands(
    town: World, eva: Someone, beta: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with just_before_the_lock(town, monkeypatch, lambda: town.fill(eva)):
        grant = town.share(eva, beta.structure_id)
    assert town.values(beta, eva.carnet_id).keys() == set(SIAE_FIELDS)
    kept = [GrantId(one) for one in town.parts.keystore.secret_ids("grant", after=None, limit=10_000)]
    ours = {row.grant.id for row in town.parts.data.grants_of(eva.carnet_id)}
    assert ours == {grant.id}
    assert grant.id in kept, "and the key of the first try is gone:"
    assert len([id_ for id_ in kept if id_ not in town.parts.data.grants_named(kept)]) == 0


def test_an_entry_forgotten_meanwhile_is_not_written_again(
    town: World, eva: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = town.write(eva, FIELD, 1)
    forget = lambda: leaving.forget_entry(town.parts, eva.carnet_id, first.entry_id, actor=eva.actor)  # noqa: E731
    with just_before_the_lock(town, monkeypatch, forget):
        second = town.write(eva, FIELD, 2)
    assert (second.entry_id != first.entry_id, second.version) == (True, 1)
    assert opened(town, eva) == {FIELD: (2, 1)}


# --- whole or not at all ---------------------------------------------------------------------------------

THREE = (
    Answer(FieldId("enfants_nombre"), 1),
    Answer(FieldId("logement_fixe"), True),
    Answer(FieldId("revenus_sources"), ["aah"]),
)


def test_a_form_is_one_entry_of_the_log_that_names_its_fields_and_its_records(
    town: World, eva: Someone
) -> None:
    size = town.parts.data.log_size()
    entries = form(town, eva, *THREE)
    assert [entry.field_id for entry in entries] == [answer.field_id for answer in THREE]
    assert town.parts.data.log_size() == size + 1
    journals = town.parts.journal_keys.load(now=town.parts.now(), carnets=[eva.carnet_id])
    (row,) = town.parts.data.log_rows([size])
    about = opened_about(row, journals.journals[eva.carnet_id])
    assert set(about.fields) == {answer.field_id for answer in THREE}
    stored = town.parts.data.own_records(eva.carnet_id)
    ours = [one for one in stored if one.head.compartment != "identite_nom"]
    assert set(about.digests) == {sha256(one.record).hexdigest() for one in ours}


def opened_about(row: Any, journal: Any) -> Any:
    from vault.audit.events import AboutContent
    from vault.audit.leaf import Leaf
    from vault.crypto import about_key, open_opening

    n = Leaf.parse(row.leaf).n
    _, content = open_opening(row.about_sealed, key=about_key(journal, n), kind="about", n=n)
    return AboutContent.from_bytes(content)


@pytest.mark.parametrize("place", range(3))
def test_a_form_with_one_answer_out_of_date_saves_none(town: World, eva: Someone, place: int) -> None:
    answers = [*THREE]
    answers[place] = Answer(THREE[place].field_id, THREE[place].value, version=4)
    before = stored(town, eva)
    with pytest.raises(RevisionConflictError):
        form(town, eva, *answers)
    assert stored(town, eva) == before


@pytest.mark.parametrize(
    ("step", "nth"),
    [("add_record", 0), ("add_record", 3), ("add_field_key", 2), ("append", 0), ("commit", 0)],
)
def test_a_form_whose_saving_breaks_off_saves_none(
    town: World, eva: Someone, monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    from vault.storage.data_store import SqlWork

    honest, calls = getattr(SqlWork, step), []

    def breaks(self: Any, *told: Any) -> Any:
        calls.append(step)
        if len(calls) > nth:
            raise LogUnavailableError("on purpose")
        return honest(self, *told)

    before = stored(town, eva)
    with monkeypatch.context() as patch:
        patch.setattr(SqlWork, step, breaks)
        with pytest.raises(LogUnavailableError):
            form(town, eva, *THREE)
    assert stored(town, eva) == before
    form(town, eva, *THREE)
    assert opened(town, eva) == {
        "enfants_nombre": (1, 1),
        "logement_fixe": (True, 1),
        "revenus_sources": (["aah"], 1),
    }


def stored(town: World, who: Someone) -> Any:
    data = town.parts.data
    carnet = data.carnet(who.carnet_id)
    assert carnet is not None
    return (
        data.own_records(who.carnet_id, history=True),
        data.field_keys(who.carnet_id),
        carnet.next_slot,
        data.log_size(),
    )


def test_a_form_that_answers_a_field_twice_is_a_mistake_of_the_program(town: World, eva: Someone) -> None:
    before = stored(town, eva)
    with pytest.raises(ValueError, match="once"):
        form(town, eva, Answer(FIELD, 1), Answer(FIELD, 2))
    assert stored(town, eva) == before
    assert form(town, eva) == []
    assert stored(town, eva) == before, "an empty form writes nothing, not even in the log"


# --- what is refused -------------------------------------------------------------------------------------


@ONE_ENGINE
@pytest.mark.parametrize(
    ("field_id", "value", "pointer"),
    [
        ("enfants_nombre", -1, ""),
        ("enfants_nombre", 10**30, ""),
        ("enfants_nombre", "2", ""),
        ("enfants_nombre", None, ""),
        ("disponibilite_le", "2026-02-30", ""),
        ("projet_description", "x" * 2001, ""),
        ("projet_description", "a\x00b", ""),
        ("projet_description", "\ud800", ""),
        ("revenus_sources", ["aah", "inconnu"], "/1"),
        ("revenus_sources", ["minimum_social"], "/0"),  # the name of a group is no answer
        ("accompagnement_structures", [{"nom": "x"}], "/0/kind"),
    ],
)
def test_a_value_the_catalogue_refuses_is_not_written_and_the_place_is_told(
    town: World, eva: Someone, field_id: str, value: Any, pointer: str
) -> None:
    before = stored(town, eva)
    with pytest.raises(InvalidValueError) as told:
        town.write(eva, field_id, value)
    assert told.value.field_id == field_id
    assert pointer in {fault.pointer for fault in told.value.faults}
    assert str(value) not in str(told.value)
    assert stored(town, eva) == before


def test_what_the_provider_tells_is_not_written_by_hand(town: World, eva: Someone) -> None:
    with pytest.raises(ReadOnlyFieldError):
        town.write(eva, "identite_nom", {"nom": "X", "prenoms": ["Y"]})


def test_a_value_given_with_a_non_answer_is_not_kept(town: World, eva: Someone) -> None:
    entry = town.write(eva, FIELD, 3, kind=AnswerKind.PREFERS_NOT_TO_SAY)
    assert entry.body.value is None
    assert opened(town, eva) == {FIELD: (AnswerKind.PREFERS_NOT_TO_SAY, 1)}


@ONE_ENGINE
@pytest.mark.parametrize("text", ["é" * 2000, "🙂" * 1000, "\u2028x" * 1000, '"\\' * 1000, "a\nb\tc" * 400])
def test_the_longest_text_comes_back_letter_by_letter(
    town: World, eva: Someone, beta: System, text: str
) -> None:
    field_id = "projet_description"
    assert town.parts.catalogue.validate_value(field_id, text) == []
    town.write(eva, field_id, text)
    town.share(eva, beta.structure_id, [field_id])
    assert opened(town, eva)[field_id] == (text, 1)
    assert town.values(beta, eva.carnet_id, fields=[field_id]) == {field_id: [text]}


# --- a carnet that is closed -----------------------------------------------------------------------------


def test_a_closed_carnet_is_not_written_nor_shared_nor_read_by_anybody(
    town: World, eva: Someone, beta: System
) -> None:
    town.fill(eva)
    leaving.erase_carnet(town.parts, eva.carnet_id, for_real=True, actor=OPERATOR)
    for act in (
        lambda: town.write(eva, FIELD, 1),
        lambda: form(town, eva, *THREE),
        lambda: town.share(eva, beta.structure_id),
        lambda: opened(town, eva),
        lambda: own_carnet.list_accesses(town.parts, eva.owner, actor=eva.actor),
    ):
        with pytest.raises(CarnetClosedError):
            act()
    assert town.parts.data.own_records(eva.carnet_id, history=True) == []


@pytest.mark.parametrize("act", ["write", "share", "read"])
def test_a_carnet_closed_meanwhile_is_not_written_nor_shared(
    town: World, eva: Someone, beta: System, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    town.fill(eva)
    acts: dict[str, Callable[[], Any]] = {
        "write": lambda: town.write(eva, FIELD, 1),
        "share": lambda: town.share(eva, beta.structure_id),
        "read": lambda: opened(town, eva),
    }

    def erase() -> None:
        leaving.erase_carnet(town.parts, eva.carnet_id, for_real=True, actor=OPERATOR)

    if act == "read":
        honest = own_carnet.append_own

        def appended_then_erased(*told: Any, **more: Any) -> Any:
            receipt = honest(*told, **more)
            erase()
            return receipt

        monkeypatch.setattr(own_carnet, "append_own", appended_then_erased)
        with pytest.raises(CarnetClosedError):
            acts[act]()
        return
    with just_before_the_lock(town, monkeypatch, erase), pytest.raises(CarnetClosedError):
        acts[act]()
    assert town.parts.data.own_records(eva.carnet_id, history=True) == []
    assert town.parts.data.field_keys(eva.carnet_id) == []


def test_her_own_looks_and_writes_are_in_her_journal(town: World, eva: Someone) -> None:
    town.write(eva, FIELD, 1)
    opened(town, eva)
    everything, _ = own_carnet.list_accesses(town.parts, eva.owner, actor=eva.actor, own=True)
    assert [(access.op, access.outcome) for access in everything] == [(Op.READ_OWN, Outcome.GRANTED)]


def test_the_keys_of_a_key_store_that_lost_a_row_are_a_breakage_not_a_closed_carnet(
    town: World, eva: Someone
) -> None:
    from vault.services.key_sources import KeyGoneError

    town.parts.keystore.delete_secrets([("own", eva.carnet_id)])
    with pytest.raises(KeyGoneError):
        town.write(eva, FIELD, 1)
    with pytest.raises(KeyGoneError):
        writing.owner_secrets(town.parts, eva.owner)

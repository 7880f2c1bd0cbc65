"""Two professionals together, for minutes, what she let be read: and nothing with less than all of that."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from schemas.ids import CarnetId, CompartmentId, GrantId
from schemas.names import LegalBasis, Outcome, Role, StructureKind
from schemas.purposes import EMERGENCY_PURPOSE, SHIPPED, Frame, FrameError
from tests.services.conftest import urls_for
from tests.services.test_notices import a_person
from tests.world import MovingClock, Professional, Someone, World
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.carnet.references import read_reference
from vault.services import break_glass, leaving, mailing, notices, reading, reviewing, stopping
from vault.services.break_glass import (
    GRANTEE,
    BadAskError,
    NoEmergencyError,
    NotAllowedError,
    TooLateError,
    TooManyAsksError,
)
from vault.services.journal import Actor
from vault.services.reading import AccessEnded, FieldsView, NotShared
from vault.services.reviewing import AlreadyReviewedError
from vault.services.sharing import GrantRefusedError
from vault.services.signing_in import live_habilitations
from vault.services.upkeep import run_upkeep

FIELDS = ("identite_nom", "permis_conduire")
SPECIAL = "sante_retentissement"
REASON = "Elle a été retrouvée sans connaissance devant l’accueil, les secours arrivent."
EMERGENCY = {
    "structure_kinds": ["ccas"],
    "fields": ["identite_nom", "permis_conduire", SPECIAL],
    "minutes": 30,
    "max_days": 365,
}


def a_frame(folder: Path, **changed: Any) -> str:
    document = json.loads(SHIPPED.read_text(encoding="utf-8"))
    document |= {"version": "urgence-v1", "emergency": EMERGENCY | changed}
    path = folder / "frame.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ready(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An instance whose frame allows emergencies."""
    folder = tmp_path_factory.mktemp("ready")
    frame = a_frame(folder)
    opened = World.open(*urls_for(request, folder), folder, clock=MovingClock(), CARNET_FRAME=frame)
    yield opened
    opened.close()


@pytest.fixture
def ana(ready: World) -> Someone:
    """She let her name and her licence be read in an emergency."""
    someone = ready.newcomer()
    ready.fill(someone)
    break_glass.allow(ready.parts, someone.owner, ids(FIELDS), actor=someone.actor)
    return someone


class Two:
    def __init__(self, ready: World) -> None:
        self.there = ready.structure("CCAS", StructureKind.CCAS)
        self.first = self.member(ready, "un")
        self.second = self.member(ready, "deux")

    def member(self, ready: World, name: str, role: Role = Role.REFERENT) -> Professional:
        return ready.member(self.there, f"{name}-{self.there}", role, kind=StructureKind.CCAS)


@pytest.fixture
def two(ready: World) -> Two:
    return Two(ready)


def ids(fields: tuple[str, ...]) -> tuple[CompartmentId, ...]:
    return tuple(CompartmentId(one) for one in fields)


def number_of(ready: World, who: Someone) -> str:
    return ready.parts.data.references([who.carnet_id])[who.carnet_id]


def ask(ready: World, who: Someone | str, first: Professional) -> Any:
    number = who if isinstance(who, str) else number_of(ready, who)
    return break_glass.ask(ready.parts, first.reader, number, REASON)


def opened(ready: World, ana: Someone, two: Two) -> Any:
    row = ask(ready, ana, two.first)
    return break_glass.confirm(ready.parts, two.second.reader, row.emergency_id)


def read(ready: World, row: Any, who: Professional, fields: tuple[str, ...] = FIELDS) -> Any:
    reader, row = break_glass.reader_of(ready.parts, who.reader, row.emergency_id)
    asked = reading.SharedRead(reader, row.carnet_id, purpose(ready), ids(fields))
    return reading.read_shared_fields(ready.parts, [asked])[0]


def purpose(ready: World) -> Any:
    return break_glass.emergency_of(ready.parts).purpose.purpose_id


def clock_of(ready: World) -> MovingClock:
    assert isinstance(ready.parts.clock, MovingClock)
    return ready.parts.clock


def last(ready: World) -> Leaf:
    size = ready.parts.data.log_size()
    return Leaf.parse(ready.parts.data.log_rows([size - 1])[0].leaf)


# --- off, unless both the frame and she say so -----------------------------------------------------------


def test_the_shipped_frame_opens_nothing_and_nobody_can_ask(small_town: World) -> None:
    assert small_town.parts.frame.emergency is None
    someone = small_town.newcomer()
    member = small_town.member(
        small_town.structure("CCAS", StructureKind.CCAS), "un", kind=StructureKind.CCAS
    )
    with pytest.raises(NoEmergencyError):
        break_glass.allow(small_town.parts, someone.owner, ids(FIELDS), actor=someone.actor)
    with pytest.raises(NoEmergencyError):
        ask(small_town, someone, member)


@pytest.mark.parametrize(
    "changed", [{"minutes": 61}, {"minutes": 0}, {"fields": ["rien_de_tel"]}, {"max_days": 400}]
)
def test_a_frame_that_asks_for_hours_is_refused(tmp_path: Path, changed: Any, ready: World) -> None:
    with pytest.raises(FrameError):
        Frame.load(Path(a_frame(tmp_path, **changed)), ready.parts.catalogue)


def test_without_her_prior_choice_two_professionals_find_nothing(ready: World, two: Two) -> None:
    someone = ready.newcomer()
    ready.fill(someone)
    row = opened(ready, someone, two)
    assert (row.state, row.grant_id) == ("over", None)
    assert (last(ready).op, last(ready).out) == (Op.BREAK_GLASS, Outcome.DENIED)
    with pytest.raises(TooLateError):
        read(ready, row, two.second)


def test_an_emergency_is_a_purpose_and_a_grantee_of_its_own(ready: World, ana: Someone, two: Two) -> None:
    with pytest.raises(GrantRefusedError):
        ready.share(ana, two.there, FIELDS, purpose=EMERGENCY_PURPOSE)
    with pytest.raises(GrantRefusedError):
        ready.share(ana, GRANTEE, FIELDS, purpose="accompagnement")
    assert purpose(ready) not in {one.purpose_id for one in ready.parts.frame.purposes}


def test_she_stops_it_like_any_other_share(ready: World, ana: Someone, two: Two) -> None:
    grant = break_glass.allowed_by(ready.parts, ana.carnet_id)
    assert grant is not None
    row = opened(ready, ana, two)
    stopping.withdraw_grant(ready.parts, ana.owner, grant.id, actor=ana.actor)
    assert not isinstance(read(ready, row, two.first), FieldsView)


# --- two, of the same structure, within minutes ----------------------------------------------------------


def test_two_open_for_minutes_what_she_chose_and_each_look_is_logged_with_its_basis(
    ready: World, ana: Someone, two: Two
) -> None:
    ready.write(ana, SPECIAL, "aucun")
    row = opened(ready, ana, two)
    assert row.state == "open"
    for who in (two.first, two.second):
        answer = read(ready, row, who, (*FIELDS, SPECIAL))
        assert isinstance(answer, FieldsView)
        assert set(answer.fields) == set(FIELDS)
        assert answer.grant.grant.terms.legal_basis is LegalBasis.VITAL_INTERESTS
        assert (last(ready).op, last(ready).out) == (Op.READ, Outcome.GRANTED)
    clock_of(ready).forward(minutes=29)
    assert isinstance(read(ready, row, two.first), FieldsView)
    clock_of(ready).forward(minutes=2)
    with pytest.raises(TooLateError):
        read(ready, row, two.first)


def test_one_person_alone_opens_nothing(ready: World, ana: Someone, two: Two) -> None:
    row = ask(ready, ana, two.first)
    with pytest.raises(NoEmergencyError):
        break_glass.confirm(ready.parts, two.first.reader, row.emergency_id)
    with pytest.raises(TooLateError):
        break_glass.reader_of(ready.parts, two.first.reader, row.emergency_id)


def test_two_habilitations_of_one_account_are_one_person(ready: World, ana: Someone, two: Two) -> None:
    two.member(ready, "un")  # the same account, invited a second time
    first = ready.parts.data.habilitation(two.first.professional_id)
    assert first is not None
    both = {row.professional_id for row in live_habilitations(ready.parts, first.account_id)}
    (other,) = both - {two.first.professional_id}
    row = ask(ready, ana, two.first)
    again = replace(two.first.reader, actor=replace(two.first.reader.actor, id=other))
    with pytest.raises(NoEmergencyError):
        break_glass.confirm(ready.parts, again, row.emergency_id)


def test_somebody_of_another_structure_neither_sees_nor_confirms(
    ready: World, ana: Someone, two: Two
) -> None:
    row, elsewhere = ask(ready, ana, two.first), Two(ready).first
    assert row.emergency_id not in {
        one.emergency_id for one in break_glass.list_waiting(ready.parts, elsewhere.reader)
    }
    for act in (break_glass.read_reason, break_glass.confirm):
        with pytest.raises(NoEmergencyError):
            act(ready.parts, elsewhere.reader, row.emergency_id)
    row = break_glass.confirm(ready.parts, two.second.reader, row.emergency_id)
    with pytest.raises(NoEmergencyError):
        break_glass.reader_of(ready.parts, elsewhere.reader, row.emergency_id)


def test_a_kind_of_structure_the_frame_does_not_name_may_not_ask(ready: World, ana: Someone) -> None:
    siae = ready.member(ready.structure(), "siae", kind=StructureKind.SIAE)
    with pytest.raises(NotAllowedError):
        ask(ready, ana, siae)


def test_a_system_may_not_ask(ready: World, ana: Someone) -> None:
    system = ready.system("CCAS", StructureKind.CCAS)
    with pytest.raises(NotAllowedError):
        break_glass.ask(ready.parts, system.reader, number_of(ready, ana), REASON)


def test_after_fifteen_minutes_nobody_confirms(ready: World, ana: Someone, two: Two) -> None:
    row = ask(ready, ana, two.first)
    clock_of(ready).forward(minutes=16)
    with pytest.raises(TooLateError):
        break_glass.confirm(ready.parts, two.second.reader, row.emergency_id)
    assert run_upkeep(ready.parts).emergencies >= 1
    assert run_upkeep(ready.parts).emergencies == 0


def test_it_is_confirmed_once(ready: World, ana: Someone, two: Two) -> None:
    third = two.member(ready, "trois")
    row = opened(ready, ana, two)
    with pytest.raises(TooLateError):
        break_glass.confirm(ready.parts, third.reader, row.emergency_id)
    with pytest.raises(NoEmergencyError):
        break_glass.reader_of(ready.parts, third.reader, row.emergency_id)


def test_a_reason_is_needed_and_a_number_that_can_be_one(ready: World, ana: Someone, two: Two) -> None:
    for number, reason, pointer in [
        ("ABCDEFGHJK", REASON, "/reference"),
        (number_of(ready, ana), "urgent", "/reason"),
        (number_of(ready, ana), "x" * 1001, "/reason"),
    ]:
        with pytest.raises(BadAskError) as raised:
            break_glass.ask(ready.parts, two.first.reader, number, reason)
        assert raised.value.pointer == pointer


def test_one_professional_asks_five_times_a_day_at_most(ready: World, ana: Someone, two: Two) -> None:
    for _ in range(break_glass.MOST_ASKED):
        ask(ready, ana, two.first)
    with pytest.raises(TooManyAsksError):
        ask(ready, ana, two.first)


# --- what is not told ------------------------------------------------------------------------------------


def test_until_two_agreed_nothing_tells_whether_the_carnet_exists_or_chose_anything(
    ready: World, ana: Someone, two: Two
) -> None:
    """Same answer but for random ids, one row and one entry each, of the same sizes."""
    unwilling = ready.newcomer()
    nobody = next(
        f"23456789A{sign}" for sign in "23456789ABCDEFGHJKMNPQRSTUVWXYZ" if known_form(f"23456789A{sign}")
    )
    told = []
    for who in (ana, unwilling, nobody):
        size = ready.parts.data.log_size()
        row = ask(ready, who, two.first)
        assert ready.parts.data.log_size() == size + 1
        (entry,) = ready.parts.data.log_rows([size])
        assert entry.about_sealed is not None
        shown = replace(row, carnet_id=CarnetId(""), emergency_id="", asked_at=row.asked_at, sealed=b"")
        told.append(
            (
                len(row.carnet_id),
                len(row.emergency_id),
                len(row.sealed),
                shown.state,
                shown.grant_id,
                Leaf.parse(entry.leaf).out,
            )
        )
    assert len(set(told)) == 1


def known_form(text: str) -> bool:
    return read_reference(text) is not None


# --- rows that somebody wrote in D -----------------------------------------------------------------------


def test_a_row_written_in_the_data_store_is_not_a_second_person(ready: World, ana: Someone, two: Two) -> None:
    """Whoever writes in D without the root asks in another's name, or says yes in another's name: nothing."""
    asked = ask(ready, ana, two.second)
    forged = replace(
        asked, emergency_id="forged" + asked.emergency_id[6:], asked_by=two.second.professional_id
    )
    grant = break_glass.allowed_by(ready.parts, ana.carnet_id)
    assert grant is not None
    yes = replace(
        ask(ready, ana, two.first),
        state="open",
        approved_by=two.second.professional_id,
        grant_id=GrantId(grant.id),
        opened_at=asked.asked_at,
    )
    with ready.parts.data.change() as work:
        work.add_emergency(forged)
        work.set_emergency(yes)
        work.commit()
    with pytest.raises(TooLateError):
        break_glass.confirm(ready.parts, two.first.reader, forged.emergency_id)
    with pytest.raises(TooLateError):
        break_glass.reader_of(ready.parts, two.first.reader, yes.emergency_id)


def test_the_word_open_written_in_the_data_store_is_no_second_person(
    ready: World, ana: Someone, two: Two
) -> None:
    asked = ask(ready, ana, two.first)
    with ready.parts.data.change() as work:
        work.set_emergency(replace(asked, state="open"))
        work.commit()
    with pytest.raises(TooLateError):
        break_glass.reader_of(ready.parts, two.first.reader, asked.emergency_id)


def test_one_who_writes_that_another_asked_does_not_confirm_himself(
    ready: World, ana: Someone, two: Two
) -> None:
    asked = ask(ready, ana, two.first)
    with ready.parts.data.change() as work:
        work.set_emergency(replace(asked, asked_by=two.second.professional_id))
        work.commit()
    with pytest.raises(TooLateError):
        break_glass.confirm(ready.parts, two.first.reader, asked.emergency_id)


def test_minutes_added_in_the_data_store_open_nothing(ready: World, ana: Someone, two: Two) -> None:
    row = opened(ready, ana, two)
    with ready.parts.data.change() as work:
        work.set_emergency(replace(row, ends_at=row.ends_at.replace(year=row.ends_at.year + 1)))
        work.commit()
    with pytest.raises(TooLateError):
        break_glass.reader_of(ready.parts, two.first.reader, row.emergency_id)


def test_an_emergency_that_ends_between_the_door_and_the_lock_reads_nothing(
    ready: World, ana: Someone, two: Two
) -> None:
    row = opened(ready, ana, two)
    reader, _ = break_glass.reader_of(ready.parts, two.first.reader, row.emergency_id)
    officer(
        ready,
        lambda actor: reviewing.review(ready.parts, row.emergency_id, justified=True, words="", actor=actor),
    )
    asked = reading.SharedRead(reader, row.carnet_id, purpose(ready), ids(FIELDS))
    (answer,) = reading.read_shared_fields(ready.parts, [asked])
    assert isinstance(answer, AccessEnded | NotShared)
    assert (last(ready).op, last(ready).out) == (Op.READ, Outcome.DENIED)


# --- she is told; the officer judges ---------------------------------------------------------------------


def officer(ready: World, act: Any) -> Any:
    there = ready.structure("Département", StructureKind.DEPARTEMENT)
    dpo = ready.member(there, f"dpo-{there}", Role.DPO, kind=StructureKind.DEPARTEMENT)
    return act(Actor(dpo.reader.actor.kind, dpo.professional_id, there, Role.DPO))


def test_she_is_told_in_the_very_transaction_that_opens(ready: World, two: Two) -> None:
    someone = a_person(ready)
    ready.fill(someone)
    notices.use_told_address(ready.parts, someone.owner, actor=someone.actor)
    break_glass.allow(ready.parts, someone.owner, ids(FIELDS), actor=someone.actor)
    row = opened(ready, someone, two)
    mails = [mailing.open_mail(ready.parts, mail) for mail in mailing.list_mails(ready.parts)]
    assert [one.notice.kind for one in mails if one and one.notice] == ["emergency"]
    read(ready, row, two.first)
    (told,) = reviewing.list_own(ready.parts, someone.owner, actor=someone.actor).reviews
    assert (told.told.reason, told.vouched) == (REASON, True)
    assert [access.fields for access in told.reads] == [tuple(sorted(FIELDS))]


def test_the_officer_reads_the_reason_and_what_was_read_never_a_value(
    ready: World, ana: Someone, two: Two
) -> None:
    row = opened(ready, ana, two)
    read(ready, row, two.second)
    found = officer(ready, lambda actor: reviewing.read_emergency(ready.parts, row.emergency_id, actor=actor))
    assert found.told.reason == REASON
    assert [access.fields for access in found.reads] == [tuple(sorted(FIELDS))]


def test_an_unjustified_one_ends_at_once_and_neither_of_the_two_asks_again(
    ready: World, ana: Someone, two: Two
) -> None:
    row = opened(ready, ana, two)

    def judge(actor: Actor) -> Any:
        return reviewing.review(
            ready.parts, row.emergency_id, justified=False, words="Aucun danger.", actor=actor
        )

    officer(ready, judge)
    for who in (two.first, two.second):
        with pytest.raises(NotAllowedError):
            read(ready, row, who)
        with pytest.raises(NotAllowedError):
            ask(ready, ana, who)
    with pytest.raises(AlreadyReviewedError):
        officer(ready, judge)
    told = reviewing.list_own(ready.parts, ana.owner, actor=ana.actor).reviews[0]
    assert (told.told.verdict, told.told.words) == ("unjustified", "Aucun danger.")
    ask(ready, ana, two.member(ready, "trois"))  # the others of the structure still may


def test_an_erased_carnet_takes_its_reasons_with_it(ready: World, ana: Someone, two: Two) -> None:
    row = opened(ready, ana, two)
    leaving.erase_carnet(ready.parts, ana.carnet_id, for_real=True, actor=ana.actor)
    assert ready.parts.data.emergency(row.emergency_id) is None


def test_a_read_whose_opening_was_taken_away_or_altered_still_shows_to_her(
    ready: World, ana: Someone, two: Two
) -> None:
    """Whoever writes in the data store hides who opened it, never that it was read."""
    row = opened(ready, ana, two)
    read(ready, row, two.first)
    told = reviewing.list_own(ready.parts, ana.owner, actor=ana.actor)
    assert not told.unexplained
    edits = (
        "UPDATE emergencies SET ends_at = ends_at + 1 WHERE emergency_id = :id",
        "UPDATE emergencies SET opened_at = NULL WHERE emergency_id = :id",
        "UPDATE emergencies SET grant_id = NULL WHERE emergency_id = :id",
        "DELETE FROM emergencies WHERE emergency_id = :id",
    )
    for edit in edits:
        with ready.app.data.database.transaction() as connection:
            connection.execute(text(edit), {"id": row.emergency_id})
        told = reviewing.list_own(ready.parts, ana.owner, actor=ana.actor)
        assert [one.fields for one in told.unexplained] == [tuple(sorted(FIELDS))], edit
        assert not any(one.vouched or one.reads for one in told.reviews)
        if told.reviews:
            look = lambda actor: reviewing.read_emergency(  # noqa: E731 - called with each officer
                ready.parts, row.emergency_id, actor=actor
            )
            assert officer(ready, look).reads == told.unexplained

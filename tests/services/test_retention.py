"""What nobody uses any more ends, announced twice; names in the journal go with their month; proofs stay."""

import copy
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consent.grants import Grantee
from schemas.ids import CarnetId, new_id
from schemas.names import GrantState, Role, StructureKind
from schemas.purposes import Frame, Retention
from tests.services.test_proposing import give, offer
from tests.world import RULES, MovingClock, Someone, System, World, coming_in
from vault.audit.events import ActorKind, Op
from vault.audit.leaf import Leaf
from vault.bootstrap import check_signature
from vault.cli.audit import _write
from vault.services import mailing, notices, retention, signing_in
from vault.services.daily import run_daily
from vault.services.endings import whys_of_endings
from vault.services.invitations import invite
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import OwnerAccess, grant_name, month_of
from vault.services.leaving import erase_carnet
from vault.services.letters import Sender, letter_of
from vault.services.opened_entries import about_of
from vault.services.overseeing import list_entries
from vault.services.parts import Parts
from vault.services.proving import verify_folder
from vault.services.reading import AccessEnded, FieldsView
from vault.services.retention import Holds, RetentionReport, run_retention
from vault.services.sessions import NewSession
from vault.services.suspending import Why
from vault.services.upkeep import run_upkeep
from vault.services.writing import CarnetClosedError

TWO_YEARS = 731
TEN_YEARS = timedelta(days=3653)
ONE_ENGINE = pytest.mark.parametrize("village", ["sqlite"], indirect=True, scope="module")
"""For what cannot differ between engines."""
NAME = {"nom": "BEA", "prenoms": ["Bea"]}


@pytest.fixture
def clock(village: World) -> MovingClock:
    clock = village.parts.clock
    assert isinstance(clock, MovingClock)
    return clock


@pytest.fixture
def alpha(village: World) -> System:
    return village.system()


@pytest.fixture
def ana(village: World) -> Someone:
    """A person with three answers, and nobody else whose time could be over."""
    for row in village.parts.data.carnets_after(None, limit=200):
        erase_carnet(village.parts, row.carnet_id, for_real=True, actor=OPERATOR)
    for mail in mailing.list_mails(village.parts):
        village.parts.data.drop_mail(mail.mail_id)
    someone = village.newcomer()
    village.fill(someone)
    return someone


def run(village: World, **told: object) -> RetentionReport:
    return run_retention(village.parts, **{"for_real": True, **told})  # type: ignore[arg-type]


def warnings(village: World, who: Someone) -> list[str]:
    """What the entries about her say of warnings, the oldest first."""
    journal = village.parts.journal_keys.load(now=village.parts.now(), carnets=[who.carnet_id]).journal(
        who.carnet_id
    )
    assert journal is not None
    found = []
    for row in reversed(village.parts.data.log_latest(ops=(Op.WARN,), before=None, limit=50)):
        about = about_of(row.about_sealed, Leaf.parse(row.leaf), journal)
        if about is not None and about.carnet_id == who.carnet_id:
            found.append(about.reason or "")
    return found


def stands(village: World, who: Someone) -> bool:
    row = village.parts.data.carnet(who.carnet_id)
    return row is not None and row.open


def archiving(village: World) -> World:
    """The same instance, whose frame closes a carnet to readers two years before it erases it."""
    frame: Frame = copy.copy(village.parts.frame)
    closed = Retention("carnet_archived", "Votre carnet, fermé", 24, "archive", "erase", "R. 263-8")
    carnet = replace(frame.retention["carnet"], then="archive")
    frame.retention = {**frame.retention, "carnet": carnet, closed.id: closed}
    return village.with_parts(frame=frame)


def test_a_dry_run_counts_and_changes_nothing(village: World, ana: Someone, clock: MovingClock) -> None:
    clock.forward(days=TWO_YEARS)
    before = village.parts.data.log_size()
    report = run(village, for_real=False)
    assert (report.for_real, report.counts["warned"], report.counts["erased"]) == (False, 1, 0)
    assert report.counts["months"] >= 1
    assert village.parts.data.log_size() == before
    assert mailing.list_mails(village.parts) == []


def test_she_is_warned_twice_and_only_then_her_carnet_is_erased(
    village: World, ana: Someone, clock: MovingClock
) -> None:
    clock.forward(days=TWO_YEARS - 62)
    assert run(village).counts["warned"] == 0
    clock.forward(days=4)
    assert [run(village).counts["warned"] for _ in range(2)] == [1, 0]
    assert warnings(village, ana) == ["erase 60"]
    clock.forward(days=46)
    run(village)
    assert warnings(village, ana) == ["erase 60", "erase 15"]
    clock.forward(days=14)
    assert run(village).counts["erased"] == 0
    assert stands(village, ana)
    clock.forward(days=2)
    assert run(village).counts["erased"] == 1
    assert not stands(village, ana)
    with pytest.raises(CarnetClosedError):
        village.write(ana, "permis_conduire", ["b"])


@ONE_ENGINE
def test_after_a_long_sleep_of_the_program_she_still_has_sixty_days(
    village: World, ana: Someone, clock: MovingClock
) -> None:
    clock.forward(days=3 * TWO_YEARS)
    assert run(village).counts["erased"] == 0
    clock.forward(days=59)
    assert (run(village).counts["erased"], warnings(village, ana)) == (0, ["erase 60", "erase 15"])
    clock.forward(days=16)
    assert run(village).counts["erased"] == 1


@ONE_ENGINE
def test_coming_back_begins_the_time_again(village: World, ana: Someone, clock: MovingClock) -> None:
    clock.forward(days=TWO_YEARS - 30)
    run(village)
    village.write(ana, "permis_conduire", ["b"])
    clock.forward(days=100)
    assert run(village).counts["warned"] == 0
    clock.forward(days=TWO_YEARS)
    assert (run(village).counts["erased"], stands(village, ana)) == (0, True)
    assert warnings(village, ana) == ["erase 60", "erase 60"]


@ONE_ENGINE
def test_who_only_reads_does_not_keep_it(
    village: World, ana: Someone, alpha: System, clock: MovingClock
) -> None:
    village.share(ana, alpha.structure_id, days=182)
    clock.forward(days=180)
    assert isinstance(village.read(alpha, ana.carnet_id), FieldsView)
    clock.forward(days=TWO_YEARS - 180)
    assert run(village).counts["warned"] == 1


@ONE_ENGINE
@pytest.mark.parametrize(("human", "warned"), [(True, 0), (False, 1)])
def test_a_professional_who_proposes_keeps_it_and_a_system_does_not(
    village: World, ana: Someone, clock: MovingClock, human: bool, warned: int
) -> None:
    there = village.structure()
    paul = village.member(there, new_id(), kind=StructureKind.SIAE)
    by = paul if human else village.system()
    professional = Grantee.professional(paul.professional_id)
    give(village, ana, professional if human else Grantee.structure(by.structure_id))
    clock.forward(days=25)
    assert isinstance(offer(village, by, ana.carnet_id, "temps_travail_souhaite", 30), str)
    clock.forward(days=TWO_YEARS - 45 - 25)
    assert run(village, for_real=False).counts["warned"] == warned


@ONE_ENGINE
def test_the_warning_leaves_by_mail_where_she_left_an_address_and_says_nothing_of_her(
    village: World, ana: Someone, clock: MovingClock
) -> None:
    coming = coming_in("bea", subject=new_id(), claims={"name": NAME, "email": "bea@courriel.example"})
    session = signing_in.person_signs_in(village.parts, coming, rules=RULES)
    assert isinstance(session, NewSession)
    row = session.session.row
    carnet_id, actor = CarnetId(row.subject), Actor(ActorKind.PERSON, session=row.session_id)
    notices.use_told_address(village.parts, OwnerAccess(carnet_id, row.session_id), actor=actor)
    clock.forward(days=TWO_YEARS)
    report = run(village)
    assert (report.counts["warned"], report.counts["unreachable"]) == (2, 1)
    (waits,) = mailing.list_mails(village.parts)
    mail = mailing.open_mail(village.parts, waits)
    assert mail is not None
    letter = letter_of(village.parts, mail, Sender("Carnet", "https://carnet.example", "dpo@carnet.example"))
    assert letter is not None
    assert letter.to == "bea@courriel.example"
    assert "d’ici 60 jours, votre carnet sera effacé" in letter.text
    assert not any(word in letter.text for word in ("BEA", "Bea", "mes-alertes", carnet_id))


def test_a_warning_taken_out_of_the_log_s_index_is_given_again_and_nothing_is_erased(
    village: World, ana: Someone, clock: MovingClock
) -> None:
    """Who writes in the data store may hide that she came, never that she was not warned."""
    clock.forward(days=TWO_YEARS)
    run(village)
    clock.forward(days=50)
    run(village)
    with village.app.data.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM log_index WHERE op = 'warn'")
    clock.forward(days=TWO_YEARS)
    assert (run(village).counts["erased"], stands(village, ana)) == (0, True)


@ONE_ENGINE
def test_whoever_comes_in_the_instant_of_the_erasure_keeps_her_carnet(
    village: World, ana: Someone, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.forward(days=TWO_YEARS)
    run(village)
    clock.forward(days=46)
    run(village)
    clock.forward(days=16)
    found = retention._step_for

    def and_then_she_comes(parts: Parts, carnet: retention._Carnet) -> object:
        step = found(parts, carnet)
        village.write(ana, "permis_conduire", ["b"])
        return step

    monkeypatch.setattr(retention, "_step_for", and_then_she_comes)
    assert (run(village).counts["erased"], stands(village, ana)) == (0, True)


@ONE_ENGINE
def test_closed_to_readers_for_two_years_she_alone_comes_back(
    village: World, ana: Someone, alpha: System, clock: MovingClock
) -> None:
    town = archiving(village)
    clock.forward(days=TWO_YEARS - 58)
    run(town)
    bea = town.newcomer()
    town.fill(bea)
    clock.forward(days=48)
    run(town)
    assert warnings(town, ana) == ["archive 60", "archive 15"]
    clock.forward(days=16)
    assert run(town).counts["archived"] == 1
    assert [run(town).counts[what] for what in ("archived", "erased")] == [0, 0]
    back = town.share(ana, alpha.structure_id)
    assert isinstance(town.read(alpha, ana.carnet_id), FieldsView)
    town.withdraw(ana, back)
    clock.forward(days=TWO_YEARS)
    run(town)
    assert warnings(town, ana)[-1] == "archive 60"
    assert stands(town, ana)


def test_what_was_shared_ends_with_its_keys_when_a_carnet_is_closed_to_readers(
    village: World, ana: Someone, alpha: System, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame that keeps for so short a time that a share still stands."""
    town = archiving(village)
    town.parts.frame.retention["carnet"] = replace(town.parts.frame.retention["carnet"], months=3)  # type: ignore[index]
    grant = town.share(ana, alpha.structure_id, days=182)
    for days in (60, 46, 20):
        clock.forward(days=days)
        run(town)
    (row,) = [one for one in town.parts.data.grants_of(ana.carnet_id) if one.grant.id == grant.id]
    assert row.grant.state is GrantState.REVOKED
    assert town.parts.keystore.secrets([grant_name(grant.id)]) == {}
    assert town.read(alpha, ana.carnet_id) == AccessEnded()
    why, _ = whys_of_endings(town.parts, ana.carnet_id)[grant.id]
    assert why is Why.NOT_SEEN
    for days in (650, 46, 20):
        clock.forward(days=days)
        run(town)
    assert not stands(town, ana)


def test_who_acted_is_forgotten_with_the_month_and_every_proof_stays(
    village: World, ana: Someone, clock: MovingClock, tmp_path: Path
) -> None:
    now = village.parts.now()
    (month,) = {month_of(now)}
    clock.forward(days=200)
    run(village, for_real=True)
    assert month in village.parts.journal_keys.months([month])
    clock.forward(days=220)
    held = Holds(months=frozenset({month}))
    run(village, holds=held)
    assert month in village.parts.journal_keys.months([month])
    run(village)
    assert village.parts.journal_keys.months([month]) == {}
    entries, _ = list_entries(village.parts, actor=OPERATOR, limit=200)
    old = [one for one in entries if month_of(one.at) == month and one.op is Op.WRITE]
    assert old
    assert all(one.actor is None for one in old)
    assert any(one.about and one.about.carnet_id == ana.carnet_id for one in old)
    _write(village.app, tmp_path / "out", openings=True)
    report = verify_folder(tmp_path / "out", check_signature)
    assert report.ok, report.sentences


@ONE_ENGINE
def test_each_real_run_says_in_the_log_what_it_did(village: World, ana: Someone, clock: MovingClock) -> None:
    clock.forward(days=TWO_YEARS)
    report = run(village)
    (row,) = village.parts.data.log_latest(ops=(Op.RETENTION,), before=None, limit=1)
    instance = village.parts.journal_keys.load(now=village.parts.now()).instance
    about = about_of(row.about_sealed, Leaf.parse(row.leaf), instance)
    assert about is not None
    assert json.loads(about.reason or "") == dict(report.counts)


def test_rows_that_have_served_go_with_what_vouched_for_them(
    village: World, ana: Someone, alpha: System, clock: MovingClock
) -> None:
    grant = village.share(ana, alpha.structure_id)
    invite(village.parts, structure_id=alpha.structure_id, email="x@alpha.example", role=Role.REFERENT)
    before = village.parts.data.old_rows({"invitations": village.parts.now() + TEN_YEARS})
    assert before["invitations"] >= 1
    clock.forward(days=200)
    counts = run(village).counts
    assert counts["invitations"] == before["invitations"]
    assert counts["receipts"] == 0
    assert run(village).counts["invitations"] == 0
    for _ in range(7):  # she goes on using it
        clock.forward(days=360)
        run_upkeep(village.parts)
        village.write(ana, "permis_conduire", ["b"])
    assert run(village).counts["receipts"] >= 1
    assert all(
        one.grant_id != grant.id
        for one in village.parts.data.receipts_of(ana.carnet_id, grant_id=None, before=None, limit=50)
    )


@ONE_ENGINE
def test_the_job_runs_for_real_only_where_a_setting_says_so_and_once_a_day(
    village: World, ana: Someone, clock: MovingClock
) -> None:
    clock.forward(days=TWO_YEARS)
    run_daily(village.parts, retention=False)
    assert warnings(village, ana) == []
    clock.forward(days=1)
    run_daily(village.parts, retention=True)
    assert warnings(village, ana) == ["erase 60"]
    size = village.parts.data.log_size()
    run_daily(village.parts, retention=True)
    assert village.parts.data.log_size() == size

"""The right to be forgotten: asked, answered within the month, executed, told to who read, certified."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from consent.clocks import day_of
from consent.demands import DemandBy, DemandError, DemandMove, DemandState
from consent.grants import Grantee
from schemas.ids import DemandId, EntryId, FieldId, new_id
from schemas.names import Agreement, EntryState, Role, StructureKind
from tests.services.conftest import ONE_ENGINE
from tests.services.followed import Place, designate, share_with_referent
from tests.services.test_mandates import aid
from tests.services.test_proposing import give, offer, waiting
from tests.world import MovingClock, Professional, World
from vault.audit.checkpoint import parse_checkpoint
from vault.services import certificates, forget_desk, forget_part, forgetting, observing, recipients
from vault.services.acting import acting_now
from vault.services.answering_proposals import Said, agree
from vault.services.demand_seals import OpenedDemand
from vault.services.forget_clocks import follow_clocks, reminded
from vault.services.key_sources import OwnerAccess
from vault.services.leaving import forget_entry
from vault.services.mailing import open_mail
from vault.services.own_carnet import read_own_carnet
from vault.services.own_entries import say_agreement
from vault.services.parts import Parts
from vault.services.rotating import rotate
from vault.services.tombstones import ForgottenHereError, forgotten_in
from vault.services.upkeep import run_upkeep
from vault.services.writing import Answer, NoSuchEntryError, write_answers
from vault.storage.data_store import SqlDataStore
from vault.storage.path_tables import demands

FIELD = "permis_conduire"


class Case(Place):
    """She is followed by Paul, who reads her licence and so may answer; a SIAE read it too."""

    def __init__(self, world: World, *, read: bool = True) -> None:
        super().__init__(world)
        designate(world, self.ana, self.first)
        share_with_referent(world, self.ana, (FIELD,))
        self.siae = world.system("SIAE Bêta")
        world.share(self.ana, self.siae.structure_id)
        if read:
            world.values(self.siae, self.ana.carnet_id)
        self.entry_id = self.entry()

    @property
    def parts(self) -> Parts:
        return self.world.parts

    def entry(self, field_id: str = FIELD) -> EntryId:
        carnet = read_own_carnet(self.parts, self.ana.owner, actor=self.ana.actor)
        return carnet.by_field()[FieldId(field_id)].entry_id

    def asks(self, reason: str = "Je n’ai plus le permis.") -> DemandId:
        made = forgetting.ask_to_forget(
            self.parts, self.ana.owner, self.entry_id, reason, actor=self.ana.actor
        )
        return made.demand_id

    def demand(self) -> OpenedDemand:
        return forgetting.own_demands(self.parts, self.ana.owner, actor=self.ana.actor)[0]

    def answers(self, move: DemandMove, reason: str = "", by: Professional | None = None) -> None:
        actor = (by or self.first).reader.actor
        forget_desk.answer_demand(self.parts, self.demand().demand_id, move, reason, actor=actor)

    def mails(self) -> list[str]:
        """What those who work are told, by kind."""
        opened = [open_mail(self.parts, row) for row in self.parts.data.mails(limit=500)]
        return [mail.office.kind for mail in opened if mail is not None and mail.office is not None]


@pytest.fixture
def case(town: World) -> Case:
    return Case(town)


def officer(world: World) -> Professional:
    where = world.structure("Département", StructureKind.DEPARTEMENT)
    return world.member(where, "dpo" + where[:6], Role.DPO, kind=StructureKind.DEPARTEMENT)


# --- asking ----------------------------------------------------------------------------------------------


def test_what_nobody_ever_read_is_forgotten_at_once_and_she_is_told_why(town: World) -> None:
    case = Case(town, read=False)
    case.asks()
    found = case.demand()
    assert found.state is DemandState.INFORMED
    assert found.answer is not None
    assert (found.answer.by, found.answer.words) == (DemandBy.SERVICE, forgetting.NOBODY_READ)
    with pytest.raises(KeyError):
        case.entry()


@ONE_ENGINE
def test_who_reads_between_the_look_and_the_lock_is_not_passed_over(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(town, read=False)
    looked = forgetting.look_at_entry

    def then_read(*told: Any, **more: Any) -> forgetting.Standing:
        seen = looked(*told, **more)
        town.values(case.siae, case.ana.carnet_id)
        return seen

    monkeypatch.setattr(forgetting, "look_at_entry", then_read)
    case.asks()
    assert case.demand().waits


def test_what_somebody_read_waits_for_her_referent_and_cannot_be_asked_twice(case: Case) -> None:
    demand_id = case.asks()
    assert case.demand().state is DemandState.ACKNOWLEDGED
    assert [one.demand_id for one in forget_desk.waiting_for(case.parts, case.first.reader)] == [demand_id]
    assert forget_desk.waiting_for(case.parts, case.second.reader) == []
    with pytest.raises(forgetting.AlreadyAskedError) as told:
        case.asks()
    assert told.value.demand_id == demand_id
    assert "forget_new" in case.mails()


@ONE_ENGINE
def test_who_read_before_keys_changed_and_she_wrote_again_is_not_passed_over(town: World) -> None:
    case = Case(town)
    forms = [one.id for one in case.parts.catalogue.field(FieldId(FIELD)).compartments()]
    rotate(case.parts, case.ana.owner, forms, actor=case.ana.actor)
    town.write(case.ana, FIELD, ["b"])
    case.asks()
    assert case.demand().waits, "the structure read the first version, which she asks to have forgotten too"
    case.answers(DemandMove.ACCEPT)
    told = recipients.notices_to(case.parts, case.siae.structure_id)
    assert [one.field_id for one in told] == [FIELD]


@ONE_ENGINE
def test_who_helped_her_under_a_mandate_read_it_too_and_so_did_the_structure_he_helps_for(
    town: World,
) -> None:
    nora = aid(town)
    entry = town.write(nora.someone, FIELD, ["b"])
    begun = nora.begun(nora.give()).session
    found = acting_now(town.parts, begun)
    assert found is not None
    acting, owner = found.actor(begun, None), OwnerAccess(nora.someone.carnet_id, begun.session_id)

    def seen() -> forgetting.Standing:
        own, actor = nora.someone.owner, nora.someone.actor
        return forgetting.look_at_entry(town.parts, own, entry.entry_id, actor=actor)

    read_own_carnet(town.parts, owner, actor=acting, fields=[FieldId("attentes_accompagnement")])
    assert seen().at_once, "he looked at something else"
    read_own_carnet(town.parts, owner, actor=acting)
    assert seen().readers == {nora.helper.reader.structure_id}
    assert not seen().at_once


@ONE_ENGINE
def test_an_entry_that_is_not_hers_cannot_be_asked_about(town: World) -> None:
    case, other = Case(town), town.newcomer()
    with pytest.raises(NoSuchEntryError):
        forgetting.ask_to_forget(town.parts, other.owner, case.entry_id, "", actor=other.actor)


# --- the desk --------------------------------------------------------------------------------------------


def test_the_referent_sees_who_read_and_no_value(case: Case) -> None:
    demand_id = case.asks("Un mot à moi.")
    seen = forget_desk.look_at_demand(
        case.parts, demand_id, actor=case.first.reader.actor, reader=case.first.reader
    )
    assert [one.structure_id for one in seen.readers] == [case.siae.structure_id]
    assert seen.field_id == FIELD, "he reads it by a grant of his own"
    assert seen.demand.reason == "Un mot à moi."


@ONE_ENGINE
def test_the_label_of_what_he_may_not_read_is_not_shown(town: World) -> None:
    case = Case(town)
    case.entry_id = case.entry("vehicule_disponible")
    seen = forget_desk.look_at_demand(
        case.parts, case.asks(), actor=case.first.reader.actor, reader=case.first.reader
    )
    assert seen.field_id is None


def test_nobody_but_her_referent_in_office_answers(case: Case) -> None:
    case.asks()
    for other in (case.second, officer(case.world)):
        with pytest.raises(forgetting.NoSuchDemandError):
            case.answers(DemandMove.ACCEPT, by=other)
    designate(case.world, case.ana, None)
    with pytest.raises(forgetting.NoSuchDemandError):
        case.answers(DemandMove.ACCEPT)
    case.answers(DemandMove.ACCEPT, by=officer(case.world))
    assert case.demand().state is DemandState.INFORMED


def test_a_refusal_needs_a_reason_that_she_reads_and_she_may_turn_to_the_officer(case: Case) -> None:
    case.asks()
    with pytest.raises(forgetting.ReasonRefusedError):
        case.answers(DemandMove.REFUSE, "  ")
    case.answers(DemandMove.REFUSE, "Une aide en cours s’appuie dessus.")
    found = case.demand()
    assert found.answer is not None
    assert found.answer.words == "Une aide en cours s’appuie dessus."
    assert case.entry() == case.entry_id
    dpo = officer(case.world)
    assert case.demand().demand_id not in _officers(case, dpo)
    forget_desk.escalate(case.parts, case.ana.owner, found.demand_id, "Je maintiens.", actor=case.ana.actor)
    assert case.demand().demand_id in _officers(case, dpo)
    assert "forget_recourse" in case.mails()
    case.answers(DemandMove.ACCEPT, by=dpo)
    assert case.demand().state is DemandState.INFORMED
    with pytest.raises(KeyError):
        case.entry()


def _officers(case: Case, dpo: Professional) -> list[DemandId]:
    return [one.demand_id for one in forget_desk.officers_list(case.parts, actor=dpo.reader.actor)]


@ONE_ENGINE
def test_more_time_is_given_once_with_a_reason_inside_the_first_month(
    town: World, clock: MovingClock
) -> None:
    case = Case(town)
    demand_id, actor = case.asks(), case.first.reader.actor
    forget_desk.extend_demand(case.parts, demand_id, "Il faut interroger la CAF.", actor=actor)
    assert case.demand().clock.extended
    with pytest.raises(DemandError, match="extended_once"):
        forget_desk.extend_demand(case.parts, demand_id, "Encore.", actor=actor)
    late = Case(town)
    demand_id = late.asks()
    clock.forward(days=36)
    with pytest.raises(DemandError, match="first_month_over"):
        forget_desk.extend_demand(late.parts, demand_id, "Trop tard.", actor=late.first.reader.actor)


@ONE_ENGINE
def test_he_is_reminded_on_day_twenty_and_twenty_seven_then_she_and_the_officer_are_told_once(
    town: World, clock: MovingClock
) -> None:
    case = Case(town)
    case.asks()
    told = []
    for days in (19, 2, 7, 8, 1):
        clock.forward(days=days)
        follow_clocks(case.parts)
        follow_clocks(case.parts)
        told.append(reminded(case.demand()))
    assert told == [0, 1, 2, 3, 3]
    assert [kind for kind in case.mails() if kind != "forget_new"][-3:] == [
        "forget_soon",
        "forget_close",
        "forget_late",
    ]
    assert forget_desk.may_escalate(case.parts, case.demand())
    dpo = officer(town)
    assert case.demand().demand_id in _officers(case, dpo)
    case.answers(DemandMove.ACCEPT, by=dpo)
    assert case.demand().state is DemandState.INFORMED


@ONE_ENGINE
def test_she_does_not_turn_to_the_officer_while_the_time_runs(town: World) -> None:
    case = Case(town)
    demand_id = case.asks()
    with pytest.raises(forget_desk.NotYetError):
        forget_desk.escalate(case.parts, case.ana.owner, demand_id, "", actor=case.ana.actor)


@ONE_ENGINE
def test_a_demand_goes_with_her_to_the_next_referent(town: World) -> None:
    case = Case(town)
    demand_id = case.asks()
    elsewhere = town.structure("CCAS", StructureKind.CCAS)
    eva = town.member(elsewhere, "eva" + elsewhere[:6], kind=StructureKind.CCAS)
    designate(town, case.ana, eva)
    follow_clocks(case.parts)
    assert [one.demand_id for one in forget_desk.waiting_for(case.parts, eva.reader)] == [demand_id]
    assert forget_desk.waiting_for(case.parts, case.first.reader) == []


@ONE_ENGINE
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "access"},
        {"entry_id": "another"},
        {"sealed": b"\x01" + bytes(64)},
    ],
)
def test_what_a_writer_of_the_data_store_changes_is_nobodys_demand(
    town: World, change: dict[str, Any]
) -> None:
    case = Case(town)
    demand_id = case.asks()
    data = case.parts.data
    assert isinstance(data, SqlDataStore)
    with data.database.transaction() as connection:
        connection.execute(update(demands).where(demands.c.demand_id == demand_id).values(**change))
    with pytest.raises(forgetting.NoSuchDemandError):
        forget_desk.answer_demand(case.parts, demand_id, DemandMove.ACCEPT, "", actor=case.first.reader.actor)
    assert case.entry() == case.entry_id


@ONE_ENGINE
def test_a_state_in_the_data_store_alone_accepts_nothing(town: World) -> None:
    case = Case(town)
    demand_id = case.asks()
    data = case.parts.data
    assert isinstance(data, SqlDataStore)
    with data.database.transaction() as connection:
        connection.execute(update(demands).where(demands.c.demand_id == demand_id).values(state="accepted"))
    run_upkeep(case.parts)
    assert case.entry() == case.entry_id


# --- executing -------------------------------------------------------------------------------------------


def test_what_is_accepted_is_gone_with_what_stands_beside_it(case: Case) -> None:
    parts, ana = case.parts, case.ana
    observing.observe(parts, ana.owner, case.entry_id, "Ce mot part aussi.", actor=ana.actor)
    case.asks()
    observing.observe(parts, ana.owner, case.entry_id, "Et celui-ci, dit après.", actor=ana.actor)
    slots = {head.slot for head in parts.data.heads(ana.carnet_id) if head.entry_id == case.entry_id}
    case.answers(DemandMove.ACCEPT)
    left = parts.data.heads(ana.carnet_id)
    assert not [head for head in left if case.entry_id in (head.entry_id, head.on_entry)]
    assert all(parts.owner_keys.load(ana.owner).shred.is_punctured(slot) for slot in slots)
    executed = case.demand().step(DemandMove.EXECUTE)
    assert executed is not None
    assert (executed.more["versions"], executed.more["observations"]) == (1, 2)
    assert "permis_conduire" not in case.world.values(case.siae, ana.carnet_id)


@ONE_ENGINE
def test_an_answer_whose_execution_was_interrupted_is_executed_by_the_next_pass(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(town)
    case.asks()
    monkeypatch.setattr(forget_desk, "execute", lambda *_, **__: None)
    case.answers(DemandMove.ACCEPT)
    monkeypatch.undo()
    assert case.demand().state is DemandState.ACCEPTED
    observing.observe(case.parts, case.ana.owner, case.entry_id, "Entre les deux.", actor=case.ana.actor)
    run_upkeep(case.parts)
    assert case.demand().state is DemandState.INFORMED
    assert all(
        head.state is not EntryState.FORGOTTEN and head.on_entry != case.entry_id
        for head in case.parts.data.heads(case.ana.carnet_id)
    )


def test_nobody_writes_there_again_unless_she_says_so(case: Case) -> None:
    case.asks()
    case.answers(DemandMove.ACCEPT)
    parts, ana = case.parts, case.ana
    assert set(forgotten_in(parts, ana.carnet_id)) == {FIELD}
    brought = Answer(FieldId(FIELD), ["b"], source="CAF", author="CAF")
    with pytest.raises(ForgottenHereError):
        write_answers(parts, ana.owner, [brought], actor=ana.actor)
    case.world.write(ana, FIELD, ["a"])  # she herself
    assert case.entry() != case.entry_id


@ONE_ENGINE
def test_what_is_proposed_where_something_was_forgotten_is_kept_only_knowingly(town: World) -> None:
    case = Case(town)
    wish = give(town, case.ana, Grantee.professional(case.first.professional_id), FIELD)
    case.asks()
    case.answers(DemandMove.ACCEPT)
    offer(town, case.first, case.ana.carnet_id, FIELD, ["a"])
    (one,) = waiting(town, case.ana)
    said = Said(one.proposal_id, one.version)
    with pytest.raises(ForgottenHereError):
        agree(case.parts, case.ana.owner, [said], actor=case.ana.actor)
    agree(case.parts, case.ana.owner, [said._replace(knowingly=True)], actor=case.ana.actor)
    assert wish.live(case.parts.now())
    assert case.entry() != case.entry_id


@ONE_ENGINE
def test_no_sign_in_brings_back_a_name_she_had_forgotten(town: World) -> None:
    name = "rose" + town.structure()[:8]
    ana = town.person(name)
    carnet = read_own_carnet(town.parts, ana.owner, actor=ana.actor)
    entry_id = carnet.by_field()[FieldId("identite_nom")].entry_id
    demand = forgetting.ask_to_forget(town.parts, ana.owner, entry_id, "", actor=ana.actor)
    # the provider wrote it, not herself: somebody answers, here the officer since nobody follows her
    assert demand.waits
    dpo = officer(town)
    forget_desk.answer_demand(town.parts, demand.demand_id, DemandMove.ACCEPT, "", actor=dpo.reader.actor)
    again = town.person(name)
    carnet = read_own_carnet(town.parts, again.owner, actor=again.actor)
    assert FieldId("identite_nom") not in carnet.by_field()


# --- who had read ----------------------------------------------------------------------------------------


def test_each_structure_that_read_it_is_told_and_she_sees_who_acknowledged(case: Case) -> None:
    manager = case.world.member(
        case.siae.structure_id, "chef" + case.entry_id[:6], Role.MANAGER, kind=StructureKind.SIAE
    )
    case.asks()
    case.answers(DemandMove.ACCEPT)
    (notice,) = recipients.notices_to(case.parts, case.siae.structure_id)
    assert (notice.field_id, notice.acknowledged_at) == (FIELD, None)
    assert "recipient" in case.mails()
    with pytest.raises(recipients.NoSuchAvisError):
        recipients.acknowledge(case.parts, notice.row.notice_id, actor=case.first.reader.actor)
    size = case.parts.data.log_size()
    recipients.acknowledge(case.parts, notice.row.notice_id, actor=manager.reader.actor)
    recipients.acknowledge(case.parts, notice.row.notice_id, actor=manager.reader.actor)
    assert case.parts.data.log_size() == size + 1, "once"
    (seen,) = recipients.notices_to(case.parts, case.siae.structure_id)
    assert seen.acknowledged_at is not None


@ONE_ENGINE
def test_what_nobody_acknowledged_in_fifteen_days_is_the_officers(town: World, clock: MovingClock) -> None:
    case = Case(town)
    case.asks()
    case.answers(DemandMove.ACCEPT)

    def overdue() -> list[str]:
        found = recipients.notices_overdue(case.parts, limit=500)
        return [one.row.structure_id for one in found]

    assert case.siae.structure_id not in overdue()
    clock.forward(days=16)
    assert case.siae.structure_id in overdue()


# --- the certificate -------------------------------------------------------------------------------------


def test_a_certificate_says_what_was_forgotten_and_when_copies_are_blind(case: Case) -> None:
    case.asks()
    case.answers(DemandMove.ACCEPT)
    assert certificates.certificate_of(case.demand()) is None, "the log is not signed over it yet"
    for _ in range(2):
        case.world.app.jobs().run_once()
    jws = certificates.certificate_of(case.demand())
    assert jws is not None
    checked = certificates.check_certificate(jws)
    assert checked.faults == ()
    told = checked.erased
    assert told is not None
    assert (told.entry_id, told.field_id, told.copies_days) == (case.entry_id, FIELD, 14)
    assert told.blind_after == day_of(told.forgotten_at) + timedelta(days=15)
    assert parse_checkpoint(told.checkpoint.partition("\n\n")[0] + "\n").size > told.index
    assert certificates.known_certificate(case.parts, jws) == told
    head, payload, seal = jws.split(b".")
    spoiled = b".".join((head, payload[:-4] + b"AAAA", seal))
    assert not certificates.check_certificate(spoiled).holds


# --- in part ---------------------------------------------------------------------------------------------


def test_in_part_the_last_version_stays_and_nothing_of_the_others_opens(case: Case) -> None:
    parts, ana = case.parts, case.ana
    case.asks()
    with pytest.raises(DemandError, match="nothing_to_keep"):
        case.answers(DemandMove.ACCEPT_PART, "Il n’y a qu’une version.")
    case.answers(DemandMove.REFUSE, "Je la garde.")
    kept = case.world.write(ana, FIELD, ["b", "c"])
    case.asks("L’ancienne version est fausse.")
    slots = {head.slot for head in parts.data.heads(ana.carnet_id) if head.entry_id == case.entry_id}
    case.answers(DemandMove.ACCEPT_PART, "La version d’aujourd’hui sert à vos actions.")
    assert case.entry() == case.entry_id, "she says when"
    new = forget_part.keep_last(parts, ana.owner, case.demand().demand_id, actor=ana.actor)
    assert new.entry_id != case.entry_id
    assert (new.body.value, new.body.collected_at) == (["b", "c"], kept.body.collected_at)
    assert all(parts.owner_keys.load(ana.owner).shred.is_punctured(slot) for slot in slots)
    assert not [head for head in parts.data.heads(ana.carnet_id) if head.entry_id == case.entry_id]
    assert case.world.values(case.siae, ana.carnet_id)[FIELD] == [["b", "c"]]
    assert case.demand().state is DemandState.INFORMED


@ONE_ENGINE
def test_she_says_whether_she_agrees_with_what_others_wrote_beside_what_she_had_forgotten(
    town: World,
) -> None:
    ana, author = town.newcomer(), new_id()
    goal = {"theme": "autre", "etat": "en_cours"}
    by_him = [
        Answer(FieldId("objectifs"), goal | {"intitule": one}, source="CCAS", author=author)
        for one in ("Un", "Deux")
    ]
    one, other = write_answers(town.parts, ana.owner, by_him, actor=ana.actor)
    forget_entry(town.parts, ana.carnet_id, one.entry_id, actor=ana.actor)
    said = say_agreement(town.parts, ana.owner, other.entry_id, Agreement.DISAGREED, actor=ana.actor)
    assert said.contested, "it stood already: nothing comes back"

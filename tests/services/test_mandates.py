"""Acting for a person: only whom she or a ruling named, only for what was named, only while it stands."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from consent.mandates import MandateError, MandateFault, check_days, check_terms, covers
from schemas.ids import AccountId, CarnetId, FieldId, new_id
from schemas.names import MandateKind, MandateScope, Role, StructureKind
from tests.services.killing import Change, killed_before
from tests.world import MovingClock, Professional, Someone, World
from vault.audit.events import ActorKind, Op
from vault.services import acting, acts, helping, mandates, own_carnet, sessions, sharing, standing, writing
from vault.services.bindings import MANDATE, binding_name
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import KeyGoneError, OwnerAccess
from vault.services.leaving import erase_carnet
from vault.services.overseeing import list_entries
from vault.services.sessions import DPO, PERSON, PROFESSIONAL, NewSession, SessionRules, session_of
from vault.services.sessions import MANDATE as ACTING
from vault.services.sharing_rows import MandateRow

WEEK = SessionRules(timedelta(days=7), timedelta(days=7))
RULES = {PERSON: WEEK, PROFESSIONAL: WEEK, DPO: WEEK, ACTING: acting.ACTING_RULES}
SEE, WRITE, PRINT, SHARE = MandateScope
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Aid:
    """A person, and a helper of a CCAS."""

    world: World
    someone: Someone
    helper: Professional

    def give(self, *scopes: MandateScope, days: int = 31) -> MandateRow:
        return mandates.give_mandate(
            self.world.parts,
            self.someone.owner,
            self.helper.professional_id,
            scopes={SEE, *scopes},
            days=days,
            actor=self.someone.actor,
        )

    def end(self, row: MandateRow) -> MandateRow:
        return mandates.end_mandate(
            self.world.parts, row.carnet_id, row.mandate_id, actor=self.someone.actor, by_ruling=False
        )

    def begin(self, row: MandateRow) -> NewSession | None:
        own = self.helper.session
        return acting.begin(
            self.world.parts, own.session, row.mandate_id, cookie=own.cookie, address="127.0.0.1"
        )

    def begun(self, row: MandateRow) -> NewSession:
        opened = self.begin(row)
        assert opened is not None
        return opened

    def may(self, session: NewSession, scope: MandateScope = SEE) -> bool:
        """What the door asks at each request."""
        found = acting.acting_now(self.world.parts, session.session)
        return found is not None and found.may(scope)


def aid(world: World, role: Role = Role.HELPER) -> Aid:
    structure = world.structure("CCAS de Brest", StructureKind.CCAS)
    helper = world.member(structure, new_id(), role, kind=StructureKind.CCAS)
    return Aid(world, world.newcomer("nora"), helper)


def edit(world: World, row: MandateRow, changes: str, **values: str) -> None:
    """Another hand writes in the row of a mandate."""
    statement = text(f"UPDATE mandates SET {changes} WHERE mandate_id = :id")
    with world.app.data.database.transaction() as connection:
        connection.execute(statement, {**values, "id": row.mandate_id})


# --- the rules -------------------------------------------------------------------------------------------


def test_terms_that_cannot_be_a_mandate_are_refused_each_by_its_rule() -> None:
    def fault(
        kind: MandateKind, *scopes: MandateScope, years: int = 1, pro: bool = True
    ) -> MandateFault | None:
        ends_at = LONG_AGO + timedelta(days=365 * years)
        try:
            check_terms(kind, scopes, by_professional=pro, starts_at=LONG_AGO, ends_at=ends_at)
        except MandateError as error:
            return error.fault
        return None

    assert fault(MandateKind.HELPER, SEE, WRITE, PRINT, SHARE) is None
    assert fault(MandateKind.HELPER, WRITE) is MandateFault.SCOPES
    assert fault(MandateKind.HELPER, SEE, pro=False) is MandateFault.HOLDER
    assert fault(MandateKind.CURATORSHIP, SEE, WRITE) is None
    assert fault(MandateKind.CURATORSHIP, SEE, SHARE) is MandateFault.SHARE
    assert fault(MandateKind.GUARDIANSHIP, SEE, SHARE, years=20, pro=False) is None
    assert fault(MandateKind.GUARDIANSHIP, SEE, years=21) is MandateFault.END
    assert fault(MandateKind.GUARDIANSHIP, SEE, years=0) is MandateFault.END
    for days in (0, 2, 30, 366):
        with pytest.raises(MandateError):
            check_days(days)


def test_no_scope_is_part_of_another_and_a_curator_never_decides_on_shares() -> None:
    for scope in (WRITE, PRINT, SHARE):
        assert covers(MandateKind.HELPER, (SEE, scope), scope)
        others = {WRITE, PRINT, SHARE} - {scope}
        assert not any(covers(MandateKind.HELPER, (SEE, *others), one) for one in (scope,))
        assert not covers(MandateKind.HELPER, (scope,), scope), "nobody acts without seeing"
    assert not covers(MandateKind.CURATORSHIP, tuple(MandateScope), SHARE), "whatever the row says"


# --- giving, acting, ending ------------------------------------------------------------------------------


def test_a_helper_acts_in_the_scopes_given_and_every_act_names_him_the_person_and_the_mandate(
    town: World,
) -> None:
    told = aid(town)
    row = told.give(WRITE)
    session = told.begun(row)
    assert [told.may(session, scope) for scope in MandateScope] == [True, True, False, False]
    assert session.session.private[acting.FOR_NAME] == "Nora NORA"

    found = acting.acting_now(town.parts, session.session)
    assert found is not None
    owner = OwnerAccess(row.carnet_id, session.session.session_id)
    actor = found.actor(session.session, "127.0.0.1")
    answer = writing.Answer(FieldId("permis_conduire"), ["b"])
    writing.write_field(town.parts, owner, answer, actor=actor)

    done, older = acts.acts_under(town.parts, told.someone.owner, row.mandate_id, actor=told.someone.actor)
    assert [one.op for one in done] == [Op.WRITE, Op.SIGN_IN]
    assert older is None
    dpo = town.professional(told.helper.structure_id, new_id(), Role.DPO).session.row
    officer = Actor(ActorKind.PROFESSIONAL, dpo.subject, told.helper.structure_id, Role.DPO, dpo.session_id)
    entries, _ = list_entries(town.parts, actor=officer, limit=5)
    wrote = next(one for one in entries if one.op is Op.WRITE)
    assert wrote.about is not None
    assert wrote.actor is not None
    assert (wrote.about.carnet_id, wrote.about.mandate_id) == (row.carnet_id, row.mandate_id)
    assert wrote.actor.id == told.helper.professional_id
    assert wrote.actor.role is Role.HELPER


def test_she_sees_among_the_looks_of_others_those_of_whoever_acts_for_her(town: World) -> None:
    told = aid(town)
    row = told.give()
    found = acting.acting_now(town.parts, told.begun(row).session)
    assert found is not None
    actor = found.actor(told.helper.session.session, None)
    own_carnet.read_own_carnet(town.parts, told.someone.owner, actor=actor)
    own_carnet.read_own_carnet(town.parts, told.someone.owner, actor=told.someone.actor)
    looks, _ = own_carnet.list_accesses(town.parts, told.someone.owner, actor=told.someone.actor)
    assert [(one.op, one.mandate_id) for one in looks] == [(Op.READ_OWN, row.mandate_id)]


def test_an_ended_mandate_opens_nothing_from_the_next_request_on(town: World) -> None:
    told = aid(town)
    row = told.give(WRITE, PRINT, SHARE)
    session = told.begun(row)
    ended = told.end(row)
    assert ended.mandate_id == row.mandate_id
    assert told.end(row).state == mandates.ENDED
    assert not told.may(session)
    assert told.begin(row) is None
    assert session_of(town.parts, session.cookie, RULES) is None, "the session itself is gone"
    name = binding_name(MANDATE, row.mandate_id)
    assert not town.parts.rows.rows([name]), "nothing vouches for it any more"


def test_a_mandate_is_over_by_the_clock_before_any_pass_notes_it(town: World, clock: MovingClock) -> None:
    told = aid(town)
    row = told.give(days=1)
    session = told.begun(row)
    clock.forward(days=2, minutes=1)
    assert not told.may(session)
    assert standing.live_mandate(town.parts, row.mandate_id) is None
    assert mandates.finish_mandates(town.parts) >= 1
    stored = town.parts.data.mandate(row.mandate_id)
    assert stored is not None
    assert (stored.state, stored.ended_at) == (mandates.ENDED, row.ends_at)
    assert mandates.finish_mandates(town.parts) == 0


def test_giving_again_to_the_same_helper_replaces_what_was_given(town: World) -> None:
    told = aid(town)
    first = told.give(WRITE, SHARE)
    session = told.begun(first)
    second = told.give()
    assert not told.may(session)
    assert standing.live_mandate(town.parts, first.mandate_id) is None
    assert standing.live_mandate(town.parts, second.mandate_id) == second


def test_a_helper_who_left_or_is_none_acts_for_nobody(town: World) -> None:
    told = aid(town)
    session = told.begun(told.give(WRITE))
    end_habilitation(town.parts, told.helper.professional_id, at=None, actor=OPERATOR)
    assert not told.may(session)
    with pytest.raises(helping.NoSuchHelperError):
        told.give()
    with pytest.raises(helping.NoSuchHelperError):
        aid(town, Role.REFERENT).give()


def test_nobody_acts_under_a_mandate_of_somebody_else(town: World) -> None:
    told, other = aid(town), aid(town)
    row = told.give(WRITE, SHARE)
    own = other.helper.session
    begun = acting.begin(town.parts, own.session, row.mandate_id, cookie=own.cookie, address=None)
    assert begun is None
    own = told.someone.session
    assert acting.begin(town.parts, own.session, row.mandate_id, cookie=own.cookie, address=None) is None
    with pytest.raises(mandates.NoSuchMandateError):
        other.end(replace(row, carnet_id=other.someone.carnet_id))
    assert standing.live_mandate(town.parts, row.mandate_id) is not None


def test_a_session_acts_for_its_own_account_alone_and_begins_nothing_further(town: World) -> None:
    told = aid(town)
    row = told.give()
    session = told.begun(row)
    other = sessions.open_session(
        town.parts,
        kind=ACTING,
        subject=row.mandate_id,
        account_id=told.someone.carnet_id,
        rules=acting.ACTING_RULES,
        private={},
        replaces=None,
    )
    assert not told.may(other)
    assert told.may(session)
    again = acting.begin(town.parts, session.session, row.mandate_id, cookie=session.cookie, address=None)
    assert again is None, "from his own session only"


def test_a_session_that_acts_lives_no_longer_than_his_own_and_gives_it_back(
    town: World, clock: MovingClock
) -> None:
    told = aid(town)
    own = told.helper.session
    session = told.begun(told.give())
    assert session_of(town.parts, own.cookie, RULES) is None, "one session a browser"
    row = session.session.row
    assert row.ends_at <= min(own.session.row.ends_at, town.parts.now() + timedelta(hours=2))
    clock.forward(minutes=19)
    back = acting.go_back(town.parts, session.session, cookie=session.cookie, rules=RULES)
    assert back is not None
    again = back.session.row
    assert (again.kind, again.subject) == (PROFESSIONAL, told.helper.professional_id)
    assert (again.ends_at, again.proved_at) == (own.session.row.ends_at, own.session.row.proved_at)
    assert acting.go_back(town.parts, back.session, cookie=back.cookie, rules=RULES) is None


def test_whoever_acts_shares_nothing_with_his_own_structure(town: World) -> None:
    told = aid(town)
    found = acting.acting_now(town.parts, told.begun(told.give(SHARE)).session)
    assert found is not None
    actor = found.actor(told.helper.session.session, None)
    as_helper = replace(told.someone, actor=actor)
    with pytest.raises(sharing.GrantRefusedError):
        town.share(as_helper, told.helper.structure_id, ["permis_conduire"], purpose="accompagnement")
    elsewhere = town.structure("Association du Port", StructureKind.ASSOCIATION)
    assert town.share(as_helper, elsewhere, ["permis_conduire"], purpose="accompagnement")


def test_what_was_begun_under_a_mandate_is_not_done_once_it_is_over(town: World) -> None:
    """He passed the door, then she stopped it: under the lock nothing is read, written or shared any more."""
    told = aid(town)
    row = told.give(WRITE, PRINT, SHARE)
    session = told.begun(row)
    found = acting.acting_now(town.parts, session.session)
    assert found is not None
    late = replace(told.someone, actor=found.actor(session.session, None))
    grant = town.share(told.someone, town.structure(), ["permis_conduire"])
    told.end(row)
    size = town.parts.data.log_size()
    for act in (
        lambda: own_carnet.read_own_carnet(town.parts, late.owner, actor=late.actor),
        lambda: town.write(late, "permis_conduire", ["b"]),
        lambda: town.share(late, town.structure("Autre"), ["permis_conduire"]),
        lambda: town.withdraw(late, grant),
    ):
        with pytest.raises(standing.NoLongerActsError):
            act()
    extra = 1  # the structure that was added meanwhile
    assert town.parts.data.log_size() == size + extra


# --- another hand in the stores --------------------------------------------------------------------------


def test_whoever_writes_in_the_data_store_gives_himself_no_mandate(town: World) -> None:
    told, victim = aid(town), aid(town).someone
    row = told.give(WRITE)
    session = told.begun(row)
    edit(town, row, "scopes = 'see,write,print,share'")
    assert not told.may(session), "no wider scope"
    edit(town, row, "scopes = 'see,write', ends_at = ends_at + 1")
    assert not told.may(session), "no later end"
    edit(town, row, "ends_at = ends_at - 1, carnet_id = :other", other=victim.carnet_id)
    assert not told.may(session), "nobody else's carnet"
    edit(town, row, "carnet_id = :own", own=row.carnet_id)
    assert told.may(session), "and as it was given it stands"
    told.end(row)
    edit(town, row, "state = 'active', ended_at = NULL")
    assert standing.live_mandate(town.parts, row.mandate_id) is None, "none comes back"


def test_an_end_that_is_killed_anywhere_is_finished_and_never_undone(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = type(town.parts.keystore)
    changes: list[Change] = [(store, "delete_secrets"), (store, "end_sessions"), (store, "compact")]
    for number in range(len(changes)):
        told = aid(town)
        row = told.give(WRITE)
        session = told.begun(row)
        with killed_before(number, changes, monkeypatch) as seen:
            told.end(row)
        assert seen[-1] == "killed"
        assert not told.may(session)
        assert mandates.finish_mandates(town.parts) >= 1
        stored = town.parts.data.mandate(row.mandate_id)
        assert stored is not None
        assert stored.state == mandates.ENDED
        assert session_of(town.parts, session.cookie, RULES) is None


def test_a_carnet_that_is_erased_takes_its_mandates_along(town: World) -> None:
    told = aid(town)
    row = told.give(WRITE)
    session = told.begun(row)
    erase_carnet(town.parts, row.carnet_id, for_real=True, actor=told.someone.actor)
    assert not told.may(session)
    assert town.parts.data.mandate(row.mandate_id) is None
    assert not town.parts.rows.rows([binding_name(MANDATE, row.mandate_id)])
    assert session_of(town.parts, session.cookie, RULES) is None


# --- codes, rulings --------------------------------------------------------------------------------------


def test_a_code_leads_to_its_helper_for_a_day_and_to_nobody_else(town: World, clock: MovingClock) -> None:
    told = aid(town)
    code, _ = helping.make_code(town.parts, told.helper.professional_id)
    typed = f" {code[:3].lower()} {code[3:7]}-{code[7:]}"
    found = helping.find_helper(town.parts, told.someone.owner, typed, actor=told.someone.actor)
    assert (found.professional_id, found.structure.name) == (told.helper.professional_id, "CCAS de Brest")
    with pytest.raises(helping.NoSuchHelperError):
        helping.professional_of_code(town.parts, "ABC DEFG HJK")
    referent = aid(town, Role.REFERENT).helper.professional_id
    with pytest.raises(helping.NoSuchHelperError):
        helping.make_code(town.parts, referent)
    clock.forward(hours=24)
    with pytest.raises(helping.NoSuchHelperError):
        helping.professional_of_code(town.parts, code)


def ruling(town: World, kind: MandateKind, *scopes: MandateScope) -> mandates.Ruling:
    return mandates.Ruling(kind, (SEE, *scopes), town.parts.now() + timedelta(days=1000), "TJ Brest 26/123")


def test_a_relative_acts_under_a_guardianship_from_her_own_account_alone(town: World) -> None:
    someone, relative = town.newcomer("abel"), town.newcomer("zoe")
    holder = mandates.Holder("Zoé, sa fille", account_id=AccountId(relative.carnet_id))
    told = ruling(town, MandateKind.GUARDIANSHIP, WRITE)
    row = mandates.record_ruling(town.parts, someone.carnet_id, holder, told, actor=OPERATOR)
    own = relative.session
    session = acting.begin(town.parts, own.session, row.mandate_id, cookie=own.cookie, address=None)
    assert session is not None
    found = acting.acting_now(town.parts, session.session)
    assert found is not None
    assert found.habilitation is None
    assert found.may(WRITE)
    assert not found.may(SHARE)
    shown = mandates.own_mandates(town.parts, someone.owner, actor=someone.actor)
    assert [(one.holder, one.standing) for one in shown] == [("Zoé, sa fille", True)]
    with pytest.raises(mandates.MandateRefusedError):  # not hers to end: the ruling's
        mandates.end_mandate(
            town.parts, someone.carnet_id, row.mandate_id, actor=someone.actor, by_ruling=False
        )
    mandates.end_mandate(town.parts, someone.carnet_id, row.mandate_id, actor=OPERATOR, by_ruling=True)
    assert acting.acting_now(town.parts, session.session) is None


def test_an_officer_who_left_since_the_door_records_and_ends_nothing(town: World) -> None:
    told = aid(town)
    desk = town.member(town.structure("D"), new_id(), Role.DPO, kind=StructureKind.DEPARTEMENT)
    holder = mandates.Holder("", professional_id=told.helper.professional_id)
    one = ruling(town, MandateKind.GUARDIANSHIP)
    carnet_id, officer = told.someone.carnet_id, desk.reader.actor
    row = mandates.record_ruling(town.parts, carnet_id, holder, one, actor=officer)
    end_habilitation(town.parts, desk.professional_id, at=None, actor=OPERATOR)
    with pytest.raises((standing.NoLongerActsError, KeyGoneError)):
        mandates.record_ruling(town.parts, carnet_id, holder, one, actor=officer)
    with pytest.raises((standing.NoLongerActsError, KeyGoneError)):
        mandates.end_mandate(town.parts, carnet_id, row.mandate_id, actor=officer, by_ruling=True)
    assert standing.live_mandate(town.parts, row.mandate_id) == row


def test_a_ruling_that_cannot_be_is_not_recorded(town: World) -> None:
    told = aid(town)
    own = mandates.Holder("moi", account_id=AccountId(told.someone.carnet_id))
    nobody = mandates.Holder("x", account_id=AccountId(CarnetId(new_id())))
    helper = mandates.Holder("", professional_id=told.helper.professional_id)
    wrong = [
        (own, ruling(town, MandateKind.GUARDIANSHIP), MandateFault.SELF),
        (nobody, ruling(town, MandateKind.GUARDIANSHIP), MandateFault.HOLDER),
        (helper, ruling(town, MandateKind.HELPER), MandateFault.HOLDER),
        (helper, ruling(town, MandateKind.CURATORSHIP, SHARE), MandateFault.SHARE),
    ]
    for holder, one, fault in wrong:
        with pytest.raises(mandates.MandateRefusedError) as refused:
            mandates.record_ruling(town.parts, told.someone.carnet_id, holder, one, actor=OPERATOR)
        assert refused.value.fault is fault
    assert not town.parts.data.mandates_of(told.someone.carnet_id)

"""Sessions as their owner sees and ends them, and what she was writing when one was over."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.ids import AccountId, ProfessionalId, StructureId
from schemas.names import Role
from tests.services.conftest import ONE_ENGINE
from tests.world import RULES, MovingClock, Someone, World, coming_in_pro
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.errors import LogUnavailableError
from vault.services import administering, sessions, signing_in, signing_out, typed_text
from vault.services.journal import Actor
from vault.services.sessions import NewSession, Session
from vault.storage.data_store import SqlDataStore

KINDS = {sessions.PERSON: RULES, sessions.PROFESSIONAL: RULES, sessions.DPO: RULES}
PATH = "/mon-carnet/emploi"
PAIRS = (("metier", "soudeuse, « à l’arc »"), ("metier", ""), ("heures", "24"))
SECOND = timedelta(seconds=1)


@pytest.fixture
def eva(town: World) -> Someone:
    return town.newcomer("eva")


@pytest.fixture(scope="session")
def siae(town: World) -> StructureId:
    return town.structure("SIAE des Sessions")


def opened(town: World, who: Someone, **told: Any) -> NewSession:
    """Another session of hers, in another browser."""
    usual = {"private": {"name": "Eva"}, "replaces": None, "rules": RULES}
    row = who.session.session.row
    return sessions.open_session(
        town.parts, kind=row.kind, subject=row.subject, account_id=row.account_id, **{**usual, **told}
    )


def listed(town: World, who: Someone) -> list[str]:
    return [one.session_id for one in sessions.sessions_of(town.parts, who.carnet_id, KINDS)]


def live(town: World, one: NewSession) -> Session | None:
    return sessions.session_of(town.parts, one.cookie, KINDS)


def over(town: World, one: NewSession, clock: MovingClock) -> Session:
    """That session, left alone too long."""
    clock.forward(minutes=RULES.idle.total_seconds() / 60 + 1)
    found = sessions.session_over(town.parts, one.cookie, KINDS)
    assert found is not None
    return found


def end_others(town: World, who: Someone, only: str | None = None) -> int:
    return signing_out.end_other_sessions(town.parts, who.session.session, KINDS, actor=who.actor, only=only)


def last_op(town: World) -> str:
    size = town.parts.data.log_size()
    return Leaf.parse(town.parts.data.log_rows([size - 1])[0].leaf).op


# --- the list --------------------------------------------------------------------------------------------


def test_she_sees_her_live_sessions_and_nobody_elses(town: World, eva: Someone, clock: MovingClock) -> None:
    phone = opened(town, eva, device="Chrome sur Android")
    town.newcomer("zoe")
    assert set(listed(town, eva)) == {eva.session.session.session_id, phone.session.session_id}
    told = {one.session_id: one.device for one in sessions.sessions_of(town.parts, eva.carnet_id, KINDS)}
    assert told[phone.session.session_id] == "Chrome sur Android"
    clock.forward(minutes=15)
    assert live(town, phone)
    clock.forward(minutes=15)
    assert listed(town, eva) == [phone.session.session_id], "the other was left alone too long"


def test_how_she_recognises_a_browser_is_not_readable_in_the_key_store(town: World, eva: Someone) -> None:
    phone = opened(town, eva, device="Chrome sur Android")
    row = town.parts.keystore.session(phone.session.session_id)
    assert row is not None
    assert b"Android" not in row.device


@ONE_ENGINE
def test_a_session_that_another_hand_wrote_is_not_listed_and_opens_nothing(town: World, eva: Someone) -> None:
    zoe = town.newcomer("zoe")
    row = town.parts.keystore.session(zoe.session.session.session_id)
    assert row is not None
    town.parts.keystore.end_sessions(session_id=row.session_id)
    town.parts.keystore.add_session(replace(row, subject=eva.carnet_id, account_id=eva.carnet_id))
    assert row.session_id not in listed(town, eva)
    assert live(town, zoe.session) is None
    assert sessions.session_over(town.parts, zoe.session.cookie, KINDS) is None


# --- ending ----------------------------------------------------------------------------------------------


def test_ending_one_or_all_others_leaves_this_one_and_an_entry(town: World, eva: Someone) -> None:
    phone, desk, library = (opened(town, eva) for _ in range(3))
    assert end_others(town, eva, phone.session.session_id) == 1
    assert last_op(town) == Op.SIGN_OUT
    assert live(town, phone) is None
    assert live(town, desk)
    assert end_others(town, eva) == 2
    assert [live(town, one) for one in (phone, desk, library)] == [None, None, None]
    assert live(town, eva.session)
    size = town.parts.data.log_size()
    assert end_others(town, eva) == 0
    assert town.parts.data.log_size() == size, "nothing was done, nothing is noted"


def test_nobody_ends_a_session_of_somebody_else_nor_her_own_by_this_way(town: World, eva: Someone) -> None:
    zoe = town.newcomer("zoe")
    for foreign in (zoe.session.session.session_id, "", "a" * 64, eva.session.session.session_id):
        assert end_others(town, eva, foreign) == 0
    assert live(town, zoe.session)
    assert live(town, eva.session)


def test_a_session_ends_even_while_the_log_cannot_say_so(
    town: World, eva: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise LogUnavailableError("stopped on purpose")

    monkeypatch.setattr(SqlDataStore, "change", away)
    signing_out.sign_out(town.parts, eva.session.session, actor=eva.actor)
    assert live(town, eva.session) is None
    assert "a sign-out has no entry: kind=person" in caplog.text


def test_signing_out_is_noted(town: World, eva: Someone) -> None:
    signing_out.sign_out(town.parts, eva.session.session, actor=eva.actor)
    assert live(town, eva.session) is None
    assert last_op(town) == Op.SIGN_OUT


# --- when she proved who she is --------------------------------------------------------------------------


def test_a_session_says_when_she_proved_who_she_is_and_nobody_can_say_otherwise(
    town: World, eva: Someone, clock: MovingClock
) -> None:
    ago = clock() - timedelta(hours=1)
    proved = opened(town, eva, proved_at=ago).session.row.proved_at
    assert abs(proved - ago) < SECOND
    ahead = opened(town, eva, proved_at=clock() + timedelta(hours=1))
    assert ahead.session.row.proved_at <= clock(), "a provider's clock that runs ahead wins nothing"
    row = town.parts.keystore.session(ahead.session.session_id)
    assert row is not None
    town.parts.keystore.end_sessions(session_id=row.session_id)
    town.parts.keystore.add_session(replace(row, proved_at=row.proved_at + timedelta(hours=1)))
    assert live(town, ahead) is None


def test_choosing_a_structure_again_makes_no_session_longer_and_proves_nothing(
    town: World, siae: StructureId, clock: MovingClock
) -> None:
    invited = administering.invite(
        town.parts, structure_id=siae, email="lea@alpha.example", role=Role.REFERENT
    )
    coming = coming_in_pro(
        "lea-des-sessions", proved_at=clock() - timedelta(minutes=30), device="Firefox sur Windows"
    )
    first = signing_in.professional_signs_in(town.parts, coming, invitation=invited.secret, rules=RULES)
    assert isinstance(first, NewSession)
    clock.forward(minutes=10)
    chosen = signing_in.choose_habilitation(
        town.parts,
        first.session,
        ProfessionalId(first.session.row.subject),
        cookie=first.cookie,
        rules=RULES,
        address=None,
    )
    assert chosen is not None
    before, after = first.session.row, chosen.session.row
    assert (after.created_at, after.ends_at, after.proved_at) == (
        before.created_at,
        before.ends_at,
        before.proved_at,
    )
    (one,) = sessions.sessions_of(town.parts, AccountId(before.account_id), KINDS)
    assert one.device == "Firefox sur Windows"
    assert live(town, chosen)


# --- what was being written ------------------------------------------------------------------------------


def keep(town: World, was: Session, one: NewSession, pairs: typed_text.Pairs = PAIRS) -> bool:
    return typed_text.keep_typed(town.parts, was, one.cookie, path=PATH, pairs=pairs)


def carry(town: World, one: NewSession, new: NewSession) -> str | None:
    return typed_text.carry_typed(town.parts, former=one.cookie, cookie=new.cookie, session=new.session)


def shown(town: World, one: NewSession, path: str = PATH) -> typed_text.Pairs | None:
    return typed_text.typed_for(town.parts, one.session, one.cookie, path)


def test_what_she_typed_comes_back_to_her_in_that_browser_on_that_page(
    town: World, eva: Someone, clock: MovingClock
) -> None:
    assert keep(town, over(town, eva.session, clock), eva.session)
    again = opened(town, eva)
    assert carry(town, eva.session, again) == PATH
    assert shown(town, again) == PAIRS
    assert shown(town, again, "/mon-carnet/logement") is None
    assert shown(town, opened(town, eva)) is None, "another browser of hers"
    typed_text.drop_typed(town.parts, again.cookie)
    assert shown(town, again) is None


def test_somebody_else_in_that_browser_gets_nothing_and_it_is_destroyed(
    town: World, eva: Someone, clock: MovingClock
) -> None:
    keep(town, over(town, eva.session, clock), eva.session)
    zoe = town.newcomer("zoe")
    assert carry(town, eva.session, zoe.session) is None
    assert shown(town, zoe.session) is None
    assert carry(town, eva.session, opened(town, eva)) is None, "not even she, afterwards"


def test_it_is_gone_a_quarter_of_an_hour_later_however_often_it_was_carried(
    town: World, eva: Someone, clock: MovingClock
) -> None:
    keep(town, over(town, eva.session, clock), eva.session)
    clock.forward(minutes=10)
    again = opened(town, eva)
    assert carry(town, eva.session, again) == PATH
    clock.forward(minutes=4)
    assert shown(town, again) == PAIRS
    clock.forward(minutes=2)
    assert shown(town, again) is None
    town.parts.keystore.sweep(clock())
    assert town.parts.keystore.typed(typed_text._id(again.cookie)) is None


def test_a_browser_keeps_one_text_the_last(town: World, eva: Someone, clock: MovingClock) -> None:
    was = over(town, eva.session, clock)
    keep(town, was, eva.session)
    keep(town, was, eva.session, [("metier", "autre")])
    again = opened(town, eva)
    assert carry(town, eva.session, again) == PATH
    assert shown(town, again) == (("metier", "autre"),)


def test_what_is_longer_than_any_form_is_not_kept(town: World, eva: Someone, clock: MovingClock) -> None:
    was = over(town, eva.session, clock)
    assert not keep(town, was, eva.session, [("metier", "x" * typed_text.MOST_BYTES)])
    assert not keep(town, was, eva.session, [("metier", "\ud800")])


@ONE_ENGINE
@pytest.mark.parametrize("part", ["ends_at", "sealed", "typed_id"])
def test_what_another_hand_touched_is_not_shown(
    town: World, eva: Someone, clock: MovingClock, part: str
) -> None:
    keep(town, over(town, eva.session, clock), eva.session)
    row = town.parts.keystore.typed(typed_text._id(eva.session.cookie))
    assert row is not None
    zoe = town.newcomer("zoe")
    changed: dict[str, Any] = {
        "ends_at": row.ends_at + timedelta(days=1),
        "sealed": row.sealed[:-1] + bytes([row.sealed[-1] ^ 1]),
        "typed_id": typed_text._id(zoe.session.cookie),
    }
    town.parts.keystore.keep_typed(replace(row, **{part: changed[part]}))
    new = opened(town, eva)
    if part == "typed_id":
        assert carry(town, zoe.session, new) is None
    else:
        assert carry(town, eva.session, new) is None
    assert shown(town, new) is None


@ONE_ENGINE
def test_the_key_store_never_holds_it_in_the_clear(town: World, eva: Someone, clock: MovingClock) -> None:
    keep(town, over(town, eva.session, clock), eva.session)
    row = town.parts.keystore.typed(typed_text._id(eva.session.cookie))
    assert row is not None
    assert b"soudeuse" not in row.sealed
    assert eva.carnet_id.encode() not in row.sealed


@ONE_ENGINE
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=200)), max_size=30))
def test_any_form_comes_back_as_it_was_sent(town: World, eva: Someone, pairs: list[tuple[str, str]]) -> None:
    one = opened(town, eva)
    assert keep(town, one.session, one, pairs)
    assert shown(town, one) == tuple(pairs)


# --- rows ------------------------------------------------------------------------------------------------


def test_a_session_that_is_over_is_remembered_a_while_then_swept(world: World) -> None:
    eva, store = world.newcomer("eva"), world.parts.keystore
    row = eva.session.session.row
    store.sweep(row.ends_at + timedelta(minutes=59))
    assert store.session(row.session_id)
    store.sweep(row.ends_at + timedelta(minutes=61))
    assert store.session(row.session_id) is None


def test_ending_answers_to_all_that_is_told(world: World) -> None:
    eva, zoe, store = world.newcomer("eva"), world.newcomer("zoe"), world.parts.keystore
    mine = eva.session.session.session_id
    assert store.end_sessions() == 0
    assert store.end_sessions(but=mine) == 0
    assert store.end_sessions(session_id=mine, account_id=zoe.carnet_id) == 0
    assert store.end_sessions(account_id=eva.carnet_id, but=mine) == 0
    assert store.end_sessions(account_id=eva.carnet_id) == 1
    assert store.session(zoe.session.session.session_id)


def test_an_actor_without_a_structure_leaves_without_an_entry(town: World, eva: Someone) -> None:
    size = town.parts.data.log_size()
    actor: Actor | None = None
    signing_out.sign_out(town.parts, eva.session.session, actor=actor)
    assert live(town, eva.session) is None
    assert town.parts.data.log_size() == size

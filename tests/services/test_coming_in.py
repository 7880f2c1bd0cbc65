"""Sessions, sign-ins, invitations, tokens: what a browser or a system holds works once, for whom it was made,
and not a minute longer."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from schemas.ids import ClientId, InvitationId, ProfessionalId, StructureId, new_id
from schemas.names import Role, StructureKind
from tests.services.killing import KilledError
from tests.world import RULES, MovingClock, Someone, World, a_public_jwk, coming_in, coming_in_pro
from vault.audit.events import Op
from vault.crypto import blind_tag, digest
from vault.errors import LogUnavailableError
from vault.services import accounts, administering, own_carnet, sessions, signing_in, tokens
from vault.services.reading import FieldsView, NotShared
from vault.services.sessions import NewSession
from vault.services.signing_in import NotInvited
from vault.services.upkeep import run_upkeep

KINDS = {sessions.PERSON: RULES, sessions.PROFESSIONAL: RULES, sessions.DPO: RULES}
SECOND = timedelta(seconds=1)


@pytest.fixture
def eva(town: World) -> Someone:
    return town.newcomer("eva")


@pytest.fixture(scope="session")
def siae(town: World) -> StructureId:
    return town.structure("SIAE des Portes")


def live(town: World, cookie: str) -> bool:
    return sessions.session_of(town.parts, cookie, KINDS) is not None


# --- sessions --------------------------------------------------------------------------------------------


def test_a_session_left_alone_ends(town: World, eva: Someone, clock: MovingClock) -> None:
    clock.stop_at(clock())
    cookie = eva.session.cookie
    clock.stop_at(clock() + RULES.idle - SECOND)
    assert live(town, cookie)
    clock.stop_at(clock() + RULES.idle - SECOND)
    assert live(town, cookie), "it was used meanwhile"
    clock.stop_at(clock() + RULES.idle)
    assert not live(town, cookie)
    clock.go_on()
    assert not live(town, cookie)
    assert sessions.session_over(town.parts, cookie, KINDS), "it is only remembered"


def test_a_session_ends_however_much_it_is_used(town: World, eva: Someone, clock: MovingClock) -> None:
    clock.stop_at(clock())
    start, cookie = eva.session.session.row.created_at, eva.session.cookie
    assert eva.session.session.row.ends_at == start + RULES.absolute
    while clock() + RULES.idle / 2 < start + RULES.absolute:
        clock.stop_at(clock() + RULES.idle / 2)
        assert live(town, cookie)
    clock.stop_at(start + RULES.absolute - timedelta(milliseconds=1))
    assert live(town, cookie)
    clock.stop_at(start + RULES.absolute)
    assert not live(town, cookie)
    clock.go_on()


def test_signing_in_gives_a_new_identifier_and_ends_the_browser_s_former_one(town: World) -> None:
    name = new_id()
    first = town.person(name)
    second = town.person(name, former_cookie=first.session.cookie)
    assert second.carnet_id == first.carnet_id
    assert second.session.cookie != first.session.cookie
    assert not live(town, first.session.cookie)
    third = town.person(name)
    assert live(town, second.session.cookie), "another browser's goes on"
    assert sessions.end_session(town.parts, third.session.cookie) == third.session.session.private
    assert sessions.end_session(town.parts, third.session.cookie) is None
    assert not live(town, third.session.cookie)
    assert live(town, second.session.cookie)


@pytest.mark.parametrize("cookie", ["", "x", "\ud800", "é" * 10_000, "a\x00b"])
def test_what_was_never_given_opens_no_session(town: World, cookie: str) -> None:
    assert not live(town, cookie)
    assert sessions.end_session(town.parts, cookie) is None


def test_what_is_stored_does_not_open_a_session(town: World, eva: Someone) -> None:
    assert not live(town, eva.owner.session_id)
    assert sessions.session_of(town.parts, eva.session.cookie, KINDS) is not None


# --- sign-ins under way ----------------------------------------------------------------------------------


def remember(town: World, browser: str, state: str) -> None:
    sessions.remember_pending(town.parts, browser=browser, state=state, told={"nonce": state})


def take(town: World, browser: str | None, state: str) -> Any:
    return sessions.take_pending(town.parts, browser=browser, state=state)


def test_a_sign_in_under_way_is_taken_once_by_the_browser_that_began_it(town: World) -> None:
    browser, state = new_id(), new_id()
    remember(town, browser, state)
    assert take(town, browser, state) == {"nonce": state}
    assert take(town, browser, state) is None


@pytest.mark.parametrize("other", [None, "", "another browser"])
def test_another_browser_gets_nothing_and_uses_it_up(town: World, other: str | None) -> None:
    browser, state = new_id(), new_id()
    remember(town, browser, state)
    assert take(town, other, state) is None
    assert take(town, browser, state) is None


def test_a_sign_in_that_took_too_long_is_over(town: World, clock: MovingClock) -> None:
    browser, states = new_id(), [new_id(), new_id()]
    clock.stop_at(clock())
    for state in states:
        remember(town, browser, state)
    clock.stop_at(clock() + sessions.PENDING_LIFE - SECOND)
    assert take(town, browser, states[0]) == {"nonce": states[0]}
    clock.stop_at(clock() + 2 * SECOND)
    assert take(town, browser, states[1]) is None
    clock.go_on()


def test_a_browser_has_at_most_five_under_way_and_the_oldest_goes(town: World, clock: MovingClock) -> None:
    browser, states, neighbour = new_id(), [new_id() for _ in range(7)], (new_id(), new_id())
    remember(town, *neighbour)
    for state in states:
        clock.forward(seconds=1)
        remember(town, browser, state)
    assert [take(town, browser, state) is not None for state in states] == [False] * 2 + [True] * 5
    assert take(town, *neighbour) is not None


# --- who is who ------------------------------------------------------------------------------------------


def test_the_same_pair_is_the_same_carnet_and_any_other_is_another(town: World) -> None:
    subject, mail = new_id(), {"email": "ana@exemple.fr"}
    claims = {"name": {"nom": "A", "prenoms": ["B"]}, **mail}

    def signs_in(**told: Any) -> str:
        coming = coming_in("ana", **{"subject": subject, "claims": claims, **told})
        opened = signing_in.person_signs_in(town.parts, coming, rules=RULES)
        assert isinstance(opened, NewSession)
        return opened.session.row.subject

    first = signs_in()
    assert signs_in() == first
    assert signs_in(claims={**claims, "email": "new@exemple.fr"}) == first
    others = {
        signs_in(subject=new_id()),  # the same e-mail, another person
        signs_in(subject=subject + " "),
        signs_in(subject=subject.upper()),
        signs_in(issuer="http://other.example"),
        signs_in(issuer="http://fc.example/"),
    }
    assert len(others | {first}) == 6


def test_a_tag_that_leads_to_somebody_else_opens_nothing(town: World, eva: Someone) -> None:
    """Tags are eight bytes: two people may share one, and a writer of K may add one."""
    stranger = new_id()
    tag = accounts.tag_of(town.parts, "http://fc.example", stranger)
    town.parts.keystore.add_tag(accounts.COLUMN, tag, eva.carnet_id)
    assert accounts.find_account(town.parts, "http://fc.example", stranger) is None
    other = town.person("max", subject=stranger)
    assert other.carnet_id != eva.carnet_id
    assert town.person("max", subject=stranger).carnet_id == other.carnet_id


def test_the_pair_cannot_be_cut_elsewhere(town: World) -> None:
    tag = accounts.tag_of
    assert tag(town.parts, "ab", "c") != tag(town.parts, "a", "bc")
    assert len(tag(town.parts, "ab", "c")) == len(blind_tag(bytes(32), b"")) == 8


def together(*works: Callable[[], Any]) -> list[Any]:
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


def test_two_tabs_at_the_first_sign_in_open_one_carnet(town: World) -> None:
    subject = new_id()
    found = together(*[lambda: town.person("ana", subject=subject)] * 3)
    assert len({one.carnet_id for one in found}) == 1
    assert town.person("ana", subject=subject).carnet_id == found[0].carnet_id
    shown = own_carnet.read_own_carnet(town.parts, found[0].owner, actor=found[0].actor)
    assert [entry.field_id for entry in shown.entries] == ["identite_nom"]


@pytest.mark.parametrize("step", ["add_carnet", "add_account", "append", "commit"])
def test_a_first_sign_in_that_was_interrupted_is_simply_begun_again(
    town: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from vault.storage.data_store import SqlWork

    def die(*_: Any, **__: Any) -> Any:
        raise KilledError

    subject = new_id()
    with monkeypatch.context() as patch:
        patch.setattr(SqlWork, step, die)
        with pytest.raises(KilledError):
            town.person("ana", subject=subject)
    someone = town.person("ana", subject=subject)
    town.fill(someone)
    assert town.person("ana", subject=subject).carnet_id == someone.carnet_id


def test_without_the_log_nobody_comes_in(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = town.newcomer()

    def refuses(*_: Any) -> Any:
        raise LogUnavailableError("stopped on purpose")

    monkeypatch.setattr(town.parts.data, "change", refuses)
    with pytest.raises(LogUnavailableError):
        town.newcomer()
    with pytest.raises(LogUnavailableError):
        town.person("ana", subject="known", former_cookie=someone.session.cookie)


def test_her_name_is_written_when_it_is_new_or_changed_and_only_then(town: World) -> None:
    subject = new_id()

    def names(*told: str) -> list[tuple[str, int]]:
        claims = {"name": {"nom": told[0], "prenoms": list(told[1:])}}
        coming = coming_in("ana", subject=subject, claims=claims)
        opened = signing_in.person_signs_in(town.parts, coming, rules=RULES)
        assert isinstance(opened, NewSession)
        carnet = opened.session.row.subject
        records = town.parts.data.own_records(carnet, history=True)  # type: ignore[arg-type]
        return [(row.head.compartment, row.head.version) for row in records]

    assert names("DUPONT", "Ana") == [("identite_nom", 1)]
    size = town.parts.data.log_size()
    assert names("DUPONT", "Ana") == [("identite_nom", 1)]
    assert town.parts.data.log_size() == size + 1, "the sign-in alone"
    assert names("DUPONT", "Ana", "Maria") == [("identite_nom", 1), ("identite_nom", 2)]
    assert names("DUPONT", "Ana") == [("identite_nom", 1), ("identite_nom", 2), ("identite_nom", 3)]


# --- professionals ---------------------------------------------------------------------------------------


def invite(town: World, siae: StructureId, role: Role = Role.REFERENT) -> administering.Invitation:
    return administering.invite(town.parts, structure_id=siae, email="a@b.example", role=role)


def signs_in(town: World, name: str, invitation: str | None = None, **told: Any) -> NewSession | NotInvited:
    coming = coming_in_pro(name, **told)
    return signing_in.professional_signs_in(town.parts, coming, invitation=invitation, rules=RULES)


def habilitations(town: World, name: str) -> list[Any]:
    account = accounts.find_account(town.parts, "http://pc.example", name)
    return [*signing_in.live_habilitations(town.parts, account.row.account_id if account else None)]


def test_without_an_invitation_nobody_works_here(town: World) -> None:
    for invitation in (None, "", "unknown", "\ud800", new_id()):
        assert signs_in(town, new_id(), invitation) == NotInvited()


def test_an_invitation_serves_once_and_binds_the_account_that_used_it(town: World, siae: StructureId) -> None:
    invitation, name = invite(town, siae, Role.ADVISER), new_id()
    session = signs_in(town, name, invitation.secret)
    assert isinstance(session, NewSession)
    (row,) = habilitations(town, name)
    assert (session.session.row.kind, session.session.row.subject) == ("professional", row.professional_id)
    assert (row.structure_id, row.role) == (siae, Role.ADVISER)
    used = town.parts.data.invitation(InvitationId(invitation.invitation_id))
    assert used is not None
    assert used.used_by == row.professional_id

    assert signs_in(town, new_id(), invitation.secret) == NotInvited(), "a second account"
    assert signs_in(town, name, invitation.secret, issuer="http://other.example") == NotInvited()
    again = signs_in(town, name, invitation.secret)
    assert isinstance(again, NewSession), "who is bound comes in, with or without the old link"
    assert len(habilitations(town, name)) == 1


def test_an_invitation_is_over_after_seven_days(town: World, siae: StructureId, clock: MovingClock) -> None:
    first, second = invite(town, siae), invite(town, siae)
    clock.stop_at(first.expires_at - SECOND)
    assert isinstance(signs_in(town, new_id(), first.secret), NewSession)
    clock.stop_at(second.expires_at)
    assert signs_in(town, new_id(), second.secret) == NotInvited()
    clock.go_on()


def test_two_who_use_one_invitation_at_once_do_not_both_come_in(town: World, siae: StructureId) -> None:
    invitation, names = invite(town, siae).secret, [new_id() for _ in range(3)]
    found = together(*(lambda name=name: signs_in(town, name, invitation) for name in names))
    assert sum(isinstance(one, NewSession) for one in found) == 1, found
    assert sum(len(habilitations(town, name)) for name in names) == 1


def test_a_newcomer_who_uses_two_invitations_at_once_has_one_account(town: World, siae: StructureId) -> None:
    name, links = new_id(), [invite(town, siae).secret for _ in range(3)]
    found = together(*(lambda link=link: signs_in(town, name, link) for link in links))
    assert all(isinstance(one, NewSession) for one in found), found
    assert len(habilitations(town, name)) == 3


@pytest.mark.parametrize("step", ["add_account", "add_habilitation", "use_invitation", "append", "commit"])
def test_an_invitation_whose_use_was_interrupted_still_serves(
    town: World, siae: StructureId, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from vault.storage.data_store import SqlWork

    def die(*_: Any, **__: Any) -> Any:
        raise KilledError

    invitation, name = invite(town, siae), new_id()
    with monkeypatch.context() as patch:
        patch.setattr(SqlWork, step, die)
        with pytest.raises(KilledError):
            signs_in(town, name, invitation.secret)
    assert isinstance(signs_in(town, name, invitation.secret), NewSession)
    assert isinstance(signs_in(town, name), NewSession), "and the account is found again"


def test_killed_right_after_it_was_used_it_is_used(
    town: World, siae: StructureId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> Any:
        raise KilledError

    invitation, name = invite(town, siae), new_id()
    with monkeypatch.context() as patch:
        patch.setattr(town.parts.keystore, "take_link", die)
        with pytest.raises(KilledError):
            signs_in(town, name, invitation.secret)
    assert signs_in(town, new_id(), invitation.secret) == NotInvited()
    assert isinstance(signs_in(town, name), NewSession)


def test_with_several_habilitations_a_session_acts_for_none_until_one_of_its_own_is_chosen(
    town: World, siae: StructureId
) -> None:
    name, other = new_id(), town.structure("Autre")
    signs_in(town, name, invite(town, siae).secret)
    session = signs_in(town, name, invite(town, other, Role.DPO).secret)
    assert isinstance(session, NewSession)
    assert (session.session.row.kind, session.session.row.subject) == ("professional", "")
    stranger = town.member(siae, new_id(), kind=StructureKind.SIAE).professional_id

    def choose(professional_id: str, coming: NewSession = session) -> Any:
        return signing_in.choose_habilitation(
            town.parts,
            coming.session,
            ProfessionalId(professional_id),
            cookie=coming.cookie,
            rules=RULES,
            address=None,
        )

    for not_hers in (stranger, "", "nobody", "\x00"):
        assert choose(not_hers) is None
        now = town.parts.keystore.session(session.session.session_id)
        assert now is not None
        assert now.subject == ""
    rows = {row.role: row for row in habilitations(town, name)}
    for role, kind in ((Role.DPO, "dpo"), (Role.REFERENT, "professional")):
        chosen = choose(rows[role].professional_id, session)
        assert (chosen.session.row.kind, chosen.session.row.subject) == (kind, rows[role].professional_id)
        assert town.parts.keystore.session(session.session.session_id) is None, "a new identifier each time"
        session = chosen


def test_a_person_s_session_chooses_no_habilitation(town: World, eva: Someone, siae: StructureId) -> None:
    stranger = town.member(siae, new_id(), kind=StructureKind.SIAE).professional_id
    assert (
        signing_in.choose_habilitation(
            town.parts,
            eva.session.session,
            stranger,
            cookie=eva.session.cookie,
            rules=RULES,
            address=None,
        )
        is None
    )


def test_whose_habilitation_ended_comes_in_no_more_and_reads_no_more(
    town: World, eva: Someone, siae: StructureId
) -> None:
    name = new_id()
    member = town.member(siae, name, kind=StructureKind.SIAE)
    town.fill(eva)
    town.share(eva, siae)
    assert isinstance(town.read(member, eva.carnet_id), FieldsView)
    end(town, "habilitations", "professional_id", member.professional_id)
    assert not isinstance(town.read(member, eva.carnet_id), FieldsView)
    assert signs_in(town, name) == NotInvited()


def end(town: World, table: str, column: str, value: str) -> None:
    """What a later command will do: the row is over."""
    now = int(town.parts.now().timestamp() * 1000)
    with town.app.data.database.write() as connection:
        statement = f"UPDATE {table} SET ends_at = :now WHERE {column} = :value"
        connection.execute(text(statement), {"now": now, "value": value})
        connection.commit()


def test_each_sign_in_of_anybody_is_an_entry(town: World, siae: StructureId) -> None:
    def ops(since: int) -> list[Op]:
        from vault.audit.leaf import Leaf

        rows = town.parts.data.log_rows(range(since, town.parts.data.log_size()))
        return [Leaf.parse(row.leaf).op for row in reversed(rows)]

    since, name, subject = town.parts.data.log_size(), new_id(), new_id()
    town.person("ana", subject=subject)
    assert ops(since) == [Op.OPEN_CARNET, Op.SIGN_IN, Op.WRITE]
    since = town.parts.data.log_size()
    town.person("ana", subject=subject)
    assert ops(since) == [Op.SIGN_IN]
    since = town.parts.data.log_size()
    signs_in(town, name, invite(town, siae).secret)
    signs_in(town, name)
    signs_in(town, new_id())
    assert ops(since) == [Op.INVITE, Op.JOIN, Op.SIGN_IN, Op.SIGN_IN]


# --- systems ---------------------------------------------------------------------------------------------


def a_client(town: World, siae: StructureId) -> Any:
    client_id = administering.add_client(
        town.parts, structure_id=siae, name="logiciel", public_jwk=a_public_jwk()
    )
    return tokens.client_of(town.parts, client_id)


def give(town: World, client: Any, jti: str, *, minutes: float = 1) -> tokens.NewToken | None:
    ends_at = town.parts.now() + timedelta(minutes=minutes)
    return tokens.give_token(town.parts, client, jti=jti, assertion_ends_at=ends_at)


def token_of(town: World, token: str) -> Any:
    return tokens.tokens_of(town.parts, [token])[0]


def test_an_assertion_serves_once_for_its_client(town: World, siae: StructureId, clock: MovingClock) -> None:
    client, other, jti = a_client(town, siae), a_client(town, siae), new_id()
    first = give(town, client, jti)
    assert first is not None
    assert give(town, client, jti) is None
    assert give(town, other, jti) is not None, "another client's jti is another's"
    assert give(town, client, jti.upper()) is not None
    clock.forward(seconds=59)
    run_upkeep(town.parts)
    assert give(town, client, jti) is None, "never swept while the assertion could still be shown"


def test_of_many_who_show_one_assertion_at_once_one_is_served(town: World, siae: StructureId) -> None:
    client, jti = a_client(town, siae), new_id()
    found = together(*[lambda: give(town, client, jti)] * 4)
    assert sum(isinstance(one, tokens.NewToken) for one in found) == 1, found
    assert found.count(None) == 3


def test_a_token_lives_ten_minutes(town: World, siae: StructureId, clock: MovingClock) -> None:
    clock.stop_at(clock())
    client = a_client(town, siae)
    token = give(town, client, new_id())
    assert token is not None
    clock.stop_at(token.ends_at - timedelta(milliseconds=1))
    row = token_of(town, token.token)
    assert row is not None
    assert (row.client_id, row.structure_id) == (client.client_id, siae)
    clock.stop_at(token.ends_at)
    assert token_of(town, token.token) is None
    clock.go_on()
    assert run_upkeep(town.parts).swept >= 1
    assert town.parts.keystore.tokens({digest(token.token)}) == {}


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\x00"])
def test_what_was_never_given_is_no_token(town: World, token: str) -> None:
    assert token_of(town, token) is None
    assert tokens.client_of(town.parts, token) is None


def test_each_of_many_tokens_is_its_own(town: World, siae: StructureId) -> None:
    given = [give(town, a_client(town, siae), new_id()) for _ in range(3)]
    asked = [one.token for one in given if one] + ["x"]
    asked.insert(1, asked[2])
    rows = tokens.tokens_of(town.parts, asked)
    assert [row and row.token_id for row in rows] == [*(digest(one) for one in asked[:-1]), None]


def test_what_is_stored_is_no_token(town: World, siae: StructureId) -> None:
    token = give(town, a_client(town, siae), new_id())
    assert token is not None
    assert token_of(town, digest(token.token)) is None


def test_a_system_that_ended_asks_and_reads_no_more(town: World, eva: Someone) -> None:
    system = town.system()
    town.fill(eva)
    town.share(eva, system.structure_id)
    assert isinstance(town.read(system, eva.carnet_id), FieldsView)
    end(town, "clients", "client_id", system.client_id)
    assert tokens.client_of(town.parts, ClientId(system.client_id)) is None
    assert not isinstance(town.read(system, eva.carnet_id), FieldsView)
    assert town.read(system, town.newcomer().carnet_id) == NotShared()

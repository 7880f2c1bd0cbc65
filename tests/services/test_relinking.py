"""A new identifier with a known identity opens nothing until a human said yes; nobody else is ever given a
carnet because of a name, a birth or an e-mail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from schemas.ids import AccountId, CarnetId, ProfessionalId, new_id
from schemas.names import Role, StructureKind
from tests.services.killing import KilledError
from tests.services.test_coming_in import together
from tests.world import RULES, MovingClock, Someone, World, coming_in, coming_in_pro
from vault.audit.events import ActorKind, Op
from vault.audit.leaf import Leaf
from vault.services import accounts, leaving, own_carnet, relinking, sessions, signing_in
from vault.services.bindings import to_the_millisecond
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import OwnerAccess
from vault.services.opened_entries import about_of
from vault.services.ports import RelinkingRow
from vault.services.relinking import ACCEPTED, DONE, OPEN, REFUSED, NeedsRelinking
from vault.services.sessions import NewSession
from vault.services.upkeep import run_upkeep

ISSUER = "http://fc.example"
KINDS = {sessions.PERSON: RULES, sessions.PROFESSIONAL: RULES, sessions.DPO: RULES}


def identity(**changed: Any) -> dict[str, Any]:
    """Somebody nobody has heard of, as FranceConnect tells her."""
    told = {
        "family_name": f"LE GOFF {new_id()}",
        "given_names": ["Éloïse", "Marie-Ange"],
        "birthdate": "1985-01-01",
        "gender": "female",
        "birthplace": "29019",
        "birthcountry": "99100",
        "email": "eloise@exemple.example",
    } | changed
    return {**told, "name": {"nom": told["family_name"], "prenoms": " ".join(told["given_names"])}}


def comes(world: World, subject: str, claims: dict[str, Any]) -> NewSession | NeedsRelinking:
    coming = coming_in("eloise", subject=subject, claims=claims)
    return signing_in.person_signs_in(world.parts, coming, rules=RULES)


def comes_in(world: World, subject: str, claims: dict[str, Any]) -> CarnetId:
    session = comes(world, subject, claims)
    assert isinstance(session, NewSession), session
    return CarnetId(session.session.row.subject)


def is_asked(world: World, subject: str, claims: dict[str, Any]) -> RelinkingRow:
    told = comes(world, subject, claims)
    assert isinstance(told, NeedsRelinking), told
    return relinking.find_request(world.parts, told.reference)


class Known:
    """A person with a carnet, a new identifier of hers, and the request that this one made."""

    def __init__(self, world: World) -> None:
        self.world, self.claims = world, identity()
        self.former, self.new = new_id(), new_id()
        session = comes(world, self.former, self.claims)
        assert isinstance(session, NewSession)
        self.session = session
        self.carnet_id = CarnetId(session.session.row.subject)
        self.row = is_asked(world, self.new, self.claims)

    @property
    def someone(self) -> Someone:
        session = self.session.session
        owner = OwnerAccess(self.carnet_id, session.session_id)
        return Someone(
            self.carnet_id, owner, Actor(ActorKind.PERSON, session=session.session_id), self.session
        )

    def decides(self, accept: bool, actor: Actor = OPERATOR) -> None:
        relinking.decide(self.world.parts, self.row.request_id, accept=accept, actor=actor)

    def steps(self) -> list[str]:
        """What the log says of the requests about this carnet, oldest first."""
        return [reason.split()[0] for reason in reasons(self.world, self.carnet_id)]


@pytest.fixture
def known(town: World) -> Known:
    return Known(town)


def officer(world: World, role: Role = Role.DPO) -> Actor:
    place = world.structure("Département", StructureKind.DEPARTEMENT)
    return world.member(place, new_id(), role, kind=StructureKind.DEPARTEMENT).reader.actor


def reasons(world: World, carnet_id: CarnetId) -> list[str]:
    parts = world.parts
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journals[carnet_id]
    tag = relinking_tag(journal)
    rows = parts.data.log_by_carnet(tag, ops=(Op.RELINK,), before=None, limit=100)
    told = [about_of(row.about_sealed, Leaf.parse(row.leaf), journal) for row in reversed(rows)]
    return [about.reason or "" for about in told if about is not None]


def relinking_tag(journal: Any) -> bytes:
    from vault.crypto import carnet_index_tag

    return carnet_index_tag(journal)


def kept_in_keys(world: World, request_id: str) -> int:
    names = [("binding", f"{kind}:{request_id}") for kind in ("relinking", "relinking-pair")]
    names.append(("binding", f"relinking-decision:{request_id}"))
    with world.app.keystore.database.read() as connection:
        tags = connection.execute(
            text("SELECT count(*) FROM tags WHERE target = :target"), {"target": request_id}
        ).scalar_one()
    return len(world.parts.keystore.secrets(names)) + int(tags)


def write_in_data(world: World, statement: str, **values: str | int) -> None:
    with world.app.data.database.transaction() as connection:
        connection.execute(text(statement), values)


# --- asking ----------------------------------------------------------------------------------------------


def test_a_new_identifier_of_a_known_identity_opens_nothing_and_asks_once(town: World) -> None:
    claims, former, new = identity(), new_id(), new_id()
    carnet_id = comes_in(town, former, claims)
    row = is_asked(town, new, claims)
    assert (str(row.account_id), row.state) == (carnet_id, OPEN)
    assert accounts.find_account(town.parts, ISSUER, new) is None
    assert reasons(town, carnet_id) == [f"asked {row.reference}"]
    size = town.parts.data.log_size()
    assert is_asked(town, new, claims) == row, "again is the same request"
    assert town.parts.data.log_size() == size
    assert comes_in(town, former, claims) == carnet_id, "and she still comes in by the one she had"


def test_the_request_says_no_name_and_the_reference_is_nobody_s_secret(known: Known) -> None:
    told = repr(relinking.list_requests(known.world.parts, OPEN)) + repr(known.row)
    for secret in (known.new, known.former, known.claims["family_name"], "eloise"):
        assert secret not in told


def test_tabs_that_come_at_once_make_one_request(town: World) -> None:
    claims, new = identity(), new_id()
    carnet_id = comes_in(town, new_id(), claims)
    found = together(*[lambda: comes(town, new, claims)] * 3)
    assert len({one.reference for one in found}) == 1, found
    assert len(reasons(town, carnet_id)) == 1


def test_two_newcomers_of_one_identity_do_not_both_get_a_carnet_unseen(town: World) -> None:
    claims, subjects = identity(), [new_id() for _ in range(3)]
    found = together(*(lambda subject=subject: comes(town, subject, claims) for subject in subjects))
    assert sum(isinstance(one, NewSession) for one in found) == 1, found
    assert sum(isinstance(one, NeedsRelinking) for one in found) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"given_names": ["ELOISE", "MARIE", "ANGE"]},
        {"given_names": ["eloïse marie’ange"]},
        {"email": "other@exemple.example"},
        {"preferred_username": "Durand"},
    ],
)
def test_what_registers_write_differently_is_still_the_same_identity(
    town: World, changed: dict[str, Any]
) -> None:
    claims = identity()
    comes_in(town, new_id(), claims)
    is_asked(town, new_id(), identity(**{**claims, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"family_name": "LE GOFF"},
        {"given_names": ["Éloïse"]},
        {"given_names": ["Marie-Ange", "Éloïse"]},
        {"birthdate": "1985-01-02"},
        {"gender": "unspecified"},
        {"birthplace": "29232"},
        {"birthcountry": "99352"},
        {"family_name": "", "given_names": []},
    ],
)
def test_an_identity_that_differs_in_one_part_is_somebody_else_whatever_the_e_mail(
    town: World, changed: dict[str, Any]
) -> None:
    claims = identity()
    first = comes_in(town, new_id(), claims)
    other = {**claims, **changed, "name": {"nom": "AUTRE", "prenoms": "Une"}}
    assert comes_in(town, new_id(), other) != first


def test_who_tells_too_little_of_herself_matches_nobody(town: World) -> None:
    claims = identity(birthdate="")
    assert comes_in(town, new_id(), claims) != comes_in(town, new_id(), claims)


def test_a_professional_of_the_same_identity_is_no_reason_to_ask(town: World) -> None:
    claims = identity()
    place = town.structure()
    from vault.services import administering

    link = administering.invite(town.parts, structure_id=place, email="a@b.example", role=Role.MEMBER)
    pro = coming_in_pro("pro", subject=new_id(), claims={**claims, "usual_name": "x"})
    signing_in.professional_signs_in(town.parts, pro, invitation=link.secret, rules=RULES)
    comes_in(town, new_id(), claims)


# --- yes -------------------------------------------------------------------------------------------------


def test_after_a_yes_the_new_identifier_opens_her_carnet_and_the_former_one_nothing(known: Known) -> None:
    town = known.world
    town.fill(known.someone)
    known.decides(accept=True)
    session = comes(town, known.new, known.claims)
    assert isinstance(session, NewSession)
    assert session.session.row.subject == known.carnet_id
    owner = OwnerAccess(known.carnet_id, session.session.session_id)
    actor = Actor(ActorKind.PERSON, session=session.session.session_id)
    shown = own_carnet.read_own_carnet(town.parts, owner, actor=actor)
    assert {entry.field_id for entry in shown.entries} > {"identite_nom", "permis_conduire"}

    assert sessions.session_of(town.parts, known.session.cookie, KINDS) is None, "her other sessions ended"
    assert sessions.session_of(town.parts, session.cookie, KINDS) is not None
    assert accounts.find_account(town.parts, ISSUER, known.former) is None
    assert known.steps() == ["asked", "accepted", "done"]
    assert kept_in_keys(town, known.row.request_id) == 0
    done = town.parts.data.relinking(known.row.request_id)
    assert done is not None
    assert done.state == DONE

    back = is_asked(town, known.former, known.claims)
    assert back.reference != known.row.reference, "the former one asks like any other"
    assert comes_in(town, known.new, known.claims) == known.carnet_id


def test_between_the_yes_and_the_sign_in_nothing_changes(known: Known) -> None:
    known.decides(accept=True)
    assert comes_in(known.world, known.former, known.claims) == known.carnet_id
    assert comes_in(known.world, known.new, known.claims) == known.carnet_id
    assert isinstance(comes(known.world, known.former, known.claims), NeedsRelinking)


def test_tabs_that_come_at_once_after_a_yes_link_once(known: Known) -> None:
    known.decides(accept=True)
    found = together(*[lambda: comes(known.world, known.new, known.claims)] * 3)
    assert all(isinstance(one, NewSession) for one in found), found
    assert {one.session.row.subject for one in found} == {known.carnet_id}
    assert known.steps() == ["asked", "accepted", "done"]


def test_a_session_of_the_former_identifier_that_is_just_being_opened_is_never_given(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former pair was found, then the account was linked, then its session would be handed over."""
    known.decides(accept=True)
    real, opened = signing_in._session, []

    def late(parts: Any, coming: Any, carnet_id: Any, rules: Any) -> NewSession:
        monkeypatch.undo()
        assert comes_in(known.world, known.new, known.claims) == known.carnet_id
        opened.append(real(parts, coming, carnet_id, rules))
        return opened[0]

    monkeypatch.setattr(signing_in, "_session", late)
    assert isinstance(comes(known.world, known.former, known.claims), NeedsRelinking)
    assert sessions.session_of(known.world.parts, opened[0].cookie, KINDS) is None
    assert comes_in(known.world, known.new, known.claims) == known.carnet_id


# --- no --------------------------------------------------------------------------------------------------


def test_after_a_no_the_new_identifier_has_a_carnet_of_its_own(known: Known) -> None:
    known.decides(accept=False)
    other = comes_in(known.world, known.new, known.claims)
    assert other != known.carnet_id
    assert comes_in(known.world, known.former, known.claims) == known.carnet_id
    assert comes_in(known.world, known.new, known.claims) == other
    assert known.steps() == ["asked", "refused"]


def test_with_two_carnets_of_one_identity_a_no_about_one_asks_about_the_other(known: Known) -> None:
    town, third = known.world, new_id()
    known.decides(accept=False)
    other = comes_in(town, known.new, known.claims)
    asked = list[str]()
    for _ in range(2):
        row = is_asked(town, third, known.claims)
        asked.append(row.account_id)
        relinking.decide(town.parts, row.request_id, accept=False, actor=OPERATOR)
    assert set(asked) == {str(known.carnet_id), str(other)}
    assert comes_in(town, third, known.claims) not in asked


# --- who decides -----------------------------------------------------------------------------------------


def test_the_officer_decides_and_the_log_says_that_he_did(known: Known) -> None:
    known.decides(accept=True, actor=officer(known.world))
    assert known.steps() == ["asked", "accepted"]
    (asked,) = [
        one
        for one in relinking.list_requests(known.world.parts, ACCEPTED)
        if one.row.request_id == known.row.request_id
    ]
    carnet = known.world.parts.data.carnet(known.carnet_id)
    assert carnet is not None
    assert asked.carnet_reference == carnet.reference


def test_a_request_is_decided_once(known: Known) -> None:
    known.decides(accept=False)
    for accept in (True, False):
        with pytest.raises(relinking.AlreadyDecidedError):
            known.decides(accept)
    with pytest.raises(relinking.NoSuchRequestError):
        relinking.decide(known.world.parts, new_id(), accept=True, actor=OPERATOR)
    for told in ("", "x", "\x00", new_id()):
        with pytest.raises(relinking.NoSuchRequestError):
            relinking.find_request(known.world.parts, told)
    assert known.steps() == ["asked", "refused"]


def test_officers_who_decide_at_once_decide_once(known: Known) -> None:
    found = together(*(lambda yes=yes: known.decides(yes) for yes in (True, False, True)))
    assert sum(one is None for one in found) == 1, found
    assert len(known.steps()) == 2


@pytest.mark.parametrize("role", [Role.REFERENT, Role.MANAGER])
def test_nobody_else_decides(known: Known, role: Role) -> None:
    with pytest.raises(PermissionError):
        known.decides(accept=True, actor=officer(known.world, role))
    with pytest.raises(PermissionError):
        known.decides(accept=True, actor=known.someone.actor)
    assert known.steps() == ["asked"]


def test_an_officer_whose_habilitation_ended_decides_no_more(known: Known) -> None:
    actor = officer(known.world)
    write_in_data(
        known.world, "UPDATE habilitations SET ends_at = 1 WHERE professional_id = :id", id=actor.id
    )
    with pytest.raises(PermissionError):
        known.decides(accept=True, actor=actor)
    assert known.world.parts.data.habilitation(ProfessionalId(actor.id)) is not None


def test_whoever_decides_opens_no_key_of_the_person(known: Known) -> None:
    actor = officer(known.world)
    desk = known.world.reopened()  # as another process: it remembers no key
    try:
        relinking.list_requests(desk.parts, OPEN)
        relinking.find_request(desk.parts, known.row.reference)
        relinking.decide(desk.parts, known.row.request_id, accept=True, actor=actor)
        relinking.drop_old_requests(desk.parts, desk.parts.now())
        opened = desk.parts.rows.unwrap_counts()
    finally:
        desk.close()
    assert not opened.get("own"), opened
    assert not opened.get("shred"), opened
    assert opened["binding"], "and this count would have seen it"


# --- rows written by another hand ------------------------------------------------------------------------


def test_a_yes_that_nobody_said_opens_nothing(known: Known) -> None:
    statement = "UPDATE relinkings SET state = :state, decided_at = opened_at WHERE request_id = :id"
    for state in (ACCEPTED, REFUSED):
        write_in_data(known.world, statement, state=state, id=known.row.request_id)
        assert is_asked(known.world, known.new, known.claims).reference == known.row.reference


def test_a_yes_lasts_no_longer_than_it_was_said_to(known: Known) -> None:
    known.decides(accept=True)
    statement = "UPDATE relinkings SET decided_at = decided_at + 1 WHERE request_id = :id"
    write_in_data(known.world, statement, id=known.row.request_id)
    assert is_asked(known.world, known.new, known.claims).reference == known.row.reference


def test_a_second_yes_about_one_carnet_is_void_once_the_first_is_used(known: Known) -> None:
    other = new_id()
    second = is_asked(known.world, other, known.claims)
    known.decides(accept=True)
    relinking.decide(known.world.parts, second.request_id, accept=True, actor=OPERATOR)
    linked = comes(known.world, known.new, known.claims)
    assert isinstance(linked, NewSession)
    assert linked.session.row.subject == known.carnet_id
    assert is_asked(known.world, other, known.claims).request_id != second.request_id
    assert known.world.parts.keystore.session(linked.session.session_id), "hers goes on"


def test_a_no_does_not_become_a_yes(known: Known) -> None:
    known.decides(accept=False)
    write_in_data(
        known.world,
        "UPDATE relinkings SET state = 'accepted' WHERE request_id = :id",
        id=known.row.request_id,
    )
    assert isinstance(comes(known.world, known.new, known.claims), NeedsRelinking)


def test_a_request_led_to_somebody_else_s_account_opens_nothing(known: Known) -> None:
    victim = Known(known.world)
    known.decides(accept=True)
    write_in_data(
        known.world,
        "UPDATE relinkings SET account_id = :victim WHERE request_id = :id",
        victim=victim.carnet_id,
        id=known.row.request_id,
    )
    told = comes(known.world, known.new, known.claims)
    assert isinstance(told, NeedsRelinking)
    assert comes_in(known.world, victim.former, victim.claims) == victim.carnet_id


@pytest.mark.parametrize("column", ["account_id", "reference", "opened_at"])
def test_a_request_whose_row_was_edited_is_nobody_s_to_answer(known: Known, column: str) -> None:
    """Or the officer would say yes about a carnet that he was not asked about."""
    value = {"account_id": Known(known.world).carnet_id, "reference": "ABCDEFGHJK", "opened_at": "1"}[column]
    write_in_data(
        known.world,
        f"UPDATE relinkings SET {column} = :value WHERE request_id = :id",
        value=int(value) if column == "opened_at" else value,
        id=known.row.request_id,
    )
    listed = [one.row.request_id for one in relinking.list_requests(known.world.parts, OPEN)]
    assert known.row.request_id not in listed
    with pytest.raises(relinking.NoSuchRequestError):
        known.decides(accept=True)
    assert is_asked(known.world, known.new, known.claims).request_id != known.row.request_id


def test_a_tag_from_another_pair_to_an_accepted_request_opens_nothing(known: Known) -> None:
    """Everything a writer of K can do with a pair of his own: its tag, copied from his own account."""
    known.decides(accept=True)
    thief, parts = new_id(), known.world.parts
    parts.keystore.add_tag(relinking.TAGS, accounts.tag_of(parts, ISSUER, thief), known.row.request_id)
    assert comes_in(known.world, thief, identity()) != known.carnet_id
    assert isinstance(comes(known.world, new_id(), known.claims), NeedsRelinking)
    assert comes_in(known.world, known.new, known.claims) == known.carnet_id


def test_an_identity_s_tag_led_to_somebody_else_is_no_reason_to_ask(known: Known) -> None:
    """Tags are eight bytes: two identities may share one, and a writer of K may add one."""
    parts, other = known.world.parts, identity()
    tag = accounts.pivot_tag_of(parts, accounts.Identity(ISSUER, new_id(), other))
    assert tag is not None
    parts.keystore.add_tag(accounts.PIVOT, tag, known.carnet_id)
    assert comes_in(known.world, new_id(), other) != known.carnet_id


# --- killed on the way -----------------------------------------------------------------------------------


def killed_at(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, act: Callable[[], object], *, after: bool
) -> bool:
    """Run ``act`` in a process that dies at ``step``, before or right after it. Whether it died."""
    store, _, name = step.partition(".")
    part = world.app.data if store == "data" else world.app.keystore
    from vault.storage.data_store import SqlWork

    owner = SqlWork if store == "work" else type(part)
    real = getattr(owner, name)

    def die(*told: Any, **named: Any) -> Any:
        if after:
            real(*told, **named)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, die)
        try:
            act()
        except KilledError:
            return True
    return False


STEPS = [
    *(f"work.{name}" for name in ("add_relinking", "set_relinking", "refresh_account", "append", "commit")),
    *(f"keys.{name}" for name in ("add_secrets", "add_tag", "end_sessions", "settle_tags")),
    *(f"keys.{name}" for name in ("delete_secrets", "delete_tags", "add_session")),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_what_was_begun_is_simply_begun_again(
    town: World, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    claims, former, new = identity(), new_id(), new_id()
    carnet_id = comes_in(town, former, claims)
    killed_at(town, monkeypatch, step, lambda: comes(town, new, claims), after=after)
    row = is_asked(town, new, claims)

    def says_yes() -> None:
        relinking.decide(town.parts, row.request_id, accept=True, actor=OPERATOR)

    if killed_at(town, monkeypatch, step, says_yes, after=after):
        decided = town.parts.data.relinking(row.request_id)
        assert decided is not None
        if decided.state == OPEN:
            says_yes()
    killed_at(town, monkeypatch, step, lambda: comes(town, new, claims), after=after)
    assert comes_in(town, new, claims) == carnet_id
    assert isinstance(comes(town, former, claims), NeedsRelinking)
    told = [reason.split()[0] for reason in reasons(town, carnet_id)]
    assert told == ["asked", "accepted", "done", "asked"]
    assert kept_in_keys(town, row.request_id) == 0


def test_no_session_of_the_former_identifier_outlives_a_link_that_was_cut_short(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.decides(accept=True)
    link = lambda: comes(known.world, known.new, known.claims)  # noqa: E731 - said three times below
    assert killed_at(known.world, monkeypatch, "work.commit", link, after=True)
    assert sessions.session_of(known.world.parts, known.session.cookie, KINDS) is None


# --- what is over ----------------------------------------------------------------------------------------


def test_after_ninety_days_without_news_a_request_is_dropped_and_can_be_made_again(
    known: Known, clock: MovingClock
) -> None:
    town = known.world
    clock.stop_at(known.row.opened_at + relinking.LIFE)
    with pytest.raises(relinking.NoSuchRequestError):
        known.decides(accept=True)
    clock.stop_at(clock() + timedelta(seconds=1))
    assert run_upkeep(town.parts).requests >= 1
    assert town.parts.data.relinking(known.row.request_id) is None
    assert kept_in_keys(town, known.row.request_id) == 0
    assert known.steps() == ["asked", "dropped"]
    assert is_asked(town, known.new, known.claims).reference != known.row.reference
    clock.go_on()


def test_a_yes_that_waited_ninety_days_is_a_yes_no_more(known: Known, clock: MovingClock) -> None:
    known.decides(accept=True)
    clock.forward(days=90, seconds=1)
    assert isinstance(comes(known.world, known.new, known.claims), NeedsRelinking)
    assert comes_in(known.world, known.former, known.claims) == known.carnet_id


@pytest.mark.parametrize("decision", [None, True])
def test_when_the_carnet_is_erased_nothing_is_left_to_link(known: Known, decision: bool | None) -> None:
    town = known.world
    if decision is not None:
        known.decides(decision)
    leaving.erase_carnet(town.parts, known.carnet_id, for_real=True, actor=OPERATOR)
    assert comes_in(town, known.new, known.claims) != known.carnet_id
    run_upkeep(town.parts)
    assert town.parts.data.relinking(known.row.request_id) is None
    assert kept_in_keys(town, known.row.request_id) == 0
    assert kept_in_keys(town, known.carnet_id) == 0, "no tag of hers either"


def test_keys_of_a_request_that_was_never_made_go_after_a_day(
    town: World, monkeypatch: pytest.MonkeyPatch, clock: MovingClock
) -> None:
    claims, made = identity(), list[str]()
    comes_in(town, new_id(), claims)

    def noted() -> str:
        made.append(new_id())
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(relinking, "new_id", noted)
        assert killed_at(
            town, monkeypatch, "work.add_relinking", lambda: comes(town, new_id(), claims), after=False
        )
    (request_id,) = made
    run_upkeep(town.parts)
    assert kept_in_keys(town, request_id) == 3
    clock.forward(hours=25)
    run_upkeep(town.parts)
    assert kept_in_keys(town, request_id) == 0


# --- what is kept of an identity -------------------------------------------------------------------------


def test_what_the_provider_says_is_kept_with_its_name_and_the_instant_and_follows_it(
    town: World, clock: MovingClock
) -> None:
    subject, claims = new_id(), identity()
    for told in (claims, {**claims, "email": "new@exemple.example"}, identity()):
        clock.forward(hours=1)
        clock.stop_at(clock())
        comes_in(town, subject, told)
        kept = accounts.find_account(town.parts, ISSUER, subject)
        assert kept is not None
        assert kept.identity.claims == told
        assert kept.identity.provider == "franceconnect"
        assert kept.identity.told_at == to_the_millisecond(clock())
        clock.go_on()
    comes_in(town, new_id(), claims)  # the identity she has no more leads to nobody
    is_asked(town, new_id(), told)


def test_what_is_told_of_a_professional_follows_too(town: World, clock: MovingClock) -> None:
    from vault.services import administering

    link = administering.invite(
        town.parts, structure_id=town.structure(), email="a@b.example", role=Role.MEMBER
    )
    subject = new_id()
    for mail in ("a@b.example", "c@d.example"):
        clock.forward(hours=1)
        coming = coming_in_pro("pro", subject=subject, claims={"email": mail, "usual_name": "x"})
        signing_in.professional_signs_in(town.parts, coming, invitation=link.secret, rules=RULES)
        kept = accounts.find_account(town.parts, "http://pc.example", subject)
        assert kept is not None
        assert kept.identity.claims["email"] == mail
        assert kept.identity.provider == "proconnect"
        assert kept.identity.told_at is not None


def test_an_account_from_before_is_indexed_at_its_next_sign_in(town: World) -> None:
    claims, subject = identity(), new_id()
    carnet_id = comes_in(town, subject, claims)
    town.parts.keystore.settle_tags(carnet_id, {accounts.PIVOT: None})
    assert comes_in(town, new_id(), claims) != carnet_id
    comes_in(town, subject, claims)
    found = accounts.accounts_of_identity(town.parts, accounts.Identity(ISSUER, new_id(), claims))
    assert AccountId(carnet_id) in {one.row.account_id for one in found}


def test_a_changed_name_is_written_even_when_the_first_try_was_cut_short(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims, subject = identity(), new_id()
    carnet_id = comes_in(town, subject, claims)
    married = {**claims, "name": {**claims["name"], "nom_usage": "Durand"}}
    assert killed_at(town, monkeypatch, "work.add_record", lambda: comes(town, subject, married), after=False)
    comes_in(town, subject, married)
    versions = [row.head.version for row in town.parts.data.own_records(carnet_id, history=True)]
    assert versions == [1, 2]

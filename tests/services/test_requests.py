"""Somebody asks a person to share: what reaches her, what she answers, what nobody ever learns."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from consent.grants import Grantee
from consent.requests import ANSWER_WITHIN, RequestError, RequestTerms
from schemas.ids import CarnetId, CompartmentId, PurposeId, new_id
from schemas.names import GrantState, Outcome, StructureKind
from tests.services.log_order import events_of
from tests.world import SIAE_FIELDS, MovingClock, Professional, Someone, System, World
from vault.audit.events import Op
from vault.services.answering_requests import (
    AlreadyAnsweredError,
    Request,
    accept_request,
    defer_request,
    list_requests,
    refuse_request,
    wish_of,
)
from vault.services.clients import end_client
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR
from vault.services.leaving import erase_carnet
from vault.services.pausing import end_pause, set_pause
from vault.services.requesting import Demand, ask_to_share
from vault.services.sharing import GrantRefusedError
from vault.services.upkeep import run_upkeep
from vault.storage.sharing_tables import grant_requests
from vault.storage.tables import leaves

WHY = "Pour vous proposer un poste près de chez vous."
PURPOSE = PurposeId("proposer_poste")


def a_demand(carnet_id: str, **told: object) -> Demand:
    usual = {
        "carnet_id": CarnetId(carnet_id),
        "reference": None,
        "purpose_id": PURPOSE,
        "compartments": tuple(CompartmentId(one) for one in SIAE_FIELDS),
        "days": 31,
        "reason": WHY,
    }
    return Demand(**{**usual, **told})  # type: ignore[arg-type]  # each test names its member


def asked(world: World, who: Someone, by: System | Professional, **told: object) -> None:
    ask_to_share(world.parts, by.reader, a_demand(who.carnet_id, **told))


def seen(world: World, who: Someone) -> list[Request]:
    return list(list_requests(world.parts, who.owner, actor=who.actor))


def the_one(world: World, who: Someone) -> Request:
    (request,) = seen(world, who)
    return request


def yes(world: World, who: Someone, request: Request, *fields: str, days: int | None = None) -> object:
    chosen = [CompartmentId(one) for one in fields] or None
    wish = wish_of(world.parts, request, compartments=chosen, days=days)
    return accept_request(world.parts, who.owner, request, wish, actor=who.actor)


@pytest.fixture
def pair(town: World) -> tuple[Someone, System]:
    ana, siae = town.newcomer(), town.system()
    town.fill(ana)
    return ana, siae


def test_she_reads_who_asks_for_what_and_why_and_gives_less(
    town: World, pair: tuple[Someone, System]
) -> None:
    ana, siae = pair
    asked(town, ana, siae)
    request = the_one(town, ana)
    assert request.reason == WHY
    assert request.state is GrantState.REQUESTED
    assert request.terms.structure_id == siae.structure_id
    yes(town, ana, request, "permis_conduire", days=1)
    assert set(town.values(siae, ana.carnet_id)) == {"permis_conduire"}
    after = the_one(town, ana)
    assert after.state is GrantState.GRANTED
    ops = [event.op for event in events_of(town, [ana.carnet_id])]
    assert Op.REQUEST in ops
    assert Op.GRANT in ops


@pytest.mark.parametrize("fields", [("logement_fixe",), ("permis_conduire", "logement_fixe")])
def test_she_never_gives_more_than_what_was_asked(
    town: World, pair: tuple[Someone, System], fields: tuple[str, ...]
) -> None:
    ana, siae = pair
    asked(town, ana, siae)
    request = the_one(town, ana)
    with pytest.raises(GrantRefusedError):
        yes(town, ana, request, *fields)
    with pytest.raises(GrantRefusedError):
        yes(town, ana, request, days=32)
    assert town.parts.data.grants_of(ana.carnet_id) == []


def test_a_special_information_is_given_only_when_it_is_named(town: World) -> None:
    ana = town.newcomer()
    ccas = town.system("CCAS", StructureKind.CCAS)
    fields = (CompartmentId("permis_conduire"), CompartmentId("sante_retentissement"))
    told = {"purpose_id": PurposeId("accompagnement"), "compartments": fields}
    asked(town, ana, ccas, **told)
    request = the_one(town, ana)
    assert wish_of(town.parts, request).compartments == ("permis_conduire",)
    assert set(wish_of(town.parts, request, compartments=fields).compartments) == set(fields)


def test_what_was_refused_is_not_asked_again_for_ninety_days(
    town: World, pair: tuple[Someone, System], clock: MovingClock
) -> None:
    ana, siae = pair
    asked(town, ana, siae)
    refuse_request(town.parts, ana.owner, the_one(town, ana), actor=ana.actor)
    refused_at = town.parts.now()
    asked(town, ana, siae, compartments=(CompartmentId("vehicule_disponible"),))
    assert [one.state for one in seen(town, ana)] == [GrantState.REFUSED]
    clock.stop_at(refused_at + timedelta(days=90, seconds=1))
    asked(town, ana, siae)
    assert [one.state for one in seen(town, ana)] == [GrantState.REQUESTED, GrantState.REFUSED]
    denied = [event for event in events_of(town, [ana.carnet_id]) if event.out is Outcome.DENIED]
    assert [event.op for event in denied] == [Op.REQUEST], "she sees that he tried"


def test_nobody_asks_during_a_pause_and_one_at_a_time_otherwise(
    town: World, pair: tuple[Someone, System]
) -> None:
    ana, siae = pair
    until = town.parts.now() + timedelta(days=3)
    set_pause(town.parts, ana.carnet_id, until=until, words="Une décision est en cours.", actor=OPERATOR)
    asked(town, ana, siae)
    assert seen(town, ana) == []
    end_pause(town.parts, ana.carnet_id, actor=OPERATOR)
    asked(town, ana, siae)
    asked(town, ana, siae)
    assert len(seen(town, ana)) == 1


def test_an_unknown_carnet_costs_a_row_an_entry_and_the_same_answer(
    town: World, pair: tuple[Someone, System]
) -> None:
    ana, siae = pair

    def counts() -> tuple[int, int]:
        with town.app.data.database.read() as connection:
            rows = connection.execute(select(func.count()).select_from(grant_requests)).scalar_one()
            entries = connection.execute(select(func.count()).select_from(leaves)).scalar_one()
        return rows, entries

    found = []
    for demand in (
        a_demand(ana.carnet_id),
        a_demand("nobody" * 4),
        a_demand(ana.carnet_id),
        replace(a_demand(ana.carnet_id), carnet_id=None, reference="234567ABCX"),
    ):
        before = counts()
        request_id = ask_to_share(town.parts, siae.reader, demand)
        after = counts()
        found.append((after[0] - before[0], after[1] - before[1], len(request_id)))
    assert set(found) == {(1, 1, 26)}
    assert len(seen(town, ana)) == 1


def test_what_nobody_will_see_is_swept_and_what_nobody_answers_lapses(
    town: World, pair: tuple[Someone, System], clock: MovingClock
) -> None:
    ana, siae = pair
    asked(town, ana, siae)
    ask_to_share(town.parts, siae.reader, a_demand("nobody" * 4))
    defer_request(town.parts, ana.owner, the_one(town, ana), actor=ana.actor)
    assert the_one(town, ana).state is GrantState.DEFERRED
    clock.stop_at(town.parts.now() + ANSWER_WITHIN + timedelta(seconds=1))
    late = the_one(town, ana)
    assert late.state is GrantState.LAPSED, "by the clock, before any job ran"
    with pytest.raises(AlreadyAnsweredError):
        yes(town, ana, late)
    run_upkeep(town.parts)
    assert [row.state for row in town.parts.data.requests_of(ana.carnet_id)] == [GrantState.LAPSED]
    with town.app.data.database.read() as connection:
        states = set(connection.execute(select(grant_requests.c.state)).scalars())
    assert "draft" not in states


def test_of_two_devices_one_answer_stands(town: World, pair: tuple[Someone, System]) -> None:
    """Accepting and refusing at once: one is told that it came late, and the share stands or not with it."""
    ana, siae = pair
    asked(town, ana, siae)
    request = the_one(town, ana)
    told: list[str] = []
    go = threading.Barrier(2)

    def one(answer: str) -> None:
        go.wait()
        try:
            if answer == "yes":
                yes(town, ana, request)
            else:
                refuse_request(town.parts, ana.owner, request, actor=ana.actor)
            told.append(answer)
        except AlreadyAnsweredError:
            told.append("late")

    threads = [threading.Thread(target=one, args=(answer,)) for answer in ("yes", "no")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) in (["late", "no"], ["late", "yes"])
    given = list(town.parts.data.grants_of(ana.carnet_id))
    assert len(given) == ("yes" in told)
    assert the_one(town, ana).state is (GrantState.GRANTED if given else GrantState.REFUSED)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_whoever_writes_in_the_data_store_makes_no_answered_request_wait_again(
    town: World, pair: tuple[Someone, System], answer: str
) -> None:
    ana, siae = pair
    asked(town, ana, siae)
    before = the_one(town, ana)
    wish = wish_of(town.parts, before)
    if answer == "no":
        refuse_request(town.parts, ana.owner, before, actor=ana.actor)
    else:
        given = accept_request(town.parts, ana.owner, before, wish, actor=ana.actor)
        town.withdraw(ana, given)
    mine = grant_requests.c.request_id == before.request_id
    with town.app.data.database.transaction() as connection:
        connection.execute(update(grant_requests).where(mine).values(state="requested", answered_at=None))
    assert the_one(town, ana).state is (GrantState.REFUSED if answer == "no" else GrantState.GRANTED)
    for request in (before, the_one(town, ana)):
        with pytest.raises(AlreadyAnsweredError):
            accept_request(town.parts, ana.owner, request, wish, actor=ana.actor)
    erase_carnet(town.parts, ana.carnet_id, for_real=True, actor=ana.actor)
    assert town.parts.rows.rows([("answered", ana.carnet_id)]) == {}


@pytest.mark.parametrize("column", ["terms", "sealed", "carnet_id", "request_id"])
def test_whoever_writes_in_the_data_store_makes_her_no_request(
    town: World, pair: tuple[Someone, System], column: str
) -> None:
    ana, siae = pair
    asked(town, ana, siae)
    (row,) = town.parts.data.requests_of(ana.carnet_id)
    terms = RequestTerms.from_bytes(row.terms)
    spoiled = {
        "terms": row.terms.replace(b'"days":31', b'"days":99'),
        "sealed": row.sealed[:-1] + bytes([row.sealed[-1] ^ 1]),
        "carnet_id": town.newcomer("bob").carnet_id,
        "request_id": "a" * 26,
    }[column]
    assert terms.days == 31
    with town.app.data.database.transaction() as connection:
        mine = grant_requests.c.request_id == row.request_id
        connection.execute(update(grant_requests).where(mine).values({column: spoiled}))
    assert seen(town, ana) == []


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"purpose_id": PurposeId("aide_urgence")}, "/purpose_id"),
        ({"purpose_id": PurposeId("inconnu")}, "/purpose_id"),
        ({"compartments": ()}, "/fields"),
        ({"compartments": (CompartmentId("sante_retentissement"),)}, "/fields/0"),
        ({"days": 0}, "/days"),
        ({"days": 183}, "/days"),
        ({"reason": "court"}, "/reason"),
        ({"reason": "x" * 1001}, "/reason"),
        ({"reason": "une raison \x00 bizarre"}, "/reason"),
        ({"receiver": "me"}, "/for"),
        ({"receiver": "referent"}, "/for"),
    ],
)
def test_what_concerns_the_request_alone_is_told_whatever_the_carnet(
    small: World, told: dict[str, object], pointer: str
) -> None:
    siae = small.system()
    for carnet_id in (small.newcomer().carnet_id, "nobody" * 4):
        with pytest.raises(GrantRefusedError) as refused:
            ask_to_share(small.parts, siae.reader, a_demand(carnet_id, **told))
        assert refused.value.pointer == pointer


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("small")
    opened = World.open(f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite", folder)
    yield opened
    opened.close()


def test_a_professional_asks_for_himself_or_for_his_structure(town: World) -> None:
    ana = town.newcomer()
    structure_id = town.structure("SIAE Beta")
    zoe = town.member(structure_id, new_id(), kind=StructureKind.SIAE)
    asked(town, ana, zoe)
    request = the_one(town, ana)
    assert request.terms.grantee == Grantee.professional(zoe.professional_id)
    refuse_request(town.parts, ana.owner, request, actor=ana.actor)
    asked(town, ana, zoe, receiver="structure")
    assert len(seen(town, ana)) == 1, "a colleague's or a structure's question is the same question"


@pytest.mark.parametrize("asker", ["professional", "system"])
def test_who_left_between_the_door_and_the_lock_reaches_nobody(
    town: World, monkeypatch: pytest.MonkeyPatch, asker: str
) -> None:
    """Asked again under the lock, and answered as ever."""
    ana, siae = town.newcomer(), town.system()
    member = town.member(siae.structure_id, "tom" + new_id()[:6], kind=StructureKind.SIAE)
    honest = town.parts.data.change

    def change() -> object:
        monkeypatch.setattr(town.parts.data, "change", honest)
        if asker == "system":
            end_client(town.parts, siae.client_id)
        else:
            end_habilitation(town.parts, member.professional_id, at=None, actor=OPERATOR)
        return honest()

    monkeypatch.setattr(town.parts.data, "change", change)
    asked(town, ana, siae if asker == "system" else member)
    assert town.parts.data.requests_of(ana.carnet_id) == []
    (entry,) = [event for event in events_of(town, [ana.carnet_id]) if event.op is Op.REQUEST]
    assert entry.out is Outcome.DENIED


def test_who_is_not_her_referent_reaches_nobody_by_saying_so(town: World) -> None:
    ana = town.newcomer()
    structure_id = town.structure("CCAS", StructureKind.CCAS)
    zoe = town.member(structure_id, new_id(), kind=StructureKind.CCAS)
    told = {"receiver": "referent", "purpose_id": PurposeId("accompagnement")}
    asked(town, ana, zoe, **told)
    assert seen(town, ana) == []


def test_terms_have_one_spelling(small: World) -> None:
    siae, ana = small.system(), small.newcomer()
    asked(small, ana, siae)
    (row,) = small.parts.data.requests_of(ana.carnet_id)
    assert RequestTerms.from_bytes(row.terms).to_bytes() == row.terms
    for spoiled in (b"", b"{}", row.terms + b" ", row.terms.replace(b"31", b'"31"')):
        with pytest.raises(RequestError):
            RequestTerms.from_bytes(spoiled)

"""One request, two devices: one says yes, the other no, at once. Exactly one of the two stands, in the rows,
the keys and the log; the other one is told so."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest

from schemas.ids import CompartmentId, PurposeId
from schemas.names import GrantState
from tests.services.log_order import events_of, faults
from tests.services.racing import Seen
from tests.world import PURPOSE, SIAE_FIELDS, Someone, System, World
from vault.audit.events import Op
from vault.services import answering_requests as answering
from vault.services.answering_requests import AlreadyAnsweredError, Request
from vault.services.key_sources import grant_name
from vault.services.reading import FieldsView
from vault.services.requesting import Demand, ask_to_share

FIELDS = tuple(CompartmentId(one) for one in SIAE_FIELDS)
REASON = "Pour vous proposer un poste."
ANSWERED = {GrantState.GRANTED: Op.GRANT, GrantState.REFUSED: Op.REFUSE}


@dataclass
class Case:
    world: World
    who: Someone
    system: System

    def asked(self) -> Request:
        demand = Demand(self.who.carnet_id, None, PurposeId(PURPOSE), FIELDS, 31, REASON)
        request_id = ask_to_share(self.world.parts, self.system.reader, demand)
        return answering.find_request(self.requests(), request_id)

    def requests(self) -> list[Request]:
        return [*answering.list_requests(self.world.parts, self.who.owner, actor=self.who.actor)]

    def accept(self, request: Request) -> None:
        wish = answering.wish_of(self.world.parts, request)
        answering.accept_request(self.world.parts, self.who.owner, request, wish, actor=self.who.actor)

    def refuse(self, request: Request) -> None:
        answering.refuse_request(self.world.parts, self.who.owner, request, actor=self.who.actor)

    def defer(self, request: Request) -> None:
        answering.defer_request(self.world.parts, self.who.owner, request, actor=self.who.actor)

    def check(self, request: Request, told: list[str]) -> GrantState:
        """After all answers: what stands is one answer, and everything says the same."""
        parts = self.world.parts
        state = answering.find_request(self.requests(), request.request_id).state
        assert sorted(told) in (["refused"], ["accepted"]), told
        assert state is (GrantState.GRANTED if told == ["accepted"] else GrantState.REFUSED)
        rows = parts.data.grants_of(self.who.carnet_id)
        assert len(rows) == (state is GrantState.GRANTED)
        names = [grant_name(row.grant.id) for row in rows]
        assert set(parts.rows.rows(names)) == set(names)
        events = events_of(self.world, [self.who.carnet_id])
        answers = [event.op for event in events if event.op in ANSWERED.values()]
        assert answers == [ANSWERED[state]], "one entry says how it was answered"
        assert faults(events) == []
        read = self.world.read(self.system, self.who.carnet_id)
        assert isinstance(read, FieldsView) is (state is GrantState.GRANTED)
        return state


def a_case(world: World, system: System) -> Case:
    who = world.newcomer()
    world.fill(who)
    return Case(world, who, system)


def at_once(case: Case, dice: random.Random) -> GrantState:
    """A yes, a no and a "later" from three devices, started together in an order of chance."""
    request, told, start = case.asked(), list[str](), threading.Barrier(3)

    def answers(answer: Callable[[Request], None], word: str) -> None:
        start.wait()
        try:
            answer(request)
        except AlreadyAnsweredError:
            return
        told.append(word)

    works = [(case.accept, "accepted"), (case.refuse, "refused"), (case.defer, "deferred")]
    devices = [threading.Thread(target=answers, args=work) for work in dice.sample(works, 3)]
    for device in devices:
        device.start()
    for device in devices:
        device.join(60)
    return case.check(request, [word for word in told if word != "deferred"])


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.system("SIAE Deux appareils")


def test_of_a_yes_and_a_no_at_once_exactly_one_stands(town: World, system: System) -> None:
    dice = random.Random(5)  # noqa: S311 - which first, not what
    for _ in range(4):
        at_once(a_case(town, system), dice)


@pytest.mark.parametrize("first", ["accept", "refuse"])
def test_who_answers_between_the_other_s_look_and_the_lock_wins(
    town: World, system: System, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked while it waited; whichever takes the lock first stands."""
    case = a_case(town, system)
    request = case.asked()
    winner, loser = (case.accept, case.refuse) if first == "accept" else (case.refuse, case.accept)
    honest, before = town.parts.data.change, count()

    def change() -> object:
        if next(before) == 0:
            winner(request)
        return honest()

    with monkeypatch.context() as patch:
        patch.setattr(town.parts.data, "change", change)
        with pytest.raises(AlreadyAnsweredError):
            loser(request)
    case.check(request, ["accepted" if first == "accept" else "refused"])


@pytest.mark.soak
def test_answers_from_two_devices_for_long(town: World, system: System, soak_seconds: float) -> None:
    over, dice, seen = time.monotonic() + soak_seconds, random.Random(6), Seen()  # noqa: S311
    while time.monotonic() < over:
        at_once(a_case(town, system), dice)
        seen.changes += 1

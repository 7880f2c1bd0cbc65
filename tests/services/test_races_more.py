"""More of P4: many carnets read in a row, a list read page by page, a share made narrower, the very instant
of an end. What began after somebody was told "stopped" is refused, whoever races."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from consent.grants import Grant
from schemas.ids import CompartmentId, PurposeId
from schemas.names import Role, StructureKind
from tests.services.log_order import events_of, faults
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Someone, System, World
from vault.audit.events import Op
from vault.services.reading import AccessEnded, FieldsView, SharedRead, read_shared_fields
from vault.services.received import list_received_grants

FIELDS = tuple(CompartmentId(one) for one in SIAE_FIELDS)


@dataclass
class Town:
    """Many people who share with one structure, and when each was told that her share is stopped."""

    world: World
    system: System
    people: list[Someone]
    grants: list[Grant]
    stopped: dict[int, float] = field(default_factory=dict)

    def stop(self, place: int) -> None:
        self.world.withdraw(self.people[place], self.grants[place])
        self.stopped[place] = time.monotonic()

    def check(self) -> None:
        events = events_of(self.world, [who.carnet_id for who in self.people])
        assert faults(events, {grant.id: grant.terms.ends_at for grant in self.grants}) == []


def a_town(world: World, count: int) -> Town:
    system, people, grants = world.system("SIAE Longue"), list[Someone](), list[Grant]()
    for _ in range(count):
        who = world.newcomer()
        world.write(who, SIAE_FIELDS[0], ["b"])
        people.append(who)
        grants.append(world.share(who, system.structure_id, SIAE_FIELDS[:1]))
    return Town(world, system, people, grants)


def read_in_a_row(town: Town, *, at_once: int) -> list[str]:
    """Every carnet once, some at a time, in one thread; what was read too late."""
    wrong = []
    for start in range(0, len(town.people), at_once):
        places = range(start, min(start + at_once, len(town.people)))
        began = time.monotonic()
        asked = [
            SharedRead(town.system.reader, town.people[at].carnet_id, PurposeId(PURPOSE), FIELDS[:1])
            for at in places
        ]
        for at, answer in zip(places, read_shared_fields(town.world.parts, asked), strict=True):
            if isinstance(answer, FieldsView) and town.stopped.get(at, began) < began:
                wrong.append(f"carnet {at} was read after its share was stopped")
            elif isinstance(answer, Exception):
                wrong.append(type(answer).__name__)
    return wrong


def stop_half(town: Town, dice: random.Random) -> None:
    for place in dice.sample(range(len(town.people)), len(town.people) // 2):
        if place not in town.stopped:
            town.stop(place)


def test_while_many_carnets_are_read_in_a_row_what_was_stopped_is_read_no_more(town: World) -> None:
    row_after_row(a_town(town, 16), at_once=3, seed=7)


def row_after_row(many: Town, at_once: int, seed: int) -> None:
    stopping = threading.Thread(target=stop_half, args=(many, random.Random(seed)))  # noqa: S311
    stopping.start()
    wrong = read_in_a_row(many, at_once=at_once)
    stopping.join()
    assert wrong == []
    assert read_in_a_row(many, at_once=at_once) == [], "those that go on, and no other"
    many.check()


def test_in_a_list_read_page_by_page_what_is_stopped_meanwhile_is_on_no_page_to_come(town: World) -> None:
    many = a_town(town, 10)
    order = sorted(range(10), key=lambda place: many.grants[place].id)
    listed, after = list_received_grants(town.parts, many.system.reader, after=None, limit=4)
    assert [grant.id for grant in listed] == [many.grants[place].id for place in order[:4]]
    for place in (order[1], order[5], order[9]):
        many.stop(place)
    rest = list[Grant]()
    while after is not None:
        found, after = list_received_grants(town.parts, many.system.reader, after=after, limit=4)
        rest += found
    assert [grant.id for grant in rest] == [many.grants[place].id for place in (*order[4:5], *order[6:9])]
    on_the_first_page = many.people[order[1]]
    assert town.read(many.system, on_the_first_page.carnet_id, SIAE_FIELDS[:1]) == AccessEnded()
    many.check()


def test_while_a_share_is_made_narrower_its_reader_sees_one_or_the_other_and_then_the_narrow_one(
    town: World,
) -> None:
    who, system = town.newcomer(), town.system()
    town.fill(who)
    town.share(who, system.structure_id)
    seen, narrowed = list[tuple[float, frozenset[str]]](), list[tuple[float, int]]()
    over, between = threading.Event(), list[object]()

    def reads() -> None:
        while not over.is_set():
            began, answer = time.monotonic(), town.read(system, who.carnet_id)
            if isinstance(answer, FieldsView):
                seen.append((began, frozenset(answer.fields)))
            else:  # decided under the share that went, just before: asked again, it is answered
                between.append(answer)

    reader = threading.Thread(target=reads)
    reader.start()
    for count in (2, 1):
        time.sleep(0.05)
        town.share(who, system.structure_id, SIAE_FIELDS[:count])
        narrowed.append((time.monotonic(), count))
    time.sleep(0.05)
    over.set()
    reader.join()
    wholes = {frozenset(SIAE_FIELDS[:count]) for count in (3, 2, 1)}
    assert {fields for _, fields in seen} <= wholes, "never a mixture"
    for at, count in narrowed:
        assert all(len(fields) <= count for began, fields in seen if began > at)
    assert seen[-1][1] == frozenset(SIAE_FIELDS[:1])
    assert between in ([], [AccessEnded()], [AccessEnded()] * 2), "at most one refusal each time"
    assert faults(events_of(town, [who.carnet_id])) == []


def test_at_the_instant_of_its_end_a_share_is_over_and_the_instant_before_it_is_not(
    town: World, clock: MovingClock
) -> None:
    who, system = town.newcomer(), town.system()
    town.fill(who)
    grant = town.share(who, system.structure_id, days=1)
    name = "paul-" + who.carnet_id[:6]
    member = town.member(system.structure_id, name, Role.REFERENT, kind=StructureKind.SIAE)
    clock.stop_at(grant.terms.ends_at - timedelta(milliseconds=1))
    for reader in (system, member):
        assert isinstance(town.read(reader, who.carnet_id), FieldsView)
    clock.stop_at(grant.terms.ends_at)
    for reader in (system, member):
        assert town.read(reader, who.carnet_id) == AccessEnded()
    events = events_of(town, [who.carnet_id])
    assert Op.EXPIRE not in {event.op for event in events}, "nobody waited for the entry of its end"
    assert faults(events, {grant.id: grant.terms.ends_at}) == []


def test_who_looked_just_before_the_end_and_is_written_down_at_it_reads_nothing(
    town: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first decision is made in time, the second one at the end: it counts."""
    who, system = town.newcomer(), town.system()
    town.fill(who)
    grant = town.share(who, system.structure_id, days=1)
    clock.stop_at(grant.terms.ends_at - timedelta(milliseconds=1))
    decider = town.app.data._appender._decider
    late: Callable[[], None] = lambda: clock.stop_at(grant.terms.ends_at)  # noqa: E731
    monkeypatch.setattr(decider, "before_lock", late)
    assert town.read(system, who.carnet_id) == AccessEnded()
    assert faults(events_of(town, [who.carnet_id]), {grant.id: grant.terms.ends_at}) == []


@pytest.mark.soak
def test_five_hundred_carnets_are_read_in_a_row_again_and_again(world: World, soak_seconds: float) -> None:
    over, seed, dice = time.monotonic() + soak_seconds, 11, random.Random(11)  # noqa: S311
    many = a_town(world, 500)
    while time.monotonic() < over:
        row_after_row(many, dice.choice([1, 16, 64]), seed)
        for place in list(many.stopped):
            who = many.people[place]
            many.grants[place] = world.share(who, many.system.structure_id, SIAE_FIELDS[:1])
            del many.stopped[place]
        seed += 1

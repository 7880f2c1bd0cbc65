"""Readers and persons who race on one instance, in threads here or in a process of their own
(``python -m tests.services.racing``: one JSON document in, one out)."""

import json
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from consent.grants import Grant, Grantee
from consent.lifecycle import By, Move
from schemas.ids import CarnetId, ClientId, CompartmentId, PurposeId, SessionId, StructureId
from schemas.names import StructureKind
from tests.services.racing_rules import starts_again
from tests.world import PURPOSE, SIAE_FIELDS, Someone, System, World
from vault.audit.events import ActorKind
from vault.errors import UnavailableError
from vault.services import reading
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import OwnerAccess
from vault.services.overriding import override_grant
from vault.services.reading import FieldsView
from vault.services.rotating import rotate
from vault.services.suspending import CannotMoveError, Why, resume_grant, suspend_grant


@dataclass(frozen=True)
class Scene:
    """Who races, as plain strings: (carnet, session) and (structure, client); whose carnets are read; and
    with which system she shares who sees the rules change."""

    persons: Sequence[tuple[str, str]]
    systems: Sequence[tuple[str, str]]
    carnets: Sequence[str]
    apart: tuple[str, str]

    @classmethod
    def of(
        cls, persons: Sequence[Someone], systems: Sequence[System], apart: System | None = None
    ) -> "Scene":
        apart = apart or systems[-1]
        return cls(
            [(one.carnet_id, one.owner.session_id) for one in persons],
            [(one.structure_id, one.client_id) for one in systems],
            [one.carnet_id for one in persons],
            (apart.structure_id, apart.client_id),
        )

    def everyone(self) -> tuple[list[Someone], list[System]]:
        return [_person(*one) for one in self.persons], [_system(*one) for one in self.systems]


def _person(carnet: str, session: str) -> Someone:
    owner = OwnerAccess(CarnetId(carnet), SessionId(session))
    actor = Actor(ActorKind.PERSON, session=owner.session_id)
    return Someone(owner.carnet_id, owner, actor, None)  # type: ignore[arg-type]  # no browser here


def _system(structure: str, client: str) -> System:
    structure_id, client_id = StructureId(structure), ClientId(client)
    actor = Actor(ActorKind.CLIENT, client_id, structure_id)
    reader = reading.Reader(actor, structure_id, StructureKind.SIAE, (Grantee.structure(structure_id),))
    return System(structure_id, client_id, reader)


@dataclass
class Seen:
    """What the racers noticed."""

    reads: list[int] = field(default_factory=list)  # entries of the reads that were answered with fields
    refused: int = 0
    changes: int = 0
    rotations: int = 0
    starts: int = 0  # openings under other rules
    busy: int = 0  # nothing was done: a lock was waited for as long as allowed
    wrong: list[str] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return len(self.reads) + self.refused + self.changes + self.rotations + self.starts


def race(
    world: World,
    scene: Scene,
    *,
    seconds: float,
    seed: int,
    more: Sequence[Callable[[], Any]] = (),
    rotating: Sequence[Someone] = (),
    rules: Path | None = None,
) -> Seen:
    """Every pair of a person and a structure has one thread that shares, narrows and withdraws; two more
    threads read anything, and two change the keys of ``rotating``. ``more`` is called over and over.
    ``rules``: a folder for the rules under which one more opens the instance again and again."""
    persons, systems = scene.everyone()
    apart = _system(*scene.apart)
    seen, over = Seen(), time.monotonic() + seconds
    works = [_gives(world, who, system, seen) for who in persons for system in systems]
    works += [_reads(world, scene.carnets, [*systems, apart], seen) for _ in range(2)]
    works += [_rotates(world, rotating, seen) for _ in range(2 if rotating else 0)]
    works += [starts_again(world, rules, persons[0], apart, seen)] if rules else []
    works += [_beside(work) for work in more]
    threads = [
        threading.Thread(target=_repeat, args=(work, random.Random(seed + n), over, seen))  # noqa: S311
        for n, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
        if thread.is_alive():
            seen.wrong.append("a thread hangs")
    return seen


def _beside(work: Callable[[], Any]) -> Callable[[random.Random], None]:
    def once(_: random.Random) -> None:
        work()

    return once


def _repeat(work: Callable[[random.Random], Any], dice: random.Random, over: float, seen: Seen) -> None:
    while time.monotonic() < over:
        try:
            work(dice)
        except UnavailableError:
            seen.busy += 1
        except Exception as error:  # told by its kind: whatever it is, it is wrong here
            seen.wrong.append(f"{type(error).__name__}: {error}")


def _gives(world: World, who: Someone, system: System, seen: Seen) -> Callable[[random.Random], None]:
    """Alone to share for this person and structure: what it just withdrew, nobody gave again."""

    def work(dice: random.Random) -> None:
        fields = SIAE_FIELDS[: dice.randint(1, 3)]
        grant = world.share(who, system.structure_id, fields, days=1)
        if dice.random() < 0.5:
            world.share(who, system.structure_id, fields[:1], days=1)
            answer = world.read(system, who.carnet_id)
            if isinstance(answer, FieldsView) and set(answer.fields) - {fields[0]}:
                seen.wrong.append("read more than what was narrowed")
        time.sleep(dice.random() / 100)
        for row in world.parts.data.grants_of(who.carnet_id):
            terms = row.grant.terms
            if row.grant.ended_at is None and terms.grantee == Grantee.structure(system.structure_id):
                grant = row.grant
        if dice.random() < 0.3:
            with suppress(CannotMoveError):  # its time is over: days may go by meanwhile
                _stands_still(world, who, system, grant, seen)
        if dice.random() < 0.8:
            world.withdraw(who, grant)
        else:
            with suppress(CannotMoveError):
                how, told = dice.choice(_OVERRIDES), (who.carnet_id, grant.id)
                override_grant(world.parts, *told, how, why=Why.CHECK, actor=OPERATOR)
        answer = world.read(system, who.carnet_id)
        if isinstance(answer, FieldsView):
            seen.wrong.append("read after the end had answered")
        seen.changes += 1

    return work


_OVERRIDES = (Move.REVOKE, Move.INVALIDATE)


def _stands_still(world: World, who: Someone, system: System, grant: Grant, seen: Seen) -> None:
    told = (world.parts, who.carnet_id, grant.id)
    suspend_grant(*told, by=By.PERSON, why=Why.HER_CHOICE, actor=who.actor)
    if isinstance(world.read(system, who.carnet_id), FieldsView):
        seen.wrong.append("read while it was suspended")
    resume_grant(*told, by=By.PERSON, actor=who.actor)


def _reads(
    world: World, carnets: Sequence[str], systems: Sequence[System], seen: Seen
) -> Callable[[random.Random], None]:
    fields = tuple(CompartmentId(one) for one in SIAE_FIELDS)

    def work(dice: random.Random) -> None:
        asked = [
            reading.SharedRead(
                dice.choice(systems).reader, CarnetId(dice.choice(carnets)), PurposeId(PURPOSE), fields
            )
            for _ in range(dice.randint(1, 4))
        ]
        for answer in reading.read_shared_fields(world.parts, asked):
            if isinstance(answer, FieldsView):
                seen.reads.append(answer.access_no)
            elif isinstance(answer, Exception):
                raise answer
            else:
                seen.refused += 1

    return work


def _rotates(world: World, persons: Sequence[Someone], seen: Seen) -> Callable[[random.Random], None]:
    def work(dice: random.Random) -> None:
        who = dice.choice(persons)
        fields = dice.sample([CompartmentId(one) for one in SIAE_FIELDS], dice.randint(1, 3))
        rotate(world.parts, who.owner, fields, actor=who.actor)
        seen.rotations += 1
        time.sleep(dice.random() / 50)

    return work


def main() -> None:
    """In a process of its own."""
    told = json.load(sys.stdin)
    world = World.reopen(told["environ"])
    try:
        scene, seconds, seed = Scene(**told["scene"]), told["seconds"], told["seed"]
        rotating = [_person(*one) for one in told["rotating"]]
        rules = Path(told["rules"]) if told["rules"] else None
        seen = race(world, scene, seconds=seconds, seed=seed, rotating=rotating, rules=rules)
    finally:
        world.close()
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()

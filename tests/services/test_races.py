"""P4: withdrawing works at once, whoever races. In log order no granted read stands after its grant's end."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from schemas.names import Outcome
from tests.services.log_order import events_of, faults
from tests.services.racing import Scene, Seen, race
from tests.world import SIAE_FIELDS, MovingClock, Someone, World
from vault.audit import Event, verify
from vault.audit.events import Op
from vault.services.reading import AccessEnded
from vault.services.rotating import rotate_due
from vault.services.upkeep import run_upkeep
from vault.storage.log_source import log_source

ROOT = Path(__file__).parents[2]
SHORT = 1.0  # seconds of racing in the usual run


def a_scene(world: World) -> tuple[Scene, list[Someone]]:
    persons = [world.newcomer("ana"), world.newcomer("bob")]
    for who in persons:
        world.fill(who)
    systems = [world.system("SIAE Un"), world.system("SIAE Deux")]
    return Scene.of(persons, systems, world.system("SIAE Trois")), persons


def check(world: World, persons: Sequence[Someone], everything: Sequence[Seen]) -> list[Event]:
    """The promise, from what the log says; and that no answer was given without its entry."""
    assert [wrong for seen in everything for wrong in seen.wrong] == []
    events = events_of(world, [who.carnet_id for who in persons])
    rows = [row for who in persons for row in world.parts.data.grants_of(who.carnet_id)]
    assert faults(events, {row.grant.id: row.grant.terms.ends_at for row in rows}) == []
    granted = {event.no for event in events if event.op is Op.READ and event.out is Outcome.GRANTED}
    answered = [no for seen in everything for no in seen.reads]
    assert set(answered) <= granted, "P2: no answer without its entry"
    assert len(set(answered)) == len(answered), "an entry a read"
    with log_source(world.app.data.database) as source:
        report = verify(source, origin=world.app.settings.log_origin, verifiers=[world.app.verifier])
    assert report.ok, report.findings
    return events


def wait_for_days(world: World, clock: MovingClock) -> Callable[[], None]:
    """Days go by and the jobs run, so that grants also end by themselves while others race."""

    def work() -> None:
        time.sleep(0.15)
        clock.forward(hours=20)
        run_upkeep(world.parts)

    return work


def test_in_threads_no_read_stands_after_its_grant_s_end(town: World, clock: MovingClock) -> None:
    scene, persons = a_scene(town)
    seen = race(town, scene, seconds=SHORT, seed=1, more=[wait_for_days(town, clock)])
    events = check(town, persons, [seen])
    assert {Op.WITHDRAW, Op.REPLACE, Op.READ} <= {event.op for event in events}
    assert seen.reads
    assert seen.refused


def in_processes(
    world: World,
    scene: Scene,
    *,
    count: int,
    seconds: float,
    seed: int,
    rotating: bool = False,
    rules: Path | None = None,
) -> list[Seen]:
    """Each shares and withdraws for a person of its own, and reads the carnets of all; ``rotating``: both
    change the keys of all, so that two rotations meet as often as they can. ``rules``: a folder for those
    that the first one changes meanwhile."""
    command = [sys.executable, "-m", "tests.services.racing"]
    running = []
    for number in range(count):
        told = {
            "environ": dict(world.environ),
            "scene": asdict(replace(scene, persons=[scene.persons[number % len(scene.persons)]])),
            "seconds": seconds,
            "seed": seed + 100 * number,
            "rotating": scene.persons if rotating else [],
            "rules": str(rules) if rules and number == 0 else None,
        }
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(told))
        process.stdin.close()
        process.stdin = None
        running.append(process)
    results = []
    for process in running:
        out, err = process.communicate(timeout=seconds + 120)
        assert process.returncode == 0, err
        results.append(Seen(**json.loads(out)))
    return results


def test_in_processes_no_read_stands_after_its_grant_s_end(world: World) -> None:
    scene, persons = a_scene(world)
    everything = in_processes(world, scene, count=2, seconds=SHORT, seed=2, rotating=True)
    events = check(world, persons, everything)
    assert sum(len(seen.reads) for seen in everything) > 0
    ops = {event.op for event in events}
    assert {Op.WITHDRAW, Op.REPLACE, Op.READ, Op.KEY_CHANGE, Op.SUSPEND, Op.RESUME} <= ops
    left_whole(world, scene, persons)


def test_when_the_rules_change_meanwhile_nobody_reads_beyond_them(world: World, tmp_path: Path) -> None:
    """Some still go by the former rules, in threads or in processes of their own, when the instance is opened
    under others: what those leave nothing of stands still for all of them."""
    scene, persons = a_scene(world)
    if world.app.data.database.sqlite:
        everything = [race(world, scene, seconds=SHORT, seed=4, rules=tmp_path)]
    else:
        everything = in_processes(world, scene, count=2, seconds=SHORT, seed=4, rules=tmp_path)
    check(world, persons, everything)
    assert sum(seen.starts for seen in everything) > 0
    left_whole(world, scene, persons)


def left_whole(world: World, scene: Scene, persons: Sequence[Someone]) -> None:
    """Once all is quiet: no key of an older epoch is left, and what she shares now opens whole."""
    _, systems = scene.everyone()
    for who in persons:
        rotate_due(world.parts, who.owner, who.actor)
        assert world.parts.data.rotations_begun(who.carnet_id) == []
        grant = world.share(who, systems[0].structure_id)
        assert set(world.values(systems[0], who.carnet_id)) == set(SIAE_FIELDS)
        world.withdraw(who, grant)


@pytest.mark.soak
def test_in_a_hundred_thousand_interleavings_no_read_stands_after_its_grant_s_end(
    world: World, soak_seconds: float, record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    """As many as fit in the time, up to 100 000, in two processes, while keys and rules change. Each is one
    operation among others under way: the machine decided what came before, between and after."""
    steps, busy, over, seed = 0, 0, time.monotonic() + soak_seconds, 3
    while steps < 100_000 and time.monotonic() < over:
        scene, persons = a_scene(world)
        seconds = max(2.0, min(30.0, over - time.monotonic()))
        keys, rules = seed % 2 == 1, tmp_path if seed % 3 else None
        everything = in_processes(
            world, scene, count=2, seconds=seconds, seed=seed, rotating=keys, rules=rules
        )
        check(world, persons, everything)
        left_whole(world, scene, persons)
        steps += sum(seen.steps for seen in everything)
        busy += sum(seen.busy for seen in everything)
        seed += 1001
        told = "reads, refusals, changes, rotations and starts raced one another"
        print(f"\n{steps} {told}; {busy} times a store was busy", flush=True)  # noqa: T201
    record_property("interleavings", steps)


# --- that the checker can fail: its own tests are tests/domain/test_audit_order.py ------------------------


class BeforeTheLock:
    """Decides on what stood before the lock was taken: the order argument without its one condition."""

    def __init__(self, between: Callable[[], Any]) -> None:
        self._between = between

    def before_lock(self) -> None:
        self._between()

    def still_hold(self, connection: Any, rechecks: Any, now: Any) -> Any:
        return rechecks


def test_without_the_second_decision_the_checker_finds_a_late_read(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, system = town.newcomer("ana"), town.system()
    town.fill(who)
    grant = town.share(who, system.structure_id)
    honest = town.app.data._appender._decider
    withdraw = lambda: town.withdraw(who, grant)  # noqa: E731
    monkeypatch.setattr(town.app.data._appender, "_decider", BeforeTheLock(withdraw))
    assert town.read(system, who.carnet_id) == AccessEnded(), "even so, Q_g is gone and nothing opens"
    assert faults(events_of(town, [who.carnet_id])) != []

    monkeypatch.setattr(town.app.data._appender, "_decider", honest)
    other = town.newcomer("bob")
    town.fill(other)
    grant, who = town.share(other, system.structure_id), other
    monkeypatch.setattr(honest, "before_lock", withdraw)
    assert town.read(system, other.carnet_id) == AccessEnded()
    assert faults(events_of(town, [other.carnet_id])) == [], "with it, the same race is harmless"

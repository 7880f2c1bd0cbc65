"""The frame changes under a live share: never more is read, sometimes less."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.purposes import SHIPPED
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Someone, System, World
from vault.services.reading import FieldsView

FEWER = ["identite_nom", *SIAE_FIELDS[1:]]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[tuple[World, Someone, System]]:
    """A person who shares for 31 days with a structure."""
    urls = (f"sqlite:///{tmp_path}/carnet.sqlite", f"sqlite:///{tmp_path}/keys.sqlite")
    world = World.open(*urls, tmp_path, clock=MovingClock())
    ana, siae = world.newcomer(), world.system()
    world.fill(ana)
    world.share(ana, siae.structure_id)
    yield world, ana, siae
    world.close()


def under(world: World, path: Path, **told: Any) -> World:
    """The same instance, started again under a frame that says ``told`` of the purpose."""
    frame = json.loads(SHIPPED.read_text(encoding="utf-8"))
    (purpose,) = (one for one in frame["purposes"] if one["purpose_id"] == PURPOSE)
    purpose.update(told)
    path.write_text(json.dumps(frame), encoding="utf-8")
    return World.reopen({**world.environ, "CARNET_FRAME": str(path)}, world.parts.clock)


def read_under(told: dict[str, Any], world: World, path: Path, read: Callable[[World], Any]) -> Any:
    later = under(world, path, **told)
    try:
        return read(later)
    finally:
        later.close()


def test_a_field_that_leaves_the_purpose_is_read_no_more_and_the_others_are(
    town: tuple[World, Someone, System], tmp_path: Path
) -> None:
    world, ana, siae = town
    before = world.values(siae, ana.carnet_id)
    after = read_under(
        {"fields": FEWER}, world, tmp_path / "frame.json", lambda one: one.values(siae, ana.carnet_id)
    )
    assert SIAE_FIELDS[0] in before
    assert after == {name: value for name, value in before.items() if name != SIAE_FIELDS[0]}
    assert world.values(siae, ana.carnet_id) == before, "the share itself is what she gave"


def test_a_purpose_that_becomes_longer_makes_no_share_longer_and_a_shorter_one_ends_it(
    town: tuple[World, Someone, System], tmp_path: Path
) -> None:
    world, ana, siae = town
    clock = world.parts.clock
    assert isinstance(clock, MovingClock)
    clock.forward(days=3)
    path = tmp_path / "frame.json"

    def opens(one: World) -> bool:
        return isinstance(one.read(siae, ana.carnet_id), FieldsView)

    assert read_under({"max_days": 31}, world, path, opens)
    assert not read_under({"max_days": 1}, world, path, opens)
    clock.forward(days=40)
    assert not read_under({"max_days": 182}, world, path, opens)

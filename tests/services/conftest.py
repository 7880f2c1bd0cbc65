"""Every service test runs on both engines, on a real instance.

``world`` is a fresh instance for one test. ``town`` is one instance an engine for the whole run, much
cheaper: each test brings its own people and structures, and time only goes forward.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StoreUrls
from tests.postgres import Postgres
from tests.world import MovingClock, Someone, System, World

ONE_ENGINE = pytest.mark.parametrize("town", ["sqlite"], indirect=True, scope="session")
"""For a rule that cannot differ between engines and has many cases."""


@pytest.fixture
def world(store_urls: StoreUrls, tmp_path: Path) -> Iterator[World]:
    opened = World.open(store_urls.data, store_urls.keys, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ana(world: World) -> Someone:
    """A person with three answers."""
    someone = world.person("ana")
    world.fill(someone)
    return someone


@pytest.fixture
def alpha(world: World) -> System:
    """A SIAE with a system."""
    return world.system()


@pytest.fixture(scope="session")
def town_clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def clock(town_clock: MovingClock) -> Iterator[MovingClock]:
    """The clock of ``town``; it goes on after the test, from where the test left it."""
    yield town_clock
    town_clock.go_on()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, town_clock: MovingClock
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("town")
    opened = World.open(*urls_for(request, folder), folder, clock=town_clock)
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def village(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One instance an engine for the tests of one file, with a short log and a clock of its own."""
    folder = tmp_path_factory.mktemp("village")
    opened = World.open(*urls_for(request, folder), folder, clock=MovingClock())
    yield opened
    opened.close()


def urls_for(request: pytest.FixtureRequest, folder: Path) -> StoreUrls:
    """Fresh stores on the engine that the fixture's parameter names."""
    if request.param == "sqlite":
        return StoreUrls(f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite")
    server: Postgres = request.getfixturevalue("postgres")
    return StoreUrls(server.fresh_database("data"), server.fresh_database("keys"))


@pytest.fixture
def small_town(tmp_path: Path) -> Iterator[World]:
    """A fresh instance on SQLite alone, for what cannot differ between engines."""
    opened = World.open(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path)
    yield opened
    opened.close()

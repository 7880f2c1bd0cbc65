"""Every service test runs on both engines, on a real instance."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StoreUrls
from tests.world import Someone, System, World


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

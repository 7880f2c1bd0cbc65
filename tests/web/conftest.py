"""A real web application on both engines; ``lone_site`` on SQLite alone, for rules no engine changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StoreUrls
from tests.web.site import Site, site_over
from tests.world import World


@pytest.fixture
def site(store_urls: StoreUrls, tmp_path: Path) -> Iterator[Site]:
    world = World.open(store_urls.data, store_urls.keys, tmp_path)
    with site_over(world) as running:
        yield running
    world.close()


@pytest.fixture(scope="module")
def lone_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    world = World.open(f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite", folder)
    with site_over(world) as running:
        yield running
    world.close()

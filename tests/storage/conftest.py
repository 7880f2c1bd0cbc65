"""Both stores, founded and empty, on each engine."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.conftest import StoreUrls
from tests.storage.makers import Clock
from vault.storage import DATA, KEYS, SqlDataStore, SqlKeyStore, open_data_store, open_keystore, upgrade

INSTANCE = "instance-of-tests"
ORIGIN = "carnet.test"

# For what one engine alone can do, or suffer.
ON_SQLITE = pytest.mark.parametrize("store_urls", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("store_urls", ["postgresql"], indirect=True)


class Stores(NamedTuple):
    data: SqlDataStore
    keys: SqlKeyStore
    clock: Clock
    urls: StoreUrls


def founded(urls: StoreUrls, clock: Clock) -> Stores:
    data, keys = open_data_store(urls.data, clock), open_keystore(urls.keys, clock)
    upgrade(data.database, DATA)
    upgrade(keys.database, KEYS)
    keys.found(INSTANCE)
    data.found(INSTANCE, ORIGIN)
    return Stores(data, keys, clock, urls)


@pytest.fixture
def stores(store_urls: StoreUrls) -> Iterator[Stores]:
    made = founded(store_urls, Clock())
    yield made
    made.data.close()
    made.keys.close()


@pytest.fixture
def data(stores: Stores) -> SqlDataStore:
    return stores.data


@pytest.fixture
def keys(stores: Stores) -> SqlKeyStore:
    return stores.keys


@pytest.fixture
def clock(stores: Stores) -> Clock:
    return stores.clock

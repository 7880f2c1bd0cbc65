"""Both stores, founded and empty, on each engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql

from tests.conftest import StoreUrls
from tests.postgres import Postgres
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


@pytest.fixture(scope="session")
def two_databases(postgres: Postgres) -> StoreUrls:
    return StoreUrls(postgres.fresh_database("data"), postgres.fresh_database("keys"))


@pytest.fixture(params=["sqlite", "postgresql"])
def store_urls(request: pytest.FixtureRequest, tmp_path: Path) -> StoreUrls:
    """Empty for each test. PostgreSQL's two databases are emptied rather than made anew: ten times cheaper,
    and these tests are many."""
    if request.param == "sqlite":
        return StoreUrls(f"sqlite:///{tmp_path}/carnet.sqlite", f"sqlite:///{tmp_path}/keys.sqlite")
    urls: StoreUrls = request.getfixturevalue("two_databases")
    for url in urls:
        _empty(url)
    return urls


def _empty(url: str) -> None:
    with psycopg.connect(raw(url), autocommit=True) as admin:
        database = sql.Identifier(admin.info.dbname)
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        admin.execute("DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public")
        admin.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        admin.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(database))


def raw(url: str) -> str:
    """The same address for psycopg itself."""
    return url.replace("postgresql+psycopg", "postgresql")


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

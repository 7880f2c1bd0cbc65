"""What every test may lean on: databases of both kinds, and how long a soak lasts.

Hypothesis runs without deadlines (the machine is shared) and, under `make soak`, ten times longer.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import CannotRun, Postgres, running_postgres

SOAKING = "SOAK_SECONDS" in os.environ

settings.register_profile(
    "usual", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", settings.get_profile("usual"), max_examples=1000)
settings.load_profile("soak" if SOAKING else "usual")


class StoreUrls(NamedTuple):
    """Two empty stores of the same kind: data (D) and keys (K)."""

    data: str
    keys: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL per test process; skips, with the reason, where its binaries cannot run."""
    server = running_postgres()
    try:
        running = server.__enter__()
    except CannotRun as reason:
        pytest.skip(f"sans PostgreSQL : {reason}")
    yield running
    server.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreUrls]:
    """``(data_url, keystore_url)``, fresh for each test, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield StoreUrls(f"sqlite:///{tmp_path}/carnet.sqlite", f"sqlite:///{tmp_path}/keys.sqlite")
        return
    server: Postgres = request.getfixturevalue("postgres")
    urls = StoreUrls(server.fresh_database("data"), server.fresh_database("keys"))
    yield urls
    for url in urls:
        server.drop_database(url)


@pytest.fixture(scope="session")
def soak_seconds(request: pytest.FixtureRequest) -> float:
    """How long, in seconds, this soak test may last: an equal share of what `make soak` was given."""
    sharing = [item for item in request.session.items if item.get_closest_marker("soak")]
    return int(os.environ.get("SOAK_SECONDS", "60")) / max(1, len(sharing))

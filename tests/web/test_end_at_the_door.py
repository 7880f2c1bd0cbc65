"""The instant at which a share ends, at the door: no cache, no condition and no clock of a client's own
brings an answer after it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.site import Site, fields_url, site_over
from tests.world import MovingClock, Someone, World

KEPT = {"If-None-Match": "*", "If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT", "Range": "bytes=0-9"}
EARLY = timedelta(milliseconds=1)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def site(tmp_path: Path, clock: MovingClock) -> Iterator[Site]:
    urls = [f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("data", "keys")]
    world = World.open(urls[0], urls[1], tmp_path, clock=clock)
    with site_over(world) as running:
        yield running
    world.close()


def shared(site: Site, clock: MovingClock) -> tuple[Someone, datetime, dict[str, TestClient]]:
    """A person who shares for a day, and the doors by which her reader comes, open since before the end."""
    ana, machine = site.world.person(), site.machine()
    site.world.fill(ana)
    grant = site.world.share(ana, machine.structure_id, days=1)
    clock.stop_at(grant.terms.ends_at - timedelta(minutes=5))
    now = int(clock().timestamp())
    form = machine.form(machine.assertion(iat=now, exp=now + 60))
    token = site.client().post("/oauth/token", data=form).json()["access_token"]
    system = site.client(Authorization=f"Bearer {token}")
    clients = {"system": system, "professional": site.professional(machine.structure_id)}
    return ana, grant.terms.ends_at, clients


def test_nothing_is_kept_so_the_end_is_seen_at_its_instant_by_every_door(
    site: Site, clock: MovingClock
) -> None:
    ana, ends_at, clients = shared(site, clock)
    addresses = {"system": fields_url(ana.carnet_id), "professional": f"/carnets/{ana.carnet_id}"}
    clock.stop_at(ends_at - EARLY)
    for who, client in clients.items():
        answer = client.get(addresses[who])
        assert answer.status_code == 200
        assert {"etag", "last-modified", "expires"}.isdisjoint(answer.headers)
        assert "no-store" in answer.headers["cache-control"]
        assert client.get(addresses[who], headers=KEPT).status_code == 200, "never 304, never a part"
    clock.stop_at(ends_at)
    for who, client in clients.items():
        for headers in ({}, KEPT):
            assert client.get(addresses[who], headers=headers).status_code == 403, (who, headers)


@pytest.mark.parametrize("off", [timedelta(days=-2), timedelta(days=2)], ids=["behind", "ahead"])
def test_what_a_client_says_of_the_time_changes_nothing(
    site: Site, clock: MovingClock, off: timedelta
) -> None:
    ana, ends_at, clients = shared(site, clock)
    told = {
        "Date": format_datetime(clock() + off, usegmt=True),
        "Age": "0",
        "Cache-Control": "only-if-cached",
    }
    clock.stop_at(ends_at - EARLY)
    assert clients["system"].get(fields_url(ana.carnet_id), headers=told).status_code == 200
    clock.stop_at(ends_at)
    assert clients["system"].get(fields_url(ana.carnet_id), headers=told).status_code == 403


def test_a_share_that_ended_is_in_no_list_from_the_same_instant(site: Site, clock: MovingClock) -> None:
    ana, ends_at, clients = shared(site, clock)
    clock.stop_at(ends_at - EARLY)
    assert len(clients["system"].get("/api/v1/grants").json()["items"]) == 1
    assert ana.carnet_id in clients["professional"].get("/carnets").text
    clock.stop_at(ends_at)
    assert clients["system"].get("/api/v1/grants").json()["items"] == []
    assert ana.carnet_id not in clients["professional"].get("/carnets").text

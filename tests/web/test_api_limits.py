"""How often one may ask, and what a refusal for haste costs the log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from schemas.ids import new_id
from schemas.names import Outcome
from tests.web.site import V1, Site, fields_url, site_over
from tests.world import World
from vault.audit.events import Op
from vault.web import limits
from vault.web.limits import Limits, Rule, TooManyError, Windows, counted_address


class Seconds:
    """A clock in seconds that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def timed_site(tmp_path: Path, seconds: Seconds) -> Iterator[Site]:
    world = World.open(f"sqlite:///{tmp_path}/carnet.sqlite", f"sqlite:///{tmp_path}/keys.sqlite", tmp_path)
    with site_over(world, clock=seconds) as running:
        yield running
    world.close()


def test_a_window_lets_so_many_calls_through_then_says_how_long_to_wait(seconds: Seconds) -> None:
    windows = Windows(Rule(3, 60), seconds)
    for _ in range(3):
        windows.take("a")
    seconds.now += 20.5
    with pytest.raises(TooManyError) as refused:
        windows.take("a")
    assert refused.value.retry_after == 40
    windows.take("b")
    seconds.now += 39.5
    windows.take("a")


def test_what_is_over_is_forgotten_and_memory_is_bounded(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 100)
    windows = Windows(Rule(3, 60), seconds)
    for number in range(1000):
        windows.take(str(number))
    assert len(windows._open) <= 100
    seconds.now += 61
    windows.take("new")
    assert len(windows._open) == 1


def connection(host: str | None, port: int = 40_000) -> HTTPConnection:
    return HTTPConnection({"type": "http", "client": (host, port) if host else None, "headers": []})


@pytest.mark.parametrize(
    ("host", "port", "key"),
    [
        ("203.0.113.5", 40_000, "203.0.113.5"),
        ("127.0.0.1", 40_000, None),
        ("::1", 40_000, None),
        ("::ffff:127.0.0.1", 40_000, None),
        ("127.0.0.1", 0, "127.0.0.1"),  # told by a trusted proxy
        ("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", 40_000, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", 40_000, "203.0.113.5"),
        ("testclient", 40_000, None),
        (None, 0, None),
    ],
)
def test_an_address_is_counted_unless_it_is_this_machine_itself(
    host: str | None, port: int, key: str | None
) -> None:
    assert counted_address(connection(host, port)) == key


def test_sign_ins_are_thirty_a_minute_and_three_hundred_an_hour_for_an_address(seconds: Seconds) -> None:
    counted = Limits(on=True, clock=seconds)
    started = 0
    for _ in range(11):
        for _ in range(40):
            try:
                counted.sign_in_start(connection("203.0.113.5"))
                started += 1
            except TooManyError:
                pass
        seconds.now += 60
    assert started == 300
    with pytest.raises(TooManyError) as refused:
        counted.sign_in_start(connection("203.0.113.5"))
    assert refused.value.retry_after > 60
    counted.sign_in_start(connection("203.0.113.6"))
    for _ in range(1000):
        counted.sign_in_start(connection("127.0.0.1"))


def test_without_limits_nothing_is_counted(seconds: Seconds) -> None:
    lifted = Limits(on=False, clock=seconds)
    for _ in range(1000):
        lifted.sign_in_start(connection("203.0.113.5"))
        lifted.token("a")
        lifted.denied("a")
        lifted.before_read("a")


def test_a_system_gets_sixty_tokens_a_minute(timed_site: Site, seconds: Seconds) -> None:
    machine, other = timed_site.machine(), timed_site.machine("SIAE Beta")
    client = timed_site.client()

    def ask(of: Any) -> Any:
        return client.post("/oauth/token", data=of.form())

    assert {ask(machine).status_code for _ in range(60)} == {200}
    refused = ask(machine)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert refused.json()["error"] == "temporarily_unavailable"
    assert ask(other).status_code == 200
    for _ in range(80):
        bad = client.post("/oauth/token", data=other.form(other.assertion(aud="x")))
        assert bad.status_code == 401, "what is not believed counts against nobody"
    assert ask(other).status_code == 200
    seconds.now += 60
    assert ask(machine).status_code == 200


def test_reads_beyond_the_limit_are_429_before_the_log_is_asked(
    timed_site: Site, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_site.app.state.carnet.limits._reads, "rule", Rule(3, 60))
    ana = timed_site.world.person("ana")
    alpha = timed_site.machine()
    timed_site.world.share(ana, alpha.structure_id)
    system = timed_site.system(alpha)
    assert [system.get(fields_url(ana.carnet_id)).status_code for _ in range(3)] == [200] * 3
    before = timed_site.log_size()
    refused = system.get(fields_url(ana.carnet_id))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert refused.json()["type"].endswith("problems/too-many-requests")
    assert timed_site.log_size() == before
    seconds.now += 60
    assert system.get(fields_url(ana.carnet_id)).status_code == 200


def test_denied_too_often_one_is_429_and_the_log_hears_of_it_once_a_minute(
    timed_site: Site, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_site.app.state.carnet.limits._denied, "rule", Rule(5, 60))
    ana = timed_site.world.person("ana")
    alpha, beta = timed_site.machine(), timed_site.machine("SIAE Beta")
    timed_site.world.share(ana, alpha.structure_id)
    timed_site.world.share(ana, beta.structure_id)
    system, other = timed_site.system(alpha), timed_site.system(beta)
    assert [system.get(fields_url(new_id())).status_code for _ in range(5)] == [404] * 5
    before = timed_site.log_size()
    refused = [system.get(fields_url(one)) for one in (new_id(), ana.carnet_id, new_id())]
    assert [answer.status_code for answer in refused] == [429] * 3, "alike for every carnet"
    assert len({answer.content for answer in refused}) == 1
    assert timed_site.log_size() == before + 1
    (leaf,) = timed_site.last_entries(1)
    assert (leaf.op, leaf.out) == (Op.THROTTLED, Outcome.DENIED)
    assert other.get(fields_url(ana.carnet_id)).status_code == 200, "the others are not slowed"
    seconds.now += 60
    assert system.get(fields_url(ana.carnet_id)).status_code == 200
    assert [system.get(fields_url(new_id())).status_code for _ in range(6)] == [404] * 5 + [429]
    (leaf,) = timed_site.last_entries(1)
    assert leaf.op is Op.THROTTLED, "the next minute has its own entry"


def test_what_ended_counts_as_denied_too(timed_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_site.app.state.carnet.limits._denied, "rule", Rule(2, 60))
    ana = timed_site.world.person("ana")
    alpha = timed_site.machine()
    timed_site.world.withdraw(ana, timed_site.world.share(ana, alpha.structure_id))
    system = timed_site.system(alpha)
    assert [system.get(fields_url(ana.carnet_id)).status_code for _ in range(3)] == [403, 403, 429]
    assert system.get(f"{V1}/grants").status_code == 200, "listing one's own grants goes on"

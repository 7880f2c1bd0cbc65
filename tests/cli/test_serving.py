"""The server as a process: how it starts, what it says, how it stops, and what a killed one leaves."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.cli.typing_commands import Operator, Server, children_of, is_alive
from tests.conftest import StoreUrls
from tests.provider_process import plain_http

ROBBED = "un-nom-qui-ne-doit-pas-paraitre"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator.in_folder(tmp_path).set_up()


def wait_for(what: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def checkpoint_size(operator: Operator) -> int:
    return int(operator.answer("keys", "status")["last_checkpoint"] or 0)


def test_it_serves_signs_and_leaves_with_0(store_urls: StoreUrls, tmp_path: Path) -> None:
    operator = Operator.of(store_urls, tmp_path).set_up()
    with operator.serving() as server, plain_http() as http:
        assert server.announced["url"] == server.url
        assert http.get(f"{server.url}/sante").json() == {"status": "ok"}
        operator.answer("structure", "add", "--name", "A", "--kind", "ccas")  # beside the server
        size = operator.answer("audit", "verify")["size"]
        wait_for(lambda: checkpoint_size(operator) == size, seconds=8)
        stopped = server.stop()
    assert (stopped.code, stopped.out, stopped.err) == (0, "", "")


def test_what_is_appended_last_is_signed_before_it_leaves(operator: Operator) -> None:
    with operator.serving() as server:
        operator.answer("structure", "add", "--name", "A", "--kind", "ccas")
        assert server.stop(signal.SIGINT).code == 0
    assert checkpoint_size(operator) == operator.answer("audit", "verify")["size"] == 2


def test_nothing_is_written_of_who_asks_for_what(operator: Operator) -> None:
    with operator.serving() as server, plain_http() as http:
        for path in (
            "/",
            "/sante",
            "/api/v1/me/carnet",
            f"/carnets/{ROBBED}",
            "/connexion/proconnect/retour",
        ):
            answer = http.get(f"{server.url}{path}?nom={ROBBED}", headers={"Cookie": f"carnet={ROBBED}"})
            assert "server" not in answer.headers
        stopped = server.stop()
    assert stopped.out == ""
    assert ROBBED not in stopped.err


def test_it_dumps_no_core_and_makes_private_files(operator: Operator) -> None:
    with operator.serving() as server:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        status = Path(f"/proc/{server.process.pid}/status").read_text()
    assert "Max core file size        0                    0" in limits
    assert "Umask:\t0077" in status


def test_a_forwarded_address_is_believed_from_the_named_proxies_only(operator: Operator) -> None:
    """30 sign-ins a minute for an address: the 31st is refused only where the address is believed."""
    provider = {
        "CARNET_FRANCECONNECT_ISSUER": "http://127.0.0.1:9/api/v2",
        "CARNET_FRANCECONNECT_CLIENT_ID": "x",
        "CARNET_FRANCECONNECT_CLIENT_SECRET": "y",
    }
    for trusted, last in ((None, 503), ("127.0.0.1", 429)):
        more = provider if trusted is None else provider | {"CARNET_FORWARDED_ALLOW_IPS": trusted}
        with Operator({**operator.environ, **more}).serving() as server, plain_http() as http:
            statuses = [
                http.get(
                    f"{server.url}/connexion/franceconnect", headers={"X-Forwarded-For": "192.0.2.7"}
                ).status_code
                for _ in range(31)
            ]
        assert set(statuses[:30]) == {503}
        assert statuses[30] == last


def test_a_taken_port_is_said_in_one_line(operator: Operator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        typed = operator.type("serve", "--port", port)
    assert (typed.code, typed.out) == (3, "")
    assert port in typed.err
    assert "--port" in typed.err


def test_killed_it_leaves_nothing_to_clean(operator: Operator) -> None:
    for _ in range(2):
        with operator.serving() as server:
            operator.answer("structure", "add", "--name", "A", "--kind", "ccas")
            server.process.kill()
            server.process.wait()
    with operator.serving() as server:
        size = operator.answer("audit", "verify")["size"]
        wait_for(lambda: checkpoint_size(operator) == size, seconds=8)  # no lease of the dead is waited for
        assert server.stop().code == 0


def test_without_jobs_nothing_is_signed_until_the_jobs_run_apart(operator: Operator) -> None:
    with operator.serving("--no-jobs") as server:
        time.sleep(1.5)
        assert checkpoint_size(operator) == 0
        jobs = operator.launch("jobs", "run")
        wait_for(lambda: checkpoint_size(operator) == 1)
        jobs.send_signal(signal.SIGTERM)
        jobs.communicate(timeout=30)
        assert jobs.returncode == 0
        assert server.stop().code == 0


# --- several processes -----------------------------------------------------------------------------------


def answers(server: Server, times: int = 10) -> bool:
    """Whether fresh connections are served, whichever process takes them. They wait while none is up."""
    for _ in range(times):
        with plain_http() as http:
            if http.get(f"{server.url}/sante", timeout=60).status_code != 200:
                return False
    return True


def test_a_killed_worker_is_replaced_and_all_leave_together(operator: Operator) -> None:
    with operator.serving("--workers", "2") as server:
        wait_for(lambda: len(children_of(server.process.pid)) == 2)
        assert server.announced["workers"] == 2
        before = children_of(server.process.pid)
        os.kill(min(before), signal.SIGKILL)
        wait_for(lambda: len(children_of(server.process.pid) - {min(before)}) == 2)
        assert answers(server)
        now = children_of(server.process.pid)
        operator.answer("structure", "add", "--name", "A", "--kind", "ccas")
        stopped = server.stop()
    assert stopped.code == 0
    assert not any(is_alive(pid) for pid in before | now)
    assert checkpoint_size(operator) == operator.answer("audit", "verify")["size"]


def test_workers_do_not_outlive_the_one_that_made_them(operator: Operator) -> None:
    with operator.serving("--workers", "2") as server:
        wait_for(lambda: len(children_of(server.process.pid)) == 2)
        workers = children_of(server.process.pid)
        server.process.kill()
        wait_for(lambda: not any(is_alive(pid) for pid in workers))
    with pytest.raises(httpx2.TransportError), plain_http() as http:
        http.get(f"{server.url}/sante")


def test_workers_that_may_not_start_say_so_once(tmp_path: Path) -> None:
    operator = Operator.in_folder(tmp_path)
    assert operator.type("keys", "init").code == 0
    process = operator.launch("serve", "--port", "0", "--workers", "3")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    assert err.count("carnet database upgrade") == 1

"""Who waits holds no thread, and always hears something in the end."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from anyio.to_thread import current_default_thread_limiter

from tests.loops import run_apart
from tests.web.site import BASE, V1, Site
from vault.errors import BrokenError
from vault.web import paper
from vault.web.gather import Gatherer


class Panic(BaseException):
    """As native code raises it: no Exception."""


def panics(items: Any) -> Any:
    raise Panic


@pytest.mark.parametrize(
    ("work", "heard"),
    [(panics, BrokenError), (lambda items: [], ValueError)],
    ids=["a panic", "too few answers"],
)
def test_a_thread_that_meets_a_panic_answers_and_goes_on(work: Any, heard: type[Exception]) -> None:
    waiting: Gatherer[int, int] = Gatherer(work, threads=1)

    async def ask() -> None:
        for _ in range(3):
            with pytest.raises(heard):
                await asyncio.wait_for(waiting.ask(1), 5)

    run_apart(ask())
    waiting.close()


@pytest.fixture
def stalled_log(lone_site: Site) -> Iterator[None]:
    """Another writer has the log's lock and keeps it."""
    database = lone_site.world.app.data.database
    patience, database.busy = database.busy, timedelta(milliseconds=300)
    with lone_site.world.parts.data.change():
        yield
    database.busy = patience


def together(site: Site, addresses: list[str], cookie: str | None = None, *, threads: int) -> list[Any]:
    """All answers, in the order in which they came, from an application that has few threads."""
    came: list[tuple[str, int]] = []

    async def one(client: httpx2.AsyncClient, address: str) -> None:
        came.append((address, (await client.get(address)).status_code))

    async def ask() -> None:
        current_default_thread_limiter().total_tokens = threads
        cookies = {"carnet": cookie} if cookie else None
        transport = httpx2.ASGITransport(app=site.app)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE, cookies=cookies) as client:
            await asyncio.gather(*(one(client, address) for address in addresses))

    run_apart(ask())
    return came


@pytest.mark.usefixtures("stalled_log")
def test_asking_for_the_health_of_a_stalled_log_holds_up_nobody(lone_site: Site) -> None:
    came = together(lone_site, ["/sante"] * 40 + ["/connexion"], threads=4)
    assert came[0] == ("/connexion", 200)
    assert set(came[1:]) == {("/sante", 503)}


@pytest.mark.parametrize("address", [f"{V1}/me/carnet.pdf", "/mes-telechargements/carnet.pdf"])
def test_asking_for_many_papers_holds_up_nobody(
    lone_site: Site, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    someone, _ = lone_site.person("celle-qui-imprime")
    asked = threading.Event()

    def slow(_: object) -> bytes:
        asked.wait(0.1)  # printing takes time; what is printed does not matter here
        return b"%PDF-"

    monkeypatch.setattr(paper, "to_pdf", slow)
    papers = [address] * 12
    came = together(lone_site, [*papers, "/connexion"], someone.session.cookie, threads=4)
    assert came[0] == ("/connexion", 200)
    assert came[1:] == [(address, 200)] * len(papers)

"""The two doors of this instance, FranceConnect and ProConnect, open or closed by the settings.

Talking to a provider may take seconds. Each door has threads of its own, and among them some for those who
leave and others for those who come back: a provider that is silent about codes holds up neither the other
door, nor any other request, nor those who only need its address. Beyond a few waiting for each thread, one is
told to come later instead of waiting in vain.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from starlette.requests import HTTPConnection

from vault.config import Provider as Configured
from vault.config import Settings
from vault.web.login.provider_http import STEP_SECONDS
from vault.web.login.provider_metadata import Provider
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.settings import ProviderName, ProviderSettings

LEAVING_THREADS, RETURNING_THREADS = 8, 32  # a door
WAITING_PER_THREAD = 4
T = TypeVar("T")


class _Room:
    """Threads, and how many are inside: at work or waiting for one."""

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads * WAITING_PER_THREAD
        self._inside = 0
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """Raises SignInRefused(PROVIDER_DOWN) when too many wait, else what ``work`` raises."""
        with self._entered():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    @contextmanager
    def _entered(self) -> Iterator[None]:
        with self._lock:
            if self._inside >= self._most:
                raise SignInRefused(Refusal.PROVIDER_DOWN, "too many wait")
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Door:
    def __init__(self, provider: Provider) -> None:
        name = provider.settings.name
        self.provider = provider
        self.leaving = _Room(f"door-{name}-leaving", LEAVING_THREADS)
        self.returning = _Room(f"door-{name}-returning", RETURNING_THREADS)


class Doors:
    """Closed by ``close``, when the application ends. A step towards a provider takes ``step_seconds`` at
    most."""

    def __init__(self, settings: Settings, *, step_seconds: float = STEP_SECONDS) -> None:
        told = (settings.franceconnect, settings.proconnect)
        self._doors: Mapping[str, _Door] = {
            one.name: _Door(Provider(provider_settings(one, settings.public_url), step_seconds=step_seconds))
            for one in told
            if one is not None
        }

    def open(self, name: str) -> bool:
        """Whether this provider is configured."""
        return name in self._doors

    async def ask(self, name: str, work: Callable[[Provider], T], *, coming_back: bool = False) -> T:
        """``work`` with the provider, in a thread of its door. ``coming_back``: a code is redeemed, which may
        take long. Raises what it raises; SignInRefused when the door is closed or too many wait at it."""
        door = self._doors.get(name)
        if door is None:
            raise SignInRefused(Refusal.PROVIDER_DOWN, "not configured")
        room = door.returning if coming_back else door.leaving
        return await room.run(lambda: work(door.provider))

    def close(self) -> None:
        for door in self._doors.values():
            door.leaving.close()
            door.returning.close()
            door.provider.close()


def provider_settings(told: Configured, public_url: str) -> ProviderSettings:
    """What the deployer set, with our own addresses and the one rule that differs between the two."""
    name: ProviderName = "proconnect" if told.name == "proconnect" else "franceconnect"
    return ProviderSettings(
        name=name,
        issuer=told.issuer,
        client_id=told.client_id,
        client_secret=told.client_secret,
        scopes=told.scopes,
        acr_values=told.acr_values,
        pkce=told.pkce,
        acr_by_claims=name == "proconnect",
        redirect_uri=f"{public_url}/connexion/{name}/retour",
        post_logout_redirect_uri=f"{public_url}/deconnexion/retour",
    )


def doors_of(connection: HTTPConnection) -> Doors:
    """The doors of the running application; made at the first need, on the event loop's thread."""
    state = connection.app.state
    if not hasattr(state, "doors"):
        state.doors = Doors(connection.app.state.carnet.settings)
    doors: Doors = state.doors
    return doors

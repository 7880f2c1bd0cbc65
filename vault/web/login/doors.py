"""The two doors of this instance, FranceConnect and ProConnect, open or closed by the settings.

Talking to a provider may take seconds: each door has threads of its own, so that a slow provider holds up
neither the other door nor any other request.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, get_args

from starlette.requests import HTTPConnection

from vault.config import Provider as Configured
from vault.config import Settings
from vault.web.login.provider_metadata import Provider
from vault.web.login.refusals import Refusal, SignInRefused
from vault.web.login.settings import ProviderName, ProviderSettings

THREADS = 16  # a door
T = TypeVar("T")


class Doors:
    """Closed by ``close``, when the application ends."""

    def __init__(self, settings: Settings) -> None:
        told = (settings.franceconnect, settings.proconnect)
        self._providers: Mapping[str, Provider] = {
            one.name: Provider(provider_settings(one, settings.public_url)) for one in told if one is not None
        }
        self._pools = {
            name: ThreadPoolExecutor(THREADS, thread_name_prefix=f"door-{name}") for name in self._providers
        }

    def open(self, name: str) -> bool:
        """Whether this provider is configured."""
        return name in self._providers

    async def ask(self, name: str, work: Callable[[Provider], T]) -> T:
        """``work`` with the provider, in a thread of its door. Raises what it raises; SignInRefused when the
        door is closed."""
        if name not in self._providers:
            raise SignInRefused(Refusal.PROVIDER_DOWN, "not configured")
        provider = self._providers[name]
        return await asyncio.get_running_loop().run_in_executor(self._pools[name], lambda: work(provider))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        for provider in self._providers.values():
            provider.close()


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


DOOR_NAMES: tuple[str, ...] = get_args(ProviderName)


def doors_of(connection: HTTPConnection) -> Doors:
    """The doors of the running application; made at the first need, on the event loop's thread."""
    state = connection.app.state
    if not hasattr(state, "doors"):
        state.doors = Doors(connection.app.state.carnet.settings)
    doors: Doors = state.doors
    return doors

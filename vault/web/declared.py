"""Closed by default: a route that does not say who may call it stops the start. Who may: ``guard``."""

from collections.abc import Iterable, Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from vault.errors import ConfigError
from vault.web import guard
from vault.web.steering import steering

CALLERS = frozenset(
    {
        *(guard.anyone, guard.visitor, guard.signed_in, guard.holder, guard.mandatary, guard.acting),
        *(guard.person, guard.person_fresh, guard.person_or_helper_see, guard.person_or_helper_write),
        *(guard.person_or_helper_share, guard.person_or_helper_print),
        *(guard.professional, guard.manager, guard.dpo, guard.grantee, steering),
    }
)


def check_declared(routes: Iterable[BaseRoute]) -> None:
    """Raises ConfigError naming the first route that does not say who may call it. What is neither one of our
    routes nor a folder of static files cannot say so: it is refused too."""
    for route in routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles):
            continue
        if not isinstance(route, APIRoute) or not CALLERS & set(_calls(route.dependant)):
            place = getattr(route, "path", type(route).__name__)
            raise ConfigError(f"the route {place} does not declare its callers")


def _calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)

"""The web application: routes, middleware, handlers of errors, put together around one running application.

``create_app`` refuses to start (ConfigError) when a route does not say who may call it. What it opens (the
threads where reads wait) it closes; the application belongs to whoever opened it.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from exporters import Issuer
from vault.config import Settings
from vault.services.parts import Parts
from vault.services.reading import read_shared_fields
from vault.services.tokens import tokens_of
from vault.web.api import (
    acting,
    carnets,
    catalogue,
    dpo,
    dpo_grants,
    emergencies,
    entries,
    forget_desk,
    forgetting,
    grants,
    indicators,
    log,
    mandates,
    me,
    notices,
    oauth,
    observations,
    openapi,
    proposals,
    receipts,
    referent,
    requests,
    revocation,
    sante,
    seeing,
    session,
    volets,
)
from vault.web.api.client_keys import ClientKeys
from vault.web.api.proving import TokenRequestError, token_error
from vault.web.declared import check_declared
from vault.web.gather import Gatherer
from vault.web.headers import AnswerHeaders, Gate, fixed_headers
from vault.web.limits import Limits
from vault.web.pages.routes import problem_page, routers
from vault.web.problems import HANDLED, on_error
from vault.web.state import WebState
from vault.web.telling import Refusals

THREADS = 96  # above the callers that wait at once: a thread is never what one waits for
STATIC = Path(__file__).parent / "static"
_YEAR = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"

API: tuple[APIRouter, ...] = (
    carnets.router,  # the most asked first
    grants.router,
    me.router,
    entries.router,
    notices.router,
    seeing.router,
    receipts.router,
    observations.router,
    forgetting.router,
    forget_desk.router,
    volets.router,
    referent.router,
    proposals.router,
    requests.router,
    session.router,
    acting.router,
    mandates.router,
    emergencies.router,
    catalogue.router,
    dpo.router,
    dpo_grants.router,
    indicators.router,
    openapi.router,
    oauth.router,
    revocation.router,
    log.router,
    sante.router,
)


class Running(Protocol):
    """What ``vault.bootstrap`` hands over."""

    @property
    def settings(self) -> Settings: ...
    @property
    def parts(self) -> Parts: ...
    @property
    def issuer(self) -> Issuer: ...
    @property
    def log_vkeys(self) -> tuple[str, ...]: ...


def create_app(
    application: Running,
    *,
    pages: Sequence[APIRouter] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The ASGI application, with its pages unless others are given. ``clock`` gives the seconds that limits
    are counted in. Raises ConfigError."""
    settings = application.settings
    app = FastAPI(
        title=openapi.TITLE,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(AnswerHeaders, headers=fixed_headers(settings)),
            Middleware(Gate),
        ],
        exception_handlers=dict.fromkeys(HANDLED, on_error),
        lifespan=_lifespan,
    )
    app.add_exception_handler(TokenRequestError, token_error)
    app.router.routes[:] = _routes((*API, *(routers() if pages is None else pages)))
    check_declared(app.router.routes)
    app.state.carnet = state = _state(application, clock)
    app.state.pulse = sante.Pulse(application.parts, clock)
    app.state.problem_page = problem_page
    app.state.refusals = Refusals(clock)
    app.state.openapi = cache(partial(_openapi, app.router.routes, state))
    return app


def _routes(routers: Iterable[APIRouter]) -> list[BaseRoute]:
    """One flat list, in order: each route is looked at by ``check_declared`` and found in one pass."""
    routes = [route for router in routers for route in router.routes]
    return [*routes, Mount("/static", Static(directory=STATIC), name="static")]


def _state(application: Running, clock: Callable[[], float]) -> WebState:
    return WebState(
        settings=application.settings,
        parts=application.parts,
        reads=Gatherer(partial(read_shared_fields, application.parts)),
        tokens=Gatherer(partial(tokens_of, application.parts), threads=1),
        log_vkeys=application.log_vkeys,
        issuer=application.issuer,
        limits=Limits(on=application.settings.limits, clock=clock),
        client_keys=ClientKeys(clock),
    )


def _openapi(routes: Sequence[BaseRoute], state: WebState) -> dict[str, Any]:
    return openapi.openapi_document(
        routes,
        catalogue=state.parts.catalogue,
        frame=state.parts.frame,
        cookie=state.cookie_name,
        server=state.settings.public_url,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield
    app.state.carnet.tokens.close()
    app.state.carnet.reads.close()
    app.state.pulse.close()
    if doors := getattr(app.state, "doors", None):
        doors.close()


class Static(StaticFiles):
    """Style sheet and pictures: the same for everybody, named by their content (``?v=``), so kept long."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = _YEAR if scope.get("query_string") else _HOUR
        return response

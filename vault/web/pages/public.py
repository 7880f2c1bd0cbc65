"""What anyone may read, and the few files that the deployer's settings make."""

import mimetypes
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response

from vault.services.sessions import Session
from vault.web import guard
from vault.web.pages import views
from vault.web.pages.answering import home_of, page, see_other
from vault.web.pages.rendering import STATIC
from vault.web.problems import NotFoundError
from vault.web.state import state_of

DECLARED_ON = date(2026, 11, 22)  # the day the accessibility declaration was last written
_HOUR = {"Cache-Control": "public, max-age=3600"}

router = APIRouter(include_in_schema=False)
Visitor = Annotated[Session | None, Depends(guard.visitor)]


@router.get("/")
def show_welcome(request: Request, session: Visitor) -> Response:
    return see_other(home_of(session.row.kind)) if session else page(request, views.WelcomeView())


@router.get("/aide")
def show_help(request: Request, session: Visitor) -> Response:
    return page(request, views.HelpView(), session)


@router.get("/accessibilite")
def show_accessibility(request: Request, session: Visitor) -> Response:
    site = state_of(request).settings.public_url
    return page(request, views.AccessibilityView(DECLARED_ON, site), session)


@router.get("/plan-du-site")
def show_site_map(request: Request, session: Visitor) -> Response:
    return page(request, views.SiteMapView(), session)


@router.get("/mentions-legales")
def show_legal(request: Request, session: Visitor) -> Response:
    return page(request, views.LegalView(), session)


@router.get("/contact")
def show_contact(request: Request, session: Visitor) -> Response:
    return page(request, views.ContactView(), session)


@router.get("/favicon.ico", dependencies=[Depends(guard.anyone)])
def send_icon() -> Response:
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml", headers=_HOUR)


@router.get("/logo", dependencies=[Depends(guard.anyone)])
def send_logo(request: Request) -> Response:
    logo = state_of(request).settings.instance.logo
    if logo is None:
        raise NotFoundError("no logo")
    return FileResponse(logo, media_type=mimetypes.types_map.get(logo.suffix, ""), headers=_HOUR)


@router.get("/couleurs.css", dependencies=[Depends(guard.anyone)])
def send_colours(request: Request) -> Response:
    """The deployer's colours, each checked when settings were read. By daylight only: the dark scheme keeps
    its own, whose contrast is known."""
    colours = state_of(request).settings.instance.colours
    told = {"accent": colours.accent, "warm": colours.warm, "stop": colours.stop}
    rules = "".join(f"--{name}:{value};" for name, value in told.items() if value)
    sheet = f"@media (prefers-color-scheme: light){{:root{{{rules}}}}}\n"
    return Response(sheet, media_type="text/css", headers=_HOUR)

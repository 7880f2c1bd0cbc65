"""The one cookie: it binds a sign-in under way to the browser, then names the session."""

import secrets

from fastapi.responses import Response

from vault.web.state import WebState

BEFORE_SESSION = "."  # begins the cookie of a browser that has not signed in yet


def new_browser() -> str:
    """A secret for a browser that has none."""
    return BEFORE_SESSION + secrets.token_urlsafe(32)


def set_cookie(answer: Response, state: WebState, value: str) -> None:
    """Gone with the browser's session, unreadable by scripts, not sent from other sites."""
    answer.set_cookie(
        state.cookie_name, value, path="/", secure=state.settings.secure, httponly=True, samesite="lax"
    )


def drop_cookie(answer: Response, state: WebState) -> None:
    answer.delete_cookie(
        state.cookie_name, path="/", secure=state.settings.secure, httponly=True, samesite="lax"
    )

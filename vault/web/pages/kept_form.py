"""Forms whose words are kept when they arrive after the end of their session, and how they come back.

A form of a theme holds what a person may have written for an hour. Steps of a share hold choices only, which
are a few presses away: she goes home instead.
"""

import re

from fastapi import Request

from vault.errors import CarnetError
from vault.services.sessions import PERSON, Session, session_over
from vault.services.typed_text import carry_typed, drop_typed, keep_typed, typed_for
from vault.web import guard
from vault.web.guard import CSRF_FIELD
from vault.web.pages.form_reading import Form
from vault.web.state import state_of

AGAIN = "reprendre"
_KEPT = re.compile(r"/mon-carnet/([a-z0-9_-]{1,64}(/nouveau)?|info/[a-z2-7]{26}/(observation|corriger))")


def keep(request: Request) -> bool:
    """Keep the form of this request, which found its session over. False when there is nothing to keep, the
    browser cannot prove that the form is its own, or it cannot be kept now."""
    form: Form | None = getattr(request.state, "form", None)
    path, cookie = request.scope["path"], guard.cookie_of(request)
    if form is None or cookie is None or not _KEPT.fullmatch(path):
        return False
    state = state_of(request)
    try:
        over = session_over(state.parts, cookie, state.session_rules)
        if over is None or over.row.kind != PERSON:
            return False
        guard.check_origin(request, over)
        pairs = [pair for pair in form.pairs if pair[0] != CSRF_FIELD]
        return keep_typed(state.parts, over, cookie, path=path, pairs=pairs)
    except CarnetError:
        return False


def carry(request: Request, cookie: str, session: Session) -> str | None:
    """After a sign-in: where the form she was writing waits for her, if it is hers."""
    former = guard.cookie_of(request)
    if former is None:
        return None
    try:
        path = carry_typed(state_of(request).parts, former=former, cookie=cookie, session=session)
    except CarnetError:  # signing in matters more
        return None
    return f"{path}?{AGAIN}=1" if path else None


def kept(request: Request, session: Session) -> Form | None:
    """The form of this page as she sent it, when she asks for it again."""
    if request.query_params.get(AGAIN) != "1":
        return None
    cookie = guard.cookie_of(request) or ""
    pairs = typed_for(state_of(request).parts, session, cookie, request.scope["path"])
    return Form(pairs) if pairs is not None else None


def forget(request: Request) -> None:
    """Its words were kept in the carnet."""
    drop_typed(state_of(request).parts, guard.cookie_of(request) or "")

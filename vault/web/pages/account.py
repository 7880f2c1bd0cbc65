"""« Mon compte »: who she is here, as the provider told it; where she is signed in, and how to end it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import AccountId
from vault.services.mandates import held_mandates
from vault.services.own_account import read_own_account
from vault.services.sessions import OwnSession, Session
from vault.services.signing_in import live_habilitations
from vault.services.signing_out import end_other_sessions
from vault.web import guard
from vault.web.guard import Holder
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.devices import UNKNOWN
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.identity_lines import identity_told
from vault.web.pages.sign_in import ACCOUNT
from vault.web.state import state_of

ONE, ALL = "connexion", "toutes"
LONGEST_ID = 128

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Holder, Depends(guard.holder)]


@router.get(ACCOUNT)
def show_account(request: Request, me: Me) -> Response:
    state = state_of(request)
    account = read_own_account(state.parts, me.session, state.session_rules, actor=me.actor, owner=me.owner)
    structure = state.structure(me.habilitation.structure_id) if me.habilitation else None
    view = views.AccountView(
        identity=identity_told(account.identity) if account.identity else None,
        sessions=_lines(account.sessions, me.session),
        body=views.Body(structure.name, structure.kind) if structure else None,
        role=me.habilitation.role if me.habilitation else None,
        change_href="/choisir-structure" if _of_several(request, me) else None,
        close_href=f"{ACCOUNT}/fermer" if me.owner else None,
        mandates_href="/mes-mandats" if me.owner else None,
        act_href="/agir" if me.owner and _represents(request, me) else None,
    )
    return page(request, view, me.session)


@router.post(f"{ACCOUNT}/connexions")
def end_sessions(request: Request, form: Posted, me: Me) -> Response:
    """One of her other sessions, or all of them: never this one, which has its own button."""
    state, only = state_of(request), form.one(ONE)[:LONGEST_ID]
    if not only and ALL not in form:
        return see_other(f"{ACCOUNT}?{DONE_PARAMETER}=rien")
    ended = end_other_sessions(
        state.parts, me.session, state.session_rules, actor=me.actor, only=only or None
    )
    done = "rien" if not ended else "connexion" if only else "connexions"
    return see_other(f"{ACCOUNT}?{DONE_PARAMETER}={done}")


def _lines(sessions: Sequence[OwnSession], this: Session) -> tuple[views.SessionLine, ...]:
    """This one first."""
    lines = [
        views.SessionLine(
            one.session_id,
            one.device or UNKNOWN,
            one.started_at,
            one.seen_at,
            this=one.session_id == this.session_id,
        )
        for one in sessions
    ]
    return tuple(sorted(lines, key=lambda line: not line.this))


def _represents(request: Request, me: Holder) -> bool:
    """Whether a ruling lets her act for a relative."""
    return bool(held_mandates(state_of(request).parts, account_id=AccountId(me.session.row.account_id)))


def _of_several(request: Request, me: Holder) -> bool:
    if me.habilitation is None:
        return False
    return len(live_habilitations(state_of(request).parts, AccountId(me.session.row.account_id))) > 1

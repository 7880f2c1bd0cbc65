"""Her shares: what stands, one step to stop each, and the pages that say what is now true."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import Grant
from schemas.ids import GrantId
from schemas.names import GrantState
from vault.services.own_carnet import list_own_grants, list_spoiled_grants
from vault.services.seeing import see_now
from vault.services.stopping import NoSuchGrantError, withdraw_grant
from vault.web import guard
from vault.web.afterwards import then_new_keys
from vault.web.guard import Person
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.basis_words import words_of
from vault.web.pages.form_reading import posted
from vault.web.pages.naming import labels
from vault.web.pages.person import BEFORE
from vault.web.pages.referent_todos import with_referent
from vault.web.pages.relations import bodies_of, grant_card, last_looks, read_lines, sentence_of
from vault.web.pages.screens import preview
from vault.web.pages.share_states import with_states
from vault.web.state import state_of

ENDED_A_PAGE = 20

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_share)]


@router.get("/mes-partages")
def show_shares(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    now, grants = parts.now(), list_own_grants(parts, me.owner)
    live = [grant for grant in grants if _goes_on(grant, now)]
    over, older = _page_of(
        [grant for grant in grants if not _goes_on(grant, now)], request.query_params.get(BEFORE)
    )
    bodies = bodies_of(parts, [*live, *over])
    looks = last_looks(parts, me, [*live, *over])
    shown = [*live, *over]
    bare = {grant.id: grant_card(parts, grant, bodies[grant.id], looks) for grant in shown}
    cards = with_referent(parts, me, shown, with_states(request, me, shown, bare))
    view = views.GrantsView(
        live=tuple(cards[grant.id] for grant in live),
        ended=tuple(cards[grant.id] for grant in over),
        spoiled=len(list_spoiled_grants(parts, me.owner)),
        older_href=f"/mes-partages?{BEFORE}={older}" if older else None,
        emergency_href="/mes-partages/urgence" if parts.frame.emergency and not me.acting else None,
    )
    return page(request, view, me.session)


def _goes_on(grant: Grant, now: datetime) -> bool:
    """It stands, or stands still."""
    return grant.state in (GrantState.GRANTED, GrantState.SUSPENDED) and now < grant.terms.ends_at


def _page_of(ended: list[Grant], before: str | None) -> tuple[list[Grant], GrantId | None]:
    """The ended grants after ``before`` (exclusive; from the newest when it is not one of hers)."""
    ids = [str(grant.id) for grant in ended]
    start = ids.index(before) + 1 if before in ids else 0
    shown = ended[start : start + ENDED_A_PAGE]
    return shown, shown[-1].id if start + len(shown) < len(ended) else None


@router.post("/mes-partages/{grant_id}/arreter")
def stop_share(request: Request, grant_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    grant = withdraw_grant(parts, me.owner, GrantId(grant_id), actor=me.actor)
    return then_new_keys(see_other(f"/mes-partages/{grant.id}/arrete"), parts, me)


@router.get("/mes-partages/{grant_id}/arrete")
def show_stopped(request: Request, grant_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    grant = _own(request, me, grant_id)
    if grant.state is not GrantState.WITHDRAWN or grant.ended_at is None:
        return see_other("/mes-partages")
    looks, body = last_looks(parts, me, [grant]), bodies_of(parts, [grant])[grant.id]
    view = views.GrantStoppedView(
        body=body,
        fields=labels(parts.catalogue, grant.terms.compartments),
        stopped_at=grant.ended_at,
        already_read=looks.of(grant) is not None or not looks.complete,
        stopped=words_of(parts.frame, grant.terms, body.name).stopped,
        reads=read_lines(parts, looks, grant),
    )
    return page(request, view, me.session)


@router.get("/mes-partages/{grant_id}/vu")
def show_seen(request: Request, grant_id: str, me: Me) -> Response:
    """What the reader by this share sees now, by the grant's own keys."""
    parts = state_of(request).parts
    seen = see_now(parts, me.owner, GrantId(grant_id), actor=me.actor)
    grant = seen.grant.grant
    body = bodies_of(parts, [grant])[grant.id]
    view = views.SeenView(
        preview(parts, me.owner, seen, body),
        f"/mes-partages/{grant.id}/arreter" if grant.live(parts.now()) else None,
        words_of(parts.frame, grant.terms, body.name).stop,
    )
    return page(request, view, me.session)


@router.get("/mes-partages/{grant_id}/partage")
def show_shared(request: Request, grant_id: str, me: Me) -> Response:
    """What is now true, right after sharing."""
    parts = state_of(request).parts
    grant = _own(request, me, grant_id)
    if not grant.live(parts.now()):
        return see_other("/mes-partages")
    body = bodies_of(parts, [grant])[grant.id]
    view = views.ShareDoneView(
        body=body,
        purpose=sentence_of(parts.frame, grant.terms.purpose_id),
        fields=labels(parts.catalogue, grant.terms.compartments),
        ends_at=grant.terms.ends_at,
        stop_action=f"/mes-partages/{grant.id}/arreter",
        stop=words_of(parts.frame, grant.terms, body.name).stop,
        seen_href=f"/mes-partages/{grant.id}/vu",
        slip_action=f"/mes-partages/{grant.id}/papier" if paper_possible(request) else "",
    )
    return page(request, view, me.session)


def paper_possible(request: Request) -> bool:
    return bool(getattr(request.app.state, "paper_possible", True))


def _own(request: Request, me: Person, grant_id: str) -> Grant:
    """Raises NoSuchGrantError."""
    for grant in list_own_grants(state_of(request).parts, me.owner):
        if grant.id == grant_id:
            return grant
    raise NoSuchGrantError("no such grant in this carnet")

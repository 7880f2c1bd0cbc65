"""A share that stands still, or that somebody else ended: why, in words, and her buttons to hold it and let
it go on. Only whoever suspended it can let it go on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import Grant
from consent.lifecycle import By
from schemas.ids import GrantId
from schemas.names import GrantState
from vault.services.endings import whys_of_endings
from vault.services.parts import Parts
from vault.services.rotating import rotation_pending
from vault.services.suspending import Hold, Why, by_of, holds_of, resume_grant, suspend_grant
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import see_other
from vault.web.pages.form_reading import posted
from vault.web.state import state_of

ENDED_BY_OTHERS = (GrantState.REVOKED, GrantState.INVALIDATED)

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_share)]


@router.post("/mes-partages/{grant_id}/suspendre")
def suspend(request: Request, grant_id: str, me: Me) -> Response:
    suspend_grant(
        state_of(request).parts,
        me.owner.carnet_id,
        GrantId(grant_id),
        by=by_of(me.actor),
        why=Why.HER_CHOICE,
        actor=me.actor,
    )
    return see_other("/mes-partages")


@router.post("/mes-partages/{grant_id}/reprendre")
def resume(request: Request, grant_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    resume_grant(parts, me.owner.carnet_id, GrantId(grant_id), by=by_of(me.actor), actor=me.actor)
    return see_other("/mes-partages")


def with_states(
    request: Request, me: Person, grants: Sequence[Grant], cards: Mapping[GrantId, views.GrantCard]
) -> dict[GrantId, views.GrantCard]:
    """The cards of ``grants``, each with what stands and why. For a page that already appended its entry."""
    parts = state_of(request).parts
    paper = bool(getattr(request.app.state, "paper_possible", True))
    holds = holds_of(parts, [grant.id for grant in grants if grant.state is GrantState.SUSPENDED])
    by_others = any(grant.state in ENDED_BY_OTHERS for grant in grants)
    endings = whys_of_endings(parts, me.owner.carnet_id) if by_others else {}
    rotating = rotation_pending(parts, me.owner.carnet_id)
    return {
        grant.id: _with_state(
            parts, me, grant, cards[grant.id], holds.get(grant.id), endings, rotating, paper
        )
        for grant in grants
    }


def _with_state(
    parts: Parts,
    me: Person,
    grant: Grant,
    card: views.GrantCard,
    hold: Hold | None,
    endings: Mapping[GrantId, tuple[Why, str]],
    rotating: bool,
    paper: bool,
) -> views.GrantCard:
    base, live = f"/mes-partages/{grant.id}", grant.live(parts.now())
    hers = hold is not None and hold.by in (By.PERSON, By.REPRESENTATIVE)
    more = (views.Link("Alertes", f"{base}/alertes"), views.Link("Reçus", f"{base}/recus"))
    return replace(
        card,
        state_why=_held_words(hold) if hold else _ended_words(grant, endings.get(grant.id)),
        pause_action=f"{base}/suspendre" if live else None,
        resume_action=f"{base}/reprendre" if card.still and hers else None,
        slip_action=f"{base}/papier" if card.stop_action and not me.acting and paper else None,
        pending=not live
        and rotating
        and rotation_pending(parts, grant.terms.carnet_id, grant.terms.compartments),
        links=(*card.links, *(() if me.acting else more if live else more[1:])),
    )


def _held_words(hold: Hold) -> str:
    """« Depuis le 3 mars, par vous : vous l’avez demandé. »"""
    on = french.short_day(french.in_paris(hold.at).date())
    said = f" Il vous dit : « {hold.words} »." if hold.words else ""
    return f"Depuis le {on}, par {hold.by.label} : {hold.why.label}.{said}"


def _ended_words(grant: Grant, told: tuple[Why, str] | None) -> str:
    if grant.state is GrantState.EXPIRED and grant.ended_at and grant.ended_at < grant.terms.ends_at:
        return "Vos six premiers mois d’emploi sont passés."  # no other share ends by itself before its day
    if told is None:  # nobody gave a reason: whoever could read left his structure
        return "Ce professionnel n’y travaille plus." if grant.state is GrantState.INVALIDATED else ""
    why, said = told
    return f"Pourquoi : {why.label}." + (f" On vous dit : « {said} »." if said else "")

"""Her home, the forms of her carnet, who looked, paper. Each page that shows a value, or who looked, has one
entry of the log before it; a form saves what changed, whole, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import Grant
from schemas.fields import Catalogue
from schemas.ids import FieldId
from schemas.names import MandateKind
from vault.carnet.entries import Entry
from vault.carnet.references import shown
from vault.services.acting import FOR_NAME
from vault.services.own_carnet import (
    OwnCarnet,
    last_accesses,
    list_accesses,
    list_own_grants,
    read_own_carnet,
)
from vault.services.parts import Parts
from vault.services.relinking import waiting_about
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.pages.emergency import opened_lately
from vault.web.pages.forgetting import forget_todos
from vault.web.pages.form_reading import posted
from vault.web.pages.job_words import phase_words
from vault.web.pages.mandate_words import with_mandates
from vault.web.pages.observations import reply_todos
from vault.web.pages.presenting import OwnPages, Seer, own_parts, stale
from vault.web.pages.proposals import proposal_todos
from vault.web.pages.referent_todos import read_by_somebody, referent_todos
from vault.web.pages.relations import access_lines, bodies_of, grant_card
from vault.web.pages.requests import request_todos
from vault.web.pages.strategy import agreement_todos, date_lines, part_links
from vault.web.pages.themes import OPENED
from vault.web.problems import FaultsError, Told
from vault.web.state import state_of

LOOKS_ON_HOME = 3
DATES_ON_HOME = 2
MOST_TODOS = 3
ENDS_SOON = timedelta(days=3)
TOLD_FOR = timedelta(days=31)  # of what somebody else decided
BEFORE = "avant"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Seen = Annotated[Person, Depends(guard.person_or_helper_see)]


# --- home ------------------------------------------------------------------------------------------------


@router.get("/mon-carnet")
def show_home(request: Request, me: Seen) -> Response:
    parts = state_of(request).parts
    carnet = read_own_carnet(parts, me.owner, actor=me.actor)
    now, entries = parts.now(), carnet.in_fields()
    grants = list_own_grants(parts, me.owner)
    live = read_by_somebody(parts, me, grants)
    bodies = bodies_of(parts, live)
    seers = [Seer(bodies[grant.id].name, grant.reads) for grant in live]
    view = views.HomeView(
        name=me.session.private.get(FOR_NAME if me.acting else "name", ""),
        reference=shown(carnet.carnet.reference),
        parts=tuple(
            replace(one, links=part_links(parts.catalogue, one.part_id))
            for one in own_parts(OwnPages(parts.catalogue, seers, now, me.acting is None), entries)
        ),
        todos=(
            *(() if me.acting else (*opened_lately(parts, me), *asked_for(parts, me), *_rulings(parts, me))),
            *(() if me.acting else request_todos(parts, me)),
            *(() if me.acting else proposal_todos(parts, me)),
            *(() if me.acting else referent_todos(parts, me, grants)),
            *(() if me.acting else forget_todos(parts, me)),
            *reply_todos(parts.catalogue, carnet.entries, now),
            *(() if me.acting else agreement_todos(parts, carnet)),
            *todos(
                parts.catalogue, carnet.by_field(), [(grant, bodies[grant.id].name) for grant in live], now
            ),
        )[:MOST_TODOS],
        grants=tuple(grant_card(parts, grant, bodies[grant.id]) for grant in live),
        looks=_latest_looks(parts, carnet, grants),
        dates=tuple(date_lines(parts, carnet, hers=me.acting is None)[:DATES_ON_HOME]),
        opened=request.query_params.get(OPENED, ""),
        phase=phase_words(parts, carnet),
    )
    return page(request, view, me.session)


def _latest_looks(parts: Parts, carnet: OwnCarnet, grants: Sequence[Grant]) -> tuple[views.AccessLine, ...]:
    """After the entry of this very page."""
    carnet_id = carnet.carnet.carnet_id
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journal(carnet_id)
    looks = last_accesses(parts, journal, limit=LOOKS_ON_HOME) if journal else []
    return access_lines(parts, looks, grants, short=True)


def asked_for(parts: Parts, me: Person) -> tuple[views.Todo, ...]:
    """Before anything else: somebody with a new identifier asks for this carnet, and it may not be her."""
    return tuple(
        views.Todo(
            "Quelqu’un demande à ouvrir votre carnet",
            "/contact",
            "Cette personne a la même identité que vous, avec un nouvel identifiant. Si ce n’est pas vous, "
            f"écrivez à la personne de la page Contact. Numéro de la demande : {shown(reference)}.",
        )
        for reference in waiting_about(parts, me.owner.carnet_id)
    )


def _rulings(parts: Parts, me: Person) -> tuple[views.Todo, ...]:
    """Somebody else than herself said who may act for her: she is told, for a month."""
    now = parts.now()
    return tuple(
        views.Todo(
            "Quelqu’un peut agir dans votre carnet",
            "/mes-mandats",
            f"Selon un jugement\u00a0: {row.kind.label}. Voyez qui, et pour quoi. Si ce n’est pas juste, "
            "écrivez à la personne de la page Contact.",
        )
        for row in parts.data.mandates_of(me.owner.carnet_id)
        if row.kind is not MandateKind.HELPER and row.live(now) and now - row.starts_at < TOLD_FOR
    )


def todos(
    catalogue: Catalogue,
    entries: Mapping[FieldId, Entry],
    live: Sequence[tuple[Grant, str]],
    now: datetime,
) -> tuple[views.Todo, ...]:
    """What is worth doing now, at most three things, what has a date first."""
    found = [
        views.Todo(
            f"Votre partage avec {name} se termine bientôt",
            "/mes-partages",
            f"{french.capital(french.time_left(grant.terms.ends_at, now))}. Vous pouvez le laisser finir.",
        )
        for grant, name in live
        if grant.terms.ends_at - now <= ENDS_SOON
    ]
    for theme in catalogue.themes:
        old = [
            field
            for field in catalogue.in_theme(theme.id)
            if (entry := entries.get(field.id)) and stale(field, entry.body, now)
        ]
        if old:
            asked = french.plural(len(old), "réponse ancienne", "réponses anciennes")
            found.append(
                views.Todo(
                    f"Relire : {theme.label}", f"/mon-carnet/{theme.id}", f"{asked}. Est-ce encore vrai ?"
                )
            )
    if not any(
        entry.body.holds for entry in entries.values() if not catalogue.field(entry.field_id).read_only
    ):
        first = next(theme for theme in catalogue.themes if _asks(catalogue, theme.id))
        found.append(
            views.Todo(
                f"Commencer votre carnet : {first.label}",
                f"/mon-carnet/{first.id}",
                "Rien n’est obligatoire. Vous pourrez vous arrêter quand vous voulez.",
            )
        )
    return tuple(found[:MOST_TODOS])


def _asks(catalogue: Catalogue, theme_id: str) -> bool:
    return any(not (field.read_only or field.collection) for field in catalogue.in_theme(theme_id))


# --- who looked ------------------------------------------------------------------------------------------


@router.get("/qui-a-vu")
def show_accesses(request: Request, me: Seen) -> Response:
    parts = state_of(request).parts
    own = request.query_params.get("own") == "1"
    before = index_of(request)
    accesses, following = list_accesses(parts, me.owner, actor=me.actor, own=own, before=before)
    lines = access_lines(parts, accesses, list_own_grants(parts, me.owner))
    base = "/qui-a-vu" + ("?own=1" if own else "")
    joint = "&" if own else "?"
    view = views.AccessesView(
        lines=with_mandates(parts, me.owner.carnet_id, accesses, lines),
        own=own,
        own_href="/qui-a-vu" if own else "/qui-a-vu?own=1",
        older_href=f"{base}{joint}{BEFORE}={following}" if following is not None else None,
        newest_href=base if before is not None else None,
    )
    return page(request, view, me.session)


def index_of(request: Request) -> int | None:
    """Where an older page starts (exclusive): an index of the log. Raises FaultsError."""
    text = request.query_params.get(BEFORE)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise FaultsError([Told(f"/{BEFORE}", "Ce point de départ n’est pas connu.")])
    return int(text)

"""« Mes alertes »: what a person wants to be told of, share by share, and where it is sent."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import GrantId
from vault.audit.events import Op
from vault.services import notices
from vault.services.mailing import BadMailAddressError
from vault.services.notices import REQUESTS, NoticeMode, TooManyLinksError, Wishes, WrongLinkError, key_of
from vault.services.own_carnet import append_own, list_own_grants
from vault.services.signing_in import IDENTITY_FIELD
from vault.services.stopping import find_grant
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.relations import bodies_of, sentence_of
from vault.web.state import state_of

HERE = "/mes-alertes"
LONGEST_SECRET = 128
KEPT = f"{DONE_PARAMETER}=alertes"
NO_CHOICE = "Choisissez une des réponses."
NO_ADDRESS = "Cette adresse ne peut pas servir. Une adresse ressemble à nom@exemple.fr."
TOO_MANY = "Cinq liens sont déjà partis aujourd’hui. Vous pourrez en demander un autre demain."
_HELP = {
    NoticeMode.EACH: "Un courriel par heure au plus.",
    NoticeMode.SENSITIVE: "Par exemple la santé. Un courriel par heure au plus.",
    NoticeMode.DIGEST: "Le matin à 8 h, seulement si quelqu’un a lu.",
}
_OF_REQUESTS = {NoticeMode.NONE: "Ne pas me prévenir", NoticeMode.EACH: "Me prévenir par courriel"}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]


@router.get(HERE)
def show_notices(request: Request, me: Me) -> Response:
    return _notices_page(request, me)


@router.post(f"{HERE}/adresse")
def choose_address(request: Request, form: Posted, me: Me) -> Response:
    """The one FranceConnect told, another that gets a link, or none."""
    parts, which = state_of(request).parts, form.one("quelle")
    try:
        if which == "franceconnect":
            notices.use_told_address(parts, me.owner, actor=me.actor)
        elif which == "aucune":
            notices.forget_address(parts, me.owner, actor=me.actor)
        else:
            notices.ask_address(parts, me.owner, form.one("adresse"), actor=me.actor)
            return see_other(f"{HERE}?{DONE_PARAMETER}=lien")
    except BadMailAddressError:
        return _notices_page(request, me, NO_ADDRESS, typed=form.one("adresse"), status=422)
    except TooManyLinksError:
        return _notices_page(request, me, TOO_MANY, status=429)
    return see_other(f"{HERE}?{KEPT}")


@router.get(f"{HERE}/adresse/{{link}}")
def show_link(request: Request, link: str, me: Me) -> Response:
    wishes = notices.own_wishes(state_of(request).parts, me.owner)
    works = len(link) <= LONGEST_SECRET and wishes.waits_for(link, state_of(request).parts.now())
    action = f"{HERE}/adresse/{quote(link, safe='')}" if works else None
    return page(request, views.ConfirmAddressView(action), me.session, status=200 if works else 404)


@router.post(f"{HERE}/adresse/{{link}}")
def follow_link(request: Request, link: str, me: Me) -> Response:
    try:
        notices.confirm_address(state_of(request).parts, me.owner, link, actor=me.actor)
    except WrongLinkError:
        return page(request, views.ConfirmAddressView(None), me.session, status=404)
    return see_other(f"{HERE}?{KEPT}")


@router.post(f"{HERE}/demandes")
def choose_for_requests(request: Request, form: Posted, me: Me) -> Response:
    mode = _mode(form.one("choix"))
    if mode not in _OF_REQUESTS:
        return _notices_page(request, me, NO_CHOICE, status=422)
    notices.choose_for_requests(state_of(request).parts, me.owner, mode, actor=me.actor)
    return see_other(f"{HERE}?{KEPT}")


@router.get("/mes-partages/{grant_id}/alertes")
def show_grant_notices(request: Request, grant_id: str, me: Me) -> Response:
    return _grant_page(request, me, grant_id)


@router.post("/mes-partages/{grant_id}/alertes")
def choose_for_grant(request: Request, grant_id: str, form: Posted, me: Me) -> Response:
    mode = _mode(form.one("choix"))
    if mode is None:
        return _grant_page(request, me, grant_id, NO_CHOICE)
    notices.choose_mode(state_of(request).parts, me.owner, GrantId(grant_id), mode, actor=me.actor)
    return see_other(f"/mes-partages/{grant_id}/alertes?{KEPT}")


def _mode(told: str) -> NoticeMode | None:
    return NoticeMode(told) if told in set(NoticeMode) else None


def _notices_page(
    request: Request, me: Person, fault: str = "", *, typed: str = "", status: int = 200
) -> Response:
    """Shows her address: one entry first."""
    parts = state_of(request).parts
    append_own(parts, me.owner, Op.READ_OWN, actor=me.actor, fields=(IDENTITY_FIELD,))
    wishes, now = notices.own_wishes(parts, me.owner), parts.now()
    told = notices.told_address(parts, me.owner)
    chosen = wishes.mode(REQUESTS)
    waits = wishes.waits(now)
    view = views.NoticesView(
        address=wishes.to,
        told=told if told != wishes.to else None,
        awaiting=wishes.awaiting if waits else None,
        until=wishes.until if waits else None,
        requests=tuple(
            views.ModeChoice(mode.value, label, chosen=mode is chosen) for mode, label in _OF_REQUESTS.items()
        ),
        lines=_lines(request, me, wishes),
        typed=typed[:254],
        fault=fault,
    )
    return page(request, view, me.session, status=status)


def _lines(request: Request, me: Person, wishes: Wishes) -> tuple[views.NoticeLine, ...]:
    parts = state_of(request).parts
    live = [grant for grant in list_own_grants(parts, me.owner) if grant.live(parts.now())]
    bodies = bodies_of(parts, live)
    return tuple(
        views.NoticeLine(
            bodies[grant.id],
            sentence_of(parts.frame, grant.terms.purpose_id) or "une raison qui n’existe plus",
            wishes.mode(key_of(grant.terms)).label,
            f"/mes-partages/{grant.id}/alertes",
        )
        for grant in live
    )


def _grant_page(request: Request, me: Person, grant_id: str, fault: str = "") -> Response:
    """Shows no address: no entry. Raises NoSuchGrantError."""
    parts = state_of(request).parts
    grant = find_grant(parts.data.grants_of(me.owner.carnet_id), GrantId(grant_id))
    wishes = notices.own_wishes(parts, me.owner)
    chosen = wishes.mode(key_of(grant.terms))
    view = views.GrantNoticesView(
        body=bodies_of(parts, [grant])[grant.id],
        purpose=sentence_of(parts.frame, grant.terms.purpose_id) or "une raison qui n’existe plus",
        choices=tuple(
            views.ModeChoice(
                mode.value, mode.label[:1].upper() + mode.label[1:], _HELP.get(mode, ""), mode is chosen
            )
            for mode in NoticeMode
        ),
        action=f"/mes-partages/{grant.id}/alertes",
        reachable=wishes.to is not None,
        live=grant.live(parts.now()),
        fault=fault,
    )
    return page(request, view, me.session, status=422 if fault else 200)

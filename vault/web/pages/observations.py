"""Her words beside an information: she writes them, maintains them, takes them back; a professional answers.

Each page shows the information with what stands beside it: one entry of the log before. Nothing typed is lost
when it cannot be kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from schemas.fields import Catalogue
from schemas.ids import CarnetId, EntryId, PurposeId
from schemas.purposes import UnknownPurposeError
from vault.carnet.entries import Entry
from vault.carnet.remarks import Observation
from vault.services.observing import (
    NotAnsweredError,
    look_at_entry,
    look_at_observation,
    maintain,
    observe,
    take_back,
)
from vault.services.own_carnet import list_own_grants
from vault.services.parts import Parts
from vault.services.reading import AccessEnded, NotShared
from vault.services.remarks import LONGEST, RemarkRefusedError
from vault.services.replying import Found, find_observation, reply
from vault.services.writing import BY_PERSON, RevisionConflictError
from vault.web import guard
from vault.web.admission import admit, who
from vault.web.api.params import well_formed
from vault.web.guard import Person, Professional
from vault.web.pages import kept_form, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.presenting import Seer, information, own_links, seen_by
from vault.web.pages.referent_todos import read_by_somebody
from vault.web.pages.relations import bodies_of
from vault.web.pages.screens import PURPOSE
from vault.web.problems import NotFoundError
from vault.web.state import WebState, state_of

TEXT, VERSION = "texte", "version"
TOLD_FOR = timedelta(days=31)  # of what somebody answered her
_CHANGED = "Cette information a changé entre-temps. Votre texte est gardé. Relisez, puis gardez-le."
_MOST_SHOWN = 4 * LONGEST  # of what was typed and could not be kept

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_write)]
Herself = Annotated[Person, Depends(guard.person)]
Reader = Annotated[Professional, Depends(guard.professional)]


def reply_todos(catalogue: Catalogue, entries: Iterable[Entry], now: datetime) -> tuple[views.Todo, ...]:
    """For her first page: who answered an observation of hers lately, and she said nothing since."""
    return tuple(
        views.Todo(
            f"{last.source} a répondu à votre observation",
            f"/mon-carnet/observations/{one.observation_id}",
            f"Sur : {catalogue.field(entry.field_id).label}. Vous pouvez ne rien faire.",
        )
        for entry in entries
        for one in entry.observations
        if one.replies
        and (last := one.replies[-1].body).author != BY_PERSON
        and now - last.said_at < TOLD_FOR
    )


# --- she writes ------------------------------------------------------------------------------------------


@router.get("/mon-carnet/info/{entry_id}/observation")
def show_observe(request: Request, entry_id: str, me: Me) -> Response:
    entry = look_at_entry(state_of(request).parts, me.owner, _id(entry_id), actor=me.actor)
    typed = kept_form.kept(request, me.session)
    return _observe_page(request, me, entry, typed.one(TEXT) if typed else "", kept=typed is not None)


@router.post("/mon-carnet/info/{entry_id}/observation")
def post_observe(request: Request, entry_id: str, form: Posted, me: Me) -> Response:
    parts, wanted = state_of(request).parts, _id(entry_id)
    try:
        observe(parts, me.owner, wanted, form.one(TEXT), actor=me.actor, version=_version(form))
    except RemarkRefusedError as refused:
        return _observe_again(request, me, wanted, form, refused.sentence, 422)
    except RevisionConflictError:
        return _observe_again(request, me, wanted, form, _CHANGED, 409)
    kept_form.forget(request)
    return see_other(f"/mon-carnet/info/{wanted}?{DONE_PARAMETER}=observation")


def _observe_again(
    request: Request, me: Person, entry_id: EntryId, form: Form, fault: str, status: int
) -> Response:
    entry = look_at_entry(state_of(request).parts, me.owner, entry_id, actor=me.actor)
    return _observe_page(request, me, entry, form.one(TEXT), fault=fault, status=status)


def _observe_page(
    request: Request,
    me: Person,
    entry: Entry,
    text: str,
    *,
    fault: str = "",
    kept: bool = False,
    status: int = 200,
) -> Response:
    parts = state_of(request).parts
    live = read_by_somebody(parts, me, list_own_grants(parts, me.owner))
    bodies = bodies_of(parts, live)
    seers = [Seer(bodies[grant.id].name, grant.reads) for grant in live]
    here = f"/mon-carnet/info/{entry.entry_id}"
    view = views.ObserveView(
        information=information(parts.catalogue, entry, now=parts.now(), beside=own_links),
        action=f"{here}/observation",
        version=entry.version,
        longest=LONGEST,
        readers=tuple(seen_by(parts.catalogue, entry, seers)),
        text=text[:_MOST_SHOWN],
        fault=fault,
        kept=kept,
        back_href=here,
    )
    return page(request, view, me.session, status=status)


# --- what she does with one of hers ----------------------------------------------------------------------


@router.get("/mon-carnet/observations/{observation_id}")
def show_observation(request: Request, observation_id: str, me: Me) -> Response:
    return _observation_page(request, me, _id(observation_id))


@router.post("/mon-carnet/observations/{observation_id}/maintenir")
def post_maintain(request: Request, observation_id: str, form: Posted, me: Me) -> Response:
    parts, wanted = state_of(request).parts, _id(observation_id)
    try:
        maintain(parts, me.owner, wanted, form.one(TEXT), actor=me.actor)
    except RemarkRefusedError as refused:
        return _observation_page(request, me, wanted, form.one(TEXT), refused.sentence)
    except NotAnsweredError:  # a second press
        return see_other(f"/mon-carnet/observations/{wanted}")
    return see_other(f"/mon-carnet/observations/{wanted}?{DONE_PARAMETER}=observation-maintenue")


@router.post("/mon-carnet/observations/{observation_id}/retirer")
def post_take_back(request: Request, observation_id: str, me: Herself) -> Response:
    """What is destroyed for good is hers to destroy, as over the API."""
    take_back(state_of(request).parts, me.owner, _id(observation_id), actor=me.actor)
    return see_other(f"/mon-carnet?{DONE_PARAMETER}=observation-retiree")


def _observation_page(
    request: Request, me: Person, observation_id: EntryId, text: str = "", fault: str = ""
) -> Response:
    parts = state_of(request).parts
    entry, one = look_at_observation(parts, me.owner, observation_id, actor=me.actor)
    view = views.ObservationView(
        information=_alone(parts, entry, one),
        action=f"/mon-carnet/observations/{observation_id}",
        longest=LONGEST,
        answered=bool(one.replies) and one.replies[-1].body.author != BY_PERSON,
        text=text[:_MOST_SHOWN],
        fault=fault,
        back_href=f"/mon-carnet/info/{entry.entry_id}",
    )
    return page(request, view, me.session, status=422 if fault else 200)


def _alone(parts: Parts, entry: Entry, one: Observation) -> views.Information:
    """The entry with this observation: the others have their own page."""
    return information(parts.catalogue, entry._replace(observations=(one,)), now=parts.now())


# --- a professional answers ------------------------------------------------------------------------------


@router.get("/carnets/{carnet_id}/observations/{observation_id}")
async def show_reply(request: Request, carnet_id: str, observation_id: str, me: Reader) -> Response:
    await admit(state_of(request), me.reader)
    return await run_in_threadpool(_reply_page, request, carnet_id, observation_id, me)


@router.post("/carnets/{carnet_id}/observations/{observation_id}")
async def post_reply(
    request: Request, carnet_id: str, observation_id: str, form: Posted, me: Reader
) -> Response:
    await admit(state_of(request), me.reader)
    return await run_in_threadpool(_replied, request, carnet_id, observation_id, form, me)


def _replied(request: Request, carnet_id: str, observation_id: str, form: Form, me: Professional) -> Response:
    state = state_of(request)
    carnet, wanted = CarnetId(well_formed(carnet_id)), _id(observation_id)
    purpose = _purpose(request, state.parts)
    try:
        answer = reply(state.parts, me.reader, carnet, wanted, form.one(TEXT), purpose_id=purpose)
    except RemarkRefusedError as refused:
        return _reply_page(request, carnet_id, observation_id, me, form.one(TEXT), refused.sentence)
    if isinstance(answer, NotShared | AccessEnded):
        return _refused(request, state, me, answer)
    return see_other(f"{_carnet_address(carnet, purpose)}{DONE_PARAMETER}=reponse")


def _reply_page(
    request: Request, carnet_id: str, observation_id: str, me: Professional, text: str = "", fault: str = ""
) -> Response:
    state = state_of(request)
    carnet, wanted, purpose = (
        CarnetId(well_formed(carnet_id)),
        _id(observation_id),
        _purpose(request, state.parts),
    )
    found = find_observation(state.parts, me.reader, carnet, wanted, purpose_id=purpose)
    if not isinstance(found, Found):
        return _refused(request, state, me, found)
    reason = f"?{PURPOSE}={quote(found.view.purpose_id)}"
    view = views.ReplyView(
        information=_alone(state.parts, found.entry, found.observation),
        action=f"/carnets/{carnet}/observations/{wanted}{reason}",
        longest=LONGEST,
        back_href=f"/carnets/{carnet}{reason}",
        text=text[:_MOST_SHOWN],
        fault=fault,
    )
    return page(request, view, me.session, status=422 if fault else 200)


def _refused(
    request: Request, state: WebState, me: Professional, answer: NotShared | AccessEnded
) -> Response:
    """The two answers of any read, and no third."""
    state.limits.denied(who(me.reader))
    if isinstance(answer, AccessEnded):
        return page(request, views.AccessEndedView(), me.session, status=403)
    raise NotFoundError("nothing for this caller")


def _carnet_address(carnet_id: CarnetId, purpose: PurposeId | None) -> str:
    """Up to where a parameter is added."""
    return f"/carnets/{carnet_id}?" + (f"{PURPOSE}={quote(purpose)}&" if purpose else "")


def _purpose(request: Request, parts: Parts) -> PurposeId | None:
    """The reason of the address; None: whichever of his serves. Raises NotFoundError."""
    told = request.query_params.get(PURPOSE)
    try:
        return parts.frame.purpose(told).purpose_id if told else None
    except UnknownPurposeError:
        raise NotFoundError("no such purpose") from None


def _version(form: Form) -> int | None:
    text = form.one(VERSION)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _id(text: str) -> EntryId:
    return EntryId(well_formed(text))

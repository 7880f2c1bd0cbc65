"""Volets: her page, where she says what she understood; her référent's, where he validates what he reads.

A button carries the version hash of what the page showed: what was written meanwhile is read again first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from schemas.ids import CarnetId, EntryId, PurposeId
from schemas.purposes import UnknownPurposeError
from vault.carnet.entries import Entry
from vault.carnet.references import shown
from vault.services.parts import Parts
from vault.services.reading import AccessEnded, FieldsView, NotShared
from vault.services.understanding import look_at_own_volets, understand
from vault.services.validating import NotUnderstoodError, OfficeVolets, look_at_volets, validate
from vault.services.volets import NoSuchVoletError, VoletChangedError, VoletState, places_of
from vault.web import guard
from vault.web.admission import admit, who
from vault.web.api.params import well_formed
from vault.web.guard import Person, Professional
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.presenting import BesideLinks, information, own_links, shared_name, told_lines
from vault.web.pages.screens import PURPOSE, answer_links
from vault.web.problems import NotFoundError
from vault.web.state import WebState, state_of

MINE = "/mon-carnet/volets"
SEEN = "empreinte"
_CHANGED = "Quelque chose a changé pendant que vous lisiez. Rien n’a été validé. Relisez, puis recommencez."
_NOT_YET = "La personne n’a pas encore dit qu’elle a compris cette version. Rien n’a été validé."
_SHORT = 80  # characters of a value in a list

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Seen = Annotated[Person, Depends(guard.person_or_helper_see)]
Me = Annotated[Person, Depends(guard.person)]
Reader = Annotated[Professional, Depends(guard.professional)]


# --- hers ------------------------------------------------------------------------------------------------


@router.get(MINE)
def show_own(request: Request, me: Seen) -> Response:
    return _own_page(request, me)


@router.post(MINE + "/{volet_id}/compris")
def post_understood(request: Request, volet_id: str, form: Posted, me: Me) -> Response:
    """Hers to say: nobody acts for her in this."""
    try:
        understand(state_of(request).parts, me.owner, volet_id, form.one(SEEN), actor=me.actor)
    except NoSuchVoletError:
        raise NotFoundError("no such volet") from None
    except VoletChangedError:
        return _own_page(request, me, _CHANGED)
    return see_other(f"{MINE}?{DONE_PARAMETER}=compris")


def _own_page(request: Request, me: Person, fault: str = "") -> Response:
    parts = state_of(request).parts
    found = look_at_own_volets(parts, me.owner, actor=me.actor)
    cards = []
    for state in found.states:
        mine = [one for one in found.carnet.entries if one.field_id in state.volet.fields and one.body.holds]
        mine.sort(
            key=lambda one: (state.volet.fields.index(one.field_id), one.body.collected_at, one.entry_id)
        )
        asks = state.volet.understood and not state.is_understood and me.acting is None
        cards.append(
            replace(
                _card(state, mine),
                informations=_infos(parts, mine, own_links, hers=True) if state.volet.understood else (),
                lines=() if state.volet.understood else _lines(parts, state, mine),
                action=f"{MINE}/{state.volet.id}/compris" if asks and state.version_hash else "",
            )
        )
    return page(request, views.OwnVoletsView(tuple(cards), fault), me.session, status=409 if fault else 200)


def _lines(parts: Parts, state: VoletState, entries: Iterable[Entry]) -> tuple[views.VoletLine, ...]:
    return tuple(
        views.VoletLine(
            parts.catalogue.field(one.field_id).label,
            _short(told_lines(parts.catalogue, one)),
            f"/mon-carnet/info/{one.entry_id}",
            one.contested,
            one.entry_id in state.changed.entries,
        )
        for one in entries
    )


def _short(lines: Sequence[str]) -> str:
    told = ", ".join(lines)
    return told if len(told) <= _SHORT else told[: _SHORT - 1].rstrip() + "…"


# --- the référent's --------------------------------------------------------------------------------------


@router.get("/carnets/{carnet_id}/volets")
async def show_office(request: Request, carnet_id: str, me: Reader) -> Response:
    await admit(state_of(request), me.reader)
    return await run_in_threadpool(_office_page, request, carnet_id, me)


@router.post("/carnets/{carnet_id}/volets/{volet_id}")
async def post_validated(
    request: Request, carnet_id: str, volet_id: str, form: Posted, me: Reader
) -> Response:
    await admit(state_of(request), me.reader)
    return await run_in_threadpool(_validated, request, carnet_id, volet_id, form, me)


def _validated(request: Request, carnet_id: str, volet_id: str, form: Form, me: Professional) -> Response:
    state = state_of(request)
    carnet, purpose = CarnetId(well_formed(carnet_id)), _purpose(request, state.parts)
    try:
        answer = validate(state.parts, me.reader, carnet, volet_id, form.one(SEEN), purpose_id=purpose)
    except NoSuchVoletError:
        raise NotFoundError("no such volet") from None
    except VoletChangedError:
        return _office_page(request, carnet_id, me, _CHANGED)
    except NotUnderstoodError:
        return _office_page(request, carnet_id, me, _NOT_YET)
    if isinstance(answer, NotShared | AccessEnded):
        return _refused(request, state, me, answer)
    reason = f"{PURPOSE}={quote(purpose)}&" if purpose else ""
    return see_other(f"/carnets/{carnet}/volets?{reason}{DONE_PARAMETER}=volet")


def _office_page(request: Request, carnet_id: str, me: Professional, fault: str = "") -> Response:
    state = state_of(request)
    carnet, purpose = CarnetId(well_formed(carnet_id)), _purpose(request, state.parts)
    found = look_at_volets(state.parts, me.reader, carnet, purpose_id=purpose)
    if not isinstance(found, OfficeVolets):
        return _refused(request, state, me, found)
    reference = shown(state.parts.data.references([carnet]).get(carnet, ""))
    reason = f"?{PURPOSE}={quote(found.view.purpose_id)}"
    view = views.OfficeVoletsView(
        title=shared_name(state.parts.catalogue, found.view.fields) or f"carnet {reference}",
        read_at=found.view.at,
        back_href=f"/carnets/{carnet}{reason}",
        cards=tuple(
            _office_card(state.parts, found.view, one, f"/carnets/{carnet}/volets", reason)
            for one in found.states
        ),
        fault=fault,
    )
    return page(request, view, me.session, status=409 if fault else 200)


def _office_card(
    parts: Parts, read: FieldsView, state: VoletState, here: str, reason: str
) -> views.VoletCard:
    places = parts.catalogue.in_order(places_of(parts, state.volet))
    best: dict[EntryId, Entry] = {}
    for place in places:  # the exact form of an answer stands after the coarse one
        best.update({one.entry_id: one for one in read.fields.get(place, ())})
    entries = list(best.values())
    offered = state.version_hash and state.is_understood and not state.validated
    return replace(
        _card(state, entries),
        informations=_infos(parts, entries, answer_links(read)),
        action=f"{here}/{state.volet.id}{reason}" if offered else "",
    )


def _refused(
    request: Request, state: WebState, me: Professional, answer: NotShared | AccessEnded
) -> Response:
    """The two answers of any read, and no third."""
    state.limits.denied(who(me.reader))
    if isinstance(answer, AccessEnded):
        return page(request, views.AccessEndedView(), me.session, status=403)
    raise NotFoundError("nothing for this caller")


def _purpose(request: Request, parts: Parts) -> PurposeId | None:
    """The reason of the address; None: whichever of his serves. Raises NotFoundError."""
    told = request.query_params.get(PURPOSE)
    try:
        return parts.frame.purpose(told).purpose_id if told else None
    except UnknownPurposeError:
        raise NotFoundError("no such purpose") from None


# --- both ------------------------------------------------------------------------------------------------


def _card(state: VoletState, entries: Iterable[Entry]) -> views.VoletCard:
    """Where it stands; what is read of it is added by each page."""
    validation, understood = state.validation, state.understood
    return views.VoletCard(
        state.volet.id,
        state.volet.label,
        state.volet.sentence,
        stands(state),
        by=validation.by if validation else "",
        at=validation.at if validation else None,
        changed_on=changed_on(state, entries),
        proof=validation.row.version_hash if validation else "",
        asks=state.volet.understood,
        understood=state.is_understood,
        understood_at=understood.at if understood else None,
        seen=state.version_hash or "",
    )


def stands(state: VoletState) -> views.VoletStands:
    if state.validation is None:
        return views.VoletStands.OPEN if state.version_hash else views.VoletStands.EMPTY
    return views.VoletStands.VALIDATED if state.validated else views.VoletStands.REOPENED


def changed_on(state: VoletState, entries: Iterable[Entry]) -> date | None:
    """The last day on which something it covers was written anew, as far as it can be read."""
    days = [one.body.collected_at for one in entries if one.entry_id in state.changed.entries]
    return french.in_paris(max(days)).date() if days else None


def _infos(
    parts: Parts, entries: Iterable[Entry], beside: BesideLinks, *, hers: bool = False
) -> tuple[views.Information, ...]:
    now = parts.now()
    return tuple(
        information(
            parts.catalogue,
            one,
            now=now,
            beside=beside,
            actions=[views.Link("Écrire une observation", f"/mon-carnet/info/{one.entry_id}/observation")]
            if hers
            else (),
        )
        for one in entries
    )

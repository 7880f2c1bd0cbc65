"""« Faire oublier »: she asks, sees where it stands, turns to the officer, and keeps the certificate.

Each page that shows an information or words appends its entry before. What she typed is shown again when it
could not be kept.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from consent.demands import DemandMove, DemandState
from exporters import PaperUnavailableError
from exporters.to_certificate import CertificateDocument, to_certificate
from schemas.ids import DemandId, EntryId
from vault.services import certificates, forget_desk, forgetting
from vault.services.demand_seals import OpenedDemand
from vault.services.forget_part import keep_last
from vault.services.forgetting import LONGEST_REASON, AlreadyAskedError, ReasonRefusedError
from vault.services.parts import Parts
from vault.services.recipients import notices_of
from vault.services.referents import current_referent
from vault.services.sessions import Session
from vault.services.writing import NoSuchEntryError
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.limits import counted_address
from vault.web.pages import kept_form, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.forget_words import answerer, label, readers_of, referent_words, steps_of
from vault.web.pages.form_reading import Posted, PostedWithFile, posted, posted_with_file
from vault.web.pages.presenting import entry_address, information
from vault.web.pages.relations import body_of
from vault.web.problems import NotFoundError
from vault.web.state import WebState, state_of

MINE = "/mes-oublis"
TEXT = "texte"
_DONE = (DemandState.EXECUTED, DemandState.INFORMED)

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
checking = APIRouter(dependencies=[Depends(posted_with_file)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]
Visitor = Annotated[Session | None, Depends(guard.visitor)]


def forget_todos(parts: Parts, me: Person) -> tuple[views.Todo, ...]:
    """For her first page, which has its entry: what was answered and what is late, so that she may act."""
    carnet_id, now = me.owner.carnet_id, parts.now()
    if not parts.data.demands_of(carnet_id):
        return ()
    journal = parts.journal_keys.load(now=now, carnets=[carnet_id]).journal(carnet_id)
    found = [] if journal is None else forgetting.asked_by(parts, carnet_id, journal)
    return tuple(
        views.Todo(what, f"{MINE}/{one.demand_id}", f"Sur\u202f: {label(parts, one)}.")
        for one in found
        if (what := _to_do(parts, one))
    )


def _to_do(parts: Parts, demand: OpenedDemand) -> str:
    if not forget_desk.may_escalate(parts, demand):
        return ""
    if demand.waits:
        return "Une demande d’oubli est restée sans réponse"
    return "Votre demande d’oubli a une réponse"


# --- asking ----------------------------------------------------------------------------------------------


@router.get("/mon-carnet/info/{entry_id}/oubli")
def show_ask(request: Request, entry_id: str, me: Me) -> Response:
    typed = kept_form.kept(request, me.session)
    return _ask_page(request, me, entry_id, typed.one(TEXT) if typed else "", kept=typed is not None)


@router.post("/mon-carnet/info/{entry_id}/oubli")
def post_ask(request: Request, entry_id: str, form: Posted, me: Me) -> Response:
    parts, wanted = state_of(request).parts, EntryId(well_formed(entry_id))
    try:
        demand = forgetting.ask_to_forget(parts, me.owner, wanted, form.one(TEXT), actor=me.actor)
    except ReasonRefusedError as refused:
        return _ask_page(request, me, entry_id, form.one(TEXT), refused.sentence, status=422)
    except AlreadyAskedError as asked:
        return see_other(f"{MINE}/{asked.demand_id}")
    except NoSuchEntryError:
        raise NotFoundError("no such entry") from None
    kept_form.forget(request)
    word = "oubli-demande" if demand.waits else "oubli-fait"
    return see_other(f"{MINE}/{demand.demand_id}?{DONE_PARAMETER}={word}")


def _ask_page(
    request: Request,
    me: Person,
    entry_id: str,
    text: str,
    fault: str = "",
    *,
    kept: bool = False,
    status: int = 200,
) -> Response:
    parts, wanted = state_of(request).parts, EntryId(well_formed(entry_id))
    try:
        seen = forgetting.look_at_entry(parts, me.owner, wanted, actor=me.actor)
    except NoSuchEntryError:
        raise NotFoundError("no such entry") from None
    journals = parts.journal_keys.load(now=parts.now(), carnets=[me.owner.carnet_id])
    every = forgetting.asked_by(parts, me.owner.carnet_id, journals.journals[me.owner.carnet_id])
    asked = [one for one in every if one.row.entry_id == wanted and one.waits]
    referent = current_referent(parts, me.owner.carnet_id)
    view = views.ForgetAskView(
        information=information(parts.catalogue, seen.entry, now=parts.now()),
        action=f"{entry_address(wanted)}/oubli",
        at_once=seen.at_once,
        longest=LONGEST_REASON,
        to=referent_words(parts, referent.structure_id) if referent else "",
        readers=tuple(sorted(body_of(parts.data.structure(one)).name for one in seen.readers)),
        text=text[: 2 * LONGEST_REASON],
        fault=fault,
        kept=kept,
        asked_href=f"{MINE}/{asked[0].demand_id}" if asked else "",
        back_href=entry_address(wanted),
    )
    return page(request, view, me.session, status=status)


# --- where it stands -------------------------------------------------------------------------------------


@router.get(MINE)
def show_demands(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    found = forgetting.own_demands(parts, me.owner, actor=me.actor)
    now = parts.now()
    lines = tuple(
        views.ForgetLine(
            f"{MINE}/{one.demand_id}",
            label(parts, one),
            one.row.received_at,
            one.state.label,
            one.clock.days_left(now) if one.waits else None,
        )
        for one in found
    )
    return page(request, views.ForgetsView(lines), me.session)


@router.get(f"{MINE}/{{demand_id}}")
def show_demand(request: Request, demand_id: str, me: Me) -> Response:
    return _one_page(request, me, demand_id)


@router.post(f"{MINE}/{{demand_id}}/recours")
def turn_to_officer(request: Request, demand_id: str, form: Posted, me: Me) -> Response:
    parts, wanted = state_of(request).parts, DemandId(well_formed(demand_id))
    try:
        forget_desk.escalate(parts, me.owner, wanted, form.one(TEXT), actor=me.actor)
    except ReasonRefusedError as refused:
        return _one_page(request, me, demand_id, refused.sentence, status=422)
    return see_other(f"{MINE}/{wanted}?{DONE_PARAMETER}=oubli-recours")


@router.post(f"{MINE}/{{demand_id}}/garder")
def keep_the_last(request: Request, demand_id: str, me: Me) -> Response:
    wanted = DemandId(well_formed(demand_id))
    keep_last(state_of(request).parts, me.owner, wanted, actor=me.actor)
    return see_other(f"{MINE}/{wanted}?{DONE_PARAMETER}=oubli-fait")


def _one_page(
    request: Request, me: Person, demand_id: str, fault: str = "", *, status: int = 200
) -> Response:
    parts = state_of(request).parts
    wanted = DemandId(well_formed(demand_id))
    demand = forgetting.own_demand(parts, me.owner, wanted, actor=me.actor)
    view = _view(state_of(request), demand, fault, getattr(request.app.state, "paper_possible", True))
    return page(request, view, me.session, status=status)


def _view(state: WebState, demand: OpenedDemand, fault: str, paper: bool) -> views.ForgetOneView:
    parts, clock, now = state.parts, demand.clock, state.parts.now()
    answer, executed = demand.answer, demand.step(DemandMove.EXECUTE)
    carnet_id = demand.row.carnet_id
    journal = parts.journal_keys.load(now=now, carnets=[carnet_id]).journals[carnet_id]
    done = executed is not None
    return views.ForgetOneView(
        label=label(parts, demand),
        action=f"{MINE}/{demand.demand_id}",
        state=demand.state.label,
        asked_at=demand.row.received_at,
        last_day=clock.last_day,
        days_left=clock.days_left(now),
        waits=demand.waits,
        late=demand.waits and clock.late(now),
        refused=demand.state is DemandState.REFUSED,
        part=demand.state is DemandState.PARTIAL,
        done=done,
        to=answerer(parts, demand),
        steps=steps_of(demand),
        reason=demand.reason,
        answer=answer.words if answer is not None else "",
        may_escalate=forget_desk.may_escalate(parts, demand),
        readers=readers_of(parts, notices_of(parts, carnet_id, journal, demand.demand_id)) if done else (),
        blind_after=certificates.blind_after(parts, executed.at) if executed is not None else None,
        certificate=certificates.certificate_of(demand) is not None,
        paper=paper,
        fault=fault,
    )


# --- the certificate -------------------------------------------------------------------------------------


@router.get(f"{MINE}/{{demand_id}}/certificat.jws")
def send_certificate(request: Request, demand_id: str, me: Me) -> Response:
    """The very bytes that were signed."""
    return _file(_certificate(request, demand_id, me), "certificat.jws", "application/jose")


@router.get(f"{MINE}/{{demand_id}}/certificat.pdf")
async def send_paper(request: Request, demand_id: str, me: Me) -> Response:
    state = state_of(request)
    jws = await run_in_threadpool(_certificate, request, demand_id, me)
    try:
        printed = await run_in_threadpool(partial(_printed, state, jws))
    except PaperUnavailableError:
        request.app.state.paper_possible = False
        raise
    return _file(printed, "certificat.pdf", "application/pdf")


def _certificate(request: Request, demand_id: str, me: Person) -> bytes:
    wanted = DemandId(well_formed(demand_id))
    demand = forgetting.own_demand(state_of(request).parts, me.owner, wanted, actor=me.actor)
    jws = certificates.certificate_of(demand)
    if jws is None:
        raise NotFoundError("no certificate of this demand")
    return jws


def _printed(state: WebState, jws: bytes) -> bytes:
    checked = certificates.check_certificate(jws)
    if checked.erased is None:
        raise NotFoundError("no certificate of this demand")
    return to_certificate(CertificateDocument(checked.erased, checked.digest, state.issuer, jws))


def _file(data: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, headers=headers, media_type=media_type)


# --- anybody's -------------------------------------------------------------------------------------------


@checking.get("/certificat")
def show_check(request: Request, session: Visitor) -> Response:
    return page(request, views.CertificateCheckView(), session)


@checking.post("/certificat", dependencies=[Depends(guard.anyone)])
def check(request: Request, form: PostedWithFile) -> Response:
    """Knows no session: it changes nothing, keeps nothing, and answers everybody the same."""
    state, address, told = state_of(request), counted_address(request), form.one("fichier")
    if not told.strip():
        return see_other("/certificat")
    state.limits.before_proof(address)
    known = certificates.known_certificate(state.parts, told.encode()) if told.isascii() else None
    if known is None:
        state.limits.failed_proof(address)
        return page(request, views.CertificateCheckView(asked=True), None)
    view = views.CertificateCheckView(asked=True, at=known.forgotten_at, blind_after=known.blind_after)
    return page(request, view, None)

"""The professional's pages: who shares with the structure, and a carnet as granted.

Reading goes through the same service, the same batches and the same refusals as the API: one entry before
the first value, one page for all that was never shared, one for what ended.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from consent.grants import Grant
from schemas.ids import CarnetId, GrantId, PurposeId
from schemas.names import Right
from schemas.purposes import Frame, UnknownPurposeError
from vault.carnet.references import shown
from vault.services.forget_desk import waiting_for
from vault.services.parts import Parts
from vault.services.reading import AccessEnded, FieldsView, NotShared, Reader, SharedRead
from vault.services.received import list_received_grants
from vault.services.validating import assignment_of
from vault.web import guard
from vault.web.admission import admit, who
from vault.web.api.params import well_formed
from vault.web.guard import Professional
from vault.web.pages import views
from vault.web.pages.answering import page
from vault.web.pages.form_reading import posted
from vault.web.pages.screens import PURPOSE, address_of, carnet_view, propose_address, purpose_words
from vault.web.problems import NotFoundError
from vault.web.state import state_of

CARNETS_A_PAGE = 50
AFTER = "apres"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Professional, Depends(guard.professional)]


@router.get("/carnets")
def show_carnets(request: Request, me: Me) -> Response:
    """Ids, purposes and days only: nothing is opened, nothing is logged."""
    parts = state_of(request).parts
    after = request.query_params.get(AFTER)
    grants, following = list_received_grants(
        parts, me.reader, after=GrantId(well_formed(after)) if after else None, limit=CARNETS_A_PAGE
    )
    references = parts.data.references({grant.terms.carnet_id for grant in grants})
    rows = {
        (href := address_of(grant) if grant.reads else propose_address(grant)): views.CarnetRow(
            href=href,
            reference=shown(references.get(grant.terms.carnet_id, "")),
            purpose=purpose_words(parts.frame, grant.terms.purpose_id),
            starts_at=grant.terms.starts_at,
            ends_at=grant.terms.ends_at,
            fields=len(grant.terms.compartments),
        )
        for grant in grants
    }
    view = views.CarnetsView(
        tuple(rows.values()),
        f"/carnets?{AFTER}={quote(following)}" if following else None,
        "/urgence" if parts.frame.emergency else None,
        sum(one.waits for one in waiting_for(parts, me.reader)),
    )
    return page(request, view, me.session)


@router.get("/carnets/{carnet_id}")
async def show_carnet(request: Request, carnet_id: str, me: Me) -> Response:
    state = state_of(request)
    await admit(state, me.reader)
    wanted = CarnetId(well_formed(carnet_id))
    grants = await run_in_threadpool(_grants_between, state.parts, wanted, me.reader)
    purpose_id = _purpose_asked(state.parts.frame, request.query_params.get(PURPOSE), grants)
    compartments = state.parts.frame.purpose(purpose_id).compartments
    answer = await state.reads.ask(SharedRead(me.reader, wanted, purpose_id, compartments))
    return await run_in_threadpool(_shown, request, me, answer, grants)


def _shown(
    request: Request, me: Professional, answer: FieldsView | NotShared | AccessEnded, grants: Sequence[Grant]
) -> Response:
    state = state_of(request)
    match answer:
        case FieldsView():
            view = carnet_view(state.parts, answer, _other_reasons(state.parts, answer, grants))
            if Right.PROPOSE in answer.grant.grant.terms.rights:
                view = replace(view, propose_href=propose_address(answer.grant.grant))
            if assignment_of(state.parts, me.reader, answer.carnet_id) is not None:
                reason = f"?{PURPOSE}={quote(answer.purpose_id)}"
                view = replace(view, volets_href=f"/carnets/{answer.carnet_id}/volets{reason}")
            return page(request, view, me.session)
        case AccessEnded():
            state.limits.denied(who(me.reader))
            return page(request, views.AccessEndedView(), me.session, status=403)
        case NotShared():
            state.limits.denied(who(me.reader))
            raise NotFoundError("nothing for this caller")


def _other_reasons(parts: Parts, read: FieldsView, grants: Sequence[Grant]) -> list[views.Link]:
    """His other live reasons on this carnet."""
    now = parts.now()
    found = {
        grant.terms.purpose_id: views.Link(
            purpose_words(parts.frame, grant.terms.purpose_id), address_of(grant)
        )
        for grant in grants
        if grant.live(now) and grant.terms.purpose_id != read.purpose_id
    }
    return list(found.values())


def _grants_between(parts: Parts, carnet_id: CarnetId, reader: Reader) -> list[Grant]:
    """The reader's own grants on this carnet, live ones first, then newest; ended ones too."""
    now = parts.now()
    own = [row.grant for row in parts.data.grants_of(carnet_id) if row.grant.terms.grantee in reader.grantees]
    return sorted(own, key=lambda grant: (grant.live(now), grant.terms.starts_at), reverse=True)


def _purpose_asked(frame: Frame, told: str | None, grants: Sequence[Grant]) -> PurposeId:
    """The purpose of the address, else that of his own latest grant, else any: the answer is then the same as
    for a carnet that does not exist. Raises NotFoundError for a purpose the frame does not know."""
    own = [grant.terms.purpose_id for grant in grants]
    try:
        return frame.purpose(told or next(iter(own), frame.purposes[0].purpose_id)).purpose_id
    except UnknownPurposeError:
        raise NotFoundError("no such purpose") from None

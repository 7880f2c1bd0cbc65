"""Proposals: a grantee says what it would write, the person answers.

The refusals are those of a read, byte for byte. What was answered is told to its author as such, whatever
the answer.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from schemas.faults import Checker
from schemas.ids import CarnetId, EntryId, FieldId, ProposalId, PurposeId
from schemas.names import AnswerKind
from schemas.purposes import UnknownPurposeError
from vault.carnet.entries import Entry
from vault.services import answering_proposals
from vault.services.answering_proposals import Choice, Said
from vault.services.own_proposals import OwnProposal, OwnProposals, own_proposals
from vault.services.parts import Parts
from vault.services.proposal_seals import Proposed
from vault.services.proposing import PROPOSED, Refusal, Suggestion, propose
from vault.services.reading import AccessEnded, NotShared
from vault.services.tokens import client_of
from vault.web.admission import admit, who
from vault.web.api.answers import Document, answered, instant, page
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation, query
from vault.web.api.params import slice_after, well_formed
from vault.web.api.proposals_shapes import AGREE, ANSWER_PROPOSAL, PROPOSE
from vault.web.api.shapes import ID, TEXT, page_of, ref
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import NotSignedInError, Person, Professional, System, grantee, person
from vault.web.problems import AccessEndedError, FaultsError, NotFoundError, Told
from vault.web.state import WebState, state_of

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person)]
Caller = Annotated[Professional | System, Depends(grantee)]

_PROPOSE, _ANSWER, _AGREE = Checker(PROPOSE), Checker(ANSWER_PROPOSAL), Checker(AGREE)
_CARNET = in_path("carnet_id", "a carnet", TEXT)
_PURPOSE = query("purpose", "for what; without it, what may be proposed for", ref("PurposeId"))
_ANSWERING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]


@router.post(
    "/carnets/{carnet_id:path}/fields/{field_id}/entries",
    openapi_extra=operation(
        "propose_entry",
        "Propose what to write. Only its author and the person read it, until she answers",
        callers=Callers.GRANTEE_UNSAFE,
        parameters=[_CARNET, in_path("field_id", "a field of the catalogue", TEXT), _PURPOSE],
        body=ref("Propose"),
        answers={201: document(ref("ProposedEntry"), "It waits for her answer")},
        problems=["access-ended", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
async def post_proposal(
    request: Request,
    carnet_id: str,
    field_id: str,
    caller: Caller,
    body: Annotated[JSON, Depends(json_body)],
) -> JSONResponse:
    state = state_of(request)
    purpose_id = _purpose(state.parts, request)
    await admit(state, caller.reader)
    told = checked(body, _PROPOSE)
    suggestion = Suggestion(
        FieldId(field_id),
        told.get("value"),
        AnswerKind(told.get("answer", AnswerKind.ANSWERED)),
        told.get("source", ""),
        EntryId(told["on_entry"]) if "on_entry" in told else None,
        ProposalId(told["again"]) if "again" in told else None,
    )
    return await run_in_threadpool(_proposed, state, caller, carnet_id, suggestion, purpose_id)


def _proposed(
    state: WebState,
    caller: Professional | System,
    carnet_id: str,
    suggestion: Suggestion,
    purpose_id: PurposeId | None,
) -> JSONResponse:
    if isinstance(caller, System) and client_of(state.parts, caller.token.client_id) is None:
        raise NotSignedInError("this system is no longer in force")
    state.limits.propose(who(caller.reader))
    wanted = CarnetId(well_formed(carnet_id))
    made = propose(state.parts, caller.reader, wanted, suggestion, purpose_id=purpose_id)
    if isinstance(made, NotShared | AccessEnded):
        refuse(state, caller.reader, made)
    return answered({"entry_id": made, "state": PROPOSED}, 201)


@router.get(
    "/carnets/{carnet_id:path}/proposals",
    openapi_extra=operation(
        "own_proposals",
        "What one proposed oneself: with its value while it waits, and as answered afterwards",
        callers=Callers.GRANTEE,
        parameters=[_CARNET, _PURPOSE],
        answers={200: document(ref("OwnProposals"), "Oldest first")},
        problems=["access-ended", "not-found", "invalid", "too-many-requests", "log-unavailable"],
        entries=1,
    ),
)
async def read_own_proposals(request: Request, carnet_id: str, caller: Caller) -> JSONResponse:
    state = state_of(request)
    purpose_id = _purpose(state.parts, request)
    await admit(state, caller.reader)
    return await run_in_threadpool(_own, state, caller, carnet_id, purpose_id)


def _own(
    state: WebState, caller: Professional | System, carnet_id: str, purpose_id: PurposeId | None
) -> JSONResponse:
    found = own_proposals(state.parts, caller.reader, CarnetId(well_formed(carnet_id)), purpose_id)
    if not isinstance(found, OwnProposals):
        refuse(state, caller.reader, found)
    terms = found.may.grant.grant.terms
    return answered(
        {
            "carnet_id": terms.carnet_id,
            "purpose_id": terms.purpose_id,
            "access_id": str(found.access_no),
            "at": instant(found.at),
            "items": [_own_document(one) for one in found.items],
        }
    )


def _purpose(parts: Parts, request: Request) -> PurposeId | None:
    told = parameters(request, ["purpose"]).get("purpose")
    if told is None:
        return None
    try:
        return parts.frame.purpose(told).purpose_id
    except UnknownPurposeError:
        raise FaultsError([Told("/purpose", "Cet usage n’est pas dans le cadre.")]) from None


def refuse(state: WebState, reader: Any, refusal: Refusal) -> NoReturn:
    """As a read is refused, byte for byte."""
    state.limits.denied(who(reader))
    if isinstance(refusal, AccessEnded):
        raise AccessEndedError
    raise NotFoundError


def _own_document(one: OwnProposal) -> Document:
    told: Document = {
        "entry_id": one.proposal_id,
        "field_id": one.field_id,
        "on_entry": one.on_entry,
        "state": PROPOSED if one.waits else "answered",
        "proposed_at": instant(one.proposed_at),
    }
    if one.body is not None:
        told |= {"value": one.body.value, "answer": one.body.answer, "source": one.body.source}
    return told


# --- the person ------------------------------------------------------------------------------------------


@router.get(
    "/me/proposals",
    openapi_extra=operation(
        "my_proposals",
        "What others propose to write in her carnet and waits for her answer, oldest first",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(page_of("Proposal"), "One page of proposals")},
        problems=["not-found", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def read_proposals(request: Request, me: Owner) -> JSONResponse:
    told = parameters(request, ["after"])
    parts = state_of(request).parts
    every = list(answering_proposals.list_proposals(parts, me.owner, actor=me.actor))
    chosen, following = slice_after(every, [one.proposal_id for one in every], told.get("after"))
    heads = parts.data.heads(me.owner.carnet_id)
    items = [
        _document(one, may_disagree=answering_proposals.may_disagree(parts, one, heads)) for one in chosen
    ]
    return answered(page(items, following))


@router.post(
    "/me/proposals/agree",
    openapi_extra=operation(
        "agree_to_proposals",
        "Agree to several, all or none: each is then written, with its author, its source and its day",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=ref("AgreeToProposals"),
        answers={200: document(ref("ProposalsAnswered"), "Written")},
        problems=_ANSWERING,
        entries=1,
    ),
)
def post_agree(request: Request, me: Owner, body: Annotated[JSON, Depends(json_body)]) -> JSONResponse:
    parameters(request, ())
    told = checked(body, _AGREE)["proposals"]
    said = [Said(ProposalId(one["proposal_id"]), int(one["version"])) for one in told]
    if len({one.proposal_id for one in said}) < len(said):
        raise FaultsError([Told("/proposals", "Nommez chaque proposition une seule fois.")])
    entries = answering_proposals.agree(state_of(request).parts, me.owner, said, actor=me.actor)
    return _said(said, Choice.AGREE, entries)


@router.post(
    "/me/proposals/{proposal_id}/answer",
    openapi_extra=operation(
        "answer_proposal",
        "Agree, keep it as what she disagrees with (only where nothing stands), or leave it out",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("proposal_id", "something proposed to her", ID)],
        body=ref("AnswerProposal"),
        answers={200: document(ref("ProposalsAnswered"), "Answered. Its author is told so, and no more")},
        problems=_ANSWERING,
        entries=1,
    ),
)
def post_answer(
    request: Request, proposal_id: str, me: Owner, body: Annotated[JSON, Depends(json_body)]
) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _ANSWER)
    seen = int(told["seen_version"]) if "seen_version" in told else None
    said = Said(ProposalId(well_formed(proposal_id)), int(told["version"]), seen)
    choice, entries = Choice(told["choice"]), list[Entry]()
    if choice is Choice.AGREE:
        entries = answering_proposals.agree(parts, me.owner, [said], actor=me.actor)
    elif choice is Choice.DISAGREE:
        entries = [answering_proposals.keep_disagreeing(parts, me.owner, said, actor=me.actor)]
    else:
        answering_proposals.set_aside(parts, me.owner, said, actor=me.actor)
    return _said([said], choice, entries)


def _said(said: Sequence[Said], choice: Choice, entries: Sequence[Entry]) -> JSONResponse:
    told: Mapping[str, Any] = {
        "proposals": [one.proposal_id for one in said],
        "choice": choice.value,
        "entries": [entry.entry_id for entry in entries],
    }
    return answered(dict(told))


def _document(one: Proposed, *, may_disagree: bool) -> Document:
    return {
        "proposal_id": one.proposal_id,
        "version": one.version,
        "field_id": one.field_id,
        "on_entry": one.on_entry,
        "value": one.body.value,
        "answer": one.body.answer,
        "source": one.body.source,
        "structure_id": one.structure_id,
        "professional_id": one.professional_id,
        "grant_id": one.grant_id,
        "proposed_at": instant(one.proposed_at),
        "may_disagree": may_disagree,
    }

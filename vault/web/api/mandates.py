"""Mandates over the API: the person lets somebody help her and ends it; the officer records rulings.

Giving asks her to prove again who she is: it is her whole carnet. Ending asks for nothing.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from consent.mandates import MandateFault
from schemas.faults import Checker
from schemas.ids import AccountId, CarnetId, MandateId
from schemas.names import MandateKind, MandateScope
from vault.carnet.references import read_reference, shown
from vault.services import mandates
from vault.services.helping import NoSuchHelperError, find_helper, professional_of_code
from vault.services.managing import end_of
from vault.services.mandates import Holder, MandateRefusedError, NoSuchMandateError, Ruling, Shown
from vault.services.parts import Parts
from vault.services.sharing_rows import MandateRow
from vault.services.standing import ACTIVE, stands
from vault.services.writing import CarnetClosedError
from vault.web.api.acting import mandate_terms
from vault.web.api.answers import Document, answered, instant_or_null, page
from vault.web.api.mandates_shapes import (
    FIND,
    GIVE,
    GIVEN,
    HELPER,
    LIST_OF_OWN,
    LIST_OF_RECORDED,
    RECORD,
    RECORDED,
    RULINGS,
)
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation
from vault.web.api.params import slice_after, well_formed
from vault.web.api.shapes import ID, NOTHING
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import Dpo, Person, dpo, person, person_fresh
from vault.web.problems import FaultsError, NotFoundError, Told
from vault.web.state import state_of

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person)]
Fresh = Annotated[Person, Depends(person_fresh)]
Officer = Annotated[Dpo, Depends(dpo)]
Body = Annotated[JSON, Depends(json_body)]
Nothing = Annotated[None, Depends(no_body)]

MOST = 200
_FIND, _GIVE, _RECORD = Checker(FIND), Checker(GIVE), Checker(RECORD)
_PROBLEMS = ["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"]
_GIVING = ["fresh-sign-in-needed", *_PROBLEMS]
_NO_HELPER = "Ce code ne mène à personne. Il sert 24 heures."
_NO_CARNET = "Aucun carnet ouvert n’a ce numéro. Vérifiez-le."
_MANDATE_ID = in_path("mandate_id", "a mandate", ID)


# --- the person ------------------------------------------------------------------------------------------


@router.get(
    "/me/mandates",
    openapi_extra=operation(
        "my_mandates",
        "Who may act for her, and who could: the latest first, ended ones too",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(LIST_OF_OWN, "`standing` false: it opens nothing now")},
        problems=["not-found", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def read_own(request: Request, me: Owner) -> JSONResponse:
    told = parameters(request, ["after"])
    found = mandates.own_mandates(state_of(request).parts, me.owner, actor=me.actor)
    chosen, following = slice_after(found, [one.row.mandate_id for one in found], told.get("after"))
    return answered(page([_own(one) for one in chosen], following))


@router.post(
    "/me/mandates/helper",
    openapi_extra=operation(
        "find_helper",
        "Whose code this is, before she gives him anything",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=FIND,
        answers={200: document(HELPER, "Who he is, as his sign-in told it last")},
        problems=_GIVING,
        entries=1,
    ),
)
def post_find(request: Request, me: Fresh, body: Body) -> JSONResponse:
    parameters(request, ())
    typed = checked(body, _FIND)["code"]
    try:
        helper = find_helper(state_of(request).parts, me.owner, typed, actor=me.actor)
    except NoSuchHelperError:
        raise FaultsError([Told("/code", _NO_HELPER)]) from None
    there = helper.structure
    told = {"structure": there.name, "structure_id": there.structure_id, "kind": str(there.kind)}
    return answered({"name": helper.name, **told})


@router.post(
    "/me/mandates",
    openapi_extra=operation(
        "give_mandate",
        "Let a helper act for her, in place of what she gave him before. `share` is given by its name only",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=GIVE,
        answers={201: document(GIVEN, "The mandate; `see` is part of every one")},
        problems=_GIVING,
        entries=1,
    ),
)
def post_mandate(request: Request, me: Fresh, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _GIVE)
    scopes = {MandateScope.SEE, *(MandateScope(one) for one in told["scopes"])}
    try:
        helper_id = professional_of_code(parts, told["code"])
        row = mandates.give_mandate(
            parts, me.owner, helper_id, scopes=scopes, days=int(told["days"]), actor=me.actor
        )
    except NoSuchHelperError:
        raise FaultsError([Told("/code", _NO_HELPER)]) from None
    except MandateRefusedError as refused:
        places = {MandateFault.DAYS: "/days", MandateFault.HOLDER: "/code"}
        raise FaultsError([Told(places.get(refused.fault, "/scopes"), refused.fault.label)]) from None
    return answered(_given(row), 201)


@router.post(
    "/me/mandates/{mandate_id}/end",
    openapi_extra=operation(
        "end_mandate",
        "End a help she gave, at once, with the sessions under it. What a ruling gave is not hers to end",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_MANDATE_ID],
        body=NOTHING,
        body_required=False,
        answers={200: document(GIVEN, "The mandate as it now stands")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_end(request: Request, mandate_id: str, me: Owner, _: Nothing) -> JSONResponse:
    parameters(request, ())
    parts, wanted = state_of(request).parts, MandateId(well_formed(mandate_id))
    try:
        mandates.end_mandate(parts, me.owner.carnet_id, wanted, actor=me.actor, by_ruling=False)
    except (NoSuchMandateError, MandateRefusedError):
        raise NotFoundError("no such mandate of hers") from None
    return answered(_given(_again(parts, wanted)))


# --- the officer -----------------------------------------------------------------------------------------


@router.get(
    "/dpo/mandates",
    openapi_extra=operation(
        "recorded_mandates",
        "The curatorships and guardianships that stand: numbers and dates, no name",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(LIST_OF_RECORDED, "One page, of the latest two hundred")},
        problems=["invalid"],
    ),
)
def read_recorded(request: Request, _: Officer) -> JSONResponse:
    told = parameters(request, ["after"])
    parts = state_of(request).parts
    found = [row for row in parts.data.mandates_in(ACTIVE, limit=MOST, kinds=RULINGS) if stands(parts, row)]
    chosen, following = slice_after(found, [row.mandate_id for row in found], told.get("after"))
    return answered(page([_recorded(parts, row) for row in chosen], following))


@router.post(
    "/dpo/mandates",
    openapi_extra=operation(
        "record_ruling",
        "Record what a ruling says, for a helper by his code or a relative by the number of her own carnet",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=RECORD,
        answers={201: document(RECORDED, "The mandate; the person is told, and reads the name given here")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_ruling(request: Request, me: Officer, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _RECORD)
    carnet_id = _carnet(parts, told["carnet"], "/carnet")
    try:
        row = mandates.record_ruling(
            parts, carnet_id, _holder(parts, told["holder"]), _ruling(told), actor=me.actor
        )
    except NoSuchHelperError:
        raise FaultsError([Told("/holder/code", _NO_HELPER)]) from None
    except CarnetClosedError:
        raise FaultsError([Told("/carnet", _NO_CARNET)]) from None
    except MandateRefusedError as refused:
        places = {
            MandateFault.END: "/ends_on",
            MandateFault.SELF: "/holder/carnet",
            MandateFault.HOLDER: "/holder",
        }
        raise FaultsError([Told(places.get(refused.fault, "/scopes"), refused.fault.label)]) from None
    return answered(_recorded(parts, row), 201)


@router.post(
    "/dpo/mandates/{mandate_id}/end",
    openapi_extra=operation(
        "end_ruling",
        "End what a ruling gave, at once",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_MANDATE_ID],
        body=NOTHING,
        body_required=False,
        answers={200: document(GIVEN, "The mandate as it now stands")},
        problems=_PROBLEMS,
        entries=1,
    ),
)
def post_ruling_end(request: Request, mandate_id: str, me: Officer, _: Nothing) -> JSONResponse:
    parameters(request, ())
    parts, wanted = state_of(request).parts, MandateId(well_formed(mandate_id))
    row = parts.data.mandate(wanted)
    if row is None or row.kind not in RULINGS:
        raise NotFoundError("no such ruling")
    try:
        mandates.end_mandate(parts, row.carnet_id, wanted, actor=me.actor, by_ruling=True)
    except NoSuchMandateError:
        raise NotFoundError("no such ruling") from None
    return answered(_given(_again(parts, wanted)))


def _holder(parts: Parts, told: Mapping[str, str]) -> Holder:
    """Raises NoSuchHelperError, FaultsError."""
    name = told.get("name", "").strip()
    if "code" in told:
        return Holder(name, professional_id=professional_of_code(parts, told["code"]))
    if not name:
        raise FaultsError([Told("/holder/name", "Écrivez son nom, comme dans le jugement.")])
    return Holder(name, account_id=AccountId(_carnet(parts, told["carnet"], "/holder/carnet")))


def _ruling(told: Mapping[str, Any]) -> Ruling:
    """Raises FaultsError."""
    scopes = tuple(one for one in MandateScope if one is MandateScope.SEE or one in told["scopes"])
    if not told["ruling"].strip():
        raise FaultsError([Told("/ruling", "Écrivez le numéro ou la date du jugement.")])
    try:
        ends_at = end_of(date.fromisoformat(told["ends_on"]))
    except (ValueError, OverflowError):
        raise FaultsError([Told("/ends_on", "Ce n’est pas un jour.")]) from None
    return Ruling(MandateKind(told["kind"]), scopes, ends_at, told["ruling"].strip())


def _carnet(parts: Parts, number: str, pointer: str) -> CarnetId:
    """Of an open carnet. Raises FaultsError."""
    reference = read_reference(number)
    carnet_id = parts.data.carnet_numbered(reference) if reference else None
    carnet = parts.data.carnet(carnet_id) if carnet_id else None
    if carnet is None or not carnet.open:
        raise FaultsError([Told(pointer, _NO_CARNET)])
    return carnet.carnet_id


# --- documents -------------------------------------------------------------------------------------------


def _again(parts: Parts, mandate_id: MandateId) -> MandateRow:
    row = parts.data.mandate(mandate_id)
    if row is None:
        raise NotFoundError("it went with its carnet")
    return row


def _given(row: MandateRow) -> Document:
    state = ACTIVE if row.state == ACTIVE else mandates.ENDED  # what is left to tidy up is nobody's affair
    told = {"structure_id": row.structure_id, "ended_at": instant_or_null(row.ended_at)}
    return mandate_terms(row) | {"state": state} | told


def _own(one: Shown) -> Document:
    structure = one.structure.name if one.structure else None
    return _given(one.row) | {"structure": structure, "holder": one.holder, "standing": one.standing}


def _recorded(parts: Parts, row: MandateRow) -> Document:
    number = parts.data.references([row.carnet_id]).get(row.carnet_id, "")
    return mandate_terms(row) | {"reference": shown(number), "relative": row.account_id is not None}

"""The person's grants: with whom she may share, give, list, withdraw. And what a grantee was given."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from consent.grants import Grantee
from schemas.faults import Checker
from schemas.fields import UnknownFieldError
from schemas.ids import CarnetId, CompartmentId, GrantId, ProfessionalId, PurposeId, StructureId
from schemas.names import Right
from schemas.purposes import UnknownPurposeError
from vault.services import break_glass
from vault.services.own_carnet import list_own_grants, list_spoiled_grants
from vault.services.parts import Parts
from vault.services.receipts_kept import receipt_of_grant
from vault.services.received import list_received_grants
from vault.services.referents import current_referent
from vault.services.sharing import Wish, give_grant
from vault.services.stopping import withdraw_grant
from vault.services.suspending import Why, by_of, resume_grant, suspend_grant
from vault.services.tokens import client_of
from vault.web.afterwards import then_new_keys
from vault.web.api.answers import (
    PAGE,
    answered,
    given_document,
    grant_document,
    page,
    received_document,
    spoiled_document,
    structure_document,
)
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation, query
from vault.web.api.params import after_id, slice_after, well_formed
from vault.web.api.shapes import GIVE_GRANT, ID, NOTHING, page_of, ref
from vault.web.bodies import JSON, checked, json_body, no_body, parameters
from vault.web.guard import (
    NotSignedInError,
    Person,
    Professional,
    System,
    WrongCallerError,
    grantee,
    person_or_helper_share,
)
from vault.web.problems import FaultsError, Told
from vault.web.state import state_of

router = APIRouter(prefix=V1)
Owner = Annotated[Person, Depends(person_or_helper_share)]

GIVE = Checker(GIVE_GRANT)
LONGEST_SEARCH = 100


@router.get(
    "/me/grantees",
    openapi_extra=operation(
        "my_grantees",
        "Structures one may share with",
        callers=Callers.SIGNED_IN,
        parameters=[query("q", "words of the name", {"type": "string", "maxLength": LONGEST_SEARCH}), AFTER],
        answers={200: document(page_of("Structure"), "One page of structures, by name")},
        problems=["invalid"],
    ),
)
def read_grantees(request: Request, _: Owner) -> JSONResponse:
    told = parameters(request, ["q", "after"])
    words = told.get("q", "")
    if len(words) > LONGEST_SEARCH or not words.isprintable():
        raise FaultsError([Told("/q", "Écrivez quelques mots du nom de l’organisme.")])
    after = after_id(told)
    found = state_of(request).parts.data.search_structures(
        words, after=StructureId(after) if after else None, limit=PAGE + 1
    )
    following = found[PAGE - 1].structure_id if len(found) > PAGE else None
    return answered(page([structure_document(one) for one in found[:PAGE]], following))


@router.post(
    "/me/grants",
    openapi_extra=operation(
        "give_grant",
        "Share: some fields, with someone, for a purpose, for some days",
        callers=Callers.SIGNED_IN_UNSAFE,
        body=ref("GiveGrant"),
        answers={
            201: document(ref("GrantGiven"), "The grant. A live one to the same for the same is replaced")
        },
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_grant(request: Request, me: Owner, body: Annotated[JSON, Depends(json_body)]) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    told = checked(body, GIVE)
    if me.acting is not None and told["grantee"].get("function") == "emergency":
        raise WrongCallerError("what is read in an emergency is hers alone to choose")
    wish = wish_told(parts, me.owner.carnet_id, told)
    grant = give_grant(parts, me.owner, wish, actor=me.actor)
    given = given_document(grant) | {"receipt_id": receipt_of_grant(parts, grant)}
    return then_new_keys(answered(given, 201), parts, me)


def wish_told(parts: Parts, carnet_id: CarnetId, told: Mapping[str, Any]) -> Wish:
    """Raises FaultsError naming every part the catalogue or the frame does not know or allow."""
    faults = list(_faults(parts, told))
    if faults:
        raise FaultsError(faults)
    return Wish(
        grantee=_grantee(parts, carnet_id, told["grantee"]),
        purpose_id=PurposeId(told["purpose_id"]),
        compartments=tuple(CompartmentId(one) for one in told["fields"]),
        days=int(told["days"]),
        rights=tuple(sorted(Right(one) for one in told.get("rights", [Right.READ]))),
        function="referent" if told["grantee"].get("function") == "referent" else None,
    )


def _grantee(parts: Parts, carnet_id: CarnetId, to: Mapping[str, str]) -> Grantee:
    """Raises FaultsError when it is for her référent and nobody is, or for an emergency and none can be."""
    if "structure_id" in to:
        return Grantee.structure(StructureId(to["structure_id"]))
    if "professional_id" in to:
        return Grantee.professional(ProfessionalId(to["professional_id"]))
    if to["function"] == "emergency":
        if parts.frame.emergency is None:
            raise FaultsError([Told("/grantee/function", "Ce service n’ouvre rien en urgence.")])
        return break_glass.grantee(parts)
    row = current_referent(parts, carnet_id)
    if row is None:
        raise FaultsError([Told("/grantee/function", "Vous n’avez pas de référent pour le moment.")])
    return Grantee.professional(row.professional_id)


def _faults(parts: Parts, told: Mapping[str, Any]) -> Iterator[Told]:
    try:
        purpose = parts.frame.purpose(told["purpose_id"])
    except UnknownPurposeError:
        purpose = None
        yield Told("/purpose_id", "Cet usage n’est pas dans le cadre.")
    for place, field_id in enumerate(told["fields"]):
        try:
            compartment = parts.catalogue.compartment(field_id).id
        except UnknownFieldError:
            yield Told(f"/fields/{place}", "Cette information n’est pas au catalogue.")
            continue
        if purpose is not None and compartment not in purpose.compartments:
            yield Told(f"/fields/{place}", "Cette information n’est pas prévue pour cela.")
    if purpose is not None and told["days"] > purpose.max_days:
        yield Told("/days", f"La durée doit être entre 1 et {purpose.max_days} jours.")


@router.get(
    "/me/grants",
    openapi_extra=operation(
        "my_grants",
        "Every grant she gave, newest first, ended ones too; last those whose terms do not match any more",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER],
        answers={200: document(page_of("OwnGrant"), "One page of grants")},
        problems=["invalid"],
    ),
)
def read_grants(request: Request, me: Owner) -> JSONResponse:
    told = parameters(request, ["after"])
    parts = state_of(request).parts
    every = {one.id: grant_document(one) for one in list_own_grants(parts, me.owner)}
    every |= {one: spoiled_document(one) for one in list_spoiled_grants(parts, me.owner)}
    chosen, following = slice_after(list(every.values()), list(every), told.get("after"))
    return answered(page(chosen, following))


@router.post(
    "/me/grants/{grant_id}/withdraw",
    openapi_extra=operation(
        "withdraw_grant",
        "Stop a share, at once. A share that ended stays as it ended",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("grant_id", "a grant of hers", ID)],
        body=NOTHING,
        body_required=False,
        answers={200: document(ref("Grant"), "The grant as it now stands")},
        problems=["wrong-caller", "not-found", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_withdraw(
    request: Request, grant_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    grant = withdraw_grant(parts, me.owner, GrantId(well_formed(grant_id)), actor=me.actor)
    return then_new_keys(answered(grant_document(grant)), parts, me)


@router.post(
    "/me/grants/{grant_id}/suspend",
    openapi_extra=operation(
        "suspend_grant",
        "Let a share stand still: nobody reads by it until she says so",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("grant_id", "a grant of hers", ID)],
        body=NOTHING,
        body_required=False,
        answers={200: document(ref("Grant"), "The grant as it now stands")},
        problems=["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_suspend(
    request: Request, grant_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    parts, wanted = state_of(request).parts, GrantId(well_formed(grant_id))
    grant = suspend_grant(
        parts, me.owner.carnet_id, wanted, by=by_of(me.actor), why=Why.HER_CHOICE, actor=me.actor
    )
    return answered(grant_document(grant))


@router.post(
    "/me/grants/{grant_id}/resume",
    openapi_extra=operation(
        "resume_grant",
        "Let a share that she suspended go on, until its own end",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("grant_id", "a grant of hers", ID)],
        body=NOTHING,
        body_required=False,
        answers={200: document(ref("Grant"), "The grant as it now stands")},
        problems=["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def post_resume(
    request: Request, grant_id: str, me: Owner, _: Annotated[None, Depends(no_body)]
) -> JSONResponse:
    parameters(request, ())
    parts, wanted = state_of(request).parts, GrantId(well_formed(grant_id))
    grant = resume_grant(parts, me.owner.carnet_id, wanted, by=by_of(me.actor), actor=me.actor)
    return answered(grant_document(grant))


@router.get(
    "/grants",
    openapi_extra=operation(
        "received_grants",
        "The caller's own live grants",
        callers=Callers.GRANTEE,
        parameters=[AFTER],
        answers={200: document(page_of("ReceivedGrant"), "One page of grants")},
        problems=["invalid"],
    ),
)
def read_received(
    request: Request, caller: Annotated[Professional | System, Depends(grantee)]
) -> JSONResponse:
    after = after_id(parameters(request, ["after"]))
    parts = state_of(request).parts
    if isinstance(caller, System) and client_of(parts, caller.token.client_id) is None:
        raise NotSignedInError("this system is no longer in force")
    grants, following = list_received_grants(
        parts, caller.reader, after=GrantId(after) if after else None, limit=PAGE
    )
    return answered(page([received_document(one) for one in grants], following))

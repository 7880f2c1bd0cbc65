"""One entry of her carnet: written where a field holds several, corrected, agreed with or not, looked at."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from schemas.faults import Checker
from schemas.ids import EntryId
from schemas.names import Agreement, EntryState
from vault.carnet.entries import field_of
from vault.services.own_entries import find_own_entry, read_own_entry, say_agreement
from vault.services.writing import Answer, EntryFrozenError, write_entry, write_field
from vault.web.api.answers import answered, entry_document
from vault.web.api.operations import V1, Callers, document, in_path, operation
from vault.web.api.params import well_formed
from vault.web.api.shapes import ENTRY, ID, Schema, ref, several, words
from vault.web.bodies import JSON, checked, json_body, parameters
from vault.web.guard import Person, person
from vault.web.state import state_of

_VERSION: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31}
NEW_ENTRY: Schema = {
    "type": "object",
    "properties": {"value": {"description": "what the catalogue's schema of the field says"}},
    "required": ["value"],
    "additionalProperties": False,
}
CORRECTION = NEW_ENTRY | {"properties": NEW_ENTRY["properties"] | {"version": _VERSION}}
AGREE: Schema = {
    "type": "object",
    "properties": {"agreement": words(Agreement), "version": _VERSION},
    "required": ["agreement"],
    "additionalProperties": False,
}
WITH_VERSIONS = ENTRY | {
    "properties": ENTRY["properties"] | {"versions": several(ref("Entry"))},
    "required": [*ENTRY["required"], "versions"],
}
_WRITING = ["wrong-caller", "not-found", "conflict", "content-type", "invalid", "log-unavailable"]
_ENTRY_ID = in_path("entry_id", "an entry of hers", ID)

router = APIRouter(prefix=f"{V1}/me")
Owner = Annotated[Person, Depends(person)]
Body = Annotated[JSON, Depends(json_body)]

_NEW, _CORRECTION, _AGREE = Checker(NEW_ENTRY), Checker(CORRECTION), Checker(AGREE)


@router.post(
    "/fields/{field_id}/entries",
    openapi_extra=operation(
        "add_entry",
        "Write one more entry of a field that holds several",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[in_path("field_id", "a field with several entries", ref("CollectionField"))],
        body=ref("NewEntry"),
        answers={201: document(ref("Entry"), "The entry")},
        problems=_WRITING,
        entries=1,
    ),
)
def post_entry(request: Request, field_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _NEW)
    answer = Answer(parts.catalogue.field(field_id).id, told["value"])
    return answered(
        entry_document(parts.catalogue, write_entry(parts, me.owner, answer, actor=me.actor)), 201
    )


@router.get(
    "/entries/{entry_id}",
    openapi_extra=operation(
        "my_entry",
        "One entry, with what stands beside it and its earlier versions, newest first",
        callers=Callers.SIGNED_IN,
        parameters=[_ENTRY_ID],
        answers={200: document(WITH_VERSIONS, "The entry")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def get_entry(request: Request, entry_id: str, me: Owner) -> JSONResponse:
    parameters(request, ())
    parts = state_of(request).parts
    found = read_own_entry(parts, me.owner, EntryId(well_formed(entry_id)), actor=me.actor)
    before = [entry_document(parts.catalogue, one) for one in found.before]
    return answered(entry_document(parts.catalogue, found.entry) | {"versions": before})


@router.put(
    "/entries/{entry_id}",
    openapi_extra=operation(
        "correct_entry",
        "Correct an entry: a new version of it",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_ENTRY_ID],
        body=ref("Correction"),
        answers={200: document(ref("Entry"), "The entry as it now stands")},
        problems=_WRITING,
        entries=1,
    ),
)
def put_entry(request: Request, entry_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _CORRECTION)
    head = find_own_entry(parts, me.owner.carnet_id, EntryId(well_formed(entry_id)))
    if head.state is EntryState.FROZEN:
        raise EntryFrozenError("this entry is frozen")
    field = parts.catalogue.field(field_of(head.compartment))
    answer = Answer(
        field.id,
        told["value"],
        version=int(told["version"]) if "version" in told else None,
        entry_id=head.entry_id if field.collection else None,
    )
    write = write_entry if field.collection else write_field
    return answered(entry_document(parts.catalogue, write(parts, me.owner, answer, actor=me.actor)))


@router.post(
    "/entries/{entry_id}/agreement",
    openapi_extra=operation(
        "agree_to_entry",
        "Say whether she agrees with an entry, whoever wrote it: a new version, with the same value",
        callers=Callers.SIGNED_IN_UNSAFE,
        parameters=[_ENTRY_ID],
        body=AGREE,
        answers={200: document(ref("Entry"), "The entry as it now stands; `version`: the one she read")},
        problems=_WRITING,
        entries=2,
    ),
)
def post_agreement(request: Request, entry_id: str, me: Owner, body: Body) -> JSONResponse:
    parameters(request, ())
    parts, told = state_of(request).parts, checked(body, _AGREE)
    entry = say_agreement(
        parts,
        me.owner,
        EntryId(well_formed(entry_id)),
        Agreement(told["agreement"]),
        actor=me.actor,
        version=int(told["version"]) if "version" in told else None,
    )
    return answered(entry_document(parts.catalogue, entry))

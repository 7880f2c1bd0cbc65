"""A consented read: the route most asked, and the one that must tell a refused asker nothing.

It waits without holding a thread: reads that wait together are decided, logged and opened together
(services/reading.py). What concerns the request alone is refused first, alike for every carnet; then every
refusal is one of two answers, each always the same bytes.
"""

from functools import lru_cache
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.fields import Catalogue, UnknownFieldError
from schemas.ids import CarnetId, CompartmentId, PurposeId
from schemas.purposes import Frame, UnknownPurposeError
from vault.services.reading import AccessEnded, FieldsView, NotShared, SharedRead
from vault.web.admission import admit, who
from vault.web.api.answers import answered, shared_document
from vault.web.api.operations import V1, Callers, document, in_path, operation, query
from vault.web.api.params import well_formed
from vault.web.api.shapes import TEXT, ref
from vault.web.bodies import read_query
from vault.web.guard import Professional, System, grantee
from vault.web.problems import AccessEndedError, FaultsError, NotFoundError, Told
from vault.web.state import state_of

router = APIRouter(prefix=V1)

_KNOWN = frozenset({"purpose", "fields"})


class Asked(NamedTuple):
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]


@router.get(
    "/carnets/{carnet_id:path}/fields",
    openapi_extra=operation(
        "read_shared_fields",
        "Read what was shared. A field that is not granted, refused, empty or forgotten is simply absent",
        callers=Callers.GRANTEE,
        parameters=[
            in_path("carnet_id", "a carnet", TEXT),
            query("purpose", "for what", ref("PurposeId"), required=True),
            query("fields", "compartments separated by commas", ref("CompartmentIds"), required=True)
            | {"style": "form", "explode": False},
        ],
        answers={200: document(ref("SharedFields"), "What is granted, asked and holds a value")},
        problems=["access-ended", "not-found", "invalid", "too-many-requests", "log-unavailable"],
        entries=1,
    ),
)
async def read_shared(
    request: Request, carnet_id: str, caller: Annotated[Professional | System, Depends(grantee)]
) -> Response:
    state = state_of(request)
    asked = read_asked(request.scope["query_string"], state.parts.catalogue, state.parts.frame)
    await admit(state, caller.reader)
    read = SharedRead(caller.reader, CarnetId(well_formed(carnet_id)), asked.purpose_id, asked.compartments)
    match await state.reads.ask(read):
        case FieldsView() as view:
            return answered(shared_document(view))
        case AccessEnded():
            state.limits.denied(who(caller.reader))
            raise AccessEndedError
        case NotShared():
            state.limits.denied(who(caller.reader))
            raise NotFoundError


@lru_cache(maxsize=1024)
def read_asked(query_string: bytes, catalogue: Catalogue, frame: Frame) -> Asked:
    """The purpose and the compartments asked for; programs ask the same again and again, so what a query
    means is remembered. Raises BadRequestError, FaultsError naming each fault."""
    told = read_query(query_string, _KNOWN)
    faults = [Told(f"/{name}", "Ce paramètre manque.") for name in ("purpose", "fields") if name not in told]
    if "purpose" in told:
        try:
            frame.purpose(told["purpose"])
        except UnknownPurposeError:
            faults.append(Told("/purpose", "Cet usage n’est pas dans le cadre."))
    compartments: list[CompartmentId] = []
    for place, field_id in enumerate(told["fields"].split(",") if "fields" in told else ()):
        try:
            compartments.append(catalogue.compartment(field_id).id)
        except UnknownFieldError:
            faults.append(Told(f"/fields/{place}", "Cette information n’est pas au catalogue."))
    if faults:
        raise FaultsError(faults)
    return Asked(PurposeId(told["purpose"]), tuple(dict.fromkeys(compartments)))

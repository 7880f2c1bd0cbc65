"""The person's receipts, and the keys by which anybody checks one (docs/formats/receipt.md)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from consent.kantara import to_kantara
from schemas.ids import GrantId, ReceiptId
from vault.services.receipts import Receipt
from vault.services.receipts_kept import NoSuchReceiptError, jwks, list_receipts, read_receipt
from vault.web.api.answers import PAGE, answered, instant, page
from vault.web.api.operations import AFTER, V1, Callers, document, in_path, operation, query
from vault.web.api.params import after_index, well_formed
from vault.web.api.receipts_shapes import JWKS, KANTARA, RECEIPTS
from vault.web.api.shapes import ID, TEXT
from vault.web.bodies import parameters
from vault.web.guard import Person, anyone, person
from vault.web.problems import FaultsError, Told
from vault.web.state import state_of

JOSE = "application/jose"

router = APIRouter()
Owner = Annotated[Person, Depends(person)]
_ID = in_path("receipt_id", "a receipt of hers", ID)


@router.get(
    f"{V1}/me/receipts",
    openapi_extra=operation(
        "my_receipts",
        "What proves each move of her shares, newest first",
        callers=Callers.SIGNED_IN,
        parameters=[AFTER, query("grant_id", "of one share only", {"type": "string", "maxLength": 64})],
        answers={200: document(RECEIPTS, "One page of receipts")},
        problems=["not-found", "invalid", "log-unavailable"],
        entries=1,
    ),
)
def read_receipts(request: Request, me: Owner) -> JSONResponse:
    told = parameters(request, ["after", "grant_id"])
    wanted = told.get("grant_id")
    if wanted and well_formed(wanted) != wanted:
        raise FaultsError([Told("/grant_id", "Ce partage n’est pas connu.")])
    found, following = list_receipts(
        state_of(request).parts,
        me.owner,
        actor=me.actor,
        grant_id=GrantId(wanted) if wanted else None,
        before=after_index(told),
        limit=PAGE,
    )
    return answered(page([_told(one) for one in found], str(following) if following is not None else None))


def _told(receipt: Receipt) -> dict[str, Any]:
    row = receipt.row
    return {
        "receipt_id": row.receipt_id,
        "record_id": str(receipt.record.record_id),
        "grant_id": row.grant_id,
        "request_id": row.request_id,
        "move": receipt.moved,
        "at": instant(row.made_at),
        "index": row.leaf,
        "sha256": row.digest.hex(),
    }


@router.get(
    f"{V1}/me/receipts/{{receipt_id}}",
    openapi_extra=operation(
        "my_receipt",
        "One receipt: the very bytes that were signed (compact JWS)",
        callers=Callers.SIGNED_IN,
        parameters=[_ID],
        answers={200: document(TEXT, "The receipt", media_type=JOSE)},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_one(request: Request, receipt_id: str, me: Owner) -> Response:
    parameters(request, ())
    return Response(_receipt(request, receipt_id, me).jws, media_type=JOSE)


@router.get(
    f"{V1}/me/receipts/{{receipt_id}}/kantara",
    openapi_extra=operation(
        "my_receipt_kantara",
        "The same as a Kantara Consent Receipt 1.1; only where it rests on consent",
        callers=Callers.SIGNED_IN,
        parameters=[_ID],
        answers={200: document(KANTARA, "The receipt, not signed")},
        problems=["not-found", "log-unavailable"],
        entries=1,
    ),
)
def read_kantara(request: Request, receipt_id: str, me: Owner) -> JSONResponse:
    parameters(request, ())
    receipt = _receipt(request, receipt_id, me)
    if not receipt.record.consent:
        raise NoSuchReceiptError("this does not rest on consent")
    return answered(dict(to_kantara(receipt.record)))


def _receipt(request: Request, receipt_id: str, me: Person) -> Receipt:
    wanted = ReceiptId(well_formed(receipt_id))
    return read_receipt(state_of(request).parts, me.owner, wanted, actor=me.actor)


@router.get(
    "/.well-known/carnet-receipts",
    openapi_extra=operation(
        "receipt_keys",
        "The keys that sign receipts (JWK Set)",
        callers=Callers.ANYONE,
        answers={200: document(JWKS, "The keys")},
        problems=["bad-request", "unavailable"],
    ),
)
def read_keys(request: Request, _: Annotated[None, Depends(anyone)]) -> JSONResponse:
    parameters(request, ())
    return answered(jwks(state_of(request).parts))

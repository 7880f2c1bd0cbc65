"""The OpenAPI 3.1 document, made from the routes themselves, the catalogue and the frame.

Each route carries its operation object (operations.py); here they are put together with the shapes they name.
What one may write in a field is the catalogue's own schema, so a field added there is documented here.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from schemas.fields import Catalogue
from schemas.purposes import Frame
from vault.web.api.entries import CORRECTION, NEW_ENTRY
from vault.web.api.operations import V1, Callers, document, operation
from vault.web.api.proposals_shapes import SHAPES as PROPOSAL_SHAPES
from vault.web.api.requests_shapes import ACCEPT, ASK, ASKED, REQUEST, REQUEST_ANSWERED
from vault.web.api.shapes import ANSWERS, CLOSE_CARNET, CLOSED, GIVE_GRANT, PATH, WRITE_FIELD, Schema, ref
from vault.web.guard import CSRF_HEADER, anyone

router = APIRouter(prefix=V1)

TITLE = "Carnet"
VERSION = "1"


@router.get(
    "/openapi.json",
    openapi_extra=operation(
        "openapi",
        "This document",
        callers=Callers.ANYONE,
        answers={200: document({"type": "object"}, "OpenAPI 3.1")},
    ),
)
def read_openapi(request: Request, _: Annotated[None, Depends(anyone)]) -> JSONResponse:
    return JSONResponse(request.app.state.openapi())


def openapi_document(
    routes: Iterable[BaseRoute], *, catalogue: Catalogue, frame: Frame, cookie: str, server: str
) -> dict[str, Any]:
    """The whole document. Routes without an operation object (pages) are left out."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, APIRoute) and route.openapi_extra and route.include_in_schema:
            path = route.path.replace(":path}", "}")
            for method in sorted(route.methods or ()):
                paths.setdefault(path, {})[method.lower()] = route.openapi_extra
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": TITLE, "version": VERSION, "description": (__doc__ or "").split("\n")[0]},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": ANSWERS | field_schemas(catalogue) | sharing_schemas(catalogue, frame),
            "securitySchemes": security_schemes(cookie),
        },
    }


def sharing_schemas(catalogue: Catalogue, frame: Frame) -> dict[str, Schema]:
    """What a grant may name: the purposes of the frame, the compartments of the catalogue."""
    asked: Schema = {"type": "array", "items": ref("CompartmentId"), "minItems": 1}
    named = {"purpose_id": ref("PurposeId"), "fields": GIVE_GRANT["properties"]["fields"] | asked}
    return {
        "PurposeId": {"type": "string", "enum": [purpose.purpose_id for purpose in frame.purposes]},
        "CompartmentId": {"type": "string", "enum": [one.id for one in catalogue.compartments()]},
        "CompartmentIds": asked,
        "GiveGrant": GIVE_GRANT | {"properties": GIVE_GRANT["properties"] | named},
        "AskToShare": ASK | {"properties": ASK["properties"] | named},
        "AcceptRequest": ACCEPT | {"properties": ACCEPT["properties"] | {"fields": named["fields"]}},
        **PROPOSAL_SHAPES,
        "Asked": ASKED,
        "GrantRequest": REQUEST,
        "RequestAnswered": REQUEST_ANSWERED,
    }


def field_schemas(catalogue: Catalogue) -> dict[str, Schema]:
    """``Field.…`` for each field one may write, and the body of a write: the value of one of them."""
    writable = [field for field in catalogue.fields if not (field.collection or field.read_only)]
    schemas: dict[str, Schema] = {f"Field.{field.id}": field.schema for field in writable}
    value: Schema = {"anyOf": [ref(name) for name in schemas]}
    body = WRITE_FIELD | {"properties": WRITE_FIELD["properties"] | {"value": value}}
    ids: list[str] = [name for field in writable for name in (field.id, *field.aliases)]
    several = [field for field in catalogue.fields if field.collection]
    schemas |= {f"Field.{field.id}": field.schema for field in several}
    each: Schema = {"value": {"anyOf": [ref(f"Field.{field.id}") for field in several]}}
    return schemas | {
        "WriteField": body,
        "WritableField": {"type": "string", "enum": ids},
        "CollectionField": {"type": "string", "enum": [field.id for field in several]},
        "NewEntry": NEW_ENTRY | {"properties": NEW_ENTRY["properties"] | each},
        "Correction": CORRECTION,
        "CloseCarnet": CLOSE_CARNET,
        "Closed": CLOSED,
        "Path": PATH,
    }


def security_schemes(cookie: str) -> dict[str, Any]:
    return {
        "session": {"type": "apiKey", "in": "cookie", "name": cookie},
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": CSRF_HEADER,
            "description": "for unsafe methods with a session; the value is in GET /session",
        },
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "from POST /oauth/token; scheme DPoP, with a proof, when it is bound (RFC 9449)",
        },
    }

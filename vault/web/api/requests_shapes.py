"""The JSON Schemas of requests to share."""

from consent.requests import LONGEST_REASON, SHORTEST_REASON
from schemas.names import GrantState, LegalBasis
from vault.web.api.shapes import (
    COMPARTMENTS,
    COUNT,
    ID,
    INSTANT,
    INSTANT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    shape,
    words,
)

_FIELDS: Schema = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 500, "uniqueItems": True}
_DAYS: Schema = {"type": "integer", "minimum": 1, "maximum": 365}

REQUEST = shape(
    {
        "request_id": ID,
        "state": words(GrantState),
        "structure": TEXT,
        "structure_id": TEXT,
        "professional_id": TEXT_OR_NULL,
        "asked_by": shape({"system": {"type": "boolean"}, "name": TEXT_OR_NULL, "role": TEXT_OR_NULL}),
        "function": TEXT_OR_NULL,
        "purpose_id": TEXT,
        "legal_basis": words(LegalBasis),
        "fields": COMPARTMENTS,
        "special_fields": COMPARTMENTS,
        "days": COUNT,
        "reason": TEXT,
        "asked_at": INSTANT,
        "ends_at": INSTANT,
        "answered_at": INSTANT_OR_NULL,
    }
)
ASKED = shape({"request_id": ID})
REQUEST_ANSWERED = shape({"request_id": ID, "state": words(GrantState)})
ASK: Schema = {
    "type": "object",
    "properties": {
        "carnet_id": {"type": "string", "minLength": 1, "maxLength": 64},
        "reference": {"type": "string", "minLength": 1, "maxLength": 40},
        "purpose_id": TEXT,
        "fields": _FIELDS,
        "days": _DAYS,
        "reason": {"type": "string", "minLength": SHORTEST_REASON, "maxLength": LONGEST_REASON},
        "for": {"enum": ["structure", "me", "referent"]},
    },
    "required": ["purpose_id", "fields", "days", "reason"],
    "oneOf": [{"required": ["carnet_id"]}, {"required": ["reference"]}],
    "additionalProperties": False,
}
ACCEPT: Schema = {
    "type": "object",
    "properties": {"fields": _FIELDS, "days": _DAYS},
    "additionalProperties": False,
}

"""The JSON Schemas of the volets."""

from vault.web.api.shapes import (
    COUNT,
    ID,
    INSTANT,
    INSTANT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Schema,
    several,
    shape,
)

STATES = ["empty", "open", "validated", "reopened"]
_HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_VALIDATION = shape(
    {
        "by": TEXT,
        "professional_id": TEXT_OR_NULL,
        "structure_id": TEXT_OR_NULL,
        "validated_at": INSTANT,
        "version_hash": _HASH,
    }
)
_UNDERSTOOD = shape({"at": INSTANT_OR_NULL, "current": TRUTH})
VOLET: Schema = shape(
    {
        "volet": TEXT,
        "label": TEXT,
        "sentence": TEXT,
        "state": {"enum": STATES},
        "version_hash": {"anyOf": [_HASH, {"type": "null"}]},
        "entries": several(shape({"field_id": TEXT, "entry_id": TEXT, "version": COUNT})),
        "changed": several(TEXT),
        "gone": COUNT,
        "validation": {"anyOf": [_VALIDATION, {"type": "null"}]},
        "understood": {"anyOf": [_UNDERSTOOD, {"type": "null"}]},
    }
)
OWN_VOLETS: Schema = shape({"items": several(VOLET)})
OFFICE_VOLETS: Schema = shape(
    {"carnet_id": ID, "purpose_id": TEXT, "access_id": TEXT, "items": several(VOLET)}
)
VOUCHED: Schema = shape({"volet": TEXT, "validated_at": INSTANT, "version_hash": _HASH})
UNDERSTAND: Schema = {
    "type": "object",
    "properties": {"version_hash": _HASH},
    "required": ["version_hash"],
    "additionalProperties": False,
}
VALIDATE: Schema = {
    "type": "object",
    "properties": {"volet": {"type": "string", "maxLength": 32}, "version_hash": _HASH},
    "required": ["volet", "version_hash"],
    "additionalProperties": False,
}

"""The JSON Schemas of who follows a person, and of what waits for her yes."""

from vault.web.api.shapes import (
    COMPARTMENTS,
    ID,
    INSTANT,
    INSTANT_OR_NULL,
    TEXT,
    TRUTH,
    Schema,
    several,
    shape,
)

_FOLLOWER = shape(
    {
        "assignment_id": TEXT,
        "professional_id": TEXT,
        "name": TEXT,
        "structure_id": TEXT,
        "structure": {"type": ["string", "null"]},
        "since": INSTANT,
        "until": INSTANT_OR_NULL,
    }
)
_WAITING = shape(
    {
        "grant_id": TEXT,
        "purpose_id": TEXT,
        "fields": COMPARTMENTS,
        "ends_at": INSTANT,
        "special": TRUTH,
        "fits": TRUTH,
    }
)
REFERENT: Schema = shape(
    {
        "referent": {"anyOf": [_FOLLOWER, {"type": "null"}]},
        "proposals": several(_FOLLOWER),
        "former": several(_FOLLOWER),
        "waiting": several(_WAITING),
        "confirm_until": INSTANT_OR_NULL,
        "wish": TEXT,
    }
)
ANSWERED: Schema = shape({"assignment_id": TEXT, "accepted": TRUTH})
CONFIRM: Schema = {
    "type": "object",
    "properties": {
        "assignment_id": ID,
        "grants": {"type": "array", "items": ID, "minItems": 1, "maxItems": 200, "uniqueItems": True},
    },
    "required": ["assignment_id"],
    "additionalProperties": False,
}
WISH: Schema = {
    "type": "object",
    "properties": {"text": {"type": "string", "maxLength": 1000}},
    "required": ["text"],
    "additionalProperties": False,
}

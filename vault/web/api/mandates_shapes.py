"""The JSON Schemas of mandates, and of acting under one."""

from consent.mandates import HELP_DAYS
from schemas.names import MandateKind, MandateScope, StructureKind
from vault.web.api.shapes import (
    ID,
    INSTANT,
    INSTANT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Schema,
    several,
    shape,
    words,
)

LONGEST_CODE, LONGEST_TEXT = 40, 200
_NUMBER: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 40,
    "description": "the number of a carnet",
}
_CODE: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_CODE,
    "description": "told by the helper; a day",
}
_SCOPES: Schema = {"type": "array", "items": words(MandateScope), "uniqueItems": True}
_WORDS: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
RULINGS = (MandateKind.CURATORSHIP, MandateKind.GUARDIANSHIP)

HELPER = shape({"name": TEXT, "structure": TEXT, "structure_id": TEXT, "kind": words(StructureKind)})
_TERMS: dict[str, Schema] = {
    "mandate_id": TEXT,
    "kind": words(MandateKind),
    "scopes": several(words(MandateScope)),
    "starts_at": INSTANT,
    "ends_at": INSTANT,
}
HELD = shape(_TERMS | {"reference": TEXT})
GIVEN = shape(_TERMS | {"state": TEXT, "structure_id": TEXT_OR_NULL, "ended_at": INSTANT_OR_NULL})
OWN = shape(
    _TERMS
    | {
        "state": TEXT,
        "structure_id": TEXT_OR_NULL,
        "structure": TEXT_OR_NULL,
        "ended_at": INSTANT_OR_NULL,
        "holder": TEXT,
        "standing": TRUTH,
    }
)
RECORDED = shape(_TERMS | {"reference": TEXT, "relative": TRUTH})
LIST_OF_HELD = shape({"items": several(HELD), "next": TEXT_OR_NULL})
LIST_OF_OWN = shape({"items": several(OWN), "next": TEXT_OR_NULL})
LIST_OF_RECORDED = shape({"items": several(RECORDED), "next": TEXT_OR_NULL})

ACT = shape({"mandate_id": ID})
FIND = shape({"code": _CODE})
GIVE = shape(
    {"code": _CODE, "scopes": _SCOPES, "days": {"type": "integer", "enum": list(HELP_DAYS)}},
)
RECORD = shape(
    {
        "carnet": _NUMBER,
        "kind": {"enum": [kind.value for kind in RULINGS]},
        "scopes": _SCOPES,
        "holder": {
            "oneOf": [
                shape({"code": _CODE, "name": _WORDS}, optional=["name"]),
                shape({"carnet": _NUMBER, "name": _WORDS}),
            ]
        },
        "ruling": _WORDS,
        "ends_on": {"type": "string", "format": "date", "description": "its last day"},
    }
)

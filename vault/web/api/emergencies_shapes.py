"""The JSON Schemas of what is opened to protect a life."""

from schemas.names import StructureKind
from vault.services.break_glass import ASKED, LONGEST_REASON, OPEN, OVER, REVIEWED, SHORTEST_REASON
from vault.services.reviewing import JUSTIFIED, LONGEST_WORDS, UNJUSTIFIED
from vault.web.api.shapes import (
    COMPARTMENTS,
    COUNT,
    ID,
    INSTANT,
    INSTANT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Schema,
    ref,
    several,
    shape,
    words,
)

_STATE: Schema = {"enum": [ASKED, OPEN, OVER, REVIEWED]}
_VERDICT: Schema = {"enum": [JUSTIFIED, UNJUSTIFIED]}
_VERDICT_OR_NULL: Schema = {"enum": [JUSTIFIED, UNJUSTIFIED, None]}

EMERGENCY = shape({"emergency_id": ID, "state": _STATE, "asked_at": INSTANT, "ends_at": INSTANT})
WAITING = shape({"emergency_id": ID, "state": _STATE, "asked_at": INSTANT, "ends_at": INSTANT, "mine": TRUTH})
WHY = shape(
    {
        "emergency_id": ID,
        "reference": TEXT,
        "reason": TEXT,
        "asked_at": INSTANT,
        "ends_at": INSTANT,
        "minutes": COUNT,
    }
)
OPENED = shape({"emergency_id": ID, "ends_at": INSTANT, "read": ref("SharedFields")})
CHOICE = shape(
    {
        "grant_id": TEXT_OR_NULL,
        "fields": COMPARTMENTS,
        "ends_at": INSTANT_OR_NULL,
        "possible_fields": COMPARTMENTS,
        "special_fields": COMPARTMENTS,
        "structure_kinds": several(words(StructureKind)),
        "minutes": COUNT,
    }
)
_TIMES: dict[str, Schema] = {
    "emergency_id": ID,
    "state": _STATE,
    "structure": TEXT_OR_NULL,
    "structure_id": TEXT,
    "asked_at": INSTANT,
    "opened_at": INSTANT_OR_NULL,
    "ends_at": INSTANT,
    "reviewed_at": INSTANT_OR_NULL,
}
LINE = shape(_TIMES | {"reference": TEXT_OR_NULL})
_TOLD: dict[str, Schema] = {
    "reason": TEXT,
    "verdict": _VERDICT_OR_NULL,
    "words": TEXT,
    "vouched": TRUTH,
    "reads": several(ref("Access")),
}
OWN = shape(_TIMES | _TOLD)
OWN_EMERGENCIES = shape({"items": several(OWN), "unexplained": several(ref("Access"))})
REVIEWED_ONE = shape(
    _TIMES | _TOLD | {"reference": TEXT_OR_NULL, "asked_by": TEXT, "approved_by": TEXT_OR_NULL}
)
WAITING_LIST = shape({"items": several(WAITING)})
LINES = shape({"items": several(LINE)})

ASK = shape(
    {
        "reference": {"type": "string", "minLength": 1, "maxLength": 40},
        "reason": {"type": "string", "minLength": SHORTEST_REASON, "maxLength": 2 * LONGEST_REASON},
    }
)
CHOOSE = shape(
    {"fields": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 500, "uniqueItems": True}}
)
REVIEW = shape(
    {"verdict": _VERDICT, "words": {"type": "string", "maxLength": LONGEST_WORDS}}, optional=["words"]
)

"""The JSON Schemas of requests to forget and of the notices to those who had read."""

from consent.demands import DemandBy, DemandMove, DemandState
from vault.services.forgetting import LONGEST_REASON
from vault.web.api.shapes import (
    COUNT,
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

_WORDS: Schema = {"type": "string", "maxLength": LONGEST_REASON}
_DAY: Schema = {"type": "string", "format": "date"}
WITH_REASON: Schema = {
    "type": "object",
    "properties": {"reason": _WORDS},
    "additionalProperties": False,
}
ANSWER: Schema = {
    "type": "object",
    "properties": {"answer": {"enum": ["accept", "accept_part", "refuse"]}, "reason": _WORDS},
    "required": ["answer"],
    "additionalProperties": False,
}
EXTEND: Schema = {
    "type": "object",
    "properties": {"reason": {**_WORDS, "minLength": 1}},
    "required": ["reason"],
    "additionalProperties": False,
}
_CLOCK: dict[str, Schema] = {
    "received_at": INSTANT,
    "due_on": _DAY,
    "days_left": {"type": "integer"},
    "late": TRUTH,
    "extended": TRUTH,
}
_STEP = shape({"step": words(DemandMove), "by": words(DemandBy), "at": INSTANT, "words": TEXT})
_RECIPIENT = shape({"structure_id": TEXT, "structure": TEXT, "acknowledged_at": INSTANT_OR_NULL})
DEMAND: Schema = shape(
    {
        "demand_id": TEXT,
        "entry_id": TEXT_OR_NULL,
        "field_id": TEXT,
        "state": words(DemandState),
        **_CLOCK,
        "reason": TEXT,
        "answer": TEXT_OR_NULL,
        "may_escalate": TRUTH,
        "certificate": TRUTH,
        "recipients": several(_RECIPIENT),
        "steps": several(_STEP),
    }
)
DEMANDS: Schema = shape({"items": several(DEMAND), "next": TEXT_OR_NULL})
LINE: Schema = shape({"demand_id": TEXT, "carnet_id": TEXT, "state": words(DemandState), **_CLOCK})
LINES: Schema = shape({"items": several(LINE), "next": TEXT_OR_NULL})
_READER = shape({"structure_id": TEXT, "times": COUNT, "first_at": INSTANT, "last_at": INSTANT})
_NAMED = shape({"field_id": TEXT, "entries": COUNT})
IMPACT: Schema = shape(
    {
        "demand_id": TEXT,
        "carnet_id": TEXT,
        "field_id": TEXT_OR_NULL,
        "state": words(DemandState),
        **_CLOCK,
        "reason": TEXT,
        "readers": several(_READER),
        "named_by": several(_NAMED),
        "named_by_others": TRUTH,
        "legal_hold": TRUTH,
        "may_accept_part": TRUTH,
    }
)
MOVED: Schema = shape({"demand_id": TEXT, "state": words(DemandState), "due_on": _DAY})
NOTICE: Schema = shape(
    {
        "notice_id": TEXT,
        "carnet_id": TEXT,
        "field_id": TEXT,
        "made_at": INSTANT,
        "acknowledged_at": INSTANT_OR_NULL,
    }
)
NOTICES: Schema = shape({"items": several(NOTICE), "next": TEXT_OR_NULL})
ACKNOWLEDGED: Schema = shape({"notice_id": TEXT, "acknowledged": {"const": True}})

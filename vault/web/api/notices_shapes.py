"""The JSON Schemas of what a person wants to be told of."""

from vault.services.notices import NoticeMode
from vault.web.api.shapes import TEXT, TEXT_OR_NULL, TRUTH, Schema, shape, words

_REQUESTS: Schema = {"enum": [NoticeMode.NONE.value, NoticeMode.EACH.value]}

GRANT_NOTICES = shape({"grant_id": TEXT, "mode": words(NoticeMode), "reachable": TRUTH})
NOTICES = shape({"address": TEXT_OR_NULL, "awaiting": TEXT_OR_NULL, "requests": _REQUESTS})
CHOOSE: Schema = {
    "type": "object",
    "properties": {"mode": words(NoticeMode)},
    "required": ["mode"],
    "additionalProperties": False,
}
CHANGE: Schema = {
    "type": "object",
    "properties": {
        "address": {
            "description": "an address to prove, the one FranceConnect told, or (null) none",
            "anyOf": [
                {"enum": ["franceconnect", None]},
                {
                    "type": "object",
                    "properties": {"email": {"type": "string", "maxLength": 254}},
                    "required": ["email"],
                    "additionalProperties": False,
                },
            ],
        },
        "requests": _REQUESTS,
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
CONFIRM: Schema = {
    "type": "object",
    "properties": {"link": {"type": "string", "maxLength": 128}},
    "required": ["link"],
    "additionalProperties": False,
}

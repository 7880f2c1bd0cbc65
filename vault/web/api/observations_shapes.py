"""The JSON Schemas of what stands beside an entry."""

from vault.services.remarks import LONGEST
from vault.web.api.shapes import TEXT, Schema, shape

_WORDS: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}
OBSERVE: Schema = {
    "type": "object",
    "properties": {"text": _WORDS, "version": {"type": "integer", "minimum": 1}},
    "required": ["text"],
    "additionalProperties": False,
}
ANSWER: Schema = {
    "type": "object",
    "properties": {"text": _WORDS},
    "required": ["text"],
    "additionalProperties": False,
}
MAINTAIN: Schema = {
    "type": "object",
    "properties": {"text": {"type": "string", "maxLength": LONGEST}},
    "additionalProperties": False,
}
RETRACTED: Schema = shape({"observation_id": TEXT, "retracted": {"const": True}})

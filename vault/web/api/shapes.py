"""The JSON Schemas of the API: of every answer, and of every body, which is also checked with it.

One place for both, so that the OpenAPI document cannot say one thing and the routes do another. What
depends on the catalogue is added in openapi.py.
"""

from collections.abc import Iterable
from typing import Any

from schemas.names import (
    Agreement,
    AnswerKind,
    EntryState,
    GrantState,
    LegalBasis,
    MandateScope,
    Outcome,
    RemarkState,
    Right,
    Role,
    StructureKind,
    Word,
)
from vault.audit.events import ActorKind, Op

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
INSTANT: Schema = {"type": "string", "format": "date-time"}
INSTANT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TRUTH: Schema = {"type": "boolean"}
ANYTHING: Schema = {"description": "what the catalogue's schema of the field says"}
ID: Schema = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
COMPARTMENTS: Schema = {"type": "array", "items": TEXT}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def several(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def words(vocabulary: type[Word]) -> Schema:
    return {"type": "string", "enum": [word.value for word in vocabulary]}


def words_or_null(vocabulary: type[Word]) -> Schema:
    return {"enum": [*(word.value for word in vocabulary), None]}


def shape(properties: dict[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """An object with these members and no other."""
    missing = set(optional)
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in missing],
        "additionalProperties": False,
    }


def page_of(name: str) -> Schema:
    return shape({"items": several(ref(name)), "next": TEXT_OR_NULL})


REPLY = shape({"reply_id": TEXT, "text": TEXT, "author": TEXT, "said_at": INSTANT})
OBSERVATION = shape(
    {
        "observation_id": TEXT,
        "on_version": COUNT,
        "version_at": INSTANT,
        "text": TEXT,
        "author": TEXT,
        "said_at": INSTANT,
        "state": words(RemarkState),
        "replies": several(REPLY),
    }
)

ENTRY = shape(
    {
        "entry_id": TEXT,
        "field_id": TEXT,
        "value": ANYTHING,
        "answer": words(AnswerKind),
        "version": COUNT,
        "state": words(EntryState),
        "agreement": words(Agreement),
        "contested": TRUTH,
        "author": TEXT,
        "source": TEXT,
        "collected_at": INSTANT,
        "fresh_until": INSTANT,
        "observations": several(OBSERVATION),
    },
    optional=["fresh_until"],
)
SHARED_ENTRY = shape(
    {
        "entry_id": TEXT,
        "value": ANYTHING,
        "source": TEXT,
        "collected_at": INSTANT,
        "agreement": words(Agreement),
        "contested": TRUTH,
        "observations": several(OBSERVATION),
    }
)
FUNCTIONS = ["referent", "emergency"]  # whoever follows her; two professionals together, to protect a life
GRANTEE = shape(
    {"structure_id": TEXT, "professional_id": TEXT, "function": {"enum": FUNCTIONS}},
    optional=["structure_id", "professional_id", "function"],
)

ANSWERS: dict[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": TEXT,
            "status": {"type": "integer"},
            "errors": several(shape({"pointer": TEXT, "sentence": TEXT})),
            "current_version": COUNT,
        },
        "required": ["type", "title", "status"],
    },
    "TokenError": shape(
        {
            "error": {
                "enum": [
                    "invalid_request",
                    "invalid_client",
                    "invalid_dpop_proof",
                    "unsupported_grant_type",
                    "temporarily_unavailable",
                ]
            },
            "error_description": TEXT,
        }
    ),
    "Session": shape(
        {
            "kind": {"enum": ["person", "professional", "dpo", "mandate"]},
            "carnet_id": TEXT,
            "mandate_id": TEXT,
            "scopes": several(words(MandateScope)),
            "structure_id": TEXT,
            "professional_id": TEXT,
            "role": words(Role),
            "csrf_token": TEXT,
        },
        optional=["carnet_id", "mandate_id", "scopes", "structure_id", "professional_id", "role"],
    ),
    "CatalogueField": shape(
        {
            "field_id": TEXT,
            "label": TEXT,
            "question": TEXT_OR_NULL,
            "part": TEXT,
            "theme": TEXT,
            "sensitivity": several(TEXT),
            "collection": TRUTH,
            "schema": {"type": "object", "description": "JSON Schema 2020-12"},
        }
    ),
    "Purpose": shape(
        {
            "purpose_id": TEXT,
            "label": TEXT,
            "sentence": TEXT,
            "legal_basis": words(LegalBasis),
            "legal_text": TEXT_OR_NULL,
            "objection": TRUTH,
            "structure_kinds": several(words(StructureKind)),
            "fields": COMPARTMENTS,
            "max_days": COUNT,
        }
    ),
    "Entry": ENTRY,
    "Carnet": shape({"carnet_id": TEXT, "reference": TEXT, "entries": several(ref("Entry"))}),
    "Structure": shape({"structure_id": TEXT, "name": TEXT, "kind": words(StructureKind)}),
    "Grantee": GRANTEE,
    "GrantGiven": shape(
        {
            "grant_id": TEXT,
            "state": words(GrantState),
            "starts_at": INSTANT,
            "ends_at": INSTANT,
            "receipt_id": TEXT_OR_NULL,
        }
    ),
    "Grant": shape(
        {
            "grant_id": TEXT,
            "state": words(GrantState),
            "grantee": ref("Grantee"),
            "purpose_id": TEXT,
            "fields": COMPARTMENTS,
            "rights": several(words(Right)),
            "legal_basis": words(LegalBasis),
            "starts_at": INSTANT,
            "ends_at": INSTANT,
            "ended_at": INSTANT_OR_NULL,
        }
    ),
    "OwnGrant": {"anyOf": [ref("Grant"), ref("SpoiledGrant")]},
    "SpoiledGrant": shape(
        {
            "grant_id": TEXT,
            "state": {"const": GrantState.SUSPENDED.value},
            "grantee": {"type": "null"},
            "purpose_id": {"type": "null"},
            "fields": {"type": "array", "maxItems": 0},
            "rights": {"type": "array", "maxItems": 0},
            "legal_basis": {"type": "null"},
            "starts_at": {"type": "null"},
            "ends_at": {"type": "null"},
            "ended_at": {"type": "null"},
        }
    ),
    "ReceivedGrant": shape(
        {
            "grant_id": TEXT,
            "carnet_id": TEXT,
            "purpose_id": TEXT,
            "fields": COMPARTMENTS,
            "rights": several(words(Right)),
            "ends_at": INSTANT,
        }
    ),
    "Access": shape(
        {
            "access_id": TEXT,
            "at": INSTANT,
            "structure": TEXT_OR_NULL,
            "structure_id": TEXT_OR_NULL,
            "role": words_or_null(Role),
            "purpose_id": TEXT_OR_NULL,
            "fields": COMPARTMENTS,
            "legal_basis": words_or_null(LegalBasis),
            "grant_id": TEXT_OR_NULL,
            "outcome": words(Outcome),
            "log_index": COUNT,
            "own": TRUTH,
            "readable": TRUTH,
        }
    ),
    "SharedEntry": SHARED_ENTRY,
    "SharedFields": shape(
        {
            "carnet_id": TEXT,
            "purpose_id": TEXT,
            "access_id": TEXT,
            "at": INSTANT,
            "fields": {"type": "object", "additionalProperties": several(ref("SharedEntry"))},
        }
    ),
    "OverseenAccess": shape(
        {
            "access_id": TEXT,
            "at": INSTANT,
            "op": words(Op),
            "outcome": words(Outcome),
            "carnet_id": TEXT_OR_NULL,
            "reference": TEXT_OR_NULL,
            "actor": words_or_null(ActorKind),
            "professional_id": TEXT_OR_NULL,
            "client_id": TEXT_OR_NULL,
            "structure": TEXT_OR_NULL,
            "structure_id": TEXT_OR_NULL,
            "role": words_or_null(Role),
            "purpose_id": TEXT_OR_NULL,
            "fields": COMPARTMENTS,
            "legal_basis": words_or_null(LegalBasis),
            "grant_id": TEXT_OR_NULL,
            "log_index": COUNT,
        }
    ),
    "LogHealth": shape(
        {
            "size": COUNT,
            "checkpoint": {"anyOf": [shape({"size": COUNT, "at": INSTANT}), {"type": "null"}]},
            "cosignature": {"type": "null"},
            "verification": {
                "anyOf": [shape({"size": COUNT, "at": INSTANT, "sound": TRUTH}), {"type": "null"}]
            },
        }
    ),
    "Token": shape(
        {"access_token": TEXT, "token_type": {"enum": ["Bearer", "DPoP"]}, "expires_in": {"type": "integer"}}
    ),
    "Health": {
        "anyOf": [shape({"status": {"const": "ok"}}), shape({"status": {"const": "failing"}, "part": TEXT})]
    },
}

# --- bodies ----------------------------------------------------------------------------------------------

NOT_ANSWERED = [kind.value for kind in AnswerKind if kind is not AnswerKind.ANSWERED]

WRITE_FIELD: Schema = {
    "type": "object",
    "properties": {
        "value": ANYTHING,
        "answer": {"type": "string", "enum": NOT_ANSWERED},
        "version": {"type": "integer", "minimum": 0, "maximum": 2**31},
    },
    "additionalProperties": False,
    "oneOf": [{"required": ["value"]}, {"required": ["answer"]}],
}
CLOSE_CARNET: Schema = {  # said twice, so that no program closes a carnet by mistake
    "type": "object",
    "properties": {"for_real": {"const": True}},
    "required": ["for_real"],
    "additionalProperties": False,
}
CLOSED = shape({"closed": TRUTH, "blind_from": {"type": "string", "format": "date"}})
PATH: Schema = {
    "type": "object",
    "properties": {
        "format": {"const": "carnet/path/1"},
        "reference": TEXT,
        "made_at": {"type": "string", "format": "date-time"},
        "undertakings": several({"type": "object"}),
        "log": several({"type": "object"}),
        "checkpoint": TEXT_OR_NULL,
    },
    "required": ["format", "reference", "made_at", "undertakings", "log", "checkpoint"],
    "additionalProperties": False,
}
RIGHTS: Schema = {"type": "array", "items": words(Right), "minItems": 1, "uniqueItems": True}
GIVE_GRANT: Schema = {
    "type": "object",
    "properties": {
        "grantee": {
            "type": "object",
            "properties": {"structure_id": ID, "professional_id": ID, "function": {"enum": FUNCTIONS}},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
        "purpose_id": TEXT,
        "fields": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 500, "uniqueItems": True},
        "rights": RIGHTS,
        "days": {"type": "integer", "minimum": 1, "maximum": 365},
    },
    "required": ["grantee", "purpose_id", "fields", "days"],
    "additionalProperties": False,
}
NOTHING: Schema = {"type": "object", "maxProperties": 0}

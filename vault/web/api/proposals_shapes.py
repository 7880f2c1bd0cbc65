"""The JSON Schemas of proposals: what somebody would write, and what she answers."""

from schemas.names import AnswerKind
from vault.services.answering_proposals import Choice
from vault.services.proposing import LONGEST_SOURCE
from vault.web.api.shapes import (
    ANYTHING,
    COUNT,
    ID,
    INSTANT,
    NOT_ANSWERED,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Schema,
    ref,
    several,
    shape,
    words,
)

_VERSION: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31}

PROPOSE: Schema = {
    "type": "object",
    "properties": {
        "value": ANYTHING,
        "answer": {"type": "string", "enum": [one for one in NOT_ANSWERED if one != "not_discussed"]},
        "source": {"type": "string", "maxLength": LONGEST_SOURCE, "description": "how it is known"},
        "on_entry": {**ID, "description": "a new version of this entry, in a field that holds several"},
        "again": {**ID, "description": "in place of this proposal of one's own, which waits still"},
    },
    "additionalProperties": False,
    "oneOf": [{"required": ["value"]}, {"required": ["answer"]}],
}
PROPOSED = shape({"entry_id": ID, "state": {"const": "proposed"}})
OWN_PROPOSAL = shape(
    {
        "entry_id": ID,
        "field_id": TEXT,
        "on_entry": TEXT_OR_NULL,
        "state": {"enum": ["proposed", "answered"]},
        "value": ANYTHING,
        "answer": words(AnswerKind),
        "source": TEXT,
        "proposed_at": INSTANT,
    },
    optional=["value", "answer", "source"],
)
OWN_PROPOSALS = shape(
    {
        "carnet_id": TEXT,
        "purpose_id": TEXT,
        "access_id": TEXT,
        "at": INSTANT,
        "items": several(ref("OwnProposal")),
    }
)
PROPOSAL = shape(
    {
        "proposal_id": ID,
        "version": COUNT,
        "field_id": TEXT,
        "on_entry": TEXT_OR_NULL,
        "value": ANYTHING,
        "answer": words(AnswerKind),
        "source": TEXT,
        "structure_id": TEXT,
        "professional_id": TEXT_OR_NULL,
        "grant_id": TEXT,
        "proposed_at": INSTANT,
        "may_disagree": TRUTH,
    }
)
ANSWER_PROPOSAL: Schema = {
    "type": "object",
    "properties": {
        "choice": {"type": "string", "enum": [choice.value for choice in Choice]},
        "version": {**_VERSION, "description": "of the proposal, as she read it"},
        "seen_version": {**_VERSION, "description": "of what stands there, as she read it; 0: nothing"},
    },
    "required": ["choice", "version"],
    "additionalProperties": False,
}
AGREE: Schema = {
    "type": "object",
    "properties": {
        "proposals": {
            "type": "array",
            "minItems": 1,
            "maxItems": 200,
            "items": {
                "type": "object",
                "properties": {"proposal_id": ID, "version": _VERSION},
                "required": ["proposal_id", "version"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["proposals"],
    "additionalProperties": False,
}
PROPOSALS_ANSWERED = shape(
    {
        "proposals": several(ID),
        "choice": {"enum": [choice.value for choice in Choice]},
        "entries": several(ID),
    }
)

SHAPES: dict[str, Schema] = {
    "Propose": PROPOSE,
    "ProposedEntry": PROPOSED,
    "OwnProposal": OWN_PROPOSAL,
    "OwnProposals": OWN_PROPOSALS,
    "Proposal": PROPOSAL,
    "AnswerProposal": ANSWER_PROPOSAL,
    "AgreeToProposals": AGREE,
    "ProposalsAnswered": PROPOSALS_ANSWERED,
}

"""Rows and values as JSON documents: the shapes of shapes.py, filled. No decision, no look at a store."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse

from consent.grants import Grant, Grantee, GranteeKind
from schemas.fields import Catalogue, Compartment
from schemas.ids import CarnetId, GrantId, StructureId
from schemas.names import GrantState, RemarkState
from schemas.purposes import Purpose
from vault.audit.events import ActorKind, Op
from vault.carnet.entries import Entry, fresh_until
from vault.carnet.remarks import Observation
from vault.services.overseeing import LogHealth, OverseenEntry
from vault.services.own_carnet import Access, OwnCarnet
from vault.services.ports import StructureRow
from vault.services.reading import FieldsView

Document = dict[str, Any]
PAGE = 50


def answered(document: Document, status: int = 200) -> JSONResponse:
    return JSONResponse(document, status)


def instant(at: datetime) -> str:
    """RFC 3339, UTC, to the millisecond."""
    here = at if at.tzinfo is UTC else at.astimezone(UTC)
    return here.isoformat(timespec="milliseconds")[:-6] + "Z"


def instant_or_null(at: datetime | None) -> str | None:
    return instant(at) if at is not None else None


def page(items: Sequence[Document], following: str | None) -> Document:
    return {"items": list(items), "next": following}


# --- catalogue and frame ---------------------------------------------------------------------------------


def field_document(catalogue: Catalogue, compartment: Compartment) -> Document:
    field = catalogue.field(compartment.field_id)
    return {
        "field_id": compartment.id,
        "label": compartment.label,
        "question": field.question,
        "part": field.part,
        "theme": field.theme,
        "sensitivity": list(compartment.sensitivity),
        "collection": field.collection,
        "schema": compartment.schema,
    }


def purpose_document(purpose: Purpose) -> Document:
    return {
        "purpose_id": purpose.purpose_id,
        "label": purpose.label,
        "sentence": purpose.sentence,
        "legal_basis": purpose.legal_basis,
        "legal_text": purpose.legal_text,
        "objection": purpose.objection,
        "structure_kinds": list(purpose.structure_kinds),
        "fields": list(purpose.compartments),
        "max_days": purpose.max_days,
    }


# --- the person's ----------------------------------------------------------------------------------------


def entry_document(catalogue: Catalogue, entry: Entry) -> Document:
    body = entry.body
    told: Document = {
        "entry_id": entry.entry_id,
        "field_id": entry.field_id,
        "value": body.value,
        "answer": body.answer,
        "version": entry.version,
        "state": entry.state,
        "agreement": body.agreement,
        "contested": entry.contested,
        "author": body.author,
        "source": body.source,
        "collected_at": instant(body.collected_at),
        "observations": [observation_document(one) for one in entry.observations],
    }
    until = fresh_until(body.collected_at, catalogue.field(entry.field_id).fresh_days)
    return told | ({"fresh_until": instant(until)} if until is not None else {})


def observation_document(observation: Observation) -> Document:
    """An observation and the replies to it, as everybody who reads the entry gets them."""
    body, replies = observation.body, observation.replies
    state = RemarkState.PUBLISHED
    if replies:
        hers = replies[-1].body.author == body.author
        state = RemarkState.MAINTAINED if hers else RemarkState.ANSWERED
    return {
        "observation_id": observation.observation_id,
        "on_version": body.on_version,
        "version_at": instant(body.version_at),
        "text": body.text,
        "author": body.source,
        "said_at": instant(body.said_at),
        "state": state,
        "replies": [
            {
                "reply_id": one.remark_id,
                "text": one.body.text,
                "author": one.body.source,
                "said_at": instant(one.body.said_at),
            }
            for one in replies
        ],
    }


def carnet_document(catalogue: Catalogue, carnet: OwnCarnet) -> Document:
    return {
        "carnet_id": carnet.carnet.carnet_id,
        "reference": carnet.carnet.reference,
        "entries": [entry_document(catalogue, entry) for entry in carnet.entries],
    }


def grantee_document(grantee: Grantee, function: str | None = None) -> Document:
    """``function``: it was given to whoever is that, and to this one while he is."""
    if grantee.kind is GranteeKind.EMERGENCY:
        return {"function": str(grantee.kind)}
    told = {f"{grantee.kind}_id": grantee.id}
    return told | {"function": function} if function else told


def given_document(grant: Grant) -> Document:
    terms = grant.terms
    return {
        "grant_id": grant.id,
        "state": grant.state,
        "starts_at": instant(terms.starts_at),
        "ends_at": instant(terms.ends_at),
    }


def grant_document(grant: Grant) -> Document:
    terms = grant.terms
    return given_document(grant) | {
        "grantee": grantee_document(terms.grantee, terms.function),
        "purpose_id": terms.purpose_id,
        "fields": list(terms.compartments),
        "rights": list(terms.rights),
        "legal_basis": terms.legal_basis,
        "ended_at": instant_or_null(grant.ended_at),
    }


def spoiled_document(grant_id: GrantId) -> Document:
    """Its terms do not match any more: nobody reads by it, and with whom it was and of what nobody knows."""
    told = ("grantee", "purpose_id", "legal_basis", "starts_at", "ends_at", "ended_at")
    known = {"grant_id": grant_id, "state": GrantState.SUSPENDED, "fields": [], "rights": []}
    return {**known, **dict.fromkeys(told)}


def access_document(access: Access, structures: Mapping[StructureId, StructureRow]) -> Document:
    structure = structures.get(access.structure_id) if access.structure_id else None
    return {
        "access_id": str(access.no),
        "at": instant(access.at),
        "structure": structure.name if structure else None,
        "structure_id": access.structure_id,
        "role": access.role,
        "purpose_id": access.purpose_id,
        "fields": list(access.fields),
        "legal_basis": access.legal_basis,
        "grant_id": access.grant_id,
        "outcome": access.outcome,
        "log_index": access.no,
        "own": access.op is not Op.READ,
        "readable": access.readable,
    }


def structure_document(structure: StructureRow) -> Document:
    return {"structure_id": structure.structure_id, "name": structure.name, "kind": structure.kind}


# --- the grantee's ---------------------------------------------------------------------------------------


def received_document(grant: Grant) -> Document:
    terms = grant.terms
    return {
        "grant_id": grant.id,
        "carnet_id": terms.carnet_id,
        "purpose_id": terms.purpose_id,
        "fields": list(terms.compartments),
        "rights": list(terms.rights),
        "ends_at": instant(terms.ends_at),
    }


def shared_document(view: FieldsView) -> Document:
    """The hot answer: dictionaries and strings, nothing else."""
    return {
        "carnet_id": view.carnet_id,
        "purpose_id": view.purpose_id,
        "access_id": str(view.access_no),
        "at": instant(view.at),
        "fields": {
            compartment: [_shared_entry(entry) for entry in entries]
            for compartment, entries in view.fields.items()
        },
    }


def _shared_entry(entry: Entry) -> Document:
    body = entry.body
    return {
        "entry_id": entry.entry_id,
        "value": body.value,
        "source": body.source,
        "collected_at": instant(body.collected_at),
        "agreement": body.agreement,
        "contested": entry.contested,
        "observations": [observation_document(one) for one in entry.observations],
    }


# --- the data protection officer's -----------------------------------------------------------------------


def overseen_document(
    entry: OverseenEntry,
    structures: Mapping[StructureId, StructureRow],
    references: Mapping[CarnetId, str],
) -> Document:
    """What expired or was erased is null."""
    about, actor = entry.about, entry.actor
    carnet_id = about.carnet_id if about else None
    structure_id = (about.structure_id if about else None) or (actor.structure_id if actor else None)
    structure = structures.get(structure_id) if structure_id else None
    return {
        "access_id": str(entry.no),
        "at": instant(entry.at),
        "op": entry.op,
        "outcome": entry.outcome,
        "carnet_id": carnet_id,
        "reference": references.get(carnet_id) if carnet_id else None,
        "actor": actor.kind if actor else None,
        "professional_id": actor.id if actor and actor.kind is ActorKind.PROFESSIONAL else None,
        "client_id": actor.id if actor and actor.kind is ActorKind.CLIENT else None,
        "structure": structure.name if structure else None,
        "structure_id": structure_id,
        "role": (about.role if about else None) or (actor.role if actor else None),
        "purpose_id": about.purpose_id if about else None,
        "fields": list(about.fields) if about else [],
        "legal_basis": about.legal_basis if about else None,
        "grant_id": about.grant_id if about else None,
        "log_index": entry.no,
    }


def health_document(health: LogHealth) -> Document:
    checkpoint = verification = None
    if health.checkpoint_size is not None and health.checkpoint_at is not None:
        checkpoint = {"size": health.checkpoint_size, "at": instant(health.checkpoint_at)}
    if health.verified_at is not None and health.verified_size is not None:
        sound = bool(health.sound)
        verification = {"size": health.verified_size, "at": instant(health.verified_at), "sound": sound}
    return {"size": health.size, "checkpoint": checkpoint, "cosignature": None, "verification": verification}

"""Somebody asks a person to share. Whatever becomes of it, he is told the same, after the same work.

A request reaches her when there is such a carnet, open; no pause stands; the same structure was not refused
for the same purpose in the last 90 days and has nothing for it waiting; and he is her référent if he asks as
such. Else one row that nobody will see, about a carnet that does not exist, takes the same time to write, and
one denied entry says that he tried: in her journal when the carnet is hers.

Why he asks is sealed to her: under a key of its own, which only her own secret opens, bound to the digest of
what is asked. The public key for that is a row of K, so whoever writes in D alone makes no request.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from consent.grants import Grantee
from consent.lifecycle import By, Facts, LifecycleError, Move, after
from consent.requests import (
    ANSWER_WITHIN,
    LONGEST_REASON,
    SHORTEST_REASON,
    Past,
    RequestError,
    RequestTerms,
    refused_last,
    waits_already,
)
from schemas.ids import CarnetId, CompartmentId, ProfessionalId, PurposeId, RequestId, new_id
from schemas.names import GrantState, Outcome
from schemas.purposes import EMERGENCY_PURPOSE, Purpose, UnknownPurposeError
from vault.audit.events import AboutContent, ActorKind, Op
from vault.crypto import GranteeKeyPair, box_place, seal_box, seal_small
from vault.services.bindings import in_force, to_the_millisecond
from vault.services.journal import Actor, agents_of, draft
from vault.services.key_sources import Journals
from vault.services.parts import Parts
from vault.services.pausing import is_paused
from vault.services.ports import Work
from vault.services.reading import Reader
from vault.services.receipts import Asked, of_request
from vault.services.referents import REFERENT, current_referent
from vault.services.sharing import GrantRefusedError
from vault.services.sharing_rows import RequestRow
from vault.services.tokens import client_of

UNSEEN_FOR = timedelta(days=1)
READ_AT_LEAST = 4  # requests read before an answer, however few a carnet was ever asked
FOR_STRUCTURE, FOR_ME, FOR_REFERENT = "structure", "me", REFERENT


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked. The carnet by its id or by its number (already read); neither: nobody's."""

    carnet_id: CarnetId | None
    reference: str | None
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]
    days: int
    reason: str = field(repr=False)
    receiver: str | None = None  # structure, me or referent; None: a system's structure, a professional


def ask_to_share(parts: Parts, reader: Reader, demand: Demand) -> RequestId:
    """Raises GrantRefusedError for what concerns the request alone; nothing else is ever told."""
    checked = _checked(parts, reader, demand)
    receiver = _receiver(reader, demand)
    now = to_the_millisecond(parts.now())
    wanted = demand.carnet_id or _numbered(parts, demand.reference)
    found = parts.data.carnet(wanted)
    box = parts.rows.rows([("box", wanted)]).get(("box", wanted))
    referent = current_referent(parts, wanted)
    shown = found is not None and found.open and box is not None and box.public is not None
    if receiver == FOR_REFERENT:
        shown = shown and referent is not None and referent.professional_id == reader.actor.id
    terms = RequestTerms(
        request_id=RequestId(new_id()),
        carnet_id=wanted if shown else CarnetId(new_id()),
        grantee=_grantee(reader, receiver),
        structure_id=reader.structure_id,
        asked_by=reader.actor.id,
        asked_by_system=reader.actor.kind is ActorKind.CLIENT,
        compartments=tuple(sorted(set(demand.compartments))),
        purpose_id=demand.purpose_id,
        days=demand.days,
        asked_at=now,
        catalogue_version=parts.catalogue.version,
        frame_version=parts.frame.version,
        function=REFERENT if receiver == FOR_REFERENT else None,
    )
    public = box.public if box is not None and box.public is not None else nobodys_box()
    row = _row(parts, terms, " ".join(demand.reason.split()), public)
    journals = parts.journal_keys.load(now=now, carnets=[wanted], agents=agents_of(reader.actor))
    with parts.data.change() as work:
        rows = work.requests_of(wanted)
        past_of([row] * (READ_AT_LEAST - len(rows)))  # as much to read where nobody ever asked
        allowed = _may_ask(parts, rows, terms, checked, work.now) and shown and _stands(parts, reader)
        _store(work, parts, wanted, row, terms, journals, reader.actor, shown=allowed)
        work.commit()
    return terms.request_id


def _stands(parts: Parts, reader: Reader) -> bool:
    """Whether who asks is still in force, under the lock."""
    if reader.actor.client_id is not None:
        return client_of(parts, reader.actor.client_id) is not None
    row = parts.data.habilitation(ProfessionalId(reader.actor.id))
    return row is not None and in_force(parts, row)


def _numbered(parts: Parts, reference: str | None) -> CarnetId:
    """The carnet of this number, or one that does not exist."""
    found = parts.data.carnet_numbered(reference or "")
    return found or CarnetId(new_id())


def _checked(parts: Parts, reader: Reader, demand: Demand) -> Purpose:
    """What the frame lets this structure ask for. Raises GrantRefusedError."""
    try:
        purpose = parts.frame.purpose(demand.purpose_id)
    except UnknownPurposeError:
        raise GrantRefusedError("/purpose_id", "Cet usage n’est pas dans le cadre.") from None
    if purpose.purpose_id == EMERGENCY_PURPOSE or reader.structure_kind not in purpose.structure_kinds:
        raise GrantRefusedError("/purpose_id", "Votre organisme ne peut pas demander pour cela.")
    if not demand.compartments:
        raise GrantRefusedError("/fields", "Choisissez au moins une information.")
    allowed = frozenset(purpose.compartments)
    for place, one in enumerate(demand.compartments):
        if one not in allowed:
            raise GrantRefusedError(f"/fields/{place}", "Cette information n’est pas prévue pour cela.")
    if not 1 <= demand.days <= purpose.max_days:
        raise GrantRefusedError("/days", f"La durée doit être entre 1 et {purpose.max_days} jours.")
    reason = " ".join(demand.reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        sentence = f"Dites pourquoi, en {SHORTEST_REASON} à {LONGEST_REASON} caractères."
        raise GrantRefusedError("/reason", sentence)
    return purpose


def _receiver(reader: Reader, demand: Demand) -> str:
    system = reader.actor.kind is ActorKind.CLIENT
    receiver = demand.receiver or (FOR_STRUCTURE if system else FOR_ME)
    if receiver not in (FOR_STRUCTURE, FOR_ME, FOR_REFERENT) or (system and receiver != FOR_STRUCTURE):
        raise GrantRefusedError("/for", "Un système demande pour sa structure.")
    return receiver


def _grantee(reader: Reader, receiver: str) -> Grantee:
    if receiver == FOR_ME:
        return Grantee.professional(ProfessionalId(reader.actor.id))
    return Grantee.structure(reader.structure_id)


def _may_ask(
    parts: Parts, rows: Sequence[RequestRow], terms: RequestTerms, purpose: Purpose, now: datetime
) -> bool:
    """Under the lock: what was refused, paused or asked in the meantime counts."""
    past = past_of(rows)
    same = (terms.structure_id, terms.purpose_id)
    facts = Facts(
        habilitated=not waits_already(past, *same),
        asked=frozenset(terms.compartments),
        allowed=frozenset(purpose.compartments),
        refused_at=refused_last(past, *same),
        paused=is_paused(parts, terms.carnet_id, now),
    )
    try:
        return after(GrantState.DRAFT, Move.ASK, By.ASKER, now, facts) is GrantState.REQUESTED
    except LifecycleError:
        return False


def past_of(rows: Sequence[RequestRow]) -> list[Past]:
    """What was asked before, as the terms say it; what does not read was not asked."""
    past = []
    for row in rows:
        with suppress(RequestError):
            terms = RequestTerms.from_bytes(row.terms)
            past.append(Past(terms.structure_id, terms.purpose_id, row.state, row.answered_at))
    return past


def _store(
    work: Work,
    parts: Parts,
    wanted: CarnetId,
    row: RequestRow,
    terms: RequestTerms,
    journals: Journals,
    actor: Actor,
    *,
    shown: bool,
) -> None:
    """One row, one entry, one receipt, whoever will see them."""
    about = AboutContent(
        carnet_id=wanted if journals.journal(wanted) else None,
        structure_id=terms.structure_id,
        role=actor.role,
        purpose_id=terms.purpose_id,
        legal_basis=parts.frame.purpose(terms.purpose_id).legal_basis,
        fields=terms.compartments,
        request_id=terms.request_id if shown else None,
    )
    entry = work.append(
        draft(
            Op.REQUEST,
            Outcome.GRANTED if shown else Outcome.DENIED,
            journals=journals,
            actor=actor,
            carnet_id=wanted,
            about=about,
            random=parts.random,
            field_count=len(terms.compartments),
        )
    )
    work.add_request(row if shown else unseen(row))
    of_request(work, parts, Op.REQUEST, asked_of(terms), journals, actor, entry, shown=shown)


def unseen(row: RequestRow) -> RequestRow:
    """The same weight, for nobody: about a carnet that does not exist, gone after a day."""
    return RequestRow(
        CarnetId(new_id()),
        row.request_id,
        row.grantee,
        row.purpose_id,
        GrantState.DRAFT,
        row.asked_at,
        row.asked_at + UNSEEN_FOR,
        None,
        None,
        row.terms,
        row.sealed,
    )


def asked_of(terms: RequestTerms) -> Asked:
    """As a receipt tells it."""
    return Asked(
        terms.carnet_id,
        terms.request_id,
        terms.structure_id,
        terms.purpose_id,
        terms.compartments,
        terms.asked_at,
    )


def _row(parts: Parts, terms: RequestTerms, reason: str, public: bytes) -> RequestRow:
    exact, key = terms.to_bytes(), parts.random(32)
    place = place_of(parts, terms)
    box = seal_box(key, public_key=public, place=place)
    sealed = len(box).to_bytes(4) + box + seal_small(reason.encode(), secret=key, place=place)
    return RequestRow(
        terms.carnet_id,
        terms.request_id,
        terms.grantee,
        terms.purpose_id,
        GrantState.REQUESTED,
        terms.asked_at,
        terms.asked_at + ANSWER_WITHIN,
        None,
        None,
        exact,
        sealed,
    )


def place_of(parts: Parts, terms: RequestTerms) -> bytes:
    """What the seal of the reason is bound to: this very request, in this carnet, here."""
    name = f"request {terms.request_id} {sha256(terms.to_bytes()).hexdigest()}"
    return box_place(parts.instance, terms.carnet_id, name)


@lru_cache(maxsize=1)
def nobodys_box() -> bytes:
    """A public key nobody has the seed of, so that asking about no carnet costs the same."""
    return GranteeKeyPair.generate().public

"""Receipts: the signed proof a person is given of each move of a share, and of each demand to share.

Made in the transaction of the move, under the head lock, right after its entry, whose index it names; kept
sealed under J_p, so that it dies with the carnet, and signed by ("signing", "receipt") of K. Each names the
one before it by its digest. What is wrong with a former receipt, or with the signing key, never keeps a
person from stopping: the move then stands with its entry alone. Who looks at them: ``receipts_kept``.
"""

from base64 import b32encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from consent import receipts as words
from consent.grants import Grant
from consent.receipts import Body, Happening, Moved, Shared, Subject
from consent.records27560 import Record, RecordError
from schemas.fields import UnknownFieldError
from schemas.ids import CarnetId, CompartmentId, GrantId, PurposeId, ReceiptId, RequestId, StructureId, new_id
from schemas.names import LegalBasis, Role, StructureKind
from schemas.purposes import UnknownPurposeError
from vault.audit.events import ActorKind, Op
from vault.crypto import (
    CryptoError,
    JournalSecret,
    open_receipt,
    person_pseudonym,
    receipt_digest,
    receipt_place,
    receipt_public,
    seal_receipt,
    sign_receipt,
    unseal_receipt,
)
from vault.services.journal import Actor
from vault.services.key_sources import Journals, KeyGoneError, KeyRows, Random
from vault.services.parts import Parts
from vault.services.ports import Appended, SecretName, SecretRow, Work
from vault.services.sharing_rows import ReceiptRow

SIGNING: SecretName = ("signing", "receipt")
STRAY_AGE = timedelta(days=1)
GONE = "Un organisme qui n’est plus inscrit"
MOVES = {
    Op.REQUEST: Moved.ASKED,
    Op.DEFER: Moved.DEFERRED,
    Op.REFUSE: Moved.REFUSED,
    Op.LAPSE: Moved.LAPSED,
    Op.GRANT: Moved.GRANTED,
    Op.WITHDRAW: Moved.WITHDRAWN,
    Op.REVOKE: Moved.REVOKED,
    Op.EXPIRE: Moved.EXPIRED,
    Op.INVALIDATE: Moved.INVALIDATED,
    Op.REPLACE: Moved.REPLACED,
    Op.SUSPEND: Moved.SUSPENDED,
    Op.RESUME: Moved.RESUMED,
}
# What gives must be proven; what stops is done whatever becomes of its proof.
_MUST_BE_PROVEN = frozenset({Moved.GRANTED, Moved.RENEWED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked, as a receipt tells it. ``basis``: None, that of the purpose in the frame."""

    carnet_id: CarnetId
    request_id: RequestId
    structure_id: StructureId
    purpose_id: PurposeId
    compartments: tuple[CompartmentId, ...]
    asked_at: datetime
    basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt, opened and checked. ``jws``: the very bytes she is given."""

    row: ReceiptRow
    jws: bytes = field(repr=False)
    record: Record = field(repr=False)

    @property
    def receipt_id(self) -> ReceiptId:
        return self.row.receipt_id

    @property
    def moved(self) -> Moved:
        return words.moved_of(self.record)


# --- making ----------------------------------------------------------------------------------------------


def of_move(
    work: Work,
    parts: Parts,
    op: Op,
    grant: Grant,
    structure_id: StructureId | None,
    journals: Journals,
    actor: Actor,
    entry: Appended,
    *,
    reason: str | None = None,
    request_id: RequestId | None = None,
    replaced_by: GrantId | None = None,
    replaces: Sequence[Grant] = (),
) -> ReceiptId | None:
    """The receipt of what became of ``grant``; called by ``grant_moves.note_move`` alone. None when none
    could be made: no key to sign with, or the carnet is erased. Raises KeyGoneError for a grant given."""
    terms, moved = grant.terms, _moved(op, grant, replaces)
    journal = journals.journal(terms.carnet_id)
    if journal is None:
        return None
    told = Happening(
        moved=moved,
        at=work.now,
        by=_by(actor, parts, journal),
        index=entry.no,
        until=terms.ends_at if moved in _MUST_BE_PROVEN else None,
        method=terms.consent_record if moved in _MUST_BE_PROVEN else "",
        reason=reason or "",
        grant_id=terms.grant_id,
        request_id=request_id or "",
        replaced_by=replaced_by or "",
        replaces=tuple(old.id for old in replaces),
    )
    subject = _subject(parts, journal, structure_id, terms.purpose_id, terms.legal_basis, terms.compartments)
    place = _Place(terms.carnet_id, terms.grant_id, request_id)
    given = replace(
        told, moved=Moved.GRANTED, at=terms.starts_at, until=terms.ends_at, method=terms.consent_record
    )
    given = replace(given, by=_pseudonym(journal), reason="")
    return _make(work, parts, place, journal, subject, told, given=given)


def of_request(
    work: Work,
    parts: Parts,
    op: Op,
    asked: Asked,
    journals: Journals,
    actor: Actor,
    entry: Appended,
    *,
    shown: bool = True,
) -> ReceiptId | None:
    """The receipt of a move of a demand: REQUEST, DEFER, REFUSE, LAPSE. Under the head lock, after
    ``work.append`` gave ``entry``. (Accepting is a move of the grant: give ``request_id`` to the ``Wish``.)

    ``shown`` False: nobody will ever see this demand (refused lately, paused, a carnet unknown). The same
    work is then done about nobody, and swept a day later, so that whoever asks cannot tell by the clock."""
    journal = journals.journal(asked.carnet_id)
    carnet_id = asked.carnet_id
    if not shown or journal is None:
        journal, carnet_id = JournalSecret(parts.random(32)), CarnetId(new_id())
    told = Happening(
        moved=MOVES[op],
        at=work.now,
        by=_by(actor, parts, journal),
        index=entry.no,
        request_id=asked.request_id,
    )
    basis = asked.basis or _basis(parts, asked.purpose_id)
    subject = _subject(parts, journal, asked.structure_id, asked.purpose_id, basis, asked.compartments)
    place = _Place(carnet_id, None, asked.request_id)
    return _make(work, parts, place, journal, subject, told)


@dataclass(frozen=True, slots=True)
class _Place:
    carnet_id: CarnetId
    grant_id: GrantId | None
    request_id: RequestId | None


def _make(
    work: Work,
    parts: Parts,
    place: _Place,
    journal: JournalSecret,
    subject: Subject,
    told: Happening,
    *,
    given: Happening | None = None,
) -> ReceiptId | None:
    """``given``: how the share was given, for one of which no receipt is left."""
    seed = parts.rows.load([SIGNING]).get(SIGNING)
    if seed is None:
        if told.moved in _MUST_BE_PROVEN:
            raise KeyGoneError("signing")
        return None
    record_id = UUID(bytes=parts.random(16), version=4)
    receipt_id = ReceiptId(b32encode(record_id.bytes).decode().rstrip("=").lower())
    before = work.last_receipt(place.carnet_id, place.grant_id, place.request_id)
    former = opened(parts, before, journal, [receipt_public(seed)]) if before else None
    anew, keeper = told.moved in _MUST_BE_PROVEN, parts.keeper
    if former is not None and before is not None:
        record = words.following(
            record_id, former.record, before.digest, keeper, told, subject if anew else None
        )
    elif given is not None and not anew:
        past = words.first(record_id, subject, keeper, given)
        record = words.following(record_id, past, b"", keeper, told, None)
    else:
        record = words.first(record_id, subject, keeper, told)
    jws = sign_receipt(words.payload(record), seed=seed)
    sealed_for = receipt_place(parts.instance, place.carnet_id, receipt_id)
    work.add_receipt(
        ReceiptRow(
            carnet_id=place.carnet_id,
            receipt_id=receipt_id,
            grant_id=place.grant_id,
            request_id=place.request_id,
            leaf=told.index,
            made_at=told.at,
            digest=receipt_digest(jws),
            sealed=seal_receipt(jws, journal=journal, place=sealed_for, random=parts.random),
        )
    )
    return receipt_id


def _moved(op: Op, grant: Grant, replaces: Sequence[Grant]) -> Moved:
    same = {old.terms.compartments for old in replaces} == {grant.terms.compartments}
    return Moved.RENEWED if op is Op.GRANT and same else MOVES[op]


def _by(actor: Actor, parts: Parts, journal: JournalSecret) -> str:
    """Who did it, without a name: the person, who acts for her, a structure, or whoever keeps the carnet."""
    if actor.mandate_id is not None:
        return f"urn:carnet:mandate:{actor.mandate_id}"
    if actor.kind is ActorKind.PERSON:
        return _pseudonym(journal)
    if actor.structure_id is not None and actor.role is not Role.DPO:
        return f"urn:carnet:structure:{actor.structure_id}"
    return f"urn:carnet:instance:{parts.keeper.origin}"


def _pseudonym(journal: JournalSecret) -> str:
    return f"urn:carnet:person:{person_pseudonym(journal)}"


def _subject(
    parts: Parts,
    journal: JournalSecret,
    structure_id: StructureId | None,
    purpose_id: PurposeId,
    basis: LegalBasis,
    compartments: Sequence[CompartmentId],
) -> Subject:
    row = parts.data.structure(structure_id) if structure_id else None
    try:
        purpose = parts.frame.purpose(purpose_id)
        label, text, objection = purpose.label, purpose.legal_text or "", purpose.objection
    except UnknownPurposeError:
        label, text, objection = purpose_id, "", basis is LegalBasis.PUBLIC_TASK
    return Subject(
        pseudonym=_pseudonym(journal),
        body=Body(
            structure_id or "gone", row.name if row else GONE, row.kind if row else StructureKind.AUTRE
        ),
        purpose_id=purpose_id,
        purpose_label=label,
        basis=basis,
        legal_text=text,
        objection=objection,
        shared=[_shared(parts, one) for one in compartments],
        notice_version=parts.notice_version,
        catalogue_version=parts.catalogue.version,
        frame_version=parts.frame.version,
    )


def _basis(parts: Parts, purpose_id: PurposeId) -> LegalBasis:
    try:
        return parts.frame.purpose(purpose_id).legal_basis
    except UnknownPurposeError:
        return LegalBasis.CONSENT


def _shared(parts: Parts, compartment_id: CompartmentId) -> Shared:
    try:
        found = parts.catalogue.compartment(compartment_id)
        term = parts.catalogue.field(found.field_id).dpv
    except UnknownFieldError:
        return Shared(compartment_id, compartment_id)
    sensitive = bool({"S", "T", "9", "9i"} & set(found.sensitivity))
    return Shared(compartment_id, found.label, term, sensitive=sensitive, special=found.special)


# --- what is kept, opened ---------------------------------------------------------------------------------


def opened(parts: Parts, row: ReceiptRow, journal: JournalSecret, keys: Collection[bytes]) -> Receipt | None:
    """None for a row that was spoiled, moved, or signed by another key than one of ``keys``."""
    try:
        place = receipt_place(parts.instance, row.carnet_id, row.receipt_id)
        jws = unseal_receipt(row.sealed, journal=journal, place=place)
        if receipt_digest(jws) != row.digest:
            return None
        signed = open_receipt(jws)
        record = words.record_of(signed.payload)
        words.moved_of(record)
        told = (words.index_of(record), record.events[-1].time)
    except (CryptoError, RecordError):
        return None
    if told != (row.leaf, row.made_at):
        return None  # a row that says another day, or another entry, than what was signed
    return Receipt(row, jws, record) if signed.public in keys else None


def public_keys(parts: Parts) -> Collection[bytes]:
    """Every key that ever signed a receipt here: the one that signs now."""
    seed = parts.rows.load([SIGNING]).get(SIGNING)
    return [] if seed is None else [receipt_public(seed)]


def signing_row(rows: KeyRows, random: Random) -> SecretRow:
    """A new key to sign receipts with; not stored."""
    seed = random(32)
    return rows.make(*SIGNING, seed, public=receipt_public(seed))


def drop_strays(parts: Parts) -> int:
    """What was made about nobody, a day ago."""
    before = parts.now() - STRAY_AGE
    if not parts.data.stray_receipts(before):
        return 0
    with parts.data.change() as work:
        done = work.drop_stray_receipts(before)
        work.commit()
    return done

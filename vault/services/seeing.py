"""She sees what her readers see: before she shares, and at any time after.

Not her own values dressed as theirs: the grant's own keys open them. G_g comes from her wrap of it (or was
made a moment ago, in memory, and is never stored), Q_g from K, the field keys from the wraps of the grant,
and ``open_fields`` opens, after the same decision, narrowed to what holds a value. What a broken wrap, a
frame that changed or a reader who left would keep from him is missing here too.

One thing only his own key could show: terms altered together in D. She has no seed of his, by design.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from consent.decisions import Allowed
from consent.grants import GranteeKind
from schemas.ids import CarnetId, GrantId, ProfessionalId, StructureId
from schemas.inference import Guess, guesses
from schemas.names import Outcome, Role, StructureKind
from vault.audit.events import AboutContent, ActorKind, Op
from vault.carnet.entries import EntryBrokenError
from vault.crypto import CryptoError, GrantKey, GrantSecret, owner_grant_place, owner_wrapping_key, unwrap_key
from vault.services.entries import open_fields
from vault.services.journal import Actor, draft
from vault.services.key_sources import OwnerAccess, OwnerSecrets, ReaderSecrets
from vault.services.parts import Parts
from vault.services.ports import (
    Appended,
    Draft,
    GrantKeyRow,
    GrantRow,
    ReadTicket,
    Recheck,
    RecordHead,
    RecordRow,
)
from vault.services.reading import FieldsView, Reader, SharedRead, ask_of, decision_on, held_heads
from vault.services.sharing import Wish, check_wish, make_grant
from vault.services.stopping import NoSuchGrantError
from vault.services.structures import structure_behind, structure_of
from vault.services.writing import CarnetClosedError, owner_secrets

LOOKS = 5  # at keys that change while she looks


class Unseen(StrEnum):
    """Why the reader's page would hold nothing of hers."""

    CLOSED = "closed"  # the decision refuses him: it ended, stands still, or nobody may read by it now
    BROKEN = "broken"  # what is stored does not open


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader by this grant gets: his very view, or why there is none. ``access_no``: the entry of the
    log that says she looked."""

    grant: GrantRow
    access_no: int
    view: FieldsView | None
    why: Unseen | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """A grant with what opens it, as one look at both stores found them."""

    row: GrantRow
    secret: GrantSecret | None
    wraps: Sequence[GrantKeyRow] | None = None  # None: those that D holds


def see_before(parts: Parts, owner: OwnerAccess, wish: Wish, *, actor: Actor) -> Seen:
    """What whoever she would share with would see at once, by a grant that is made and thrown away. One
    ``read_own`` entry. Raises GrantRefusedError, CarnetClosedError, LogUnavailableError."""
    check_wish(parts, wish)

    def made() -> _Look:
        whole = make_grant(parts, owner, wish, owner_secrets(parts, owner), parts.now())
        return _Look(whole.row, whole.opened, whole.keys)

    return _see(parts, owner, made, actor)


def see_now(parts: Parts, owner: OwnerAccess, grant_id: GrantId, *, actor: Actor) -> Seen:
    """What the reader by one of her grants would see now. One ``read_own`` entry. Raises NoSuchGrantError,
    CarnetClosedError, LogUnavailableError."""

    def stored() -> _Look:
        row = next((one for one in parts.data.grants_of(owner.carnet_id) if one.grant.id == grant_id), None)
        if row is None:
            raise NoSuchGrantError("no such grant in this carnet")
        return _Look(row, parts.owner_keys.grants(owner, [grant_id]).get(grant_id))

    return _see(parts, owner, stored, actor)


def guesses_of(parts: Parts, seen: Seen) -> tuple[Guess, ...]:
    """What could be guessed from it, now or as soon as she writes what is still empty."""
    grant = seen.grant.grant
    shown = seen.view.fields if seen.view else {}
    values = {name: [entry.body.value for entry in entries] for name, entries in shown.items()}
    structure_id = structure_behind(parts, grant.terms.grantee)
    structure = parts.data.structure(structure_id) if structure_id else None
    return guesses(
        parts.catalogue,
        grant.terms.compartments,
        values,
        sensitive_grantee=structure is not None and structure.sensitive,
    )


def _see(parts: Parts, owner: OwnerAccess, look: Callable[[], _Look], actor: Actor) -> Seen:
    found = look()
    allowed, held = _decided(parts, owner.carnet_id, found.row)
    receipt = _append(parts, owner, found.row, sorted({head.compartment for head in held}), actor)
    if allowed is None or found.secret is None:
        return Seen(found.row, receipt.no, None, Unseen.CLOSED)
    narrowed = replace(allowed, compartments=allowed.compartments & {head.compartment for head in held})
    view, torn = None, True
    for _ in range(LOOKS):
        try:
            view, torn = _opened(parts, receipt, owner_secrets(parts, owner), narrowed, found)
        except (CryptoError, EntryBrokenError, PermissionError):
            view = None
        if view is not None and not torn:
            break
        found = look()  # a key that changes between two statements is seen half old, half new
    return Seen(found.row, receipt.no, view, None if view else Unseen.BROKEN)


def _decided(parts: Parts, carnet_id: CarnetId, row: GrantRow) -> tuple[Allowed | None, Sequence[RecordHead]]:
    """The decision a read of his would get, with this one grant, and the records it would open."""
    terms = row.grant.terms
    reader = _reader(parts, row)
    if reader is None:
        return None, ()
    try:
        asked = parts.frame.purpose(terms.purpose_id).compartments
    except KeyError:  # the frame names this purpose no more
        return None, ()
    read = SharedRead(reader, carnet_id, terms.purpose_id, asked)
    (facts,) = parts.data.read_facts([ask_of(read)])
    if terms.grantee.kind is GranteeKind.STRUCTURE:
        facts = replace(facts, caller_live=True)  # whichever of its systems and members asks
    decision = decision_on(parts, read, replace(facts, grants=[row]), parts.now())
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journal(carnet_id)
    if not isinstance(decision, Allowed) or journal is None:
        return None, ()
    return decision, held_heads(facts.heads, decision, journal)


def _reader(parts: Parts, row: GrantRow) -> Reader | None:
    """He who reads by this grant, for the decision alone: his keys are never asked for."""
    grantee = row.grant.terms.grantee
    told: tuple[StructureId, StructureKind] | None = structure_of(parts, grantee)
    if told is None:
        return None
    actor, role = Actor(ActorKind.CLIENT, structure_id=told[0]), None
    if grantee.kind is GranteeKind.PROFESSIONAL:
        role = _role(parts, ProfessionalId(grantee.id))
        actor = Actor(ActorKind.PROFESSIONAL, grantee.id, told[0], role)
    return Reader(actor, *told, (grantee,))


def _role(parts: Parts, professional_id: ProfessionalId) -> Role | None:
    habilitation = parts.data.habilitation(professional_id)
    return habilitation.role if habilitation else None


def _opened(
    parts: Parts, receipt: Appended, secrets: OwnerSecrets, allowed: Allowed, look: _Look
) -> tuple[FieldsView, bool]:
    """His view, and whether a record stands under a field key that this look has not: then it is torn, or a
    wrap is gone, and he would not get that information. Raises CryptoError, EntryBrokenError."""
    row, terms = look.row, look.row.grant.terms
    ((records, stored),) = parts.data.sealed_fields([(terms.carnet_id, terms.grant_id, allowed.compartments)])
    wraps = stored if look.wraps is None else look.wraps
    key = GrantKey(
        unwrap_key(
            row.owner_wrap,
            under=owner_wrapping_key(secrets.own),
            place=owner_grant_place(parts.instance, terms.carnet_id, terms.grant_id),
        )
    )
    fields = open_fields(
        receipt,
        ReaderSecrets(shred=secrets.shred, grant=look.secret, seed=b""),  # no seed: G_g is her own copy
        allowed,
        grant=row,
        records=records,
        wraps=wraps,
        instance=parts.instance,
        open_key=lambda _sealed, _seed, _terms: key,
    )
    view = FieldsView(terms.carnet_id, terms.purpose_id, receipt.no, receipt.at, row, fields)
    return view, _torn(records, wraps, allowed)


def _torn(records: Sequence[RecordRow], wraps: Sequence[GrantKeyRow], allowed: Allowed) -> bool:
    known = {(wrap.compartment, wrap.epoch) for wrap in wraps}
    return any(
        (row.head.compartment, row.head.epoch) not in known
        for row in records
        if row.head.compartment in allowed.compartments
    )


def _append(parts: Parts, owner: OwnerAccess, row: GrantRow, fields: Sequence[str], actor: Actor) -> Appended:
    """The entry: she looked, through this grant. Raises CarnetClosedError, LogUnavailableError."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    if journals.journal(owner.carnet_id) is None:
        raise CarnetClosedError("this carnet is closed")
    terms = row.grant.terms
    about = AboutContent(
        carnet_id=owner.carnet_id,
        purpose_id=terms.purpose_id,
        grant_id=terms.grant_id,
        fields=tuple(one for one in terms.compartments if one in fields),
    )

    def entry(out: Outcome) -> Draft:
        return draft(
            Op.READ_OWN,
            out,
            journals=journals,
            actor=actor,
            carnet_id=owner.carnet_id,
            about=about,
            random=parts.random,
            field_count=len(about.fields),
        )

    ticket = ReadTicket(entry(Outcome.GRANTED), Recheck(owner.carnet_id, None), lambda: entry(Outcome.DENIED))
    (receipt,) = parts.data.append_reads([ticket])
    if receipt.out is not Outcome.GRANTED:
        raise CarnetClosedError("this carnet is closed")
    return receipt

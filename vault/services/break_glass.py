"""To protect a life, two professionals of a structure open, for minutes, what the person let be read.

- Nothing unless the frame says so *and* she chose it before: a grant of hers, like any other, to the grantee
  ``emergency``. Without it no key leads anywhere; one kept in advance for everybody would be a way to read
  without a grant of hers.
- One asks, with the carnet's number and a reason; another, with another account, reads the reason and says
  yes within fifteen minutes. Until then neither learns anything: an unknown carnet, one that chose nothing
  and one that did give the same answers after the same work.
- What D says of an emergency is believed only as K vouches for it (``binding``), at each step: one person
  and a row written in D are not two persons.
- Reading passes the same path as any other: decided, logged, decided again under the lock, where it must
  still be open. The person is told in the transaction that opens.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from consent.decisions import READING_ROLES
from consent.grants import Grant, Grantee, GranteeKind
from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from schemas.ids import CarnetId, CompartmentId, ProfessionalId, new_id
from schemas.names import LegalBasis, Outcome
from schemas.purposes import EMERGENCY_PURPOSE, Emergency
from vault.audit.events import AboutContent, Op
from vault.carnet.references import read_reference
from vault.crypto import CryptoError, open_small, seal_small
from vault.errors import CallerError, RefusedError
from vault.services.bindings import binding_name, binding_row, holds, in_force, instant, to_the_millisecond
from vault.services.joining import seed_row
from vault.services.journal import Actor, draft
from vault.services.key_sources import INSTANCE, Journals, OwnerAccess
from vault.services.mailing import Notice, sealed_notice
from vault.services.notices import wishes_of
from vault.services.parts import Parts
from vault.services.ports import Draft, HabilitationRow, ReadTicket, Recheck, Work
from vault.services.reading import Reader
from vault.services.sharing import Wish, give_grant
from vault.services.sharing_rows import EmergencyRow

ASKED, OPEN, OVER, REVIEWED = "asked", "open", "over", "reviewed"
TO_CONFIRM = timedelta(minutes=15)
A_DAY = timedelta(days=1)
MOST_ASKED = 5  # a day, by one professional
SHORTEST_REASON, LONGEST_REASON = 20, 1000
GRANTEE = Grantee(GranteeKind.EMERGENCY, INSTANCE)
EMERGENCY, BARRED = "emergency", "barred"  # kinds of bindings


class NoEmergencyError(CallerError):
    """The frame opens nothing in an emergency, or there is no such emergency for this caller."""


class NotAllowedError(RefusedError):
    """This professional may not ask or confirm: another kind of structure, another role, or barred."""


class BadAskError(CallerError):
    """``pointer``: the number or the reason cannot be used."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer


class TooManyAsksError(CallerError):
    """As many as a day may have."""


class TooLateError(CallerError):
    """It was confirmed by another, or its minutes are over."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was written: by who asked, then by who reviewed it."""

    reference: str = field(repr=False)
    reason: str = field(repr=False)
    verdict: str = ""  # "justified" or "unjustified"
    words: str = field(default="", repr=False)


# --- the person, before ----------------------------------------------------------------------------------


def allow(
    parts: Parts, owner: OwnerAccess, compartments: tuple[CompartmentId, ...], *, actor: Actor
) -> Grant:
    """Let these be read in an emergency, for as long as the frame says; in place of what she let before.
    Raises NoEmergencyError, GrantRefusedError, CarnetClosedError."""
    emergency = emergency_of(parts)
    wish = Wish(grantee(parts), emergency.purpose.purpose_id, compartments, emergency.purpose.max_days)
    return give_grant(parts, owner, wish, actor=actor)


def grantee(parts: Parts) -> Grantee:
    """The two together, with the key pair of this instance: made when somebody first lets anything be read.
    Raises NoEmergencyError."""
    emergency_of(parts)
    parts.rows.store_if_absent(seed_row(parts, GRANTEE))
    return GRANTEE


def allowed_by(parts: Parts, carnet_id: CarnetId) -> Grant | None:
    """Her live grant for an emergency."""
    now = parts.now()
    rows = parts.data.grants_of(carnet_id)
    return next((row.grant for row in rows if _answers(row.grant, now)), None)


def emergency_of(parts: Parts) -> Emergency:
    """What the frame allows. Raises NoEmergencyError."""
    if parts.frame.emergency is None:
        raise NoEmergencyError("this frame opens nothing in an emergency")
    return parts.frame.emergency


def _answers(grant: Grant, now: datetime) -> bool:
    terms = grant.terms
    return grant.live(now) and terms.grantee == GRANTEE and terms.purpose_id == EMERGENCY_PURPOSE


# --- two professionals -----------------------------------------------------------------------------------


def check_may(parts: Parts, reader: Reader) -> HabilitationRow:
    """The habilitation of somebody who may ask and confirm. Raises NoEmergencyError, NotAllowedError."""
    emergency = emergency_of(parts)
    professional_id = reader.actor.professional_id
    row = parts.data.habilitation(professional_id) if professional_id else None
    if row is None or row.role not in READING_ROLES or not in_force(parts, row):
        raise NotAllowedError("not a professional who follows people")
    if reader.structure_kind not in emergency.purpose.structure_kinds:
        raise NotAllowedError("not a structure of the frame")
    if parts.rows.rows([binding_name(BARRED, row.account_id)]):
        raise NotAllowedError("barred by a review")
    return row


def ask(parts: Parts, reader: Reader, number: str, reason: str) -> EmergencyRow:
    """The first of the two. The answer never tells whether the carnet exists, nor whether anything may be
    read. Raises NoEmergencyError, NotAllowedError, BadAskError, TooManyAsksError."""
    check_may(parts, reader)
    reference, words = read_reference(number), " ".join(reason.split())
    if reference is None:
        raise BadAskError("/reference")
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON or not words.isprintable():
        raise BadAskError("/reason")
    now = to_the_millisecond(parts.now())
    _check_pace(parts, reader, now)
    known = parts.data.carnet_numbered(reference)
    carnet_id = known or CarnetId(new_id())
    journals = _journals(parts, carnet_id, reader.actor)
    emergency_id = new_id()
    row = EmergencyRow(
        carnet_id=carnet_id,
        emergency_id=emergency_id,
        state=ASKED,
        structure_id=reader.structure_id,
        asked_by=_professional(reader),
        approved_by=None,
        grant_id=None,
        asked_at=now,
        opened_at=None,
        ends_at=now + TO_CONFIRM,
        reviewed_at=None,
        sealed=_sealed(journals, carnet_id, emergency_id, Told(reference, words)),
    )
    parts.keystore.add_secrets([binding_row(parts.rows, EMERGENCY, emergency_id, facts_of(row))])
    with parts.data.change() as work:
        check_may(parts, reader)
        work.add_emergency(row)
        work.append(entry_of(parts, journals, reader.actor, row, "asked"))
        work.commit()
    return row


def _check_pace(parts: Parts, reader: Reader, now: datetime) -> None:
    recent = parts.data.emergencies_in(reader.structure_id, since=now - A_DAY)
    if sum(row.asked_by == reader.actor.id for row in recent) >= MOST_ASKED:
        raise TooManyAsksError("enough for a day")


def list_waiting(parts: Parts, reader: Reader) -> list[EmergencyRow]:
    """Those of this structure that wait, or are open to this professional. No number and no reason: it
    appends nothing. Raises NoEmergencyError, NotAllowedError."""
    check_may(parts, reader)
    now = parts.now()
    return [
        row
        for row in parts.data.emergencies_in(reader.structure_id, since=now - A_DAY)
        if now < row.ends_at and (row.state == ASKED or (row.state == OPEN and _takes_part(row, reader)))
    ]


def read_reason(parts: Parts, reader: Reader, emergency_id: str) -> tuple[EmergencyRow, Told]:
    """What the second reads before confirming, after its entry. Raises NoEmergencyError, NotAllowedError,
    TooLateError."""
    check_may(parts, reader)
    row = _confirmable(parts, reader, parts.data.emergency(emergency_id), parts.now())
    journals = _journals(parts, row.carnet_id, reader.actor)
    _append_look(parts, journals, reader, row)
    return row, told_of(journals, row)


def confirm(parts: Parts, reader: Reader, emergency_id: str) -> EmergencyRow:
    """The second of the two: open, if she let anything be read; else over. Raises NoEmergencyError,
    NotAllowedError, TooLateError."""
    emergency = emergency_of(parts)
    asked = parts.data.emergency(emergency_id)
    journals = _journals(parts, asked.carnet_id if asked else CarnetId(new_id()), reader.actor)
    with parts.data.change() as work:
        check_may(parts, reader)
        row = _confirmable(parts, reader, work.emergency(emergency_id), work.now)
        grant = _grant_to_open(work, row.carnet_id)
        if grant is None or journals.journal(row.carnet_id) is None:
            confirmed = replace(row, state=OVER, approved_by=_professional(reader), ends_at=_cut(work.now))
        else:
            opened_at = _cut(work.now)
            confirmed = replace(
                row,
                state=OPEN,
                approved_by=_professional(reader),
                grant_id=grant.id,
                opened_at=opened_at,
                ends_at=min(opened_at + timedelta(minutes=emergency.minutes), grant.terms.ends_at),
            )
            _tell(parts, work, row.carnet_id)
        vouched = binding_row(parts.rows, EMERGENCY, emergency_id, facts_of(confirmed), version=2)
        if not parts.keystore.replace_secret(vouched):
            raise TooLateError("confirmed by another")
        work.set_emergency(confirmed)
        reason = "opened" if confirmed.state == OPEN else "nothing_to_open"
        work.append(entry_of(parts, journals, reader.actor, confirmed, reason, grant))
        work.commit()
    return confirmed


def reader_of(parts: Parts, reader: Reader, emergency_id: str) -> tuple[Reader, EmergencyRow]:
    """The same caller, who may now speak for the two together as well: while the emergency is open, K vouches
    for it, and it is one of the two. Raises NoEmergencyError, NotAllowedError, TooLateError."""
    check_may(parts, reader)
    row = parts.data.emergency(emergency_id)
    if row is None or not _takes_part(row, reader):
        raise NoEmergencyError("not an emergency of this caller")
    # The state alone is not vouched for: what only a second person adds is.
    confirmed = row.approved_by is not None and row.grant_id is not None and row.opened_at is not None
    if row.state != OPEN or not confirmed or parts.now() >= row.ends_at or not vouched_for(parts, row):
        raise TooLateError("over")
    return replace(reader, grantees=(GRANTEE,), emergency_id=row.emergency_id), row


def vouched_for(parts: Parts, row: EmergencyRow) -> bool:
    return holds(parts, EMERGENCY, row.emergency_id, facts_of(row))


def facts_of(row: EmergencyRow) -> tuple[str, ...]:
    """Who, about whom, how far it went and until when."""
    opened = (instant(row.opened_at),) if row.opened_at else ()
    people = (row.structure_id, row.asked_by, row.approved_by or "")
    return (row.carnet_id, *people, row.grant_id or "", instant(row.asked_at), instant(row.ends_at), *opened)


def _confirmable(parts: Parts, reader: Reader, row: EmergencyRow | None, now: datetime) -> EmergencyRow:
    """By another account of the same structure, while it waits, as it was asked."""
    if row is None or row.structure_id != reader.structure_id or row.asked_by == reader.actor.id:
        raise NoEmergencyError("no emergency that this caller may confirm")
    if row.state != ASKED or now >= row.ends_at or not vouched_for(parts, row):
        raise TooLateError("no longer waiting")
    asker = parts.data.habilitation(row.asked_by)
    second = parts.data.habilitation(_professional(reader))
    if asker is None or second is None or not in_force(parts, asker):
        raise TooLateError("who asked has left")
    if asker.account_id == second.account_id:
        raise NoEmergencyError("one person is not two")
    return row


def _takes_part(row: EmergencyRow, reader: Reader) -> bool:
    return reader.actor.id in (row.asked_by, row.approved_by)


def _professional(reader: Reader) -> ProfessionalId:
    """Raises NotAllowedError for a system."""
    if reader.actor.professional_id is None:
        raise NotAllowedError("two persons, not a system")
    return reader.actor.professional_id


def _grant_to_open(work: Work, carnet_id: CarnetId) -> Grant | None:
    carnet = work.carnet(carnet_id)
    if carnet is None or not carnet.open:
        return None
    rows = work.grants_of(carnet_id)
    return next((row.grant for row in rows if _answers(row.grant, work.now)), None)


def _tell(parts: Parts, work: Work, carnet_id: CarnetId) -> None:
    """At once, whatever she chose to be told of, if she left where."""
    wishes = wishes_of(parts.rows, [carnet_id]).get(carnet_id)
    if wishes is not None and wishes.reachable:
        work.add_mail(sealed_notice(parts, new_id(), Notice("emergency", carnet_id), at=work.now))


# --- what is written of it -------------------------------------------------------------------------------


def entry_of(
    parts: Parts,
    journals: Journals,
    actor: Actor,
    row: EmergencyRow,
    reason: str,
    grant: Grant | None = None,
) -> Draft:
    """About the carnet if there is one; the same size and work if there is none."""
    known = journals.journal(row.carnet_id) is not None
    about = AboutContent(
        carnet_id=row.carnet_id if known else None,
        structure_id=row.structure_id,
        role=actor.role,
        purpose_id=emergency_of(parts).purpose.purpose_id if parts.frame.emergency else None,
        legal_basis=LegalBasis.VITAL_INTERESTS,
        grant_id=row.grant_id,
        fields=grant.terms.compartments if grant else (),
        reason=reason,
    )
    denied = reason == "nothing_to_open"
    return draft(
        Op.BREAK_GLASS,
        Outcome.DENIED if denied else Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=row.carnet_id,
        about=about,
        random=parts.random,
    )


def told_of(journals: Journals, row: EmergencyRow) -> Told:
    """What was written, for whoever may read it after an entry. Empty when it cannot be opened."""
    secret = journals.journal(row.carnet_id) or journals.instance
    try:
        told = parse_strict(open_small(row.sealed, secret=secret, place=_place(row.emergency_id)))
        return Told(told["reference"], told["reason"], told["verdict"], told["words"])
    except (CryptoError, CanonicalError, KeyError, TypeError):
        return Told("", "")


def _sealed(journals: Journals, carnet_id: CarnetId, emergency_id: str, told: Told) -> bytes:
    """Under J_p, so that it dies with the carnet; under the instance's when there is none."""
    secret = journals.journal(carnet_id) or journals.instance
    return seal_small(_written(told), secret=secret, place=_place(emergency_id))


def resealed(journals: Journals, row: EmergencyRow, told: Told) -> EmergencyRow:
    return replace(row, sealed=_sealed(journals, row.carnet_id, row.emergency_id, told))


def _written(told: Told) -> bytes:
    return canonical(
        {
            "reason": told.reason,
            "reference": told.reference,
            "verdict": told.verdict,
            "words": told.words,
        }
    )


def _append_look(parts: Parts, journals: Journals, reader: Reader, row: EmergencyRow) -> None:
    """Raises NotAllowedError when the caller left meanwhile."""
    entry = entry_of(parts, journals, reader.actor, row, "reason_read")
    recheck = Recheck(None, None, professional_id=reader.actor.professional_id)
    denied = replace(entry, out=Outcome.DENIED)
    (receipt,) = parts.data.append_reads([ReadTicket(entry, recheck, lambda: denied)])
    if receipt.out is not Outcome.GRANTED:
        raise NotAllowedError("this habilitation ended")


def _journals(parts: Parts, carnet_id: CarnetId, actor: Actor) -> Journals:
    name = actor.secret_name
    return parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=[name] if name else [])


def _place(emergency_id: str) -> bytes:
    return lp("emergency", emergency_id)


def _cut(now: datetime) -> datetime:
    return to_the_millisecond(now)

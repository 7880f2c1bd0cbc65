"""Who acts for a person: given by herself to somebody who helps her, or recorded from a ruling.

- A mandate is believed only while its row is active and the root vouches for it (``bindings``): whoever
  writes in D gives himself nothing, and brings nothing back.
- Giving goes K (what vouches), then D with its entry. Ending goes entry (D), then K (what vouches, the
  sessions under it), then D: state ``ending`` says what is left to do, and the finishing pass does it.
- The holder's name and the ruling are sealed under J_p: they die with the carnet.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from consent.grants import end_of_day_after
from consent.mandates import MandateError, MandateFault, check_days, check_terms
from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from schemas.ids import AccountId, CarnetId, MandateId, ProfessionalId, StructureId, new_id
from schemas.names import MandateKind, MandateScope, Outcome, Role
from vault.audit.events import AboutContent, Op
from vault.crypto import CryptoError, JournalSecret, open_small, seal_small
from vault.errors import CallerError
from vault.services.bindings import MANDATE, binding_name, binding_row, in_force, to_the_millisecond
from vault.services.helping import helper_of
from vault.services.journal import OPERATOR, Actor, draft
from vault.services.key_sources import Journals, OwnerAccess
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.ports import Draft, StructureRow
from vault.services.sharing_rows import MandateRow
from vault.services.standing import ACTIVE, NoLongerActsError, holder_stands, mandate_facts, stands
from vault.services.writing import CarnetClosedError

ENDING, ENDED = "ending", "ended"
LONGEST_TEXT = 200
BATCH = 200


class NoSuchMandateError(CallerError):
    """There is no such mandate here."""


class MandateRefusedError(CallerError):
    """Such a mandate cannot be, or is not for whoever asks to end. ``fault`` says why."""

    def __init__(self, fault: MandateFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Holder:
    """To whom a ruling gives: a professional, or a relative by the account of her own carnet. ``name``: as
    the ruling says it; the carnet's person reads it."""

    name: str = field(repr=False)
    professional_id: ProfessionalId | None = None
    account_id: AccountId | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the officer copies from a ruling. ``reference``: its number, to find the paper again."""

    kind: MandateKind
    scopes: tuple[MandateScope, ...]
    ends_at: datetime
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A mandate as its person sees it. ``standing``: it is vouched for, and its holder is still there."""

    row: MandateRow
    structure: StructureRow | None
    standing: bool
    holder: str = field(repr=False)


# --- giving ----------------------------------------------------------------------------------------------


def give_mandate(
    parts: Parts,
    owner: OwnerAccess,
    professional_id: ProfessionalId,
    *,
    scopes: Collection[MandateScope],
    days: int,
    actor: Actor,
) -> MandateRow:
    """She lets a helper act for her until the end of the day ``days`` later, in place of what she gave him
    before. Raises NoSuchHelperError, MandateRefusedError, CarnetClosedError."""
    helper = helper_of(parts, professional_id)
    now = to_the_millisecond(parts.now())
    row = MandateRow(
        carnet_id=owner.carnet_id,
        mandate_id=MandateId(new_id()),
        kind=MandateKind.HELPER,
        state=ACTIVE,
        account_id=None,
        professional_id=professional_id,
        structure_id=helper.structure.structure_id,
        scopes=tuple(scope for scope in MandateScope if scope in scopes),
        starts_at=now,
        ends_at=to_the_millisecond(end_of_day_after(now, days)).astimezone(now.tzinfo),
        ended_at=None,
        sealed=b"",
    )
    _check(parts, row, days=days)
    return _store(parts, row, {"holder": helper.name}, actor, reason="given")


def record_ruling(
    parts: Parts, carnet_id: CarnetId, holder: Holder, ruling: Ruling, *, actor: Actor
) -> MandateRow:
    """A curatorship or a guardianship, as a ruling says it, in place of what the same holder had. ``actor``:
    the data protection officer or the operator. Raises NoSuchHelperError, MandateRefusedError,
    CarnetClosedError."""
    if ruling.kind is MandateKind.HELPER or (holder.professional_id is None) == (holder.account_id is None):
        raise MandateRefusedError(MandateFault.HOLDER)
    if holder.account_id == AccountId(carnet_id):
        raise MandateRefusedError(MandateFault.SELF)
    structure_id: StructureId | None = None
    name = holder.name.strip()[:LONGEST_TEXT]
    if holder.professional_id is not None:
        helper = helper_of(parts, holder.professional_id)
        structure_id, name = helper.structure.structure_id, name or helper.name
    row = MandateRow(
        carnet_id=carnet_id,
        mandate_id=MandateId(new_id()),
        kind=ruling.kind,
        state=ACTIVE,
        account_id=holder.account_id,
        professional_id=holder.professional_id,
        structure_id=structure_id,
        scopes=tuple(scope for scope in MandateScope if scope in ruling.scopes),
        starts_at=to_the_millisecond(parts.now()),
        ends_at=to_the_millisecond(ruling.ends_at),
        ended_at=None,
        sealed=b"",
    )
    _check(parts, row)
    told = {"holder": name or "Un proche", "ruling": ruling.reference.strip()[:LONGEST_TEXT]}
    return _store(parts, row, told, actor, reason="recorded")


def _check(parts: Parts, row: MandateRow, *, days: int | None = None) -> None:
    try:
        if days is not None:
            check_days(days)
        check_terms(
            row.kind,
            row.scopes,
            by_professional=row.professional_id is not None,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
    except MandateError as error:
        raise MandateRefusedError(error.fault) from None
    if holder_stands(parts, row) is False:
        raise MandateRefusedError(MandateFault.HOLDER)


def _store(
    parts: Parts, row: MandateRow, told: Mapping[str, str], actor: Actor, *, reason: str
) -> MandateRow:
    """Under the lock: what vouches (K), then the row with its entry; what the same holder had is over."""
    journals = _journals(parts, row.carnet_id, actor)
    journal = journals.journal(row.carnet_id)
    if journal is None:
        raise CarnetClosedError("this carnet is closed")
    sealed = seal_small(canonical(dict(told)), secret=journal, place=_place(row))
    row = MandateRow(**{name: getattr(row, name) for name in row.__slots__} | {"sealed": sealed})
    with parts.data.change() as work:
        carnet = work.carnet(row.carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        _check_actor(parts, actor)
        if holder_stands(parts, row) is False:  # he may have left meanwhile
            raise MandateRefusedError(MandateFault.HOLDER)
        replaced = [one for one in work.mandates_of(row.carnet_id) if _same_holder(one, row)]
        parts.keystore.add_secrets([binding_row(parts.rows, MANDATE, row.mandate_id, mandate_facts(row))])
        for old in replaced:
            work.move_mandate(old.mandate_id, ENDING, ended_at=work.now)
            work.append(_entry(parts, old, journals, actor, "replaced"))
        work.add_mandate(row)
        work.append(_entry(parts, row, journals, actor, reason))
        work.commit()
    for old in replaced:
        _forget(parts, old)
    return row


def _check_actor(parts: Parts, actor: Actor) -> None:
    """Under the lock: an officer or a helper may have left since the door. Raises NoLongerActsError."""
    if actor.professional_id is not None:
        row = parts.data.habilitation(actor.professional_id)
        if row is None or not in_force(parts, row):
            raise NoLongerActsError("this habilitation is over")


def _same_holder(one: MandateRow, row: MandateRow) -> bool:
    same = (one.professional_id, one.account_id) == (row.professional_id, row.account_id)
    return same and one.kind is row.kind and one.state == ACTIVE


# --- ending ----------------------------------------------------------------------------------------------


def end_mandate(
    parts: Parts, carnet_id: CarnetId, mandate_id: MandateId, *, actor: Actor, by_ruling: bool
) -> MandateRow:
    """It is over, at once. ``by_ruling``: whoever asks may end what a ruling gave (the officer, the
    operator); a person and her helper end the help she gave. Ending what is over changes nothing. Raises
    NoSuchMandateError, MandateRefusedError."""
    journals = _journals(parts, carnet_id, actor)
    with parts.data.change() as work:
        found = [one for one in work.mandates_of(carnet_id) if one.mandate_id == mandate_id]
        if not found:
            raise NoSuchMandateError("no such mandate of this carnet")
        row = found[0]
        _check_actor(parts, actor)
        if row.kind is not MandateKind.HELPER and not by_ruling:
            raise MandateRefusedError(MandateFault.HOLDER)
        if row.state == ENDED:
            return row
        if row.state == ACTIVE:
            work.move_mandate(mandate_id, ENDING, ended_at=work.now)
            work.append(_entry(parts, row, journals, actor, "ended"))
            work.commit()
    _forget(parts, row)
    return row


def _forget(parts: Parts, row: MandateRow) -> bool:
    """K forgets it: what vouched, and every session under it; then D says that it is done. Repeatable."""
    parts.keystore.delete_secrets([binding_name(MANDATE, row.mandate_id)])
    parts.keystore.end_sessions(subject=row.mandate_id)
    if not parts.keystore.compact(whole=False):
        return False  # the finishing pass comes back; without its binding it opens nothing
    with parts.data.change() as work:
        work.move_mandate(row.mandate_id, ENDED)
        work.commit()
    return True


def finish_mandates(parts: Parts) -> int:
    """Note the mandates whose time is over, and go on from those whose end was interrupted. How many."""
    done = 0
    while rows := parts.data.mandates_in(ACTIVE, over_at=parts.now(), limit=BATCH):
        noted = sum(_expire(parts, row) for row in rows)
        done += noted
        if not noted:
            break
    while rows := parts.data.mandates_in(ENDING, limit=BATCH):
        ended = sum(_forget(parts, row) for row in rows)
        done += ended
        if not ended:
            break
    return done


def _expire(parts: Parts, row: MandateRow) -> bool:
    journals = _journals(parts, row.carnet_id, OPERATOR)
    with parts.data.change() as work:
        standing = [one for one in work.mandates_of(row.carnet_id) if one.mandate_id == row.mandate_id]
        if not standing or standing[0].state != ACTIVE or work.now < standing[0].ends_at:
            return False
        work.move_mandate(row.mandate_id, ENDING, ended_at=standing[0].ends_at)
        work.append(_entry(parts, row, journals, OPERATOR, "expired"))
        work.commit()
    return True


# --- showing ---------------------------------------------------------------------------------------------


def own_mandates(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> Sequence[Shown]:
    """Hers, the latest first, ended ones too, after one entry. Raises CarnetClosedError."""
    _, journals = append_own(parts, owner, Op.READ_OWN, actor=actor)
    return shown_mandates(parts, owner.carnet_id, journals.journals[owner.carnet_id])


def shown_mandates(parts: Parts, carnet_id: CarnetId, journal: JournalSecret) -> Sequence[Shown]:
    """The same for an answer that already has its entry."""
    rows = parts.data.mandates_of(carnet_id)
    structures = parts.data.structures({row.structure_id for row in rows if row.structure_id})
    return [
        Shown(
            row=row,
            structure=structures.get(row.structure_id) if row.structure_id else None,
            standing=stands(parts, row) and holder_stands(parts, row) is not False,
            holder=_told(row, journal).get("holder", ""),
        )
        for row in rows
    ]


def held_mandates(
    parts: Parts, *, professional_id: ProfessionalId | None = None, account_id: AccountId | None = None
) -> Sequence[MandateRow]:
    """For whom this holder may act now. No name: opens nothing."""
    rows = parts.data.mandates_held(professional_id=professional_id, account_id=account_id)
    return [row for row in rows if stands(parts, row) and holder_stands(parts, row) is not False]


def _told(row: MandateRow, journal: JournalSecret) -> Mapping[str, str]:
    try:
        told = parse_strict(open_small(row.sealed, secret=journal, place=_place(row)))
    except (CryptoError, CanonicalError):
        return {}
    return {key: one for key, one in told.items() if isinstance(one, str)} if isinstance(told, dict) else {}


def _place(row: MandateRow) -> bytes:
    return lp("mandate", row.carnet_id, row.mandate_id)


def _journals(parts: Parts, carnet_id: CarnetId, actor: Actor) -> Journals:
    name = actor.secret_name
    return parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=[name] if name else [])


def _entry(parts: Parts, row: MandateRow, journals: Journals, actor: Actor, reason: str) -> Draft:
    """Which mandate, and what became of it. What it is about is in ``mandate_id``, whoever acts."""
    until = row.ends_at.isoformat(timespec="seconds")
    about = AboutContent(
        carnet_id=row.carnet_id,
        structure_id=row.structure_id,
        role=Role.HELPER if row.professional_id else None,
        reason=f"{reason} {row.kind} {','.join(row.scopes)} until {until}",
        mandate_id=row.mandate_id,
    )
    return draft(
        Op.MANDATE,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=row.carnet_id,
        about=about,
        random=parts.random,
    )

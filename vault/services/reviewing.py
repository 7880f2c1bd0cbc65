"""After an emergency: its minutes end, the person reads what was done, the data protection officer judges.

What is judged unjustified ends at once if it is still open, and neither of the two may ask or confirm again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.ids import CarnetId
from schemas.names import Outcome
from schemas.purposes import EMERGENCY_PURPOSE
from vault.audit.events import Op
from vault.crypto import carnet_index_tag
from vault.errors import CallerError
from vault.services.bindings import binding_name, binding_row, to_the_millisecond
from vault.services.break_glass import (
    ASKED,
    BARRED,
    EMERGENCY,
    OPEN,
    OVER,
    REVIEWED,
    NoEmergencyError,
    Told,
    entry_of,
    facts_of,
    resealed,
    told_of,
    vouched_for,
)
from vault.services.journal import OPERATOR, Actor
from vault.services.key_sources import Journals, OwnerAccess
from vault.services.own_carnet import Access, append_own, open_access
from vault.services.parts import Parts
from vault.services.ports import ReadTicket, Recheck
from vault.services.sharing_rows import EmergencyRow

BATCH = 200
LOOKED_AT, PAGES = 500, 10  # reads of hers, a page: most are ordinary ones
LONGEST_WORDS = 1000
JUSTIFIED, UNJUSTIFIED = "justified", "unjustified"


class AlreadyReviewedError(CallerError):
    """Somebody judged it before, or it still waits for the second."""


@dataclass(frozen=True, slots=True)
class Review:
    """One emergency with what was written, and what was read under it. ``vouched`` False: somebody altered
    its row, and nothing it says is to be believed; ``reads`` are then all that no sound row explains."""

    row: EmergencyRow
    told: Told
    reads: Sequence[Access]
    vouched: bool


@dataclass(frozen=True, slots=True)
class OwnEmergencies:
    """``unexplained``: what the log says was read in an emergency, and no sound row says was opened: somebody
    took the row away, or altered it."""

    reviews: Sequence[Review]
    unexplained: Sequence[Access]


def finish_emergencies(parts: Parts) -> int:
    """Note those whose time has passed. Their readers were already refused, by the clock."""
    done = 0
    for row in parts.data.emergencies_over([ASKED, OPEN], parts.now(), limit=BATCH):
        journals = _journals(parts, row.carnet_id, OPERATOR)
        with parts.data.change() as work:
            now_row = work.emergency(row.emergency_id)
            if now_row is None or now_row.state not in (ASKED, OPEN) or work.now < now_row.ends_at:
                continue
            reason = "over" if now_row.state == OPEN else "not_confirmed"
            work.set_emergency(replace(now_row, state=OVER))
            work.append(entry_of(parts, journals, OPERATOR, now_row, reason))
            work.commit()
        done += 1
    return done


def list_emergencies(parts: Parts, *, reviewed: bool, limit: int = 50) -> Sequence[EmergencyRow]:
    """Those that wait for a verdict, or that got one, the latest first: no reason and no value."""
    return parts.data.emergencies([REVIEWED] if reviewed else [ASKED, OPEN, OVER], limit=limit)


def read_emergency(parts: Parts, emergency_id: str, *, actor: Actor) -> Review:
    """For the officer, after an entry. Raises NoEmergencyError; PermissionError when the officer left."""
    row = parts.data.emergency(emergency_id)
    if row is None:
        raise NoEmergencyError("no such emergency")
    journals = _journals(parts, row.carnet_id, actor)
    entry = entry_of(parts, journals, actor, row, "read_by_officer")
    denied = replace(entry, out=Outcome.DENIED)
    recheck = Recheck(None, None, professional_id=actor.professional_id)
    (receipt,) = parts.data.append_reads([ReadTicket(entry, recheck, lambda: denied)])
    if receipt.out is not Outcome.GRANTED:
        raise PermissionError("this habilitation ended")
    return _review(parts, journals, row)


def list_own(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> OwnEmergencies:
    """What was asked, opened and read about her carnet, with the reasons, after an entry. The log is what
    says that it was read: a row that is gone or altered hides nothing of it."""
    _, journals = append_own(parts, owner, Op.LOG_READ, actor=actor)
    rows = parts.data.emergencies_of(owner.carnet_id)
    reads = _emergency_reads(parts, journals, owner.carnet_id)
    sound = {row.emergency_id: vouched_for(parts, row) for row in rows}
    reviews = [
        Review(row, told_of(journals, row), _of(row, reads) if sound[row.emergency_id] else (), is_sound)
        for row, is_sound in zip(rows, sound.values(), strict=True)
    ]
    return OwnEmergencies(reviews, _unexplained(reads, [one.row for one in reviews if one.vouched]))


def opened_lately(parts: Parts, owner: OwnerAccess) -> list[EmergencyRow]:
    """Those that were opened: when, and by which structure. Appends nothing."""
    return [row for row in parts.data.emergencies_of(owner.carnet_id) if row.opened_at is not None]


def review(parts: Parts, emergency_id: str, *, justified: bool, words: str, actor: Actor) -> EmergencyRow:
    """The officer's verdict, told to the person. Raises NoEmergencyError, AlreadyReviewedError,
    PermissionError."""
    found = parts.data.emergency(emergency_id)
    if found is None:
        raise NoEmergencyError("no such emergency")
    journals = _journals(parts, found.carnet_id, actor)
    if not justified:
        _bar(parts, found)
    with parts.data.change() as work:
        officer = parts.data.habilitation(actor.professional_id) if actor.professional_id else None
        if officer is None or not officer.live(work.now):
            raise PermissionError("this habilitation ended")
        row = work.emergency(emergency_id)
        if row is None or row.state not in (OPEN, OVER):
            raise AlreadyReviewedError("nothing to judge")
        verdict = JUSTIFIED if justified else UNJUSTIFIED
        told = replace(told_of(journals, row), verdict=verdict, words=words[:LONGEST_WORDS])
        ends_at = min(row.ends_at, to_the_millisecond(work.now))
        judged = replace(resealed(journals, row, told), state=REVIEWED, reviewed_at=work.now, ends_at=ends_at)
        work.set_emergency(judged)
        work.append(entry_of(parts, journals, actor, judged, verdict))
        work.commit()
    if judged.ends_at != row.ends_at and vouched_for(parts, row):
        _vouch_end(parts, judged)
    return judged


def _vouch_end(parts: Parts, row: EmergencyRow) -> None:
    """From now on K says that it ended here, whatever somebody writes in D."""
    name = binding_name(EMERGENCY, row.emergency_id)
    kept = parts.rows.rows([name])[name]
    facts = facts_of(row)
    vouched = binding_row(parts.rows, EMERGENCY, row.emergency_id, facts, version=kept.version + 1)
    parts.keystore.replace_secret(vouched)


def _bar(parts: Parts, row: EmergencyRow) -> None:
    """Before the verdict is written: killed in between, it stands and the officer judges again."""
    if not vouched_for(parts, row):
        return  # whoever wrote the row chose its names
    for professional_id in (row.asked_by, row.approved_by):
        habilitation = parts.data.habilitation(professional_id) if professional_id else None
        if habilitation is not None:
            account = habilitation.account_id
            parts.rows.store_if_absent(binding_row(parts.rows, BARRED, account, (row.emergency_id,)))


def _review(parts: Parts, journals: Journals, row: EmergencyRow) -> Review:
    reads, vouched = _emergency_reads(parts, journals, row.carnet_id), vouched_for(parts, row)
    if vouched:
        return Review(row, told_of(journals, row), _of(row, reads), vouched)
    sound = [one for one in parts.data.emergencies_of(row.carnet_id) if vouched_for(parts, one)]
    return Review(row, told_of(journals, row), _unexplained(reads, sound), vouched)


def _emergency_reads(parts: Parts, journals: Journals, carnet_id: CarnetId) -> list[Access]:
    """Every read of this carnet that the log says was made in an emergency, the latest first."""
    journal, found, before = journals.journal(carnet_id), list[Access](), None
    if journal is None:
        return found
    tag = carnet_index_tag(journal)
    for _ in range(PAGES):
        rows = parts.data.log_by_carnet(tag, ops=(Op.READ,), before=before, limit=LOOKED_AT)
        opened = (open_access(row, journal) for row in rows)
        found += [one for one in opened if one.purpose_id == EMERGENCY_PURPOSE]
        if len(rows) < LOOKED_AT:
            break
        before = rows[-1].no
    return found


def _of(row: EmergencyRow, reads: Sequence[Access]) -> list[Access]:
    """What was read under its grant, between its opening and its end."""
    return [one for one in reads if _explains(row, one)]


def _unexplained(reads: Sequence[Access], sound: Sequence[EmergencyRow]) -> list[Access]:
    """What was granted, and no sound row explains. A read that was refused opened nothing."""
    return [
        one
        for one in reads
        if one.outcome is Outcome.GRANTED and not any(_explains(row, one) for row in sound)
    ]


def _explains(row: EmergencyRow, access: Access) -> bool:
    opened_at = row.opened_at
    return opened_at is not None and row.grant_id == access.grant_id and opened_at <= access.at < row.ends_at


def _journals(parts: Parts, carnet_id: CarnetId, actor: Actor) -> Journals:
    name = actor.secret_name
    return parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=[name] if name else [])

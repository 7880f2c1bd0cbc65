"""Shares of the phase « dans l'emploi » end six calendar months after she began her job (``consent.phases``).

- She gives one later: it goes no further than that, and none is given once the phase is over.
- One that stands when she writes the date, or when the six months are over, is ended by the finishing pass,
  within a minute: entry ``expire`` with its receipt, then the keys, as for any share whose time is over.
- The date is the one remembered beside the value (``path_dates``), so that no job opens a value. Whoever
  writes in D may take it away, and gains nothing but what she gave: the terms of each share still end it.
"""

from collections.abc import Collection
from datetime import datetime

from consent.grants import ended
from consent.lifecycle import TERMINAL
from consent.phases import JOB, end_of_phase
from schemas.ids import CarnetId, PurposeId
from schemas.names import GrantState
from schemas.purposes import Frame
from vault.audit.events import Op
from vault.services.grant_moves import ONCE_HELD, note_move
from vault.services.journal import OPERATOR
from vault.services.key_sources import Journals
from vault.services.parts import Parts
from vault.services.path_dates import open_dates
from vault.services.ports import GrantRow
from vault.services.stopping import NoSuchGrantError, cut, find_grant
from vault.services.structures import structure_behind

KIND = "job"  # of the dates the catalogue marks
REASON = "job phase"
BATCH = 200


def job_purposes(frame: Frame) -> frozenset[PurposeId]:
    """The purposes of the phase."""
    return frozenset(purpose.purpose_id for purpose in frame.purposes if purpose.phase == JOB)


def phase_end(parts: Parts, carnet_id: CarnetId) -> datetime | None:
    """When it is over for her; None when she began no job."""
    return phase_ends(parts, [carnet_id])[1].get(carnet_id)


def phase_ends(parts: Parts, carnet_ids: Collection[CarnetId]) -> tuple[Journals, dict[CarnetId, datetime]]:
    """Of several; those who began no job, or whose carnet is erased, are absent."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=list(carnet_ids))
    found = {}
    for carnet_id in carnet_ids:
        journal = journals.journal(carnet_id)
        rows = [row for row in parts.data.path_dates(carnet_id) if row.kind == KIND] if journal else []
        began = max((one.on for one in open_dates(rows, journal)), default=None) if journal else None
        if began is not None:
            found[carnet_id] = end_of_phase(began)
    return journals, found


def limited(parts: Parts, carnet_id: CarnetId, purpose_id: PurposeId, ends_at: datetime) -> datetime:
    """When a share for this purpose ends at most, given when she would have it end."""
    if purpose_id not in job_purposes(parts.frame):
        return ends_at
    over = phase_end(parts, carnet_id)
    return ends_at if over is None else min(ends_at, over.astimezone(ends_at.tzinfo))


def end_phases(parts: Parts) -> int:
    """End the shares of the phase that stand though it is over. How many."""
    purposes, after, done = job_purposes(parts.frame), None, 0
    while purposes:
        carnets = parts.data.carnets_dated(KIND, purposes, after=after, limit=BATCH)
        if not carnets:
            break
        after = carnets[-1]
        journals, over = phase_ends(parts, carnets)
        now = parts.now()
        for carnet_id in carnets:
            if carnet_id in over and over[carnet_id] <= now:
                done += sum(
                    _end(parts, row, journals)
                    for row in parts.data.grants_of(carnet_id)
                    if row.grant.terms.purpose_id in purposes and row.grant.state not in TERMINAL
                )
    return done


def _end(parts: Parts, row: GrantRow, journals: Journals) -> bool:
    structure_id = structure_behind(parts, row.grant.terms.grantee)
    with parts.data.change() as work:
        try:
            grant = find_grant(work.grants_of(row.grant.terms.carnet_id), row.grant.id)
        except NoSuchGrantError:
            return False
        if grant.state in TERMINAL:
            return False
        over = ended(grant, GrantState.EXPIRED, now=work.now)
        work.end_grant(over, once_held_until=grant.terms.ends_at + ONCE_HELD)
        note_move(work, parts, Op.EXPIRE, over, structure_id, journals, OPERATOR, reason=REASON)
        work.commit()
    cut(parts, [grant.id])
    return True

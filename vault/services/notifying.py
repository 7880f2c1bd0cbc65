"""From what the log says to the mail a person asked for: a step of the jobs, far from any read.

- The log is looked through once, from a mark (``marks``); what is new about somebody who chose to be told
  sets her clock, in the transaction that moves the mark. Two processes, or one that died, never count an
  entry twice and never leave one out.
- When a clock is due, one mail is queued in the transaction that stops it. The mail names a carnet and the
  shares, sealed; her address and the words are looked up when it leaves, and by then what she stopped
  wishing is not sent.
- One mail an hour at most about one share; a digest at eight in the morning, Paris time, one for all shares.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby

from consent.grants import PARIS
from schemas.fields import Catalogue, UnknownFieldError
from schemas.ids import CarnetId, GrantId, new_id
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.crypto import JournalSecret
from vault.services.mailing import Notice, sealed_notice
from vault.services.notices import NOTICES, REQUESTS, NoticeMode, Wishes, key_of, wishes_of
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.ports import LogRow, Work
from vault.services.sharing_rows import NoticeClockRow
from vault.services.signing_in import CARNET_TAG_COLUMN

BATCH = 500
QUIET = timedelta(hours=1)
DIGEST_AT = time(8)
HEARD = (Op.READ, Op.REQUEST)
READ, DAILY, REQUEST = "read", "digest", "request"  # what a mail is about


@dataclass(frozen=True, slots=True)
class _Event:
    carnet_id: CarnetId
    grant_id: GrantId
    mode: NoticeMode


def notify(parts: Parts) -> int:
    """Look through what is new in the log, then queue what is due; how many mails were queued. Raises
    UnavailableError."""
    while _look_on(parts):
        continue
    queued = 0
    while due := parts.data.notices_due(parts.now(), limit=BATCH):
        queued += _queue(parts)
        if len(due) < BATCH:
            break
    return queued


# --- from the log to the clocks --------------------------------------------------------------------------


def _look_on(parts: Parts) -> bool:
    """One batch; whether there may be another."""
    end, mark = parts.data.log_size(), parts.data.mark(NOTICES)
    if mark is None or mark >= end:  # None: nobody has chosen anything yet
        return False
    rows = parts.data.log_between(mark, end, ops=HEARD, limit=BATCH)
    full = len(rows) == BATCH
    upto = rows[-1].no + 1 if full else end
    events = list(_events(parts, rows))
    with parts.data.change() as work:
        if work.mark(NOTICES) != mark:  # another process was faster
            return False
        for event in events:
            _set(work, event)
        work.set_mark(NOTICES, upto)
        work.commit()
    return full


def _events(parts: Parts, rows: Sequence[LogRow]) -> Iterator[_Event]:
    """What somebody asked to be told of. Only entries about those who chose something are opened."""
    granted = [(row, leaf) for row in rows if (leaf := Leaf.parse(row.leaf)).out is Outcome.GRANTED]
    tags = parts.keystore.targets(CARNET_TAG_COLUMN, {row.carnet_tag for row, _ in granted})
    carnets = {tag: CarnetId(ids[0]) for tag, ids in tags.items() if len(ids) == 1}
    wishes = {
        carnet_id: told
        for carnet_id, told in wishes_of(parts.rows, sorted(set(carnets.values()))).items()
        if told.modes
    }
    secrets = parts.journal_keys.load(now=parts.now(), carnets=wishes).journals
    keys = {carnet_id: keys_by_grant(parts, carnet_id) for carnet_id in wishes}
    for row, leaf in granted:
        carnet_id = carnets.get(row.carnet_tag)
        if carnet_id is None or carnet_id not in wishes or carnet_id not in secrets:
            continue
        about = about_of(row.about_sealed, leaf, JournalSecret(secrets[carnet_id]))
        if about is None or about.carnet_id != carnet_id:
            continue
        event = _event(parts.catalogue, carnet_id, leaf.op, about, wishes[carnet_id], keys[carnet_id])
        if event is not None:
            yield event


def keys_by_grant(parts: Parts, carnet_id: CarnetId) -> Mapping[GrantId, str]:
    """By which her choices are kept."""
    return {row.grant.id: key_of(row.grant.terms) for row in parts.data.grants_of(carnet_id)}


def _event(
    catalogue: Catalogue,
    carnet_id: CarnetId,
    op: str,
    about: AboutContent,
    wishes: Wishes,
    keys: Mapping[GrantId, str],
) -> _Event | None:
    if op == Op.REQUEST:
        mode = wishes.mode(REQUESTS) if about.request_id and about.fields else NoticeMode.NONE
        return None if mode is NoticeMode.NONE else _Event(carnet_id, GrantId(REQUESTS), mode)
    if about.grant_id is None or not about.fields:  # nothing was read
        return None
    mode = wishes.mode(keys.get(about.grant_id, ""))
    if mode is NoticeMode.NONE or (mode is NoticeMode.SENSITIVE and not _special(catalogue, about.fields)):
        return None
    return _Event(carnet_id, about.grant_id, mode)


def _special(catalogue: Catalogue, fields: Collection[str]) -> bool:
    """Whether one of these is sensitive, or is no longer known: then it is told."""
    for field in fields:
        try:
            if catalogue.compartment(field).special:
                return True
        except UnknownFieldError:
            return True
    return False


def _set(work: Work, event: _Event) -> None:
    """The clock of this share goes off once, whatever happens until then."""
    clock = work.notice_clock(event.carnet_id, event.grant_id)
    if clock is not None and clock.due_at is not None:
        return
    quiet = clock.quiet_until if clock else None
    due = morning_after(work.now) if event.mode is NoticeMode.DIGEST else max(work.now, quiet or work.now)
    work.set_notice_clock(NoticeClockRow(event.carnet_id, event.grant_id, due, quiet))


def morning_after(now: datetime) -> datetime:
    """The next eight o'clock in the morning, in Paris, as an instant in UTC."""
    here = now.astimezone(PARIS)
    day = here.date() if here.time() < DIGEST_AT else here.date() + timedelta(days=1)
    return datetime.combine(day, DIGEST_AT, tzinfo=PARIS).astimezone(UTC)


# --- from the clocks to the outbox -----------------------------------------------------------------------


def _queue(parts: Parts) -> int:
    """One mail for each person and kind, in the transaction that stops her clocks."""
    queued = 0
    with parts.data.change() as work:
        due = sorted(work.notices_due(work.now, limit=BATCH), key=lambda row: (row.carnet_id, row.grant_id))
        wishes = wishes_of(parts.rows, sorted({row.carnet_id for row in due}))
        for carnet_id, rows in groupby(due, key=lambda row: row.carnet_id):
            told = wishes.get(carnet_id, Wishes())
            kinds: dict[str, list[GrantId]] = {}
            for row in rows:
                kind = _kind(parts, told, row)
                work.set_notice_clock(
                    NoticeClockRow(carnet_id, row.grant_id, None, work.now + QUIET if kind else None)
                )
                if kind:
                    kinds.setdefault(kind, []).append(row.grant_id)
            for kind, grant_ids in kinds.items():
                notice = Notice(kind, carnet_id, tuple(grant_ids))
                work.add_mail(sealed_notice(parts, new_id(), notice, at=work.now))
                queued += 1
        work.commit()
    return queued


def _kind(parts: Parts, wishes: Wishes, row: NoticeClockRow) -> str:
    """What the mail is about; empty when she does not wish it any more, or nothing can be sent."""
    mode = mode_of(parts, wishes, row.carnet_id, row.grant_id)
    if not wishes.reachable or mode is NoticeMode.NONE:
        return ""
    if row.grant_id == REQUESTS:
        return REQUEST
    return DAILY if mode is NoticeMode.DIGEST else READ


def mode_of(parts: Parts, wishes: Wishes, carnet_id: CarnetId, grant_id: GrantId) -> NoticeMode:
    """What she wishes now about one of her shares, or about requests."""
    if grant_id == REQUESTS:
        return wishes.mode(REQUESTS)
    return wishes.mode(keys_by_grant(parts, carnet_id).get(grant_id, ""))

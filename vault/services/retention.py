"""What is kept no longer: carnets nobody uses, names in the journal, and rows that have served.

- Durations come with the frame (``retention``); what it does not name has a duration here.
- The last contact is the newest entry of the log about her that tells of one: what she did herself, or
  somebody under her mandate, and what a professional wrote to her. A look at her carnet is none: who reads
  cannot keep it for ever. Read back from the log with J_p at each run: no row that somebody writes brings it
  nearer its end.
- She is warned twice (``consent.keeping``), each an entry: without these two entries nothing is ended.
- Archived: every share is revoked, its keys destroyed. She alone comes back, as before.
- The names of who acted go with the secret of their month (K). Leaves, hashes and proofs stay as they are.
- Without ``for_real`` all is counted and nothing is done. A real run appends ``retention`` with its counts
  before it destroys months and rows; carnets have entries of their own. What is interrupted goes on the next
  time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from consent.clocks import day_of, months_after, start_of
from consent.grants import ended
from consent.keeping import FIRST, End, Stage, Warn, kept_until, next_step
from consent.lifecycle import TERMINAL, By, Facts, Move
from schemas.canonical import canonical
from schemas.ids import CarnetId, InvitationId, new_id
from schemas.names import GrantState, Outcome
from vault.audit.events import AboutContent, Op
from vault.audit.leaf import Leaf
from vault.crypto import JournalSecret, carnet_index_tag, equal, leaf_tag, tag_key
from vault.errors import StoreUnavailableError
from vault.services.bindings import MANDATE, binding_name
from vault.services.grant_moves import ONCE_HELD, note_move
from vault.services.invitations import no_longer_vouched
from vault.services.journal import OPERATOR, draft
from vault.services.leaving import NoSuchCarnetError, erase_carnet
from vault.services.mailing import Notice, sealed_notice
from vault.services.notices import wishes_of
from vault.services.noting import about_nobody
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.path_rows import ContactRow
from vault.services.ports import LogRow, SecretName
from vault.services.stopping import cut
from vault.services.structures import structure_behind
from vault.services.suspending import Why, allowed, told

BATCH = 200
PAGE = 20  # entries looked at together
LONGEST_MONTH = 31
_HERS = (
    Op.OPEN_CARNET, Op.SIGN_IN, Op.SIGN_OUT, Op.READ_OWN, Op.WRITE, Op.EXPORT, Op.GRANT, Op.REPLACE,
    Op.WITHDRAW, Op.DEFER, Op.REFUSE, Op.NOTICE, Op.ANSWER, Op.OBSERVE, Op.RETRACT, Op.FORGET_REQUEST,
    Op.RIGHTS_REQUEST,
)  # fmt: skip
_TO_HER = (Op.PROPOSE, Op.REPLY, Op.VALIDATE)  # by a human being: a system writes whether she is there or not
CONTACTS = frozenset({*_HERS, *_TO_HER})
ARCHIVED = "carnet_archived"  # how long it stays closed, where the frame closes before it erases
_MONTHS: Mapping[str, tuple[str, int]] = {  # kind of row: the duration of the frame, or else these months
    "receipts": ("consent_records", 60),
    "requests": ("consent_records", 60),
    "mandates": ("mandates", 72),
    "invitations": ("invitations", 6),
    "proposals": ("proposals", 6),
    "notices": ("notices", 12),
}


@dataclass(frozen=True, slots=True)
class Holds:
    """What must be kept whatever its age: carnets, and months of the log ("202611"). Nothing yet."""

    carnets: frozenset[CarnetId] = frozenset()
    months: frozenset[str] = frozenset()


NOTHING_HELD = Holds()


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What went, or would go, by kind. ``unreachable``: warnings that no mail carries, for want of an
    address."""

    for_real: bool
    counts: Mapping[str, int]


class _StillUsedError(Exception):
    """Somebody came meanwhile."""


@dataclass(slots=True)
class _Carnet:
    """One carnet that nobody used for a while."""

    row: ContactRow
    journal: JournalSecret = field(repr=False)
    last: datetime
    archived: bool


def run_retention(parts: Parts, *, for_real: bool, holds: Holds = NOTHING_HELD) -> RetentionReport:
    """One pass over everything. Raises UnavailableError; the next pass goes on."""
    counts = dict.fromkeys(("warned", "unreachable", "archived", "erased"), 0)
    for carnet in _quiet(parts, for_real=for_real):
        if carnet.row.carnet_id not in holds.carnets:
            _one_step(parts, carnet, counts, for_real=for_real)
    now = parts.now()
    months = [month for month in _months_over(parts, now) if month not in holds.months]
    before = _before(parts, now)
    counts |= {"months": len(months), **parts.data.old_rows(before)}
    if for_real:
        _note(parts, counts)
        _destroy_months(parts, months)
        _drop_rows(parts, before)
    return RetentionReport(for_real, counts)


def _note(parts: Parts, counts: Mapping[str, int]) -> None:
    about = AboutContent(reason=canonical(dict(counts)).decode())
    entry = about_nobody(parts, Op.RETENTION, about)
    with parts.data.change() as work:
        work.append(entry)
        work.commit()


# --- carnets ---------------------------------------------------------------------------------------------


def last_contact(parts: Parts, journal: JournalSecret) -> datetime | None:
    """When she was last here, or somebody for her or with her; None when the log knows of nothing."""
    for row, leaf in _entries(parts, journal, CONTACTS):
        if leaf.op not in _TO_HER or _by_a_human_being(row, leaf, journal):
            return _at(leaf)
    return None


def _entries(parts: Parts, journal: JournalSecret, ops: frozenset[Op]) -> Iterator[tuple[LogRow, Leaf]]:
    """What was granted about her, newest first: leaves that bear her tag, whatever an index says."""
    before: int | None = None
    while rows := parts.data.log_by_carnet(carnet_index_tag(journal), ops=ops, before=before, limit=PAGE):
        for row in rows:
            leaf = Leaf.parse(row.leaf)
            hers = equal(leaf.tag, leaf_tag(tag_key(journal, leaf.m), leaf.n))
            if hers and leaf.out is Outcome.GRANTED and leaf.op in ops:
                yield row, leaf
        before = rows[-1].no


def _by_a_human_being(row: LogRow, leaf: Leaf, journal: JournalSecret) -> bool:
    about = about_of(row.about_sealed, leaf, journal)
    return about is not None and about.role is not None


def _at(leaf: Leaf) -> datetime:
    return datetime.fromtimestamp(leaf.t / 1000, tz=UTC)


def _quiet(parts: Parts, *, for_real: bool) -> Iterator[_Carnet]:
    """Those whose time may be near its end. What the log says of the others is remembered, so that they are
    not looked for each day."""
    shortest = min((months for _, months in _stages(parts)), default=None)
    if shortest is None:
        return
    before = parts.now() - timedelta(days=shortest * (LONGEST_MONTH - 3)) + timedelta(days=FIRST + 1)
    after: CarnetId | None = None
    while rows := parts.data.quiet_carnets(before, after=after, limit=BATCH):
        after = rows[-1].carnet_id
        journals = parts.journal_keys.load(now=parts.now(), carnets=[row.carnet_id for row in rows])
        newer = []
        for row in rows:
            journal = journals.journal(row.carnet_id)
            if journal is None:
                continue
            last = last_contact(parts, journal) or row.last_at
            archived = row.archived_at is not None and row.archived_at > last
            if last > row.last_at:
                newer.append(replace(row, last_at=last, archived_at=row.archived_at if archived else None))
            if last < before:
                yield _Carnet(row, journal, last, archived)
        if for_real and newer:
            _remember(parts, newer)


def _remember(parts: Parts, rows: list[ContactRow]) -> None:
    with parts.data.change() as work:
        for row in rows:
            stands = work.contact(row.carnet_id)
            if stands is None or stands.last_at < row.last_at:
                work.set_contact(row)
        work.commit()


def _stages(parts: Parts) -> list[tuple[Stage, int]]:
    """What a carnet comes to, and after how many months from the last contact."""
    kept = parts.frame.retention.get("carnet")
    if kept is None or kept.months is None:
        return []
    closed = parts.frame.retention.get(ARCHIVED)
    if kept.then != "archive":
        return [(Stage.ERASE, kept.months)]
    stages = [(Stage.ARCHIVE, kept.months)]
    if closed is not None and closed.months is not None:
        stages.append((Stage.ERASE, kept.months + closed.months))
    return stages


def _step_for(parts: Parts, carnet: _Carnet) -> Warn | End | None:
    for stage, months in _stages(parts):
        if stage is Stage.ARCHIVE and carnet.archived:
            continue
        warned = _warned(parts, carnet, stage)
        return next_step(stage, kept_until(carnet.last, months), warned, parts.now())
    return None


def _warned(parts: Parts, carnet: _Carnet, stage: Stage) -> dict[int, datetime]:
    """The warnings of this stage since the last contact, as the log says."""
    found: dict[int, datetime] = {}
    for row, leaf in _entries(parts, carnet.journal, frozenset({Op.WARN})):
        if _at(leaf) < carnet.last:
            break
        about = about_of(row.about_sealed, leaf, carnet.journal)
        word, _, days = ((about.reason if about else None) or "").partition(" ")
        if word == stage and days.isdecimal():
            found.setdefault(int(days), _at(leaf))
    return found


def _one_step(parts: Parts, carnet: _Carnet, counts: dict[str, int], *, for_real: bool) -> None:
    step = _step_for(parts, carnet)
    try:
        if isinstance(step, Warn):
            reachable = wishes_of(parts.rows, [carnet.row.carnet_id])
            told = any(wishes.reachable for wishes in reachable.values())
            if for_real:
                _warn(parts, carnet, step, by_mail=told)
            counts["warned"] += 1
            counts["unreachable"] += not told
        elif isinstance(step, End) and step.stage is Stage.ARCHIVE:
            if for_real:
                _archive(parts, carnet)
            counts["archived"] += 1
        elif isinstance(step, End):
            if for_real:
                erase_carnet(
                    parts, carnet.row.carnet_id, for_real=True, actor=OPERATOR, check=_unused(parts, carnet)
                )
            counts["erased"] += 1
    except (_StillUsedError, NoSuchCarnetError):
        return


def _unused(parts: Parts, carnet: _Carnet) -> Callable[[], None]:
    """To be asked under the head lock. Raises _StillUsedError when somebody came since we looked."""

    def check() -> None:
        last = last_contact(parts, carnet.journal)
        if last is not None and last > carnet.last:
            raise _StillUsedError

    return check


def _warn(parts: Parts, carnet: _Carnet, step: Warn, *, by_mail: bool) -> None:
    carnet_id = carnet.row.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    about = AboutContent(
        carnet_id=carnet_id,
        reason=f"{step.stage} {step.days}",
        until=round(step.end.timestamp() * 1000),
    )
    with parts.data.change() as work:
        _unused(parts, carnet)()
        if by_mail:
            notice = Notice(f"{step.stage}_{step.days}", carnet_id)
            work.add_mail(sealed_notice(parts, new_id(), notice, at=work.now))
        stands = work.contact(carnet_id) or carnet.row
        work.set_contact(replace(stands, last_at=carnet.last, warned_at=work.now))
        entry = draft(
            Op.WARN,
            Outcome.GRANTED,
            journals=journals,
            actor=OPERATOR,
            carnet_id=carnet_id,
            about=about,
            random=parts.random,
        )
        work.append(entry)
        work.commit()


def _archive(parts: Parts, carnet: _Carnet) -> None:
    """Every share of hers is over: nobody reads until she comes back and gives one."""
    carnet_id = carnet.row.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    with parts.data.change() as work:
        _unused(parts, carnet)()
        standing = [row.grant for row in work.grants_of(carnet_id) if row.grant.state not in TERMINAL]
        for grant in standing:
            allowed(grant, Move.REVOKE, By.CONTROLLER, work.now, Facts(reason=True))
            over = ended(grant, GrantState.REVOKED, now=work.now)
            work.end_grant(over, once_held_until=work.now + ONCE_HELD)
            structure_id = structure_behind(parts, grant.terms.grantee)
            why = told(Why.NOT_SEEN, "")
            note_move(work, parts, Op.REVOKE, over, structure_id, journals, OPERATOR, reason=why)
        work.set_contact(ContactRow(carnet_id, carnet.last, carnet.row.warned_at, archived_at=work.now))
        about = AboutContent(carnet_id=carnet_id, reason=str(Stage.ARCHIVE))
        entry = draft(
            Op.RETENTION,
            Outcome.GRANTED,
            journals=journals,
            actor=OPERATOR,
            carnet_id=carnet_id,
            about=about,
            random=parts.random,
        )
        work.append(entry)
        work.commit()
    cut(parts, [grant.id for grant in standing])


# --- the names of who acted ------------------------------------------------------------------------------


def _months_over(parts: Parts, now: datetime) -> list[str]:
    """Months of the log that ended longer ago than the frame keeps who acted, and whose secret stands."""
    rule = parts.frame.retention.get("actor_openings")
    if rule is None or rule.months is None:
        return []
    found, after = list[str](), None
    while ids := parts.keystore.secret_ids("month", after=after, limit=BATCH):
        found += [id_ for id_ in ids if now >= _month_ends(id_, rule.months)]
        after = ids[-1]
    return found


def _month_ends(month: str, kept: int) -> datetime:
    """The end of what is kept of a month: its last entry is then so many months old."""
    begun = date(int(month[:4]), int(month[4:]), 1)
    return start_of(months_after(begun, kept + 1))


def _destroy_months(parts: Parts, months: list[str]) -> None:
    """What is sealed with them stays in D, and opens no more."""
    if not months:
        return
    parts.keystore.delete_secrets([("month", month) for month in months])
    if not parts.keystore.compact():
        raise StoreUnavailableError("keys", "somebody still reads an older state")


# --- rows that have served -------------------------------------------------------------------------------


def _before(parts: Parts, now: datetime) -> dict[str, datetime]:
    """Since when each kind of row is over. A duration the frame ties to the carnet: never by itself."""
    found = {}
    for kind, (rule_id, months) in _MONTHS.items():
        rule = parts.frame.retention.get(rule_id)
        kept = rule.months if rule is not None else months
        if kept is not None:
            found[kind] = start_of(months_after(day_of(now), -kept))
    return found


def _drop_rows(parts: Parts, before: Mapping[str, datetime]) -> None:
    """What vouched for them first (K), then the rows. A batch each day is enough."""
    names: list[SecretName] = []
    for kind, at in before.items():
        if kind == "mandates":
            ids = parts.data.old_ids(kind, at, limit=BATCH)
            names += [binding_name(MANDATE, one) for one in ids]
        elif kind == "invitations":
            ids = parts.data.old_ids(kind, at, limit=BATCH)
            names += [name for one in ids for name in no_longer_vouched(InvitationId(one))]
    if names:
        parts.keystore.delete_secrets(names)
    with parts.data.change() as work:
        work.drop_old(before, limit=BATCH)
        work.commit()

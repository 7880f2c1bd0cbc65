"""What must happen even if nobody asks: finish what a crash interrupted, note what expired, sign, sweep.

One process does it at a time (a lease row), at start and then each minute; the checkpoint each two seconds.
Every function is idempotent, works in batches and returns what it did.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from schemas.ids import GrantId
from vault.audit.checkpoint import Checkpoint
from vault.errors import UnavailableError
from vault.services.answering_proposals import finish_all_answers
from vault.services.answering_requests import lapse_requests
from vault.services.certificates import certify_all
from vault.services.clients import finish_clients
from vault.services.designating import finish_assignments
from vault.services.forget_clocks import follow_clocks
from vault.services.forgetting import finish_accepted
from vault.services.habilitations import finish_leavings
from vault.services.handing_over import lapse_unconfirmed
from vault.services.job_phase import end_phases
from vault.services.journal import OPERATOR
from vault.services.key_sources import grant_name
from vault.services.leaving import finish_erasure, finish_forgetting
from vault.services.mandates import finish_mandates
from vault.services.notifying import notify
from vault.services.parts import Parts
from vault.services.ports import StoredCheckpoint
from vault.services.receipts import drop_strays
from vault.services.rekeying import rekey, rekeyings
from vault.services.relinking import drop_old_requests
from vault.services.reviewing import finish_emergencies
from vault.services.rule_walk import suspend_overtaken
from vault.services.stopping import cut, expire_grant

BATCH = 200
LEASE = timedelta(seconds=90)
ORPHAN_AGE = timedelta(hours=24)
JOBS = "jobs"

SignNote = Callable[[Checkpoint], str]
# Size and root of the log as it stands, once what K last signed is found to be its beginning. Raises when
# it is not: a past that was rewritten must never be signed.
VerifiedHead = Callable[[], tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What one pass did, by kind."""

    cut: int
    expired: int
    forgotten: int
    erased: int
    swept: int
    orphans: int
    left: int = 0  # habilitations that came to their end
    rekeyed: int = 0  # structures somebody left, whose key changed
    requests: int = 0  # to link an account, of which nothing is heard any more
    strays: int = 0  # proofs of what was asked about nobody
    referents: int = 0  # assignments that are over, and shares not given to the next référent in time
    notices: int = 0  # mails queued for people who wish to be told
    emergencies: int = 0  # accesses of an emergency whose minutes are over
    mandates: int = 0  # that came to their end, or whose end was interrupted
    unanswered: int = 0  # requests whose time is over, or that nobody was ever to see
    answered: int = 0  # proposals whose answer was interrupted
    overtaken: int = 0  # shares that the rules in force leave nothing of
    demands: int = 0  # to forget: reminders sent, certificates made, what is over
    phases: int = 0  # shares of the phase « dans l'emploi », which is over

    def any(self) -> bool:
        return any(astuple(self))


def run_upkeep(parts: Parts) -> UpkeepReport:
    """One whole pass. Raises UnavailableError when a store does not answer; the next pass goes on. A broken
    row stops its own step only, whatever it breaks: the others are done, then its error is raised."""
    now = parts.now()
    steps: dict[str, Callable[[], int]] = {
        "cut": lambda: finish_cuts(parts),
        "expired": lambda: expire_grants(parts, now),
        "forgotten": lambda: finish_accepted(parts) + finish_forgettings(parts),
        "erased": lambda: finish_erasures(parts),
        "swept": lambda: parts.keystore.sweep(now) + parts.data.drop_once_held(now) + finish_clients(parts),
        "orphans": lambda: drop_orphans(parts, now),
        "left": lambda: finish_leavings(parts, now),
        "rekeyed": lambda: rekey_structures(parts),
        "requests": lambda: drop_old_requests(parts, now),
        "strays": lambda: drop_strays(parts),
        "referents": lambda: finish_assignments(parts, now) + lapse_unconfirmed(parts, now),
        "notices": lambda: notify(parts),
        "emergencies": lambda: finish_emergencies(parts),
        "mandates": lambda: finish_mandates(parts),
        "unanswered": lambda: lapse_requests(parts, now),
        "answered": lambda: finish_all_answers(parts),
        "overtaken": lambda: suspend_overtaken(parts),
        "demands": lambda: certify_all(parts) + follow_clocks(parts),
        "phases": lambda: end_phases(parts),
    }
    done: dict[str, int] = {}
    broken: list[Exception] = []
    for name, step in steps.items():
        try:
            done[name] = step()
        except UnavailableError:
            raise
        except Exception as error:
            broken.append(error)
    if broken:
        raise broken[0]
    return UpkeepReport(**done)


def finish_cuts(parts: Parts) -> int:
    """Grants that ended and still have keys."""
    done: set[GrantId] = set()
    while rows := parts.data.ended_with_keys(limit=BATCH):
        ids = {row.grant.id for row in rows}
        if ids <= done:  # rows that say they are another grant: left to whoever looks into them
            break
        cut(parts, sorted(ids - done))
        done |= ids
    return len(done)


def expire_grants(parts: Parts, now: datetime) -> int:
    """Note the grants whose time is over. Readers were already refused, by the clock."""
    done = 0
    while rows := parts.data.expired_grants(now, limit=BATCH):
        noted = sum(expire_grant(parts, row, actor=OPERATOR) for row in rows)
        if not noted:
            break
        done += noted
    return done


def finish_forgettings(parts: Parts) -> int:
    """Entries whose ``forget`` leaf stands and whose rows do too."""
    done = 0
    while heads := parts.data.forgotten_heads(limit=BATCH):
        finish_forgetting(parts, heads)
        done += len({(head.carnet_id, head.entry_id) for head in heads})
    return done


def finish_erasures(parts: Parts) -> int:
    """Carnets whose ``erase`` leaf stands and whose rows do too."""
    done = 0
    while carnets := parts.data.erased_carnets(limit=BATCH):
        for carnet in carnets:
            finish_erasure(parts, carnet.carnet_id)
        done += len(carnets)
    return done


def rekey_structures(parts: Parts) -> int:
    """Structures somebody left, or whose change of key was interrupted."""
    structures, broken = rekeyings(parts), list[Exception]()
    for structure_id in structures:
        try:
            rekey(parts, structure_id)
        except UnavailableError:
            raise
        except Exception as error:  # whatever is wrong with this one, the others change theirs
            broken.append(error)
    if broken:
        raise broken[0]
    return len(structures)


def drop_orphans(parts: Parts, now: datetime) -> int:
    """Keys of grants that D never came to know: made first, then the process died. After a day."""
    done, after = 0, None
    while ids := parts.keystore.secret_ids("grant", after=after, limit=BATCH, made_before=now - ORPHAN_AGE):
        known = set(parts.data.grants_named([GrantId(id_) for id_ in ids]))
        orphans = [grant_name(GrantId(id_)) for id_ in ids if id_ not in known]
        done += parts.keystore.delete_secrets(orphans) if orphans else 0
        after = ids[-1]
    return done


def sign_checkpoint(parts: Parts, origin: str, sign: SignNote, look: VerifiedHead) -> StoredCheckpoint | None:
    """Sign the log as it stands if it grew since the last checkpoint; kept in D and in K. Else None. Raises
    what ``look`` raises: then nothing is signed."""
    last = parts.data.last_checkpoint()
    if last is not None and last.size >= parts.data.log_size():
        return None
    size, root = look()
    checkpoint = StoredCheckpoint(size, parts.now(), sign(Checkpoint(origin, size, root)))
    parts.data.keep_checkpoint(checkpoint)
    parts.keystore.keep_checkpoint(checkpoint)
    return checkpoint


def hold_lease(parts: Parts, holder: str) -> bool:
    """Whether this process is the one that runs the jobs, for the next minute and a half."""
    now = parts.now()
    return parts.data.take_lease(JOBS, holder, now=now, until=now + LEASE)

"""The clocks of requests to forget, for the finishing pass: reminders on day 20 and 27, and when it is late.

Whoever must answer is reminded by mail, without a word about whom; when it is late the officer and the person
are told. A reminder is a step of the demand, so that it leaves once, whichever process sends it. A demand
whose référent changed goes to the new one's desk; what is over is closed.
"""

from collections.abc import Iterator
from datetime import timedelta

from consent.demands import WAITING, DemandBy, DemandMove, DemandState
from schemas.ids import ProfessionalId
from vault.services.certificates import certificate_of
from vault.services.demand_seals import OpenedDemand, StaleDemandError, add_step
from vault.services.forget_desk import opened_demands, tell_her
from vault.services.forgetting import FORGET, opened_under_lock
from vault.services.office_mail import tell
from vault.services.parts import Parts
from vault.services.recipients import notices_of
from vault.services.referents import current_referent

BATCH = 200
RECOURSE = timedelta(days=62)  # a refusal waits that long for her to turn to the officer
_KINDS = ("forget_soon", "forget_close", "forget_late")  # by the alerts that have begun: 1, 2, 3


def follow_clocks(parts: Parts) -> int:
    """One walk over what is open; how many demands changed. Repeatable."""
    done = 0
    for demand in _open(parts):
        try:
            done += _readdress(parts, demand) or _remind(parts, demand) or _close(parts, demand)
        except StaleDemandError:  # it moved meanwhile: the next pass looks again
            continue
    return done


def _open(parts: Parts) -> Iterator[OpenedDemand]:
    after = None
    while rows := parts.data.demands_open(kinds=[FORGET.value], after=after, limit=BATCH):
        yield from opened_demands(parts, rows)
        after = (rows[-1].due_at, rows[-1].demand_id)


def _readdress(parts: Parts, demand: OpenedDemand) -> bool:
    """The columns say on whose desk it lies; who may answer is asked of the assignment each time."""
    if demand.state not in WAITING:
        return False
    referent = current_referent(parts, demand.row.carnet_id)
    to = (referent.structure_id, referent.professional_id) if referent is not None else (None, None)
    if to == (demand.row.structure_id, demand.row.professional_id):
        return False
    with parts.data.change() as work:
        if not work.readdress_demand(demand.row.carnet_id, demand.demand_id, *to):
            return False
        if referent is not None:
            tell(work, parts, "forget_new", referent.professional_id)
        work.commit()
    return True


def reminded(demand: OpenedDemand) -> int:
    """How many alerts of the month that runs were sent."""
    longer = demand.step(DemandMove.EXTEND)
    since = longer.no if longer is not None else 0
    levels = [
        int(step.more["level"]) for step in demand.steps if step.move is DemandMove.ALERT and step.no > since
    ]
    return max(levels, default=0)


def _remind(parts: Parts, demand: OpenedDemand) -> bool:
    now = parts.now()
    level = demand.clock.alerts_begun(now) if demand.state in WAITING else 0
    if level <= reminded(demand):
        return False
    carnet_id = demand.row.carnet_id
    journal = parts.journal_keys.load(now=now, carnets=[carnet_id]).journal(carnet_id)
    if journal is None:
        return False
    referent = current_referent(parts, carnet_id)
    to: ProfessionalId | None = referent.professional_id if referent is not None else None
    with parts.data.change() as work:
        stands = opened_under_lock(work, demand.demand_id, journal)
        if stands is None or stands.state not in WAITING or reminded(stands) >= level:
            return False
        add_step(
            work,
            stands,
            DemandMove.ALERT,
            DemandBy.SERVICE,
            journal=journal,
            more={"level": level},
            alerts=level,
        )
        if level == len(_KINDS):
            tell(work, parts, _KINDS[-1], None)
            tell_her(work, parts, carnet_id)
        else:
            tell(work, parts, _KINDS[level - 1], to)
        work.commit()
    return True


def _close(parts: Parts, demand: OpenedDemand) -> bool:
    """What was done and acknowledged by all, and what was refused long ago."""
    carnet_id, now = demand.row.carnet_id, parts.now()
    journal = parts.journal_keys.load(now=now, carnets=[carnet_id]).journal(carnet_id)
    if journal is None or not _over(parts, demand):
        return False
    with parts.data.change() as work:
        stands = opened_under_lock(work, demand.demand_id, journal)
        if stands is None or stands.state is not demand.state:
            return False
        add_step(work, stands, DemandMove.CLOSE, DemandBy.SERVICE, journal=journal)
        work.commit()
    return True


def _over(parts: Parts, demand: OpenedDemand) -> bool:
    last = demand.steps[-1].at
    if demand.state is DemandState.REFUSED:
        return parts.now() >= last + RECOURSE
    if demand.state is not DemandState.INFORMED:
        return False
    step = demand.step(DemandMove.EXECUTE)
    if step is not None and "index" in step.more and certificate_of(demand) is None:
        return False
    carnet_id = demand.row.carnet_id
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journal(carnet_id)
    waiting = [] if journal is None else notices_of(parts, carnet_id, journal, demand.demand_id)
    return all(one.acknowledged_at is not None for one in waiting)

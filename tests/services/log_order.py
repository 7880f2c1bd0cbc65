"""A checker of the order of the log (promise P4): in log order no read under a grant stands after that
grant's end. It sees what the entries say, opened with the persons' own journal keys, and nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.ids import CarnetId
from schemas.names import Outcome
from tests.world import World
from vault.audit.events import Op
from vault.crypto import carnet_index_tag
from vault.services import own_carnet

ENDS = (Op.WITHDRAW, Op.REPLACE, Op.EXPIRE, Op.REVOKE)
PAGE = 1000


@dataclass(frozen=True)
class Event:
    """One entry of the log, as far as grants go."""

    no: int
    at: datetime
    op: Op
    out: Outcome
    grant_id: str | None
    fields: tuple[str, ...] = ()


def events_of(world: World, carnet_ids: Iterable[CarnetId]) -> list[Event]:
    """Every entry about these carnets, oldest first."""
    found: list[Event] = []
    for carnet_id in carnet_ids:
        journals = world.parts.journal_keys.load(now=world.parts.now(), carnets=[carnet_id])
        journal = journals.journals[carnet_id]
        before: int | None = None
        while rows := world.parts.data.log_by_carnet(
            carnet_index_tag(journal), ops=None, before=before, limit=PAGE
        ):
            before = rows[-1].no
            opened = [own_carnet.open_access(row, journal) for row in rows]
            assert None not in opened, "every entry about her opens with her key"
            found += [Event(a.no, a.at, a.op, a.outcome, a.grant_id, a.fields) for a in opened if a]
    return sorted(found, key=lambda event: event.no)


def faults(events: Iterable[Event], ends_at: Mapping[str, datetime] | None = None) -> list[str]:
    """What breaks the promise, in words; empty when nothing does. ``ends_at``: when each grant's terms end
    (a read at that very instant is too late)."""
    found: list[str] = []
    given: set[str] = set()
    ended: dict[str, Event] = {}
    last: Event | None = None
    for event in events:
        if last is not None and event.at < last.at:
            found.append(f"{event.no} is dated before {last.no}")
        last = event
        if event.grant_id is None:
            continue
        if event.op is Op.GRANT:
            given.add(event.grant_id)
        if event.op in ENDS:
            if event.grant_id in ended:
                found.append(f"{event.no} ends what {ended[event.grant_id].no} had ended")
            ended[event.grant_id] = event
        if event.op is Op.READ and event.out is Outcome.GRANTED:
            if event.grant_id not in given:
                found.append(f"{event.no} reads under a grant that was not given before")
            if event.grant_id in ended:
                found.append(f"{event.no} reads under a grant that {ended[event.grant_id].no} had ended")
            if ends_at is not None and event.at >= ends_at[event.grant_id]:
                found.append(f"{event.no} reads at or after the end of its grant")
    return found

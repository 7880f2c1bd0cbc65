"""What the checker of the order of the log (promise P4, ``vault.audit.order``) sees of an instance: the
entries about some carnets, opened with the persons' own journal keys, and nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from schemas.ids import CarnetId
from tests.world import World
from vault.audit import Event, Leaf, Op, Order, event_of
from vault.crypto import carnet_index_tag
from vault.services.opened_entries import about_of

PAGE = 1000


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
            for row in rows:
                leaf = Leaf.parse(row.leaf)
                about = about_of(row.about_sealed, leaf, journal)
                assert about is not None, "every entry about her opens with her key"
                found.append(event_of(row.no, leaf, about))
    return sorted(found, key=lambda event: event.no)


def faults(events: Iterable[Event], ends_at: Mapping[str, datetime] | None = None) -> list[str]:
    """What breaks the promise, in words; empty when nothing does. ``ends_at``: when each share ends by its
    terms, which its entry must say too."""
    order, lies = Order(), list[str]()
    for event in events:
        if event.op is Op.GRANT and ends_at is not None and event.grant_id is not None:
            told = replace(event, until=in_ms(ends_at[event.grant_id]))
            lies += [] if told == event else [f"leaf {event.no} says another end"]
        order.take(event)
    return [*lies, *(finding.sentence for finding in order.findings.kept)]


def in_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)

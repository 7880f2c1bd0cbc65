"""What is done once a day by whoever holds the jobs: what is kept no longer, and the counts of the day.

The day is taken by a lease until its end in Paris: the other processes find it taken. A process that dies in
the middle leaves the rest to the next day; each part goes on where it stands.
"""

from datetime import timedelta

from consent.clocks import day_of, end_of
from schemas.ids import new_id
from vault.services.indicators import count_paths
from vault.services.parts import Parts
from vault.services.retention import run_retention

DAY = "day"
SOON = timedelta(seconds=1)


def run_daily(parts: Parts, *, retention: bool) -> bool:
    """Whether this process did the work of the day. ``retention``: for real, or not at all. Raises
    UnavailableError."""
    now = parts.now()
    until = max(end_of(day_of(now)), now + SOON)
    if not parts.data.take_lease(DAY, new_id(), now=now, until=until):
        return False
    if retention:
        run_retention(parts, for_real=True)
    count_paths(parts)
    return True

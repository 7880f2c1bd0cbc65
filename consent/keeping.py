"""How long a carnet is kept, and what comes before its end. Plain values, no clock.

- Kept for so many calendar months after the last contact (the frame says how many), the whole last day of
  Paris counted. Then it is closed to readers for a while where the frame says so ("archive"), and erased.
- Nothing ends unannounced: a warning 60 days before, another 15 days before. A warning that comes late moves
  the end: from the first there are always 60 days, from the second always 15.
- A contact after a warning undoes it: the time begins again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.clocks import day_of, end_of, months_after
from schemas.names import Word

FIRST, SECOND = 60, 15  # days before the end
_A_DAY = timedelta(days=1)


class Stage(Word):
    """What a carnet comes to when nobody is there any more."""

    ARCHIVE = "archive", "fermé aux autres"
    ERASE = "erase", "effacé"


@dataclass(frozen=True, slots=True)
class Warn:
    """To do now: tell her, so many ``days`` before ``end``."""

    stage: Stage
    days: int
    end: datetime


@dataclass(frozen=True, slots=True)
class End:
    """To do now: the stage itself."""

    stage: Stage


def kept_until(last: datetime, months: int) -> datetime:
    """The first instant after so many months from a contact."""
    return end_of(months_after(day_of(last), months))


def next_step(
    stage: Stage, due: datetime, warned: Mapping[int, datetime], now: datetime
) -> Warn | End | None:
    """What is to be done now about a carnet whose time is over at ``due``. ``warned``: when each warning of
    this stage was given since the last contact, by its days. None: nothing yet."""
    end = due
    for days in (FIRST, SECOND):
        ahead = days * _A_DAY
        if days not in warned:
            return Warn(stage, days, max(end, now + ahead)) if now >= end - ahead else None
        end = max(end, warned[days] + ahead)
    return End(stage) if now >= end else None

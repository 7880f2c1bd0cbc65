"""How long an answer may take: calendar months, working days, in days of Paris. Plain values, no clock.

- A period in months runs from a day to the day of the same number, or to the last day of a month that has no
  such day; when it would end on a Saturday, a Sunday or a public holiday, it ends with the working day after
  (Regulation (EEC, Euratom) 1182/71, article 3; GDPR article 12(3) for the month).
- The whole last day counts: ``due`` is the first instant after it, an aware UTC instant.
- It may be made longer once, by two months from the day of receipt, only with a reason and only while its
  first month runs (GDPR article 12(3)).
- Whoever must answer is alerted on the 20th and the 27th day of the month that runs, and when it is over.
- Public holidays are the eleven of the Code du travail, article L. 3133-1. Those of Alsace-Moselle and
  overseas are left out: the date is then a day or so earlier, never later than the law has it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
ANSWER_MONTHS = 1
EXTENDED_MONTHS = 3  # the month, and two more
ALERT_DAYS = (20, 27)  # of the month that runs
ORIENTATION_WEEKS = 6  # after the request of RSA: CASF, article D. 262-65-2
CONTRACT_MONTHS = 1  # after the orientation: Code du travail, article D. 5411-14-1

_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


class ClockError(ValueError):
    """What was asked of a clock cannot be. Names the rule in the way, never a value."""


# --- days ------------------------------------------------------------------------------------------------


def day_of(at: datetime) -> date:
    """The day it is in Paris at an aware instant. ClockError for a naive one."""
    if at.tzinfo is None:
        raise ClockError("naive")
    return at.astimezone(PARIS).date()


def start_of(day: date) -> datetime:
    """The first instant of a day in Paris, in UTC."""
    return datetime.combine(day, time.min, tzinfo=PARIS).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first instant after a day in Paris, in UTC."""
    return start_of(day + timedelta(days=1))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous method of 1876 (Meeus, Jones, Butcher)."""
    century, rest = divmod(year, 100)
    leaps, off = divmod(century, 4)
    moon = (19 * (year % 19) + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * off + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (year % 19 + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """The eleven public holidays of a year, on the whole territory."""
    fixed = {date(year, month, day) for month, day in _FIXED}
    return frozenset(fixed | {easter(year) + timedelta(days=days) for days in _AFTER_EASTER})


def is_working(day: date) -> bool:
    """Neither Saturday, nor Sunday, nor a public holiday."""
    return day.weekday() < 5 and day not in public_holidays(day.year)


def working_day(day: date) -> date:
    """This day, or the first working day after it."""
    while not is_working(day):
        day += timedelta(days=1)
    return day


def months_after(day: date, months: int) -> date:
    """The day of the same number that many months later, else the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# --- the month in which somebody is answered -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clock:
    """When something was received, and whether its time was made longer."""

    received_at: datetime
    extended: bool = False

    @property
    def last_day(self) -> date:
        """The last day on which the answer is in time."""
        months = EXTENDED_MONTHS if self.extended else ANSWER_MONTHS
        return working_day(months_after(day_of(self.received_at), months))

    @property
    def due(self) -> datetime:
        """The first instant at which the answer is late."""
        return end_of(self.last_day)

    @property
    def alerts(self) -> tuple[date, ...]:
        """The days on which whoever must answer is told: of the month that runs, the last one when longer."""
        months = EXTENDED_MONTHS - ANSWER_MONTHS if self.extended else 0
        first = months_after(day_of(self.received_at), months)
        return tuple(first + timedelta(days=days) for days in ALERT_DAYS)

    def days_left(self, now: datetime) -> int:
        """Whole days after today; 0 on the last day, negative once late."""
        return (self.last_day - day_of(now)).days

    def late(self, now: datetime) -> bool:
        return now >= self.due

    def alerts_begun(self, now: datetime) -> int:
        """How many alerts are due by now: 0, 1 or 2; one more once late."""
        today = day_of(now)
        return sum(day <= today for day in self.alerts) + self.late(now)

    def may_be_longer(self, now: datetime) -> bool:
        """Only once, and only inside the first month."""
        return not self.extended and not self.late(now)

    def longer(self, now: datetime) -> "Clock":
        """The same with two months more. ClockError outside the first month, or a second time."""
        if self.extended:
            raise ClockError("extended_once")
        if self.late(now):
            raise ClockError("first_month_over")
        return Clock(self.received_at, extended=True)


# --- what the law gives the administration for the path ---------------------------------------------------


def orientation_by(requested_on: date) -> date:
    """The last day for the orientation: six weeks after the request (CASF, article D. 262-65-2)."""
    return working_day(requested_on + timedelta(weeks=ORIENTATION_WEEKS))


def contract_by(oriented_on: date) -> date:
    """The last day for the contract: one month after the orientation (Code du travail, D. 5411-14-1)."""
    return working_day(months_after(oriented_on, CONTRACT_MONTHS))


_RHYTHMS = {
    "semaine": (0, 7),
    "quinze_jours": (0, 14),
    "mois": (1, 0),
    "deux_mois": (2, 0),
    "trois_mois": (3, 0),
}


def review_by(last_on: date, rhythm: str) -> date:
    """The last day for the next meeting, by the rhythm agreed (a word of ``rythme_rendez_vous``). ClockError
    for another word."""
    try:
        months, days = _RHYTHMS[rhythm]
    except KeyError:
        raise ClockError("no_such_rhythm") from None
    return working_day(months_after(last_on, months) + timedelta(days=days))

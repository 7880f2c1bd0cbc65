"""Days and instants as a person reads them: French words, the time of Paris.

Pure functions, no locale of the machine: the same instant gives the same words everywhere.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from schemas.describing import french_date

PARIS = ZoneInfo("Europe/Paris")


def day_in_words(day: date, *, weekday: bool = True) -> str:
    """« mardi 3 mars 2026 », or « 3 mars 2026 » without the weekday. The first of a month is « 1er »."""
    words = french_date(day)
    return words if weekday else words.partition(" ")[2]


def day_in_paris(instant: datetime) -> date:
    """The day it is in Paris at ``instant``, which must be aware (ValueError otherwise)."""
    if instant.tzinfo is None:
        raise ValueError("an instant must carry its time zone")
    return instant.astimezone(PARIS).date()


def instant_in_words(instant: datetime) -> str:
    """« mardi 3 mars 2026 à 14 h 05 », in the time of Paris. ``instant`` must be aware."""
    local_day = day_in_paris(instant)
    local = instant.astimezone(PARIS)
    return f"{day_in_words(local_day)} à {local.hour} h {local.minute:02d}"

"""How dates, numbers and lists are said on screen: in words, at the hour of Paris.

Rules
- Instants come in aware (any zone) and are said in Europe/Paris; a naive one is a fault of the caller.
- A year is said only when it is not the year of `now`.
- Spaces inside a date, an hour or a number never break a line.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"
THIN = "\u202f"

_LENGTHS = {31: f"1{NBSP}mois", 92: f"3{NBSP}mois", 182: f"6{NBSP}mois", 365: f"1{NBSP}an"}  # of shares
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def in_paris(at: datetime) -> datetime:
    """The same instant on the clocks of Paris. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("an instant must carry its zone")
    return at.astimezone(PARIS)


def day(on: date | datetime, now: datetime | None = None) -> str:
    """« mardi 3 mars », or "mardi 3 mars 2026" when the year is not that of `now` (or `now` is absent)."""
    local = _as_day(on)
    words = f"{_WEEKDAYS[local.weekday()]} {_date_in_month(local)}"
    return words if now is not None and in_paris(now).year == local.year else f"{words}{NBSP}{local.year}"


def short_day(on: date | datetime, now: datetime | None = None) -> str:
    """« 3 mars », without the weekday; the year follows the rule of `day`."""
    local = _as_day(on)
    words = _date_in_month(local)
    return words if now is not None and in_paris(now).year == local.year else f"{words}{NBSP}{local.year}"


def clock(at: datetime) -> str:
    """« 14 h 05 »."""
    local = in_paris(at)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}"


def moment(at: datetime, now: datetime | None = None) -> str:
    """« mardi 3 mars à 14 h 05 »."""
    return f"{day(at, now)} à{NBSP}{clock(at)}"


def last_day(ends_at: datetime) -> date:
    """The last whole day before an exclusive end: what "jusqu’au … inclus" names."""
    return in_paris(ends_at - timedelta(microseconds=1)).date()


def time_left(ends_at: datetime, now: datetime) -> str:
    """« encore 12 jours », "encore aujourd’hui" on the last day, "terminé" after it."""
    if ends_at <= now:
        return "terminé"
    days = (last_day(ends_at) - in_paris(now).date()).days
    return "encore aujourd’hui" if days == 0 else f"encore {plural(days, 'jour')}"


def length(days: int) -> str:
    """« 1 mois » for the lengths a share is offered for, « 12 jours » for any other."""
    return _LENGTHS.get(days) or plural(days, "jour")


def number(value: int | float | Decimal) -> str:
    """« 12 345,5 »: thin spaces every three digits, a comma, no useless zeros."""
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0")
    spaced = whole.replace(",", THIN)
    return f"{spaced},{fraction}" if fraction else spaced


def plural(count: int, singular: str, several: str | None = None) -> str:
    """« 1 jour », « 2 jours », « 0 jour »: the plural starts at two. `several` defaults to singular + s."""
    word = singular if abs(count) < 2 else (several or f"{singular}s")
    return f"{number(count)}{NBSP}{word}"


def listing(words: Sequence[str]) -> str:
    """« a », "a et b", "a, b et c"; the empty list is an empty text."""
    *first, last = words or ("",)
    return f"{', '.join(first)} et {last}" if first else last


def capital(text: str) -> str:
    """The same text with its first letter as a capital; the rest is left alone."""
    return text[:1].upper() + text[1:]


def of(name: str) -> str:
    """« de Brest », « d’Alpha »: elided before a vowel (not before h, which one cannot know)."""
    return f"d’{name}" if name[:1].lower() in set("aàâeéèêëiîïoôuùûœæ") else f"de {name}"


def _as_day(on: date | datetime) -> date:
    return in_paris(on).date() if isinstance(on, datetime) else on


def _date_in_month(on: date) -> str:
    figure = "1er" if on.day == 1 else str(on.day)
    return f"{figure}{NBSP}{_MONTHS[on.month - 1]}"

"""Dates as an iCalendar file (RFC 5545), for the calendar of a phone. Written here: the little that is used
of the format is smaller than a library, and every byte of it is looked at.

- Lines end with CRLF and are folded at 75 octets, never inside a character (3.1); text is escaped (3.3.11).
- An instant is told in Europe/Paris with its rules beside it (3.6.5), so that it stays at the same hour of
  the clock whatever the phone's zone; a day is a whole day, which no zone moves.
- A UID is given: stable, so that taking the file again moves a date rather than doubles it, and telling
  nothing (RFC 7986, 5.3).
- Nothing rings and nobody is invited: no VALARM, no ATTENDEE, no ORGANIZER. Whatever is inside is private
  (CLASS, 3.8.1.3).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

MEDIA_TYPE = "text/calendar; charset=utf-8"
PRODID = "-//Carnet//Carnet de bord//FR"
LONGEST_LINE = 75  # octets, without the line break
MEETING = timedelta(hours=1)  # how long one takes on the page of a calendar, when nobody said

# Since 1996 (directive 2000/84/EC): last Sundays of March and October, at 1:00 UTC.
_PARIS = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE"""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # no text may hold one (3.1)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One date. ``at``: the hour of the clock in Paris; None: the whole day. Its repr tells nothing."""

    uid: str
    on: date
    summary: str
    at: time | None = None
    place: str = ""

    def __repr__(self) -> str:
        return "<CalendarEntry>"


def to_calendar(entries: Sequence[CalendarEntry], *, name: str, made_at: datetime) -> bytes:
    """The whole file, UTF-8. ``made_at``: an aware instant. The zone stands only when an entry needs it."""
    stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines.append(f"X-WR-CALNAME:{_text(name)}")
    if any(entry.at is not None for entry in entries):
        lines += _PARIS.splitlines()
    for entry in entries:
        lines += _event(entry, stamp)
    return _folded([*lines, "END:VCALENDAR"])


def _event(entry: CalendarEntry, stamp: str) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{entry.uid}", f"DTSTAMP:{stamp}", "CLASS:PRIVATE")
    if entry.at is None:
        yield f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}"
        yield "TRANSP:TRANSPARENT"  # a day by which something is to be done keeps nobody busy
    else:
        start = datetime.combine(entry.on, entry.at)
        yield f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}"
        yield f"DURATION:PT{MEETING // timedelta(hours=1)}H"
    yield f"SUMMARY:{_text(entry.summary)}"
    if entry.place:
        yield f"LOCATION:{_text(entry.place)}"
    yield "END:VEVENT"


def _text(words: str) -> str:
    plain = _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"([\\;,])", r"\\\1", plain).replace("\n", "\\n")


def _folded(lines: Iterable[str]) -> bytes:
    return b"".join(piece + b"\r\n" for line in lines for piece in _pieces(line))


def _pieces(line: str) -> Iterator[bytes]:
    """A continuation begins with a space, which counts."""
    here = b""
    for sign in line:
        octets = sign.encode()
        if len(here) + len(octets) > LONGEST_LINE:
            yield here
            here = b" "
        here += octets
    yield here

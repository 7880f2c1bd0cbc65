"""The calendar file, read back by a reader written from RFC 5545, which shares nothing with the writer."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from exporters.to_calendar import LONGEST_LINE, CalendarEntry, to_calendar

MADE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def read(data: bytes) -> list[tuple[str, dict[str, str], str]]:
    """Name, parameters and value of each line, unfolded (RFC 5545, 3.1)."""
    assert data.endswith(b"\r\n")
    text = re.sub(b"\r\n[ \t]", b"", data).decode()
    found = []
    for line in text.split("\r\n")[:-1]:
        head, _, value = line.partition(":")
        name, *told = head.split(";")
        found.append((name, dict(one.split("=", 1) for one in told), value))
    return found


def events(data: bytes) -> list[dict[str, tuple[dict[str, str], str]]]:
    """The properties of each event; begins and ends are balanced."""
    depth: list[str] = []
    found: list[dict[str, tuple[dict[str, str], str]]] = []
    for name, told, value in read(data):
        if name == "BEGIN":
            depth.append(value)
            if value == "VEVENT":
                found.append({})
        elif name == "END":
            assert depth.pop() == value
        elif depth[-1] == "VEVENT":
            assert name not in found[-1], "each once"
            found[-1][name] = (told, value)
    assert depth == []
    return found


def plain(text: str) -> str:
    """3.3.11 backwards."""
    return re.sub(r"\\(.)", lambda sign: "\n" if sign[1] in "nN" else sign[1], text)


def made(*entries: CalendarEntry) -> bytes:
    return to_calendar(entries, name="Mon carnet", made_at=MADE)


def test_a_meeting_stands_at_its_hour_in_paris_and_a_day_is_whole() -> None:
    data = made(
        CalendarEntry("a", date(2027, 3, 3), "Rendez-vous", time(14, 30), "CCAS, 2e étage"),
        CalendarEntry("b", date(2027, 3, 4), "Action"),
    )
    first, second = events(data)
    assert first["DTSTART"] == ({"TZID": "Europe/Paris"}, "20270303T143000")
    assert first["DURATION"][1] == "PT1H"
    assert plain(first["LOCATION"][1]) == "CCAS, 2e étage"
    assert second["DTSTART"] == ({"VALUE": "DATE"}, "20270304")
    assert {"UID", "DTSTAMP", "SUMMARY", "CLASS"} <= first.keys() & second.keys()
    assert first["DTSTAMP"][1] == "20261123T020000Z"


def test_the_zone_is_told_when_an_hour_needs_it_and_says_what_the_law_does() -> None:
    assert b"VTIMEZONE" not in made(CalendarEntry("b", date(2027, 3, 4), "Action"))
    data = made(CalendarEntry("a", date(2027, 3, 3), "Rendez-vous", time(9)))
    rules = [value for name, _, value in read(data) if name == "RRULE"]
    assert rules == ["FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"]
    paris = ZoneInfo("Europe/Paris")
    for year in range(2026, 2046):  # the zone of our own clock moves on the same days
        for month, before, after in ((3, 1, 2), (10, 2, 1)):
            day = max(day for day in range(25, 32) if date(year, month, day).weekday() == 6)
            noon = (datetime(year, month, one, 12, tzinfo=paris) for one in (day - 1, day))
            assert [at.utcoffset().total_seconds() / 3600 for at in noon] == [before, after]  # type: ignore[union-attr]


def test_nothing_rings_and_nobody_is_invited() -> None:
    names = {name for name, _, _ in read(made(CalendarEntry("a", date(2027, 3, 3), "x", time(9))))}
    assert names.isdisjoint({"VALARM", "ATTENDEE", "ORGANIZER", "URL", "ATTACH"})


@given(st.lists(st.text(max_size=300), min_size=1, max_size=3))
def test_every_text_comes_back_and_no_line_is_longer_than_the_rule(texts: list[str]) -> None:
    data = made(*(CalendarEntry(str(no), date(2027, 1, 1), text) for no, text in enumerate(texts)))
    assert all(len(line) <= LONGEST_LINE for line in data.split(b"\r\n"))
    data.decode()
    for text, event in zip(texts, events(data), strict=True):
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        assert plain(event["SUMMARY"][1]) == re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", lines)


def test_its_repr_tells_nothing() -> None:
    assert repr(CalendarEntry("a", date(2027, 3, 3), "Psychologue")) == "<CalendarEntry>"

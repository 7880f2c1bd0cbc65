"""The clocks of answers: 20 years of dates replayed, and every way a month can end badly."""

from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.clocks import (
    PARIS,
    Clock,
    ClockError,
    contract_by,
    day_of,
    easter,
    is_working,
    months_after,
    orientation_by,
    public_holidays,
    review_by,
    start_of,
    working_day,
)

FIRST, LAST = date(2020, 1, 1), date(2039, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
days = st.dates(FIRST, LAST)
instants = st.integers(0, (LAST - FIRST).days * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=PARIS)


def test_public_holidays_are_those_of_a_library_we_did_not_write() -> None:
    for year in range(2008, 2101):  # Whit Monday was none from 2005 to 2007
        assert public_holidays(year) == frozenset(holidays.country_holidays("FR", years=year)), year


def test_easter_is_where_it_is_known_to_have_been() -> None:
    known = ((2008, 3, 23), (2011, 4, 24), (2019, 4, 21), (2024, 3, 31), (2025, 4, 20), (2038, 4, 25))
    assert [easter(year) for year, _, _ in known] == [date(*one) for one in known]


def test_every_day_of_twenty_years_is_answered_on_a_working_day_of_the_right_month() -> None:
    """Independent of the arithmetic under test: counted day by day on the calendar."""
    for day in DAYS:
        end = _counted(day)
        assert months_after(day, 1) == end
        last = Clock(noon(day)).last_day
        assert last >= end
        assert is_working(last)
        assert not any(is_working(end + timedelta(days=gap)) for gap in range((last - end).days))
        assert 28 <= (last - day).days <= 31 + 4  # Easter Monday after a week-end is the longest way


def _counted(day: date) -> date:
    """The same number in the next month; when it has none, the day before the month after begins."""
    walked = day.replace(day=1) + timedelta(days=31)
    for number in range(31):
        candidate = walked.replace(day=1) + timedelta(days=number)
        if candidate.month != walked.month:
            return candidate - timedelta(days=1)
        if candidate.day == day.day:
            return candidate
    return candidate


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2025, 1, 31), date(2025, 2, 28)),  # no 31 February; a Friday
        (date(2024, 1, 31), date(2024, 2, 29)),  # leap year; a Thursday
        (date(2026, 1, 31), date(2026, 3, 2)),  # 28 February is a Saturday
        (date(2024, 3, 1), date(2024, 4, 2)),  # 1 April is Easter Monday
        (date(2026, 10, 11), date(2026, 11, 12)),  # 11 November
        (date(2026, 11, 25), date(2026, 12, 28)),  # Christmas is a Friday
        (date(2023, 4, 8), date(2023, 5, 9)),  # 8 May is a Monday
        (date(2023, 12, 1), date(2024, 1, 2)),  # over the new year
        (date(2025, 4, 1), date(2025, 5, 2)),  # 1 May is a Thursday
    ],
)
def test_a_month_ends_where_the_regulation_says(received: date, last: date) -> None:
    assert Clock(noon(received)).last_day == last


@given(instants)
@settings(max_examples=300, deadline=None)
def test_the_whole_last_day_in_paris_counts_summer_time_or_not(at: datetime) -> None:
    clock = Clock(at)
    assert not clock.late(clock.due - timedelta(milliseconds=1))
    assert clock.late(clock.due)
    assert clock.due.astimezone(PARIS).time() == time(0)
    assert day_of(clock.due - timedelta(seconds=1)) == clock.last_day
    assert clock.days_left(start_of(clock.last_day)) == 0
    assert clock.days_left(clock.due) == -1


@given(instants)
@settings(max_examples=200, deadline=None)
def test_longer_is_three_months_from_receipt_and_only_inside_the_first(at: datetime) -> None:
    clock = Clock(at)
    longer = clock.longer(clock.due - timedelta(seconds=1))
    assert longer.last_day == working_day(months_after(day_of(at), 3))
    for late in (clock.due, longer.due):
        with pytest.raises(ClockError, match="first_month_over"):
            clock.longer(late)
    with pytest.raises(ClockError, match="extended_once"):
        longer.longer(at)


@given(instants)
@settings(max_examples=200, deadline=None)
def test_alerts_come_in_order_before_the_end_and_once_more_when_it_is_over(at: datetime) -> None:
    for clock in (Clock(at), Clock(at, extended=True)):
        first, second = clock.alerts
        assert day_of(at) < first < second <= clock.last_day
        told = [clock.alerts_begun(start_of(day)) for day in (day_of(at), first, second)]
        assert told == [0, 1, 2]
        assert clock.alerts_begun(clock.due) == 3


def test_alerts_are_on_day_twenty_and_twenty_seven() -> None:
    assert Clock(noon(date(2026, 3, 3))).alerts == (date(2026, 3, 23), date(2026, 3, 30))
    assert Clock(noon(date(2026, 3, 3)), extended=True).alerts == (date(2026, 5, 23), date(2026, 5, 30))


def test_what_comes_after_midnight_in_paris_is_of_the_next_day_whatever_the_day_in_utc() -> None:
    before, after = datetime(2026, 6, 30, 21, 59, tzinfo=UTC), datetime(2026, 6, 30, 22, 1, tzinfo=UTC)
    assert (day_of(before), day_of(after)) == (date(2026, 6, 30), date(2026, 7, 1))
    with pytest.raises(ClockError, match="naive"):
        day_of(datetime(2026, 6, 30))  # noqa: DTZ001  # naive on purpose


@given(days)
def test_the_path_has_six_weeks_then_a_month(day: date) -> None:
    assert orientation_by(day) == working_day(day + timedelta(days=42))
    assert contract_by(day) == working_day(months_after(day, 1))


def test_a_review_follows_the_rhythm_agreed() -> None:
    monday = date(2026, 3, 2)
    words = ("semaine", "quinze_jours", "mois", "deux_mois", "trois_mois")
    found = [review_by(monday, word) for word in words]
    assert found == [
        date(2026, 3, 9),
        date(2026, 3, 16),
        date(2026, 4, 2),
        date(2026, 5, 4),
        date(2026, 6, 2),
    ]
    with pytest.raises(ClockError, match="no_such_rhythm"):
        review_by(monday, "jamais")

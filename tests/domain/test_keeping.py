"""Nothing ends unannounced: two warnings, sixty and fifteen days, whatever the day somebody looks."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consent.clocks import start_of
from consent.keeping import FIRST, SECOND, End, Stage, Warn, kept_until, next_step

DUE = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_two_years_end_with_the_whole_day_of_the_same_number_in_paris() -> None:
    assert kept_until(datetime(2024, 2, 29, 12, tzinfo=UTC), 24) == start_of(date(2026, 3, 1))
    assert kept_until(datetime(2024, 1, 31, 23, 30, tzinfo=UTC), 24) == start_of(date(2026, 2, 2))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=60).map(sorted))
def test_whatever_the_days_somebody_looks_she_has_sixty_and_fifteen_days(days: list[int]) -> None:
    warned: dict[int, datetime] = {}
    ended: datetime | None = None
    for day in days:
        now = DUE + (day - 100) * DAY
        step = next_step(Stage.ERASE, DUE, warned, now)
        if isinstance(step, Warn):
            assert step.end >= now + step.days * DAY
            warned[step.days] = now
        elif isinstance(step, End):
            ended = now
            break
    if ended is not None:
        assert ended >= max(DUE, warned[FIRST] + FIRST * DAY, warned[SECOND] + SECOND * DAY)
        assert warned[FIRST] <= warned[SECOND]


def test_nothing_is_said_before_the_sixtieth_day() -> None:
    assert next_step(Stage.ERASE, DUE, {}, DUE - 61 * DAY) is None
    assert next_step(Stage.ERASE, DUE, {}, DUE - 60 * DAY) == Warn(Stage.ERASE, FIRST, DUE)

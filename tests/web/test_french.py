"""Dates in words, numbers and plurals, as a French reader expects them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.web.pages import french
from vault.web.pages.rendering import typeset

NOW = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
INSTANTS = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def plain(text: str) -> str:
    """Without the spaces that do not break, for reading tests."""
    return text.replace(french.NBSP, " ").replace(french.THIN, " ")


def test_a_moment_is_said_with_its_weekday_at_the_hour_of_paris() -> None:
    assert plain(french.moment(NOW, NOW)) == "mardi 3 mars à 14 h 05"


def test_summer_time_is_that_of_paris() -> None:
    assert (
        plain(french.moment(datetime(2026, 7, 14, 22, 30, tzinfo=UTC), NOW)) == "mercredi 15 juillet à 0 h 30"
    )


def test_the_hour_said_twice_when_summer_ends_stays_the_clock_s() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert french.clock(first) == french.clock(second)


def test_the_first_of_a_month_is_premier() -> None:
    assert plain(french.day(date(2026, 2, 1), NOW)) == "dimanche 1er février"


def test_another_year_is_said_and_this_one_is_not() -> None:
    assert plain(french.day(date(2025, 12, 31), NOW)) == "mercredi 31 décembre 2025"
    assert plain(french.short_day(date(2026, 12, 31), NOW)) == "31 décembre"
    assert plain(french.short_day(date(2026, 12, 31))) == "31 décembre 2026"


def test_an_instant_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        french.moment(datetime(2026, 3, 3, 14, 5))  # noqa: DTZ001 - that is what is tried


def test_a_share_that_ends_at_midnight_is_said_until_the_day_before_included() -> None:
    ends_at = datetime(2026, 4, 3, 22, tzinfo=UTC)  # midnight in Paris, in summer
    assert french.last_day(ends_at) == date(2026, 4, 3)


@pytest.mark.parametrize(
    ("ends_at", "said"),
    [
        (datetime(2026, 3, 15, 23, tzinfo=UTC), "encore 12 jours"),
        (datetime(2026, 3, 4, 23, tzinfo=UTC), "encore 1 jour"),
        (datetime(2026, 3, 3, 23, tzinfo=UTC), "encore aujourd’hui"),
        (NOW, "terminé"),
    ],
)
def test_the_time_left_is_counted_in_days_of_paris(ends_at: datetime, said: str) -> None:
    assert plain(french.time_left(ends_at, NOW)) == said


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_the_same_instant_is_said_the_same_whatever_its_zone(at: datetime, minutes: int) -> None:
    elsewhere = at.astimezone(timezone(timedelta(minutes=minutes)))
    assert french.moment(at) == french.moment(elsewhere)


@given(INSTANTS)
def test_a_date_in_words_breaks_only_after_its_weekday_and_before_its_hour(at: datetime) -> None:
    assert french.moment(at).count(" ") == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (12345, "12 345"),
        (1234567.5, "1 234 567,5"),
        (24.0, "24"),
        (0.25, "0,25"),
        (-1200, "-1 200"),
    ],
)
def test_numbers_have_thin_spaces_and_a_comma(value: float, said: str) -> None:
    assert plain(french.number(value)) == said


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_can_be_read_back(value: int) -> None:
    assert int(french.number(value).replace(french.THIN, "")) == value


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 jour"), (1, "1 jour"), (2, "2 jours"), (1000, "1 000 jours")]
)
def test_the_plural_starts_at_two(count: int, said: str) -> None:
    assert plain(french.plural(count, "jour")) == said


def test_an_irregular_plural_is_given() -> None:
    assert plain(french.plural(3, "organisme a lu", "organismes ont lu")) == "3 organismes ont lu"


@pytest.mark.parametrize(
    ("words", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a et b"), (("a", "b", "c"), "a, b et c")]
)
def test_a_list_is_said_with_et_before_the_last(words: tuple[str, ...], said: str) -> None:
    assert french.listing(words) == said


@pytest.mark.parametrize(
    ("name", "said"), [("Brest", "de Brest"), ("Alpha", "d’Alpha"), ("École", "d’École")]
)
def test_de_is_elided_before_a_vowel(name: str, said: str) -> None:
    assert french.of(name) == said


def test_only_the_first_letter_becomes_a_capital() -> None:
    assert french.capital("épicerie de Brest") == "Épicerie de Brest"
    assert french.capital("") == ""


@pytest.mark.parametrize(
    ("written", "set_"),
    [
        ("Qui a vu ?", "Qui a vu\u202f?"),
        ("Pour : un poste", "Pour\u00a0: un poste"),
        ("« oui »", "«\u00a0oui\u00a0»"),
        ("Rien n'est partagé", "Rien n’est partagé"),
        ('<a href="/a?b=c">l\'aide</a>', '<a href="/a?b=c">l’aide</a>'),
    ],
)
def test_the_words_of_templates_get_french_spaces_and_apostrophes(written: str, set_: str) -> None:
    assert typeset(written) == set_

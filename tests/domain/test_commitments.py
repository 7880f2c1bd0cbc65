"""Both sides' commitments run the same clock; what the law gives the administration runs beside them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.clocks import is_working
from consent.commitments import CLOSED, MET, Standing, legal_duties, standing
from schemas.fields import Catalogue

DAY = date(2026, 3, 3)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("due", "state", "done", "expected"),
    [
        (None, "en_cours", None, Standing.UNDATED),
        (DAY, "en_cours", None, Standing.SOON),
        (DAY + timedelta(days=7), "a_faire", None, Standing.SOON),
        (DAY + timedelta(days=8), "a_faire", None, Standing.RUNNING),
        (DAY - timedelta(days=1), "en_cours", None, Standing.PASSED),
        (DAY - timedelta(days=1), "pas_encore_possible", None, Standing.PASSED),
        (DAY - timedelta(days=9), "tenu", DAY - timedelta(days=9), Standing.MET),
        (DAY - timedelta(days=9), "fait", DAY, Standing.MET_LATE),
        (DAY - timedelta(days=9), "tenu", None, Standing.MET),
        (DAY - timedelta(days=9), "revu", None, Standing.CLOSED),
    ],
)
def test_a_commitment_stands_where_its_date_and_its_word_say(
    due: date | None, state: str, done: date | None, expected: Standing
) -> None:
    assert standing(due, state, done, today=DAY) is expected


def test_every_word_that_closes_is_one_of_the_catalogue() -> None:
    catalogue = Catalogue.load()
    words = {
        choice.value
        for field in catalogue.fields
        for part in field.parts
        if part.name == "etat"
        for choice in part.choices
    }
    assert words >= CLOSED >= MET


@given(DAYS, st.integers(0, 400), st.integers(0, 400))
def test_the_administration_has_six_weeks_then_a_month_and_the_last_day_is_a_working_day(
    asked: date, after: int, then: int
) -> None:
    oriented = asked + timedelta(days=after)
    signed = oriented + timedelta(days=then)
    orientation, contract = legal_duties([asked], [oriented], [signed])
    assert is_working(orientation.due)
    assert is_working(contract.due)
    assert timedelta(days=42) <= orientation.due - asked <= timedelta(days=47)
    late = orientation.standing(today=signed) is Standing.MET_LATE
    assert late == (oriented > orientation.due) == (orientation.days_late(today=signed) > 0)
    assert (contract.standing(today=signed) is Standing.MET_LATE) == (signed > contract.due)


def test_a_new_orientation_begins_the_month_again_and_an_older_contract_does_not_end_it() -> None:
    first, signed, again = DAY, DAY + timedelta(days=20), DAY + timedelta(days=100)
    (contract,) = legal_duties([], [first, again], [signed])
    assert (contract.since, contract.met_on) == (again, None)
    assert contract.standing(today=again + timedelta(days=60)) is Standing.PASSED
    assert contract.days_late(today=contract.due + timedelta(days=3)) == 3


def test_without_dates_nothing_runs() -> None:
    assert legal_duties([], [], [DAY]) == ()

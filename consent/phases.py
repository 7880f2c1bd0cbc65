"""The phase « dans l'emploi »: for six months at most after she begins a job, her référent may still help.

The report of 16 December 2020 (§3.1, step 5): he stays her contact, and her employer's, for six months at
most. Shares that the frame marks as of that phase end then, whatever was chosen; one given later goes no
further.
"""

from datetime import date, datetime

from consent.clocks import end_of, months_after

JOB = "emploi"  # the phase, as a frame names it
MONTHS = 6


def last_day_of_phase(began: date) -> date:
    """The same day number six months later, or the last day of that month: « 31 août » leads to the last day
    of February."""
    return months_after(began, MONTHS)


def end_of_phase(began: date) -> datetime:
    """The first instant after the last day, in Paris; an aware instant in UTC."""
    return end_of(last_day_of_phase(began))

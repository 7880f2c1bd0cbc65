"""The counts of all carnets: no cell of fewer persons than may be told."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True)
class Bar:
    """One line of a table and its bar. `width`: of a hundred."""

    label: str
    count: int
    width: int


@dataclass(frozen=True)
class Indicator:
    """One table: what it says in sentences, then in figures. `on`: the day it was counted; None while too few
    persons are concerned."""

    title: str
    caption: str
    about: str = ""
    on: date | None = None
    sentences: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class IndicatorsView:
    """`/indicateurs`: delays, deadlines and volumes. `made_on`: None while too few carnets are open."""

    template: ClassVar[str] = "office/indicators.html"

    made_on: date | None
    indicators: tuple[Indicator, ...] = ()

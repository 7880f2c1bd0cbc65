"""Counts for those who steer: from dates alone, never of fewer than eleven persons."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from schemas.ids import FieldId
from schemas.names import StructureKind
from tests.services.followed import designate
from tests.world import MovingClock, Someone, World
from vault.audit.events import Op
from vault.services import writing
from vault.services.daily import run_daily
from vault.services.indicators import WHOLE, Indicators, count_paths, latest
from vault.services.path_rows import CountsRow

FIRST = date(2026, 3, 2)  # a Monday
NOW = datetime.fromisoformat("2026-09-01T10:00:00+00:00")
"""Long after every delay of these stories."""


@pytest.fixture(scope="module")
def clock() -> MovingClock:
    clock = MovingClock()
    clock.go_on_from(max(NOW, clock()))
    return clock


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, clock: MovingClock) -> Iterator[World]:
    """Thirty persons, twenty-four of whom were oriented, twelve of them late."""
    folder = tmp_path_factory.mktemp("crowd")
    urls = (f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite")
    town = World.open(*urls, Path(folder), clock=clock)
    for no in range(30):
        arrive(town, town.newcomer(), days=(20 if no < 12 else 60) if no < 24 else None)
    yield town
    town.close()


def arrive(town: World, who: Someone, *, days: int | None, since: date = FIRST) -> None:
    """She asked for the RSA, and was oriented so many days later. None: nobody wrote when she asked."""
    if days is not None:
        town.write(who, "date_demande_rsa", since.isoformat())
        orientation = {
            "le": (since + timedelta(days=days)).isoformat(),
            "organisme": "CCAS",
            "parcours": "social",
        }
        write_entry(town, who, "orientations", orientation)


def write_entry(town: World, who: Someone, field_id: str, value: Mapping[str, str]) -> None:
    writing.write_entry(
        town.parts, who.owner, writing.Answer(FieldId(field_id), dict(value)), actor=who.actor
    )


def counted(town: World) -> Indicators:
    made = count_paths(town.parts)
    assert made is not None
    return made


# --- what is told ----------------------------------------------------------------------------------------


def test_delays_and_what_the_law_gives_are_counted_by_who_follows(crowd: World) -> None:
    tables = counted(crowd).tables
    assert tables["carnets"]["total"]["count"] == 30
    assert tables["carnets"]["groups"]["counts"] == {}  # one group alone: what is left over would be nobody
    orientation = tables["orientation"]
    assert orientation["total"] is None  # thirty less twenty-four: six would be told


def test_enough_of_each_are_told_with_their_delays(crowd: World) -> None:
    for _ in range(8):
        crowd.newcomer()
    orientation = counted(crowd).tables["orientation"]
    assert orientation["total"]["count"] == 24
    assert orientation["total"]["quantiles"] == {"p50": 60}
    assert (orientation["share"]["kept"], orientation["share"]["missed"]) == (12, 12)
    assert counted(crowd).tables["contract"]["total"]["count"] == 24  # nobody signed, and each is late
    assert counted(crowd).tables["contract"]["share"] is None  # all are late: nobody's zero is told


def test_one_person_more_moves_no_number(crowd: World, clock: MovingClock) -> None:
    before = counted(crowd).tables
    arrive(crowd, crowd.newcomer(), days=20)
    clock.forward(days=1)
    assert counted(crowd).tables == before
    for _ in range(10):
        arrive(crowd, crowd.newcomer(), days=20)
    clock.forward(days=1)
    after = counted(crowd).tables
    assert after["carnets"]["total"]["count"] == 49
    assert after["orientation"]["total"]["count"] == 35
    assert (after["orientation"]["share"]["kept"], after["orientation"]["share"]["missed"]) == (23, 12)
    assert after["orientation"]["total"]["on"] > before["orientation"]["total"]["on"]


def test_what_each_side_promised_and_did_by_its_day_is_counted_apart(crowd: World) -> None:
    """Of twenty-two persons, the administration failed eleven; of nobody is it told which."""
    people = [crowd.newcomer() for _ in range(22)]
    for no, who in enumerate(people):
        late = {"etat": "en_cours"} if no < 11 else {"etat": "tenu", "fait_le": "2026-04-02"}
        told = {
            "partie": "administration",
            "texte": "Une place en formation",
            "echeance": "2026-04-02",
            **late,
        }
        write_entry(crowd, who, "engagements", told)
        put_off = {"partie": "personne", "texte": "Un CV", "echeance": "2026-04-02", "etat": "revu"}
        write_entry(crowd, who, "engagements", put_off)
    tables = counted(crowd).tables
    owed = tables["commitments_administration"]
    assert (owed["total"]["count"], owed["share"]) == (
        22,
        {"on": owed["share"]["on"], "kept": 11, "missed": 11},
    )
    assert tables["commitments_person"]["total"] is None


def test_groups_are_told_by_the_kind_of_structure_that_follows(crowd: World) -> None:
    kinds = {StructureKind.CCAS: 16, StructureKind.SIAE: 13}
    for kind, n in kinds.items():
        there = crowd.structure(f"Ici {kind}", kind)
        whom = crowd.member(there, f"ref-{kind}", kind=kind)
        for _ in range(n):
            designate(crowd, crowd.newcomer(), whom)
    groups = counted(crowd).tables["carnets"]["groups"]
    assert groups["counts"] == {"none": groups["total"] - 29, "ccas": 16}  # the last is what is left over


# --- how -------------------------------------------------------------------------------------------------


def test_fewer_than_eleven_carnets_are_not_even_opened(small_town: World) -> None:
    for _ in range(10):
        small_town.newcomer()
    size = small_town.parts.data.log_size()
    assert count_paths(small_town.parts) is None
    assert small_town.parts.data.log_size() == size
    assert latest(small_town.parts) is None


def test_each_count_is_an_entry_and_only_what_it_vouches_for_is_shown(crowd: World) -> None:
    size = crowd.parts.data.log_size()
    made = counted(crowd)
    assert crowd.parts.data.log_size() == size + 1
    assert latest(crowd.parts) == made
    row = crowd.parts.data.last_counts(WHOLE)
    assert row is not None
    crowd.parts.data.keep_counts(CountsRow(row.made_on, WHOLE, row.document.replace("12", "13")))
    assert latest(crowd.parts) is None
    crowd.parts.data.keep_counts(row)
    assert latest(crowd.parts) == made


def test_no_key_that_opens_an_answer_is_loaded_to_count(crowd: World) -> None:
    before = crowd.parts.rows.unwrap_counts()
    counted(crowd)
    after = crowd.parts.rows.unwrap_counts()
    moved = {kind for kind in after if after[kind] != before.get(kind, 0)}
    assert not moved & {"own", "shred", "grant", "seed"}


def test_nothing_of_anybody_stands_in_what_is_kept(crowd: World) -> None:
    counted(crowd)
    row = crowd.parts.data.last_counts(WHOLE)
    assert row is not None
    ids = [one.carnet_id for one in crowd.parts.data.carnets_after(None, limit=200)]
    assert not any(one in row.document for one in ids)


def test_they_are_counted_once_a_day(crowd: World, clock: MovingClock) -> None:
    clock.forward(days=1)
    assert run_daily(crowd.parts, retention=False)
    entries = len(crowd.parts.data.log_latest(ops=(Op.COUNT,), before=None, limit=100))
    assert not run_daily(crowd.parts, retention=False)
    assert len(crowd.parts.data.log_latest(ops=(Op.COUNT,), before=None, limit=100)) == entries

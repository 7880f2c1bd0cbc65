"""docs/security.md answers every requirement of levels 1 and 2 of ASVS 5.0.0, once, with a status of the
list, and what it names as proof exists."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.rules.test_docs import LINK, headings
from tests.rules.tracked import ROOT, relative, tracked_files

PAGE = ROOT / "docs" / "security.md"
STATUSES = ("met", "not applicable", "not yet")
# The levels of ASVS 5.0.0, requirement after requirement of each section: V1.1.1 and V1.1.2 are of level 2.
LEVELS = """
1.1 22  1.2 1111122223  1.3 112222222223  1.4 222  1.5 123
2.1 122  2.2 112  2.3 12223  2.4 23
3.1 3  3.2 113  3.3 12223  3.4 11222233  3.5 11122333  3.6 3  3.7 22333
4.1 12233  4.2 23333  4.3 22  4.4 1222
5.1 2  5.2 112333  5.3 113  5.4 222
6.1 122  6.2 11111111-2222  6.3 11223333  6.4 112233  6.5 22222333  6.6 2223  6.7 33  6.8 2222
7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 223  7.6 22
8.1 1233  8.2 1123  8.3 133  8.4 23
9.1 111  9.2 1222
10.1 22  10.2 223  10.3 22223  10.4 1111122222233333  10.5 22222  10.6 22  10.7 222
11.1 2233  11.2 22233  11.3 11233  11.4 1222  11.5 23  11.6 23  11.7 33
12.1 12233  12.2 11  12.3 22223
13.1 2333  13.2 222223  13.3 2233  13.4 1222233
14.1 22  14.2 12223333  14.3 122
15.1 12233  15.2 12233  15.3 1222222  15.4 3333
16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 2223
17.1 23  17.2 22223333  17.3 22
"""
NAMED = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|toml))(?:::(test_\w+))?`")


class Row(NamedTuple):
    number: str
    level: str
    asked: str
    status: str
    why: str


def rows() -> list[Row]:
    found = re.findall(r"^\| (V[\d.]+) \|(.*)\|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Row(number, *(cell.strip() for cell in rest.split(" | "))) for number, rest in found]


def asked() -> dict[str, str]:
    """Level by number, of the whole standard."""
    words = LEVELS.split()
    return {
        f"V{section}.{place}": level
        for section, levels in zip(words[::2], words[1::2], strict=True)
        for place, level in enumerate(levels.replace("-", ""), start=1)
    }


def missing(named: str, test: str) -> bool:
    """Whether a named file is not in the repository, or holds no such test."""
    if named not in {relative(one) for one in tracked_files()}:
        return True
    text = (ROOT / named).read_text(encoding="utf-8")
    return bool(test) and not re.search(rf"^(?:async )?def {test}\(", text, flags=re.MULTILINE)


def test_the_list_of_requirements_is_the_standard_s() -> None:
    assert Counter(asked().values()) == {"1": 70, "2": 183, "3": 92}


def test_every_requirement_of_levels_1_and_2_is_answered_once_with_its_level() -> None:
    expected = {number: level for number, level in asked().items() if level in "12"}
    told = [(row.number, row.level) for row in rows()]
    assert told == list(expected.items())


def test_every_status_is_of_the_list_and_every_answer_says_why() -> None:
    for row in rows():
        assert row.status in STATUSES, row.number
        assert row.asked, row.number
        assert len(row.why) > 5, row.number


def test_what_is_met_names_what_shows_it() -> None:
    for row in rows():
        if row.status == "met":
            assert NAMED.search(row.why), row.number


def test_every_test_and_every_file_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 200
    assert sorted({(path, test) for path, test in named if missing(path, test)}) == []


def test_a_name_that_leads_nowhere_is_seen() -> None:
    here = Path(__file__).resolve().relative_to(ROOT).as_posix()
    assert missing("tests/rules/test_nothing.py", "")
    assert missing(here, "test_that_is_not_here")


@pytest.mark.parametrize("status", [*STATUSES, "all"])
def test_the_counts_of_the_summary_are_true(status: str) -> None:
    told = re.search(rf"^\| {status} \| (\d+) \| (\d+) \| (\d+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert told is not None
    counted = Counter(row.level for row in rows() if status in (row.status, "all"))
    assert [int(one) for one in told.groups()] == [counted["1"], counted["2"], counted.total()]


def test_what_lacks_most_is_indeed_not_yet() -> None:
    text = PAGE.read_text(encoding="utf-8")
    start = text.index("## What lacks most")
    statuses = {row.number: row.status for row in rows()}
    named = re.findall(r"V\d+\.\d+\.\d+", text[start : text.index("\n## ", start + 1)])
    assert named
    assert [one for one in named if statuses[one] != "not yet"] == []


def test_its_links_lead_somewhere() -> None:
    for target in LINK.findall(PAGE.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        assert (PAGE.parent / path).is_file(), target
        assert not anchor or anchor in headings(PAGE.parent / path), target

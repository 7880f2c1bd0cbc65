"""From what is published, and knowing how it is made, nobody computes a cell that is not: tried on every
small world there is, with three persons in the place of eleven, and on two publications that follow."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.suppression import LEAST, Case, publish, quantiles, shown_groups

FEW = 3
KINDS = ("a", "b", "c")
World = tuple[int, ...]


def cases_of(world: World) -> list[Case]:
    return [Case(kind) for kind, n in zip(KINDS, world, strict=True) for _ in range(n)]


def worlds(most: int) -> Iterator[World]:
    yield from product(range(most + 1), repeat=len(KINDS))


def seen(document: Mapping[str, Any]) -> str:
    """What a reader has before him, in one spelling."""
    return repr([(name, document[name]) for name in ("total", "groups", "share")])


def hidden_cells(world: World, document: Mapping[str, Any]) -> list[int]:
    """Groups of somebody, of fewer than may be told: ``world`` is what the document was made of."""
    groups = document["groups"]
    assert groups is None or all(n >= FEW for n in groups["counts"].values())
    return [no for no in range(len(KINDS)) if 0 < world[no] < FEW]


def test_no_hidden_group_of_any_small_world_can_be_computed() -> None:
    alike: dict[str, list[World]] = defaultdict(list)
    documents = {
        world: publish(cases_of(world), None, on="d", groups=KINDS, least=FEW) for world in worlds(8)
    }
    for world, document in documents.items():
        alike[seen(document)].append(world)
    assert (
        sum(bool(document["groups"] and document["groups"]["counts"]) for document in documents.values())
        > 400
    )
    for world, document in documents.items():
        for no in hidden_cells(world, document):
            assert len({other[no] for other in alike[seen(document)]}) > 1, (world, document)


def test_nor_from_two_publications_that_follow_each_other() -> None:
    first = {world: publish(cases_of(world), None, on="1", groups=KINDS, least=FEW) for world in worlds(5)}
    alike: dict[str, list[tuple[World, World]]] = defaultdict(list)
    told: dict[tuple[str, World], Mapping[str, Any]] = {}
    for before, document in first.items():
        for after in first:
            key = (seen(document), after)
            if key not in told:
                told[key] = publish(cases_of(after), document, on="2", groups=KINDS, least=FEW)
            alike[seen(document) + seen(told[key])].append((before, after))
    for pairs in alike.values():
        before, after = pairs[0]
        document = first[before]
        following = told[seen(document), after]
        for no in hidden_cells(before, document):
            if any(pair[0][no] != before[no] for pair in pairs):
                continue
            pytest.fail(f"{before} is computed from {document} and {following}")
        fresh = following["groups"] is not None and following["groups"]["on"] == "2"
        for no in hidden_cells(after, following) if fresh else ():
            assert len({pair[1][no] for pair in pairs}) > 1, (pairs[0], document, following)


COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60), max_size=8)


@given(COUNTS)
def test_what_is_left_over_is_at_least_eleven_persons(counts: dict[str, int]) -> None:
    shown = shown_groups(counts)
    assert all(n >= LEAST for n in shown.values())
    assert not shown or sum(counts.values()) - sum(shown.values()) >= LEAST


def many(counts: Mapping[str, int], *, missed: int = 0) -> list[Case]:
    cases = [Case(kind, kept=True, days=30) for kind, n in counts.items() for _ in range(n)]
    return [Case(one.group, kept=no >= missed, days=one.days) for no, one in enumerate(cases)]


@given(st.lists(COUNTS, min_size=2, max_size=6), st.lists(st.integers(0, 80), min_size=6, max_size=6))
def test_no_number_moves_by_fewer_than_eleven_between_two_publications(
    days: list[dict[str, int]], missed: list[int]
) -> None:
    document: dict[str, Any] | None = None
    for no, counts in enumerate(days):
        following = publish(many(counts, missed=missed[no]), document, on=str(no))
        if document is not None:
            for one, other in compared(document, following):
                assert one == other or abs(one - other) >= LEAST
        document = following


def compared(document: dict[str, Any], following: dict[str, Any]) -> Iterator[tuple[int, int]]:
    if document["total"] and following["total"]:
        yield document["total"]["count"], following["total"]["count"]
    if document["share"] and following["share"]:
        for name in ("kept", "missed"):
            yield document["share"][name], following["share"][name]
    if document["groups"] and following["groups"]:
        before, after = document["groups"], following["groups"]
        both = before["counts"].keys() & after["counts"].keys()
        for name in both:
            yield before["counts"][name], after["counts"][name]
        left = [one["total"] - sum(one["counts"][name] for name in both) for one in (before, after)]
        yield left[0], left[1]


def test_fewer_than_eleven_are_not_told_at_all() -> None:
    nothing = {"total": None, "groups": None, "share": None}
    assert publish(many({"a": 10}), None, on="d") == nothing
    assert publish(many({"a": 11}), None, on="d")["total"]["count"] == 11


def test_a_table_too_small_to_be_told_again_stays_as_it_was_and_never_begins_anew() -> None:
    first = publish(many({"a": 11}), None, on="1")
    second = publish(many({"a": 10}), first, on="2")
    assert second == first, "that it goes away would tell that somebody left"
    assert publish(many({"a": 12}), second, on="3") == first

    parent = many({"a": 40})
    first = publish(many({"a": 20}), None, on="1", parent=parent)
    second = publish(many({"a": 35}), first, on="2", parent=parent)
    assert publish(many({"a": 21}), second, on="3", parent=parent) == first


def test_in_time_and_late_are_told_together_or_not_at_all() -> None:
    assert publish(many({"a": 40}, missed=10), None, on="d")["share"] is None
    assert publish(many({"a": 40}, missed=11), None, on="d")["share"] == {"on": "d", "kept": 29, "missed": 11}


def test_a_table_that_leaves_few_of_its_parent_is_not_told() -> None:
    parent = many({"a": 40, "b": 30})
    assert publish(many({"a": 35, "b": 30}), None, on="d", parent=parent)["total"] is None
    part = publish(many({"a": 35, "b": 15}), None, on="d", parent=parent)
    assert (part["total"]["count"], part["groups"]["counts"]) == (
        50,
        {},
    )  # "a" would tell of five; "b" of "a"


def test_a_quantile_has_eleven_persons_on_each_side() -> None:
    assert quantiles(list(range(21))) == {}
    assert quantiles(list(range(22))) == {"p50": 11}
    assert set(quantiles(list(range(44)))) == {"p25", "p50", "p75"}
    assert quantiles(list(range(110)))["p90"] == 99

"""The machine of states of a share: every state, every move, and the invariants I1 to I8."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.lifecycle import (
    EDGES,
    READABLE,
    REST_AFTER_REFUSAL,
    STARTS,
    TERMINAL,
    By,
    Facts,
    History,
    LifecycleError,
    Move,
    after,
    check,
    may_become,
    moved,
)
from schemas.ids import CompartmentId
from schemas.names import GrantState

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
END = NOW + timedelta(days=31)
A, B, HEALTH, OTHER = (CompartmentId(one) for one in ("a", "b", "sante", "other"))
ALL = frozenset({A, B, HEALTH})
FINE = Facts(
    habilitated=True,
    asked=ALL,
    allowed=ALL,
    accepted=ALL,
    special=frozenset({HEALTH}),
    apart=frozenset({HEALTH}),
    days=31,
    most_days=31,
    ends_at=END,
    decides_on_shares=True,
    reason=True,
)
# What the law of this machine is, written again by hand from the life cycle of a grant: (from, move, to).
DRAWN = {
    ("draft", "ask", "requested"), ("unknown", "ask", "requested"), ("draft", "give", "granted"),
    ("requested", "defer", "deferred"), ("requested", "accept", "granted"),
    ("requested", "refuse", "refused"), ("requested", "lapse", "lapsed"),
    ("deferred", "accept", "granted"), ("deferred", "refuse", "refused"), ("deferred", "lapse", "lapsed"),
    ("granted", "suspend", "suspended"), ("suspended", "resume", "granted"),
    ("granted", "withdraw", "withdrawn"), ("suspended", "withdraw", "withdrawn"),
    ("granted", "revoke", "revoked"), ("suspended", "revoke", "revoked"),
    ("granted", "expire", "expired"), ("suspended", "expire", "expired"),
    ("granted", "invalidate", "invalidated"), ("suspended", "invalidate", "invalidated"),
    ("granted", "replace", "replaced"), ("suspended", "replace", "replaced"),
    ("granted", "lapse", "lapsed"), ("suspended", "lapse", "lapsed"),
}  # fmt: skip
NARROWED = frozenset({A})
WORLD = [
    FINE,
    replace(FINE, accepted=NARROWED, days=1),
    replace(FINE, accepted=ALL | {OTHER}),
    replace(FINE, apart=frozenset()),
    replace(FINE, refused_at=NOW),
    replace(FINE, paused=True),
    replace(FINE, decides_on_shares=False),
    replace(FINE, suspended_by=By.PERSON),
    replace(FINE, suspended_by=By.DPO),
    replace(FINE, reason=False),
    replace(FINE, gone=True),
    Facts(),
]


def tried(state: GrantState, move: Move, by: By, at: datetime, facts: Facts) -> GrantState | None:
    try:
        return after(state, move, by, at, facts)
    except LifecycleError:
        return None


def everything() -> Iterator[tuple[GrantState, Move, By, datetime, Facts]]:
    for state in GrantState:
        for move in Move:
            for by in By:
                for at in (NOW, END - timedelta(milliseconds=1), END, END + REST_AFTER_REFUSAL):
                    for facts in WORLD:
                        yield state, move, by, at, facts


def test_every_edge_of_the_life_cycle_is_reachable_and_there_is_no_other() -> None:
    found = {
        (state.value, move.value, to.value)
        for state, move, by, at, facts in everything()
        if (to := tried(state, move, by, at, facts)) is not None
    }
    assert found == DRAWN
    assert {(edge.before.value, edge.move.value, edge.after.value) for edge in EDGES} == DRAWN
    assert len(EDGES) == len(DRAWN)


def test_every_state_is_reached_from_a_start_by_some_history() -> None:
    seen, waiting = set(STARTS), deque(STARTS)
    while waiting:
        state = waiting.popleft()
        for edge in EDGES:
            if edge.before is state and edge.after not in seen:
                seen.add(edge.after)
                waiting.append(edge.after)
    assert seen == set(GrantState)


def test_nothing_leads_out_of_a_terminal_state() -> None:
    """I4."""
    for state, move, by, at, facts in everything():
        if state in TERMINAL:
            assert tried(state, move, by, at, facts) is None
    assert {edge.before for edge in EDGES}.isdisjoint(TERMINAL)


def test_only_granted_is_readable_and_only_her_yes_leads_there_first() -> None:
    """I1: no plaintext without a decision of hers, or of somebody with a mandate to decide on shares."""
    assert set(READABLE) == {GrantState.GRANTED}
    for state, move, by, at, facts in everything():
        if tried(state, move, by, at, facts) is GrantState.GRANTED and state is not GrantState.SUSPENDED:
            assert by is By.PERSON or (by is By.REPRESENTATIVE and facts.decides_on_shares)


def test_what_is_given_is_never_wider_than_what_was_asked_or_allowed() -> None:
    """I7, and each special category by an act of its own."""
    for state, move, by, at, facts in everything():
        if tried(state, move, by, at, facts) is GrantState.GRANTED and move is not Move.RESUME:
            assert facts.accepted <= (facts.asked if move is Move.ACCEPT else facts.allowed)
            assert facts.accepted & facts.special <= facts.apart
            assert 1 <= facts.days <= facts.most_days


def test_she_may_stop_what_stands_whatever_else_is_so() -> None:
    """Withdrawing has no guard, ever."""
    for standing in (GrantState.GRANTED, GrantState.SUSPENDED):
        for facts in WORLD:
            assert tried(standing, Move.WITHDRAW, By.PERSON, END, facts) is GrantState.WITHDRAWN


@pytest.mark.parametrize(
    ("rule", "spoiled", "state", "move", "by"),
    [
        ("habilitated", {"habilitated": False}, "draft", Move.ASK, By.ASKER),
        ("within_the_frame", {"asked": ALL | {OTHER}}, "draft", Move.ASK, By.ASKER),
        ("within_the_frame", {"asked": frozenset()}, "draft", Move.ASK, By.ASKER),
        ("rested", {"refused_at": NOW}, "draft", Move.ASK, By.ASKER),
        ("not_under_pressure", {"paused": True}, "unknown", Move.ASK, By.ASKER),
        ("only_narrower", {"accepted": ALL | {OTHER}}, "requested", Move.ACCEPT, By.PERSON),
        ("only_narrower", {"accepted": frozenset()}, "deferred", Move.ACCEPT, By.PERSON),
        ("only_narrower", {"days": 32}, "requested", Move.ACCEPT, By.PERSON),
        ("within_the_purpose", {"accepted": ALL | {OTHER}}, "draft", Move.GIVE, By.PERSON),
        ("special_apart", {"apart": frozenset()}, "requested", Move.ACCEPT, By.PERSON),
        ("decides", {"decides_on_shares": False}, "requested", Move.ACCEPT, By.REPRESENTATIVE),
        ("decides", {"decides_on_shares": False}, "granted", Move.WITHDRAW, By.REPRESENTATIVE),
        ("with_a_reason", {"reason": False}, "granted", Move.REVOKE, By.DPO),
        ("with_a_reason", {"reason": False}, "granted", Move.SUSPEND, By.DPO),
        ("by_whoever_suspended", {"suspended_by": By.DPO}, "suspended", Move.RESUME, By.PERSON),
        ("over", {}, "granted", Move.EXPIRE, By.CLOCK),
        ("over_or_gone", {}, "requested", Move.LAPSE, By.CLOCK),
    ],
)
def test_each_guard_says_which_rule_is_in_the_way(
    rule: str, spoiled: dict[str, object], state: str, move: Move, by: By
) -> None:
    facts = replace(FINE, **spoiled)  # type: ignore[arg-type]  # each row names its member
    with pytest.raises(LifecycleError) as told:
        after(GrantState(state), move, by, NOW, facts)
    assert told.value.rule == rule


def test_a_refusal_holds_for_ninety_days_to_the_instant() -> None:
    facts = replace(FINE, refused_at=NOW)
    end = NOW + REST_AFTER_REFUSAL
    assert tried(GrantState.DRAFT, Move.ASK, By.ASKER, end - timedelta(microseconds=1), facts) is None
    assert tried(GrantState.DRAFT, Move.ASK, By.ASKER, end, facts) is GrantState.REQUESTED


def test_the_end_itself_is_already_too_late() -> None:
    """Half-open: [start, end)."""
    mine = replace(FINE, suspended_by=By.PERSON)
    before = END - timedelta(microseconds=1)
    assert tried(GrantState.SUSPENDED, Move.RESUME, By.PERSON, before, mine) is GrantState.GRANTED
    assert tried(GrantState.SUSPENDED, Move.RESUME, By.PERSON, END, mine) is None
    assert tried(GrantState.GRANTED, Move.EXPIRE, By.CLOCK, before, FINE) is None
    assert tried(GrantState.GRANTED, Move.EXPIRE, By.CLOCK, END, FINE) is GrantState.EXPIRED


# --- histories -------------------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(
        st.sampled_from(list(Move)),
        st.sampled_from(list(By)),
        st.sampled_from(WORLD),
        st.integers(0, 40),
    ),
    max_size=12,
)


def walked(start: GrantState, told: list[tuple[Move, By, Facts, int]]) -> History:
    history, at = History(start), NOW
    for move, by, facts, days in told:
        at += timedelta(days=days)
        try:
            history = moved(history, move, by, at=at, facts=facts)
        except LifecycleError:
            continue
    return history


@given(st.sampled_from(sorted(STARTS)), steps)
def test_a_history_only_grows_and_its_chain_holds(
    start: GrantState, told: list[tuple[Move, By, Facts, int]]
) -> None:
    """I3: what was is never changed by what comes."""
    history = walked(start, told)
    check(history)
    for length in range(len(history.steps)):
        check(History(history.start, history.steps[:length]))
    ends = [place for place, step in enumerate(history.steps) if step.state in TERMINAL]
    assert ends in ([], [len(history.steps) - 1]), "I4: what ended is last"


@settings(max_examples=60)
@given(steps, st.data())
def test_a_history_that_was_touched_does_not_pass(
    told: list[tuple[Move, By, Facts, int]], data: st.DataObject
) -> None:
    """Taken out, put in twice, dated again, by another: the step after it says so, or the end does."""
    usual = [(Move.GIVE, By.PERSON, FINE, 0), (Move.SUSPEND, By.PERSON, FINE, 0)]
    history = walked(GrantState.DRAFT, [*usual, *told])
    place = data.draw(st.integers(0, len(history.steps) - 2))
    before, step, later = history.steps[:place], history.steps[place], history.steps[place + 1 :]
    touched = data.draw(
        st.sampled_from(
            [
                (*before, *later),
                (*before, step, step, *later),
                (*before, replace(step, at=step.at - timedelta(days=1)), *later),
                (*before, replace(step, by=By.REPRESENTATIVE), *later),
                (*before, replace(step, before=bytes(32)), *later),
            ]
        )
    )
    if touched != history.steps:
        with pytest.raises(LifecycleError):
            check(History(history.start, touched))
    last = replace(history.steps[-1], at=history.steps[-1].at + timedelta(days=1))
    assert History(history.start, (*history.steps[:-1], last)).last != history.last


def test_time_never_goes_back_in_a_history() -> None:
    history = moved(History(), Move.GIVE, By.PERSON, at=NOW, facts=FINE)
    with pytest.raises(LifecycleError, match="time_goes_back"):
        moved(history, Move.SUSPEND, By.PERSON, at=NOW - timedelta(microseconds=1), facts=FINE)


def test_states_that_one_move_joins() -> None:
    assert may_become(GrantState.GRANTED, GrantState.WITHDRAWN)
    assert not may_become(GrantState.WITHDRAWN, GrantState.GRANTED)
    assert not may_become(GrantState.REQUESTED, GrantState.WITHDRAWN)

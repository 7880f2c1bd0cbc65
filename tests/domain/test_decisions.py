"""The decision, input by input: each alone refuses, nothing unknown is ever allowed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.decisions import READING_ROLES, AccessQuestion, Allowed, RefusalReason, Refused, Rules, decide
from consent.grants import Grant, Grantee, Terms
from schemas.ids import CarnetId, CompartmentId, GrantId, ProfessionalId, PurposeId, StructureId
from schemas.names import GrantState, LegalBasis, Right, Role

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
STRUCTURE = Grantee.structure(StructureId("s"))
PROFESSIONAL = Grantee.professional(ProfessionalId("p"))
ASKED = tuple(CompartmentId(name) for name in ("a", "b", "c"))
RULES = Rules(frozenset({*ASKED, CompartmentId("z")}), frozenset(), 365, "1")


def grant(state: GrantState = GrantState.GRANTED, **changed: Any) -> Grant:
    terms = Terms(
        grant_id=GrantId("g"),
        carnet_id=CarnetId("carnet"),
        grantee=STRUCTURE,
        key_id="00" * 8,
        compartments=(CompartmentId("a"), CompartmentId("b"), CompartmentId("z")),
        rights=(Right.READ,),
        purpose_id=PurposeId("purpose"),
        legal_basis=LegalBasis.CONSENT,
        starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=1),
        catalogue_version="1",
        frame_version="1",
        consent_record="",
    )
    return Grant(replace(terms, **changed), state)


def question(**changed: Any) -> AccessQuestion:
    asked = AccessQuestion(
        carnet_id=CarnetId("carnet"),
        grantees=(STRUCTURE,),
        role=None,
        purpose_id=PurposeId("purpose"),
        compartments=ASKED,
        caller_live=True,
        carnet_open=True,
        rules=RULES,
    )
    return replace(asked, **changed)


def reason(asked: AccessQuestion, grants: list[Grant], now: datetime = NOW) -> RefusalReason:
    decision = decide(asked, grants, now=now)
    assert isinstance(decision, Refused)
    assert not decision, "a refusal is false, whoever forgets to look at its type"
    return decision.reason


def test_what_is_granted_and_asked_is_allowed_and_no_more() -> None:
    assert decide(question(), [grant()], now=NOW) == Allowed(
        GrantId("g"), STRUCTURE, CarnetId("carnet"), frozenset(ASKED[:2]), LegalBasis.CONSENT
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"caller_live": False}, RefusalReason.CALLER_NOT_LIVE),
        ({"role": Role.MANAGER}, RefusalReason.ROLE),
        ({"role": Role.DPO}, RefusalReason.ROLE),
        ({"carnet_open": False}, RefusalReason.CARNET),
        ({"rules": None}, RefusalReason.PURPOSE),
        ({"carnet_id": "other"}, RefusalReason.NO_GRANT),
        ({"purpose_id": "other"}, RefusalReason.NO_GRANT),
        ({"grantees": ()}, RefusalReason.NO_GRANT),
        ({"grantees": (Grantee.structure(StructureId("other")),)}, RefusalReason.NO_GRANT),
        ({"grantees": (Grantee.professional(ProfessionalId("s")),)}, RefusalReason.NO_GRANT),
    ],
)
def test_each_part_of_the_question_alone_refuses(changed: dict[str, Any], why: RefusalReason) -> None:
    assert isinstance(decide(question(), [grant()], now=NOW), Allowed)
    assert reason(question(**changed), [grant()]) is why


@pytest.mark.parametrize(
    "changed",
    [
        *({"state": state} for state in GrantState if state is not GrantState.GRANTED),
        {"carnet_id": "other"},
        {"purpose_id": "other"},
        {"grantee": PROFESSIONAL},
        {"rights": ()},
        {"rights": (Right.PROPOSE,)},
        {"starts_at": NOW + timedelta(microseconds=1)},
        {"ends_at": NOW},
    ],
)
def test_each_part_of_the_grant_alone_refuses(changed: dict[str, Any]) -> None:
    assert reason(question(), [grant(**changed)]) is RefusalReason.NO_GRANT


def test_with_no_grant_nothing_is_allowed() -> None:
    assert reason(question(), []) is RefusalReason.NO_GRANT


def test_the_period_is_half_open() -> None:
    live = grant()
    instant = timedelta(microseconds=1)
    assert isinstance(decide(question(), [live], now=live.terms.starts_at), Allowed)
    assert isinstance(decide(question(), [live], now=live.terms.ends_at - instant), Allowed)
    assert reason(question(), [live], live.terms.starts_at - instant) is RefusalReason.NO_GRANT
    assert reason(question(), [live], live.terms.ends_at) is RefusalReason.NO_GRANT


@pytest.mark.parametrize("role", list(Role))
def test_those_who_follow_people_read_and_no_other_role_does(role: Role) -> None:
    reads = isinstance(decide(question(role=role), [grant()], now=NOW), Allowed)
    assert reads is (role in {Role.REFERENT, Role.ADVISER, Role.MEMBER})
    assert reads is (role in READING_ROLES)


def test_what_is_asked_and_not_granted_is_left_out_without_a_refusal() -> None:
    decision = decide(question(compartments=(CompartmentId("c"),)), [grant()], now=NOW)
    assert isinstance(decision, Allowed)
    assert decision.compartments == frozenset()


# --- which of two grants ---------------------------------------------------------------------------------

BOTH = question(grantees=(PROFESSIONAL, STRUCTURE))


def chosen(grants: list[Grant]) -> str:
    decision = decide(BOTH, grants, now=NOW)
    assert isinstance(decision, Allowed)
    return decision.grant_id


def test_of_two_that_answer_as_much_the_professional_s_own_is_named() -> None:
    to_structure = grant(grant_id="z")
    to_professional = grant(grant_id="a", grantee=PROFESSIONAL)
    assert chosen([to_structure, to_professional]) == chosen([to_professional, to_structure]) == "a"


def test_the_one_that_answers_more_of_what_is_asked_is_used() -> None:
    more = grant(grant_id="more", compartments=ASKED)
    own = grant(grant_id="own", grantee=PROFESSIONAL, compartments=(*ASKED[:1], "x", "y", "z"))
    assert chosen([more, own]) == chosen([own, more]) == "more"


def test_grants_are_never_added_up() -> None:
    """One read rests on one grant: its purpose, its legal basis and its end are those the person sees."""
    one = grant(grant_id="one", compartments=ASKED[:1])
    other = grant(grant_id="other", grantee=PROFESSIONAL, compartments=ASKED[1:2])
    decision = decide(BOTH, [one, other], now=NOW)
    assert isinstance(decision, Allowed)
    assert len(decision.compartments) == 1


def test_a_grant_that_does_not_stand_never_hides_one_that_does() -> None:
    over = grant(grant_id="over", grantee=PROFESSIONAL, compartments=ASKED, ends_at=NOW)
    assert chosen([over, grant(grant_id="live")]) == "live"


# --- in general ------------------------------------------------------------------------------------------

SMALL_IDS = st.sampled_from(["x", "y"])
GRANTEES = st.sampled_from([STRUCTURE, PROFESSIONAL, Grantee.structure(StructureId("t"))])
ANY_GRANT = st.builds(
    grant,
    st.sampled_from(GrantState),
    grant_id=st.sampled_from("ghi"),
    carnet_id=SMALL_IDS,
    grantee=GRANTEES,
    compartments=st.sets(st.sampled_from("abc")).map(lambda chosen: tuple(sorted(chosen))),
    rights=st.sampled_from([(), (Right.READ,), (Right.PROPOSE,), (Right.PROPOSE, Right.READ)]),
    purpose_id=SMALL_IDS,
    starts_at=st.sampled_from([NOW - timedelta(1), NOW, NOW + timedelta(1)]),
    ends_at=st.sampled_from([NOW - timedelta(1), NOW, NOW + timedelta(1)]),
)
ANY_QUESTION = st.builds(
    question,
    carnet_id=SMALL_IDS,
    grantees=st.lists(GRANTEES, max_size=2, unique=True).map(tuple),
    role=st.none() | st.sampled_from(Role),
    purpose_id=SMALL_IDS,
    compartments=st.sets(st.sampled_from("abc")).map(tuple),
    caller_live=st.booleans(),
    carnet_open=st.booleans(),
    rules=st.sampled_from([None, RULES]),
)


@given(asked=ANY_QUESTION, grants=st.lists(ANY_GRANT, max_size=4))
def test_whatever_is_allowed_is_in_one_live_grant_that_says_all_of_it(
    asked: AccessQuestion, grants: list[Grant]
) -> None:
    decision = decide(asked, grants, now=NOW)
    said = [
        one
        for one in grants
        if one.state is GrantState.GRANTED
        and one.terms.starts_at <= NOW < one.terms.ends_at
        and one.terms.carnet_id == asked.carnet_id
        and one.terms.purpose_id == asked.purpose_id
        and one.terms.grantee in asked.grantees
        and Right.READ in one.terms.rights
    ]
    fit = asked.caller_live and asked.carnet_open and asked.rules is not None
    fit = fit and asked.role in (None, Role.REFERENT, Role.ADVISER, Role.MEMBER)
    assert isinstance(decision, Allowed) is bool(fit and said)
    if isinstance(decision, Allowed):
        assert any(
            (decision.grant_id, decision.grantee, decision.carnet_id)
            == (one.id, one.terms.grantee, one.terms.carnet_id)
            and decision.compartments == set(one.terms.compartments) & set(asked.compartments)
            for one in said
        )


@given(asked=ANY_QUESTION, grants=st.lists(ANY_GRANT, max_size=4), data=st.data())
def test_the_order_of_grants_changes_nothing(
    asked: AccessQuestion, grants: list[Grant], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(grants))
    first, second = decide(asked, grants, now=NOW), decide(asked, other, now=NOW)
    if isinstance(first, Allowed) and isinstance(second, Allowed):
        assert (first.grant_id, len(first.compartments)) == (second.grant_id, len(second.compartments))
    else:
        assert first == second


NAMES = tuple(CompartmentId(name) for name in "abcz")
some = st.frozensets(st.sampled_from(NAMES))


@given(some, some, st.integers(1, 400), st.sampled_from(["1", "2"]), st.integers(0, 400))
def test_other_rules_narrow_a_share_and_never_widen_it(
    named: frozenset[CompartmentId],
    special: frozenset[CompartmentId],
    most_days: int,
    version: str,
    age: int,
) -> None:
    given_ = grant(starts_at=NOW - timedelta(days=age), ends_at=NOW + timedelta(days=1))
    rules = Rules(named, special & named, most_days, version)
    decision = decide(question(rules=rules, compartments=NAMES), [given_], now=NOW)
    if isinstance(decision, Refused):
        assert age >= most_days, "only a purpose that became shorter ends a share"
        return
    assert decision.compartments <= named & frozenset(given_.terms.compartments)
    if version != given_.terms.catalogue_version:
        assert not decision.compartments & special, "what became special waits for an act of its own"
    else:
        assert decision.compartments == named & frozenset(given_.terms.compartments)


@given(some, some, st.sampled_from([None, *LegalBasis]), st.booleans())
def test_a_share_with_something_that_became_special_opens_nothing_at_all(
    special: frozenset[CompartmentId], before: frozenset[CompartmentId], basis: LegalBasis | None, known: bool
) -> None:
    given_ = grant()
    rules = replace(
        RULES,
        special=special,
        catalogue_version="2",
        legal_basis=basis or LegalBasis.CONSENT,
        special_under={"1": before} if known else {},
    )
    decision = decide(question(rules=rules, compartments=NAMES), [given_], now=NOW)
    mine = frozenset(given_.terms.compartments)
    became = known and bool(mine & special - before)
    assert isinstance(decision, Refused) is (became or basis not in (None, LegalBasis.CONSENT))
    if isinstance(decision, Allowed):
        assert decision.compartments == (mine if known else mine - special)


def test_a_purpose_that_became_shorter_ends_its_older_shares_at_the_end_of_the_last_day() -> None:
    older = grant(starts_at=NOW - timedelta(days=31), ends_at=NOW + timedelta(days=31))
    assert decide(question(rules=replace(RULES, most_days=31)), [older], now=NOW)
    assert reason(question(rules=replace(RULES, most_days=30)), [older]) is RefusalReason.NO_GRANT

"""What a grant is: frozen terms with one spelling, a half-open period in the days of Paris, no way back."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consent.grants import (
    PARIS,
    Grant,
    Grantee,
    GranteeKind,
    GrantError,
    Terms,
    end_of_day_after,
    ended,
    replaced_by,
    terms_of,
)
from consent.lifecycle import TERMINAL
from schemas.canonical import canonical
from schemas.ids import CarnetId, CompartmentId, GrantId, ProfessionalId, PurposeId, StructureId
from schemas.names import GrantState, LegalBasis, Right

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FIRST, LAST = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001  hypothesis adds the zone
INSTANTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def a_set(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.sets(items, max_size=6).map(lambda chosen: tuple(sorted(chosen)))


ANY_TERMS = st.builds(
    Terms,
    grant_id=TEXTS.map(GrantId),
    carnet_id=TEXTS.map(CarnetId),
    grantee=st.builds(Grantee, st.sampled_from(GranteeKind), TEXTS),
    key_id=TEXTS,
    compartments=a_set(TEXTS.map(CompartmentId)),
    rights=a_set(st.sampled_from(Right)),
    purpose_id=TEXTS.map(PurposeId),
    legal_basis=st.sampled_from(LegalBasis),
    starts_at=INSTANTS,
    ends_at=INSTANTS,
    catalogue_version=TEXTS,
    frame_version=TEXTS,
    consent_record=TEXTS,
)


def some_terms(**changed: Any) -> Terms:
    terms = Terms(
        grant_id=GrantId("g"),
        carnet_id=CarnetId("c"),
        grantee=Grantee.structure(StructureId("s")),
        key_id="00" * 8,
        compartments=(CompartmentId("logement_fixe"), CompartmentId("permis_conduire")),
        rights=(Right.READ,),
        purpose_id=PurposeId("proposer_poste"),
        legal_basis=LegalBasis.CONSENT,
        starts_at=NOW,
        ends_at=NOW + timedelta(days=31),
        catalogue_version="1",
        frame_version="1",
        consent_record="notice 1",
    )
    return replace(terms, **changed)


# --- terms have one spelling -----------------------------------------------------------------------------


@given(terms=ANY_TERMS)
def test_terms_come_back_from_their_bytes(terms: Terms) -> None:
    assert Terms.from_bytes(terms.to_bytes()) == terms
    assert terms_of(terms.to_bytes()) == terms


@given(terms=ANY_TERMS, other=ANY_TERMS)
def test_two_terms_that_differ_have_different_bytes(terms: Terms, other: Terms) -> None:
    assert (terms.to_bytes() == other.to_bytes()) is (terms == other)


@given(terms=ANY_TERMS, data=st.data())
def test_a_changed_byte_gives_other_terms_or_none(terms: Terms, data: st.DataObject) -> None:
    told = bytearray(terms.to_bytes())
    place = data.draw(st.integers(0, len(told) - 1))
    told[place] ^= data.draw(st.integers(1, 255))
    try:
        read = Terms.from_bytes(bytes(told))
    except GrantError:
        return
    assert read != terms
    assert read.to_bytes() == told


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_bytes_that_are_no_terms_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(GrantError):
        Terms.from_bytes(data)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e6, 1e6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data(), value=JSON_VALUES)
def test_a_member_of_another_type_is_refused_or_is_just_other_terms(data: st.DataObject, value: Any) -> None:
    told = json.loads(some_terms().to_bytes())
    told[data.draw(st.sampled_from(sorted(told)))] = value
    try:
        read = Terms.from_bytes(canonical(told))
    except GrantError:
        return
    assert read.to_bytes() == canonical(told)
    assert isinstance(hash(read.grantee), int), "usable as the decision uses it"
    assert Grant(read, GrantState.GRANTED).live(NOW) in (True, False)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda told: json.dumps(told).encode(),  # spaces
        lambda told: canonical(told) + b"\n",
        lambda told: b"\xef\xbb\xbf" + canonical(told),
        lambda told: canonical(dict(told, more="")),
        lambda told: canonical({name: value for name, value in told.items() if name != "consent_record"}),
        lambda told: canonical(told).replace(b'"carnet":"c"', b'"carnet":"c","carnet":"c"'),
        lambda told: canonical(told).replace(b'"carnet":"c"', b'"carnet":"\\u0063"'),
        lambda told: canonical(dict(told, rights=["read", "read"])),
        lambda told: canonical(dict(told, rights=["read", "propose"])),
        lambda told: canonical(dict(told, rights="read")),
        lambda told: canonical(dict(told, rights=["sell"])),
        lambda told: canonical(dict(told, compartments=["permis_conduire", "logement_fixe"])),
        lambda told: canonical(dict(told, compartments=["permis_conduire", 1])),
        lambda told: canonical(dict(told, compartments="permis_conduire")),
        lambda told: canonical(dict(told, until="2026-12-24T09:30:00")),  # naive
        lambda told: canonical(dict(told, until="2026-12-24T09:30:00Z")),  # the same instant, respelled
        lambda told: canonical(dict(told, until="2026-12-24T10:30:00+01:00")),
        lambda told: canonical(dict(told, until="2026-12-24")),
        lambda told: canonical(dict(told, until=1)),
        lambda told: canonical(dict(told, grantee={"id": "s", "kind": "structure"})),
        lambda told: canonical(dict(told, grantee={"id": ["s"], "key": "0", "kind": "structure"})),
        lambda told: canonical(dict(told, grantee={"id": "s", "key": "0", "kind": "function"})),
        lambda told: canonical(dict(told, grantee="s")),
        lambda told: canonical(dict(told, legal_basis="interest")),
        lambda told: canonical([told]),
    ],
)
def test_another_spelling_of_terms_is_refused(spelled: Any) -> None:
    told = json.loads(some_terms().to_bytes())
    assert Terms.from_bytes(canonical(told)) == some_terms()
    with pytest.raises(GrantError):
        Terms.from_bytes(spelled(told))


def test_every_part_of_the_terms_is_in_their_bytes() -> None:
    """Nothing a grant says can be changed without changing what its key is bound to."""
    other: dict[str, Any] = {
        "grantee": Grantee.professional(ProfessionalId("s")),
        "compartments": (CompartmentId("x"),),
        "rights": (),
        "legal_basis": LegalBasis.CONTRACT,
        "starts_at": NOW + timedelta(microseconds=1),
        "ends_at": NOW,
    }
    for part in fields(Terms):
        changed = some_terms(**{part.name: other.get(part.name, "other")})
        assert changed.to_bytes() != some_terms().to_bytes(), part.name


# --- until when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "days", "end"),
    [
        ("2026-11-23T09:00+01:00", 1, "2026-11-25T00:00+01:00"),
        ("2026-11-23T09:00+01:00", 31, "2026-12-25T00:00+01:00"),
        ("2026-12-31T23:59+01:00", 1, "2027-01-02T00:00+01:00"),  # over the year's end
        ("2026-12-01T12:00+01:00", 31, "2027-01-02T00:00+01:00"),
        ("2027-02-27T12:00+01:00", 1, "2027-03-01T00:00+01:00"),
        ("2028-02-27T12:00+01:00", 1, "2028-02-29T00:00+01:00"),  # a leap year
        ("2027-03-27T12:00+01:00", 1, "2027-03-29T00:00+02:00"),  # the last day has 23 hours
        ("2027-03-26T12:00+01:00", 1, "2027-03-28T00:00+01:00"),
        ("2027-10-30T12:00+02:00", 1, "2027-11-01T00:00+01:00"),  # the last day has 25 hours
        ("2027-10-29T12:00+02:00", 1, "2027-10-31T00:00+02:00"),
        ("2027-10-31T02:30+02:00", 1, "2027-11-02T00:00+01:00"),  # the hour that comes twice
        ("2027-10-31T02:30+01:00", 1, "2027-11-02T00:00+01:00"),
        ("2026-11-23T23:30+00:00", 1, "2026-11-26T00:00+01:00"),  # already the 24th in Paris
        ("2026-07-01T22:30+00:00", 1, "2026-07-04T00:00+02:00"),
    ],
)
def test_a_grant_ends_at_midnight_in_paris_at_the_end_of_its_last_day(now: str, days: int, end: str) -> None:
    found = end_of_day_after(datetime.fromisoformat(now).astimezone(UTC), days)
    assert found == datetime.fromisoformat(end)
    assert found.utcoffset() == datetime.fromisoformat(end).utcoffset()


@given(now=INSTANTS, days=st.integers(1, 366))
def test_the_last_day_is_whole_and_the_day_after_is_not_included(now: datetime, days: int) -> None:
    end = end_of_day_after(now, days)
    today = now.astimezone(PARIS).date()
    just_before = end.astimezone(UTC) - timedelta(microseconds=1)
    assert just_before.astimezone(PARIS).date() == today + timedelta(days=days)
    assert end.astimezone(UTC).astimezone(PARIS).date() == today + timedelta(days=days + 1)
    length = end.astimezone(UTC) - now
    assert timedelta(days=days) - timedelta(hours=1) < length <= timedelta(days=days + 1, hours=1)


@given(now=INSTANTS, hours=st.integers(-14, 14), days=st.integers(1, 366))
def test_the_end_depends_on_the_instant_not_on_how_its_zone_is_written(
    now: datetime, hours: int, days: int
) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=hours)))
    assert end_of_day_after(elsewhere, days) == end_of_day_after(now, days)


@given(starts_at=INSTANTS, length=st.timedeltas(timedelta(0), timedelta(days=400)), at=INSTANTS)
def test_a_grant_is_live_from_its_start_until_just_before_its_end(
    starts_at: datetime, length: timedelta, at: datetime
) -> None:
    grant = Grant(some_terms(starts_at=starts_at, ends_at=starts_at + length), GrantState.GRANTED)
    instant = timedelta(microseconds=1)
    assert grant.live(at) is (starts_at <= at < starts_at + length)
    assert grant.live(starts_at) is (length > timedelta(0))
    assert not grant.live(starts_at - instant)
    assert not grant.live(starts_at + length)


@pytest.mark.parametrize("state", [state for state in GrantState if state is not GrantState.GRANTED])
def test_only_a_granted_grant_is_live(state: GrantState) -> None:
    assert Grant(some_terms(), GrantState.GRANTED).live(NOW)
    assert not Grant(some_terms(), state).live(NOW)


# --- a terminal state never reopens ----------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(TERMINAL))
@pytest.mark.parametrize("to", list(GrantState))
def test_what_ended_never_moves_again(state: GrantState, to: GrantState) -> None:
    grant = Grant(some_terms(), state, NOW)
    with pytest.raises(GrantError):
        ended(grant, to, now=NOW)


@pytest.mark.parametrize("state", [state for state in GrantState if state not in TERMINAL])
def test_what_does_not_end_a_grant_is_no_end(state: GrantState) -> None:
    with pytest.raises(GrantError):
        ended(Grant(some_terms(), GrantState.GRANTED), state, now=NOW)


@pytest.mark.parametrize("state", sorted(TERMINAL - {GrantState.REFUSED}))
def test_ending_keeps_the_terms_and_notes_when(state: GrantState) -> None:
    grant = Grant(some_terms(), GrantState.GRANTED)
    assert ended(grant, state, now=NOW) == Grant(some_terms(), state, NOW)
    assert not ended(grant, state, now=NOW).live(NOW)


def test_what_was_given_is_no_longer_refused() -> None:
    with pytest.raises(GrantError):
        ended(Grant(some_terms(), GrantState.GRANTED), GrantState.REFUSED, now=NOW)


def test_what_is_not_an_end_is_exactly_what_may_still_be_answered_or_read() -> None:
    assert set(GrantState) - TERMINAL == {
        GrantState.DRAFT,
        GrantState.REQUESTED,
        GrantState.DEFERRED,
        GrantState.GRANTED,
        GrantState.SUSPENDED,
        GrantState.UNKNOWN,
    }


# --- one live grant for a grantee and a purpose ----------------------------------------------------------


@given(
    states=st.lists(st.sampled_from(GrantState), max_size=8),
    grantees=st.lists(st.sampled_from(["s", "t"]), min_size=8, max_size=8),
    kinds=st.lists(st.sampled_from(GranteeKind), min_size=8, max_size=8),
    purposes=st.lists(st.sampled_from(["p", "q"]), min_size=8, max_size=8),
)
def test_a_new_grant_replaces_the_standing_ones_to_the_same_grantee_for_the_same_purpose(
    states: list[GrantState], grantees: list[str], kinds: list[GranteeKind], purposes: list[str]
) -> None:
    grants = [
        Grant(
            some_terms(
                grant_id=GrantId(str(number)),
                grantee=Grantee(kinds[number], grantees[number]),
                purpose_id=PurposeId(purposes[number]),
            ),
            state,
        )
        for number, state in enumerate(states)
    ]
    new = some_terms(grant_id=GrantId("new"), grantee=Grantee.structure(StructureId("s")), purpose_id="p")
    expected = [
        grant
        for number, grant in enumerate(grants)
        if states[number] in (GrantState.GRANTED, GrantState.SUSPENDED)
        and (kinds[number], grantees[number], purposes[number]) == (GranteeKind.STRUCTURE, "s", "p")
    ]
    assert replaced_by(new, grants) == expected


def test_a_grant_whose_time_is_over_but_not_noted_is_replaced_too() -> None:
    over = Grant(some_terms(ends_at=NOW), GrantState.GRANTED)
    assert not over.live(NOW)
    assert replaced_by(some_terms(grant_id=GrantId("new")), [over]) == [over]


@given(one=TEXTS, other=TEXTS)
def test_a_structure_and_a_professional_of_the_same_id_are_two_grantees(one: str, other: str) -> None:
    assert Grantee.structure(StructureId(one)) != Grantee.professional(ProfessionalId(one))
    assume(one != other)
    assert Grantee.structure(StructureId(one)) != Grantee.structure(StructureId(other))

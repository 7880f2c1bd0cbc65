"""Whatever people do, in any order, each reader opens exactly what a model in plain dictionaries says, and
the person's journal lists exactly the reads that happened."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from consent.grants import Grant, Grantee, GranteeKind, end_of_day_after
from schemas.fields import PRECIS
from schemas.ids import CarnetId, CompartmentId, EntryId, PurposeId, StructureId, new_id
from schemas.names import GrantState, Outcome, StructureKind
from tests.services.log_order import events_of, faults
from tests.world import MovingClock, Someone, World
from vault.services import leaving, own_carnet, reading, rekeying, rotating
from vault.services.reading import AccessEnded, FieldsView, NotShared, SharedRead, read_shared_fields
from vault.services.sharing import Wish, give_grant
from vault.services.upkeep import run_upkeep

KIND = StructureKind.ASSOCIATION
ROW, TELLING = {"nom": "Le Phare", "kind": "autre"}, {"nom": "CMP Sud", "kind": "association"}
# field: what may be said, as the coarse reader and as the precise one get it
VALUES: Mapping[str, Sequence[tuple[Any, Any]]] = {
    "permis_conduire": [(["b"], ["b"]), (["b", "c"], ["b", "c"])],
    "temps_travail_souhaite": [(35, 35), (24.5, 24.5)],
    "enfants_nombre": [(0, 0), (2, 2)],
    "revenus_sources": [(["aah"], ["minimum_social"]), (["salaire"], ["salaire"])],
    "accompagnement_structures": [([TELLING], None), ([ROW, TELLING], [ROW])],
}
SPLIT = ("revenus_sources", "accompagnement_structures")
COMPARTMENTS = (*VALUES, *(name + PRECIS for name in SPLIT))
PURPOSES = {
    "accompagnement": set(COMPARTMENTS),
    "proposer_poste": {"permis_conduire", "temps_travail_souhaite"},
}


@dataclass
class Cast:
    """Who reads: two systems, and a professional of the first one's structure."""

    readers: Mapping[str, reading.Reader]
    grantees: Mapping[str, Grantee]


@dataclass
class Carnet:
    """What the model remembers of one person."""

    who: Someone
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    entries: dict[str, EntryId] = field(default_factory=dict)
    live: dict[tuple[Grantee, str], Grant] = field(default_factory=dict)
    given: list[Grant] = field(default_factory=list)
    once: set[tuple[Grantee, str]] = field(default_factory=set)
    journal: list[tuple[Any, ...]] = field(default_factory=list)
    erased: bool = False

    def held(self) -> dict[str, Any]:
        """By compartment, what a reader would be given."""
        found = {name: coarse for name, (_, coarse) in self.values.items() if coarse is not None}
        return found | {name + PRECIS: self.values[name][0] for name in SPLIT if name in self.values}


class Sharing(RuleBasedStateMachine):
    def __init__(self, town: World, cast: Cast, clock: MovingClock) -> None:
        super().__init__()
        self.town, self.cast, self.clock = town, cast, clock
        self.carnets = [Carnet(town.newcomer("ana")), Carnet(town.newcomer("bob"))]

    person = st.integers(0, 1)
    field_ids = st.sampled_from(sorted(VALUES))
    grantees = st.sampled_from(["one", "member", "two"])
    purposes = st.sampled_from(sorted(PURPOSES))
    subsets = st.sets(st.sampled_from(COMPARTMENTS), min_size=1)

    # --- what people do ---

    @rule(person=person, name=field_ids, value=st.integers(0, 1))
    def write(self, person: int, name: str, value: int) -> None:
        carnet = self.carnets[person]
        if not carnet.erased:
            entry = self.town.write(carnet.who, name, VALUES[name][value][0])
            carnet.values[name], carnet.entries[name] = VALUES[name][value], entry.entry_id

    @rule(person=person, name=field_ids)
    def decline(self, person: int, name: str) -> None:
        carnet = self.carnets[person]
        if not carnet.erased:
            carnet.entries[name] = self.town.decline(carnet.who, name).entry_id
            carnet.values.pop(name, None)

    @rule(person=person, name=field_ids)
    def forget(self, person: int, name: str) -> None:
        carnet = self.carnets[person]
        if not carnet.erased and name in carnet.entries:
            who = carnet.who
            leaving.forget_entry(self.town.parts, who.carnet_id, carnet.entries.pop(name), actor=who.actor)
            carnet.values.pop(name, None)

    @rule(person=person, name=grantees, purpose=purposes, chosen=subsets, days=st.integers(1, 4))
    def share(self, person: int, name: str, purpose: str, chosen: set[str], days: int) -> None:
        carnet, grantee = self.carnets[person], self.cast.grantees[name]
        chosen = (chosen & PURPOSES[purpose]) or PURPOSES[purpose]
        if carnet.erased:
            return
        wish = Wish(grantee, PurposeId(purpose), tuple(CompartmentId(one) for one in chosen), days)
        grant = give_grant(self.town.parts, carnet.who.owner, wish, actor=carnet.who.actor)
        assert grant.terms.ends_at == end_of_day_after(grant.terms.starts_at, days)
        carnet.live[grantee, purpose] = grant
        carnet.given.append(grant)
        carnet.once.add((grantee, purpose))

    @rule(person=person, chosen=subsets)
    def rotate(self, person: int, chosen: set[str]) -> None:
        carnet = self.carnets[person]
        if not carnet.erased:
            asked = [CompartmentId(one) for one in chosen]
            report = rotating.rotate(self.town.parts, carnet.who.owner, asked, actor=carnet.who.actor)
            assert not report.pending
            assert self.town.parts.data.rotations_begun(carnet.who.carnet_id) == []

    @rule(name=st.sampled_from(["one", "two"]))
    def change_the_key_of_a_structure(self, name: str) -> None:
        rekeying.rekey(self.town.parts, StructureId(self.cast.grantees[name].id))

    @rule(person=person, which=st.integers(0, 30))
    def withdraw(self, person: int, which: int) -> None:
        carnet = self.carnets[person]
        if carnet.given:
            grant = carnet.given[which % len(carnet.given)]
            stopped = self.town.withdraw(carnet.who, grant)
            assert stopped.state is not GrantState.GRANTED
            carnet.live = {place: one for place, one in carnet.live.items() if one.id != grant.id}

    @rule(hours=st.integers(1, 60), upkeep=st.booleans())
    def time_passes(self, hours: int, upkeep: bool) -> None:
        self.clock.forward(hours=hours)
        if upkeep:
            run_upkeep(self.town.parts)

    @rule(person=person, really=st.integers(0, 7))
    def erase(self, person: int, really: int) -> None:
        carnet = self.carnets[person]
        if not carnet.erased and really == 0:
            self.check_journal(carnet)
            who = carnet.who
            leaving.erase_carnet(self.town.parts, who.carnet_id, for_real=True, actor=who.actor)
            carnet.erased, carnet.live, carnet.values = True, {}, {}

    # --- what readers see ---

    @rule(person=person, name=grantees, purpose=purposes, asked=subsets)
    def read_some(self, person: int, name: str, purpose: str, asked: set[str]) -> None:
        self.compare([(self.carnets[person], name, purpose, tuple(sorted(asked)))])

    @invariant()
    def everybody_opens_exactly_what_the_model_says(self) -> None:
        self.compare(
            [
                (carnet, name, purpose, COMPARTMENTS)
                for carnet in self.carnets
                for name in self.cast.readers
                for purpose in PURPOSES
            ]
        )

    def compare(self, asks: Sequence[tuple[Carnet, str, str, tuple[str, ...]]]) -> None:
        reads = [
            SharedRead(
                self.cast.readers[name],
                carnet.who.carnet_id,
                PurposeId(purpose),
                tuple(CompartmentId(one) for one in asked),
            )
            for carnet, name, purpose, asked in asks
        ]
        answers = read_shared_fields(self.town.parts, reads)
        for ask, answer in zip(asks, answers, strict=True):
            self.compare_one(*ask, answer)

    def compare_one(
        self, carnet: Carnet, name: str, purpose: str, asked: tuple[str, ...], answer: Any
    ) -> None:
        reader, now = self.cast.readers[name], self.town.parts.now()
        grant = self.answering(carnet, reader, purpose, asked, now)
        if grant is None:
            ended = any((grantee, purpose) in carnet.once for grantee in reader.grantees)
            assert answer == (AccessEnded() if ended else NotShared())
            entry: tuple[Any, ...] = (reader.structure_id, purpose, set(asked), Outcome.DENIED, None)
        else:
            held = carnet.held()
            expected = {one: [held[one]] for one in {*asked} & {*grant.terms.compartments} if one in held}
            assert isinstance(answer, FieldsView), answer
            told = {one: [entry.body.value for entry in found] for one, found in answer.fields.items()}
            assert told == expected
            entry = (reader.structure_id, purpose, set(expected), Outcome.GRANTED, grant.id)
        if not carnet.erased:
            carnet.journal.append(entry)

    @staticmethod
    def answering(
        carnet: Carnet, reader: reading.Reader, purpose: str, asked: Sequence[str], now: datetime
    ) -> Grant | None:
        live = [
            grant
            for (grantee, what_for), grant in carnet.live.items()
            if grantee in reader.grantees and what_for == purpose and now < grant.terms.ends_at
        ]

        def weight(grant: Grant) -> tuple[int, bool]:
            answered = len({*asked} & {*grant.terms.compartments})
            return answered, grant.terms.grantee.kind is GranteeKind.PROFESSIONAL

        return max(live, key=weight, default=None)

    # --- what the persons see ---

    def check_journal(self, carnet: Carnet) -> None:
        who, listed, before = carnet.who, [], None
        while True:
            page, before = own_carnet.list_accesses(
                self.town.parts, who.owner, actor=who.actor, before=before, limit=7
            )
            listed += page
            if before is None:
                break
        told = [
            (a.structure_id, a.purpose_id, set(a.fields), a.outcome, a.grant_id) for a in reversed(listed)
        ]
        assert told == carnet.journal
        ends: dict[str, datetime] = {grant.id: grant.terms.ends_at for grant in carnet.given}
        assert faults(events_of(self.town, [CarnetId(who.carnet_id)]), ends) == []

    def teardown(self) -> None:
        for carnet in self.carnets:
            if not carnet.erased:
                self.check_journal(carnet)


@pytest.fixture(scope="session")
def cast(town: World) -> Cast:
    one, two = town.system("Association Un", KIND), town.system("Association Deux", KIND)
    member = town.member(StructureId(one.structure_id), new_id(), kind=KIND)
    return Cast(
        {"one": one.reader, "member": member.reader, "two": two.reader},
        {
            "one": Grantee.structure(one.structure_id),
            "member": Grantee.professional(member.professional_id),
            "two": Grantee.structure(two.structure_id),
        },
    )


def tell_stories(town: World, cast: Cast, clock: MovingClock, *, count: int, steps: int) -> None:
    usual = settings(max_examples=count, stateful_step_count=steps, phases=(Phase.generate, Phase.shrink))
    run_state_machine_as_test(lambda: Sharing(town, cast, clock), settings=usual)  # type: ignore[arg-type]


def test_each_reader_opens_exactly_what_the_model_says(town: World, cast: Cast, clock: MovingClock) -> None:
    tell_stories(town, cast, clock, count=8, steps=20)


@pytest.mark.soak
def test_each_reader_opens_exactly_what_the_model_says_in_long_stories(
    town: World, cast: Cast, clock: MovingClock, soak_seconds: float
) -> None:
    over = time.monotonic() + soak_seconds
    while time.monotonic() < over:
        tell_stories(town, cast, clock, count=5, steps=50)

"""Volets: validated by the référent in office, as he read them; re-opened by what they cover alone."""

from hashlib import sha256

import pytest
from sqlalchemy import insert, select, update

from consent.grants import Grantee
from schemas.ids import CarnetId, CompartmentId, EntryId, FieldId, PurposeId, new_id
from schemas.names import Outcome, StructureKind
from tests.services.conftest import ONE_ENGINE
from tests.services.followed import designate
from tests.services.test_observing import last_ops
from tests.world import Professional, World
from vault.audit.events import Op
from vault.carnet.entries import Entry
from vault.carnet.volets import Covered, version_hash
from vault.services import (
    authors,
    forget_desk,
    forgetting,
    reading,
    sharing,
    understanding,
    validating,
    writing,
)
from vault.services.bindings import binding_name
from vault.services.leaving import erase_carnet, forget_entry
from vault.services.observing import observe
from vault.services.referents import REFERENT
from vault.services.volets import VOLET, Validation, VoletChangedError, VoletState, volets_naming
from vault.storage.data_store import SqlDataStore
from vault.storage.path_tables import validations

CCAS, AIM = StructureKind.CCAS, "accompagnement"
PAST, MEANT, PLAN = "historique", "comprehension_engagements", "actions"
FIELDS = ("permis_conduire", "vehicule_disponible", "engagements", "projets", "actions")
COMMITMENT = {"partie": "administration", "texte": "Chercher une place en crèche", "etat": "en_cours"}


class Followed:
    """A person whose référent reads part of her carnet, and a colleague of his who reads the same."""

    def __init__(self, town: World) -> None:
        self.town, self.ana = town, town.newcomer()
        self.entry = town.write(self.ana, "permis_conduire", ["b"])
        structure = town.structure("CCAS de Brest", CCAS)
        self.paul = town.member(structure, "paul" + new_id()[:6], kind=CCAS)
        self.lea = town.member(structure, "lea" + new_id()[:6], kind=CCAS)
        designate(town, self.ana, self.paul)
        self.grant = self.shares(self.paul, FIELDS)

    def shares(self, whom: Professional, fields: tuple[str, ...], function: str | None = None) -> object:
        wish = sharing.Wish(
            Grantee.professional(whom.professional_id),
            PurposeId(AIM),
            tuple(CompartmentId(one) for one in fields),
            31,
            function=function,
        )
        return sharing.give_grant(self.town.parts, self.ana.owner, wish, actor=self.ana.actor)

    def adds(self, field_id: str, value: object, **told: object) -> Entry:
        answer = writing.Answer(FieldId(field_id), value, **told)  # type: ignore[arg-type]
        return writing.write_entry(self.town.parts, self.ana.owner, answer, actor=self.ana.actor)

    def his(self, volet: str = PAST, who: Professional | None = None) -> VoletState:
        found = validating.look_at_volets(self.town.parts, (who or self.paul).reader, self.ana.carnet_id)
        assert isinstance(found, validating.OfficeVolets), found
        return next(one for one in found.states if one.volet.id == volet)

    def hers(self, volet: str = PAST) -> VoletState:
        found = understanding.look_at_own_volets(self.town.parts, self.ana.owner, actor=self.ana.actor)
        return next(one for one in found.states if one.volet.id == volet)

    def validates(
        self, volet: str = PAST, who: Professional | None = None, seen: str | None = None
    ) -> object:
        seen = seen or self.his(volet, who).version_hash or ""
        return validating.validate(
            self.town.parts, (who or self.paul).reader, self.ana.carnet_id, volet, seen
        )

    def understands(self) -> Validation:
        seen = self.hers(MEANT).version_hash or ""
        return understanding.understand(self.town.parts, self.ana.owner, MEANT, seen, actor=self.ana.actor)


@pytest.fixture
def followed(town: World) -> Followed:
    return Followed(town)


def test_the_referent_validates_what_he_reads_and_the_record_says_exactly_that(followed: Followed) -> None:
    before = followed.his()
    assert not before.validated
    covered = [Covered(CompartmentId("permis_conduire"), followed.entry.entry_id, 1)]
    assert before.version_hash == version_hash(followed.ana.carnet_id, PAST, covered)
    made = followed.validates()
    assert isinstance(made, Validation)
    assert last_ops(followed.town, 1) == [(Op.VALIDATE, Outcome.GRANTED)]
    for state in (followed.his(), followed.hers()):
        assert state.validated
        assert state.validation is not None
        assert state.validation.row == made.row
        assert state.validation.by.endswith("CCAS de Brest")
        assert state.validation.row.professional_id == followed.paul.professional_id


def test_a_change_of_a_covered_entry_reopens_that_volet_alone(followed: Followed) -> None:
    goal = followed.adds("projets", {"intitule": "Devenir cuisinière"})
    assert isinstance(followed.validates(PAST), Validation)
    assert isinstance(followed.validates(PLAN), Validation)
    followed.town.write(followed.ana, "permis_conduire", ["b", "a"])
    for state in (followed.his(), followed.hers()):
        assert state.changed.entries == {followed.entry.entry_id}
        assert not state.validated
    assert followed.his(PLAN).validated
    added = followed.adds("projets", {"intitule": "Passer le permis"})
    assert followed.hers(PLAN).changed.entries == {added.entry_id} != {goal.entry_id}
    assert isinstance(followed.validates(PAST), Validation)
    assert followed.hers().validated


@ONE_ENGINE
def test_what_he_does_not_read_reopens_nothing_for_him_nor_what_he_reads_no_more(followed: Followed) -> None:
    followed.town.write(followed.ana, "vehicule_disponible", "velo")
    followed.validates()
    followed.town.write(followed.ana, "logement_fixe", True)  # never shared
    assert followed.his().validated
    assert followed.hers().validated
    followed.shares(followed.paul, ("permis_conduire",))  # in place of the first: less is shared
    followed.town.write(followed.ana, "vehicule_disponible", "voiture")
    assert followed.his().validated
    assert not followed.hers().validated


@ONE_ENGINE
def test_an_information_that_is_gone_reopens_whatever_took_it_away(followed: Followed) -> None:
    """Refused, or forgotten: the same for him, and no entry is named."""
    followed.town.write(followed.ana, "vehicule_disponible", "velo")
    followed.validates()
    followed.town.decline(followed.ana, "vehicule_disponible")
    declined = followed.his().changed
    followed.validates()
    forget_entry(
        followed.town.parts, followed.ana.carnet_id, followed.entry.entry_id, actor=followed.ana.actor
    )
    assert followed.his().changed == declined
    assert declined.gone == 1
    assert not declined.entries


@ONE_ENGINE
def test_an_observation_reopens_nothing(followed: Followed) -> None:
    followed.validates()
    observe(
        followed.town.parts, followed.ana.owner, followed.entry.entry_id, "Non.", actor=followed.ana.actor
    )
    assert followed.his().validated


@ONE_ENGINE
def test_only_the_referent_in_office_validates_and_nobody_else_learns_anything(followed: Followed) -> None:
    followed.shares(followed.lea, FIELDS)
    seen = followed.his().version_hash or ""
    parts, carnet_id = followed.town.parts, followed.ana.carnet_id
    stranger = followed.town.member(followed.town.structure("Autre", CCAS), "zoe" + new_id()[:6], kind=CCAS)
    for who, where in ((followed.lea, carnet_id), (stranger, carnet_id), (followed.paul, new_id())):
        assert isinstance(validating.look_at_volets(parts, who.reader, where), reading.NotShared)  # type: ignore[arg-type]
        before = parts.data.log_size()
        answer = validating.validate(parts, who.reader, where, PAST, seen)  # type: ignore[arg-type]
        assert isinstance(answer, reading.NotShared)
        assert parts.data.log_size() == before + 1
        assert last_ops(followed.town, 1) == [(Op.VALIDATE, Outcome.DENIED)]
    assert not followed.hers().validated


@ONE_ENGINE
def test_when_the_referent_changes_the_record_stays_under_the_name_of_that_moment(followed: Followed) -> None:
    followed.validates()
    by = followed.hers().validation
    followed.shares(followed.lea, FIELDS)
    designate(followed.town, followed.ana, followed.lea)
    assert followed.hers().validation == by
    assert followed.his(who=followed.lea).validation == by
    assert isinstance(followed.validates(seen=followed.his(who=followed.lea).version_hash), reading.NotShared)
    assert isinstance(followed.validates(who=followed.lea), Validation)
    assert followed.hers().validation != by


@ONE_ENGINE
def test_a_share_given_to_the_referent_serves_and_ends_with_his_office(followed: Followed) -> None:
    followed.shares(followed.paul, ("permis_conduire",), REFERENT)
    seen = followed.his().version_hash
    assert isinstance(followed.validates(seen=seen), Validation)
    designate(followed.town, followed.ana, followed.lea)
    assert not isinstance(followed.validates(seen=seen), Validation)


@ONE_ENGINE
def test_what_was_written_after_he_read_is_not_validated(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = followed.his().version_hash or ""
    followed.town.write(followed.ana, "permis_conduire", ["a"])
    with pytest.raises(VoletChangedError):
        followed.validates(seen=seen)
    whole = authors.said_by

    def written_first(*told):  # type: ignore[no-untyped-def]
        followed.town.write(followed.ana, "vehicule_disponible", "velo")
        return whole(*told)

    monkeypatch.setattr(validating, "said_by", written_first)
    kept = set(followed.town.parts.keystore.secret_ids("binding", after=None, limit=10_000))
    with pytest.raises(VoletChangedError):
        followed.validates()
    assert set(followed.town.parts.keystore.secret_ids("binding", after=None, limit=10_000)) == kept
    assert not followed.hers().validated


@ONE_ENGINE
def test_an_office_that_ends_between_the_look_and_the_lock_validates_nothing(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = authors.said_by

    def left_first(*told):  # type: ignore[no-untyped-def]
        designate(followed.town, followed.ana, followed.lea)
        return whole(*told)

    monkeypatch.setattr(validating, "said_by", left_first)
    assert isinstance(followed.validates(), reading.AccessEnded)
    assert last_ops(followed.town, 1) == [(Op.VALIDATE, Outcome.DENIED)]
    assert not followed.hers().validated


def test_the_first_volet_waits_until_she_says_that_she_understood_these_very_versions(
    followed: Followed,
) -> None:
    commitment = followed.adds("engagements", COMMITMENT)
    assert not followed.his(MEANT).is_understood
    with pytest.raises(validating.NotUnderstoodError):
        followed.validates(MEANT)
    said = followed.understands()
    assert last_ops(followed.town, 1) == [(Op.VALIDATE, Outcome.GRANTED)]
    assert said.structure_id is None
    assert followed.his(MEANT).is_understood
    assert isinstance(followed.validates(MEANT), Validation)
    followed.adds("engagements", {**COMMITMENT, "etat": "tenu"}, entry_id=commitment.entry_id)
    assert not followed.his(MEANT).validated
    assert not followed.hers(MEANT).is_understood
    with pytest.raises(validating.NotUnderstoodError):
        followed.validates(MEANT)
    followed.understands()
    assert isinstance(followed.validates(MEANT), Validation)


@ONE_ENGINE
def test_nobody_who_writes_in_the_data_store_validates_anything(followed: Followed) -> None:
    data = followed.town.parts.data
    assert isinstance(data, SqlDataStore)
    other = Followed(followed.town)
    other.validates()
    mine = validations.c.carnet_id == followed.ana.carnet_id
    with data.database.transaction() as connection:
        row = dict(
            connection.execute(select(validations).where(validations.c.carnet_id == other.ana.carnet_id))
            .one()
            ._mapping
        )
        connection.execute(insert(validations), {**row, "carnet_id": followed.ana.carnet_id})
    assert followed.hers().validation is None
    followed.validates()
    assert followed.hers().validated
    with data.database.transaction() as connection:
        connection.execute(
            update(validations).where(mine).values(professional_id=followed.lea.professional_id)
        )
    assert followed.hers().validation is None


@ONE_ENGINE
def test_a_volet_says_which_entries_it_names(followed: Followed) -> None:
    followed.validates()
    named = volets_naming([followed.hers()], followed.entry.entry_id)
    assert [one.id for one in named] == [PAST]
    other = followed.town.write(followed.ana, "vehicule_disponible", "velo")
    assert volets_naming([followed.hers()], other.entry_id) == []


@ONE_ENGINE
def test_who_answers_a_demand_to_forget_sees_in_which_volets_the_entry_was_validated(
    followed: Followed,
) -> None:
    followed.validates()
    parts, ana, paul = followed.town.parts, followed.ana, followed.paul.reader
    asked = forgetting.ask_to_forget(parts, ana.owner, followed.entry.entry_id, "", actor=ana.actor)
    seen = forget_desk.look_at_demand(parts, asked.demand_id, actor=paul.actor, reader=paul)
    assert [one.id for one in seen.volets] == [PAST]


@ONE_ENGINE
def test_what_vouches_goes_with_the_carnet(followed: Followed) -> None:
    made = followed.validates()
    assert isinstance(made, Validation)
    parts, carnet_id = followed.town.parts, followed.ana.carnet_id
    name = binding_name(VOLET, f"{carnet_id}:{made.row.validation_id}")
    assert parts.rows.rows([name])
    erase_carnet(parts, carnet_id, for_real=True, actor=followed.ana.actor)
    assert not parts.rows.rows([name])
    assert not parts.data.validations_of(carnet_id)


@ONE_ENGINE
def test_an_empty_volet_is_not_validated(followed: Followed) -> None:
    assert followed.his(PLAN).version_hash is None
    with pytest.raises(VoletChangedError):
        followed.validates(PLAN, seen="0" * 64)


def test_the_hash_is_the_one_the_page_documents() -> None:
    """Recomputed by hand from docs/decisions/volets.md."""
    here = CarnetId("c1")
    second, first = (
        Covered(CompartmentId("b"), EntryId("e2"), 3),
        Covered(CompartmentId("a"), EntryId("e1"), 1),
    )
    told = (
        b'{"carnet_id":"c1","entries":[{"compartment":"a","entry_id":"e1","version":1},'
        b'{"compartment":"b","entry_id":"e2","version":3}],"v":1,"volet":"historique"}'
    )
    assert version_hash(here, PAST, [second, first]) == sha256(told).hexdigest()
    assert version_hash(here, PAST, [second._replace(version=4), first]) != sha256(told).hexdigest()

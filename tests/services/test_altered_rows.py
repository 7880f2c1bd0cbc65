"""Whoever writes in the data store's tables, without a key, widens nothing: not the end, not the fields, not
the grantee, not the purpose; and what it breaks, it breaks for that carnet alone."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from consent.grants import Grant, Grantee, Terms
from schemas.ids import CarnetId, CompartmentId, EntryId, PurposeId
from schemas.names import EntryState, GrantState
from tests.services.conftest import ONE_ENGINE
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Someone, System, World
from vault.crypto import GranteeKeyPair, GrantKey, key_id, seal_grant_key
from vault.errors import BrokenError
from vault.services import leaving, own_carnet, received, stopping
from vault.services.journal import OPERATOR
from vault.services.key_sources import seed_name
from vault.services.overseen_shares import oversee_shares
from vault.services.reading import AccessEnded, FieldsView, NotShared, SharedRead, read_shared_fields
from vault.services.upkeep import run_upkeep

SHARED, KEPT = SIAE_FIELDS[:2], SIAE_FIELDS[2]  # what alpha was given, and what it was not
PUBLIC = {"permis_conduire": ["b"], "temps_travail_souhaite": 24.5}


def run(town: World, sql: str, **values: Any) -> None:
    """As somebody with the password of D, and no key."""
    with town.app.data.database.write() as connection:
        connection.execute(text(sql), values)
        connection.commit()


def to_ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


@pytest.fixture(scope="session")
def alpha_siae(town: World) -> System:
    return town.system("SIAE Alpha")


@pytest.fixture(scope="session")
def mallory(town: World) -> System:
    """A structure with a grant of its own, whose friend writes in D."""
    return town.system("SIAE Mallory")


@dataclass
class Case:
    """A person who shared two fields with alpha and one with mallory."""

    town: World
    who: Someone
    alpha: System
    mallory: System
    grant: Grant
    theirs: Grant

    def set(self, **columns: Any) -> None:
        """Edit the row of alpha's grant."""
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        run(self.town, f"UPDATE grants SET {changes} WHERE grant_id = :id", id=self.grant.id, **columns)

    def column(self, grant: Grant, name: str) -> Any:
        with self.town.app.data.database.read() as connection:
            statement = text(f"SELECT {name} FROM grants WHERE grant_id = :id")
            return connection.execute(statement, {"id": grant.id}).scalar_one()

    def terms(self, **changed: Any) -> bytes:
        return replace(self.grant.terms, **changed).to_bytes()

    def got(self, reader: System, *, carnet_id: str | None = None, purpose: str = PURPOSE) -> Any:
        """What the reader sees of all three fields; None for any kind of refusal."""
        answer = self.town.read(reader, carnet_id or self.who.carnet_id, SIAE_FIELDS, purpose=purpose)
        assert isinstance(answer, FieldsView | NotShared | AccessEnded | BrokenError), answer
        if not isinstance(answer, FieldsView):
            return None
        return {name: entries[0].body.value for name, entries in answer.fields.items()}


@pytest.fixture
def case(town: World, alpha_siae: System, mallory: System) -> Iterator[Case]:
    who = town.newcomer("eva")
    town.fill(who)
    grant = town.share(who, alpha_siae.structure_id, SHARED, days=2)
    theirs = town.share(who, mallory.structure_id, SHARED[:1], days=2)
    yield Case(town, who, alpha_siae, mallory, grant, theirs)
    for table in ("grants", "grant_keys"):
        run(town, f"DELETE FROM {table} WHERE carnet_id = :carnet", carnet=who.carnet_id)


def test_what_the_case_starts_from(case: Case) -> None:
    assert case.got(case.alpha) == PUBLIC
    assert case.got(case.mallory) == {"permis_conduire": ["b"]}


# --- the row of a grant, column by column ----------------------------------------------------------------

Edit = Callable[[Case], object]
WIDER = (*SHARED, KEPT)


def widen(case: Case) -> None:
    case.set(terms=case.terms(compartments=tuple(CompartmentId(one) for one in sorted(WIDER))))


def rename_a_wrap(case: Case) -> None:
    widen(case)
    run(
        case.town,
        "INSERT INTO grant_keys SELECT carnet_id, grant_id, :other, epoch, wrapped FROM grant_keys"
        " WHERE grant_id = :id AND compartment = :one",
        other=KEPT,
        id=case.grant.id,
        one=SHARED[0],
    )


def take_the_owners_wrap(case: Case) -> None:
    widen(case)
    run(
        case.town,
        "INSERT INTO grant_keys SELECT carnet_id, :id, compartment, epoch, wrapped FROM field_keys"
        " WHERE carnet_id = :carnet AND compartment = :other",
        other=KEPT,
        id=case.grant.id,
        carnet=case.who.carnet_id,
    )


WIDENINGS: Mapping[str, Edit] = {
    "fields in the terms": widen,
    "fields, with a wrap of another field renamed": rename_a_wrap,
    "a wrap of the field's owner key": take_the_owners_wrap,
    "rights": lambda case: case.set(terms=case.terms(rights=())),
    "legal basis": lambda case: case.set(
        terms=case.grant.terms.to_bytes().replace(b'"consent"', b'"contract"', 1)
    ),
    "consent record": lambda case: case.set(terms=case.terms(consent_record="she said yes to all")),
    "key id": lambda case: case.set(terms=case.terms(key_id="00" * 8)),
    "grant id": lambda case: case.set(terms=case.terms(grant_id=case.theirs.id)),
    "bytes that are no terms": lambda case: case.set(terms=b"{}"),
    "the same terms with a space": lambda case: case.set(
        terms=json.dumps(json.loads(case.grant.terms.to_bytes())).encode()
    ),
    "no sealed key": lambda case: case.set(sealed_key=b""),
    "the sealed key of another grant": lambda case: case.set(
        sealed_key=case.column(case.theirs, "sealed_key")
    ),
    "the owner's wrap for sealed key": lambda case: case.set(
        sealed_key=case.column(case.grant, "owner_wrap")
    ),
    "a flipped bit": lambda case: case.set(
        sealed_key=case.column(case.grant, "sealed_key")[:-1]
        + bytes([case.column(case.grant, "sealed_key")[-1] ^ 1])
    ),
    "wraps of another grant": lambda case: run(
        case.town,
        "UPDATE grant_keys SET wrapped = (SELECT wrapped FROM grant_keys WHERE grant_id = :theirs)"
        " WHERE grant_id = :id",
        id=case.grant.id,
        theirs=case.theirs.id,
    ),
    "wraps swapped between fields": lambda case: run(
        case.town,
        "UPDATE grant_keys SET wrapped = (SELECT wrapped FROM grant_keys AS other WHERE other.grant_id = :id"
        " AND other.compartment <> grant_keys.compartment) WHERE grant_id = :id",
        id=case.grant.id,
    ),
    "the epoch of a wrap": lambda case: run(
        case.town, "UPDATE grant_keys SET epoch = 2 WHERE grant_id = :id", id=case.grant.id
    ),
}


@ONE_ENGINE
@pytest.mark.parametrize("name", WIDENINGS)
def test_an_edited_grant_opens_nothing_more_for_anybody(case: Case, name: str) -> None:
    WIDENINGS[name](case)
    got = case.got(case.alpha)
    assert got is None or got.items() <= PUBLIC.items()
    assert KEPT not in (got or {})
    assert case.got(case.mallory) in (None, {"permis_conduire": ["b"]})


def test_the_end_cannot_be_moved(case: Case, clock: MovingClock) -> None:
    later = case.grant.terms.ends_at + timedelta(days=365)
    clock.go_on_from(case.grant.terms.ends_at)
    assert case.got(case.alpha) is None
    case.set(ends_at=to_ms(later))
    assert case.got(case.alpha) is None, "the column only finds rows"
    assert case.alpha.structure_id not in str(
        received.list_received_grants(case.town.parts, case.alpha.reader)
    )
    case.set(terms=case.terms(ends_at=later))
    assert case.got(case.alpha) is None, "the terms are bound to the key"


def test_the_start_cannot_be_moved(case: Case) -> None:
    earlier = case.terms(starts_at=case.grant.terms.starts_at - timedelta(days=1))
    case.set(terms=earlier, starts_at=to_ms(case.grant.terms.starts_at - timedelta(days=1)))
    assert case.got(case.alpha) is None


def test_the_purpose_cannot_be_changed(case: Case) -> None:
    case.set(purpose_id="suivi_emploi")
    assert case.got(case.alpha, purpose="suivi_emploi") is None
    case.set(terms=case.terms(purpose_id=PurposeId("suivi_emploi")))
    assert case.got(case.alpha, purpose="suivi_emploi") is None
    assert case.got(case.alpha) is None


@pytest.mark.parametrize("terms_too", [False, True])
def test_the_grantee_cannot_be_changed(case: Case, terms_too: bool) -> None:
    me = Grantee.structure(case.mallory.structure_id)
    run(case.town, "DELETE FROM grants WHERE grant_id = :id", id=case.theirs.id)
    case.set(grantee_id=me.id, **({"terms": case.terms(grantee=me)} if terms_too else {}))
    assert case.got(case.mallory) is None
    assert case.got(case.alpha) is None, "nor does the true grantee read through an edited row"


def test_another_person_s_carnet_cannot_be_put_in_a_grant(case: Case) -> None:
    victim = case.town.newcomer("max")
    case.town.fill(victim)
    case.set(carnet_id=victim.carnet_id)
    assert case.got(case.alpha, carnet_id=victim.carnet_id) is None
    case.set(terms=case.terms(carnet_id=victim.carnet_id))
    assert case.got(case.alpha, carnet_id=victim.carnet_id) is None
    run(case.town, "DELETE FROM grants WHERE grant_id = :id", id=case.grant.id)


def test_one_s_own_key_is_not_accepted(case: Case) -> None:
    """The friend seals a key of its own to alpha, under terms as wide as it likes: it has no Q_g to wrap
    with, and cannot wrap what it cannot open."""
    seed = seed_name(Grantee.structure(case.alpha.structure_id))
    public = case.town.parts.keystore.secrets([seed])[seed].public
    assert public is not None
    for pair in (public, GranteeKeyPair.generate().public):
        wide = case.terms(
            compartments=tuple(CompartmentId(one) for one in sorted(WIDER)), key_id=key_id(pair).hex()
        )
        case.set(terms=wide, sealed_key=seal_grant_key(GrantKey(bytes(32)), public_key=pair, terms=wide))
        assert case.got(case.alpha) is None


def test_the_key_that_shares_are_sealed_to_is_not_in_the_data_store(town: World) -> None:
    from vault.storage.tables import metadata

    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    assert not [name for name in columns if "public" in name and name != "public_jwks"]


@pytest.mark.parametrize("ended_by", ["withdrawn", "replaced", "expired"])
def test_a_state_put_back_by_hand_opens_nothing(case: Case, clock: MovingClock, ended_by: str) -> None:
    if ended_by == "withdrawn":
        case.town.withdraw(case.who, case.grant)
    elif ended_by == "replaced":
        case.town.share(case.who, case.alpha.structure_id, SHARED[1:])
        run(
            case.town,
            "DELETE FROM grants WHERE carnet_id = :carnet AND grant_id <> :id",
            carnet=case.who.carnet_id,
            id=case.grant.id,
        )
    else:
        clock.go_on_from(case.grant.terms.ends_at)
        run_upkeep(case.town.parts)
    case.set(state="granted", ended_at=None)
    assert case.got(case.alpha) is None


# --- records ---------------------------------------------------------------------------------------------


@ONE_ENGINE
@pytest.mark.parametrize("how", ["renamed", "copied over", "of another person"])
def test_a_record_moved_where_one_may_read_opens_nothing(case: Case, how: str) -> None:
    victim = case.who
    place = {"carnet": victim.carnet_id, "kept": KEPT, "shared": SHARED[0]}
    if how == "renamed":
        run(
            case.town,
            "UPDATE records SET compartment = :shared WHERE carnet_id = :carnet AND compartment = :kept",
            **place,
        )
    elif how == "copied over":
        run(
            case.town,
            "UPDATE records SET record = (SELECT record FROM records AS other WHERE other.carnet_id = :carnet"
            " AND other.compartment = :kept) WHERE carnet_id = :carnet AND compartment = :shared",
            **place,
        )
    else:
        other = case.town.newcomer("max")
        case.town.write(other, SHARED[0], ["c"])
        run(
            case.town,
            "UPDATE records SET record = (SELECT record FROM records AS other WHERE other.carnet_id = :other"
            " AND other.compartment = :shared) WHERE carnet_id = :carnet AND compartment = :shared",
            other=other.carnet_id,
            carnet=victim.carnet_id,
            shared=SHARED[0],
        )
    got = case.got(case.alpha)
    assert got is None or got.items() <= PUBLIC.items()
    assert "velo" not in str(got)


@ONE_ENGINE
@pytest.mark.parametrize("column", ["slot", "epoch", "version", "schema_version"])
def test_no_clear_column_of_a_record_can_be_edited(case: Case, column: str) -> None:
    run(
        case.town,
        f"UPDATE records SET {column} = {column} + 1 WHERE carnet_id = :carnet AND compartment = :one",
        carnet=case.who.carnet_id,
        one=SHARED[0],
    )
    got = case.got(case.alpha)
    assert got is None or SHARED[0] not in got
    with pytest.raises(BrokenError):
        own_carnet.read_own_carnet(case.town.parts, case.who.owner, actor=case.who.actor)


def test_a_forgotten_entry_put_back_from_a_backup_stays_forgotten_and_hides_nothing_else(case: Case) -> None:
    """The row is put back as it was, byte for byte; the rest of the carnet opens as before."""
    data = case.town.parts.data
    (row,) = [row for row in data.own_records(case.who.carnet_id) if row.head.compartment == SHARED[0]]
    leaving.forget_entry(case.town.parts, case.who.carnet_id, row.head.entry_id, actor=case.who.actor)
    head = row.head
    run(
        case.town,
        "INSERT INTO records (carnet_id, compartment, entry_id, version, slot, epoch, schema_version, state,"
        " held, record) VALUES (:carnet, :compartment, :entry, :version, :slot, :epoch, :schema, 'current',"
        " :held, :record)",
        carnet=head.carnet_id,
        compartment=head.compartment,
        entry=head.entry_id,
        version=head.version,
        slot=head.slot,
        epoch=head.epoch,
        schema=head.schema_version,
        held=head.held,
        record=row.record,
    )
    assert case.got(case.alpha) == {SHARED[1]: 24.5}
    shown = own_carnet.read_own_carnet(case.town.parts, case.who.owner, actor=case.who.actor)
    assert {entry.field_id for entry in shown.entries} == {SHARED[1], KEPT, "identite_nom"}
    assert EntryId(head.entry_id) not in {entry.entry_id for entry in shown.entries}


# --- what is broken is broken alone ----------------------------------------------------------------------


def asked(reader: System, carnet_id: CarnetId) -> SharedRead:
    fields = tuple(CompartmentId(one) for one in SIAE_FIELDS)
    return SharedRead(reader.reader, carnet_id, PurposeId(PURPOSE), fields)


@pytest.mark.parametrize("terms", [b"{}", b"edited"])
@pytest.mark.parametrize("place", [0, 2])
def test_a_broken_row_costs_those_who_read_other_carnets_nothing(
    case: Case, terms: bytes, place: int
) -> None:
    others = [case.town.newcomer("max") for _ in range(2)]
    for other in others:
        case.town.fill(other)
        case.town.share(other, case.alpha.structure_id)
    case.set(terms=terms if terms == b"{}" else case.terms(consent_record="edited"))
    carnets = [other.carnet_id for other in others]
    carnets.insert(place, case.who.carnet_id)
    size = case.town.parts.data.log_size()
    answers = read_shared_fields(case.town.parts, [asked(case.alpha, one) for one in carnets])
    broken = answers.pop(place)
    assert isinstance(broken, BrokenError)
    assert all(isinstance(one, FieldsView) and len(one.fields) == 3 for one in answers)
    assert case.town.parts.data.log_size() == size + (2 if terms == b"{}" else 3), "one entry a read"


def test_a_shred_secret_that_does_not_read_costs_the_others_nothing(case: Case) -> None:
    other = case.town.newcomer("max")
    case.town.fill(other)
    case.town.share(other, case.alpha.structure_id)
    name = ("shred", case.who.carnet_id)
    row = case.town.parts.rows.make(*name, b"not a tree", version=2)
    assert case.town.parts.keystore.replace_secret(row)
    size = case.town.parts.data.log_size()
    first, second = read_shared_fields(
        case.town.parts, [asked(case.alpha, case.who.carnet_id), asked(case.alpha, other.carnet_id)]
    )
    assert isinstance(first, BrokenError)
    assert isinstance(second, FieldsView)
    assert case.town.parts.data.log_size() == size + 2


def test_a_broken_grant_does_not_keep_the_upkeep_from_the_rest(case: Case) -> None:
    run_upkeep(case.town.parts)
    other = case.town.newcomer("max")
    entry = case.town.write(other, "enfants_nombre", 1)
    with case.town.parts.data.change() as work:
        work.set_entry_state(other.carnet_id, entry.entry_id, EntryState.FORGOTTEN)
        work.commit()
    case.set(terms=b"{}", state=GrantState.WITHDRAWN.value, keys_left=1)
    with pytest.raises(BrokenError):
        run_upkeep(case.town.parts)
    assert case.town.parts.data.forgotten_heads(limit=10) == [], "forgotten all the same"


def test_a_row_that_says_it_is_another_grant_does_not_keep_a_job_for_ever(case: Case) -> None:
    run_upkeep(case.town.parts)
    gone = stopping.withdraw_grant(case.town.parts, case.who.owner, case.theirs.id, actor=case.who.actor)
    case.set(terms=gone.terms.to_bytes(), state=GrantState.WITHDRAWN.value, keys_left=1)
    assert run_upkeep(case.town.parts).cut <= 1
    case.set(state=GrantState.GRANTED.value, keys_left=0, ends_at=1)
    assert run_upkeep(case.town.parts).expired == 0


def test_terms_are_what_the_reader_is_shown_whatever_the_columns_say(case: Case) -> None:
    case.set(ends_at=to_ms(case.grant.terms.ends_at + timedelta(days=900)), purpose_id=PURPOSE)
    given, _ = received.list_received_grants(case.town.parts, case.alpha.reader, limit=1000)
    (mine,) = [one for one in given if one.terms.carnet_id == case.who.carnet_id]
    assert mine.terms == Terms.from_bytes(case.grant.terms.to_bytes())


@ONE_ENGINE
@pytest.mark.parametrize("how", ["no terms", "terms of another share", "terms of another carnet"])
def test_a_row_that_is_not_a_share_is_told_apart_and_the_others_are_seen_and_stopped(
    case: Case, how: str
) -> None:
    spoiled: dict[str, bytes] = {
        "no terms": b"{}",
        "terms of another share": case.theirs.terms.to_bytes(),
        "terms of another carnet": case.terms(carnet_id="x"),
    }
    case.set(terms=spoiled[how])
    parts, owner = case.town.parts, case.who.owner
    assert own_carnet.list_spoiled_grants(parts, owner) == [case.grant.id]
    assert [one.id for one in own_carnet.list_own_grants(parts, owner)] == [case.theirs.id]
    found = oversee_shares(parts, case.who.carnet_id, actor=OPERATOR)
    assert ([one.id for one in found.grants], found.spoiled) == ([case.theirs.id], [case.grant.id])
    assert case.got(case.alpha) is None
    assert case.got(case.mallory) == {"permis_conduire": ["b"]}
    assert case.town.withdraw(case.who, case.theirs).state is GrantState.WITHDRAWN
    with pytest.raises(stopping.NoSuchGrantError):
        case.town.withdraw(case.who, case.grant)

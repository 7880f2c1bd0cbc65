"""Giving and stopping: the frame's limits, one live grant a purpose, keys that go with what ended, and what
a process killed half-way leaves behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consent.grants import Grant, Grantee
from schemas.ids import CompartmentId, GrantId, ProfessionalId, PurposeId, StructureId, new_id
from schemas.names import GrantState, LegalBasis, Outcome, Right, Role, StructureKind
from schemas.purposes import UnknownPurposeError
from tests.services.conftest import ONE_ENGINE
from tests.services.killing import KilledError
from tests.services.test_forgetting import Attacker, back_up
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Someone, System, World
from vault.audit.events import Op
from vault.services import leaving, own_carnet, received, sharing, stopping
from vault.services.key_sources import grant_name, seed_name
from vault.services.reading import AccessEnded, FieldsView, NotShared
from vault.services.sharing import GrantRefusedError, Wish
from vault.services.stopping import NoSuchGrantError
from vault.services.upkeep import run_upkeep

ALL = set(SIAE_FIELDS)


@pytest.fixture
def eva(town: World) -> Someone:
    someone = town.newcomer("eva")
    town.fill(someone)
    return someone


@pytest.fixture(scope="session")
def alpha_siae(town: World) -> System:
    return town.system("SIAE Alpha")


@pytest.fixture(scope="session")
def beta_siae(town: World) -> System:
    return town.system("SIAE Bêta")


def wish(grantee: Grantee, **changed: Any) -> Wish:
    usual = Wish(grantee, PurposeId(PURPOSE), tuple(CompartmentId(one) for one in SIAE_FIELDS), 31)
    return replace(usual, **changed)


def keys_left(town: World, grant: Grant) -> list[str]:
    """What is still kept of a grant: its secret in K, its wraps in D."""
    name = grant_name(grant.id)
    secret = ["Q_g"] if town.parts.keystore.secrets([name]) else []
    return secret + [key.compartment for key in town.parts.data.grant_keys(grant.id)]


def state_of(town: World, who: Someone, grant: Grant) -> GrantState:
    (found,) = [row.grant for row in town.parts.data.grants_of(who.carnet_id) if row.grant.id == grant.id]
    return found.state


def transitions(town: World, who: Someone) -> list[tuple[Op, str | None]]:
    """Her grants' entries in the log, oldest first, with the grant they name."""
    from vault.crypto import carnet_index_tag

    journals = town.parts.journal_keys.load(now=town.parts.now(), carnets=[who.carnet_id])
    journal = journals.journals[who.carnet_id]
    ops = (Op.GRANT, Op.REPLACE, Op.WITHDRAW, Op.EXPIRE)
    rows = town.parts.data.log_by_carnet(carnet_index_tag(journal), ops=ops, before=None, limit=100)
    opened = [own_carnet.open_access(row, journal) for row in rows]
    return [(one.op, one.grant_id) for one in reversed(opened) if one is not None]


# --- the frame -------------------------------------------------------------------------------------------


@ONE_ENGINE
@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"grantee": Grantee.structure(StructureId("nobody"))}, "/grantee"),
        ({"grantee": Grantee.professional(ProfessionalId("nobody"))}, "/grantee"),
        ({"purpose_id": "aide_urgence"}, "/purpose_id"),  # not for this kind of structure
        ({"compartments": ()}, "/fields"),
        ({"compartments": ("permis_conduire", "sante_retentissement")}, "/fields/1"),
        ({"compartments": ("enfants_nombre", "permis_conduire")}, "/fields/0"),
        ({"compartments": ("permis_conduire:precis",)}, "/fields/0"),
        ({"compartments": ("inconnu",)}, "/fields/0"),
        ({"days": 0}, "/days"),
        ({"days": -1}, "/days"),
        ({"days": 183}, "/days"),
        ({"days": 10**9}, "/days"),
        ({"rights": ()}, "/rights"),
        ({"rights": (Right.READ, Right.READ)}, "/rights"),
        ({"rights": (Right.READ, Right.PROPOSE)}, "/rights"),  # one spelling only: in the order of its words
    ],
)
def test_what_the_frame_does_not_allow_is_refused_at_its_place_and_leaves_nothing(
    town: World, eva: Someone, alpha_siae: System, changed: dict[str, Any], pointer: str
) -> None:
    asked = replace(wish(Grantee.structure(alpha_siae.structure_id)), **changed)
    before = traces(town, eva)
    with pytest.raises(GrantRefusedError) as told:
        sharing.give_grant(town.parts, eva.owner, asked, actor=eva.actor)
    assert told.value.pointer == pointer
    assert told.value.sentence.endswith(".")
    assert traces(town, eva) == before


def traces(town: World, who: Someone) -> Any:
    data = town.parts.data
    secrets = town.parts.keystore.secret_ids("grant", after=None, limit=10_000)
    return data.log_size(), data.grants_of(who.carnet_id), data.field_keys(who.carnet_id), secrets


def test_a_purpose_nobody_knows_is_not_one(town: World, eva: Someone, alpha_siae: System) -> None:
    asked = wish(Grantee.structure(alpha_siae.structure_id), purpose_id=PurposeId("controle"))
    with pytest.raises(UnknownPurposeError):
        sharing.give_grant(town.parts, eva.owner, asked, actor=eva.actor)


@ONE_ENGINE
@pytest.mark.parametrize("role", list(Role))
def test_only_professionals_who_follow_people_may_be_given_something(
    town: World, eva: Someone, alpha_siae: System, role: Role
) -> None:
    member = town.member(alpha_siae.structure_id, new_id(), role, kind=StructureKind.SIAE)
    asked = wish(Grantee.professional(member.professional_id))
    if role in (Role.REFERENT, Role.ADVISER, Role.MEMBER):
        sharing.give_grant(town.parts, eva.owner, asked, actor=eva.actor)
        assert town.values(member, eva.carnet_id).keys() == ALL
        assert town.read(alpha_siae, eva.carnet_id) == NotShared(), "hers alone, not her structure's"
    else:
        with pytest.raises(GrantRefusedError):
            sharing.give_grant(town.parts, eva.owner, asked, actor=eva.actor)


def test_a_structure_s_grant_serves_its_members_and_its_systems_and_no_manager(
    town: World, eva: Someone, alpha_siae: System, beta_siae: System
) -> None:
    town.share(eva, alpha_siae.structure_id)
    assert town.values(alpha_siae, eva.carnet_id).keys() == ALL
    for role in Role:
        reader = town.member(alpha_siae.structure_id, new_id(), role, kind=StructureKind.SIAE)
        reads = isinstance(town.read(reader, eva.carnet_id), FieldsView)
        assert reads is (role in (Role.REFERENT, Role.ADVISER, Role.MEMBER))
    elsewhere = town.member(beta_siae.structure_id, new_id(), kind=StructureKind.SIAE)
    assert town.read(elsewhere, eva.carnet_id) == NotShared()


def test_what_is_shared_is_written_in_the_terms(town: World, eva: Someone, alpha_siae: System) -> None:
    grant = town.share(eva, alpha_siae.structure_id, [*SIAE_FIELDS, *SIAE_FIELDS])
    terms, seed = grant.terms, seed_name(Grantee.structure(alpha_siae.structure_id))
    public = town.parts.keystore.secrets([seed])[seed].public
    assert public is not None
    from hashlib import sha256

    assert terms.key_id == sha256(public).digest()[:8].hex()
    assert terms.compartments == tuple(sorted(SIAE_FIELDS))
    assert (terms.rights, terms.legal_basis) == ((Right.READ,), LegalBasis.CONSENT)
    assert (terms.catalogue_version, terms.frame_version) == (
        town.parts.catalogue.version,
        town.parts.frame.version,
    )
    assert town.parts.notice_version in terms.consent_record
    (row,) = town.parts.data.grants_of(eva.carnet_id)
    assert (row.grant, row.terms) == (grant, terms.to_bytes())


# --- one live grant for a grantee and a purpose ----------------------------------------------------------


def test_sharing_again_replaces_what_stood_and_narrows_at_once(
    town: World, eva: Someone, alpha_siae: System
) -> None:
    wide = town.share(eva, alpha_siae.structure_id)
    narrow = town.share(eva, alpha_siae.structure_id, SIAE_FIELDS[:1])
    assert town.values(alpha_siae, eva.carnet_id).keys() == set(SIAE_FIELDS[:1])
    assert state_of(town, eva, wide) is GrantState.REPLACED
    assert keys_left(town, wide) == []
    assert keys_left(town, narrow) == ["Q_g", SIAE_FIELDS[0]]
    assert transitions(town, eva) == [(Op.GRANT, wide.id), (Op.REPLACE, wide.id), (Op.GRANT, narrow.id)]
    again = town.share(eva, alpha_siae.structure_id)
    assert town.values(alpha_siae, eva.carnet_id).keys() == ALL
    assert [
        row.grant.id for row in town.parts.data.grants_of(eva.carnet_id) if row.grant.ended_at is None
    ] == [again.id]


def test_another_purpose_or_another_grantee_replaces_nothing(
    town: World, eva: Someone, alpha_siae: System, beta_siae: System
) -> None:
    member = town.member(alpha_siae.structure_id, new_id(), kind=StructureKind.SIAE)
    grants = [
        town.share(eva, alpha_siae.structure_id),
        town.share(eva, alpha_siae.structure_id, purpose="suivi_emploi"),
        town.share(eva, beta_siae.structure_id),
        town.share(eva, Grantee.professional(member.professional_id), SIAE_FIELDS[:1]),
    ]
    assert {state_of(town, eva, grant) for grant in grants} == {GrantState.GRANTED}
    assert town.values(member, eva.carnet_id).keys() == ALL, "the one that answers most is used"
    given, _ = received.list_received_grants(town.parts, member.reader, limit=1000)
    assert {grant.id for grant in given} >= {grants[0].id, grants[1].id, grants[3].id}


# --- stopping --------------------------------------------------------------------------------------------


def test_withdrawing_works_at_once_and_twice_is_once(town: World, eva: Someone, alpha_siae: System) -> None:
    grant = town.share(eva, alpha_siae.structure_id)
    stopped = town.withdraw(eva, grant)
    assert stopped.state is GrantState.WITHDRAWN
    assert town.read(alpha_siae, eva.carnet_id) == AccessEnded()
    assert keys_left(town, grant) == []
    size = town.parts.data.log_size()
    assert town.withdraw(eva, grant) == replace(stopped, ended_at=town.withdraw(eva, grant).ended_at)
    assert town.parts.data.log_size() == size
    assert transitions(town, eva) == [(Op.GRANT, grant.id), (Op.WITHDRAW, grant.id)]


def test_nobody_withdraws_what_is_not_hers(town: World, eva: Someone, alpha_siae: System) -> None:
    grant, other = town.share(eva, alpha_siae.structure_id), town.newcomer("max")
    for id_ in (grant.id, GrantId("nothing"), GrantId(""), GrantId("\x00")):
        with pytest.raises(NoSuchGrantError):
            stopping.withdraw_grant(town.parts, other.owner, id_, actor=other.actor)
    assert town.values(alpha_siae, eva.carnet_id).keys() == ALL


def test_after_a_withdrawal_she_may_share_again(town: World, eva: Someone, alpha_siae: System) -> None:
    town.withdraw(eva, town.share(eva, alpha_siae.structure_id))
    town.share(eva, alpha_siae.structure_id, SIAE_FIELDS[:1])
    assert town.values(alpha_siae, eva.carnet_id).keys() == set(SIAE_FIELDS[:1])


def test_a_grant_is_read_until_the_last_instant_and_not_at_its_end(
    town: World, eva: Someone, alpha_siae: System, clock: MovingClock
) -> None:
    grant = town.share(eva, alpha_siae.structure_id, days=1)
    ends_at = grant.terms.ends_at
    clock.stop_at(ends_at - timedelta(milliseconds=1))
    assert town.values(alpha_siae, eva.carnet_id).keys() == ALL
    run_upkeep(town.parts)
    assert state_of(town, eva, grant) is GrantState.GRANTED
    clock.stop_at(ends_at)
    assert town.read(alpha_siae, eva.carnet_id) == AccessEnded(), "without waiting for any job"
    given, _ = received.list_received_grants(town.parts, alpha_siae.reader, limit=1000)
    assert eva.carnet_id not in {one.terms.carnet_id for one in given}
    assert state_of(town, eva, grant) is GrantState.GRANTED
    assert run_upkeep(town.parts).expired >= 1
    assert state_of(town, eva, grant) is GrantState.EXPIRED
    assert keys_left(town, grant) == []
    assert transitions(town, eva) == [(Op.GRANT, grant.id), (Op.EXPIRE, grant.id)]
    assert town.read(alpha_siae, eva.carnet_id) == AccessEnded()
    assert run_upkeep(town.parts).expired == 0
    assert town.withdraw(eva, grant).state is GrantState.EXPIRED


def test_a_read_that_waits_past_the_end_is_judged_by_the_log_s_instant(
    town: World, eva: Someone, alpha_siae: System, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = town.share(eva, alpha_siae.structure_id, days=1)
    honest = town.parts.data.append_reads

    def late(tickets: Any) -> Any:
        clock.stop_at(grant.terms.ends_at)
        return honest(tickets)

    monkeypatch.setattr(town.parts.data, "append_reads", late)
    clock.stop_at(grant.terms.ends_at - timedelta(milliseconds=1))
    assert town.read(alpha_siae, eva.carnet_id) == AccessEnded()
    accesses, _ = own_carnet.list_accesses(town.parts, eva.owner, actor=eva.actor)
    assert accesses[0].outcome is Outcome.DENIED


def test_a_former_grantee_is_told_so_for_six_months_then_is_nobody(
    town: World, eva: Someone, alpha_siae: System, clock: MovingClock
) -> None:
    town.withdraw(eva, town.share(eva, alpha_siae.structure_id))
    clock.forward(days=182)
    run_upkeep(town.parts)
    assert town.read(alpha_siae, eva.carnet_id) == AccessEnded()
    assert town.read(alpha_siae, eva.carnet_id, purpose="suivi_emploi") == NotShared()
    clock.forward(days=2)
    assert town.read(alpha_siae, eva.carnet_id) == NotShared(), "even before the mark is swept"
    run_upkeep(town.parts)
    assert town.read(alpha_siae, eva.carnet_id) == NotShared()


# --- killed half-way -------------------------------------------------------------------------------------


def die(*_: Any, **__: Any) -> Any:
    raise KilledError


def withdraw(town: World, who: Someone, grant: Grant, reader: System) -> None:
    town.withdraw(who, grant)


def narrow(town: World, who: Someone, grant: Grant, reader: System) -> None:
    town.share(who, reader.structure_id, SIAE_FIELDS[:1])


def let_expire(town: World, who: Someone, grant: Grant, reader: System) -> None:
    clock: Any = town.parts.clock
    clock.go_on_from(grant.terms.ends_at)
    run_upkeep(town.parts)


@contextmanager
def killed_before(town: World, monkeypatch: pytest.MonkeyPatch, step: str) -> Iterator[None]:
    """The process dies at the given step of cutting."""
    with monkeypatch.context() as patch:
        if step == "the secret in K goes":
            patch.setattr(town.parts.keystore, "delete_secrets", die)
        else:
            honest = town.parts.keystore.delete_secrets

            def then_die(names: Any) -> Any:
                honest(names)
                raise KilledError

            patch.setattr(town.parts.keystore, "delete_secrets", then_die)
        with pytest.raises(KilledError):
            yield


@pytest.mark.parametrize("step", ["the secret in K goes", "the wraps in D go"])
@pytest.mark.parametrize("end", [withdraw, narrow, let_expire])
def test_what_a_killed_process_left_is_ended_by_the_next_pass_and_opens_for_nobody_meanwhile(
    town: World,
    eva: Someone,
    alpha_siae: System,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[..., None],
    step: str,
) -> None:
    run_upkeep(town.parts)
    grant = town.share(eva, alpha_siae.structure_id, days=1)
    with killed_before(town, monkeypatch, step):
        end(town, eva, grant, alpha_siae)
    answer = town.read(alpha_siae, eva.carnet_id)
    if end is narrow:
        assert isinstance(answer, FieldsView)
        assert set(answer.fields) == set(SIAE_FIELDS[:1])
    else:
        assert answer == AccessEnded()
    assert keys_left(town, grant)
    assert run_upkeep(town.parts).cut == 1
    assert keys_left(town, grant) == []
    assert run_upkeep(town.parts).cut == 0


@pytest.mark.parametrize("step", ["add_grant", "add_grant_keys", "append", "commit"])
def test_a_share_that_was_interrupted_gave_nothing_and_its_key_goes_after_a_day(
    town: World,
    eva: Someone,
    alpha_siae: System,
    clock: MovingClock,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    from vault.storage.data_store import SqlWork

    stands = town.share(eva, alpha_siae.structure_id, SIAE_FIELDS[:1])
    before = traces(town, eva)
    with monkeypatch.context() as patch:
        patch.setattr(SqlWork, step, die)
        with pytest.raises(KilledError):
            town.share(eva, alpha_siae.structure_id)
    assert town.values(alpha_siae, eva.carnet_id).keys() == set(SIAE_FIELDS[:1])
    size, *rest, secrets = traces(town, eva)
    assert [*rest, size - 1] == [*before[1:-1], before[0]], "all but the read just made"
    assert len(secrets) == len(before[-1]) + 1
    assert run_upkeep(town.parts).orphans == 0
    clock.forward(hours=24, minutes=1)
    assert run_upkeep(town.parts).orphans == 1
    assert keys_left(town, stands) == ["Q_g", SIAE_FIELDS[0]]
    assert town.values(alpha_siae, eva.carnet_id).keys() == set(SIAE_FIELDS[:1])


# --- with old copies -------------------------------------------------------------------------------------


def dismissed(town: World) -> Attacker:
    """Everything that lives in K and the root, but no person's own secret: old copies of D, one's seed."""
    attacker = Attacker(town)
    attacker.secrets = {name: secret for name, secret in attacker.secrets.items() if name[0] != "own"}
    return attacker


@pytest.mark.parametrize("end", [withdraw, narrow, let_expire, "erase"])
def test_when_a_grant_ended_no_old_copy_opens_through_it(
    town: World, eva: Someone, alpha_siae: System, end: Any
) -> None:
    grant = town.share(eva, alpha_siae.structure_id, days=1)
    backups = [back_up(town, eva.carnet_id)]
    town.write(eva, "permis_conduire", ["b", "c"])
    backups.append(back_up(town, eva.carnet_id))
    assert [len(dismissed(town).opened(backup)) for backup in backups] == [3, 4]
    if end == "erase":
        leaving.erase_carnet(town.parts, eva.carnet_id, for_real=True, actor=eva.actor)
    else:
        end(town, eva, grant, alpha_siae)
    for backup in backups:
        assert dismissed(town).opened(backup) == {}
    if end is narrow:
        now = dismissed(town).opened(back_up(town, eva.carnet_id))
        assert {name[1] for name in now} == set(SIAE_FIELDS[:1]), "the new grant opens the old versions too"

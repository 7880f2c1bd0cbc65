"""What holds a structure's change of key up holds up nothing else, and no departure is lost meanwhile."""

import pytest
from sqlalchemy import text

from consent.grants import Grantee
from schemas.ids import new_id
from schemas.names import StructureKind
from tests.world import World
from vault.errors import BrokenError, StoreUnavailableError
from vault.services.habilitations import end_habilitation
from vault.services.journal import OPERATOR
from vault.services.key_sources import seed_name
from vault.services.rekeying import StuckError, ask_rekeying, rekey, rekeyings
from vault.services.upkeep import rekey_structures

SIAE = StructureKind.SIAE


def write_in_data(town: World, statement: str, **values: str) -> None:
    with town.app.data.database.transaction() as connection:
        connection.execute(text(statement), values)


def test_who_leaves_while_a_change_is_held_up_makes_another(
    small_town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, structure = small_town, small_town.structure("SIAE " + new_id())
    one, two = (town.member(structure, new_id(), kind=SIAE) for _ in range(2))
    name = seed_name(Grantee.structure(structure))
    end_habilitation(town.parts, one.professional_id, at=None, actor=OPERATOR)
    with monkeypatch.context() as patch:
        patch.setattr(town.parts.keystore, "compact", lambda **_told: False)  # somebody reads an older state
        with pytest.raises(StoreUnavailableError):
            rekey(town.parts, structure)
    copied = town.parts.rows.load([name])[name]
    end_habilitation(town.parts, two.professional_id, at=None, actor=OPERATOR)
    for _ in range(2):
        rekey_structures(town.parts)
    assert rekeyings(town.parts) == []
    assert town.parts.rows.load([name])[name] != copied


def test_a_grant_that_says_another_carnet_does_not_keep_the_key_from_changing(small_town: World) -> None:
    town, alpha, eva, zoe = small_town, small_town.system("A"), small_town.newcomer(), small_town.newcomer()
    town.fill(eva)
    grant = town.share(eva, Grantee.structure(alpha.structure_id))
    statement = "UPDATE grants SET carnet_id = :other WHERE grant_id = :id"
    write_in_data(town, statement, other=zoe.carnet_id, id=grant.id)
    ask_rekeying(town.parts, alpha.structure_id)
    assert rekey(town.parts, alpha.structure_id) == 0
    assert rekeyings(town.parts) == []


def test_what_can_never_move_is_said_and_the_old_key_stays(
    small_town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, alpha, eva = small_town, small_town.system("A"), small_town.newcomer()
    town.fill(eva)
    town.share(eva, Grantee.structure(alpha.structure_id))
    name = seed_name(Grantee.structure(alpha.structure_id))
    before = town.parts.rows.load([name])
    monkeypatch.setattr("vault.storage.data_store.SqlWork.move_grant", lambda *_: False)
    ask_rekeying(town.parts, alpha.structure_id)
    with pytest.raises(StuckError):
        rekey(town.parts, alpha.structure_id)
    assert town.parts.rows.load([name]) == before


def test_a_structure_whose_change_breaks_holds_up_neither_the_others_nor_the_signing_of_the_log(
    small_town: World,
) -> None:
    town, broken, other = small_town, small_town.system("A"), small_town.system("B")
    jobs, name = town.app.jobs(), seed_name(Grantee.structure(other.structure_id))
    jobs.tick(with_upkeep=True)
    before = town.parts.rows.load([name])
    town.parts.keystore.delete_secrets([seed_name(Grantee.structure(broken.structure_id))])
    for one in (broken, other):
        ask_rekeying(town.parts, one.structure_id)
    town.newcomer()
    with pytest.raises(BrokenError):
        jobs.tick(with_upkeep=True)
    assert town.parts.rows.load([name]) != before, "the other one has its new key"
    signed = town.parts.data.last_checkpoint()
    assert signed is not None
    assert signed.size == town.parts.data.log_size()


def test_a_column_of_another_type_holds_up_its_own_structure_alone(small_town: World) -> None:
    town, eva = small_town, small_town.newcomer()  # on SQLite: PostgreSQL keeps to the types of its columns
    alpha, beta = town.system("A"), town.system("B")
    town.fill(eva)
    grant = town.share(eva, Grantee.structure(alpha.structure_id))
    write_in_data(town, "UPDATE grants SET owner_wrap = CAST('x' AS TEXT) WHERE grant_id = :id", id=grant.id)
    for one in (alpha, beta):
        ask_rekeying(town.parts, one.structure_id)
    with pytest.raises(Exception, match=r"."):
        rekey_structures(town.parts)
    assert beta.structure_id not in rekeyings(town.parts)

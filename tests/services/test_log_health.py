"""The log is never signed over a rewritten past, and no spoiled entry vanishes from a list."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.world import Someone, System, World
from vault.audit import CompactRange, Leaf, Op, leaf_hash
from vault.services import own_carnet
from vault.services.journal import OPERATOR
from vault.services.overseeing import list_entries
from vault.storage.start_check import StartRefusedError


def rewrite_the_past(world: World) -> None:
    """Everything a writer of D can do: another last leaf, its hash, the tree's head, no checkpoint left."""
    with world.app.data.database.transaction() as connection:
        drop = "ALTER TABLE leaves DISABLE TRIGGER ALL"
        if world.app.data.database.sqlite:
            connection.execute(text("DROP TRIGGER leaves_stay"))
            connection.execute(text("DROP TRIGGER leaves_keep"))
        else:
            connection.execute(text(drop))
        rows = connection.execute(text("SELECT no, bytes FROM leaves ORDER BY no")).all()
        told = [bytes(data) for _, data in rows]
        told[2] = told[2].replace(b'"out":"granted"', b'"out":"denied"')
        tree = CompactRange()
        tree.extend([leaf_hash(data) for data in told])
        connection.execute(
            text("UPDATE leaves SET bytes = :data, hash = :hash WHERE no = 2"),
            {"data": told[2], "hash": leaf_hash(told[2])},
        )
        connection.execute(text("UPDATE log_head SET range = :range"), {"range": tree.to_bytes()})
        connection.execute(text("DELETE FROM checkpoints"))


def test_a_rewritten_past_is_not_signed(world: World, ana: Someone, alpha: System) -> None:
    world.share(ana, alpha.structure_id)
    jobs = world.app.jobs()
    jobs.run_once()
    signed = world.parts.keystore.last_checkpoint()
    rewrite_the_past(world)
    world.read(alpha, ana.carnet_id)
    with pytest.raises(StartRefusedError):
        jobs.run_once()
    assert world.parts.keystore.last_checkpoint() == signed, "what K remembers is the proof"


def test_an_entry_whose_opening_was_spoiled_or_swapped_stays_in_the_lists(
    world: World, ana: Someone, alpha: System
) -> None:
    world.share(ana, alpha.structure_id)
    for _ in range(3):
        world.read(alpha, ana.carnet_id)
    (third, second, first), _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    with world.app.data.database.transaction() as connection:
        connection.execute(text(f"DELETE FROM openings WHERE leaf = {third.no} AND kind = 'about'"))
        connection.execute(
            text(
                "UPDATE openings SET sealed = (SELECT sealed FROM openings "
                f"WHERE leaf = {first.no} AND kind = 'about') WHERE leaf = {second.no} AND kind = 'about'"
            )
        )
    told, _ = own_carnet.list_accesses(world.parts, ana.owner, actor=ana.actor)
    assert [(access.no, access.readable) for access in told] == [
        (third.no, False),
        (second.no, False),
        (first.no, True),
    ]
    entries, _ = list_entries(world.parts, actor=OPERATOR)
    by_number = {entry.no: entry for entry in entries}
    assert by_number[third.no].about is None
    assert by_number[second.no].about is None
    assert by_number[first.no].about is not None


def test_a_changed_catalogue_frame_or_notice_leaves_an_entry_at_the_next_start_and_only_then(
    world: World, tmp_path: Path
) -> None:
    size = world.parts.data.log_size()
    world.reopened().close()
    assert world.parts.data.log_size() == size, "nothing changed, nothing to say"
    instance = tmp_path / "instance.json"
    instance.write_text('{"name": "Un autre nom"}')
    changed = World.reopen({**world.environ, "CARNET_INSTANCE": str(instance)})
    assert changed.parts.data.log_size() == size + 1
    (row,) = changed.parts.data.log_latest(ops=None, before=None, limit=1)
    assert Leaf.parse(row.leaf).op is Op.CONFIG_CHANGE
    changed.close()
    World.reopen(changed.environ).close()
    assert world.parts.data.log_size() == size + 1

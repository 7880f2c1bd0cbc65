"""Somebody who can write to the database rewrites the log: ``carnet audit verify`` exits 1 and names where.

Each attack is SQL on the real tables, with the triggers that protect them dropped first; from the clumsiest
(one byte) to one that also rewrites hashes, head and the checkpoints kept beside the leaves.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from tests.cli.typing_commands import Operator, Typed
from tests.conftest import StoreUrls
from tests.world import World
from vault.audit import CompactRange, leaf_hash

VICTIM = 6  # a leaf under the first checkpoint
FIRST_CHECKPOINT = 9
Attack = Callable[[Connection], None]


@pytest.fixture
def operator(store_urls: StoreUrls, tmp_path: Path) -> Operator:
    """An instance with a log of a dozen leaves, signed twice."""
    operator = Operator.of(store_urls, tmp_path)
    world = World.open(store_urls.data, store_urls.keys, tmp_path)
    person, system = world.person(), world.system()
    world.fill(person)
    assert world.parts.data.log_size() == FIRST_CHECKPOINT
    world.app.jobs().run_once()
    world.share(person, system.structure_id)
    for _ in range(4):
        world.read(system, person.carnet_id)
    world.app.jobs().run_once()
    world.close()
    return operator


def tampered(operator: Operator, attack: Attack) -> Typed:
    """What the verifier says after the attack."""
    engine = create_engine(operator.environ["CARNET_DATABASE_URL"], poolclass=NullPool)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("leaves_keep", "leaves_stay"):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("DROP TRIGGER leaves_stay ON leaves"))
        attack(connection)
    typed = operator.type("audit", "verify", "--json")
    assert typed.code == 1, typed.out
    assert typed.document["ok"] is False
    return typed


def leaves(connection: Connection) -> dict[int, bytes]:
    rows = connection.execute(text("SELECT no, bytes FROM leaves ORDER BY no"))
    return {no: bytes(data) for no, data in rows}


def put(connection: Connection, no: int, data: bytes, *, hashed: bool) -> None:
    connection.execute(text("UPDATE leaves SET bytes = :b WHERE no = :n"), {"b": data, "n": no})
    if hashed:
        connection.execute(text("UPDATE leaves SET hash = :h WHERE no = :n"), {"h": leaf_hash(data), "n": no})


def rebuild_head(connection: Connection) -> None:
    """The head that the leaves now give: a forger who knows the tree."""
    growing = CompactRange()
    growing.extend([leaf_hash(data) for data in leaves(connection).values()])
    values = {"s": growing.size, "r": growing.to_bytes()}
    connection.execute(text("UPDATE log_head SET size = :s, range = :r"), values)


def named(typed: Typed) -> Any:
    """The index named, or the interval."""
    document = typed.document
    return document["first_bad_index"] if document["first_bad_index"] is not None else document["interval"]


def changed(data: bytes) -> bytes:
    return data.replace(b'"granted"', b'"denied" ')


def test_untouched_it_holds(operator: Operator) -> None:
    assert operator.answer("audit", "verify")["ok"] is True


def test_an_edited_leaf_is_named(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        put(connection, VICTIM, changed(leaves(connection)[VICTIM]), hashed=False)

    assert named(tampered(operator, attack)) == VICTIM


def test_an_edited_hash_is_named(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        connection.execute(text("UPDATE leaves SET hash = :h WHERE no = :n"), {"h": bytes(32), "n": VICTIM})

    assert named(tampered(operator, attack)) == VICTIM


def test_an_edit_that_also_rewrites_the_hash_is_placed_between_two_checkpoints(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        put(connection, VICTIM, leaves(connection)[VICTIM].replace(b'"write"', b'"grant"'), hashed=True)
        rebuild_head(connection)

    assert named(tampered(operator, attack)) == [0, FIRST_CHECKPOINT]


def test_the_same_after_the_first_checkpoint_is_placed_after_it(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        last = max(leaves(connection))
        data = leaves(connection)[last].replace(b'"granted"', b'"denied"')
        put(connection, last, data, hashed=True)
        rebuild_head(connection)

    low, high = named(tampered(operator, attack))
    assert low == FIRST_CHECKPOINT < high


def test_a_deleted_leaf_is_named(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        connection.execute(text("DELETE FROM leaves WHERE no = :n"), {"n": VICTIM})

    assert named(tampered(operator, attack)) == VICTIM


def test_a_leaf_deleted_and_the_others_moved_up_is_found(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        connection.execute(text("DELETE FROM leaves WHERE no = :n"), {"n": VICTIM})
        for no in sorted(one for one in leaves(connection) if one > VICTIM):
            connection.execute(text("UPDATE leaves SET no = :m WHERE no = :n"), {"m": no - 1, "n": no})
        rebuild_head(connection)

    typed = tampered(operator, attack)
    assert typed.document["interval"] == [0, FIRST_CHECKPOINT]
    assert typed.document["first_bad_index"] == max(leaves_of(operator)) + 1  # one is missing at the end


def leaves_of(operator: Operator) -> dict[int, bytes]:
    engine = create_engine(operator.environ["CARNET_DATABASE_URL"], poolclass=NullPool)
    with engine.connect() as connection:
        return leaves(connection)


def test_swapped_bytes_are_named(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        held = leaves(connection)
        put(connection, VICTIM, held[VICTIM + 1], hashed=False)
        put(connection, VICTIM + 1, held[VICTIM], hashed=False)

    assert named(tampered(operator, attack)) == VICTIM


def test_whole_rows_swapped_are_found(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        held = leaves(connection)
        put(connection, VICTIM, held[VICTIM + 1], hashed=True)
        put(connection, VICTIM + 1, held[VICTIM], hashed=True)
        rebuild_head(connection)

    document = tampered(operator, attack).document
    assert document["interval"] == [0, FIRST_CHECKPOINT]


def test_a_cut_end_is_named(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        connection.execute(text("DELETE FROM leaves WHERE no >= :n"), {"n": FIRST_CHECKPOINT})

    assert named(tampered(operator, attack)) == FIRST_CHECKPOINT


def test_a_cut_end_with_a_forged_head_and_no_later_checkpoint_is_named(operator: Operator) -> None:
    """All that D can be made to say agrees: only what the key store remembers does not."""

    def attack(connection: Connection) -> None:
        size = {"n": FIRST_CHECKPOINT}
        connection.execute(text("DELETE FROM leaves WHERE no >= :n"), size)
        connection.execute(text("DELETE FROM checkpoints WHERE size > :n"), size)
        connection.execute(text("DELETE FROM openings WHERE leaf >= :n"), size)
        connection.execute(text("DELETE FROM log_index WHERE leaf >= :n"), size)
        rebuild_head(connection)

    assert named(tampered(operator, attack)) == FIRST_CHECKPOINT
    assert operator.type("serve", "--port", "0").code == 3  # nor does such a server start


def test_a_leaf_put_behind_the_end_is_named(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        held = leaves(connection)
        no, data = max(held) + 1, held[max(held)]
        values = {"n": no, "b": data, "h": leaf_hash(data)}
        connection.execute(text("INSERT INTO leaves (no, bytes, hash) VALUES (:n, :b, :h)"), values)

    typed = tampered(operator, attack)
    assert named(typed) == max(leaves_of(operator))


def test_an_emptied_log_does_not_hold(operator: Operator) -> None:
    def attack(connection: Connection) -> None:
        for table in ("leaves", "checkpoints", "openings", "log_index", "tiles"):
            connection.execute(text(f"DELETE FROM {table}"))
        rebuild_head(connection)

    assert named(tampered(operator, attack)) == 0


def test_a_broken_log_is_not_signed_and_handed_over(operator: Operator, tmp_path: Path) -> None:
    def attack(connection: Connection) -> None:
        put(connection, VICTIM, changed(leaves(connection)[VICTIM]), hashed=False)

    tampered(operator, attack)
    typed = operator.type("audit", "export", "--out", str(tmp_path / "out"), "--json")
    assert typed.code == 1
    assert typed.document["first_bad_index"] == VICTIM
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM log_index WHERE leaf = :n", "DELETE FROM openings WHERE leaf = :n AND kind = 'about'"],
)
def test_an_entry_taken_out_of_the_lists_people_read_is_named(operator: Operator, statement: str) -> None:
    def attack(connection: Connection) -> None:
        connection.execute(text(statement), {"n": VICTIM})

    assert named(tampered(operator, attack)) == VICTIM

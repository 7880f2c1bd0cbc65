"""Migrations of D and K go up and down with rows inside, and end at the tables the program declares."""

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Column, LargeBinary, String, func, insert, inspect, select, text

from tests.conftest import StoreUrls
from tests.storage.conftest import INSTANCE, ON_POSTGRESQL, ON_SQLITE, ORIGIN, Stores, raw
from tests.storage.makers import NOW, YEAR, Clock, a_carnet, a_draft, a_grant, a_record, some_keys
from vault.errors import CarnetError
from vault.services.rows import SecretRow
from vault.storage import (
    DATA,
    KEYS,
    Database,
    Schema,
    at_head,
    differences,
    downgrade,
    open_data_store,
    upgrade,
)
from vault.storage.columns import Id, Instant


@pytest.fixture(params=[DATA, KEYS], ids=["data", "keys"])
def schema(request: pytest.FixtureRequest) -> Schema:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def empty(store_urls: StoreUrls, schema: Schema) -> Iterator[Database]:
    database = Database(store_urls.data if schema is DATA else store_urls.keys, part=schema.folder)
    yield database
    database.close()


def revisions(schema: Schema) -> list[str]:
    """Oldest first."""
    walk = ScriptDirectory.from_config(schema.config()).walk_revisions()
    return [script.revision for script in walk][::-1]


def fill(database: Database, schema: Schema) -> dict[str, int]:
    """A row or two in every table that exists; how many each has."""
    counts = {}
    with database.transaction() as connection:
        present = set(inspect(connection).get_table_names())
        for table in schema.metadata.sorted_tables:
            if table.name in present:
                connection.execute(insert(table), {column.name: _value(column) for column in table.columns})
                counts[table.name] = 1
    return counts


def _value(column: Column[Any]) -> object:
    if isinstance(column.type, Instant):
        return NOW
    if isinstance(column.type, LargeBinary):
        return b"x"
    if column.name == "public_jwks":
        return '{"keys":[{}]}'
    return "x" if isinstance(column.type, Id | String) else 1


def count(database: Database, schema: Schema) -> dict[str, int]:
    with database.read() as connection:
        present = set(inspect(connection).get_table_names())
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in schema.metadata.sorted_tables
            if table.name in present
        }


def shape(database: Database) -> set[tuple[str, str]]:
    """Every column that exists."""
    with database.read() as connection:
        look = inspect(connection)
        return {
            (table, column["name"]) for table in look.get_table_names() for column in look.get_columns(table)
        }


def test_the_tables_made_are_those_declared(empty: Database, schema: Schema) -> None:
    assert not at_head(empty, schema)
    upgrade(empty, schema)
    assert at_head(empty, schema)
    assert differences(empty, schema) == []


def test_upgrading_twice_is_upgrading_once(empty: Database, schema: Schema) -> None:
    upgrade(empty, schema)
    rows = fill(empty, schema)
    upgrade(empty, schema)
    assert count(empty, schema) == rows


def test_every_step_goes_up_and_down_with_rows_inside(empty: Database, schema: Schema) -> None:
    steps = revisions(schema)
    upgrade(empty, schema)
    fill(empty, schema)
    shapes = [shape(empty)]
    for step in steps[-2::-1]:
        before = count(empty, schema)
        downgrade(empty, schema, step)
        assert not at_head(empty, schema)
        left = count(empty, schema)
        assert left == {name: before[name] for name in left}
        assert shape(empty) != shapes.pop(), "a step changes something"
        shapes.append(shape(empty))
    downgrade(empty, schema)
    assert count(empty, schema) == {}
    upgrade(empty, schema)
    assert differences(empty, schema) == []
    assert set(fill(empty, schema)) == {table.name for table in schema.metadata.sorted_tables}


def test_a_migration_that_fails_leaves_the_store_as_it_was(empty: Database, schema: Schema) -> None:
    last = schema.metadata.sorted_tables[-1].name
    with empty.transaction() as connection:
        connection.execute(text(f"CREATE TABLE {last} (a INTEGER)"))
    with pytest.raises(CarnetError):
        upgrade(empty, schema)
    with empty.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {last, "alembic_version"}


def test_rows_survive_what_is_already_at_head(stores: Stores) -> None:
    carnet = a_carnet()
    grant = a_grant(carnet.carnet_id)
    with stores.data.change() as work:
        work.add_carnet(carnet)
        work.add_record(a_record(carnet.carnet_id))
        work.add_grant(grant, once_held_until=NOW + YEAR)
        work.add_grant_keys(carnet.carnet_id, some_keys(grant))
        work.append(a_draft("open_carnet"))
        work.commit()
    stores.keys.add_secrets([SecretRow("own", carnet.carnet_id, 1, b"x")])
    upgrade(stores.data.database, DATA)
    upgrade(stores.keys.database, KEYS)
    assert stores.data.carnet(carnet.carnet_id) == carnet
    assert stores.data.log_size() == 1


@ON_SQLITE
def test_a_new_file_is_its_owner_s_alone(stores: Stores) -> None:
    for database in (stores.data.database, stores.keys.database):
        files = list(database.path.parent.glob(database.path.name + "*"))
        assert files
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@ON_POSTGRESQL
def test_the_program_s_own_role_may_not_change_leaves(store_urls: StoreUrls) -> None:
    role = f"application_{secrets.token_hex(4)}"
    with psycopg.connect(raw(store_urls.data), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    admin_database = Database(store_urls.data, part="data")
    upgrade(admin_database, DATA, application_role=role)
    admin_database.close()
    own = store_urls.data.replace("//postgres@", f"//{role}@")
    data = open_data_store(own, Clock())
    assert at_head(data.database, DATA)
    data.found(INSTANCE, ORIGIN)
    with data.change() as work:
        work.add_carnet(a_carnet())
        work.append(a_draft("open_carnet"))
        work.commit()
    for statement in (
        "UPDATE leaves SET no = 7",
        "DELETE FROM leaves",
        "TRUNCATE leaves",
        "ALTER TABLE leaves DISABLE TRIGGER ALL",
        "DROP TABLE leaves",
        "CREATE TABLE mine (a INTEGER)",
    ):
        with psycopg.connect(raw(own)) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)
    assert data.log_size() == 1
    data.close()
    with psycopg.connect(raw(store_urls.data), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))

"""The instance that is measured: real keys and stores, carnets written through the services, one system
with a grant on each; then, to grow the tables, rows of the right shape and size that nobody reads.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Column, Index, MetaData, String, Table, Text, insert

from schemas.canonical import canonical
from schemas.fields import Catalogue, Field
from schemas.ids import new_id
from tests.world import Someone, System, World
from vault.services import tokens
from vault.services.rows import ClientRow
from vault.storage import tables

FIELDS = 20
PURPOSE = "accompagnement"
READ = 200  # carnets that are read in turn

plain_metadata = MetaData()
plain = Table(
    "bench_plain",
    plain_metadata,
    Column("carnet_id", String(64), nullable=False),
    Column("field_id", String(64), nullable=False),
    Column("body", Text, nullable=False),
)
Index("bench_plain_by_carnet", plain.c.carnet_id)


@dataclass(frozen=True)
class Measured:
    """What the load generator needs to know."""

    environ: Mapping[str, str]
    token: str
    carnet_ids: tuple[str, ...]
    fields: tuple[str, ...]


def seed(data_url: str, keys_url: str, folder: Path) -> Measured:
    """A fresh instance with ``READ`` carnets of ``FIELDS`` answers, granted to one structure's system."""
    world = World.open(data_url, keys_url, folder, CARNET_LIMITS="off")
    try:
        fields = _some_fields(world.parts.catalogue)
        system = world.system("CCAS Banc", _ccas())
        with world.app.data.database.transaction() as connection:
            plain_metadata.create_all(connection)
        people = [_person(world, system, fields, number) for number in range(READ)]
        with patch.object(tokens, "TOKEN_LIFE", timedelta(hours=6)):
            given = tokens.give_token(
                world.parts, _client(world, system), jti="bench", assertion_ends_at=datetime.now(UTC)
            )
        assert given is not None
        return Measured(
            world.environ,
            given.token,
            tuple(someone.carnet_id for someone in people),
            tuple(f.id for f in fields),
        )
    finally:
        world.close()


def _client(world: World, system: System) -> ClientRow:
    client = tokens.client_of(world.parts, system.client_id)
    assert client is not None
    return client


def _ccas() -> Any:
    from schemas.names import StructureKind  # noqa: PLC0415 - one word

    return StructureKind.CCAS


def _some_fields(catalogue: Catalogue) -> list[Field]:
    """Twenty single-compartment fields that hold a choice or a truth value."""
    chosen = [
        field
        for field in catalogue.fields
        if len(field.compartments()) == 1
        and not field.compartments()[0].special
        and _sample(field) is not None
    ]
    return chosen[:FIELDS]


def _sample(field: Field) -> Any:
    schema = field.schema
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "boolean":
        return True
    if schema.get("type") == "string" and "format" not in schema:
        return "Une réponse de longueur moyenne, comme on en écrit."
    if schema.get("type") == "array" and "enum" in schema.get("items", {}):
        return schema["items"]["enum"][:1]
    return None


def _person(world: World, system: System, fields: list[Field], number: int) -> Someone:
    someone = world.person(f"personne-{number}")
    rows = []
    for field in fields:
        entry = world.write(someone, field.id, _sample(field))
        body = canonical({"entry_id": entry.entry_id, "value": _sample(field), "source": "person"})
        rows.append({"carnet_id": someone.carnet_id, "field_id": field.id, "body": body.decode()})
    world.share(someone, system.structure_id, [field.id for field in fields], purpose=PURPOSE)
    with world.app.data.database.transaction() as connection:
        connection.execute(insert(plain), rows)
    return someone


def grow(measured: Measured, carnets: int) -> None:
    """Bring the tables a read looks at to ``carnets`` carnets of 20 records, one grant each."""
    world = World.reopen(measured.environ)
    try:
        for batch in _batches(carnets - len(measured.carnet_ids), measured.fields):
            with world.app.data.database.transaction() as connection:
                for table, rows in batch.items():
                    connection.execute(insert(table), rows)
    finally:
        world.close()


def _batches(missing: int, fields: tuple[str, ...], size: int = 500) -> Iterator[dict[Table, list[Any]]]:
    now = datetime.now(UTC)
    for start in range(0, missing, size):
        ids = [new_id() for _ in range(min(size, missing - start))]
        yield {
            tables.carnets: [_carnet(carnet_id, now) for carnet_id in ids],
            tables.records: [_record(c, name, slot) for c in ids for slot, name in enumerate(fields)],
            tables.field_keys: [_field_key(c, name) for c in ids for name in fields],
            plain: [_plain(c, name) for c in ids for name in fields],
        }


def _carnet(carnet_id: str, now: datetime) -> dict[str, Any]:
    return {
        "carnet_id": carnet_id,
        "reference": secrets.token_hex(5),
        "state": "open",
        "opened_at": now,
        "next_slot": FIELDS,
        "notice_version": "bench",
    }


def _record(carnet_id: str, compartment: str, slot: int) -> dict[str, Any]:
    return {
        "carnet_id": carnet_id,
        "entry_id": new_id(),
        "compartment": compartment,
        "version": 1,
        "slot": slot,
        "epoch": 1,
        "schema_version": 1,
        "state": "current",
        "held": secrets.token_bytes(8),
        "record": secrets.token_bytes(334),
    }


def _field_key(carnet_id: str, compartment: str) -> dict[str, Any]:
    return {
        "carnet_id": carnet_id,
        "compartment": compartment,
        "epoch": 1,
        "wrapped": secrets.token_bytes(62),
    }


def _plain(carnet_id: str, field_id: str) -> dict[str, Any]:
    return {"carnet_id": carnet_id, "field_id": field_id, "body": '{"value":true,"source":"person"}'}

"""What a call costs does not grow with the tables: no statement of a request or a job scans one.

Asked of SQLite, whose plans do not depend on how many rows there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, event

from consent.grants import Grantee
from schemas.ids import AccountId, CarnetId, ClientId, GrantId, InvitationId, ProfessionalId, StructureId
from tests.storage.conftest import ON_SQLITE, Stores
from tests.storage.makers import FIELDS, NOW, PURPOSE, a_ticket
from vault.services.rows import ReadAsk, Recheck
from vault.storage.prepared import Prepared

# Read from end to end on purpose: a row or a few at most, or the part of a table that an index singles out.
SMALL = (
    "SCAN json_each",
    "SCAN log_head",
    "SCAN checkpoints",  # the last one, by its key
    "SCAN carnets USING INDEX carnets_erased",
    "SCAN records USING INDEX records_forgotten",
    "SCAN grants USING INDEX grants_with_keys_left",
    "SCAN structures USING INDEX structures_by_name",  # words anywhere in a name: one page at a time
    "SCAN CONSTANT ROW",
)


class Watched:
    """Every statement sent to the stores, by SQLAlchemy or on the driver's cursor, with its engine."""

    def __init__(self) -> None:
        self.statements: dict[str, Engine] = {}

    def note(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
            self.statements[statement] = connection.engine

    def scans(self) -> Iterator[str]:
        for statement, engine in self.statements.items():
            with engine.connect() as connection:
                cursor = connection.connection.cursor()
                blanks = [None] * statement.count("?")
                for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", blanks).fetchall():
                    if row[3].startswith("SCAN") and not row[3].startswith(SMALL):
                        yield f"{row[3]}: {statement}"


@pytest.fixture
def watched(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    for database in (stores.data.database, stores.keys.database):
        for engine in (database._reader, database._writer):
            event.listen(engine, "before_cursor_execute", watched.note)
    text_of = Prepared._text

    def noted(self: Prepared, connection: Connection) -> tuple[str, Sequence[str] | None]:
        found = text_of(self, connection)
        watched.note(connection, None, found[0])
        return found

    monkeypatch.setattr(Prepared, "_text", noted)
    return watched


@ON_SQLITE
def test_no_statement_of_a_request_or_a_job_scans_a_table(stores: Stores, watched: Watched) -> None:
    data, keys = stores.data, stores.keys
    carnet, grant, grantee = CarnetId("c"), GrantId("g"), Grantee.structure(StructureId("s"))
    ask = ReadAsk(carnet, (grantee,), PURPOSE, ClientId("k"), ProfessionalId("p"))
    data.read_facts([ask])
    data.read_facts([replace(ask, compartments=FIELDS)])
    data.sealed_fields([(carnet, grant, FIELDS)])
    data.append_reads([a_ticket(Recheck(carnet, grant, ClientId("k"), ProfessionalId("p")))])
    for look in (data.carnet, data.heads, data.own_records, data.field_keys, data.grants_of):
        look(carnet)
    data.own_records(carnet, history=True)
    data.grant_keys(grant)
    data.grants_to([grantee], now=NOW, after=grant, limit=50)
    data.references([carnet])
    data.structures([StructureId("s")])
    data.search_structures("", after=StructureId("s"), limit=50)
    data.client(ClientId("k"))
    data.account(AccountId("a"))
    data.habilitation(ProfessionalId("p"))
    data.habilitations_of(AccountId("a"))
    data.invitation(InvitationId("i"))
    data.habilitations_in(StructureId("s"))
    data.invitations_in(StructureId("s"), since=NOW)
    data.mail("m")
    data.mails_due(NOW, limit=50)
    data.claim_mail("m", tries=0, next_try_at=NOW)
    data.fail_mail("m")
    data.drop_mail("m")
    data.log_by_carnet(b"t", ops={"read"}, before=9, limit=50)
    data.log_latest(ops=None, before=9, limit=50)
    data.log_latest(ops={"read", "write"}, before=9, limit=50)
    data.log_rows([1, 2])
    data.log_root()
    data.last_checkpoint()
    data.carnets_after(carnet, limit=50)
    data.ended_with_keys(limit=50)
    data.expired_grants(NOW, limit=50)
    data.forgotten_heads(limit=50)
    data.erased_carnets(limit=50)
    data.drop_once_held(NOW)
    data.grants_named([grant])
    with data.change() as work:
        work.heads(carnet)
        work.cancel_invitation(InvitationId("i"))
        work.drop_mail("m")
        work.delete_grant_keys(grant)
        work.close_carnet(carnet)
        work.erase_carnet(carnet)
    keys.secrets([("own", "a"), ("shred", "a")])
    keys.secret_ids("grant", after="a", limit=50)
    keys.delete_secrets([("own", "a"), ("own", "b")])
    keys.targets("subject", [b"t"])
    keys.delete_tags("a")
    keys.session("s")
    keys.tokens(["t"])
    keys.end_sessions(subject="a")
    keys.take_pending("s")
    keys.take_link("l")
    keys.sweep(NOW)
    assert len(watched.statements) > 50
    scans = list(watched.scans())
    assert scans == [], "\n".join(scans)

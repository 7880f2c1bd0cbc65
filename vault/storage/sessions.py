"""Rows of K that live a day at most: sessions, bearer tokens, assertions seen, sign-ins under way, links.

Whoever asks compares ``ends_at`` with the clock; ``sweep`` only removes what is long over.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from schemas.ids import ClientId
from vault.services.rows import PendingRow, SessionRow, TokenRow
from vault.storage.columns import from_ms, insert_if_absent
from vault.storage.database import Database
from vault.storage.key_tables import jti, links, pending, sessions, tokens
from vault.storage.prepared import Prepared, identifiers, one_of

PENDING_LIFE = timedelta(hours=1)  # longer than any sign-in may take

_SESSION = select(
    sessions.c.session_id,
    sessions.c.kind,
    sessions.c.subject,
    sessions.c.account_id,
    sessions.c.created_at,
    sessions.c.seen_at,
    sessions.c.ends_at,
    sessions.c.sealed,
    sessions.c.proved_at,
    sessions.c.device,
).where(sessions.c.session_id == bindparam("session"))
_TOKENS = Prepared(
    select(
        tokens.c.token_id, tokens.c.client_id, tokens.c.structure_id, tokens.c.ends_at, tokens.c.jkt
    ).where(one_of(tokens.c.token_id, "tokens"))
)
_LINK = (links.c.kind, links.c.target, links.c.ends_at)


class SignInRows:
    """The part of ``SqlKeyStore`` that signing in uses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- sessions ----------------------------------------------------------------------------------------

    def add_session(self, row: SessionRow) -> None:
        values = {
            "session_id": row.session_id,
            "kind": row.kind,
            "subject": row.subject,
            "account_id": row.account_id,
            "created_at": row.created_at,
            "seen_at": row.seen_at,
            "ends_at": row.ends_at,
            "sealed": row.sealed,
            "proved_at": row.proved_at,
            "device": row.device,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(sessions), values)

    def session(self, session_id: str) -> SessionRow | None:
        with self._database.read() as connection:
            row: Any = connection.execute(_SESSION, {"session": session_id}).one_or_none()
        return SessionRow(*row) if row else None

    def touch_session(self, session_id: str, seen_at: datetime) -> None:
        with self._database.transaction() as connection:
            this = update(sessions).where(sessions.c.session_id == session_id)
            connection.execute(this.values(seen_at=seen_at))

    def end_sessions(self, *, session_id: str | None = None, subject: str | None = None) -> int:
        """One session, or all of a subject. Neither: none."""
        if session_id is None and subject is None:
            return 0
        statement = delete(sessions)
        if session_id is not None:
            statement = statement.where(sessions.c.session_id == session_id)
        if subject is not None:
            statement = statement.where(sessions.c.subject == subject)
        with self._database.transaction() as connection:
            return connection.execute(statement).rowcount

    # --- clients' tokens ---------------------------------------------------------------------------------

    def add_token(self, row: TokenRow) -> None:
        values = {
            "token_id": row.token_id,
            "client_id": row.client_id,
            "structure_id": row.structure_id,
            "ends_at": row.ends_at,
            "jkt": row.jkt,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(tokens), values)

    def tokens(self, token_ids: Collection[str]) -> Mapping[str, TokenRow]:
        """By id; those that do not exist are absent."""
        with self._database.read() as connection:
            rows = _TOKENS.rows(connection, tokens=identifiers(token_ids))
        return {row[0]: TokenRow(row[0], row[1], row[2], from_ms(row[3]), row[4]) for row in rows}

    def use_jti(self, client_id: ClientId, jti_id: str, ends_at: datetime) -> bool:
        """Once for each client and assertion: False when it was seen before."""
        row = {"client_id": client_id, "jti_id": jti_id, "ends_at": ends_at}
        with self._database.transaction() as connection:
            return insert_if_absent(connection, jti, [row]) == 1

    # --- sign-ins under way ------------------------------------------------------------------------------

    def add_pending(self, row: PendingRow, *, most: int) -> None:
        """Keep it; the browser's oldest go beyond ``most``."""
        mine = (
            select(pending.c.state_id)
            .where(pending.c.browser_id == row.browser_id)
            .order_by(pending.c.created_at.desc(), pending.c.state_id)
        )
        values = {
            "state_id": row.state_id,
            "browser_id": row.browser_id,
            "created_at": row.created_at,
            "sealed": row.sealed,
        }
        with self._database.transaction() as connection:
            others = connection.execute(mine).scalars().all()
            old = others[max(0, most - 1) :]
            connection.execute(delete(pending).where(pending.c.state_id.in_(old)))
            connection.execute(insert(pending), values)

    def take_pending(self, state_id: str) -> PendingRow | None:
        """Once: what is returned is no longer there."""
        taken = (
            delete(pending)
            .where(pending.c.state_id == state_id)
            .returning(pending.c.state_id, pending.c.browser_id, pending.c.created_at, pending.c.sealed)
        )
        with self._database.transaction() as connection:
            row = connection.execute(taken).one_or_none()
        return PendingRow(*row) if row else None

    # --- one-time links ----------------------------------------------------------------------------------

    def add_link(self, link_id: str, kind: str, target: str, ends_at: datetime) -> None:
        values = {"link_id": link_id, "kind": kind, "target": target, "ends_at": ends_at}
        with self._database.transaction() as connection:
            connection.execute(insert(links), values)

    def link(self, link_id: str) -> tuple[str, str, datetime] | None:
        """(kind, target, end), without using it."""
        with self._database.read() as connection:
            row = connection.execute(select(*_LINK).where(links.c.link_id == link_id)).one_or_none()
        return (row[0], row[1], row[2]) if row else None

    def take_link(self, link_id: str) -> tuple[str, str, datetime] | None:
        """Once: what is returned is no longer there."""
        taken = delete(links).where(links.c.link_id == link_id).returning(*_LINK)
        with self._database.transaction() as connection:
            row = connection.execute(taken).one_or_none()
        return (row[0], row[1], row[2]) if row else None

    # --- upkeep ------------------------------------------------------------------------------------------

    def sweep(self, now: datetime) -> int:
        """Remove what is over; how many rows."""
        with self._database.transaction() as connection:
            return sum(
                connection.execute(delete(table).where(over)).rowcount
                for table, over in (
                    (sessions, sessions.c.ends_at <= now),
                    (tokens, tokens.c.ends_at <= now),
                    (jti, jti.c.ends_at <= now),
                    (pending, pending.c.created_at <= now - PENDING_LIFE),
                    (links, links.c.ends_at <= now),
                )
            )

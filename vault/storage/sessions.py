"""Rows of K that live a day at most: sessions, bearer tokens, assertions seen, sign-ins under way, links.

Whoever asks compares ``ends_at`` with the clock; ``sweep`` only removes what is long over.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from schemas.ids import ClientId
from vault.services.rows import PendingRow, SessionRow, TokenRow, TypedRow
from vault.storage.columns import from_ms, insert_if_absent
from vault.storage.database import Database
from vault.storage.key_tables import jti, links, pending, sessions, tokens, typed
from vault.storage.prepared import Prepared, identifiers, one_of

PENDING_LIFE = timedelta(hours=1)  # longer than any sign-in may take
OVER_KEPT = timedelta(hours=1)  # a session that is over is still remembered, and opens nothing
MOST_SESSIONS = 200  # of an account, listed

_SESSIONS = select(
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
)
_SESSION = _SESSIONS.where(sessions.c.session_id == bindparam("session"))
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

    def sessions_of(self, account_id: str) -> Sequence[SessionRow]:
        """Those of an account, last seen first; over ones too."""
        mine = _SESSIONS.where(sessions.c.account_id == account_id)
        latest = mine.order_by(sessions.c.seen_at.desc(), sessions.c.session_id).limit(MOST_SESSIONS)
        with self._database.read() as connection:
            rows: Sequence[Any] = connection.execute(latest).all()
        return [SessionRow(*row) for row in rows]

    def end_sessions(
        self,
        *,
        session_id: str | None = None,
        subject: str | None = None,
        account_id: str | None = None,
        but: str | None = None,
    ) -> int:
        """Those that answer to all that is told; ``but`` one. Nothing told: none."""
        told = (
            (sessions.c.session_id, session_id),
            (sessions.c.subject, subject),
            (sessions.c.account_id, account_id),
        )
        wanted = [column == value for column, value in told if value is not None]
        if not wanted:
            return 0
        if but is not None:
            wanted.append(sessions.c.session_id != but)
        with self._database.transaction() as connection:
            return connection.execute(delete(sessions).where(*wanted)).rowcount

    # --- what was being written when a session was over --------------------------------------------------

    def keep_typed(self, row: TypedRow) -> None:
        """In place of what was kept under this id."""
        values = {"typed_id": row.typed_id, "ends_at": row.ends_at, "sealed": row.sealed}
        with self._database.transaction() as connection:
            connection.execute(delete(typed).where(typed.c.typed_id == row.typed_id))
            insert_if_absent(connection, typed, [values])  # one of two at once is kept

    def typed(self, typed_id: str) -> TypedRow | None:
        wanted = select(typed.c.typed_id, typed.c.ends_at, typed.c.sealed)
        with self._database.read() as connection:
            row = connection.execute(wanted.where(typed.c.typed_id == typed_id)).one_or_none()
        return TypedRow(*row) if row else None

    def drop_typed(self, typed_id: str) -> int:
        with self._database.transaction() as connection:
            return connection.execute(delete(typed).where(typed.c.typed_id == typed_id)).rowcount

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

    def replace_link(
        self, link_id: str, kind: str, target: str, ends_at: datetime, *, same: str | None = None
    ) -> None:
        """In place of the other links of this kind that lead to the same, or whose target begins with
        ``same``."""
        values = {"link_id": link_id, "kind": kind, "target": target, "ends_at": ends_at}
        to_the_same = links.c.target.startswith(same or target, autoescape=True)
        with self._database.transaction() as connection:
            connection.execute(delete(links).where(links.c.kind == kind, to_the_same))
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
                    (sessions, sessions.c.ends_at <= now - OVER_KEPT),
                    (typed, typed.c.ends_at <= now),
                    (tokens, tokens.c.ends_at <= now),
                    (jti, jti.c.ends_at <= now),
                    (pending, pending.c.created_at <= now - PENDING_LIFE),
                    (links, links.c.ends_at <= now),
                )
            )

"""Going out: a session ends first, then the log is told. Ending access needs nobody's leave: while the log
cannot append, sessions end all the same, and one line for the operator says that an entry is missing.
"""

import logging
from collections.abc import Mapping

from schemas.ids import CarnetId, MandateId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.errors import CarnetError
from vault.services.journal import Actor, draft
from vault.services.parts import Parts
from vault.services.sessions import MANDATE, PERSON, Session, SessionRules, sessions_of

log = logging.getLogger("carnet.security")

SELF, OTHERS = "this session", "other sessions"


def sign_out(parts: Parts, session: Session, *, actor: Actor | None) -> None:
    """End this session. ``actor``: None for somebody who has not chosen a structure: nothing was noted when
    she came in either. Raises StoreUnavailableError."""
    parts.keystore.end_sessions(session_id=session.session_id)
    if actor is not None:
        _note(parts, session, actor, SELF)


def end_other_sessions(
    parts: Parts,
    session: Session,
    rules: Mapping[str, SessionRules],
    *,
    actor: Actor,
    only: str | None = None,
) -> int:
    """End the account's other sessions, or ``only`` that one if it is the account's. How many live ones there
    were. Raises StoreUnavailableError."""
    account_id = session.row.account_id
    others = {
        one.session_id
        for one in sessions_of(parts, account_id, rules)
        if one.session_id != session.session_id and only in (None, one.session_id)
    }
    parts.keystore.end_sessions(session_id=only, account_id=account_id, but=session.session_id)
    if others:
        _note(parts, session, actor, OTHERS)
    return len(others)


def _acted_for(parts: Parts, session: Session) -> CarnetId | None:
    """For whom whoever leaves was acting."""
    mandate = parts.data.mandate(MandateId(session.row.subject)) if session.row.kind == MANDATE else None
    return mandate.carnet_id if mandate else None


def _note(parts: Parts, session: Session, actor: Actor, reason: str) -> None:
    row = session.row
    name = actor.secret_name
    try:
        carnet_id = CarnetId(row.subject) if row.kind == PERSON else _acted_for(parts, session)
        journals = parts.journal_keys.load(
            now=parts.now(), carnets=[carnet_id] if carnet_id else [], agents=[name] if name else []
        )
        about = AboutContent(
            carnet_id=carnet_id, structure_id=actor.structure_id, role=actor.role, reason=reason
        )
        entry = draft(
            Op.SIGN_OUT,
            Outcome.GRANTED,
            journals=journals,
            actor=actor,
            carnet_id=carnet_id,
            about=about,
            random=parts.random,
        )
        with parts.data.change() as work:
            work.append(entry)
            work.commit()
    except CarnetError as error:
        log.error("a sign-out has no entry: kind=%s error=%s", row.kind, type(error).__name__)

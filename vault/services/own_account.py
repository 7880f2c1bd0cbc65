"""Somebody looks at the account that is hers here: what the provider told of her, and where she is signed in.

It holds a name: one entry of the log before it, in her own journal for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.ids import AccountId
from vault.audit.events import AboutContent, Op
from vault.services.accounts import Identity, open_account
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.noting import about_nobody
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.sessions import OwnSession, Session, SessionRules, sessions_of
from vault.services.signing_in import IDENTITY_FIELD


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """``identity`` is None when nothing is kept of it."""

    identity: Identity | None = field(repr=False)
    sessions: Sequence[OwnSession]


def read_own_account(
    parts: Parts,
    session: Session,
    rules: Mapping[str, SessionRules],
    *,
    actor: Actor,
    owner: OwnerAccess | None,
) -> OwnAccount:
    """After its entry. ``owner``: None for a professional. Raises LogUnavailableError, CarnetClosedError."""
    if owner is not None:
        append_own(parts, owner, Op.READ_OWN, actor=actor, fields=(IDENTITY_FIELD,))
    else:
        _note(parts, actor)
    account = open_account(parts, AccountId(session.row.account_id))
    return OwnAccount(
        account.identity if account else None, sessions_of(parts, session.row.account_id, rules)
    )


def _note(parts: Parts, actor: Actor) -> None:
    about = AboutContent(structure_id=actor.structure_id, role=actor.role, reason="own account")
    entry = about_nobody(parts, Op.READ_OWN, about, actor=actor)
    with parts.data.change() as work:
        work.append(entry)
        work.commit()

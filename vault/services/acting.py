"""Somebody acts for a person, under a mandate, in a session of its own kind.

He chooses one mandate; his own session gives way to one that opens that carnet alone, within the scopes of
the mandate, for two hours at most. ``acting_now`` looks at everything again, at each request: the mandate and
what vouches for it, the habilitation that lets the holder help, whose account the session is. Nothing of this
is remembered. Going back gives his own session again, which lives and proves no more than the former one did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.mandates import covers
from schemas.ids import CarnetId, MandateId
from schemas.names import MandateScope, Role
from vault.audit.events import ActorKind, Op
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.ports import HabilitationRow
from vault.services.sessions import (
    DPO,
    MANDATE,
    PERSON,
    PROFESSIONAL,
    NewSession,
    Session,
    SessionRules,
    open_session,
)
from vault.services.sharing_rows import MandateRow
from vault.services.signing_in import IDENTITY_FIELD
from vault.services.standing import holder_stands, live_mandate

ACTING_RULES = SessionRules(timedelta(minutes=20), timedelta(hours=2))
FOR_NAME, BACK_KIND, BACK_SUBJECT, BACK_ENDS = "for_name", "back_kind", "back_subject", "back_ends"


@dataclass(frozen=True, slots=True)
class Acting:
    """Who may act now, and for whom. ``habilitation``: None for a relative."""

    mandate: MandateRow
    habilitation: HabilitationRow | None

    def may(self, scope: MandateScope) -> bool:
        return covers(self.mandate.kind, self.mandate.scopes, scope)

    def actor(self, session: Session, address: str | None) -> Actor:
        """As the log names whoever acts: himself, for her, under this mandate."""
        row = self.habilitation
        return Actor(
            ActorKind.PROFESSIONAL if row else ActorKind.PERSON,
            row.professional_id if row else "",
            row.structure_id if row else None,
            Role.HELPER if row else None,
            session.session_id,
            address,
            self.mandate.mandate_id,
        )


def acting_now(parts: Parts, session: Session) -> Acting | None:
    """What this session may still do for somebody. None once the mandate, or what the holder is, is over."""
    if session.row.kind != MANDATE:
        return None
    return _acting(parts, MandateId(session.row.subject), session.row.account_id)


def begin(
    parts: Parts, session: Session, mandate_id: MandateId, *, cookie: str, address: str | None
) -> NewSession | None:
    """From his own session to one that acts; None when he has no such mandate now. One entry in the journal
    of the person, then her name is opened, to be shown while he acts. Raises CarnetClosedError."""
    acting = _acting(parts, mandate_id, session.row.account_id)
    if acting is None or not _his_own(session, acting):
        return None
    mandate, now = acting.mandate, parts.now()
    name = _name_of(parts, mandate, acting.actor(session, address), session)
    if not parts.keystore.end_sessions(session_id=session.session_id):  # it was ended meanwhile
        return None
    return open_session(
        parts,
        kind=MANDATE,
        subject=mandate.mandate_id,
        account_id=session.row.account_id,
        rules=ACTING_RULES,
        private={
            **session.private,
            FOR_NAME: name,
            BACK_KIND: session.row.kind,
            BACK_SUBJECT: session.row.subject,
            BACK_ENDS: session.row.ends_at.isoformat(),
        },
        replaces=cookie,
        goes_on=session,
        ends_at=min(session.row.ends_at, mandate.ends_at, now + ACTING_RULES.absolute),
    )


def go_back(
    parts: Parts, session: Session, *, cookie: str, rules: Mapping[str, SessionRules]
) -> NewSession | None:
    """His own session again, in place of the one that acts; None when it would be over by now."""
    told = session.private
    kind = told.get(BACK_KIND, "")
    if session.row.kind != MANDATE or kind not in (PERSON, PROFESSIONAL, DPO):
        return None
    ends_at = datetime.fromisoformat(told[BACK_ENDS])
    if parts.now() >= ends_at:
        return None
    if not parts.keystore.end_sessions(session_id=session.session_id):  # it was ended meanwhile
        return None
    own = (BACK_KIND, BACK_SUBJECT, BACK_ENDS, FOR_NAME)
    return open_session(
        parts,
        kind=kind,
        subject=told[BACK_SUBJECT],
        account_id=session.row.account_id,
        rules=rules[kind],
        private={name: text for name, text in told.items() if name not in own},
        replaces=cookie,
        goes_on=session,
        ends_at=ends_at,
    )


def _acting(parts: Parts, mandate_id: MandateId, account_id: str) -> Acting | None:
    mandate = live_mandate(parts, mandate_id)
    if mandate is None:
        return None
    holder = holder_stands(parts, mandate)
    if isinstance(holder, HabilitationRow):
        return Acting(mandate, holder) if holder.account_id == account_id else None
    return Acting(mandate, None) if holder is True and mandate.account_id == account_id else None


def _his_own(session: Session, acting: Acting) -> bool:
    """Whether this very session is the one the mandate was given to: a relative's, or that professional's."""
    if acting.habilitation is None:
        return session.row.kind == PERSON
    mine = session.row.subject == acting.habilitation.professional_id
    return session.row.kind == PROFESSIONAL and mine


def _name_of(parts: Parts, mandate: MandateRow, actor: Actor, session: Session) -> str:
    """Her name, as it is in her carnet, else her carnet's number."""
    owner = OwnerAccess(CarnetId(mandate.carnet_id), session.session_id)
    carnet = read_own_carnet(parts, owner, actor=actor, op=Op.SIGN_IN, fields=[IDENTITY_FIELD])
    entry = carnet.by_field().get(IDENTITY_FIELD)
    value = entry.body.value if entry is not None and entry.body.holds else None
    told = parts.catalogue.describe(IDENTITY_FIELD, value) if value is not None else ()
    return " ".join(told) or carnet.carnet.reference

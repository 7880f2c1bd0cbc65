"""Somebody whom a provider has just proven, before she is known here as a person or as a professional."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.ids import CarnetId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.services.journal import Actor, draft
from vault.services.parts import Parts
from vault.services.ports import Draft


@dataclass(frozen=True, slots=True)
class ComingIn:
    """A sign-in that the relying party has fully verified, and the browser it came from."""

    issuer: str
    subject: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    id_token: str = field(repr=False)
    provider: str
    display_name: str = field(repr=False)
    address: str | None = field(repr=False)
    former_cookie: str | None = field(repr=False)
    device: str = ""  # the browser in words from a closed list
    proved_at: datetime | None = None  # when she proved who she is; None: now


@dataclass(frozen=True, slots=True)
class NotInvited:
    """Signed in at the provider, but no invitation or habilitation stands here."""


def note_sign_in(parts: Parts, actor: Actor, carnet_id: CarnetId | None) -> None:
    """Append the entry of a session that was just opened."""
    entry = sign_in_entry(parts, actor, carnet_id)
    with parts.data.change() as work:
        work.append(entry)
        work.commit()


def sign_in_entry(parts: Parts, actor: Actor, carnet_id: CarnetId | None) -> Draft:
    """The same entry, for a transaction that does more."""
    name = actor.secret_name
    journals = parts.journal_keys.load(
        now=parts.now(), carnets=[carnet_id] if carnet_id else [], agents=[name] if name else []
    )
    return draft(
        Op.SIGN_IN,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=AboutContent(carnet_id=carnet_id, structure_id=actor.structure_id, role=actor.role),
        random=parts.random,
    )


def private_part(coming: ComingIn) -> dict[str, str]:
    """What the session keeps, sealed under the browser's own cookie: for signing out and for greeting."""
    return {"provider": coming.provider, "id_token": coming.id_token, "name": coming.display_name}

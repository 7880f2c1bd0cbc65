"""What a person sees of who follows her: her référent, who is proposed, who it was, what waits for her yes.

Names and her own words are shown, so a look appends its entry before anything is opened. What she says of the
référent she would like is sealed under O_p: she alone reads it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.framing import lp
from schemas.ids import CarnetId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.crypto import CryptoError, open_small, seal_small
from vault.errors import CallerError
from vault.services.accounts import open_account
from vault.services.designating import proposed
from vault.services.handing_over import Waiting, waiting
from vault.services.journal import Actor, draft
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import append_own
from vault.services.parts import Parts
from vault.services.ports import StructureRow
from vault.services.referents import ACTIVE, ENDED, ENDING, believed, current_referent
from vault.services.sharing_rows import ReferentRow
from vault.services.writing import CarnetClosedError, owner_secrets

LONGEST_WISH = 500  # characters
MOST_FORMER = 20


class WishTooLongError(CallerError):
    """These words are more than are kept."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who follows her, is proposed to, or did. ``structure`` None: it is not registered any more."""

    row: ReferentRow
    structure: StructureRow | None
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MyReferent:
    """``current`` None: nobody follows her now. ``left``: who did last, and works there no more."""

    current: Follower | None
    left: Follower | None
    proposals: tuple[Follower, ...]
    former: tuple[Follower, ...]
    waiting: tuple[Waiting, ...]
    until: datetime | None
    wish: str = field(repr=False)


def look_at_referent(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> MyReferent:
    """One ``read_own`` entry. Raises CarnetClosedError, LogUnavailableError."""
    append_own(parts, owner, Op.READ_OWN, actor=actor)
    now = parts.now()
    current = current_referent(parts, owner.carnet_id)
    rows = parts.data.referents_of(owner.carnet_id)
    standing = next((row for row in rows if row.state == ACTIVE and believed(parts, row)), None)
    stay = tuple(waiting(parts, owner, current))
    return MyReferent(
        current=_follower(parts, current) if current else None,
        left=_follower(parts, standing) if standing and not current else None,
        proposals=tuple(_follower(parts, row) for row in rows if proposed(parts, row, now)),
        former=tuple(_follower(parts, row) for row in rows if row.state in (ENDING, ENDED))[:MOST_FORMER],
        waiting=stay,
        until=current.confirm_until if current and stay else None,
        wish=_wish(parts, owner),
    )


def say_wish(parts: Parts, owner: OwnerAccess, text: str, *, actor: Actor) -> None:
    """Keep what she says of the référent she would like, in place of what she said before; nothing, when
    there are no words. Raises WishTooLongError, CarnetClosedError."""
    said = " ".join(text.split())
    if len(said) > LONGEST_WISH:
        raise WishTooLongError(f"{LONGEST_WISH} characters at most")
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    secrets = owner_secrets(parts, owner)
    sealed = seal_small(said.encode(), secret=secrets.own, place=_place(owner.carnet_id)) if said else None
    with parts.data.change() as work:
        carnet = work.carnet(owner.carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        work.set_referent_wish(owner.carnet_id, sealed)
        about = AboutContent(carnet_id=owner.carnet_id, reason="referent wish")
        work.append(
            draft(
                Op.WRITE,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=owner.carnet_id,
                about=about,
                random=parts.random,
            )
        )
        work.commit()


def _follower(parts: Parts, row: ReferentRow) -> Follower:
    habilitation = parts.data.habilitation(row.professional_id)
    account = open_account(parts, habilitation.account_id) if habilitation else None
    claims = account.identity.claims if account else {}
    name = " ".join(str(claims[part]) for part in ("given_name", "usual_name") if claims.get(part))
    return Follower(row, parts.data.structure(row.structure_id), name)


def _wish(parts: Parts, owner: OwnerAccess) -> str:
    kept = parts.data.referent_wish(owner.carnet_id)
    if kept is None:
        return ""
    secrets = owner_secrets(parts, owner)
    try:
        return open_small(kept[1], secret=secrets.own, place=_place(owner.carnet_id)).decode()
    except (CryptoError, UnicodeDecodeError):  # somebody spoiled it: her page still shows
        return ""


def _place(carnet_id: CarnetId) -> bytes:
    return lp("referent wish", carnet_id)

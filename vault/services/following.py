"""What a person sees of who follows her: her référent, who is proposed, who it was, what waits for her yes.

Names and her own words are shown, so a look appends its entry before anything is opened. What she says of the
référent she would like is an information of her carnet, which she may share as any other.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.framing import lp
from schemas.ids import CarnetId, FieldId
from schemas.names import AnswerKind
from vault.crypto import CryptoError, open_small
from vault.errors import CallerError
from vault.services.accounts import open_account
from vault.services.designating import proposed
from vault.services.handing_over import Waiting, waiting
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.ports import StructureRow
from vault.services.referents import ACTIVE, ENDED, ENDING, believed, current_referent
from vault.services.sharing_rows import ReferentRow
from vault.services.writing import Act, Answer, check_value, owner_secrets, write_answers

LONGEST_WISH = 1000  # characters, as the field
WISH_FIELD = FieldId("souhait_referent")  # of the catalogue: this page writes it too
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
    said = read_own_carnet(parts, owner, actor=actor, fields=[WISH_FIELD]).by_field().get(WISH_FIELD)
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
        wish=str(said.body.value or "") if said else _former_wish(parts, owner),
    )


def say_wish(parts: Parts, owner: OwnerAccess, text: str, *, actor: Actor) -> None:
    """Write what she says of the référent she would like in its field of her carnet, as any answer; nothing,
    when there are no words. Words kept before there was such a field go. Raises WishTooLongError,
    CarnetClosedError."""
    said = " ".join(text.split())
    if len(said) > LONGEST_WISH:
        raise WishTooLongError(f"{LONGEST_WISH} characters at most")
    kind = AnswerKind.ANSWERED if said else AnswerKind.NOT_DISCUSSED
    answer = Answer(WISH_FIELD, said or None, kind)
    check_value(parts, answer)
    act = Act(also=lambda work: work.set_referent_wish(owner.carnet_id, None))
    write_answers(parts, owner, [answer], actor=actor, act=act)


def _follower(parts: Parts, row: ReferentRow) -> Follower:
    habilitation = parts.data.habilitation(row.professional_id)
    account = open_account(parts, habilitation.account_id) if habilitation else None
    claims = account.identity.claims if account else {}
    name = " ".join(str(claims[part]) for part in ("given_name", "usual_name") if claims.get(part))
    return Follower(row, parts.data.structure(row.structure_id), name)


def _former_wish(parts: Parts, owner: OwnerAccess) -> str:
    """What she said before the catalogue had a field for it: sealed under O_p, until she writes again."""
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

"""A paper that stops one share: for whoever has no phone at hand, or wants somebody else to do it for her.

- The secret on the paper is shown once, when it is printed; K keeps its digest, as long as the share lasts.
- One paper a share: printing another one makes the former worthless.
- Whoever holds it can do one thing: stop that share. The page that takes it says nothing about the person,
  nor with whom she shared; a wrong code, a used one and that of a share that ended get the same answer.
- 75 random bits and a check, so that a slip of the pen is told from a secret before anything is looked up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from consent.grants import Grant
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState
from vault.audit.events import ActorKind, Op
from vault.carnet.references import ALPHABET, check_of
from vault.crypto import digest, equal
from vault.services.bindings import doors_secret, instant, seal_of
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import append_own, list_own_grants
from vault.services.parts import Parts
from vault.services.stopping import NoSuchGrantError, find_grant, stop_grant

SLIP = "slip"  # the kind of a link of K, and what the entry says of how the share was stopped
ID = 26  # characters of an id (schemas.ids.new_id)
LENGTH, GROUP = 16, 4


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed. ``code`` is kept nowhere."""

    grant: Grant
    printed_at: datetime
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Found:
    carnet_id: CarnetId
    grant: Grant


def print_slip(parts: Parts, owner: OwnerAccess, grant_id: GrantId, *, actor: Actor) -> Slip:
    """A new paper for one of her live shares; the former one stops nothing any more. One ``export`` entry.
    Raises NoSuchGrantError, CarnetClosedError, LogUnavailableError."""
    now = parts.now()
    grant = next(
        (one for one in list_own_grants(parts, owner) if one.id == grant_id and _stops(one, now)), None
    )
    if grant is None:
        raise NoSuchGrantError("no such share to stop")
    append_own(parts, owner, Op.EXPORT, actor=actor)
    code = new_code(parts.random)
    said, until = owner.carnet_id + grant.id, grant.terms.ends_at
    target = said + _seal(parts, code, said, until)
    parts.keystore.replace_link(digest(code), SLIP, target, until, same=said)
    return Slip(grant, now, shown(code))


def given_at(parts: Parts, typed: str) -> datetime | None:
    """When the share was given that this code stops; None whatever the reason why it stops none."""
    found = _found(parts, read_code(typed))
    return found.grant.terms.starts_at if found else None


def stop_by_slip(parts: Parts, typed: str) -> bool:
    """Stop it, at once. The paper serves once. False whatever the reason why nothing was stopped."""
    code = read_code(typed)
    found = _found(parts, code)
    if found is None or code is None:
        return False
    stop_grant(parts, found.carnet_id, found.grant.id, actor=Actor(ActorKind.PERSON), how=SLIP)
    parts.keystore.take_link(digest(code))
    return True


def _found(parts: Parts, code: str | None) -> _Found | None:
    link = parts.keystore.link(digest(code or ""))  # asked for too when the check fails: the same work
    if code is None or link is None or link[0] != SLIP or link[2] <= parts.now():
        return None
    said, seal = link[1][: 2 * ID], link[1][2 * ID :]
    if not equal(seal.encode(), _seal(parts, code, said, link[2]).encode()):
        return None  # a row that nobody with the root wrote
    carnet_id, grant_id = said[:ID], said[ID:]
    try:
        grant = find_grant(parts.data.grants_of(CarnetId(carnet_id)), GrantId(grant_id))
    except NoSuchGrantError:
        return None
    return _Found(CarnetId(carnet_id), grant) if _stops(grant, parts.now()) else None


def _seal(parts: Parts, code: str, said: str, until: datetime) -> str:
    """Twelve signs, for what a link's target has room for: whoever writes in K alone makes no paper."""
    return seal_of(doors_secret(parts), SLIP, digest(code), said, instant(until))[:12]


def _stops(grant: Grant, now: datetime) -> bool:
    """Whether there is something to stop: it stands, or stands still."""
    return grant.state in (GrantState.GRANTED, GrantState.SUSPENDED) and now < grant.terms.ends_at


# --- the code -------------------------------------------------------------------------------------------


def new_code(random: Callable[[int], bytes]) -> str:
    """Fifteen random signs and their check."""
    body = ""
    while len(body) < LENGTH - 1:
        drawn = random(1)[0]
        if drawn < 248:  # 8 × 31: no sign more likely than another
            body += ALPHABET[drawn % 31]
    return body + check_of(body)


def read_code(typed: str) -> str | None:
    """The code meant by what somebody typed; None when its check fails."""
    text = "".join(typed.split()).replace("-", "").upper()
    if len(text) != LENGTH or any(sign not in ALPHABET for sign in text):
        return None
    return text if check_of(text[:-1]) == text[-1] else None


def shown(code: str) -> str:
    """In groups of four, as one copies it."""
    return " ".join(code[place : place + GROUP] for place in range(0, len(code), GROUP))

"""What she was writing when her session was over: kept a quarter of an hour, for her, in her browser.

Sealed under a key that needs the browser's cookie and the instance; bound to who was signed in, to the page,
and to its own end. Nothing of it is ever written in a carnet by itself: it fills the form again, and she
reads it before she keeps it. One for each browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from vault.crypto import CryptoError, digest, equal, open_small, seal_small
from vault.services.bindings import doors_secret, to_the_millisecond
from vault.services.parts import Parts
from vault.services.ports import TypedRow
from vault.services.sessions import Session

KEPT_FOR = timedelta(minutes=15)
MOST_BYTES = 256 * 1024

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """The inputs of the form of ``path``, in order, as ``subject`` sent them."""

    kind: str
    subject: str
    path: str
    pairs: tuple[tuple[str, str], ...] = field(repr=False)


def keep_typed(parts: Parts, over: Session, cookie: str, *, path: str, pairs: Pairs) -> bool:
    """Keep what this browser sent for a session that is over; what it kept before goes. False when it is too
    long."""
    typed = Typed(over.row.kind, over.row.subject, path, tuple(pairs))
    return _put(parts, cookie, typed, to_the_millisecond(parts.now() + KEPT_FOR))


def carry_typed(parts: Parts, *, former: str, cookie: str, session: Session) -> str | None:
    """After a sign-in: what ``former`` kept, sealed anew under the new cookie when the same person is back,
    and destroyed in any case under the former one. The path of its form; None when nothing is hers."""
    row = parts.keystore.typed(_id(former))
    if row is None:
        return None
    parts.keystore.drop_typed(row.typed_id)
    typed = _opened(parts, row, former)
    if typed is None or not _hers(typed, session) or not _put(parts, cookie, typed, row.ends_at):
        return None
    return typed.path


def typed_for(parts: Parts, session: Session, cookie: str, path: str) -> Pairs | None:
    """What is kept in this browser for her, for the form of ``path``."""
    row = parts.keystore.typed(_id(cookie))
    typed = _opened(parts, row, cookie) if row else None
    return typed.pairs if typed and typed.path == path and _hers(typed, session) else None


def drop_typed(parts: Parts, cookie: str) -> None:
    """It was kept for good, or is not wanted."""
    parts.keystore.drop_typed(_id(cookie))


def _hers(typed: Typed, session: Session) -> bool:
    return equal(lp(typed.kind, typed.subject), lp(session.row.kind, session.row.subject))


def _put(parts: Parts, cookie: str, typed: Typed, ends_at: datetime) -> bool:
    told = {
        "kind": typed.kind,
        "subject": typed.subject,
        "path": typed.path,
        "pairs": [list(pair) for pair in typed.pairs],
    }
    try:
        content = canonical(told)
    except CanonicalError:  # half a character: no form of ours sends it
        return False
    if len(content) > MOST_BYTES:
        return False
    id_ = _id(cookie)
    sealed = seal_small(content, secret=_secret(parts, cookie), place=_place(id_, ends_at))
    parts.keystore.keep_typed(TypedRow(id_, ends_at, sealed))
    return True


def _opened(parts: Parts, row: TypedRow, cookie: str) -> Typed | None:
    """None when its time is over, or another hand touched it."""
    if parts.now() >= row.ends_at:
        return None
    place = _place(row.typed_id, row.ends_at)
    try:
        told = parse_strict(open_small(row.sealed, secret=_secret(parts, cookie), place=place))
        pairs = tuple((name, value) for name, value in told["pairs"])
        return Typed(told["kind"], told["subject"], told["path"], pairs)
    except (CryptoError, CanonicalError, KeyError, TypeError, ValueError):
        return None


def _id(cookie: str) -> str:
    return digest(f"typed {cookie}")


def _secret(parts: Parts, cookie: str) -> bytes:
    return lp(doors_secret(parts), cookie)


def _place(id_: str, ends_at: datetime) -> bytes:
    return lp("typed", id_, ends_at.isoformat())

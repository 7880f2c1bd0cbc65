"""Sessions, pending sign-ins and one-time links: what a browser holds is a secret, what K holds its digest.

A session's columns are part of what its seal is bound to, so that a row written by another hand opens
nothing. Its private part (the provider's id_token for signing out, the name to greet with) is sealed under a
key that only the cookie gives: neither a dump of K nor the root alone opens it.

A session that is over opens nothing. Its row stays until it is swept, so that what was being written in that
browser is kept for her (``typed_text``) and the provider's session can still be ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from schemas.ids import SessionId
from vault.crypto import CryptoError, digest, new_secret, open_small, seal_small
from vault.services.bindings import doors_secret, to_the_millisecond
from vault.services.parts import Parts
from vault.services.ports import PendingRow, SessionRow

PENDING_LIFE = timedelta(minutes=15)
PENDING_AT_MOST = 5  # a browser
TOUCH_EVERY = timedelta(minutes=1)
PERSON, PROFESSIONAL, DPO = "person", "professional", "dpo"
MANDATE = "mandate"  # somebody who acts for a person: its subject is the mandate


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lives unused, and at all."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    row: SessionRow
    private: Mapping[str, str] = field(repr=False)  # provider, id_token, name
    csrf: str = field(repr=False)  # follows from the cookie: nothing that is stored gives it

    @property
    def session_id(self) -> SessionId:
        return self.row.session_id


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of an account's live sessions, as its owner may recognise it."""

    session_id: SessionId
    started_at: datetime
    seen_at: datetime
    device: str  # in words, from a closed list


@dataclass(frozen=True, slots=True)
class NewSession:
    """``cookie`` is the secret to set in the browser; it is nowhere else."""

    cookie: str = field(repr=False)
    session: Session


def open_session(
    parts: Parts,
    *,
    kind: str,
    subject: str,
    account_id: str,
    rules: SessionRules,
    private: Mapping[str, str],
    replaces: str | None,
    device: str = "",
    proved_at: datetime | None = None,
    goes_on: Session | None = None,
    ends_at: datetime | None = None,
) -> NewSession:
    """A new session with a new identifier; the browser's former one, if any, ends (no fixation).

    ``proved_at``: when she last proved who she is, now unless told. ``goes_on``: the session of the same
    account that this one takes further; it lives no longer, and proves nothing more, than that one would.
    ``ends_at``: when it is over at last, where that follows from something else.
    """
    if replaces:
        end_session(parts, replaces)
    now = to_the_millisecond(parts.now())
    cookie = new_secret()
    row = SessionRow(
        session_id=SessionId(digest(cookie)),
        kind=kind,
        subject=subject,
        account_id=account_id,
        created_at=goes_on.row.created_at if goes_on else now,
        seen_at=now,
        ends_at=to_the_millisecond(ends_at or (goes_on.row.ends_at if goes_on else now + rules.absolute)),
        sealed=b"",
        proved_at=goes_on.row.proved_at if goes_on else min(now, to_the_millisecond(proved_at or now)),
        device=b"",
    )
    if goes_on:
        device = _device_of(parts, goes_on.row) or ""
    secret = _session_secret(parts, cookie)
    row = replace(
        row,
        sealed=seal_small(canonical(dict(private)), secret=secret, place=_place_of(row)),
        device=seal_small(device.encode(), secret=doors_secret(parts), place=_place_of_device(row)),
    )
    parts.keystore.add_session(row)
    return NewSession(cookie, Session(row, private, csrf_of(cookie)))


def session_of(parts: Parts, cookie: str, rules: Mapping[str, SessionRules]) -> Session | None:
    """The live session of this cookie; None when unknown, idle too long, or over. Notes the visit at most
    once a minute."""
    session = _known(parts, cookie)
    now = parts.now()
    if session is None or _is_over(session.row, rules, now):
        return None
    if now - session.row.seen_at >= TOUCH_EVERY:
        parts.keystore.touch_session(session.session_id, now)
    return session


def session_over(parts: Parts, cookie: str, rules: Mapping[str, SessionRules]) -> Session | None:
    """The session of this cookie that came to its end by itself (idle too long, or over), for as long as it
    is remembered. It opens nothing; it tells who was there."""
    session = _known(parts, cookie)
    return session if session and _is_over(session.row, rules, parts.now()) else None


def sessions_of(parts: Parts, account_id: str, rules: Mapping[str, SessionRules]) -> Sequence[OwnSession]:
    """The account's live sessions, last seen first. Rows that the root does not vouch for are passed over:
    they open nothing."""
    now = parts.now()
    rows = [row for row in parts.keystore.sessions_of(account_id) if not _is_over(row, rules, now)]
    told = [(row, _device_of(parts, row)) for row in rows]
    found = [
        OwnSession(row.session_id, row.created_at, row.seen_at, device)
        for row, device in told
        if device is not None
    ]
    return sorted(found, key=lambda one: one.seen_at, reverse=True)


def _known(parts: Parts, cookie: str) -> Session | None:
    row = parts.keystore.session(digest(cookie))
    if row is None:
        return None
    private = _open_session(parts, row, cookie)
    return Session(row, private, csrf_of(cookie)) if private is not None else None


def _is_over(row: SessionRow, rules: Mapping[str, SessionRules], now: datetime) -> bool:
    return now >= row.ends_at or now >= row.seen_at + rules[row.kind].idle


def csrf_of(cookie: str) -> str:
    """The CSRF token of a session: a digest of its cookie, which no other site ever learns."""
    return digest(f"csrf {cookie}")


def end_session(parts: Parts, cookie: str) -> Mapping[str, str] | None:
    """End it; what its private part said (provider and id_token), for the provider's own sign-out."""
    row = parts.keystore.session(digest(cookie))
    if row is None:
        return None
    parts.keystore.end_sessions(session_id=row.session_id)
    return _open_session(parts, row, cookie)


def remember_pending(parts: Parts, *, browser: str, state: str, told: Mapping[str, Any]) -> None:
    """Keep a sign-in (or sign-out) under way, bound to this browser; the oldest go beyond a few."""
    sealed = seal_small(canonical(dict(told)), secret=(browser + state).encode(), place=b"pending")
    row = PendingRow(digest(state), digest(browser), parts.now(), sealed)
    parts.keystore.add_pending(row, most=PENDING_AT_MOST)


def take_pending(parts: Parts, *, browser: str | None, state: str) -> Mapping[str, Any] | None:
    """What was kept for this state, once: taken whatever comes next. None when unknown, too old, or another
    browser's."""
    row = parts.keystore.take_pending(digest(state))
    if row is None or browser is None or row.browser_id != digest(browser):
        return None
    if parts.now() - row.created_at > PENDING_LIFE:
        return None
    return _open(row.sealed, (browser + state).encode(), b"pending")


def _open_session(parts: Parts, row: SessionRow, cookie: str) -> Mapping[str, Any] | None:
    """None also when the row says something else than when it was made, or was made by another hand."""
    return _open(row.sealed, _session_secret(parts, cookie), _place_of(row))


def _session_secret(parts: Parts, cookie: str) -> bytes:
    """Of the browser and of the instance: neither the cookie alone nor the root alone opens a session."""
    return lp(doors_secret(parts), cookie)


def _place_of(row: SessionRow) -> bytes:
    instants = (row.created_at.isoformat(), row.ends_at.isoformat(), row.proved_at.isoformat())
    return lp("session", row.session_id, row.kind, row.subject, row.account_id, *instants)


def _place_of_device(row: SessionRow) -> bytes:
    instants = (row.created_at.isoformat(), row.ends_at.isoformat())
    return lp("device", row.session_id, row.kind, row.account_id, *instants)


def _device_of(parts: Parts, row: SessionRow) -> str | None:
    try:
        place = _place_of_device(row)
        return open_small(row.device, secret=doors_secret(parts), place=place).decode()
    except (CryptoError, UnicodeDecodeError):
        return None


def _open(sealed: bytes, secret: bytes, place: bytes) -> Mapping[str, Any] | None:
    try:
        told = parse_strict(open_small(sealed, secret=secret, place=place))
    except (CryptoError, CanonicalError):
        return None
    return told if isinstance(told, dict) else None

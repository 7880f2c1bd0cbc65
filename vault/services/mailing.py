"""The outbox: mail waits there from the transaction of what causes it, and is sent after the commit.

- D holds no address and no word in clear: a mail is sealed under a secret of the instance, and its words are
  made when it is sent.
- A try is counted before it is made, so that two processes never make the same one, and a process that dies
  between sending and deleting sends at most twice. Eight tries over two days, then it has failed and stays
  for somebody to see.
- Nothing is sent for an invitation that was used, cancelled or is over, nor to a person who does not wish it
  any more: the mail goes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from schemas.ids import CarnetId, GrantId, InvitationId, ProfessionalId
from vault.crypto import CryptoError, open_small, seal_small
from vault.errors import CallerError
from vault.services.key_sources import INSTANCE, KeyGoneError
from vault.services.parts import Parts
from vault.services.ports import MailRow, SecretName

MAIL: SecretName = ("mail", INSTANCE)
WAITING, FAILED = "waiting", "failed"
AFTER_TRY = tuple(  # how long to wait after the first try, the second…: two days in all
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1600)
)
MOST_TRIES = len(AFTER_TRY) + 1
LONGEST_ADDRESS = 254
BATCH = 50

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


class BadMailAddressError(CallerError):
    """Not an e-mail address that mail can be sent to. Its text is not kept."""


class MailRefusedError(Exception):
    """The server will never take this mail: an address that does not exist, for instance."""


class MailDelayedError(Exception):
    """It was not taken this time: nobody answers, no encryption, wrong password, too busy."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail, opened."""

    mail_id: str
    created_at: datetime
    to: str = field(repr=False)  # empty for a notice: her address is looked up when it leaves
    secret: str = field(repr=False)  # of the link of the invitation
    notice: "Notice | None" = None  # what a person is told of, unless it is an invitation
    office: "Office | None" = None  # what somebody who works is told of


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell a person: that something of a ``kind`` was done (``letters`` has the words), under which
    of her shares. Neither her name nor her address."""

    kind: str
    carnet_id: CarnetId
    grant_ids: tuple[GrantId, ...] = ()
    secret: str = field(default="", repr=False)  # of the link, when there is one


@dataclass(frozen=True, slots=True)
class Office:
    """What to tell somebody at his work: that something of a ``kind`` waits (words: ``office_mail``)."""

    kind: str
    to: ProfessionalId


@dataclass(frozen=True, slots=True)
class MailReport:
    """What one pass did."""

    sent: int = 0
    delayed: int = 0
    failed: int = 0
    dropped: int = 0


# Sends one mail, now. Raises MailRefusedError, MailDelayedError.
Send = Callable[[Waiting], None]


def check_address(text: str) -> str:
    """The address, if a header can hold it without a surprise. Raises BadMailAddressError."""
    address = text.strip()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address) or ".." in address:
        raise BadMailAddressError("not an e-mail address")
    return address


def sealed_mail(parts: Parts, invitation_id: InvitationId, *, to: str, secret: str, at: datetime) -> MailRow:
    """The mail of an invitation, for the outbox. It bears the invitation's id: one mail each."""
    told = canonical({"to": to, "secret": secret})
    sealed = seal_small(told, secret=_mail_secret(parts), place=_place(invitation_id))
    return MailRow(invitation_id, WAITING, at, at, 0, sealed)


def sealed_notice(parts: Parts, mail_id: str, notice: Notice, *, at: datetime) -> MailRow:
    """The mail of a notice, for the outbox; it leaves for wherever she then wishes."""
    told = canonical(
        {
            "carnet": notice.carnet_id,
            "grants": list(notice.grant_ids),
            "kind": notice.kind,
            "secret": notice.secret,
        }
    )
    sealed = seal_small(told, secret=_mail_secret(parts), place=_place(mail_id))
    return MailRow(mail_id, WAITING, at, at, 0, sealed)


def sealed_office(parts: Parts, mail_id: str, office: Office, *, at: datetime) -> MailRow:
    """The mail to somebody at his work, for the outbox."""
    told = canonical({"office": office.kind, "to": office.to})
    sealed = seal_small(told, secret=_mail_secret(parts), place=_place(mail_id))
    return MailRow(mail_id, WAITING, at, at, 0, sealed)


def open_mail(parts: Parts, row: MailRow) -> Waiting | None:
    """None when the row is not what was put there."""
    try:
        told = parse_strict(open_small(row.sealed, secret=_mail_secret(parts), place=_place(row.mail_id)))
        if "office" in told:
            office = Office(told["office"], told["to"])
            return Waiting(row.mail_id, row.created_at, "", "", office=office)
        if "kind" in told:
            notice = Notice(told["kind"], told["carnet"], tuple(told["grants"]), told["secret"])
            return Waiting(row.mail_id, row.created_at, "", "", notice)
        return Waiting(row.mail_id, row.created_at, told["to"], told["secret"])
    except (CryptoError, CanonicalError, KeyError, TypeError):
        return None


def send_waiting(
    parts: Parts, send: Send | None, *, wanted: Callable[[Waiting], bool], going_on: Callable[[], bool]
) -> MailReport:
    """One pass over what is due. ``send`` None: nowhere to send to; what is not ``wanted`` any more goes all
    the same. ``going_on`` False ends the pass before the next mail. Raises UnavailableError."""
    sent = delayed = failed = dropped = 0
    for row in _due(parts, parts.now(), looked_at=send is None):
        if not going_on():
            break
        mail = open_mail(parts, row)
        if mail is None or not wanted(mail):
            dropped += parts.data.drop_mail(row.mail_id)
            continue
        if send is None or not _claimed(parts, row):
            continue
        try:
            send(mail)
        except MailDelayedError:
            last = row.tries + 1 >= MOST_TRIES
            failed, delayed = failed + last, delayed + (not last)
            if last:
                parts.data.fail_mail(row.mail_id)
        except MailRefusedError:
            failed += 1
            parts.data.fail_mail(row.mail_id)
        else:
            sent += parts.data.drop_mail(row.mail_id)
    return MailReport(sent, delayed, failed, dropped)


def list_mails(parts: Parts, *, limit: int = 500) -> Sequence[MailRow]:
    """What waits and what failed, oldest first."""
    return parts.data.mails(limit=limit)


def _due(parts: Parts, now: datetime, *, looked_at: bool) -> Sequence[MailRow]:
    return parts.data.mails(limit=BATCH) if looked_at else parts.data.mails_due(now, limit=BATCH)


def _claimed(parts: Parts, row: MailRow) -> bool:
    """This try is ours: nobody else counted it meanwhile."""
    wait = AFTER_TRY[min(row.tries, len(AFTER_TRY) - 1)]
    return parts.data.claim_mail(row.mail_id, tries=row.tries, next_try_at=parts.now() + wait)


def _mail_secret(parts: Parts) -> bytes:
    """Made the first time it is needed: older instances have none."""
    if MAIL not in (found := parts.rows.load([MAIL])):
        parts.rows.store_if_absent(parts.rows.make(*MAIL, parts.random(32)))
        found = parts.rows.load([MAIL])
    if MAIL not in found:
        raise KeyGoneError("mail")
    return found[MAIL]


def _place(mail_id: str) -> bytes:
    return lp("mail", mail_id)

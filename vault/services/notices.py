"""What a person wants to be told of by mail, and where: chosen share by share, nothing unless she says so.

- What she chose, and her address, are one row of K (``notice/{carnet}``): the jobs can open it without a key
  of hers, whoever writes in D cannot change it, and it goes with her carnet.
- A choice is about a grantee and a purpose, so that a share given again keeps it.
- An address is the one FranceConnect told, or one she typed and confirmed by a link that was sent there; the
  link works in her own session alone, so that a stranger's mailbox confirms nothing.
- Each change appends its entry before it commits. A change that dies in between may stand without its
  entry: it says when a mail leaves, and opens nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from consent.grants import Terms
from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.ids import AccountId, CarnetId, GrantId, new_id
from schemas.names import Outcome, Word
from vault.audit.events import AboutContent, Op
from vault.crypto import digest, equal, new_secret
from vault.errors import BrokenError, CallerError
from vault.services.accounts import open_account
from vault.services.journal import Actor, draft
from vault.services.key_sources import KeyRows, OwnerAccess
from vault.services.mailing import BadMailAddressError, Notice, check_address, sealed_notice
from vault.services.parts import Parts
from vault.services.ports import SecretName, Work
from vault.services.stopping import find_grant
from vault.services.writing import CarnetClosedError

LINK_LIFE = timedelta(days=1)
MOST_LINKS = 5  # a day
REQUESTS = "requests"  # the choice that is about no share: somebody asks her for one
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
NOTICES = "notices"  # the mark: how far the log was looked through


class NoticeMode(Word):
    NONE = "none", "ne pas me prévenir"
    EACH = "each", "me prévenir à chaque lecture"
    SENSITIVE = "sensitive", "me prévenir si une information sensible est lue"
    DIGEST = "digest", "m’envoyer un résumé par jour"


class WrongLinkError(CallerError):
    """No address of this carnet waits for this link, or no more."""


class TooManyLinksError(CallerError):
    """She asked for as many links as a day may have."""


class BadNumberError(CallerError):
    """Not an international telephone number (ITU-T E.164). Its text is not kept."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """``to``: the confirmed address. ``awaiting``: one that waits for its link, whose digest is ``link``."""

    to: str | None = field(default=None, repr=False)
    modes: Mapping[str, NoticeMode] = field(default_factory=dict)
    awaiting: str | None = field(default=None, repr=False)
    link: str = field(default="", repr=False)
    until: datetime | None = None
    asked: tuple[datetime, ...] = ()
    phone: str | None = field(default=None, repr=False)  # for short messages, where somebody sends them

    @property
    def reachable(self) -> bool:
        return self.to is not None or self.phone is not None

    def mode(self, key: str) -> NoticeMode:
        """Nothing, unless she chose."""
        return self.modes.get(key, NoticeMode.NONE)

    def waits(self, now: datetime) -> bool:
        """Whether an address can still be confirmed."""
        return self.awaiting is not None and self.until is not None and now < self.until

    def waits_for(self, secret: str, now: datetime) -> bool:
        """Whether the link of this secret confirms it."""
        return self.waits(now) and equal(self.link, digest(secret))


Change = Callable[[Wishes, datetime], Wishes]


def key_of(terms: Terms) -> str:
    """What a choice is about: a share, and whatever takes its place."""
    whom = terms.function or f"{terms.grantee.kind}:{terms.grantee.id}"
    return f"{whom} {terms.purpose_id}"


def notice_name(carnet_id: CarnetId) -> SecretName:
    return ("notice", carnet_id)


def wishes_of(rows: KeyRows, carnet_ids: list[CarnetId]) -> dict[CarnetId, Wishes]:
    """Of those who chose something. A row that somebody spoiled is as if she had chosen nothing, and costs
    the others nothing."""
    try:
        found = rows.load([notice_name(carnet_id) for carnet_id in carnet_ids])
        return {CarnetId(id_): _read(told) for (_, id_), told in found.items()}
    except BrokenError:
        if len(carnet_ids) == 1:
            return {}
        return {one: told for each in carnet_ids for one, told in wishes_of(rows, [each]).items()}


def own_wishes(parts: Parts, owner: OwnerAccess) -> Wishes:
    """Holds her address: whoever shows it appends an entry first."""
    return wishes_of(parts.rows, [owner.carnet_id]).get(owner.carnet_id, Wishes())


def choose_mode(
    parts: Parts, owner: OwnerAccess, grant_id: GrantId, mode: NoticeMode, *, actor: Actor
) -> None:
    """For one share of hers. Raises NoSuchGrantError, CarnetClosedError."""
    grant = find_grant(parts.data.grants_of(owner.carnet_id), grant_id)
    _choose(parts, owner, key_of(grant.terms), mode, grant_id, actor)


def choose_for_requests(parts: Parts, owner: OwnerAccess, mode: NoticeMode, *, actor: Actor) -> None:
    """When somebody asks her to share. Raises CarnetClosedError."""
    _choose(parts, owner, REQUESTS, mode, None, actor)


def told_address(parts: Parts, owner: OwnerAccess) -> str | None:
    """What FranceConnect said, if mail can be sent there. Shown after an entry."""
    account = open_account(parts, AccountId(owner.carnet_id))
    told = account.identity.claims.get("email") if account else None
    try:
        return check_address(told) if isinstance(told, str) else None
    except BadMailAddressError:
        return None


def use_told_address(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> None:
    """Send to the address of FranceConnect. Raises BadMailAddressError, CarnetClosedError."""
    address = told_address(parts, owner)
    if address is None:
        raise BadMailAddressError("none was told")
    _change(parts, owner, lambda kept, _: _sent_to(kept, address), "address", actor)


def ask_address(parts: Parts, owner: OwnerAccess, text: str, *, actor: Actor) -> None:
    """Send a link to an address she typed; nothing else goes there before she follows it. Raises
    BadMailAddressError, TooManyLinksError, CarnetClosedError."""
    address, secret = check_address(text), new_secret()

    def awaited(kept: Wishes, now: datetime) -> Wishes:
        recent = tuple(at for at in kept.asked if now - at < timedelta(days=1))
        if len(recent) >= MOST_LINKS:
            raise TooManyLinksError("enough links for a day")
        until = now + LINK_LIFE
        return replace(kept, awaiting=address, link=digest(secret), until=until, asked=(*recent, now))

    def queued(work: Work) -> None:
        notice = Notice("address", owner.carnet_id, secret=secret)
        work.add_mail(sealed_notice(parts, new_id(), notice, at=work.now))

    _change(parts, owner, awaited, "address_asked", actor, also=queued)


def confirm_address(parts: Parts, owner: OwnerAccess, secret: str, *, actor: Actor) -> None:
    """She followed the link, in her own session. Raises WrongLinkError, CarnetClosedError."""

    def confirmed(kept: Wishes, now: datetime) -> Wishes:
        if not kept.waits_for(secret, now):
            raise WrongLinkError("not the link that is awaited")
        return _sent_to(kept, kept.awaiting)

    _change(parts, owner, confirmed, "address", actor)


def forget_address(parts: Parts, owner: OwnerAccess, *, actor: Actor) -> None:
    """Nothing is sent any more. Her choices stay, for the day she gives one again."""
    _change(parts, owner, lambda kept, _: _sent_to(kept, None), "no_address", actor)


def use_phone(parts: Parts, owner: OwnerAccess, number: str | None, *, actor: Actor) -> None:
    """Short messages go to this number from now on; None: nowhere. No page offers it, as nobody sends them
    yet (``jobs/texts.py``): whoever adds a sender has the number proven first. Raises BadNumberError."""
    if number is not None and not _NUMBER.fullmatch(number):
        raise BadNumberError("not a telephone number")
    _change(parts, owner, lambda kept, _: replace(kept, phone=number), "phone", actor)


def _sent_to(kept: Wishes, address: str | None) -> Wishes:
    return replace(kept, to=address, awaiting=None, link="", until=None)


def _choose(
    parts: Parts, owner: OwnerAccess, key: str, mode: NoticeMode, grant_id: GrantId | None, actor: Actor
) -> None:
    def chosen(kept: Wishes, _: datetime) -> Wishes:
        modes = {one: told for one, told in kept.modes.items() if one != key}
        return replace(kept, modes=modes if mode is NoticeMode.NONE else modes | {key: mode})

    def marked(work: Work) -> None:
        """What happened before she chose is nothing to tell."""
        if work.mark(NOTICES) is None:
            work.set_mark(NOTICES, work.log_size())

    _change(parts, owner, chosen, mode.value, actor, grant_id=grant_id, also=marked)


def _change(
    parts: Parts,
    owner: OwnerAccess,
    change: Change,
    reason: str,
    actor: Actor,
    *,
    grant_id: GrantId | None = None,
    also: Callable[[Work], None] | None = None,
) -> None:
    """Under the head lock: what stands is what is changed, and the entry says what was chosen, never where
    it is sent."""
    carnet_id = owner.carnet_id
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id])
    about = AboutContent(carnet_id=carnet_id, grant_id=grant_id, reason=reason)
    with parts.data.change() as work:
        carnet = work.carnet(carnet_id)
        if carnet is None or not carnet.open:
            raise CarnetClosedError("this carnet is closed")
        changed = change(own_wishes(parts, owner), work.now)
        if also is not None:
            also(work)
        work.append(
            draft(
                Op.NOTICE,
                Outcome.GRANTED,
                journals=journals,
                actor=actor,
                carnet_id=carnet_id,
                about=about,
                random=parts.random,
            )
        )
        _keep(parts, carnet_id, changed)
        work.commit()


def _keep(parts: Parts, carnet_id: CarnetId, wishes: Wishes) -> None:
    name = notice_name(carnet_id)
    row = parts.rows.rows([name]).get(name)
    version = row.version + 1 if row else 1
    made = parts.rows.make(*name, _written(wishes), version=version)
    if row is None:
        parts.keystore.add_secrets([made])
    elif not parts.keystore.replace_secret(made):
        raise RuntimeError("wishes changed outside the lock")


def _written(wishes: Wishes) -> bytes:
    told: dict[str, Any] = {
        "asked": [at.isoformat() for at in wishes.asked],
        "awaiting": wishes.awaiting or "",
        "link": wishes.link,
        "modes": {key: mode.value for key, mode in wishes.modes.items()},
        "phone": wishes.phone or "",
        "to": wishes.to or "",
        "until": wishes.until.isoformat() if wishes.until else "",
    }
    return canonical(told)


def _read(told: bytes) -> Wishes:
    """Raises BrokenError."""
    try:
        kept = parse_strict(told)
        return Wishes(
            to=kept["to"] or None,
            modes={key: NoticeMode(mode) for key, mode in kept["modes"].items()},
            awaiting=kept["awaiting"] or None,
            link=kept["link"],
            until=datetime.fromisoformat(kept["until"]) if kept["until"] else None,
            asked=tuple(datetime.fromisoformat(at) for at in kept["asked"]),
            phone=kept["phone"] or None,
        )
    except (CanonicalError, ValueError, KeyError, TypeError, AttributeError):
        raise BrokenError("not the wishes of anybody") from None

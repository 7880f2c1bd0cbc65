"""An account is the pair (issuer, subject) and nothing else.

Found through a keyed blind index in K (equality only, 8 bytes), then checked again after opening: an e-mail,
a SIRET or a name never opens a door. What the provider told of the identity is sealed beside the pair, with
the provider's name and the instant it was told, under the person's own secret, or for a professional under a
secret of the account.

A second index leads from an identity to the accounts that were told it (``pivot``). It opens nothing either:
it only says when a human should look (``relinking``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from schemas.ids import AccountId, CarnetId
from vault.crypto import CryptoError, blind_tag, open_small, seal_small
from vault.identity.matching import pivot_of
from vault.services.bindings import to_the_millisecond
from vault.services.key_sources import KeyGoneError
from vault.services.parts import Parts
from vault.services.ports import AccountRow, SecretName

COLUMN = "account"
PIVOT = "pivot"
INDEX: SecretName = ("index", COLUMN)
PIVOT_INDEX: SecretName = ("index", PIVOT)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider told, by which of its names and when: the pair, then the claims we keep, as plain JSON.
    ``told_at`` is None, and ``provider`` empty, for what was kept before they were."""

    issuer: str
    subject: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    provider: str = ""
    told_at: datetime | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return self.issuer, self.subject


@dataclass(frozen=True, slots=True)
class Account:
    row: AccountRow
    identity: Identity


def tag_of(parts: Parts, issuer: str, subject: str) -> bytes:
    """By which an account is found. Raises KeyGoneError before ``carnet keys init``."""
    key = parts.rows.load([INDEX]).get(INDEX)
    if key is None:
        raise KeyGoneError("index")
    return blind_tag(key, lp(issuer, subject))


def pivot_tag_of(parts: Parts, identity: Identity) -> bytes | None:
    """By which accounts of one identity are found; None when too little of it is known. Its key is made the
    first time it is asked for."""
    pivot = pivot_of(identity.claims)
    if pivot is None:
        return None
    found = parts.rows.load([PIVOT_INDEX])
    if not found:
        parts.rows.store_if_absent(parts.rows.make(*PIVOT_INDEX, parts.random(32)))
        found = parts.rows.load([PIVOT_INDEX])
    return blind_tag(found[PIVOT_INDEX], lp(*pivot))


def index_account(parts: Parts, account_id: AccountId, identity: Identity) -> None:
    """Let both indexes lead to the account by what is told now, and by nothing told before. Repeatable."""
    wanted = {COLUMN: tag_of(parts, *identity.pair), PIVOT: pivot_tag_of(parts, identity)}
    parts.keystore.settle_tags(account_id, wanted)


def find_account(parts: Parts, issuer: str, subject: str) -> Account | None:
    """The account of exactly this pair, or None."""
    tag = tag_of(parts, issuer, subject)
    for target in parts.keystore.targets(COLUMN, [tag]).get(tag, ()):
        account = open_account(parts, AccountId(target))
        if account and account.identity.pair == (issuer, subject):
            return account
    return None


def accounts_of_identity(parts: Parts, identity: Identity) -> Sequence[Account]:
    """The accounts of people that were told this identity under another pair, by id. Never a proof that they
    are the same person."""
    pivot, tag = pivot_of(identity.claims), pivot_tag_of(parts, identity)
    if tag is None:
        return []
    found = []
    for target in parts.keystore.targets(PIVOT, [tag]).get(tag, ()):
        account = open_account(parts, AccountId(target))
        if account is None or account.row.carnet_id is None or account.identity.pair == identity.pair:
            continue
        if pivot_of(account.identity.claims) == pivot:
            found.append(account)
    return found


def open_account(parts: Parts, account_id: AccountId) -> Account | None:
    """None when it does not exist, or its secret is gone."""
    row = parts.data.account(account_id)
    if row is None:
        return None
    name = secret_name(account_id, row.carnet_id)
    secret = parts.rows.load([name]).get(name)
    if secret is None:
        return None
    try:
        told = parse_strict(open_small(row.sealed, secret=secret, place=_place(account_id)))
        at = datetime.fromisoformat(told["told_at"]) if told.get("told_at") else None
        identity = Identity(told["issuer"], told["subject"], told["claims"], told.get("provider", ""), at)
    except (CryptoError, CanonicalError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return Account(row, identity)


def reseal(parts: Parts, account: Account, identity: Identity) -> bytes:
    """What to keep in its row from now on. Raises KeyGoneError when its secret is gone."""
    name = secret_name(account.row.account_id, account.row.carnet_id)
    secret = parts.rows.load([name]).get(name)
    if secret is None:
        raise KeyGoneError(name[0])
    return seal_identity(account.row.account_id, identity, secret)


def seal_identity(account_id: AccountId, identity: Identity, secret: bytes) -> bytes:
    told: dict[str, Any] = {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "claims": dict(identity.claims),
        "provider": identity.provider,
    }
    if identity.told_at is not None:
        told["told_at"] = to_the_millisecond(identity.told_at).isoformat()
    return seal_small(canonical(told), secret=secret, place=_place(account_id))


def refresh_account(parts: Parts, account: Account, identity: Identity) -> bool:
    """Keep what the provider says now. False, and nothing done, when the account is another pair's by now."""
    with parts.data.change() as work:
        now_known = open_account(parts, account.row.account_id)
        if now_known is None or now_known.identity.pair != identity.pair:
            return False
        index_account(parts, account.row.account_id, identity)
        work.refresh_account(account.row.account_id, reseal(parts, now_known, identity))
        work.commit()
    return True


def secret_name(account_id: AccountId, carnet_id: CarnetId | None) -> SecretName:
    """A person's account opens with O_p; a professional's with a secret of its own."""
    return ("own", carnet_id) if carnet_id else ("agent", f"account:{account_id}")


def _place(account_id: AccountId) -> bytes:
    return lp("account", account_id)

"""An account is the pair (issuer, subject) and nothing else.

Found through a keyed blind index in K (equality only, 8 bytes), then checked again after opening: an e-mail,
a SIRET or a name never opens a door. What the provider told of the identity is sealed beside the pair, under
the person's own secret, or for a professional under a secret of the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.canonical import CanonicalError, canonical, parse_strict
from schemas.framing import lp
from schemas.ids import AccountId, CarnetId
from vault.crypto import CryptoError, blind_tag, open_small, seal_small
from vault.services.key_sources import KeyGoneError
from vault.services.parts import Parts
from vault.services.ports import AccountRow, SecretName

COLUMN = "account"
INDEX: SecretName = ("index", COLUMN)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider told: the pair, then the claims we keep, as plain JSON."""

    issuer: str
    subject: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    row: AccountRow
    identity: Identity


def tag_of(parts: Parts, issuer: str, subject: str) -> bytes:
    key = parts.rows.load([INDEX]).get(INDEX)
    if key is None:
        raise KeyGoneError("index")
    return blind_tag(key, lp(issuer, subject))


def find_account(parts: Parts, issuer: str, subject: str) -> Account | None:
    """The account of exactly this pair, or None."""
    tag = tag_of(parts, issuer, subject)
    for target in parts.keystore.targets(COLUMN, [tag]).get(tag, ()):
        account = open_account(parts, AccountId(target))
        if account and (account.identity.issuer, account.identity.subject) == (issuer, subject):
            return account
    return None


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
        return Account(row, Identity(told["issuer"], told["subject"], told["claims"]))
    except (CryptoError, CanonicalError, KeyError, TypeError):
        return None


def seal_identity(account_id: AccountId, identity: Identity, secret: bytes) -> bytes:
    told = {"issuer": identity.issuer, "subject": identity.subject, "claims": dict(identity.claims)}
    return seal_small(canonical(told), secret=secret, place=_place(account_id))


def secret_name(account_id: AccountId, carnet_id: CarnetId | None) -> SecretName:
    """A person's account opens with O_p; a professional's with a secret of its own."""
    return ("own", carnet_id) if carnet_id else ("agent", f"account:{account_id}")


def _place(account_id: AccountId) -> bytes:
    return lp("account", account_id)

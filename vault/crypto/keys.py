"""The secrets, each a type of its own, and everything derived from them (docs/formats/keys.md).

All are 32 bytes. A derivation's info is the one in the table of that page: changing a letter here makes
everything sealed before unreadable.
"""

import os
import re
from typing import NewType

from schemas.framing import lp
from vault.crypto.primitives import Random, hkdf, keyed_hmac

FieldKey = NewType("FieldKey", bytes)  # F
SlotSalt = NewType("SlotSalt", bytes)  # a leaf of S_p
OwnerSecret = NewType("OwnerSecret", bytes)  # O_p
JournalSecret = NewType("JournalSecret", bytes)  # J_p
GrantSecret = NewType("GrantSecret", bytes)  # Q_g
GrantKey = NewType("GrantKey", bytes)  # G_g
AgentSecret = NewType("AgentSecret", bytes)  # A_a
MonthSecret = NewType("MonthSecret", bytes)  # E_m
WrappingKey = NewType("WrappingKey", bytes)  # wraps keys, never content
OpeningKey = NewType("OpeningKey", bytes)  # of one opening of the log
TagKey = NewType("TagKey", bytes)  # of one carnet and one month

KEY_LENGTH = 32
LEAF_NONCE_LENGTH = 16
INDEX_TAG_LENGTH = 16
SHORT_TAG_LENGTH = 8
HYBRID_SEED_LENGTH = 96

_MONTH = re.compile(r"[0-9]{6}", re.ASCII)


def new_key(random: Random = os.urandom) -> bytes:
    """32 random bytes; the caller says which secret it is: ``OwnerSecret(new_key())``."""
    return random(KEY_LENGTH)


# --- the owner's path and the grants ---


def owner_wrapping_key(owner: OwnerSecret) -> WrappingKey:
    """Wraps the field keys and the grant keys of the carnet for the person herself."""
    return WrappingKey(hkdf(owner, b"own"))


def box_seed(owner: OwnerSecret) -> bytes:
    """The private seed (96 bytes, suite 02) of the box where proposals are put."""
    return hkdf(owner, b"box", length=HYBRID_SEED_LENGTH)


def grant_wrapping_key(secret: GrantSecret, key: GrantKey) -> WrappingKey:
    """Wraps the field keys of one grant. Needs a secret of K and a key from D."""
    return WrappingKey(hkdf(key, b"fields", salt=secret))


# --- the log: openings ---


def about_key(journal: JournalSecret, n: bytes) -> OpeningKey:
    """The key of one leaf's `about` opening. ``n``: the leaf's 16 random bytes."""
    return OpeningKey(hkdf(journal, b"about" + _leaf_nonce(n)))


def actor_key(month: MonthSecret, agent: AgentSecret, n: bytes) -> OpeningKey:
    """The key of one leaf's `actor` opening: gone with the month or with the agent's secret."""
    return OpeningKey(hkdf(agent, b"actor" + _leaf_nonce(n), salt=month))


def person_agent(journal: JournalSecret) -> AgentSecret:
    """The agent secret of the person; of the operator when given the instance's journal secret."""
    return AgentSecret(hkdf(journal, b"agent"))


# --- the log: tags ---


def tag_key(journal: JournalSecret, month: str) -> TagKey:
    """With it alone the person recognises every leaf of the month ("202607") about her."""
    if not _MONTH.fullmatch(month):
        raise ValueError("a month is six digits")
    return TagKey(hkdf(journal, b"tag" + month.encode()))


def leaf_tag(key: TagKey, n: bytes) -> bytes:
    """16 bytes."""
    return keyed_hmac(key)(_leaf_nonce(n))[:INDEX_TAG_LENGTH]


def carnet_index_tag(journal: JournalSecret) -> bytes:
    """16 bytes, the same for every entry about the carnet: found by whoever holds J_p."""
    return hkdf(journal, b"index", length=INDEX_TAG_LENGTH)


def agent_index_tag(month: MonthSecret, kind: str, agent_id: str) -> bytes:
    """16 bytes, the same for every entry of an agent in the month. Kinds: docs/formats/keys.md."""
    return keyed_hmac(hkdf(month, b"index"))(f"{kind}{agent_id}".encode())[:INDEX_TAG_LENGTH]


def structure_index_tag(month: MonthSecret, structure_id: str) -> bytes:
    """16 bytes, the same for every entry of a structure in the month."""
    return agent_index_tag(month, "structure", structure_id)


# --- tags beside rows ---


class HeldTags:
    """The held tags of one carnet (docs/formats/keys.md), for many records at once."""

    def __init__(self, journal: JournalSecret) -> None:
        self._digest = keyed_hmac(hkdf(journal, b"held"))

    def of(self, entry_id: str, version: int) -> bytes:
        """8 bytes, in the clear column of a record that holds an answered value."""
        return self._digest(lp(entry_id, version))[:SHORT_TAG_LENGTH]


def held_tag(journal: JournalSecret, entry_id: str, version: int) -> bytes:
    """One tag of ``HeldTags``. A record without an answered value has 8 random bytes instead."""
    return HeldTags(journal).of(entry_id, version)


def blind_tag(index_key: bytes, value: bytes) -> bytes:
    """8 bytes to look a value up by equality. The caller normalises, and checks again once decrypted."""
    return keyed_hmac(index_key)(value)[:SHORT_TAG_LENGTH]


def _leaf_nonce(n: bytes) -> bytes:
    if len(n) != LEAF_NONCE_LENGTH:
        raise ValueError("n is 16 bytes")
    return n

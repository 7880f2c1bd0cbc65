"""Where each kind of caller gets keys from: five sources, five types, and no door between them.

- ``JournalKeys``: J_p, A_a, E_m. What entries are sealed with; all that the DPO's desk, the command line and
  the jobs ever load. Opens no content.
- ``ReaderKeys``: S_p, Q_g and the seeds of the caller's *own* grantees, which come from the session or the
  token, never from a grant row. Loaded only after the entry is durable.
- ``OwnerKeys``: O_p and S_p, in the person's own session, or one that acts for her under a mandate.
- ``RekeyingKeys``: a structure's old and new seeds, while its key changes. G_g passes through it from one
  seal to the other and never leaves it; without S_p and Q_g it opens no content.
- ``newest_public``: what one seals to.

A row of K is read at each request; only the unwrapping is remembered, by the digest of the bytes just read,
for a minute at most. A deleted row therefore has nothing to look up.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from consent.decisions import Allowed
from consent.grants import Grantee, Terms
from schemas.framing import lp
from schemas.ids import CarnetId, GrantId, SessionId
from vault.crypto import (
    AgentSecret,
    GranteeKeyPair,
    GrantKey,
    GrantSecret,
    JournalSecret,
    Kms,
    MonthSecret,
    OwnerSecret,
    ShredTree,
    SlotSalt,
    UnwrapCache,
    WrappingKey,
    equal,
    open_grant_key,
    proposing_key,
    seal_grant_key,
)
from vault.errors import BrokenError
from vault.services.ports import Appended, GrantRow, KeyStore, SecretName, SecretRow

INSTANCE = "instance"
_SECRET = 32  # bytes of Q_g; what follows says what was agreed
Random = Callable[[int], bytes]  # that many random bytes


class KeyGoneError(BrokenError):
    """A row of K that should exist does not: ended, erased, or not yet made. Names its kind only."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"no {kind} key")
        self.kind = kind


class KeyRows:
    """Reads rows of K and unwraps them with the root. Private to the sources below."""

    def __init__(self, store: KeyStore, kms: Kms, cache: UnwrapCache) -> None:
        self._store, self._kms, self._cache = store, kms, cache

    def load(self, names: Collection[SecretName]) -> dict[SecretName, bytes]:
        """Unwrapped secrets by name; absent rows are absent."""
        if not names:
            return {}
        return {name: self._unwrap(row) for name, row in self._store.secrets(names).items()}

    def rows(self, names: Collection[SecretName]) -> Mapping[SecretName, SecretRow]:
        return self._store.secrets(names)

    def make(
        self, kind: str, id_: str, secret: bytes, *, version: int = 1, public: bytes | None = None
    ) -> SecretRow:
        """A wrapped row, not yet stored."""
        wrapped = self._kms.wrap_row(kind, id_, version, secret)
        return SecretRow(kind, id_, version, wrapped, public)

    def unwrap_counts(self) -> Mapping[str, int]:
        """How many rows the root unwrapped since the start, by kind."""
        return self._kms.unwrap_counts()

    def store_if_absent(self, row: SecretRow) -> None:
        self._store.add_secrets([row], if_absent=True)

    def _unwrap(self, row: SecretRow) -> bytes:
        return self._cache.get_or(
            row.wrapped,
            lambda: self._kms.unwrap_row(row.kind, row.id, row.version, row.wrapped),
            place=lp(row.kind, row.id, row.version),
        )


def agent_name(kind: str, id_: str) -> SecretName:
    return ("agent", f"{kind}:{id_}")


@dataclass(frozen=True, slots=True)
class Journals:
    """The journal keys one unit of work needs. ``journals`` lacks unknown and erased carnets."""

    month: str
    month_secret: MonthSecret = field(repr=False)
    instance: JournalSecret = field(repr=False)
    journals: Mapping[CarnetId, JournalSecret] = field(repr=False)
    agents: Mapping[SecretName, AgentSecret] = field(repr=False)

    def journal(self, carnet_id: CarnetId | None) -> JournalSecret | None:
        return self.journals.get(carnet_id) if carnet_id is not None else None


class JournalKeys:
    """Keys of entries. Never O_p, never S_p."""

    def __init__(self, rows: KeyRows, random: Random) -> None:
        self._rows, self._random = rows, random

    def load(
        self, *, now: datetime, carnets: Iterable[CarnetId] = (), agents: Iterable[SecretName] = ()
    ) -> Journals:
        """One look at K. Makes the month's secret when the month is new."""
        month = month_of(now)
        names: set[SecretName] = {("journal", INSTANCE), ("month", month)}
        names.update(("journal", carnet_id) for carnet_id in carnets)
        names.update(agents)
        found = self._rows.load(names)
        if ("month", month) not in found:
            found |= self._make_month(month)
        if ("journal", INSTANCE) not in found:
            raise KeyGoneError("journal")
        return Journals(
            month=month,
            month_secret=MonthSecret(found.pop(("month", month))),
            instance=JournalSecret(found.pop(("journal", INSTANCE))),
            journals={
                CarnetId(id_): JournalSecret(s) for (kind, id_), s in found.items() if kind == "journal"
            },
            agents={name: AgentSecret(s) for name, s in found.items() if name[0] == "agent"},
        )

    def months(self, months: Collection[str]) -> Mapping[str, MonthSecret]:
        """Secrets of past months that still exist."""
        found = self._rows.load([("month", month) for month in months])
        return {month: MonthSecret(secret) for (_, month), secret in found.items()}

    def _make_month(self, month: str) -> dict[SecretName, bytes]:
        row = self._rows.make("month", month, self._random(32))
        self._rows.store_if_absent(row)
        return self._rows.load([("month", month)])


@dataclass(frozen=True, slots=True)
class OwnerAccess:
    """The person, in her own session, or somebody whose mandate stands at this very request. Made by sign-in,
    by ``acting.begin`` and by the guard only."""

    carnet_id: CarnetId
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class OwnerSecrets:
    own: OwnerSecret = field(repr=False)
    shred: ShredTree = field(repr=False)


class OwnerKeys:
    """The owner path. Takes an ``OwnerAccess``, which nothing a reader holds can become."""

    def __init__(self, rows: KeyRows) -> None:
        self._rows = rows

    def load(self, access: OwnerAccess) -> OwnerSecrets:
        """Raises KeyGoneError when the carnet was erased."""
        carnet_id = access.carnet_id
        found = self._rows.load([("own", carnet_id), ("shred", carnet_id)])
        try:
            return OwnerSecrets(
                own=OwnerSecret(found["own", carnet_id]),
                shred=ShredTree.from_bytes(found["shred", carnet_id]),
            )
        except KeyError:
            raise KeyGoneError("own") from None

    def grants(self, _: OwnerAccess, grant_ids: Collection[GrantId]) -> Mapping[GrantId, GrantSecret]:
        """Q_g of her own grants, to wrap what is rotated for those who may go on reading it; those that were
        cut are absent."""
        found = self._rows.load([grant_name(grant_id) for grant_id in grant_ids])
        return {GrantId(id_): _secret_of(kept) for (_, id_), kept in found.items()}

    def agreed(self, _: OwnerAccess, grants: Collection[Terms]) -> frozenset[GrantId]:
        """Those whose terms are the ones she agreed to, by the word of K: the key of no other is ever sealed
        again, whatever a row of D says."""
        found = self._rows.load([grant_name(terms.grant_id) for terms in grants])
        return frozenset(
            terms.grant_id
            for terms in grants
            if equal(found.get(grant_name(terms.grant_id), b"")[_SECRET:], agreement(terms))
        )


@dataclass(frozen=True, slots=True)
class CallerKeys:
    """Which grantees' seeds this caller may use: told by the session or the token, never by a grant."""

    grantees: frozenset[Grantee]


@dataclass(frozen=True, slots=True)
class ReaderSecrets:
    shred: ShredTree | None = field(repr=False)
    grant: GrantSecret | None = field(repr=False)
    seed: bytes | None = field(repr=False)
    next_seed: bytes | None = field(default=None, repr=False)  # while the grantee's key changes

    def seed_for(self, key_id_: str) -> bytes | None:
        """Which of the caller's own seeds the terms of a grant name."""
        if self.next_seed and GranteeKeyPair.from_seed(self.next_seed).key_id.hex() == key_id_:
            return self.next_seed
        return self.seed


@dataclass(frozen=True, slots=True)
class ProposingKeys:
    """What seals one proposal, and opens no field: the salt of a slot nothing was written in yet, and the key
    that wraps for its author."""

    salt: SlotSalt = field(repr=False)
    under: WrappingKey = field(repr=False)


class ReaderKeys:
    """What opens a granted field, after its entry."""

    def __init__(self, rows: KeyRows, cache: UnwrapCache) -> None:
        self._rows, self._cache = rows, cache

    def open_grant_key(self, sealed: bytes, seed: bytes, terms: bytes) -> bytes:
        """G_g, remembered a minute by what it was opened from: same bytes, same seed, same terms."""
        return self._cache.get_or(
            sealed, lambda: open_grant_key(sealed, seed=seed, terms=terms), place=lp("grant", seed, terms)
        )

    def load(self, reads: Collection[tuple[Appended, CallerKeys, Allowed]]) -> list[ReaderSecrets]:
        """One look at K for several reads. A grantee that is not the caller's own gives no seed."""
        names: set[SecretName] = set()
        for _, _, allowed in reads:
            names |= {("shred", allowed.carnet_id), ("grant", allowed.grant_id)}
            names.add(hold_name(allowed.grant_id))
            names |= {seed_name(allowed.grantee), next_seed_name(allowed.grantee)}
        found = self._rows.load(names)
        return [self._secrets(found, caller, allowed) for _, caller, allowed in reads]

    def proposing(
        self, caller: CallerKeys, allowed: Allowed, grant: GrantRow, slot: int
    ) -> ProposingKeys | None:
        """To seal before the entry, as every write does. None when the grant or the carnet ended meanwhile.
        Raises CryptoError when the grant was altered, or the slot was used already."""
        secrets = self._load_one(caller, allowed)
        seed = secrets.seed_for(grant.grant.terms.key_id)
        if secrets.shred is None or secrets.grant is None or seed is None:
            return None
        under = proposing_key(
            secrets.grant, GrantKey(self.open_grant_key(grant.sealed_key, seed, grant.terms))
        )
        return ProposingKeys(secrets.shred.salts([slot])[slot], under)

    def _load_one(self, caller: CallerKeys, allowed: Allowed) -> ReaderSecrets:
        names = {("shred", allowed.carnet_id), ("grant", allowed.grant_id), hold_name(allowed.grant_id)}
        found = self._rows.load({*names, seed_name(allowed.grantee), next_seed_name(allowed.grantee)})
        return self._secrets(found, caller, allowed)

    def _secrets(
        self, found: Mapping[SecretName, bytes], caller: CallerKeys, allowed: Allowed
    ) -> ReaderSecrets:
        shred = found.get(("shred", allowed.carnet_id))
        grant = found.get(("grant", allowed.grant_id))
        own_grantee = allowed.grantee in caller.grantees
        return ReaderSecrets(
            shred=ShredTree.from_bytes(shred) if shred else None,
            grant=_secret_of(grant) if grant and hold_name(allowed.grant_id) not in found else None,
            seed=found.get(seed_name(allowed.grantee)) if own_grantee else None,
            next_seed=found.get(next_seed_name(allowed.grantee)) if own_grantee else None,
        )


class RekeyingKeys:
    """The two key pairs of a grantee whose key changes, and nothing that opens content."""

    def __init__(self, rows: KeyRows, grantee: Grantee) -> None:
        """Raises KeyGoneError when one of the two is missing."""
        found = rows.load([seed_name(grantee), next_seed_name(grantee)])
        try:
            self._former = found[seed_name(grantee)]
            self._next = GranteeKeyPair.from_seed(found[next_seed_name(grantee)])
        except KeyError:
            raise KeyGoneError("seed") from None

    @property
    def next_key_id(self) -> str:
        return self._next.key_id.hex()

    def moved(self, row: GrantRow) -> GrantRow:
        """The same grant, whose terms name the new key and whose G_g is sealed to it. Raises CryptoError when
        it does not open with the former one."""
        key = GrantKey(open_grant_key(row.sealed_key, seed=self._former, terms=row.terms))
        old = row.grant.terms
        terms = replace(old, key_id=self.next_key_id)
        exact = terms.to_bytes()
        sealed = seal_grant_key(key, public_key=self._next.public, terms=exact)
        return replace(row, grant=replace(row.grant, terms=terms), terms=exact, sealed_key=sealed)

    @property
    def succeeded(self) -> bool:
        """Whether the new pair has taken the place of the former already."""
        return self._former == self._next.seed

    def successor(self, rows: KeyRows, grantee: Grantee) -> SecretRow | None:
        """The new pair as the row to store in the place of the former one. None when another process has
        done so, and the pair that is next by now is another one."""
        found = rows.rows([seed_name(grantee), next_seed_name(grantee)])
        standing, following = found.get(seed_name(grantee)), found.get(next_seed_name(grantee))
        if standing is None or following is None or following.public != self._next.public:
            return None
        version = standing.version + 1
        return rows.make(*seed_name(grantee), self._next.seed, version=version, public=self._next.public)


def public_keys(rows: KeyRows, grantee: Grantee) -> list[bytes]:
    """The public keys of a grantee that stand, the newest first: two while its key changes."""
    names = (next_seed_name(grantee), seed_name(grantee))
    found = rows.rows(names)
    return [row.public for name in names if (row := found.get(name)) is not None and row.public is not None]


def newest_public(rows: KeyRows, grantee: Grantee) -> bytes:
    """What a new grant is sealed to. Raises KeyGoneError when the grantee has no key."""
    keys = public_keys(rows, grantee)
    if not keys:
        raise KeyGoneError("seed")
    return keys[0]


def seed_name(grantee: Grantee) -> SecretName:
    return ("seed", f"{grantee.kind}:{grantee.id}")


def next_seed_name(grantee: Grantee) -> SecretName:
    """Its next key pair, while grants are moved from one to the other."""
    return ("seed-next", f"{grantee.kind}:{grantee.id}")


def grant_name(grant_id: GrantId) -> SecretName:
    return ("grant", grant_id)


def grant_secret_row(rows: KeyRows, terms: Terms, secret: GrantSecret) -> SecretRow:
    """Q_g as K keeps it, then what the person agreed to: they live and die together. Not stored yet."""
    return rows.make(*grant_name(terms.grant_id), secret + agreement(terms))


def agreement(terms: Terms) -> bytes:
    """A digest of all that was agreed; the grantee's key, which may change, is left out."""
    return sha256(lp("carnet/agreed/1", replace(terms, key_id="").to_bytes())).digest()


def _secret_of(kept: bytes) -> GrantSecret:
    return GrantSecret(kept[:_SECRET])


def hold_name(grant_id: GrantId) -> SecretName:
    """Stands while a grant is suspended, whatever the data store says: Q_g is then given to no reader."""
    return ("hold", grant_id)


def month_of(now: datetime) -> str:
    """ "202611": the month whose keys seal an entry, in UTC."""
    return now.strftime("%Y%m")

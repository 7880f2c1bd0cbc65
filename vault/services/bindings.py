"""What a row of D (or of K) says about somebody's standing is believed only if the root vouches for it.

Whoever can write in the data store, without a key, could otherwise say that his system belongs to another
structure, or that he is a référent there; whoever can write in the key store could make himself a session.

- ``binding`` rows of K hold a digest of what was decided about a client, a habilitation or an
  invitation, wrapped by the root: ``holds`` compares it with what the row in D now says.
- ``seal_of`` gives short-lived things (sessions, tokens) a keyed seal of their own columns, under a secret of
  the instance that only the root opens.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from schemas.framing import lp
from vault.crypto import blind_tag, equal
from vault.services.key_sources import INSTANCE, KeyGoneError, KeyRows
from vault.services.parts import Parts
from vault.services.ports import HabilitationRow, SecretName, SecretRow, StructureRow

DOORS: SecretName = ("doors", INSTANCE)
CLIENT, HABILITATION, STRUCTURE, MANDATE = "client", "habilitation", "structure", "mandate"


def binding_row(rows: KeyRows, kind: str, id_: str, facts: Sequence[str], *, version: int = 1) -> SecretRow:
    """The row of K that vouches for ``facts``; stored before the row of D that states them."""
    return rows.make(*binding_name(kind, id_), digest_of(kind, id_, facts), version=version)


def binding_name(kind: str, id_: str) -> SecretName:
    return ("binding", f"{kind}:{id_}")


def holds(parts: Parts, kind: str, id_: str, facts: Sequence[str]) -> bool:
    """Whether these are the facts that were decided."""
    name = binding_name(kind, id_)
    kept = parts.rows.load([name]).get(name)
    return kept is not None and equal(kept, digest_of(kind, id_, facts))


def structure_facts(row: StructureRow) -> tuple[str, ...]:
    """By what a person chooses with whom she shares, and is warned."""
    return row.name, row.kind, row.siret or "", *(("sensitive",) if row.sensitive else ())


def habilitation_facts(row: HabilitationRow) -> tuple[str, ...]:
    """Whose it is, where, as what, and until when if that was decided."""
    end = () if row.ends_at is None else (instant(row.ends_at),)
    return row.account_id, row.structure_id, row.role, *end


def in_force(parts: Parts, row: HabilitationRow) -> bool:
    """Whether the habilitation stands now, as it was given."""
    return row.live(parts.now()) and holds(parts, HABILITATION, row.professional_id, habilitation_facts(row))


def instant(at: datetime) -> str:
    """One spelling of an instant, whatever its zone, as precise as the stores keep it."""
    return to_the_millisecond(at).astimezone(UTC).isoformat()


def doors_secret(parts: Parts) -> bytes:
    """The instance's secret for sessions and tokens. Raises KeyGoneError before ``carnet keys init``."""
    secret = parts.rows.load([DOORS]).get(DOORS)
    if secret is None:
        raise KeyGoneError("doors")
    return secret


def seal_of(secret: bytes, *columns: str) -> str:
    """Sixteen hexadecimal characters: 64 bits that nobody computes without ``secret``."""
    return blind_tag(secret, lp(*columns)).hex()


def to_the_millisecond(at: datetime) -> datetime:
    """As the stores keep instants: what is sealed must read the same when it comes back."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def digest_of(kind: str, id_: str, facts: Sequence[str]) -> bytes:
    """What a binding holds: nothing can be told from it, nor made to give it. Any text is accepted."""
    told = (part.encode("utf-8", "surrogatepass") for part in (kind, id_, *facts))
    return sha256(lp("carnet/binding/1", *told)).digest()

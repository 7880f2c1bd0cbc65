"""A structure changes its key pair: whatever somebody who left copied of the old one opens nothing new.

1. ``ask_rekeying`` leaves a ``rekey`` row in K. A second one, asked meanwhile, makes another turn.
2. The next pair is made in K, as ``seed-next``. From then on grants are given under it; readers hold both
   seeds and take the one that the terms name.
3. Each live grant moves: same terms but for the key id, same G_g, sealed to the new key. In batches, each
   with one entry a carnet; what the grant covers is asked to be rotated at the person's next session.
4. Once a whole walk finds no live grant under the old key, the new pair takes its place.

What says how far it went is what is stored: killed anywhere, the next pass goes on. A grant that does not
open with the old key opens for nobody: it is left as it is and keeps nothing from ending.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from consent.grants import Grantee, Terms
from schemas.ids import CarnetId, StructureId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.crypto import CryptoError, GranteeKeyPair
from vault.errors import BrokenError, StoreUnavailableError
from vault.services.journal import OPERATOR, draft
from vault.services.key_sources import Journals, RekeyingKeys, next_seed_name
from vault.services.parts import Parts
from vault.services.ports import Draft, GrantRow, SecretName

BATCH = 200
MOST_WALKS = 50  # each is for the grants that were given or renewed during the walk before
REKEY, NEXT = "rekey", "seed-next"


class StuckError(BrokenError):
    """Rows of the data store contradict one another: the old key stays until somebody looks at them."""


@dataclass(frozen=True, slots=True)
class _Moved:
    former: GrantRow
    row: GrantRow


def ask_rekeying(parts: Parts, structure_id: StructureId) -> None:
    """Have a structure's key changed by the next pass. Repeatable."""
    parts.keystore.add_secrets([parts.rows.make(*_asked(structure_id), parts.random(32))], if_absent=True)


def rekeyings(parts: Parts) -> Sequence[StructureId]:
    """Structures whose key is to be changed, or is half changed."""
    asked = parts.keystore.secret_ids(REKEY, after=None, limit=BATCH)
    begun = parts.keystore.secret_ids(NEXT, after=None, limit=BATCH)
    names = {*asked, *(id_.removeprefix("structure:") for id_ in begun)}
    return [StructureId(id_) for id_ in sorted(names)]


def rekey(parts: Parts, structure_id: StructureId) -> int:
    """Change the key of a structure, from wherever it stands; how many grants moved. Raises
    StoreUnavailableError while a file of K may still hold the old seed (ask again), StuckError."""
    grantee = Grantee.structure(structure_id)
    _begin(parts, structure_id, grantee)
    keys = RekeyingKeys(parts.rows, grantee)
    done, walks = 0, 0
    while tried := _move_all(parts, structure_id, grantee, keys):
        done += tried
        walks += 1
        if walks == MOST_WALKS:
            raise StuckError("a grant of this structure does not move to its new key")
    _end(parts, structure_id, grantee, keys)
    return done


def _begin(parts: Parts, structure_id: StructureId, grantee: Grantee) -> None:
    """The next pair, unless one stands. What was asked is begun by the turn that makes a pair, and by no
    other: who leaves while one stands may have seen it, and waits for the turn after."""
    name = next_seed_name(grantee)
    with parts.data.change():  # nothing of D changes: who held the lock has given, who comes sees the pair
        if name not in parts.rows.rows([name]):
            pair = GranteeKeyPair.generate()
            row = parts.rows.make(*name, pair.seed, public=pair.public)
            parts.keystore.add_secrets([row], if_absent=True)
            parts.keystore.delete_secrets([_asked(structure_id)])


def _move_all(parts: Parts, structure_id: StructureId, grantee: Grantee, keys: RekeyingKeys) -> int:
    """One walk along the structure's live grants; how many moved. None: no grant needs the old key."""
    rows, after = parts.data.granted_to(grantee, after=None, limit=BATCH)
    done = _move(parts, structure_id, _sealed(rows, keys))
    while after is not None:
        rows, after = parts.data.granted_to(grantee, after=after, limit=BATCH)
        done += _move(parts, structure_id, _sealed(rows, keys))
    return done


def _sealed(rows: Sequence[GrantRow], keys: RekeyingKeys) -> list[_Moved]:
    """Those under the old key that open with it, sealed to the new one."""
    found = []
    for row in rows:
        if row.grant.terms.key_id != keys.next_key_id:
            with suppress(CryptoError):
                found.append(_Moved(row, keys.moved(row)))
    return found


def _move(parts: Parts, structure_id: StructureId, batch: Sequence[_Moved]) -> int:
    if not batch:
        return 0
    carnets = {one.row.grant.terms.carnet_id for one in batch}
    journals = parts.journal_keys.load(now=parts.now(), carnets=carnets)
    moved: dict[CarnetId, list[Terms]] = {}
    with parts.data.change() as work:
        for one in batch:
            if work.move_grant(one.former, one.row):  # else it ended, or its key was renewed: another walk
                terms = one.row.grant.terms
                moved.setdefault(terms.carnet_id, []).append(terms)
        for carnet_id, all_terms in moved.items():
            fields = sorted({compartment for terms in all_terms for compartment in terms.compartments})
            work.ask_rotation(carnet_id, fields)
            about = AboutContent(
                carnet_id=carnet_id,
                structure_id=structure_id,
                grant_id=all_terms[0].grant_id if len(all_terms) == 1 else None,
                fields=tuple(fields),
                reason="structure key",
            )
            work.append(_entry(parts, journals, carnet_id, about))
        work.commit()
    return len(batch)


def _end(parts: Parts, structure_id: StructureId, grantee: Grantee, keys: RekeyingKeys) -> None:
    """The new pair in place of the old one. Its own row goes last: while it stands, the pass comes back."""
    journals = parts.journal_keys.load(now=parts.now())
    if not keys.succeeded:
        about = AboutContent(structure_id=structure_id, reason="structure key")
        with parts.data.change() as work:
            work.append(_entry(parts, journals, None, about))
            work.commit()
    with parts.data.change():  # nothing changes: another process must not begin anew between two of these
        successor = keys.successor(parts.rows, grantee)
        if successor is None:
            return
        parts.keystore.replace_secret(successor)
        if not parts.keystore.compact(whole=False):
            raise StoreUnavailableError("keys", "somebody still reads an older state")
        parts.keystore.delete_secrets([next_seed_name(grantee)])


def _entry(parts: Parts, journals: Journals, carnet_id: CarnetId | None, about: AboutContent) -> Draft:
    return draft(
        Op.KEY_CHANGE,
        Outcome.GRANTED,
        journals=journals,
        actor=OPERATOR,
        carnet_id=carnet_id,
        about=about,
        random=parts.random,
    )


def _asked(structure_id: StructureId) -> SecretName:
    return (REKEY, structure_id)

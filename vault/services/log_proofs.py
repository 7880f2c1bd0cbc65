"""Lines of the log about one carnet, each with a proof that anybody's RFC 6962 software checks."""

from base64 import b64encode
from collections.abc import Collection, Iterator

from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.audit.merkle import NodeAt, inclusion_proof
from vault.audit.tiles import tile_nodes
from vault.crypto import CryptoError, JournalSecret, about_key, open_opening
from vault.services.parts import Parts
from vault.services.ports import LogRow, StoredCheckpoint

A_PAGE = 500  # lines looked at together


def rows_about(parts: Parts, tag: bytes, *, ops: Collection[Op] | None = None) -> Iterator[LogRow]:
    """Every line about a carnet (or those of ``ops``), newest first."""
    before: int | None = None
    while True:
        rows = parts.data.log_by_carnet(tag, ops=ops, before=before, limit=A_PAGE)
        yield from rows
        if len(rows) < A_PAGE:
            return
        before = rows[-1].no


class Proofs:
    """Proofs of inclusion under a signed checkpoint; None for what came after it."""

    def __init__(self, parts: Parts, checkpoint: StoredCheckpoint | None) -> None:
        self._size = checkpoint.size if checkpoint is not None else 0
        self._node: NodeAt = tile_nodes(parts.data.log_tile)

    def of(self, index: int) -> list[str] | None:
        if index >= self._size:
            return None
        return [b64encode(one).decode() for one in inclusion_proof(index, self._size, self._node)]


def proven_line(row: LogRow, journal: JournalSecret, proofs: Proofs) -> dict[str, object]:
    """The leaf, what it says about her with what hid it, its proof. What cannot be opened is None."""
    leaf = Leaf.parse(row.leaf)
    told: dict[str, object] = {"index": row.no, "leaf": b64encode(row.leaf).decode(), "about": None}
    if row.about_sealed is not None:
        try:
            key = about_key(journal, leaf.n)
            r, content = open_opening(row.about_sealed, key=key, kind="about", n=leaf.n)
            told["about"] = {"r": b64encode(r).decode(), "content": b64encode(content).decode()}
        except CryptoError:
            pass
    told["proof"] = proofs.of(row.no)
    return told

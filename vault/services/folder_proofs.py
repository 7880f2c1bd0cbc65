"""The proof files of an exported log, checked one by one against its leaves and checkpoints."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from vault.audit.checkpoint import LARGEST_NOTE, Checkpoint, Verifier, open_note
from vault.audit.errors import AuditError, SourceError
from vault.audit.merkle import HASH_SIZE, NodeAt, verify_consistency, verify_inclusion
from vault.audit.report import Finding, Findings
from vault.audit.tiles import tile_nodes
from vault.services.log_folder import FolderSource, exact_base64

INCLUSION_KEYS = ("leafIdx", "treeSize", "root", "leafHash", "proof")
CONSISTENCY_KEYS = ("size1", "size2", "root1", "root2", "proof")
LONGEST_PROOF = 128
MOST_NAMED = 10  # where the root is another, every proof fails: the first few say it


def check_proofs(
    source: FolderSource, checkpoint: Checkpoint, keys: Sequence[Verifier], expected: Iterable[int]
) -> tuple[int, tuple[Finding, ...]]:
    """How many proofs hold, and what is wrong with the others. Never raises for what the folder holds."""
    proofs = _Proofs(source, checkpoint, keys)
    proofs.check("inclusion", proofs.inclusion)
    for index in expected:
        if index not in proofs.included:
            proofs.found.add(f"no inclusion proof of leaf {index} holds", index)
    proofs.check("consistency", proofs.consistency)
    more = proofs.found.more
    rest = [Finding(None, f"{more} more findings about proofs are not listed")] if more else []
    return proofs.holding, (*proofs.found.kept, *rest)


class _Proofs:
    def __init__(self, source: FolderSource, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> None:
        self.source, self.checkpoint, self.keys = source, checkpoint, keys
        self.node: NodeAt = tile_nodes(source.tile)
        self.found = Findings(most=MOST_NAMED)
        self.included: set[int] = set()
        self.holding = 0

    def check(self, under: str, one: Callable[[str], bool]) -> None:
        """Every file of one folder."""
        try:
            names = sorted(self.source.names(under))
        except SourceError as error:
            self.found.add(str(error))
            return
        for name in names:
            try:
                holds = one(f"{under}/{name}")
            except AuditError as error:
                self.found.add(f"{under}/{name}: {error}")
                continue
            self.holding += holds
            if not holds:
                self.found.add(f"{under}/{name}: the proof does not hold")

    def inclusion(self, name: str) -> bool:
        told = self.source.document(name, *INCLUSION_KEYS)
        index, size = _number(told, "leafIdx"), _number(told, "treeSize")
        leaf, root = exact_base64(told["leafHash"], "leafHash"), exact_base64(told["root"], "root")
        if (size, root) != (self.checkpoint.size, self.checkpoint.root) or index >= size:
            return False
        holds = leaf == self.node(0, index) and verify_inclusion(leaf, index, size, _proof(told), root)
        if holds:
            self.included.add(index)
        return holds

    def consistency(self, name: str) -> bool:
        told = self.source.document(name, *CONSISTENCY_KEYS)
        size1, size2 = _number(told, "size1"), _number(told, "size2")
        root1, root2 = exact_base64(told["root1"], "root1"), exact_base64(told["root2"], "root2")
        if (size2, root2) != (self.checkpoint.size, self.checkpoint.root):
            return False
        kept = self.source.folder / "checkpoints" / f"{size1:012}"
        note = kept.read_bytes() if kept.is_file() and kept.stat().st_size <= LARGEST_NOTE else b""
        if open_note(note, self.keys).root != root1:
            return False
        return verify_consistency(size1, size2, root1, root2, _proof(told))


def _number(told: dict[str, Any], key: str) -> int:
    value = told[key]
    if type(value) is not int or not 0 <= value < 2**63:
        raise SourceError(f"{key}: not a number of leaves")
    return value


def _proof(told: dict[str, Any]) -> list[bytes]:
    steps = told["proof"]
    if not isinstance(steps, list) or len(steps) > LONGEST_PROOF:
        raise SourceError("proof: not a list of hashes")
    return [exact_base64(step, "proof", HASH_SIZE) for step in steps]

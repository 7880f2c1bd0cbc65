"""Handing the log to somebody else, and checking what was handed over (docs/formats/log-export.md).

``export_log`` writes a folder that anyone's RFC 6962 software can check; ``verify_folder`` is our own such
check and needs no database, no settings and no keys but the folder's or those one brings.
"""

import json
import secrets
import shutil
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from vault.audit.check import verify
from vault.audit.checkpoint import (
    LARGEST_NOTE,
    Checkpoint,
    CheckSignature,
    Signer,
    Verifier,
    open_note,
    sign_checkpoint,
)
from vault.audit.errors import AuditError, SourceError
from vault.audit.merkle import CompactRange, consistency_proof, inclusion_proof, leaf_hash
from vault.audit.order import check_order
from vault.audit.report import Finding, Findings, VerificationReport
from vault.audit.source import LogSource, StoredLeaf
from vault.audit.tiles import WIDTH, Tile, Tiles, tile_nodes, tile_path
from vault.errors import CallerError
from vault.services.folder_proofs import CONSISTENCY_KEYS, INCLUSION_KEYS, check_proofs
from vault.services.log_folder import FolderSource, read_small

MOST_INCLUSIONS = 1000
MOST_CONSISTENCIES = 30
_OWN_KEYS = "the keys used are the folder's own: compare them with those you were given"


class ExportRefusedError(CallerError):
    """The folder is not empty, or the log does not verify and so must not be signed."""

    def __init__(self, message: str, report: VerificationReport | None = None) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True, slots=True)
class Exported:
    folder: Path
    size: int
    root: bytes
    inclusion_proofs: int
    consistency_proofs: int
    openings: int

    def as_document(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "size": self.size,
            "root": _text(self.root),
            "inclusion_proofs": self.inclusion_proofs,
            "consistency_proofs": self.consistency_proofs,
            "openings": self.openings,
        }


def proved_indexes(size: int) -> Iterator[int]:
    """The leaves an export gives inclusion proofs for: all, or 1 000 spread from the first to the last."""
    if size <= MOST_INCLUSIONS:
        yield from range(size)
    else:
        yield from (i * (size - 1) // (MOST_INCLUSIONS - 1) for i in range(MOST_INCLUSIONS))


# --- writing ---------------------------------------------------------------------------------------------


def export_log(
    source: LogSource,
    out: Path,
    *,
    origin: str,
    signers: Sequence[Signer],
    verifiers: Sequence[Verifier],
    also: Sequence[str | bytes] = (),
    openings: bool = False,
    pruned: bool = False,
) -> Exported:
    """Write the folder of docs/formats/log-export.md; ``verifiers`` are all keys the log ever signed with.

    ``also`` and ``pruned``: as for ``audit.verify``, which the log must pass before it is signed again.
    ``openings`` puts in what the source can show: personal data. Only the owner of the process may enter
    the folder. Raises ExportRefusedError; whatever is raised, nothing is left behind.
    """
    report = verify(source, origin=origin, verifiers=verifiers, also=also, pruned=pruned)
    if not report.ok:
        raise ExportRefusedError("the log does not verify; see `carnet audit verify`", report)
    with _appearing(out.absolute()) as folder:
        root = _write_leaves(source, folder)
        checkpoint = Checkpoint(origin, source.size(), root)
        _write(folder / "checkpoint", sign_checkpoint(checkpoint, *signers))
        _write(folder / "vkey", "".join(f"{verifier.vkey}\n" for verifier in verifiers))
        kept = _write_checkpoints(source, folder, verifiers)
        _write_proofs(FolderSource(folder, checkpoint.size), checkpoint, kept)
        opened = _write_openings(source, folder) if openings else 0
    proofs = min(checkpoint.size, MOST_INCLUSIONS)
    return Exported(out, checkpoint.size, root, proofs, len(kept), opened)


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A folder under a temporary name that takes its own only when all of it is written."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportRefusedError(f"{out} exists and is not an empty folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.parent / f".{out.name}.{secrets.token_hex(4)}.partial"
    folder.mkdir(mode=0o700)
    try:
        yield folder
        folder.rename(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _write_leaves(source: LogSource, folder: Path) -> bytes:
    """leaves.jsonl and the tiles, in one pass; returns the root."""
    growing, tiles = CompactRange(), Tiles()
    waiting: list[bytes] = []

    def flush() -> None:
        growing.extend(waiting)
        for tile in tiles.extend(waiting):
            _write_tile(folder, tile)
        waiting.clear()

    with (folder / "leaves.jsonl").open("w", encoding="ascii") as lines:
        for row in source.leaves():
            waiting.append(_write_leaf(row, lines))
            if len(waiting) == WIDTH:
                flush()
    flush()
    for tile in tiles.partial():
        _write_tile(folder, tile)
    return growing.root()


def _write_leaf(row: StoredLeaf, lines: TextIO) -> bytes:
    if row.data is not None:
        lines.write(f'{{"leaf": "{_text(row.data)}"}}\n')
        return leaf_hash(row.data)
    if row.hash is None:
        raise SourceError(f"leaf {row.no} has neither bytes nor hash")
    lines.write(f'{{"leaf_hash": "{_text(row.hash)}"}}\n')
    return row.hash


def _write_tile(folder: Path, tile: Tile) -> None:
    _write(folder / "tiles" / tile_path(tile.level, tile.no, tile.width), tile.hashes)


def _write_checkpoints(source: LogSource, folder: Path, verifiers: Sequence[Verifier]) -> list[Checkpoint]:
    """All notes kept; returns the last ones that a consistency proof can start from."""
    (folder / "checkpoints").mkdir()
    last: deque[Checkpoint] = deque(maxlen=MOST_CONSISTENCIES)
    before, again = -1, 1
    for note in source.checkpoints():
        checkpoint = open_note(note, verifiers)
        again = again + 1 if checkpoint.size == before else 1
        before = checkpoint.size
        name = f"{checkpoint.size:012}" + (f"-{again}" if again > 1 else "")
        _write(folder / "checkpoints" / name, note)
        if checkpoint.size and again == 1:
            last.append(checkpoint)
    return list(last)


def _write_proofs(folder: FolderSource, checkpoint: Checkpoint, kept: Sequence[Checkpoint]) -> None:
    node = tile_nodes(folder.tile)
    for index in proved_indexes(checkpoint.size):
        proof = inclusion_proof(index, checkpoint.size, node)
        values = (index, checkpoint.size, _text(checkpoint.root), _text(node(0, index)), _texts(proof))
        _write_document(folder.folder / "inclusion" / f"{index}.json", INCLUSION_KEYS, values)
    for old in kept:
        proof = consistency_proof(old.size, checkpoint.size, node)
        values = (old.size, checkpoint.size, _text(old.root), _text(checkpoint.root), _texts(proof))
        name = f"{old.size}-{checkpoint.size}.json"
        _write_document(folder.folder / "consistency" / name, CONSISTENCY_KEYS, values)


def _write_document(path: Path, keys: Sequence[str], values: Sequence[Any]) -> None:
    _write(path, json.dumps(dict(zip(keys, values, strict=True))) + "\n")


def _write_openings(source: LogSource, folder: Path) -> int:
    count = 0
    with (folder / "openings.jsonl").open("w", encoding="ascii") as lines:
        for opening in source.openings():
            document = {"index": opening.index, "kind": opening.kind}
            texts = {"r": _text(opening.r), "content": _text(opening.content)}
            lines.write(json.dumps(document | texts) + "\n")
            count += 1
    return count


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [_text(one) for one in hashes]


# --- reading ---------------------------------------------------------------------------------------------


def verify_folder(
    folder: Path, check: CheckSignature, *, trusted: Sequence[Verifier] = ()
) -> VerificationReport:
    """Verify an exported folder whole: leaves, tiles, checkpoints, every proof, every opening.

    ``trusted``: keys obtained elsewhere; without them the folder's own are used, and the report says so.
    Never raises for what the folder holds.
    """
    found = Findings()
    try:
        keys = list(trusted) or FolderSource(folder, 0).verifiers(check)
        fresh = read_small(folder / "checkpoint", LARGEST_NOTE)
        checkpoint = open_note(fresh, keys)
    except AuditError as error:
        found.add(f"the folder's checkpoint or keys are refused: {error}")
        return found.report(0, None, 0, 0)
    source = FolderSource(folder, checkpoint.size)
    report = verify(
        source, origin=checkpoint.origin, verifiers=keys, also=(fresh,), partial_tiles=True, pruned=True
    )
    proofs, findings = check_proofs(source, checkpoint, keys, proved_indexes(checkpoint.size))
    report = replace(
        report,
        ok=report.ok and not findings,
        findings=(*report.findings, *findings),
        remarks=(*report.remarks, *(() if trusted else (_OWN_KEYS,))),
        proofs=proofs,
    )
    return _with_order(report, source)


def _with_order(report: VerificationReport, source: FolderSource) -> VerificationReport:
    """Where the folder says who did what: whether the order of the log keeps the promise made to people."""
    try:
        order = check_order(source)
    except SourceError as error:
        finding = Finding(None, f"the order cannot be judged: {error}")
        return replace(report, ok=False, findings=(*report.findings, finding))
    if not order.judged:
        return report
    indexes = [one.index for one in (*order.findings,) if one.index is not None]
    first = min(
        [*indexes, *([] if report.first_bad_index is None else [report.first_bad_index])], default=None
    )
    return replace(
        report,
        ok=report.ok and not order.findings,
        first_bad_index=first,
        findings=(*report.findings, *order.findings),
        remarks=(*report.remarks, order.remark),
    )

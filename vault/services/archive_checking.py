"""Checking what somebody took away, without stores, settings nor a network (docs/formats/archive.md).

- the copy gives the digest that was signed when it was printed, by one of the keys that are inside;
- each receipt holds, under the same keys: without them nothing tells whose signature that is;
- each line of the log stands under the signed checkpoint, and says what its leaf committed to.
"""

import io
import json
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from schemas.canonical import CanonicalError, parse_strict
from vault.audit.checkpoint import LARGEST_NOTE, Checkpoint, CheckSignature, Verifier, open_note, parse_vkey
from vault.audit.errors import AuditError
from vault.audit.leaf import Leaf, commitment
from vault.audit.merkle import leaf_hash, verify_inclusion
from vault.services.paper_proofs import printed_of
from vault.services.receipt_checking import KeySetError, check_receipt, keys_of

LARGEST = 256 << 20  # bytes, opened: what is larger is not read
MOST_NAMED = 10
_REMARKS = (
    "the keys are those inside: compare them with the site's (/log/vkey, /.well-known/carnet-receipts)",
    "what is signed of the carnet is carnet.json: versions.json and carnet.pdf are beside it, unsigned",
    "each line of the log that is inside is proven; that none was taken out is not",
)
_LINE = {"index", "leaf", "about", "proof"}


@dataclass(frozen=True, slots=True)
class CheckedArchive:
    """``lines``: of the log, each proven; ``unproven``: written after the last signed checkpoint;
    ``receipts``: that hold; ``remarks``: what the check cannot tell."""

    faults: tuple[str, ...]
    lines: int = 0
    unproven: int = 0
    receipts: int = 0
    size: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.faults


def check_archive(data: bytes, check: CheckSignature) -> CheckedArchive:
    """Never raises for what the file holds."""
    try:
        files = _files(data)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError):
        return CheckedArchive(("this is no archive that can be read",))
    faults: list[str] = []
    keys = _keys(files, faults)
    _check_copy(files, keys, faults)
    receipts = _check_receipts(files, keys, faults)
    checkpoint = _checkpoint(files, check, faults)
    lines = unproven = 0
    for told in _lines(files, faults):
        proven = _check_line(told, checkpoint, faults)
        lines += proven is True
        unproven += proven is None
    if len(faults) > MOST_NAMED:
        faults[MOST_NAMED:] = [f"and {len(faults) - MOST_NAMED} more"]
    size = checkpoint.size if checkpoint else 0
    return CheckedArchive(tuple(faults), lines, unproven, receipts, size, _REMARKS)


def _files(data: bytes) -> dict[str, bytes]:
    """Raises ValueError for more than can be read."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(one.file_size for one in archive.infolist()) > LARGEST:
            raise ValueError("too large")
        return {one.filename: archive.read(one) for one in archive.infolist()}


def _keys(files: dict[str, bytes], faults: list[str]) -> list[str]:
    """The keys that are inside: what anybody else's signs is refused."""
    told = files.get("cles-des-recus.json")
    if told is None:
        faults.append("cles-des-recus.json is missing")
        return []
    try:
        return keys_of(told)
    except KeySetError:
        faults.append("cles-des-recus.json holds no key")
        return []


def _check_copy(files: dict[str, bytes], keys: Sequence[str], faults: list[str]) -> None:
    copy, statement = files.get("carnet.json"), files.get("preuve.jws")
    missing = [name for name in ("carnet.json", "preuve.jws") if name not in files]
    faults += [f"{name} is missing" for name in missing]
    if copy is None or statement is None:
        return
    printed = printed_of(statement, keys=keys)
    if printed is None:
        faults.append("preuve.jws is no statement of what was printed, or its signature does not hold")
        return
    if not printed.ours:
        faults.append("preuve.jws is not signed by a key of cles-des-recus.json")
    if printed.digest != sha256(copy).hexdigest():
        faults.append("carnet.json is not what was signed")


def _check_receipts(files: dict[str, bytes], keys: Sequence[str], faults: list[str]) -> int:
    names = sorted(name for name in files if name.startswith("recus/"))
    wrong = [name for name in names if not check_receipt(files[name], keys=keys).holds]
    faults += [f"{name}: this receipt does not hold" for name in wrong]
    return len(names) - len(wrong)


def _checkpoint(files: dict[str, bytes], check: CheckSignature, faults: list[str]) -> Checkpoint | None:
    note, vkeys = files.get("journal/checkpoint"), files.get("journal/vkey", b"")
    if note is None:
        return None
    try:
        verifiers: Sequence[Verifier] = [parse_vkey(line, check) for line in vkeys.decode().splitlines()]
        return open_note(note[:LARGEST_NOTE], verifiers)
    except (AuditError, UnicodeDecodeError):
        faults.append("journal/checkpoint is not signed by the keys of journal/vkey")
        return None


def _lines(files: dict[str, bytes], faults: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(files.get("journal/lignes.jsonl", b"").splitlines(), start=1):
        try:
            told = json.loads(line)
            if not isinstance(told, dict) or set(told) != _LINE or type(told["index"]) is not int:
                raise ValueError
        except (ValueError, RecursionError):
            faults.append(f"journal/lignes.jsonl: line {number} cannot be read")
            continue
        yield told


def _check_line(told: dict[str, Any], checkpoint: Checkpoint | None, faults: list[str]) -> bool | None:
    """Whether it is proven; None when it is newer than the checkpoint."""
    index = told["index"]
    try:
        data = b64decode(told["leaf"], validate=True)
        leaf = Leaf.parse(data)
        about = told["about"]
        if about is not None:
            r, content = (b64decode(about[name], validate=True) for name in ("r", "content"))
            parse_strict(content)
            if commitment("about", leaf.n, r, content) != leaf.about:
                faults.append(f"line {index} of the log: what it says is not what was committed to")
                return False
        if told["proof"] is None and (checkpoint is None or index >= checkpoint.size):
            return None
        proof = [b64decode(one, validate=True) for one in told["proof"] or ()]
    except (AuditError, CanonicalError, ValueError, TypeError, KeyError):
        faults.append(f"line {index} of the log: it cannot be read")
        return False
    if checkpoint is None or not verify_inclusion(
        leaf_hash(data), index, checkpoint.size, proof, checkpoint.root
    ):
        faults.append(f"line {index} of the log: its proof does not hold")
        return False
    return True

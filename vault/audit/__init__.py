"""The log as mathematics: leaves, tree, tiles, checkpoints and the check of all of them.

No SQL, no clock, no cryptography library: hashes only; Ed25519 comes in as functions.
"""

from vault.audit.check import verify, verify_since
from vault.audit.checkpoint import Checkpoint, Signer, Verifier, open_note, parse_vkey, sign_checkpoint
from vault.audit.errors import (
    AuditError,
    ContentError,
    LeafError,
    NoteError,
    ProofError,
    SourceError,
    TileError,
)
from vault.audit.events import AboutContent, ActorContent, ActorKind, Op
from vault.audit.leaf import Leaf, OpeningKind, commitment, month_of
from vault.audit.merkle import CompactRange, leaf_hash
from vault.audit.order import Event, Order, OrderReport, check_order, event_of
from vault.audit.report import Finding, VerificationReport
from vault.audit.source import Head, LogSource, Opening, StoredLeaf
from vault.audit.tiles import Tile, Tiles, tile_nodes

__all__ = [
    "AboutContent",
    "ActorContent",
    "ActorKind",
    "AuditError",
    "Checkpoint",
    "CompactRange",
    "ContentError",
    "Event",
    "Finding",
    "Head",
    "Leaf",
    "LeafError",
    "LogSource",
    "NoteError",
    "Op",
    "Opening",
    "OpeningKind",
    "Order",
    "OrderReport",
    "ProofError",
    "Signer",
    "SourceError",
    "StoredLeaf",
    "Tile",
    "TileError",
    "Tiles",
    "VerificationReport",
    "Verifier",
    "check_order",
    "commitment",
    "event_of",
    "leaf_hash",
    "month_of",
    "open_note",
    "parse_vkey",
    "sign_checkpoint",
    "tile_nodes",
    "verify",
    "verify_since",
]

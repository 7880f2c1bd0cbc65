"""From stored rows to the hashes the tree goes on with, every disagreement named on the way.

The first half of a verification (check.py is the second): rows come as the source has them; what leaves
are dense runs that never cross a level-0 tile. When bytes, stored hash and tile disagree the walk goes on
with the tile's hash, so that one spoiled leaf does not hide whether the rest still holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from vault.audit.errors import LeafError, SourceError
from vault.audit.leaf import leaf_time
from vault.audit.merkle import HASH_SIZE, leaf_hash
from vault.audit.report import Findings
from vault.audit.source import LogSource, StoredLeaf
from vault.audit.tiles import WIDTH

LARGEST_GAP = 1 << 20  # leaves missing in one place beyond which the walk stops: nothing could follow


@dataclass(slots=True)
class Run:
    """Consecutive leaves within one tile. A hash is None where nothing tells it any more."""

    rows: list[StoredLeaf]
    hashes: list[bytes | None]

    @property
    def first(self) -> int:
        return self.rows[0].no

    @property
    def end(self) -> int:
        return self.rows[0].no + len(self.rows)


@dataclass(slots=True)
class Rows:
    """Reads a source's leaves once. Afterwards ``last_t`` and ``hash_only`` say what was seen."""

    source: LogSource
    size: int
    found: Findings
    pruned: bool = False
    last_t: int = 0
    hash_only: int = 0

    def runs(self, start: int) -> Iterator[Run]:
        rows: list[StoredLeaf] = []
        for row in self._dense(start):
            rows.append(row)
            if (row.no + 1) % WIDTH == 0:
                yield self._settle(rows)
                rows = []
        if rows:
            yield self._settle(rows)

    def _dense(self, start: int) -> Iterator[StoredLeaf]:
        """Each number once and in order; an empty row stands for a missing one; nothing beyond the end."""
        expected = start
        for row in self._readable(start):
            if row.no < expected:
                self.found.add(f"leaf {row.no} is there more than once, or out of order", row.no)
                continue
            if row.no >= self.size:
                self.found.add(f"leaf {row.no} is beyond the end of the log, {self.size}", row.no)
                break
            if row.no > expected:
                self._missing(expected, row.no)
                if row.no - expected > LARGEST_GAP:
                    return
                yield from (StoredLeaf(no, None, None) for no in range(expected, row.no))
            if row.data is None and (row.hash is None or not self.pruned):
                self.found.add(f"leaf {row.no} cannot be read", row.no)
            yield row
            expected = row.no + 1
        if expected < self.size:
            self._missing(expected, self.size)

    def _readable(self, start: int) -> Iterator[StoredLeaf]:
        """The rows; where the source breaks off they end, and what is then missing is named."""
        try:
            yield from self.source.leaves(start)
        except SourceError as error:
            self.found.add(f"the leaves cannot be read to the end: {error}")

    def _missing(self, low: int, high: int) -> None:
        which = f"leaf {low} is" if high == low + 1 else f"leaves {low} to {high - 1} are"
        self.found.add(f"{which} missing", low)

    def _settle(self, rows: list[StoredLeaf]) -> Run:
        self._read_times(rows)
        hashes = [leaf_hash(row.data) if row.data is not None else row.hash for row in rows]
        tile = self._tile_from(rows[0].no)
        stored_agree = all(row.hash is None or row.hash == one for row, one in zip(rows, hashes, strict=True))
        if stored_agree and None not in hashes:
            joined = b"".join(one for one in hashes if one is not None)
            if tile.startswith(joined) or joined.startswith(tile):
                return Run(rows, hashes)
        parts = (tile[at : at + HASH_SIZE] for at in range(0, len(rows) * HASH_SIZE, HASH_SIZE))
        each = zip(rows, hashes, parts, strict=True)
        return Run(rows, [self._settle_one(row, computed, part or None) for row, computed, part in each])

    def _settle_one(self, row: StoredLeaf, computed: bytes | None, in_tile: bytes | None) -> bytes | None:
        if computed is not None and row.hash not in (None, computed):
            self.found.add(f"leaf {row.no}: its bytes do not give the stored hash", row.no)
        elif computed is not None and in_tile not in (None, computed):
            self.found.add(f"leaf {row.no}: its hash is not the one in the tile", row.no)
        return in_tile or row.hash or computed

    def _tile_from(self, no: int) -> bytes:
        """The hashes of the level-0 tile from that leaf on; empty when it cannot be read (said later)."""
        try:
            return self.source.tile(0, no // WIDTH)[no % WIDTH * HASH_SIZE :]
        except SourceError:
            return b""

    def _read_times(self, rows: list[StoredLeaf]) -> None:
        for row in rows:
            if row.data is None:
                self.hash_only += row.hash is not None
                continue
            try:
                t = leaf_time(row.data)
            except LeafError:
                self.found.add(f"leaf {row.no} is not a leaf in its canonical form", row.no)
                continue
            if t < self.last_t:
                self.found.add(f"leaf {row.no}: time goes back", row.no)
            self.last_t = t

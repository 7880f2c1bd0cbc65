"""Is this log what its checkpoints say? Bytes → hash → tiles → root → each kept checkpoint → head.

Promises (docs/formats/log-export.md, "What verification says"):
- names the first leaf whose bytes do not give the stored hash; where hashes were rewritten too, the
  interval between the last checkpoint that holds and the next;
- leaves missing, beyond the end, repeated, unreadable or going back in time fail, and so does a tile, a
  checkpoint, a head or an opening that does not agree;
- reads each leaf once and keeps a few kilobytes; never raises for what a log contains.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice

from vault.audit.checkpoint import Checkpoint, Verifier, open_note
from vault.audit.errors import AuditError, LeafError, NoteError
from vault.audit.leaf import Leaf, OpeningKind, commitment, leaf_time
from vault.audit.merkle import HASH_SIZE, CompactRange, leaf_hash, range_at, subtree_root
from vault.audit.report import Findings, VerificationReport
from vault.audit.settle import Rows, Run
from vault.audit.source import LogSource, Opening
from vault.audit.tiles import FULL, HEIGHT, WIDTH, Tile, Tiles, cut, tile_nodes, tile_width
from vault.audit.typed_source import TypedSource


def verify(
    source: LogSource,
    *,
    origin: str,
    verifiers: Sequence[Verifier],
    also: Sequence[str | bytes] = (),
    partial_tiles: bool = False,
    pruned: bool = False,
) -> VerificationReport:
    """Verify a whole log. ``also``: signed notes kept elsewhere (the key store), which must hold as well.
    ``partial_tiles``: the tiles not yet full must be there too (an exported folder). ``pruned``: leaves may
    be given by their hash alone; otherwise one whose bytes are gone cannot be read."""
    walk = _Walk(source, origin, verifiers)
    return walk.whole(also, partial_tiles, pruned)


def verify_since(
    source: LogSource,
    trusted: str | bytes,
    *,
    origin: str,
    verifiers: Sequence[Verifier],
    also: Sequence[str | bytes] = (),
) -> VerificationReport:
    """Verify what came after a trusted checkpoint, from the tiles under it: what a start can afford on a
    log of any length. That checkpoint, the notes in ``also`` that are not older, and the head must hold."""
    return _Walk(source, origin, verifiers).since(trusted, also)


class _Walk:
    """One pass over one log. ``range`` is None once a leaf is missing for good: there is no tree then."""

    def __init__(self, source: LogSource, origin: str, verifiers: Sequence[Verifier]) -> None:
        self.source: LogSource = TypedSource(source)
        self.origin, self.verifiers = origin, verifiers
        self.found = Findings()
        self.range: CompactRange | None = CompactRange()
        self.tiles = Tiles()
        self.seen = 0  # leaves the walk has gone past
        self.held = 0  # size of the last checkpoint that holds
        self.checkpoints = self.failed = self.openings = 0

    def whole(self, also: Sequence[str | bytes], partial_tiles: bool, pruned: bool) -> VerificationReport:
        try:
            rows = Rows(self.source, self.source.size(), self.found, pruned)
            notes = merge(self._opened(self.source.checkpoints()), self._sorted(also), key=_size)
            self._walk(rows, 0, notes, self._openings())
            self._end(rows, partial_tiles)
        except AuditError as error:
            self.found.add(f"the log cannot be read further: {error}")
        return self._report()

    def since(self, trusted: str | bytes, also: Sequence[str | bytes]) -> VerificationReport:
        try:
            rows = Rows(self.source, self.source.size(), self.found)
            for checkpoint in self._opened([trusted]):
                self._take_up(rows, checkpoint)
                notes = (note for note in self._sorted([trusted, *also]) if note.size >= checkpoint.size)
                self._walk(rows, checkpoint.size, notes, iter(()))
                self._end(rows, partial_tiles=False)
        except AuditError as error:
            self.found.add(f"the log cannot be read further: {error}")
        return self._report()

    def _report(self) -> VerificationReport:
        root = self.range.root() if self.range else None
        return self.found.report(self.seen, root, self.checkpoints, self.openings)

    # --- leaves ------------------------------------------------------------------------------------------

    def _walk(self, rows: Rows, start: int, notes: Iterator[Checkpoint], openings: Iterator[Opening]) -> None:
        due, opening = next(notes, None), next(openings, None)
        while due and due.size == start:
            self._judge(due)
            due = next(notes, None)
        for run in rows.runs(start):
            while due and due.size <= run.end:
                self._grow(run, due.size)
                self._judge(due)
                due = next(notes, None)
            self._grow(run, run.end)
            while opening and opening.index < run.end:
                self._compare_opening(opening, run)
                opening = next(openings, None)
        while due:
            self._truncated(due)
            due = next(notes, None)
        if opening:
            self.found.add(f"an opening is for leaf {opening.index}, which is not there", opening.index)

    def _grow(self, run: Run, upto: int) -> None:
        hashes = run.hashes[self.seen - run.first : upto - run.first]
        known = [one for one in hashes if one is not None]
        self.seen = max(self.seen, upto)
        if self.range is None or len(known) < len(hashes):
            self.range = None
            return
        self.range.extend(known)
        for tile in self.tiles.extend(known):
            self._compare_tile(tile, self.source.tile(tile.level, tile.no))

    def _compare_tile(self, built: Tile, kept: bytes) -> None:
        """``built`` is what the leaves give. A difference above level 0 says where hashes were rewritten."""
        if kept == built.hashes:
            return
        name = f"tile {built.level}/{built.no}"
        if len(kept) != len(built.hashes):
            self.found.add(f"{name} is missing, or not {built.width} hashes long")
            return
        place = next(at for at in range(built.width) if _hash(kept, at) != _hash(built.hashes, at))
        step = 1 << HEIGHT * built.level
        low = (built.no * WIDTH + place) * step
        self.found.narrow(low, low + step)
        self.found.add(f"{name}: leaves {low} to {low + step - 1} do not give its hash number {place}")

    # --- checkpoints -------------------------------------------------------------------------------------

    def _opened(self, notes: Iterable[str | bytes]) -> Iterator[Checkpoint]:
        """The checkpoints whose notes are good, in order of size."""
        latest = 0
        for place, note in enumerate(notes):
            try:
                checkpoint = open_note(note, self.verifiers)
            except NoteError as error:
                self.found.add(f"kept checkpoint number {place + 1} is refused: {error}")
                continue
            if checkpoint.origin != self.origin:
                self.found.add(f"kept checkpoint number {place + 1} is of another log")
            elif checkpoint.size < latest:
                self.found.add(f"kept checkpoint number {place + 1} is out of order")
            else:
                latest = checkpoint.size
                yield checkpoint

    def _sorted(self, notes: Sequence[str | bytes]) -> Iterator[Checkpoint]:
        opened = [checkpoint for note in notes for checkpoint in self._opened([note])]
        return iter(sorted(opened, key=_size))

    def _judge(self, checkpoint: Checkpoint) -> None:
        if self.range is None:
            self.failed += 1
        elif self.range.root() == checkpoint.root:
            self.checkpoints += 1
            self.held = checkpoint.size
        else:
            self.failed += 1
            if self.failed == 1:
                self._rewritten(checkpoint)

    def _rewritten(self, checkpoint: Checkpoint) -> None:
        low, high = self.held, checkpoint.size
        self.found.narrow(low, high)
        since = f"the checkpoint at {low} holds" if low else "no earlier checkpoint holds"
        self.found.add(
            f"the checkpoint at {high} does not hold ({since}): among leaves {low} to {high - 1} something "
            "was changed together with its hash, and nothing tells which"
            if high
            else "the checkpoint at 0 does not hold"
        )

    def _truncated(self, checkpoint: Checkpoint) -> None:
        self.failed += 1
        self.found.add(
            f"a checkpoint covers {checkpoint.size} leaves and the log has {self.seen}: it was cut short",
            self.seen,
        )

    # --- openings ----------------------------------------------------------------------------------------

    def _openings(self) -> Iterator[Opening]:
        """The source's openings, each place once and in order."""
        before = (-1, "")
        for opening in self.source.openings():
            place = (opening.index, opening.kind)
            if place <= before or opening.kind not in list(OpeningKind):
                self.found.add(
                    f"an opening of leaf {opening.index} is repeated or out of order", opening.index
                )
                continue
            before = place
            yield opening

    def _compare_opening(self, opening: Opening, run: Run) -> None:
        data = run.rows[opening.index - run.first].data
        self.openings += 1
        try:
            leaf = Leaf.parse(data or b"")
            told = leaf.about if opening.kind == OpeningKind.ABOUT else leaf.actor
            same = commitment(opening.kind, leaf.n, opening.r, opening.content) == told
        except LeafError:
            same = False
        if not same:
            self.found.add(f"leaf {opening.index}: its {opening.kind} opening does not fit", opening.index)

    # --- both ends ---------------------------------------------------------------------------------------

    def _take_up(self, rows: Rows, checkpoint: Checkpoint) -> None:
        """Stand where the trusted checkpoint stands. Raises TileError when the tree is not there."""
        size = min(checkpoint.size, rows.size)

        def read(level: int, no: int) -> bytes:
            return self._tile_or_below(level, no, rows.size)

        self.range = range_at(size, tile_nodes(read))
        self.tiles = Tiles(size, read)
        self.seen = size
        last = next(self.source.leaves(size - 1), None) if size else None
        if last and last.data is not None:
            rows.last_t = leaf_time(last.data)

    def _tile_or_below(self, level: int, no: int, size: int) -> bytes:
        """The lowest tile out of its leaves; those above as kept, or while not full out of those below."""
        width = tile_width(level, no, size)
        if not level:
            rows = islice(self.source.leaves(no * WIDTH), width)
            return b"".join(leaf_hash(row.data) if row.data is not None else row.hash or b"" for row in rows)
        kept = self.source.tile(level, no)
        if len(kept) >= width * HASH_SIZE:
            return kept
        below = (self.source.tile(level - 1, no * WIDTH + at) for at in range(width))
        return b"".join(subtree_root(cut(tile)) for tile in below if len(tile) == FULL)

    def _end(self, rows: Rows, partial_tiles: bool) -> None:
        for tile in self.tiles.partial() if self.range else ():
            kept = self.source.tile(tile.level, tile.no)
            if partial_tiles or not tile.hashes.startswith(kept):
                self._compare_tile(tile, kept)
        self._compare_head(rows)
        if rows.hash_only:
            self.found.remarks.append(f"{rows.hash_only} leaves are given as hashes only")
        if self.failed:
            self.found.remarks.append(f"{self.failed} checkpoints do not hold or cannot be judged")
        if self.held < self.seen:
            self.found.remarks.append(
                f"leaves {self.held} to {self.seen - 1} are under no checkpoint that holds"
            )

    def _compare_head(self, rows: Rows) -> None:
        head = self.source.head()
        if head is None:
            return
        if head.size != self.seen or head.size != rows.size:
            self.found.add(f"the head says {head.size} leaves, {self.seen} were read")
        elif self.range is not None and head.range != self.range:
            self.found.add("the head does not hold the tree of these leaves")
        elif self.seen and head.t < rows.last_t:
            self.found.add("the head's time is before the last leaf's")


def _size(checkpoint: Checkpoint) -> int:
    return checkpoint.size


def _hash(tile: bytes, place: int) -> bytes:
    return tile[place * HASH_SIZE : (place + 1) * HASH_SIZE]

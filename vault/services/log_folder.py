"""An exported log read back from its folder (docs/formats/log-export.md).

The folder is hostile: whatever it holds, reading it gives values or raises SourceError, with little memory.
Nothing is believed here; vault.audit.verify and proving.verify_folder judge.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.canonical import CanonicalError, parse_strict
from vault.audit.checkpoint import LARGEST_NOTE, CheckSignature, Verifier, parse_vkey
from vault.audit.errors import SourceError
from vault.audit.merkle import HASH_SIZE
from vault.audit.source import Head, Opening, StoredLeaf
from vault.audit.tiles import FULL, tile_path, tile_width

LONGEST_LINE = 1 << 20
_SMALL = 1 << 20


class FolderSource:
    """A LogSource over a folder whose signed checkpoint covers ``size`` leaves."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size

    def size(self) -> int:
        return self._size

    def leaves(self, start: int = 0) -> Iterator[StoredLeaf]:
        for no, line in enumerate(self._lines("leaves.jsonl")):
            if no >= start:
                yield _leaf(no, line)

    def tile(self, level: int, no: int) -> bytes:
        width = tile_width(level, no, self._size)
        path = self.folder / "tiles" / tile_path(level, no, width)
        return read_small(path, FULL) if width and path.is_file() else b""

    def checkpoints(self) -> Iterator[bytes]:
        names = self.names("checkpoints")
        for name in sorted(names, key=_checkpoint_order):
            yield read_small(self.folder / "checkpoints" / name, LARGEST_NOTE)

    def head(self) -> Head | None:
        return None

    def openings(self) -> Iterator[Opening]:
        if (self.folder / "openings.jsonl").exists():
            for no, line in enumerate(self._lines("openings.jsonl")):
                yield _opening(no, line)

    def names(self, under: str) -> list[str]:
        """The names of the files in one folder; none when there is no such folder."""
        try:
            return [path.name for path in (self.folder / under).iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SourceError(f"{under} cannot be listed") from error

    def document(self, name: str, *keys: str) -> dict[str, Any]:
        """A small JSON file that holds exactly these keys. Raises SourceError."""
        return _object(read_small(self.folder / name, _SMALL), name, keys)

    def verifiers(self, check: CheckSignature) -> list[Verifier]:
        """The folder's own keys. Raises SourceError, or NoteError for a line that is not a key."""
        lines = read_small(self.folder / "vkey", _SMALL).decode("utf-8", "replace").split("\n")
        return [parse_vkey(line, check) for line in lines if line]

    def _lines(self, name: str) -> Iterator[bytes]:
        """Lines without their newline; a line without one, or far too long, comes out as unreadable."""
        try:
            with (self.folder / name).open("rb") as file:
                while line := file.readline(LONGEST_LINE):
                    if not line.endswith(b"\n"):
                        yield b""
                        return
                    yield line[:-1]
        except OSError as error:
            raise SourceError(f"{name} cannot be read") from error


def read_small(path: Path, most: int) -> bytes:
    """A whole file of at most ``most`` bytes. Raises SourceError."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read") from error
    if len(data) > most:
        raise SourceError(f"{path.name} is too long")
    return data


def exact_base64(value: Any, name: str, size: int | None = None) -> bytes:
    """Standard base64 in its one spelling, of ``size`` bytes when given. Raises SourceError."""
    try:
        data = b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise SourceError(f"{name}: not base64") from error
    if b64encode(data).decode() != value or size not in (None, len(data)):
        raise SourceError(f"{name}: not base64, or not of the right length")
    return data


def _object(data: bytes, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        found = parse_strict(data)
    except CanonicalError as error:
        raise SourceError(f"{name}: not JSON") from error
    if not isinstance(found, dict) or set(found) != set(keys):
        raise SourceError(f"{name}: other keys than {', '.join(keys)}")
    return found


def _leaf(no: int, line: bytes) -> StoredLeaf:
    try:
        found = parse_strict(line)
        if isinstance(found, dict) and set(found) == {"leaf"}:
            return StoredLeaf(no, exact_base64(found["leaf"], "leaf"), None)
        if isinstance(found, dict) and set(found) == {"leaf_hash"}:
            return StoredLeaf(no, None, exact_base64(found["leaf_hash"], "leaf_hash", HASH_SIZE))
    except (CanonicalError, SourceError):
        pass
    return StoredLeaf(no, None, None)


def _opening(no: int, line: bytes) -> Opening:
    name = f"openings.jsonl, line {no + 1}"
    found = _object(line, name, ("index", "kind", "r", "content"))
    if type(found["index"]) is not int or found["index"] < 0 or type(found["kind"]) is not str:
        raise SourceError(f"{name}: index or kind")
    r, content = exact_base64(found["r"], name), exact_base64(found["content"], name)
    return Opening(found["index"], found["kind"], r, content)


def _checkpoint_order(name: str) -> tuple[int, int]:
    """By size, then by order of keeping. Raises SourceError for a name that is not ours."""
    size, _, again = name.partition("-")
    if not (size.isascii() and size.isdigit() and len(size) < 20) or not (again or "1").isdecimal():
        raise SourceError("checkpoints holds a file that is not named by a size")
    return int(size), int(again or 1)

"""The root that wraps the rows of K, and its simplest keeper: a keyring file (docs/formats/keys.md).

The file is opened once, at start (barrier mode), and held in memory; it never travels in the same backup as
K. The rows' format is the same for every keeper.
"""

import base64
import binascii
import os
import stat
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from schemas.canonical import CanonicalError, canonical, parse_canonical
from schemas.framing import lp
from vault.crypto.errors import KeyringError, OpenError, UnknownRootError, UnknownSuiteError
from vault.crypto.keys import KEY_LENGTH
from vault.crypto.primitives import Random, open_gcm, seal_gcm

KEYRING_FORMAT = "carnet-keyring/1"

_VERSION = 1
_HEADER = struct.Struct(">BI")  # version, root version
_MOST_ROOTS = 1_000
_MOST_BYTES = 100 * _MOST_ROOTS


class Kms(Protocol):
    """Wraps and unwraps rows of K, each bound to its instance, kind, id and version."""

    @property
    def root_version(self) -> int:
        """The one that wraps new rows."""
        ...

    def wrap_row(self, kind: str, id_: str, version: int, secret: bytes) -> bytes: ...

    def unwrap_row(self, kind: str, id_: str, version: int, wrapped: bytes) -> bytes:
        """Raises OpenError, UnknownSuiteError, UnknownRootError."""
        ...

    def unwrap_counts(self) -> Mapping[str, int]:
        """Rows unwrapped since the start, by kind: compared with the entries of the log."""
        ...


class FileKms:
    """A keyring file in memory."""

    def __init__(self, roots: Mapping[int, bytes], *, instance: str, random: Random = os.urandom) -> None:
        """``instance``: the installation's identifier, bound into every row."""
        self._roots, self._instance, self._random = dict(roots), instance, random
        self._root_version = max(self._roots)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @staticmethod
    def create(path: Path, *, random: Random = os.urandom) -> None:
        """Makes the file, with a first root, mode 0600. Raises KeyringError when anything is there."""
        root = base64.b64encode(random(KEY_LENGTH)).decode()
        content = canonical({"format": KEYRING_FORMAT, "roots": {"1": root}}) + b"\n"
        try:
            _write_new(path, content)
        except FileExistsError:
            raise KeyringError(f"{path} exists; a keyring is never overwritten") from None
        except OSError as error:
            raise KeyringError(f"cannot write {path}: {error.strerror}") from None

    @classmethod
    def open(cls, path: Path, *, instance: str, random: Random = os.urandom) -> "FileKms":
        """Raises KeyringError when the file is missing, badly protected or malformed."""
        try:
            content = _read_private(path)
        except OSError as error:
            raise KeyringError(f"cannot read {path}: {error.strerror}") from None
        return cls(_parse(content), instance=instance, random=random)

    @property
    def root_version(self) -> int:
        return self._root_version

    def wrap_row(self, kind: str, id_: str, version: int, secret: bytes) -> bytes:
        place = self._place(kind, id_, version)
        header = _HEADER.pack(_VERSION, self._root_version)
        return header + seal_gcm(self._roots[self._root_version], secret, place=place, random=self._random)

    def unwrap_row(self, kind: str, id_: str, version: int, wrapped: bytes) -> bytes:
        if len(wrapped) < _HEADER.size:
            raise OpenError
        format_version, root_version = _HEADER.unpack_from(wrapped)
        if format_version != _VERSION:
            raise UnknownSuiteError
        if root_version not in self._roots:
            raise UnknownRootError(root_version)
        place = self._place(kind, id_, version)
        secret = open_gcm(self._roots[root_version], wrapped[_HEADER.size :], place=place)
        with self._lock:
            self._counts[kind] += 1
        return secret

    def unwrap_counts(self) -> Mapping[str, int]:
        with self._lock:
            return dict(self._counts)

    def _place(self, kind: str, id_: str, version: int) -> bytes:
        return lp("carnet/row/1", self._instance, kind, id_, version)

    def __repr__(self) -> str:
        return f"<FileKms root version {self._root_version}>"


def _write_new(path: Path, content: bytes) -> None:
    """Raises OSError. Leaves nothing behind when it cannot write all of it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_private(path: Path) -> bytes:
    """Raises OSError, KeyringError. Checks the file that is open, not the path's next tenant."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise KeyringError(f"{path} is not a regular file")
        if found.st_uid not in (0, os.geteuid()):
            raise KeyringError(f"{path} belongs to another account")
        if found.st_mode & 0o077:
            raise KeyringError(f"{path} is open to group or others; its mode must be 0600")
        return file.read(_MOST_BYTES + 1)


def _parse(content: bytes) -> dict[int, bytes]:
    try:
        if len(content) > _MOST_BYTES:
            raise KeyringError("the keyring is too long")
        document = parse_canonical(content.removesuffix(b"\n"))
        if document.keys() != {"format", "roots"} or document["format"] != KEYRING_FORMAT:
            raise KeyringError("the keyring is not of format 1")
        roots = {
            _root_version(key): base64.b64decode(root, validate=True)
            for key, root in document["roots"].items()
        }
    except (CanonicalError, AttributeError, TypeError, ValueError, binascii.Error):
        raise KeyringError("the keyring is malformed") from None
    if not roots or any(len(root) != KEY_LENGTH for root in roots.values()):
        raise KeyringError("the keyring is malformed")
    return roots


def _root_version(text: str) -> int:
    version = int(text) if text.isascii() and text.isdigit() else 0
    if str(version) != text or not 1 <= version < 2**32:
        raise ValueError("not a root version")
    return version

"""Checkpoints and the signed notes that carry them (C2SP; docs/formats/checkpoint.md).

This module knows the texts and the rules; signing and verifying Ed25519 come in as functions. Reading
hostile text raises NoteError and nothing else.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vault.audit.errors import NoteError
from vault.audit.merkle import HASH_SIZE

ED25519 = 1
KEY_ID_SIZE = 4
PUBLIC_SIZE = 32
LARGEST_NOTE = 1 << 20
MOST_SIGNATURES = 100

Sign = Callable[[bytes], bytes]  # message -> signature
CheckSignature = Callable[[bytes, bytes, bytes], bool]  # (public key, message, signature); never raises

_DASH = "— "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """This log had this many leaves and this root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs notes. ``sign`` stays out of its repr."""

    name: str
    public: bytes
    sign: Sign = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key whose signatures count."""

    name: str
    public: bytes
    check: CheckSignature = field(repr=False, compare=False)

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.public)

    @property
    def vkey(self) -> str:
        return format_vkey(self.name, self.public)


def key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:KEY_ID_SIZE]


def format_vkey(name: str, public: bytes) -> str:
    """``name+hash+base64``: the line by which outsiders know the key."""
    encoded = b64encode(bytes([ED25519]) + public).decode()
    return f"{_good_name(name)}+{key_id(name, public).hex()}+{encoded}"


def parse_vkey(line: str, check: CheckSignature) -> Verifier:
    """The key of a verifier key line. Raises NoteError; the id must be the key's own."""
    name, _, rest = line.partition("+")
    identity, _, encoded = rest.partition("+")
    key = _exact_base64(encoded)
    if len(key) != 1 + PUBLIC_SIZE or key[0] != ED25519:
        raise NoteError("not an Ed25519 verifier key")
    verifier = Verifier(_good_name(name), key[1:], check)
    if identity != verifier.key_id.hex():
        raise NoteError("the verifier key's id does not match")
    return verifier


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> str:
    """The signed note. Several signers while one log key takes over from another. Raises NoteError for
    what nobody could read back."""
    if not signers or parse_checkpoint(checkpoint.text) != checkpoint:
        raise NoteError("not a checkpoint that can be read back, or nobody to sign it")
    signed = checkpoint.text.encode()
    lines = [
        f"{_DASH}{_good_name(by.name)} {b64encode(key_id(by.name, by.public) + by.sign(signed)).decode()}\n"
        for by in signers
    ]
    return checkpoint.text + "\n" + "".join(lines)


def open_note(note: str | bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint of a note that at least one of the verifiers has signed, and none of them badly."""
    text, signatures = _read_note(note)
    signed, good = text.encode(), False
    for name, signature in signatures:
        for verifier in verifiers:
            if name == verifier.name and signature[:KEY_ID_SIZE] == verifier.key_id:
                if not verifier.check(verifier.public, signed, signature[KEY_ID_SIZE:]):
                    raise NoteError("a signature by a known key does not verify")
                good = True
    if not good:
        raise NoteError("no known key has signed this note")
    return parse_checkpoint(text)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint a text spells, signatures apart. Raises NoteError."""
    *lines, end = text.split("\n")
    if end or len(lines) < 3 or not all(lines):
        raise NoteError("a checkpoint has three lines or more, none empty")
    origin, size, encoded, *extensions = lines
    root = _exact_base64(encoded)
    if not _SIZE.fullmatch(size) or int(size) >= 2**63 or len(root) != HASH_SIZE:
        raise NoteError("not the size or the root of a checkpoint")
    if _CONTROL.search(text):
        raise NoteError("control characters in a checkpoint")
    return Checkpoint(_good_name(origin), int(size), root, tuple(extensions))


def _read_note(note: str | bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The signed text with its last newline, and (name, key id ‖ signature) of each signature line."""
    if len(note) > LARGEST_NOTE:
        raise NoteError("the note is too long")
    try:
        whole = note.decode() if isinstance(note, bytes) else note.encode().decode()
    except UnicodeError as error:
        raise NoteError("the note is not UTF-8") from error
    text, blank, tail = whole.rpartition("\n\n")
    lines = tail.split("\n")
    if _CONTROL.search(whole) or not blank or lines.pop():
        raise NoteError("not the shape of a signed note")
    if not 1 <= len(lines) <= MOST_SIGNATURES:
        raise NoteError("no signature, or too many")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _exact_base64(encoded)
    if not line.startswith(_DASH) or not space or len(signature) <= KEY_ID_SIZE:
        raise NoteError("not a signature line")
    return _good_name(name), signature


def _good_name(name: str) -> str:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError("not the name of a key or a log")
    return name


def _exact_base64(text: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (Base64Error, UnicodeError) as error:
        raise NoteError("not base64") from error
    if b64encode(data).decode() != text:
        raise NoteError("not the one base64 spelling")
    return data

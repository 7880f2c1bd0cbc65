"""Ed25519 (RFC 8032) signatures of the log's checkpoints. The text signed, and the names and hashes of keys
in a signed note, belong to the log: it is handed ``sign`` and ``verify_ed25519``."""

import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vault.crypto.errors import KeyFormatError
from vault.crypto.primitives import Random

SEED_LENGTH = 32


class NoteSigner:
    """A signing key and the name it signs under."""

    __slots__ = ("_key", "name", "public")

    def __init__(self, name: str, seed: bytes) -> None:
        """Raises KeyFormatError unless ``seed`` is 32 bytes."""
        if len(seed) != SEED_LENGTH:
            raise KeyFormatError("a signing seed is 32 bytes")
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<NoteSigner {self.name}>"


def new_signing_seed(random: Random = os.urandom) -> bytes:
    """32 random bytes for ``NoteSigner``, to be kept as a wrapped row of the key store."""
    return random(SEED_LENGTH)


def verify_ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """False for a wrong signature as for malformed keys and signatures."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True

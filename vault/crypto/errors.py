"""What can go wrong in this room. A message never holds a key, a token, a content or bytes being opened."""

from vault.errors import BrokenError


class CryptoError(BrokenError):
    """Root of this room's errors."""


class OpenError(CryptoError):
    """Sealed bytes did not open: altered, moved, of another key, or malformed. Never says which."""

    def __init__(self, message: str = "the sealed bytes do not open here") -> None:
        super().__init__(message)


class UnknownSuiteError(OpenError):
    """The first bytes name a format version, a kind or a suite this program does not know."""

    def __init__(self) -> None:
        super().__init__("unknown format version or suite")


class UnknownRootError(OpenError):
    """A row of K names a root version that the keyring does not hold (any more)."""

    def __init__(self, root_version: int) -> None:
        super().__init__(f"root version {root_version} is not in the keyring")
        self.root_version = root_version


class PuncturedError(CryptoError):
    """The slot was forgotten: nothing that lives derives its salt."""

    def __init__(self, slot: int) -> None:
        super().__init__(f"slot {slot} is forgotten")
        self.slot = slot


class KeyFormatError(CryptoError):
    """A seed or a public key is not one of the suite it is used for."""


class KeyringError(CryptoError):
    """The keyring file is missing, already there, badly protected or malformed."""

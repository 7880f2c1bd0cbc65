"""The signed proofs a person was given."""

from vault.storage.doors import Changes, Looks


class ReceiptChanges(Changes):
    """Inside one locked transaction."""


class ReceiptLooks(Looks):
    """Beside it."""

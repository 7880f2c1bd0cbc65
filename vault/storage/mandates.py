"""Who acts for a person."""

from vault.storage.doors import Changes, Looks


class MandateChanges(Changes):
    """Inside one locked transaction."""


class MandateLooks(Looks):
    """Beside it."""

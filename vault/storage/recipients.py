"""Who had read something is told what became of it; and what was forgotten does not come back by itself."""

from vault.storage.doors import Changes, Looks


class RecipientChanges(Changes):
    """Inside one locked transaction."""


class RecipientLooks(Looks):
    """Beside it."""

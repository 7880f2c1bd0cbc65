"""When a person or whoever follows her was last here."""

from vault.storage.doors import Changes, Looks


class ContactChanges(Changes):
    """Inside one locked transaction."""


class ContactLooks(Looks):
    """Beside it."""

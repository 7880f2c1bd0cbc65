"""Who follows a person, with dates; one at a time."""

from vault.storage.doors import Changes, Looks


class ReferentChanges(Changes):
    """Inside one locked transaction."""


class ReferentLooks(Looks):
    """Beside it."""

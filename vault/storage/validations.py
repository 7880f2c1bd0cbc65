"""What the référent validated."""

from vault.storage.doors import Changes, Looks


class ValidationChanges(Changes):
    """Inside one locked transaction."""


class ValidationLooks(Looks):
    """Beside it."""

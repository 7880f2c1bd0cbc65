"""What somebody asked a person to share, and when nobody may ask."""

from vault.storage.doors import Changes, Looks


class RequestChanges(Changes):
    """Inside one locked transaction."""


class RequestLooks(Looks):
    """Beside it."""

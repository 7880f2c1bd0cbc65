"""What the room of the carnet refuses to take for what it is not."""

from vault.errors import BrokenError


class EntryBrokenError(BrokenError):
    """A record opened to bytes that are not the body it should hold."""

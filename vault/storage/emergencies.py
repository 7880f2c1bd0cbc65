"""Accesses that two professionals open together."""

from vault.storage.doors import Changes, Looks


class EmergencyChanges(Changes):
    """Inside one locked transaction."""


class EmergencyLooks(Looks):
    """Beside it."""

"""The rights a person exercises, step by step."""

from vault.storage.doors import Changes, Looks


class DemandChanges(Changes):
    """Inside one locked transaction."""


class DemandLooks(Looks):
    """Beside it."""

"""What others propose to write in a carnet."""

from vault.storage.doors import Changes, Looks


class ProposalChanges(Changes):
    """Inside one locked transaction."""


class ProposalLooks(Looks):
    """Beside it."""

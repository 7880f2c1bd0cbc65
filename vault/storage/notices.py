"""What a person wants to be told of."""

from vault.storage.doors import Changes, Looks


class NoticeChanges(Changes):
    """Inside one locked transaction."""


class NoticeLooks(Looks):
    """Beside it."""

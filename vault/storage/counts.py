"""Counts that name nobody."""

from vault.storage.doors import Looks


class CountLooks(Looks):
    """Each method is a transaction of its own: no decision depends on them."""

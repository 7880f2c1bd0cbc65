"""The catalogues and frames that grants were given under."""

from vault.storage.doors import Changes, Looks


class RuleChanges(Changes):
    """Inside one locked transaction."""


class RuleLooks(Looks):
    """Beside it."""

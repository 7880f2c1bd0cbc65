"""What can go wrong, by whose fault it is.

A refusal is a value, returned like any other answer; only a breakage is an exception. Each room has one
root error of its own that derives from one of the families below, so that the edges translate four
families and not forty names:

- ``CallerError``: what was sent is wrong; the same call will always fail.
- ``ConfigError``: whoever deploys must change a setting or run a command first.
- ``UnavailableError``: a part the program leans on does not answer; the same call may work later.
- ``BrokenError``: stored bytes are not what they must be; nobody's retry helps, an operator must look.

Errors carry facts (ids, indexes, names of parts), never contents, keys, tokens or people's names. They
know no HTTP status and no French sentence: the web and the command line choose those.
"""


class CarnetError(Exception):
    """Root of every error this program raises on purpose."""


class CallerError(CarnetError):
    """The caller sent something this program can never accept."""


class RefusedError(CarnetError):
    """Whoever calls may not do this here: not signed in, of the wrong kind, or without proof of intent."""


class ConfigError(CarnetError):
    """A setting is unknown, malformed or missing, or the stores are not ready.

    ``setting`` names the environment variable when there is one; ``hint`` says what to try. Values are
    never kept: a malformed secret must not reach a terminal.
    """

    def __init__(self, message: str, *, setting: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"{setting}: {message}" if setting else message)
        self.setting = setting
        self.hint = hint


class UnavailableError(CarnetError):
    """A part (``log``, ``data``, ``keys``, ``provider``, ``pdf``) does not answer now."""

    def __init__(self, part: str, reason: str = "unavailable") -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


class LogUnavailableError(UnavailableError):
    """No entry can be made durable, therefore nothing may be opened."""

    def __init__(self, reason: str = "unavailable") -> None:
        super().__init__("log", reason)


class StoreUnavailableError(UnavailableError):
    """Rows of a store (``data`` or ``keys``) cannot be read or written now."""


class BrokenError(CarnetError):
    """Something stored fails its integrity check: altered, truncated, or from another place."""

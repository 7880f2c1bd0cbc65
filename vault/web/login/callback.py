"""The provider's answer in the browser's address bar, read before anything in it is believed.

A parameter given twice, an over-long value or a control character is refused as a whole (RFC 6749, section
3.1: a parameter must not be included more than once). Unknown parameters are bounded, then ignored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vault.web.login.refusals import Refusal, SignInRefused

_MAX_PARAMETERS = 20
_MAX_LENGTH = 2048
_MAX_LENGTHS = {"state": 128, "iss": 512, "error": 64, "code": 1024}


@dataclass(frozen=True)
class Callback:
    """What came back. ``state`` finds the pending sign-in; nothing here is proven yet."""

    state: str | None = field(repr=False)
    iss: str | None = None
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    error_description: str = field(default="", repr=False)


def read_callback(params: Iterable[tuple[str, str]]) -> Callback:
    """Read the query of the callback, all its pairs in order. Raises SignInRefused(MALFORMED)."""
    seen: dict[str, str] = {}
    for name, value in params:
        if name in seen:
            raise SignInRefused(Refusal.MALFORMED, "repeated parameter")
        if len(name) > 64 or len(value) > _MAX_LENGTHS.get(name, _MAX_LENGTH):
            raise SignInRefused(Refusal.MALFORMED, "too long")
        if not (name.isprintable() and value.isprintable()):
            raise SignInRefused(Refusal.MALFORMED, "control character")
        seen[name] = value
        if len(seen) > _MAX_PARAMETERS:
            raise SignInRefused(Refusal.MALFORMED, "too many parameters")
    return Callback(
        state=seen.get("state") or None,
        iss=seen.get("iss"),
        code=seen.get("code") or None,
        error=seen.get("error"),
        error_description=seen.get("error_description", ""),
    )

"""Canonical JSON (RFC 8785): one value, one byte string.

Everything that is hashed, signed or bound to a key goes through here. ``canonical`` accepts what JSON can
say and nothing else; ``parse_canonical`` refuses bytes that are not already canonical, so that no two
different byte strings can ever stand for the same signed value.
"""

import json
from collections.abc import Mapping
from typing import Any

import rfc8785

_PLAIN = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


class CanonicalError(ValueError):
    """The value cannot be written, or the bytes are not, canonical JSON."""


def canonical(value: Any) -> bytes:
    """UTF-8 bytes of ``value`` under RFC 8785. Raises CanonicalError for what JSON cannot say
    (NaN, lone surrogates, integers beyond 2**53)."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise CanonicalError("not representable as canonical JSON") from error


def canonical_flat(value: Mapping[str, str | int | list[str] | None]) -> bytes:
    """The same bytes, faster, for a flat object with ASCII keys whose values are strings, integers below
    2**53, null or lists of strings: the log's leaves and openings. The caller promises the shape;
    tests compare it with ``canonical``."""
    try:
        return _PLAIN(value).encode("utf-8")
    except (ValueError, TypeError) as error:
        raise CanonicalError("not representable as canonical JSON") from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise CanonicalError("an object names the same key twice")
    return seen


def parse_strict(data: bytes | str) -> Any:
    """Parse JSON; refuses duplicate keys, NaN and Infinity, lone surrogates and bad UTF-8."""

    def refuse(constant: str) -> Any:
        raise CanonicalError(f"{constant} is not JSON")

    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise CanonicalError("not valid JSON") from error
    return value


def parse_canonical(data: bytes) -> Any:
    """Parse bytes that must already be canonical; anything else raises CanonicalError."""
    value = parse_strict(data)
    if canonical(value) != data:
        raise CanonicalError("not in canonical form")
    return value

"""Ids and pages as they come in addresses and queries: of the right shape, or one that nothing ever has.

A malformed id goes the same way as an unknown one: same statements, same entry, same answer.
"""

import re
from collections.abc import Sequence
from typing import TypeVar

from vault.web.api.answers import PAGE
from vault.web.problems import FaultsError, Told

T = TypeVar("T")

_ID = re.compile(r"[a-z2-7]{26}")
NOBODY = "b" * 26  # its two spare bits are set, so no 128 random bits are ever written this way
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
_UNKNOWN_AFTER = "Ce point de départ n’est pas connu."


def well_formed(id_: str) -> str:
    """The id, or ``NOBODY`` when it cannot be one."""
    return id_ if _ID.fullmatch(id_) else NOBODY


def after_id(parameters: dict[str, str]) -> str | None:
    """``after`` as an id. Raises FaultsError."""
    after = parameters.get("after")
    if after is not None and not _ID.fullmatch(after):
        raise FaultsError([Told("/after", _UNKNOWN_AFTER)])
    return after


def after_index(parameters: dict[str, str]) -> int | None:
    """``after`` as an index of the log, in decimal. Raises FaultsError."""
    after = parameters.get("after")
    if after is None:
        return None
    if not _INDEX.fullmatch(after):
        raise FaultsError([Told("/after", _UNKNOWN_AFTER)])
    return int(after)


def slice_after(items: Sequence[T], ids: Sequence[str], after: str | None) -> tuple[Sequence[T], str | None]:
    """One page of a short list held whole, and the id the next one starts after. Raises FaultsError."""
    start = 0
    if after is not None:
        if after not in ids:
            raise FaultsError([Told("/after", _UNKNOWN_AFTER)])
        start = ids.index(after) + 1
    page = items[start : start + PAGE]
    last = start + len(page)
    return page, ids[last - 1] if last < len(items) else None

"""A process that dies in the middle: before the n-th of the changes it makes to the stores."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

Change = tuple[object, str]  # a store, or the class of its transactions, and the name of what changes it


class KilledError(BaseException):
    """As if the process had died here."""


@contextmanager
def killed_before(
    number: int, changes: Sequence[Change], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """The process dies instead of its ``number``-th change (from 0). Gives the names of the changes begun,
    and ``killed`` last when it died."""
    seen: list[str] = []

    def deadly(owner: object, name: str) -> None:
        honest: Callable[..., Any] = getattr(owner, name)

        def method(*args: Any, **told: Any) -> Any:
            seen.append(name)
            if len(seen) > number:
                raise KilledError(name)
            return honest(*args, **told)

        patch.setattr(owner, name, method)

    with monkeypatch.context() as patch:
        for owner, name in changes:
            deadly(owner, name)
        try:
            yield seen
        except KilledError:
            seen.append("killed")

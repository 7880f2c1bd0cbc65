"""Refusals told to the operator: one line each in the process log, and a bounded number of lines.

Told: a caller at a door that is not hers, a call without the proof that it comes from our page, one call too
many. Not told: a session that ended (everyday life) and what the log of accesses says better (a reader
without a share). A line holds the kind and the number of the request, nothing that was sent.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from vault.web.limits import Rule, Windows

log = logging.getLogger("carnet.security")

KINDS = frozenset({"csrf", "wrong-caller", "too-many-requests"})
LINES = Rule(60, 60)  # of one kind: whoever hammers at a door does not fill the disk


class Refusals:
    """Of one application. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._told = Windows(LINES, clock)

    def tell(self, kind: str, scope: Mapping[str, Any]) -> None:
        """One line if this kind of problem is a refusal worth one and few were told lately."""
        if kind not in KINDS:
            return
        count = self._told.count(kind)
        if count <= LINES.most:
            log.warning("refused: reason=%s request=%s", kind, scope.get("carnet.request_id", "-"))
        elif count == LINES.most + 1:
            log.warning("refused: reason=%s, more than %d a minute: the rest is not told", kind, LINES.most)

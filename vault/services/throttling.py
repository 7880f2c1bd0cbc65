"""Somebody asks too often for what is not shared: the log says so once, instead of once for each refusal.

The counting is the door's; here only its trace. The entry is about nobody: whose carnets were tried is in
the ``denied`` entries that came before.
"""

from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.services.journal import Actor
from vault.services.noting import about_nobody
from vault.services.parts import Parts
from vault.services.ports import ReadTicket


def note_throttled(parts: Parts, actor: Actor) -> None:
    """Append one ``throttled`` entry by this actor. Raises LogUnavailableError."""
    about = AboutContent(structure_id=actor.structure_id, role=actor.role)
    entry = about_nobody(parts, Op.THROTTLED, about, actor=actor, out=Outcome.DENIED)
    parts.data.append_reads([ReadTicket(entry, None, lambda: entry)])

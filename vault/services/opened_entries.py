"""An entry of the log, opened with the keys of whoever may look: checked against its leaf, never believed.

What does not open, or does not give the commitment of the leaf, is ``None`` and shown as such: an entry that
somebody spoiled must stay visible as an entry, not vanish from a list.
"""

from vault.audit.errors import AuditError
from vault.audit.events import AboutContent, ActorContent
from vault.audit.leaf import Leaf, commitment
from vault.crypto import (
    AgentSecret,
    CryptoError,
    JournalSecret,
    MonthSecret,
    OpeningKey,
    about_key,
    actor_key,
    equal,
    open_opening,
)


def about_of(sealed: bytes | None, leaf: Leaf, journal: JournalSecret) -> AboutContent | None:
    """What was done, to which carnet. None: expired, spoiled, or another carnet's."""
    content = _content(sealed, about_key(journal, leaf.n), "about", leaf, leaf.about)
    try:
        return AboutContent.from_bytes(content) if content is not None else None
    except AuditError:
        return None


def actor_of(
    sealed: bytes | None, leaf: Leaf, month: MonthSecret | None, agent: AgentSecret
) -> ActorContent | None:
    """Who did it. None: the month is over, or the agent's secret gone."""
    if month is None:
        return None
    content = _content(sealed, actor_key(month, agent, leaf.n), "actor", leaf, leaf.actor)
    try:
        return ActorContent.from_bytes(content) if content is not None else None
    except AuditError:
        return None


def _content(sealed: bytes | None, key: OpeningKey, kind: str, leaf: Leaf, committed: bytes) -> bytes | None:
    if sealed is None:
        return None
    try:
        r, content = open_opening(sealed, key=key, kind=kind, n=leaf.n)
    except CryptoError:
        return None
    return content if equal(commitment(kind, leaf.n, r, content), committed) else None

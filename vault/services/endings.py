"""Why somebody else ended a share of hers, as its entry says it: sealed for her, opened with J_p."""

from collections.abc import Mapping

from schemas.ids import CarnetId, GrantId
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.crypto import carnet_index_tag
from vault.services.opened_entries import about_of
from vault.services.parts import Parts
from vault.services.suspending import Why, why_told

MOST = 100


def whys_of_endings(parts: Parts, carnet_id: CarnetId) -> Mapping[GrantId, tuple[Why, str]]:
    """The reason and the words, by share, of the latest that were revoked or annulled. For a page that
    already appended its entry."""
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journal(carnet_id)
    if journal is None:
        return {}
    rows = parts.data.log_by_carnet(
        carnet_index_tag(journal), ops=(Op.REVOKE, Op.INVALIDATE), before=None, limit=MOST
    )
    found: dict[GrantId, tuple[Why, str]] = {}
    for row in rows:
        about = about_of(row.about_sealed, Leaf.parse(row.leaf), journal)
        why, said = why_told(about.reason if about else None)
        if about is not None and about.grant_id is not None and why is not None:
            found[about.grant_id] = (why, said)
    return found

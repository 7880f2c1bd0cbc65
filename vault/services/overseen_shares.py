"""The shares of one carnet, as the data protection officer may see them: with whom, for what, which fields,
in which state. No key of content is loaded, so no value can appear. Each look is an entry about that
carnet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from consent.grants import Grant
from schemas.ids import CarnetId, GrantId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.services.endings import whys_of_endings
from vault.services.journal import Actor, agents_of, draft
from vault.services.parts import Parts
from vault.services.pausing import Pause, pause_of
from vault.services.ports import ReadTicket, Recheck
from vault.services.suspending import Hold, Why, holds_of


@dataclass(frozen=True, slots=True)
class OverseenShares:
    """Newest first. ``holds``: why each one that stands still does; ``endings``: why others were ended."""

    grants: Sequence[Grant]
    holds: Mapping[GrantId, Hold]
    endings: Mapping[GrantId, tuple[Why, str]]
    pause: Pause | None
    spoiled: Sequence[GrantId] = ()  # whose terms do not match any more: nobody reads by them


def oversee_shares(parts: Parts, carnet_id: CarnetId, *, actor: Actor) -> OverseenShares:
    """Appends one entry first. Raises PermissionError when the officer left."""
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    granted = draft(
        Op.LOG_READ,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=carnet_id,
        about=AboutContent(carnet_id=carnet_id, structure_id=actor.structure_id, role=actor.role),
        random=parts.random,
    )
    denied = replace(granted, out=Outcome.DENIED)
    recheck = Recheck(None, None, professional_id=actor.professional_id)
    (receipt,) = parts.data.append_reads([ReadTicket(granted, recheck, lambda: denied)])
    if receipt.out is not Outcome.GRANTED:
        raise PermissionError("this habilitation ended")
    grants = [row.grant for row in parts.data.grants_of(carnet_id)]
    grants.sort(key=lambda one: one.terms.starts_at, reverse=True)
    return OverseenShares(
        grants,
        holds_of(parts, [one.id for one in grants]),
        whys_of_endings(parts, carnet_id),
        pause_of(parts, carnet_id, parts.now()),
        parts.data.spoiled_grants(carnet_id),
    )

"""Who follows a person: her référent, one at a time, and how that changes.

- An assignment is believed only while its row is active and the root vouches for it (``bindings``): whoever
  writes in D makes nobody a référent, and brings no former one back.
- Making goes K (what vouches), then D with its entry. Ending goes entry (D), then K (what vouches), then D:
  state ``ending`` says what is left to do, and the finishing pass does it.
- What a person shares with « mon référent » is read only by whoever is it at that instant, and only if it was
  given while he was: a change never hands anything over (``handing_over`` does, when she says so).
"""

from collections.abc import Collection
from datetime import datetime

from consent.decisions import READING_ROLES
from consent.grants import Grant, Grantee
from schemas.ids import CarnetId, GrantId, ProfessionalId
from vault.services.bindings import holds, in_force, instant
from vault.services.parts import Parts
from vault.services.ports import HabilitationRow, ReadFacts, StandingReferent
from vault.services.sharing_rows import ReferentRow

REFERENT = "referent"  # the function, as the terms of a grant name it; and the kind of its binding
PROPOSED, ACTIVE, ENDING, ENDED = "proposed", "active", "ending", "ended"


def current_referent(parts: Parts, carnet_id: CarnetId) -> ReferentRow | None:
    """Who follows this person now: active, vouched for, and still working where he was when designated."""
    for row in parts.data.referents_of(carnet_id):
        if row.state == ACTIVE and row.starts_at <= parts.now() and believed(parts, row):
            return row if working(parts, row) is not None else None
    return None


def holds_function(parts: Parts, carnet_id: CarnetId, grantee: Grantee, function: str) -> bool:
    """Whether ``grantee`` is to this carnet, now, what ``function`` says."""
    row = current_referent(parts, carnet_id) if function == REFERENT else None
    return row is not None and grantee == Grantee.professional(row.professional_id)


def open_to(
    parts: Parts, carnet_id: CarnetId, facts: ReadFacts, grantees: Collection[Grantee]
) -> tuple[frozenset[str], list[Grant]]:
    """What the caller is to this carnet, and which of the grants found may open for him: one given to the
    référent opens for who was it then, and has been ever since."""
    grants = [row.grant for row in facts.grants]
    if all(grant.terms.function is None for grant in grants):
        return frozenset(), grants
    since = _since(parts, carnet_id, facts.referent, grantees)
    if since is None:
        return frozenset(), [grant for grant in grants if grant.terms.function is None]
    kept = [grant for grant in grants if grant.terms.function is None or grant.terms.starts_at >= since]
    return frozenset({REFERENT}), kept


def assignment_needed(facts: ReadFacts, grant_id: GrantId) -> str | None:
    """The assignment that must still stand when a read is decided again; None for a grant to somebody by
    name. What no assignment is needs one that nobody has."""
    if any(row.grant.id == grant_id and row.grant.terms.function is None for row in facts.grants):
        return None
    return facts.referent.assignment_id if facts.referent else ""


def _since(
    parts: Parts,
    carnet_id: CarnetId,
    standing: StandingReferent | None,
    grantees: Collection[Grantee],
) -> datetime | None:
    """Since when one of these is her référent, if one is: the rows say so and the root vouches for it."""
    if standing is None or Grantee.professional(standing.professional_id) not in grantees:
        return None
    facts = assignment_facts(ACTIVE, standing.professional_id, standing.starts_at)
    vouched = holds(parts, REFERENT, binding_id(carnet_id, standing.assignment_id), facts)
    return standing.starts_at if vouched else None


def believed(parts: Parts, row: ReferentRow) -> bool:
    """Whether the root vouches for what the row says, whatever its end."""
    facts = assignment_facts(row.state, row.professional_id, row.starts_at)
    return holds(parts, REFERENT, binding_id(row.carnet_id, row.assignment_id), facts)


def working(parts: Parts, row: ReferentRow) -> HabilitationRow | None:
    """The habilitation in force of whom an assignment names, where it names it."""
    found = parts.data.habilitation(row.professional_id)
    if found is None or not in_force(parts, found) or found.role not in READING_ROLES:
        return None
    return found if found.structure_id == row.structure_id else None


def assignment_facts(state: str, professional_id: ProfessionalId, starts_at: datetime) -> tuple[str, ...]:
    """As what, who, and since when: one that is proposed is never taken for one that stands."""
    return state, professional_id, instant(starts_at)


def binding_id(carnet_id: CarnetId, assignment_id: str) -> str:
    return f"{carnet_id}:{assignment_id}"

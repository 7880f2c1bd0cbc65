"""Who follows a person: her référent, one at a time, and how that changes.

- An assignment is believed only while its row is active and the root vouches for it (``bindings``): whoever
  writes in D makes nobody a référent, and brings no former one back.
- Making goes K (what vouches), then D with its entry. Ending goes entry (D), then K (what vouches), then D:
  the states on the way say what is left to do, and the finishing pass does it.
- What a person shares with « mon référent » is read only by whoever is it at that instant, and only if it was
  given while he was: a change never hands anything over (``handing_over`` does, when she says so).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from consent.decisions import READING_ROLES
from consent.grants import Grant, Grantee, Terms
from schemas.ids import CarnetId, GrantId, ProfessionalId, StructureId, new_id
from vault.crypto import equal
from vault.services.bindings import (
    HABILITATION,
    binding_name,
    digest_of,
    habilitation_facts,
    holds,
    in_force,
    instant,
)
from vault.services.parts import Parts
from vault.services.ports import HabilitationRow, ReadFacts, SecretName, StandingReferent
from vault.services.sharing_rows import ReferentRow

REFERENT = "referent"  # the function, as the terms of a grant name it; and the kind of its binding
PROPOSED, ACTIVE, ENDED = "proposed", "active", "ended"
ENDING, DROPPING = "ending", "dropping"  # what vouched is still to be deleted; then ended, or no row at all
DECLINING, DECLINED = "declining", "declined"  # the same of what she did not want, kept for a while


def current_referent(parts: Parts, carnet_id: CarnetId) -> ReferentRow | None:
    """Who follows this person now: active, vouched for, and still working where he was when designated."""
    return current_referents(parts, [carnet_id]).get(carnet_id)


def current_referents(parts: Parts, carnet_ids: Collection[CarnetId]) -> Mapping[CarnetId, ReferentRow]:
    """The same for several carnets, by one look at each kind of row; those without one are
    absent. The statements are the same whatever is asked about."""
    rows = list(parts.data.referents_standing(carnet_ids)) if carnet_ids else []
    followed = {row.carnet_id for row in rows}
    nobody = ProfessionalId(new_id())  # as much to look up for a carnet that nobody follows, or that is none
    asked = [*rows, *(_followed_by(nobody, one) for one in dict.fromkeys(carnet_ids) if one not in followed)]
    workers = {row.professional_id for row in asked}
    vouched = parts.rows.load(
        [binding_name(REFERENT, binding_id(row)) for row in asked]
        + [binding_name(HABILITATION, one) for one in workers]
    )
    working = {one: _working(parts, one, vouched) for one in workers}
    now, found = parts.now(), dict[CarnetId, ReferentRow]()
    for row in asked:
        where = working[row.professional_id]
        here = where is not None and where.structure_id == row.structure_id
        if (
            here
            and row.starts_at <= now
            and _vouched(vouched, REFERENT, binding_id(row), assignment_facts(row))
        ):
            found[row.carnet_id] = row
    return found


def _followed_by(professional_id: ProfessionalId, carnet_id: CarnetId) -> ReferentRow:
    return ReferentRow(
        carnet_id, new_id(), professional_id, StructureId(""), ENDED, datetime.max.replace(tzinfo=UTC)
    )


def _working(
    parts: Parts, professional_id: ProfessionalId, vouched: Mapping[SecretName, bytes]
) -> HabilitationRow | None:
    row = parts.data.habilitation(professional_id)
    if row is None or row.role not in READING_ROLES or not row.live(parts.now()):
        return None
    return row if _vouched(vouched, HABILITATION, professional_id, habilitation_facts(row)) else None


def _vouched(vouched: Mapping[SecretName, bytes], kind: str, id_: str, facts: Sequence[str]) -> bool:
    kept = vouched.get(binding_name(kind, id_))
    return kept is not None and equal(kept, digest_of(kind, id_, facts))


def holds_function(parts: Parts, terms: Terms) -> bool:
    """Whether whom these terms name is now, and was when they begin, what they say he is to this person."""
    row = current_referent(parts, terms.carnet_id) if terms.function == REFERENT else None
    return row is not None and for_this_one(terms, row)


def for_this_one(terms: Terms, row: ReferentRow | None) -> bool:
    """Whether these terms, made for the référent, were made for this one since he is it."""
    if row is None or terms.starts_at < row.starts_at:
        return False
    return terms.grantee == Grantee.professional(row.professional_id)


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
    row = ReferentRow(
        carnet_id,
        standing.assignment_id,
        standing.professional_id,
        standing.structure_id,
        ACTIVE,
        standing.starts_at,
    )
    return row.starts_at if believed(parts, row) else None


def believed(parts: Parts, row: ReferentRow) -> bool:
    """Whether the root vouches for what the row says, whatever its end."""
    return holds(parts, REFERENT, binding_id(row), assignment_facts(row))


def reading_habilitation(parts: Parts, professional_id: ProfessionalId) -> HabilitationRow | None:
    """The habilitation in force of somebody who may follow people; None for anybody else."""
    found = parts.data.habilitation(professional_id)
    if found is None or found.role not in READING_ROLES or not in_force(parts, found):
        return None
    return found


def assignment_facts(row: ReferentRow) -> tuple[str, ...]:
    """As what, who, where, and since when: one that is proposed is never taken for one that stands."""
    return row.state, row.professional_id, row.structure_id, instant(row.starts_at)


def binding_id(row: ReferentRow) -> str:
    """Its carnet first, so that what vouches goes with the carnet."""
    return f"{row.carnet_id}:{row.assignment_id}"

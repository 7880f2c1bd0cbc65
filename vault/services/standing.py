"""Whether somebody who acts for a person may, now: the mandate, what vouches for it, what he is himself.

The door asks at each request. What is done under a mandate asks again under the head lock (``check_acts``):
in the order of the log nothing of it stands after its end.
"""

from schemas.ids import CarnetId, MandateId, ProfessionalId
from schemas.names import Role
from vault.audit.events import ActorKind
from vault.errors import RefusedError
from vault.services.bindings import MANDATE, holds, in_force, instant
from vault.services.journal import Actor
from vault.services.parts import Parts
from vault.services.ports import HabilitationRow
from vault.services.sharing_rows import MandateRow

ACTIVE = "active"


class NoLongerActsError(RefusedError):
    """The mandate under which this was begun is over."""


class NoLongerOfficerError(RefusedError):
    """Whoever oversees is not the data protection officer any more."""


def mandate_facts(row: MandateRow) -> tuple[str, ...]:
    """Who, for whom, as what, for what, from when until when."""
    who = (row.account_id or "", row.professional_id or "", row.structure_id or "")
    between = (instant(row.starts_at), instant(row.ends_at))
    return (row.carnet_id, row.kind, *who, ",".join(sorted(row.scopes)), *between)


def live_mandate(parts: Parts, mandate_id: MandateId) -> MandateRow | None:
    """The mandate, while it stands as it was given; None for anything else."""
    row = parts.data.mandate(mandate_id)
    return row if row is not None and stands(parts, row) else None


def stands(parts: Parts, row: MandateRow) -> bool:
    """Whether it is active now, and what the root vouches for."""
    return row.live(parts.now()) and holds(parts, MANDATE, row.mandate_id, mandate_facts(row))


def holder_stands(parts: Parts, row: MandateRow) -> HabilitationRow | bool:
    """What lets the holder act: his habilitation in the structure of the mandate, or True for a relative
    whose own carnet is open. False: nothing does."""
    if row.professional_id is not None:
        found = helping(parts, row.professional_id)
        return found if found is not None and found.structure_id == row.structure_id else False
    own = parts.data.carnet(CarnetId(row.account_id)) if row.account_id else None
    return own is not None and own.open


def helping(parts: Parts, professional_id: ProfessionalId | None) -> HabilitationRow | None:
    """His habilitation, in force now, if it is to help people."""
    row = parts.data.habilitation(professional_id) if professional_id else None
    return row if row is not None and row.role is Role.HELPER and in_force(parts, row) else None


def check_acts(parts: Parts, actor: Actor) -> None:
    """Under the head lock, of whoever acts for a person. Raises NoLongerActsError."""
    if actor.mandate_id is None:
        return
    row = live_mandate(parts, actor.mandate_id)
    if row is None or holder_stands(parts, row) is False:
        raise NoLongerActsError("this mandate is over")


def check_officer(parts: Parts, actor: Actor) -> None:
    """Under the head lock, of whoever oversees: the operator, or an officer in force. Raises
    NoLongerOfficerError."""
    if actor.kind is ActorKind.OPERATOR:
        return
    row = parts.data.habilitation(actor.professional_id) if actor.professional_id else None
    if row is None or row.role is not Role.DPO or not in_force(parts, row):
        raise NoLongerOfficerError("no data protection officer in force")

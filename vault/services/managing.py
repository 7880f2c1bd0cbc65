"""Who may change a team: the operator, and a manager of that structure while his habilitation stands.

A manager never makes or ends a data protection officer, who watches over him: the operator does.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.ids import StructureId
from schemas.names import Role
from vault.audit.events import ActorKind
from vault.errors import RefusedError
from vault.services.bindings import in_force
from vault.services.journal import Actor
from vault.services.parts import Parts

GIVEN_BY_MANAGERS = (Role.REFERENT, Role.ADVISER, Role.MEMBER, Role.HELPER, Role.MANAGER)


_PARIS = ZoneInfo("Europe/Paris")


class NoLongerManagerError(RefusedError):
    """Whoever asks does not manage this structure, or not to the point of this role."""


def check_manages(
    parts: Parts, actor: Actor, structure_id: StructureId, *, gives: Role | None = None
) -> None:
    """``gives``: the role that is given or ended, if one is; then to be asked under the lock of the change.
    Raises NoLongerManagerError."""
    if actor.kind is ActorKind.OPERATOR:
        return
    row = parts.data.habilitation(actor.professional_id) if actor.professional_id else None
    manages = row is not None and row.role is Role.MANAGER and row.structure_id == structure_id
    if row is None or not manages or not in_force(parts, row):
        raise NoLongerManagerError("does not manage this structure")
    if gives is not None and gives not in GIVEN_BY_MANAGERS:
        raise NoLongerManagerError("the operator gives and ends this role")


def end_of(last_day: date) -> datetime:
    """The instant at which a last day is over, at the hour of Paris: the end of what lasts through it."""
    return datetime.combine(last_day + timedelta(days=1), time(), _PARIS).astimezone(UTC)

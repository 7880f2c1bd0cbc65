"""Who may see the counts of all carnets: whoever is in charge of a département's team, and the officer.

Counts name nobody and open nothing; they are still not for everybody who works somewhere.
"""

from dataclasses import dataclass

from fastapi import Request

from schemas.names import StructureKind
from vault.services.sessions import Session
from vault.web import guard
from vault.web.guard import WrongCallerError
from vault.web.state import state_of


@dataclass(frozen=True, slots=True)
class Steering:
    session: Session


def steering(request: Request) -> Steering:
    """A caller that routes declare, as those of ``guard``."""
    try:
        me = guard.manager(request)
    except WrongCallerError:
        return Steering(guard.dpo(request).session)
    if state_of(request).kind_of(me.habilitation.structure_id) is not StructureKind.DEPARTEMENT:
        raise WrongCallerError("for those in charge of a département's team")
    return Steering(me.session)

"""Who asks a person to share, told to her: a professional by the name ProConnect told last and his role, or
a program of the structure. Somebody who reads for that structure no longer is not named: the structure is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consent.decisions import READING_ROLES
from consent.requests import RequestTerms
from schemas.ids import ProfessionalId, StructureId
from schemas.names import Role
from vault.services.accounts import open_account
from vault.services.bindings import in_force
from vault.services.parts import Parts


@dataclass(frozen=True, slots=True)
class Asker:
    """``system``: a program asked. Without name and role: somebody who has left since."""

    system: bool = False
    role: Role | None = None
    name: str | None = field(default=None, repr=False)


LEFT, PROGRAM = Asker(), Asker(system=True)
Asked = tuple[str, StructureId, bool]  # who, for which structure, whether a program


def asked_by(terms: RequestTerms) -> Asked:
    return terms.asked_by, terms.structure_id, terms.asked_by_system


def askers(parts: Parts, every: Iterable[RequestTerms]) -> Mapping[Asked, Asker]:
    """Each of them once, by ``asked_by``. It opens names: for an answer that has its entry."""
    return {one: _asker(parts, *one) for one in {asked_by(terms) for terms in every}}


def _asker(parts: Parts, who: str, structure_id: StructureId, system: bool) -> Asker:
    if system:
        return PROGRAM
    row = parts.data.habilitation(ProfessionalId(who))
    if row is None or row.structure_id != structure_id or row.role not in READING_ROLES:
        return LEFT
    account = open_account(parts, row.account_id) if in_force(parts, row) else None
    if account is None:
        return LEFT
    told = (account.identity.claims.get(part) for part in ("given_name", "usual_name"))
    name = " ".join(part for part in told if isinstance(part, str) and part)
    return Asker(role=row.role, name=name) if name else LEFT

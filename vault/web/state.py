"""What every route of one running application shares: the parts, the settings, the waiting rooms.

Made by ``vault.bootstrap`` through ``web/app.py``; read with ``state_of(request)``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from exporters import Issuer
from schemas.ids import StructureId
from schemas.names import StructureKind
from vault.config import Settings
from vault.services.acting import ACTING_RULES
from vault.services.parts import Parts
from vault.services.ports import StructureRow, TokenRow
from vault.services.reading import Answer, SharedRead
from vault.services.sessions import DPO, MANDATE, PERSON, PROFESSIONAL, SessionRules
from vault.web.api.client_keys import ClientKeys
from vault.web.gather import Gatherer
from vault.web.limits import Limits


@dataclass(slots=True)
class WebState:
    settings: Settings
    parts: Parts
    reads: Gatherer[SharedRead, Answer]
    tokens: Gatherer[str, TokenRow | None]
    log_vkeys: tuple[str, ...]  # C2SP verifier keys, newest first
    issuer: Issuer  # who signs what is printed
    limits: Limits
    client_keys: ClientKeys
    kinds: dict[StructureId, StructureKind] = field(default_factory=dict)  # a structure's kind never changes

    @property
    def cookie_name(self) -> str:
        return "__Host-carnet" if self.settings.secure else "carnet"

    @property
    def session_rules(self) -> Mapping[str, SessionRules]:
        person, professional = self.settings.session_person, self.settings.session_professional
        office = SessionRules(professional.idle, professional.absolute)
        own = SessionRules(person.idle, person.absolute)
        return {PERSON: own, PROFESSIONAL: office, DPO: office, MANDATE: ACTING_RULES}

    def kind_of(self, structure_id: StructureId) -> StructureKind:
        """The structure's kind. Raises LookupError for an unknown structure."""
        if structure_id not in self.kinds:
            structure = self.structure(structure_id)
            if structure is None:
                raise LookupError("no such structure")
            self.kinds[structure_id] = structure.kind
        return self.kinds[structure_id]

    def structure(self, structure_id: StructureId) -> StructureRow | None:
        return self.parts.data.structure(structure_id)


def state_of(connection: HTTPConnection) -> WebState:
    state: WebState = connection.app.state.carnet
    return state

"""What the log can say: the closed list of operations, and the two contents behind a leaf.

Contents carry ids, kinds and digests; the only words anyone wrote are in ``reason``. Keys are only ever
added. Format: docs/formats/log.md.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from schemas.canonical import CanonicalError, canonical_flat, parse_strict
from schemas.ids import (
    CarnetId,
    CompartmentId,
    EntryId,
    GrantId,
    MandateId,
    PurposeId,
    RequestId,
    SessionId,
    StructureId,
)
from schemas.names import LegalBasis, Role, Word
from vault.audit.errors import ContentError


class Op(Word):
    """What was done. A denied attempt is the operation tried, with the outcome ``denied``."""

    INIT = "init", "début du journal"
    OPEN_CARNET = "open_carnet", "ouverture du carnet"
    SIGN_IN = "sign_in", "connexion"
    SIGN_OUT = "sign_out", "déconnexion"
    READ = "read", "consultation"
    READ_OWN = "read_own", "consultation par vous"
    WRITE = "write", "écriture"
    GRANT = "grant", "partage accordé"
    REPLACE = "replace", "partage remplacé"
    WITHDRAW = "withdraw", "partage arrêté par vous"
    REVOKE = "revoke", "partage révoqué"
    EXPIRE = "expire", "partage terminé"
    SEARCH = "search", "recherche"
    EXPORT = "export", "téléchargement"
    IDENTIFY = "identify", "identification"
    INVITE = "invite", "invitation"
    JOIN = "join", "habilitation donnée"
    LEAVE = "leave", "habilitation terminée"
    STRUCTURE_CHANGE = "structure_change", "changement d’une structure"
    CLIENT_CHANGE = "client_change", "changement d’un système"
    KEY_CHANGE = "key_change", "changement de clé"
    CONFIG_CHANGE = "config_change", "changement de réglage"
    LOG_READ = "log_read", "consultation du journal"
    FORGET = "forget", "oubli d’une information"
    ERASE = "erase", "effacement du carnet"
    RETENTION = "retention", "fin de conservation"
    LEGAL_HOLD = "legal_hold", "conservation pour un litige"
    RESTORE = "restore", "restauration"
    THROTTLED = "throttled", "demandes trop nombreuses"
    CLOCK = "clock", "horloge reculée"
    RELINK = "relink", "rattachement d’une identité à un carnet"
    TEAM_READ = "team_read", "consultation de l’équipe d’une structure"
    REQUEST = "request", "demande de partage"
    DEFER = "defer", "demande remise à plus tard par vous"
    REFUSE = "refuse", "demande refusée par vous"
    LAPSE = "lapse", "demande restée sans réponse"
    SUSPEND = "suspend", "partage suspendu"
    RESUME = "resume", "partage repris"
    INVALIDATE = "invalidate", "partage annulé"
    PAUSE = "pause", "pause des demandes de partage"
    ASSIGN = "assign", "changement de référent"
    MANDATE = "mandate", "mandat d’une personne qui vous aide"
    BREAK_GLASS = "break_glass", "accès pour protéger une vie"
    NOTICE = "notice", "choix des alertes"
    PROPOSE = "propose", "information proposée"
    ANSWER = "answer", "réponse à une proposition"
    OBSERVE = "observe", "observation"
    REPLY = "reply", "réponse à une observation"
    RETRACT = "retract", "observation retirée par vous"
    VALIDATE = "validate", "validation d’un volet"
    FORGET_REQUEST = "forget_request", "demande d’oubli"
    FORGET_ANSWER = "forget_answer", "réponse à une demande d’oubli"
    INFORM = "inform", "avis aux destinataires"
    ACKNOWLEDGE = "acknowledge", "avis reçu par un destinataire"
    RIGHTS_REQUEST = "rights_request", "demande d’exercice d’un droit"
    RIGHTS_ANSWER = "rights_answer", "réponse à une demande d’exercice d’un droit"
    FREEZE = "freeze", "information gelée"
    THAW = "thaw", "information dégelée"
    WARN = "warn", "avertissement avant la fin de conservation"
    COUNT = "count", "calcul d’indicateurs"


class ActorKind(Word):
    PERSON = "person", "la personne"
    PROFESSIONAL = "professional", "un professionnel"
    CLIENT = "client", "le système d’une structure"
    OPERATOR = "operator", "l’exploitant"
    SYSTEM = "system", "le service"


class _Content:
    """Canonical bytes and back for a flat dataclass: absent members are None or the empty tuple."""

    __slots__ = ()
    _names: ClassVar[tuple[str, ...]]
    _words: ClassVar[dict[str, type[Word]]]

    def to_bytes(self) -> bytes:
        """Canonical JSON. Raises ContentError for text that JSON cannot say (lone surrogates)."""
        present: dict[str, Any] = {}
        for name in self._names:
            value = getattr(self, name)
            if type(value) is tuple:
                if value:
                    present[name] = list(value)
            elif value is not None:
                present[name] = value
        try:
            return canonical_flat(present)
        except CanonicalError as error:
            raise ContentError("content cannot be written") from error

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The content whose bytes are exactly ``data``. Raises ContentError for anything else."""
        try:
            found = parse_strict(data)
            content = cls(**{name: cls._member(name, value) for name, value in found.items()})
            same = content.to_bytes() == data
        except (ValueError, TypeError, AttributeError) as error:
            raise ContentError("not the content of an opening") from error
        if not same:
            raise ContentError("not in canonical form")
        return content

    @classmethod
    def _member(cls, name: str, value: Any) -> Any:
        if name in cls._words:
            return cls._words[name](value)
        if name in ("fields", "digests"):
            if not (isinstance(value, list) and value and all(type(item) is str for item in value)):
                raise ContentError("a list of strings was expected")
            return tuple(value)
        if name in ("field_count", "until"):
            if type(value) is not int or value < 0:
                raise ContentError("a count was expected")
        elif type(value) is not str:
            raise ContentError("a string was expected")
        return value


@dataclass(frozen=True, slots=True)
class AboutContent(_Content):
    """What was done, to which carnet, on which ground: the person's register. Empty: about nobody."""

    carnet_id: CarnetId | None = None
    structure_id: StructureId | None = None
    role: Role | None = None
    purpose_id: PurposeId | None = None
    legal_basis: LegalBasis | None = None
    grant_id: GrantId | None = None
    entry_id: EntryId | None = None
    fields: tuple[CompartmentId, ...] = ()
    digests: tuple[str, ...] = ()
    reason: str | None = None
    request_id: RequestId | None = None
    mandate_id: MandateId | None = None  # who acted did so for her, under this mandate
    until: int | None = None  # of a share that is given: its end, in milliseconds since 1970 UTC

    _names: ClassVar[tuple[str, ...]] = (
        "carnet_id", "structure_id", "role", "purpose_id", "legal_basis", "grant_id", "entry_id",
        "fields", "digests", "reason", "request_id", "mandate_id", "until",
    )  # fmt: skip
    _words: ClassVar[dict[str, type[Word]]] = {"role": Role, "legal_basis": LegalBasis}


@dataclass(frozen=True, slots=True)
class ActorContent(_Content):
    """Who did it and from where; dies with its month. ``id``: see docs/formats/log.md."""

    kind: ActorKind
    id: str
    structure_id: StructureId | None = None
    role: Role | None = None
    session: SessionId | None = None
    address: str | None = None
    field_count: int | None = None

    _names: ClassVar[tuple[str, ...]] = (
        "kind", "id", "structure_id", "role", "session", "address", "field_count",
    )  # fmt: skip
    _words: ClassVar[dict[str, type[Word]]] = {"kind": ActorKind, "role": Role}

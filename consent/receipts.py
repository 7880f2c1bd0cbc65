"""The exact bytes of a receipt: what a person is given at each move of a share, and of a demand to share.

- A receipt is the whole record of the share as it then stands (``records27560``), said in the words of the
  DPV, and what ties it to this instance: the entry of the log that says the same, the receipt before it.
- Its legal basis is the true one. Only where that is consent is it a consent record, with consent statuses;
  elsewhere it is a record of processing, with the events of our own vocabulary and the right to object where
  the frame gives one.
- What was recorded when the share was given is carried on unchanged: a later move adds its event.
- No name of the person: a pseudonym of her carnet alone. No IO, no clock, no key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from consent.jsonld27560 import from_json_ld, instant, to_json_ld
from consent.records27560 import (
    Event,
    Notice,
    Party,
    PiiItem,
    Processing,
    Profile,
    Purpose,
    Record,
    RecordError,
)
from schemas.canonical import canonical, parse_canonical
from schemas.names import LegalBasis, StructureKind

VERSION = "1"
VOCABULARY = "urn:carnet:vocabulary:1#"
CONTEXT: Mapping[str, str] = {"carnet": VOCABULARY}
RECEIPT_V1 = f"{VOCABULARY}receipt-1"
CNIL = Party(
    id="https://www.cnil.fr/",
    name="Commission nationale de l’informatique et des libertés",
    type="dpv:DataProtectionAuthority",
    contact="https://www.cnil.fr/fr/plaintes",
    address="3 place de Fontenoy, TSA 80715, 75334 Paris cedex 07",
    role="dpv:DataProtectionAuthority",
    url="https://www.cnil.fr/",
)


class Moved(StrEnum):
    """What happened to a share, or to what somebody asked."""

    ASKED = "asked"
    DEFERRED = "deferred"
    GRANTED = "granted"
    RENEWED = "renewed"  # given again: the same information, to the same, for the same
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"
    REPLACED = "replaced"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    LAPSED = "lapsed"


# DPV 2.3 has no word for what is suspended, taken up again or replaced.
CONSENT_STATUS: Mapping[Moved, str] = {
    Moved.ASKED: "dpv:ConsentRequested",
    Moved.DEFERRED: "dpv:ConsentRequestDeferred",
    Moved.GRANTED: "dpv:ConsentGiven",
    Moved.RENEWED: "dpv:RenewedConsentGiven",
    Moved.REFUSED: "dpv:ConsentRefused",
    Moved.WITHDRAWN: "dpv:ConsentWithdrawn",
    Moved.REVOKED: "dpv:ConsentRevoked",
    Moved.EXPIRED: "dpv:ConsentExpired",
    Moved.INVALIDATED: "dpv:ConsentInvalidated",
    Moved.REPLACED: "carnet:Replaced",
    Moved.SUSPENDED: "carnet:Suspended",
    Moved.RESUMED: "carnet:Resumed",
    Moved.LAPSED: "dpv:ConsentExpired",
}
_METHOD: Mapping[Moved, str] = {
    Moved.ASKED: "demande envoyée dans le carnet",
    Moved.DEFERRED: "réponse remise à plus tard dans le carnet",
    Moved.REFUSED: "refus dans le carnet",
    Moved.WITHDRAWN: "arrêt du partage dans le carnet",
    Moved.REVOKED: "décision du responsable ou du délégué à la protection des données",
    Moved.EXPIRED: "fin de la durée choisie",
    Moved.INVALIDATED: "annulation du partage",
    Moved.REPLACED: "remplacé par un autre partage",
    Moved.SUSPENDED: "suspension du partage",
    Moved.RESUMED: "reprise du partage",
    Moved.LAPSED: "demande restée sans réponse",
}
_BASES: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: "gdpr:A6-1-a",
    LegalBasis.PUBLIC_TASK: "gdpr:A6-1-e",
    LegalBasis.LEGAL_OBLIGATION: "gdpr:A6-1-c",
    LegalBasis.VITAL_INTERESTS: "gdpr:A6-1-d",
    LegalBasis.CONTRACT: "gdpr:A6-1-b",
    LegalBasis.HANDED_BY_PERSON: "carnet:HandedByPerson",
}
# DPV 2.3, rights of each basis (GDPR).
_ALL = ("A13", "A14", "A15", "A16", "A17", "A18")
_RIGHTS: Mapping[LegalBasis, tuple[str, ...]] = {
    LegalBasis.CONSENT: ("A7-3", *_ALL, "A20", "A22", "A77"),
    LegalBasis.PUBLIC_TASK: ("A13", "A14", "A15", "A16", "A18", "A21", "A22", "A77"),
    LegalBasis.LEGAL_OBLIGATION: ("A13", "A15", "A16", "A18", "A77"),
    LegalBasis.VITAL_INTERESTS: (*_ALL, "A22", "A77"),
    LegalBasis.CONTRACT: (*_ALL, "A20", "A22", "A77"),
    LegalBasis.HANDED_BY_PERSON: (*_ALL, "A20", "A22", "A77"),
}
_KINDS = {kind: f"carnet:structure-{kind.value}" for kind in StructureKind}


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps the carnets of this instance. ``site``: its public address; ``origin``: of its log."""

    name: str = "Carnet"
    controller: str = "Carnet"
    contact: str = "/contact"
    address: str = ""
    site: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """The structure on the other side."""

    id: str
    name: str
    kind: StructureKind


@dataclass(frozen=True, slots=True)
class Shared:
    """One information. ``term``: the DPV's, as a full IRI or empty; ``sensitive``: more than ordinary."""

    compartment: str
    label: str
    term: str = ""
    sensitive: bool = False
    special: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What is shared or asked, with whom, on which ground: what a first receipt records for good."""

    pseudonym: str
    body: Body
    purpose_id: str
    purpose_label: str
    basis: LegalBasis
    legal_text: str
    objection: bool
    shared: Sequence[Shared]
    notice_version: str
    catalogue_version: str
    frame_version: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One move. ``by``: who indicated it, an identifier; ``index``: of its entry in the log."""

    moved: Moved
    at: datetime
    by: str
    index: int
    until: datetime | None = None
    method: str = ""
    reason: str = ""
    grant_id: str = ""
    request_id: str = ""
    replaced_by: str = ""
    replaces: tuple[str, ...] = ()


def first(record_id: UUID, subject: Subject, keeper: Keeper, told: Happening) -> Record:
    """The record of a share (or of a demand) of which nothing was recorded before."""
    consent = subject.basis is LegalBasis.CONSENT
    return Record(
        record_id=record_id,
        pii_principal_id=subject.pseudonym,
        processing=_processing(subject, keeper),
        parties=(_keeper(keeper), _body(subject.body, keeper), CNIL),
        events=(_event(told, consent=consent),),
        consent=consent,
        profiles=(Profile.RECORD_EU_GDPR, Profile.RECEIPT_EU_GDPR, RECEIPT_V1) if consent else (RECEIPT_V1,),
        types=("dpv:ConsentRecord", "dpv:ConsentReceipt") if consent else ("dpv:DataProcessingRecord",),
        extra=_extra(keeper, told, "", subject.catalogue_version, subject.frame_version),
    )


def following(
    record_id: UUID, before: Record, digest: bytes, keeper: Keeper, told: Happening, subject: Subject | None
) -> Record:
    """The record after one more move. ``digest``: of the receipt that said ``before``, if any did.
    ``subject``: what is shared, when the move changes it (a demand that is granted, narrowed or not)."""
    anew = first(record_id, subject, keeper, told) if subject else None
    kept = anew or replace(before, record_id=record_id)
    extra = _extra(
        keeper,
        told,
        f"sha256:{digest.hex()}" if digest else "",
        subject.catalogue_version if subject else str(before.extra["carnet:catalogue"]),
        subject.frame_version if subject else str(before.extra["carnet:frame"]),
    )
    event = _event(told, consent=kept.consent)
    return replace(kept, events=(*before.events, event), extra=extra)


def payload(record: Record) -> bytes:
    """The bytes that are signed: canonical JSON (RFC 8785) of the JSON-LD document."""
    return canonical(to_json_ld(record, context=CONTEXT))


def record_of(data: bytes) -> Record:
    """Inverse of ``payload``. Raises RecordError for anything that is not exactly such a record."""
    try:
        record = from_json_ld(parse_canonical(data))
    except (ValueError, TypeError) as error:
        raise RecordError("not a receipt") from error
    if payload(record) != data:
        raise RecordError("not a receipt")
    return record


def moved_of(record: Record) -> Moved:
    """The move a receipt was made for. Raises RecordError."""
    try:
        return Moved(str(record.extra["carnet:move"]).removeprefix("carnet:"))
    except (KeyError, ValueError):
        raise RecordError("not a receipt") from None


def index_of(record: Record) -> int:
    """The entry of the log that says the same. Raises RecordError."""
    try:
        return int(record.extra["carnet:entry"]["carnet:index"])
    except (KeyError, TypeError, ValueError):
        raise RecordError("not a receipt") from None


def _processing(subject: Subject, keeper: Keeper) -> Processing:
    basis = subject.basis
    special = any(one.special for one in subject.shared)
    bases = [_BASES[basis], *(["gdpr:A9-2-a"] if special and basis is LegalBasis.CONSENT else [])]
    rights = [right for right in _RIGHTS[basis] if right != "A21" or subject.objection]
    body = _body_id(subject.body)
    return Processing(
        notice=Notice(f"notice-{subject.notice_version}", "fr", url=f"{keeper.site}/donnees-personnelles"),
        purposes=(
            Purpose(
                f"carnet:purpose-{subject.purpose_id}", subject.purpose_label, "dpv:RequestedServiceProvision"
            ),
        ),
        pii=tuple(
            PiiItem(
                type=_compact(one.term) or "dpv:PersonalData",
                attribute_id=one.compartment,
                label=one.label,
                optional=True,
                sensitive=one.sensitive,
                special=one.special,
            )
            for one in subject.shared
        ),
        controllers=(body, _keeper_id(keeper)),
        recipients=(body,),
        storage_locations=(keeper.site or keeper.name,),
        retention_period="P0D",  # looked at in the carnet; what is copied elsewhere is not known here
        jurisdiction="loc:FR",
        withdrawal_method="dpv:WithdrawConsent" if basis is LegalBasis.CONSENT else "carnet:StopShare",
        withdrawal_url=f"{keeper.site}/mes-partages",
        lawful_bases=tuple(bases),
        legal_text=subject.legal_text,
        collection_method="dpv:DataSubjectDataSource",
        processing_methods=("dpv:Consult", "dpv:Display"),
        processing_locations=("loc:FR",),
        geographic_restrictions=("loc:FR",),
        service=keeper.name,
        privacy_rights=tuple(f"gdpr:{right}" for right in rights),
        authority_party=CNIL.id,
    )


def _keeper_id(keeper: Keeper) -> str:
    return f"urn:carnet:instance:{keeper.origin}"


def _body_id(body: Body) -> str:
    return f"urn:carnet:structure:{body.id}"


def _keeper(keeper: Keeper) -> Party:
    return Party(
        id=_keeper_id(keeper),
        name=keeper.controller,
        type="dpv:DataController",
        contact=keeper.contact,
        address=keeper.address or keeper.contact,
        role="carnet:KeepsTheCarnet",
        url=keeper.site,
    )


def _body(body: Body, keeper: Keeper) -> Party:
    """No address of a structure is known here: it is reached through whoever keeps the carnet."""
    return Party(
        id=_body_id(body),
        name=body.name,
        type="dpv:DataController",
        contact=keeper.contact,
        address=keeper.address or keeper.contact,
        role="dpv:Recipient",
        kind=_KINDS[body.kind],
    )


def _event(told: Happening, *, consent: bool) -> Event:
    return Event(
        time=told.at,
        state=CONSENT_STATUS[told.moved] if consent else f"carnet:{told.moved.value.capitalize()}",
        entity_id=told.by,
        type=f"carnet:{told.moved.value}",
        method=told.method or _METHOD.get(told.moved, ""),
        validity=told.until - told.at if told.until else None,
        reason=told.reason,
    )


def _extra(keeper: Keeper, told: Happening, previous: str, catalogue: str, frame: str) -> Mapping[str, Any]:
    present: dict[str, Any] = {
        "carnet:catalogue": catalogue,
        "carnet:entry": {"carnet:index": told.index, "carnet:log": keeper.origin},
        "carnet:frame": frame,
        "carnet:grant": told.grant_id,
        "carnet:move": f"carnet:{told.moved.value}",
        "carnet:previous": previous,
        "carnet:request": told.request_id,
        "dct:isReplacedBy": told.replaced_by,
        "dct:issued": instant(told.at),
        "dct:replaces": list(told.replaces),
    }
    return {name: value for name, value in present.items() if value not in ("", [])}


def _compact(term: str) -> str:
    """A full IRI of the DPV under its prefix; another one as it is."""
    for prefix, space in (("pd", "https://w3id.org/dpv/pd#"), ("dpv", "https://w3id.org/dpv#")):
        if term.startswith(space):
            return f"{prefix}:{term.removeprefix(space)}"
    return term

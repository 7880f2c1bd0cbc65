"""Records of consent as ISO/IEC TS 27560:2023 structures them, in the terms of the W3C's DPV 2.3.

This module and ``jsonld27560`` stand alone: plain values, the standard library, nothing of ours. They are
aligned with the open DPV guide to 27560 (15 February 2026) and claim no certification.

- A ``Record`` has four parts: header, processing, parties, events. Terms are compact IRIs ("dpv:Consult"):
  whoever uses the module may add prefixes of its own, with ``context``.
- ``missing(record, profile)`` names what a profile requires and the record lacks, by the names of 27560.
- ``jsonld27560`` writes a record as a document and reads it back.
- A disclosure that does not rest on consent is told by the same structure (``Record.consent`` False): it is
  then no consent record, conforms to no profile of one, and its events are no consent statuses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

_27560 = "https://w3id.org/dpv/schema/dpv-27560"


class Profile(StrEnum):
    """What a document says it conforms to."""

    RECORD = f"{_27560}#record"
    RECORD_EU_GDPR = f"{_27560}#record-eu-gdpr"
    RECEIPT = f"{_27560}#receipt"
    RECEIPT_EU_GDPR = f"{_27560}#receipt-eu-gdpr"


class RecordError(ValueError):
    """This document is no such record; the message names the member, never its value."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice that was shown. ``digest``: of its exact content, "sha256:…"."""

    id: str
    language: str
    digest: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Purpose:
    id: str
    label: str
    type: str = ""  # purpose_type: the broader term


@dataclass(frozen=True, slots=True)
class PiiItem:
    """``type``: pii_type, a term; ``attribute_id``: which attribute of the controller's it is."""

    type: str
    attribute_id: str = ""
    label: str = ""
    optional: bool | None = None
    sensitive: bool = False
    special: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """``type``: party_type, what it is ("dpv:DataController"); ``role``: party_role, what it does here."""

    id: str
    name: str
    type: str
    contact: str
    address: str
    role: str = ""
    kind: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """``state``: event_state, a term; ``entity_id``: who indicated it; ``validity``: validity_duration."""

    time: datetime
    state: str
    entity_id: str
    type: str = ""
    method: str = ""
    validity: timedelta | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Processing:
    """What the record is about. Parties are named by their ids."""

    notice: Notice
    purposes: tuple[Purpose, ...]
    pii: tuple[PiiItem, ...]
    controllers: tuple[str, ...]
    recipients: tuple[str, ...]
    storage_locations: tuple[str, ...]
    retention_period: str
    jurisdiction: str
    withdrawal_method: str
    withdrawal_url: str = ""
    lawful_bases: tuple[str, ...] = ()  # of article 6; of article 9(2) too where data are special
    legal_text: str = ""
    collection_method: str = ""
    processing_methods: tuple[str, ...] = ()
    processing_locations: tuple[str, ...] = ()
    geographic_restrictions: tuple[str, ...] = ()
    service: str = ""
    privacy_rights: tuple[str, ...] = ()
    authority_party: str = ""
    codes_of_conduct: tuple[str, ...] = ()
    impact_assessment: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """``record_id``: a UUID, as 27560 advises. ``pii_principal_id``: a pseudonym."""

    record_id: UUID
    pii_principal_id: str
    processing: Processing
    parties: tuple[Party, ...]
    events: tuple[Event, ...]
    schema_version: str = "ISO/IEC TS 27560:2023"
    consent: bool = True
    profiles: tuple[str, ...] = (Profile.RECORD_EU_GDPR,)
    types: tuple[str, ...] = ("dpv:ConsentRecord",)
    extra: Mapping[str, Any] = field(default_factory=dict)


# --- what a profile requires -----------------------------------------------------------------------------

_ALWAYS = (
    ("privacy_notice", "notice"),
    ("purpose", "purposes"),
    ("pii_information", "pii"),
    ("pii_controllers", "controllers"),
    ("storage_locations", "storage_locations"),
    ("retention_period", "retention_period"),
    ("jurisdiction", "jurisdiction"),
    ("recipient_third_parties", "recipients"),
    ("withdrawal_method", "withdrawal_method"),
)
_GDPR = (
    ("lawful_basis", "lawful_bases"),
    ("collection_method", "collection_method"),
    ("processing_method", "processing_methods"),
    ("processing_locations", "processing_locations"),
    ("geographic_restrictions", "geographic_restrictions"),
    ("privacy_rights", "privacy_rights"),
    ("authority_party", "authority_party"),
)
_PARTY = (
    ("party_id", "id"),
    ("party_address", "address"),
    ("party_name", "name"),
    ("party_contact", "contact"),
    ("party_type", "type"),
)


def missing(record: Record, profile: Profile) -> list[str]:
    """What ``profile`` requires and ``record`` lacks, by the names of 27560; empty when it conforms."""
    found = [] if record.schema_version else ["schema_version"]
    if profile in (Profile.RECEIPT, Profile.RECEIPT_EU_GDPR):
        return found  # in a receipt only the version and an identifier are mandatory
    gdpr = profile is Profile.RECORD_EU_GDPR
    found += [] if record.pii_principal_id else ["pii_principal_id"]
    found += _lacking(record.processing, _ALWAYS + (_GDPR if gdpr else ()))
    found += [] if record.processing.notice.language else ["language"]
    found += [
        lack
        for party in record.parties
        for lack in _lacking(party, _PARTY + ((("party_role", "role"),) * gdpr))
    ]
    known = {party.id for party in record.parties}
    named = {*record.processing.controllers, *record.processing.recipients}
    named |= {record.processing.authority_party} - {""}
    found += ["party_identification"] if not named <= known else []
    found += [] if record.events else ["event"]
    found += [lack for event in record.events for lack in _lacking(event, (("entity_id", "entity_id"),))]
    if gdpr and any(item.optional is None for item in record.processing.pii):
        found.append("pii_optional")
    return list(dict.fromkeys(found))


def _lacking(part: object, wanted: Iterable[tuple[str, str]]) -> list[str]:
    return [name for name, attribute in wanted if not getattr(part, attribute)]

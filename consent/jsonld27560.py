"""A 27560 record as a JSON-LD document on DPV 2.3, and back.

``to_json_ld`` and ``from_json_ld`` are inverse. What is absent is left out, never null; ``Record.extra``
holds members of one's own, written as they are. Terms are compact IRIs, under ``PREFIXES`` and one's own
prefixes. The context is in the document: whoever reads it fetches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from consent.records27560 import (
    Event,
    Notice,
    Party,
    PiiItem,
    Processing,
    Purpose,
    Record,
    RecordError,
)

PREFIXES: Mapping[str, str] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "ps": "https://w3id.org/dpv/sector/publicservices#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
}


# --- to JSON-LD ------------------------------------------------------------------------------------------


def to_json_ld(record: Record, *, context: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document. ``context``: prefixes beyond ``PREFIXES``. Raises RecordError when a member of ``extra``
    would hide one of the record's own."""
    status = "dpv:hasConsentStatus" if record.consent else "dpv:hasStatus"
    told = _present(
        {
            "@context": {**PREFIXES, **(context or {})},
            "@type": list(record.types),
            "@id": record.record_id.urn,
            "dct:conformsTo": list(record.profiles),
            "dct:hasVersion": record.schema_version,
            "dct:identifier": str(record.record_id),
            "dpv:hasDataSubject": record.pii_principal_id,
            "dpv:hasNotice": _notice(record),
            "dpv:hasProcess": _process(record.processing),
            "dpv:hasEntity": [_party(party) for party in record.parties],
            status: [_event(event, consent=record.consent) for event in record.events],
        }
    )
    if set(told) & set(record.extra):
        raise RecordError("an extra member bears the name of one of the record's own")
    return told | dict(record.extra)


def _present(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "", [], ())}


def _notice(record: Record) -> dict[str, Any]:
    notice = record.processing.notice
    return _present(
        {
            "@type": "dpv:ConsentNotice" if record.consent else "dpv:PrivacyNotice",
            "dct:identifier": notice.id,
            "dct:language": notice.language,
            "dct:source": notice.url,
            "schema:sha256": notice.digest,
        }
    )


_PLAIN = {
    "controllers": "dpv:hasDataController",
    "recipients": "dpv:hasRecipient",
    "storage_locations": "dpv:hasStorageCondition",
    "retention_period": "dpv:hasDuration",
    "jurisdiction": "dpv:hasJurisdiction",
    "lawful_bases": "dpv:hasLegalBasis",
    "legal_text": "dct:references",
    "collection_method": "dpv:hasDataSource",
    "processing_methods": "dpv:hasProcessing",
    "processing_locations": "dpv:hasLocation",
    "geographic_restrictions": "dpv:hasGeographicCoverage",
    "service": "dpv:hasService",
    "privacy_rights": "dpv:hasRight",
    "authority_party": "dpv:hasAuthority",
    "codes_of_conduct": "dpv:hasOrganisationalMeasure",
    "impact_assessment": "dpv:hasImpactAssessment",
}
_OF_NAME = {told: name for name, told in _PLAIN.items()}


def _process(processing: Processing) -> dict[str, Any]:
    told: dict[str, Any] = {"@type": "dpv:Process"}
    for name, term in _PLAIN.items():
        value = getattr(processing, name)
        told[term] = list(value) if isinstance(value, tuple) else value
    told["dpv:hasPurpose"] = [
        _present(
            {"@id": one.id, "@type": "dpv:Purpose", "skos:prefLabel": one.label, "skos:broader": one.type}
        )
        for one in processing.purposes
    ]
    told["dpv:hasPersonalData"] = [_item(item) for item in processing.pii]
    told["dpv:hasConsentControl"] = _present(
        {"@type": processing.withdrawal_method, "dct:source": processing.withdrawal_url}
    )
    return _present(told)


def _item(item: PiiItem) -> dict[str, Any]:
    types = ["dpv:SpecialCategoryPersonalData"] * item.special + [
        "dpv:SensitivePersonalData"
    ] * item.sensitive
    necessity = {True: "dpv:Optional", False: "dpv:Required", None: None}[item.optional]
    return _present(
        {
            "@type": [*types, item.type],
            "dct:identifier": item.attribute_id,
            "skos:prefLabel": item.label,
            "dpv:hasNecessity": necessity,
        }
    )


_OF_PARTY = {
    "id": "@id",
    "name": "schema:name",
    "type": "@type",
    "contact": "dpv:hasContact",
    "address": "dpv:hasAddress",
    "role": "dpv:hasRole",
    "kind": "schema:additionalType",
    "email": "schema:email",
    "phone": "schema:telephone",
    "url": "schema:url",
}


def _party(party: Party) -> dict[str, Any]:
    return _present({term: getattr(party, name) for name, term in _OF_PARTY.items()})


def _event(event: Event, *, consent: bool) -> dict[str, Any]:
    return _present(
        {
            "@type": event.state,
            "dct:type": event.type,
            "dct:description": event.reason,
            "dpv:hasDuration": _duration(event.validity),
            "dpv:hasIndicationMethod": event.method,
            "dpv:isIndicatedAtTime" if consent else "dct:date": instant(event.time),
            "dpv:isIndicatedBy" if consent else "dct:creator": event.entity_id,
        }
    )


def instant(at: datetime) -> str:
    """UTC, ISO 8601, to the millisecond: "2026-11-22T21:04:05.678Z". ``at`` must be aware."""
    if at.tzinfo is None:
        raise RecordError("an instant must carry its time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _duration(length: timedelta | None) -> str:
    """ISO 8601, in days and seconds, to the millisecond."""
    if length is None:
        return ""
    milliseconds = max(length // timedelta(milliseconds=1), 0)
    days, rest = divmod(milliseconds, 86_400_000)
    seconds, rest = divmod(rest, 1000)
    fine = f".{rest:03d}" if rest else ""
    return f"P{days}D" + (f"T{seconds}{fine}S" if seconds or rest else "")


# --- and back --------------------------------------------------------------------------------------------


def from_json_ld(document: Mapping[str, Any]) -> Record:
    """The record whose ``to_json_ld`` is ``document``. Raises RecordError for anything else."""
    try:
        record = _Reader(document).record()
        context = {k: v for k, v in document["@context"].items() if k not in PREFIXES}
        same = to_json_ld(record, context=context) == document
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RecordError("not a record of this form") from error
    if not same:
        raise RecordError("not a record of this form")
    return record


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Mapping[str, Any]

    def record(self) -> Record:
        told = self.document
        consent = "dpv:hasConsentStatus" in told
        parties = tuple(self._party(one) for one in told["dpv:hasEntity"])
        events = told["dpv:hasConsentStatus" if consent else "dpv:hasStatus"]
        own = Record(
            record_id=UUID(_text(told["dct:identifier"])),
            pii_principal_id=_text(told["dpv:hasDataSubject"]),
            processing=self._processing(told["dpv:hasProcess"], told["dpv:hasNotice"]),
            parties=parties,
            events=tuple(self._event(one, consent=consent) for one in events),
            schema_version=_text(told["dct:hasVersion"]),
            consent=consent,
            profiles=_texts(told.get("dct:conformsTo", [])),
            types=_texts(told["@type"]),
        )
        known = to_json_ld(own)
        return replace(own, extra={name: value for name, value in told.items() if name not in known})

    def _processing(self, told: Mapping[str, Any], notice: Mapping[str, Any]) -> Processing:
        plain: dict[str, Any] = {}
        many = {one.name for one in fields(Processing) if "tuple" in str(one.type)}
        for term, name in _OF_NAME.items():
            if term in told:
                plain[name] = _texts(told[term]) if name in many else _text(told[term])
            else:
                plain[name] = () if name in many else ""
        control = told["dpv:hasConsentControl"]
        return Processing(
            notice=Notice(
                _text(notice["dct:identifier"]),
                _text(notice.get("dct:language", "")),
                _text(notice.get("schema:sha256", "")),
                _text(notice.get("dct:source", "")),
            ),
            purposes=tuple(
                Purpose(_text(one["@id"]), _text(one["skos:prefLabel"]), _text(one.get("skos:broader", "")))
                for one in told["dpv:hasPurpose"]
            ),
            pii=tuple(self._item(one) for one in told["dpv:hasPersonalData"]),
            withdrawal_method=_text(control["@type"]),
            withdrawal_url=_text(control.get("dct:source", "")),
            **plain,
        )

    @staticmethod
    def _item(told: Mapping[str, Any]) -> PiiItem:
        types = _texts(told["@type"])
        necessity = {"dpv:Optional": True, "dpv:Required": False, None: None}[told.get("dpv:hasNecessity")]
        return PiiItem(
            type=types[-1],
            attribute_id=_text(told.get("dct:identifier", "")),
            label=_text(told.get("skos:prefLabel", "")),
            optional=necessity,
            sensitive="dpv:SensitivePersonalData" in types[:-1],
            special="dpv:SpecialCategoryPersonalData" in types[:-1],
        )

    @staticmethod
    def _party(told: Mapping[str, Any]) -> Party:
        return Party(**{name: _text(told.get(term, "")) for name, term in _OF_PARTY.items()})

    @staticmethod
    def _event(told: Mapping[str, Any], *, consent: bool) -> Event:
        return Event(
            time=read_instant(told["dpv:isIndicatedAtTime" if consent else "dct:date"]),
            state=_text(told["@type"]),
            entity_id=_text(told["dpv:isIndicatedBy" if consent else "dct:creator"]),
            type=_text(told.get("dct:type", "")),
            method=_text(told.get("dpv:hasIndicationMethod", "")),
            validity=_read_duration(told.get("dpv:hasDuration", "")),
            reason=_text(told.get("dct:description", "")),
        )


def read_instant(told: object) -> datetime:
    """Inverse of ``instant``. Raises RecordError."""
    text = _text(told)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RecordError("not an instant") from None
    if at.tzinfo is None or instant(at) != text:
        raise RecordError("not an instant in UTC, to the millisecond")
    return at


def _read_duration(told: object) -> timedelta | None:
    text = _text(told)
    if not text:
        return None
    days, _, rest = text.removeprefix("P").partition("D")
    seconds, _, fine = rest.removeprefix("T").removesuffix("S").partition(".")
    return timedelta(days=int(days), seconds=int(seconds or 0), milliseconds=int(fine or 0))


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise RecordError("a text was expected")
    return told


def _texts(told: object) -> tuple[str, ...]:
    if not isinstance(told, list):
        raise RecordError("a list was expected")
    return tuple(_text(one) for one in told)

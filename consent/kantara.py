"""A record of consent as a Kantara Consent Receipt 1.1, for programs that read that older form.

Flat JSON, an export and nothing more: the signed receipt is the proof. A disclosure that does not rest on
consent has no such form: saying one would call consent what is not.
"""

from collections.abc import Mapping
from typing import Any

from consent.records27560 import Party, Record, RecordError

VERSION = "KI-CR-v1.1.0"
_GIVEN = {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"}


def to_kantara(record: Record) -> Mapping[str, Any]:
    """The receipt as a JSON object. Raises RecordError for a record whose basis is not consent."""
    if not record.consent:
        raise RecordError("this does not rest on consent")
    processing, parties = record.processing, {party.id: party for party in record.parties}
    given = next((event for event in record.events if event.state in _GIVEN), None)
    until = given.time + given.validity if given and given.validity else None
    purposes = [
        {
            "purpose": one.label,
            "purposeCategory": [one.id],
            "consentType": "EXPLICIT",
            "piiCategory": [item.attribute_id for item in processing.pii],
            "primaryPurpose": True,
            "termination": until.isoformat(timespec="seconds") if until else processing.withdrawal_url,
            "thirdPartyDisclosure": bool(processing.recipients),
            "thirdPartyName": ", ".join(parties[one].name for one in processing.recipients),
        }
        for one in processing.purposes
    ]
    return {
        "version": VERSION,
        "jurisdiction": processing.jurisdiction.rpartition(":")[2],
        "consentTimestamp": int((given or record.events[-1]).time.timestamp()),
        "collectionMethod": (given or record.events[-1]).method,
        "consentReceiptID": str(record.record_id),
        "language": processing.notice.language,
        "piiPrincipalId": record.pii_principal_id,
        "piiControllers": [_controller(parties[one]) for one in processing.controllers],
        "policyUrl": processing.notice.url,
        "services": [{"service": processing.service, "purposes": purposes}],
        "sensitive": any(item.special or item.sensitive for item in processing.pii),
        "spiCat": [item.attribute_id for item in processing.pii if item.special],
    }


def _controller(party: Party) -> Mapping[str, Any]:
    told = {
        "piiController": party.name,
        "contact": party.contact,
        "address": {"streetAddress": party.address},
        "email": party.email,
        "phone": party.phone,
        "piiControllerUrl": party.url,
    }
    optional = {"piiControllerUrl"}
    return {name: value for name, value in told.items() if value or name not in optional}

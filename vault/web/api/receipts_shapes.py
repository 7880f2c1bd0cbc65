"""The JSON Schemas of receipts, as they are listed; of what is signed, see schemas/receipt/v1.json."""

from consent.receipts import Moved
from vault.web.api.shapes import (
    COUNT,
    ID,
    INSTANT,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Schema,
    several,
    shape,
)

_MOVES: Schema = {"type": "string", "enum": [one.value for one in Moved]}
RECEIPT = shape(
    {
        "receipt_id": ID,
        "record_id": TEXT,
        "grant_id": TEXT_OR_NULL,
        "request_id": TEXT_OR_NULL,
        "move": _MOVES,
        "at": INSTANT,
        "index": COUNT,
        "sha256": TEXT,
    }
)
RECEIPTS = shape({"items": several(RECEIPT), "next": TEXT_OR_NULL})
JWKS = shape(
    {"keys": several(shape({"kty": TEXT, "crv": TEXT, "x": TEXT, "alg": TEXT, "kid": TEXT, "use": TEXT}))}
)
_PURPOSE = shape(
    {
        "purpose": TEXT,
        "purposeCategory": several(TEXT),
        "consentType": TEXT,
        "piiCategory": several(TEXT),
        "primaryPurpose": TRUTH,
        "termination": TEXT,
        "thirdPartyDisclosure": TRUTH,
        "thirdPartyName": TEXT,
    }
)
_CONTROLLER = shape(
    {
        "piiController": TEXT,
        "contact": TEXT,
        "address": {"type": "object"},
        "email": TEXT,
        "phone": TEXT,
        "piiControllerUrl": TEXT,
    },
    optional=["piiControllerUrl"],
)
KANTARA = shape(
    {
        "version": TEXT,
        "jurisdiction": TEXT,
        "consentTimestamp": COUNT,
        "collectionMethod": TEXT,
        "consentReceiptID": TEXT,
        "language": TEXT,
        "piiPrincipalId": TEXT,
        "piiControllers": several(_CONTROLLER),
        "policyUrl": TEXT,
        "services": several(shape({"service": TEXT, "purposes": several(_PURPOSE)})),
        "sensitive": TRUTH,
        "spiCat": several(TEXT),
    }
)

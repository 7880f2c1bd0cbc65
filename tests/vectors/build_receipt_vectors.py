"""Builds the vectors of docs/formats/receipt.md, byte for byte the same each time.

    python tests/vectors/build_receipt_vectors.py [DIRECTORY]      default: this one

The right bytes are put together here from the standards (RFC 7515, 7638, 8037, 8785, HKDF), with no line of
the code under test. One JSON file a vector: `call`, `inputs` (bytes in hexadecimal), `output` or `error`.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from crypto_vector_parts import CARNET, INSTANCE, OTHER_ID, Vectors, case, made_up
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from independent_crypto import gcm, hkdf, lp, sha256

HERE = Path(__file__).parent
RECEIPT = "mfrggzdfmztwq2lknnwg23tpoa"
SEED, OTHER = made_up("receipt seed"), made_up("another receipt seed")
AT = "2026-03-03T12:00:00.000Z"


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def written(told: Any) -> bytes:
    """RFC 8785, of ASCII keys, strings, integers, lists and objects: enough here."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def jwk_of(seed: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": b64(public_of(seed)).decode()}


def header_of(seed: bytes, **changed: Any) -> dict[str, Any]:
    kid = b64(sha256(written(jwk_of(seed)))).decode()
    usual = {"alg": "EdDSA", "cty": "ld+json", "jwk": jwk_of(seed), "kid": kid, "typ": "carnet-receipt+jws"}
    return {name: value for name, value in (usual | changed).items() if value is not None}


def signed(payload: bytes, header: bytes, seed: bytes = SEED) -> bytes:
    first = b64(header) + b"." + b64(payload)
    return first + b"." + b64(Ed25519PrivateKey.from_private_bytes(seed).sign(first))


def a_receipt(*, consent: bool) -> dict[str, Any]:
    """The smallest that says all."""
    keeper, body = "urn:carnet:instance:carnet.example", f"urn:carnet:structure:{OTHER_ID}"
    person = "urn:carnet:person:mfrggzdfmztwq2lknnwg23tpoa"
    event = (
        {"@type": "dpv:ConsentGiven", "dpv:isIndicatedAtTime": AT, "dpv:isIndicatedBy": person}
        if consent
        else {"@type": "carnet:Granted", "dct:date": AT, "dct:creator": person}
    )
    party = {"@type": "dpv:DataController", "dpv:hasAddress": "1 rue", "dpv:hasContact": "dpo@carnet.example"}
    profile = "https://w3id.org/dpv/schema/dpv-27560#"
    profiles = [f"{profile}record-eu-gdpr", f"{profile}receipt-eu-gdpr"] if consent else []
    cnil = "https://www.cnil.fr/"
    return {
        "@context": {
            "carnet": "urn:carnet:vocabulary:1#",
            "dct": "http://purl.org/dc/terms/",
            "dpv": "https://w3id.org/dpv#",
            "gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
            "loc": "https://w3id.org/dpv/loc#",
            "pd": "https://w3id.org/dpv/pd#",
            "ps": "https://w3id.org/dpv/sector/publicservices#",
            "schema": "https://schema.org/",
            "skos": "http://www.w3.org/2004/02/skos/core#",
        },
        "@id": "urn:uuid:a29d0c2d-53ef-45a1-80b2-e6c4c96e6a72",
        "@type": ["dpv:ConsentRecord", "dpv:ConsentReceipt"] if consent else ["dpv:DataProcessingRecord"],
        "carnet:catalogue": "1",
        "carnet:entry": {"carnet:index": 9, "carnet:log": "carnet.example"},
        "carnet:frame": "mission-v1" if not consent else "consentement-v1",
        "carnet:grant": "mfrggzdfmztwq2lknnwg23tpoa",
        "carnet:move": "carnet:granted",
        "dct:conformsTo": [*profiles, "urn:carnet:vocabulary:1#receipt-1"],
        "dct:hasVersion": "ISO/IEC TS 27560:2023",
        "dct:identifier": "a29d0c2d-53ef-45a1-80b2-e6c4c96e6a72",
        "dct:issued": AT,
        "dpv:hasConsentStatus" if consent else "dpv:hasStatus": [
            event | {"dct:type": "carnet:granted", "dpv:hasDuration": "P31D"}
        ],
        "dpv:hasDataSubject": person,
        "dpv:hasEntity": [
            party | {"@id": keeper, "dpv:hasRole": "carnet:KeepsTheCarnet", "schema:name": "Département"},
            party | {"@id": body, "dpv:hasRole": "dpv:Recipient", "schema:name": "SIAE Éclair"},
            party | {"@id": cnil, "dpv:hasRole": "dpv:DataProtectionAuthority", "schema:name": "CNIL"},
        ],
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice" if consent else "dpv:PrivacyNotice",
            "dct:identifier": "notice-308a6a191e69",
            "dct:language": "fr",
        },
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dpv:hasAuthority": cnil,
            "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent" if consent else "carnet:StopShare"},
            "dpv:hasDataController": [body, keeper],
            "dpv:hasDataSource": "dpv:DataSubjectDataSource",
            "dpv:hasDuration": "P0D",
            "dpv:hasGeographicCoverage": ["loc:FR"],
            "dpv:hasJurisdiction": "loc:FR",
            "dpv:hasLegalBasis": ["gdpr:A6-1-a" if consent else "gdpr:A6-1-e"],
            "dpv:hasLocation": ["loc:FR"],
            "dpv:hasPersonalData": [
                {
                    "@type": ["pd:VehicleLicense"],
                    "dct:identifier": "permis_conduire",
                    "dpv:hasNecessity": "dpv:Optional",
                    "skos:prefLabel": "Permis de conduire",
                }
            ],
            "dpv:hasProcessing": ["dpv:Consult", "dpv:Display"],
            "dpv:hasPurpose": [
                {"@id": "carnet:purpose-p", "@type": "dpv:Purpose", "skos:prefLabel": "Proposer un poste"}
            ],
            "dpv:hasRecipient": [body],
            "dpv:hasRight": ["gdpr:A7-3" if consent else "gdpr:A21"],
            "dpv:hasStorageCondition": ["https://carnet.example"],
        },
    }


def signing_vectors() -> Vectors:
    consented, task = (written(a_receipt(consent=consent)) for consent in (True, False))
    payload, header = written({"a": "payload"}), written(header_of(SEED))
    right = signed(payload, header)
    first, middle, last = right.split(b".")
    wrong = {
        "signature-of-another-key": signed(payload, header, OTHER),
        "header-of-another-key": b".".join((b64(written(header_of(OTHER))), middle, last)),
        "payload-changed": b".".join((first, b64(payload.replace(b"payload", b"PAYLOAD")), last)),
        "signature-cut": right[:-2],
        "with-padding": right + b"=",
        "with-spare-bits": right[:-1] + {b"A": b"B", b"Q": b"R", b"g": b"h", b"w": b"x"}[right[-1:]],
        "two-parts": first + b"." + middle,
        "four-parts": right + b".",
        "empty": b"",
        "algorithm-none": b".".join((b64(written(header_of(SEED, alg="none"))), middle, b"")),
        "algorithm-hs256": signed(payload, written(header_of(SEED, alg="HS256"))),
        "key-id-of-another": signed(payload, written(header_of(SEED, kid=header_of(OTHER)["kid"]))),
        "without-its-type": signed(payload, written(header_of(SEED, typ=None))),
        "with-a-critical-header": signed(payload, written(header_of(SEED, crit=["b64"], b64=False))),
        "header-not-canonical": signed(payload, json.dumps(header_of(SEED)).encode()),
        "private-key-in-its-header": signed(
            payload, written(header_of(SEED, jwk=jwk_of(SEED) | {"d": b64(SEED).decode()}))
        ),
        "key-of-31-bytes": signed(
            payload, written(header_of(SEED, jwk=jwk_of(SEED) | {"x": b64(bytes(31)).decode()}))
        ),
    }
    told = {"public": public_of(SEED).hex(), "kid": header_of(SEED)["kid"]}
    out: Vectors = {
        "signed": case("sign_receipt", {"payload": payload, "seed": SEED}, right),
        "opened": case("open_receipt", {"jws": right}, told | {"payload": payload.hex()}),
        "checked-consent": case("check_receipt", {"jws": signed(consented, header)}, {"faults": []}),
        "checked-public-task": case("check_receipt", {"jws": signed(task, header)}, {"faults": []}),
        "digest": case("receipt_digest", {"jws": right}, sha256(right)),
    }
    for name, jws in wrong.items():
        out[f"opened-{name}"] = case("open_receipt", {"jws": jws}, error="ReceiptError")
    return out


def kept_vectors() -> Vectors:
    journal, nonce, data = made_up("receipt journal"), made_up("receipt nonce", 12), b"the receipt"
    place = lp("carnet/receipt/1", INSTANCE, CARNET, RECEIPT)
    under = hkdf(b"", hkdf(b"", journal, b"receipt"), b"small" + sha256(place))
    sealed = b"\x01" + nonce + gcm(under, nonce, place, data)
    inputs = {"journal": journal, "place": [INSTANCE, CARNET, RECEIPT]}
    short = base64.b32encode(hkdf(b"", journal, b"pseudonym", 16)).decode().rstrip("=").lower()
    out: Vectors = {
        "pseudonym": case("person_pseudonym", {"journal": journal}, {"text": short}),
        "sealed": case("seal_receipt", {**inputs, "data": data, "random": nonce}, sealed),
        "unsealed": case("unseal_receipt", {**inputs, "sealed": sealed}, data),
        "unsealed-changed": case(
            "unseal_receipt", {**inputs, "sealed": sealed[:-1] + b"\0"}, error="OpenError"
        ),
    }
    for at, name in enumerate(("instance", "carnet", "receipt")):
        moved = [*inputs["place"]]
        moved[at] = OTHER_ID
        out[f"unsealed-of-another-{name}"] = case(
            "unseal_receipt", {**inputs, "place": moved, "sealed": sealed}, error="OpenError"
        )
    return out


if __name__ == "__main__":
    folder = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE) / "receipt"
    folder.mkdir(parents=True, exist_ok=True)
    for name, vector in {**signing_vectors(), **kept_vectors()}.items():
        (folder / f"{name}.json").write_text(json.dumps(vector, indent=1, sort_keys=True) + "\n", "ascii")

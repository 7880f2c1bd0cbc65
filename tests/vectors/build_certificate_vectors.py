"""Builds the vectors of docs/formats/certificate.md, byte for byte the same each time.

    python tests/vectors/build_certificate_vectors.py [DIRECTORY]      default: this one

Put together from the standards, with no line of the code under test: one right certificate, and one for each
way to spoil it.
"""

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from build_receipt_vectors import OTHER, SEED, b64, header_of, signed, written
from crypto_vector_parts import CARNET, Vectors, case
from independent_crypto import sha256

HERE = Path(__file__).parent
ROOT = base64.b64encode(sha256(b"root")).decode()
NOTE = f"carnet.example\n12\n{ROOT}\n\n— carnet.example {'A' * 92}\n"
ENTRY = "mfrggzdfmztwq2lknnwg23tpoa"


def a_certificate(**changed: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "carnet-erasure-certificate",
        "version": 1,
        "certificate_id": CARNET,
        "person": "urn:carnet:person:mfrggzdfmztwq2lknnwg23tpoa",
        "erased": {
            "entry_id": ENTRY,
            "field_id": "permis_conduire",
            "label": "Permis de conduire",
            "compartments": ["permis_conduire"],
            "versions": 2,
            "observations": 1,
            "replies": 1,
            "proposals": 0,
        },
        "asked_at": "2026-03-03T12:00:00.000+00:00",
        "forgotten_at": "2026-03-10T09:30:00.000+00:00",
        "log": {
            "origin": "carnet.example",
            "index": 9,
            "leaf_hash": sha256(b"leaf").hex(),
            "checkpoint": NOTE,
        },
        "key_copies": {"days": 14, "blind_after": "2026-03-25"},
        "controller": {
            "name": "Département",
            "contact": "dpo@carnet.example",
            "site": "https://carnet.example",
        },
    }
    for name, value in changed.items():
        told[name] = told[name] | value if isinstance(value, Mapping) else value
    return told


def jws(told: Any, seed: bytes = SEED, **header: Any) -> bytes:
    usual = {"cty": "json", "typ": "carnet-erasure+jws"}
    return signed(written(told), written(header_of(SEED, **{**usual, **header})), seed)


def vectors() -> Vectors:
    not_one = "this is not a certificate, or its signature does not hold"
    shape = "its shape is not that of a certificate of erasure"
    good = a_certificate()
    spaced = b64(json.dumps(good, ensure_ascii=False, sort_keys=True).encode())
    head = b64(written(header_of(SEED, cty="json", typ="carnet-erasure+jws")))
    wrong = {
        "signature-of-another-key": (jws(good, OTHER), not_one),
        "header-of-a-receipt": (jws(good, cty="ld+json", typ="carnet-receipt+jws"), not_one),
        "algorithm-none": (jws(good, alg="none"), not_one),
        "payload-changed": (head + b"." + spaced + b"." + jws(good).rpartition(b".")[2], not_one),
        "a-member-more": (jws(a_certificate() | {"more": 1}), shape),
        "a-member-less": (jws({k: v for k, v in good.items() if k != "person"}), shape),
        "another-version": (jws(a_certificate(version=2)), shape),
        "a-count-below-nothing": (jws(a_certificate(erased={"versions": -1})), shape),
        "checkpoint-of-another-log": (
            jws(a_certificate(log={"origin": "other.example"})),
            "the checkpoint in it is that of another log",
        ),
        "checkpoint-too-old": (
            jws(a_certificate(log={"index": 12})),
            "the checkpoint in it does not cover the entry of the log",
        ),
        "checkpoint-unreadable": (
            jws(a_certificate(log={"checkpoint": "carnet.example\n12\n"})),
            "the checkpoint in it cannot be read",
        ),
        "forgotten-before-asked": (
            jws(a_certificate(asked_at="2026-03-10T09:30:00.001+00:00")),
            "it was forgotten before it was asked",
        ),
        "blind-too-soon": (
            jws(a_certificate(key_copies={"blind_after": "2026-03-23"})),
            "its dates do not follow each other",
        ),
    }
    found = {"checked": case("check_certificate", {"jws": jws(good)}, {"faults": []})}
    for name, (data, fault) in wrong.items():
        found[f"checked-{name}"] = case("check_certificate", {"jws": data}, {"faults": [fault]})
    return found


if __name__ == "__main__":
    folder = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE) / "certificate"
    folder.mkdir(parents=True, exist_ok=True)
    for name, vector in vectors().items():
        (folder / f"{name}.json").write_text(json.dumps(vector, indent=1, sort_keys=True) + "\n", "ascii")

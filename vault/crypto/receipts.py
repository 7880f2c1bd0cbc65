"""Receipts: signed so that anybody can check them, sealed so that they die with the carnet.

A receipt is a JWS in compact form (RFC 7515) signed with Ed25519 (alg EdDSA, RFC 8037), which holds its own
public key in its header; the key's name is its thumbprint (RFC 7638). One spelling only is accepted: exactly
these headers, base64url without padding or spare bits. Format: docs/formats/receipt.md.
"""

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

from schemas.canonical import canonical
from schemas.framing import lp
from vault.crypto.errors import CryptoError
from vault.crypto.keys import JournalSecret
from vault.crypto.notes import NoteSigner, verify_ed25519
from vault.crypto.primitives import Random, hkdf
from vault.crypto.tokens import open_small, seal_small

TYPE = "carnet-receipt+jws"
CONTENT = "ld+json"
PAPER_TYPE = "carnet-paper+jws"  # what a carnet on paper held when it was printed
PAPER_CONTENT = "json"
_KEY = 32
_SIGNATURE = 64
_LONGEST = 262_144  # bytes: some fifty times the receipt of a share of everything


class ReceiptError(CryptoError):
    """These bytes are no receipt, or its signature does not hold."""

    def __init__(self) -> None:
        super().__init__("not a receipt, or its signature does not hold")


@dataclass(frozen=True, slots=True)
class Signed:
    """A receipt whose signature holds: by ``public``, of name ``kid``."""

    payload: bytes
    public: bytes
    kid: str


def public_jwk(public: bytes) -> dict[str, str]:
    """The public key as RFC 8037 writes it."""
    return {"crv": "Ed25519", "kty": "OKP", "x": _b64(public)}


def thumbprint(public: bytes) -> str:
    """RFC 7638, SHA-256, base64url: 43 characters."""
    return _b64(hashlib.sha256(canonical(public_jwk(public))).digest())


def receipt_public(seed: bytes) -> bytes:
    """The public half. Raises KeyFormatError unless ``seed`` is 32 bytes."""
    return NoteSigner("receipt", seed).public


def sign_receipt(payload: bytes, *, seed: bytes, typ: str = TYPE, cty: str = CONTENT) -> bytes:
    """The compact JWS. ``typ`` tells apart the kinds of things signed with this key. Raises KeyFormatError
    unless ``seed`` is 32 bytes."""
    signer = NoteSigner("receipt", seed)
    signed = _b64(_header(signer.public, typ, cty)).encode() + b"." + _b64(payload).encode()
    return signed + b"." + _b64(signer.sign(signed)).encode()


def open_receipt(data: bytes, *, typ: str = TYPE, cty: str = CONTENT) -> Signed:
    """What was signed, and by which key: whether that key is known is for the caller to say. Raises
    ReceiptError for anything else, another ``typ`` included: one kind is never taken for another."""
    if len(data) > _LONGEST:
        raise ReceiptError
    parts = data.split(b".")
    if len(parts) != 3:
        raise ReceiptError
    header, payload, signature = (_unb64(part) for part in parts)
    public = _public_in(header)
    if _header(public, typ, cty) != header or len(signature) != _SIGNATURE:
        raise ReceiptError
    if not verify_ed25519(public, signature, parts[0] + b"." + parts[1]):
        raise ReceiptError
    return Signed(payload, public, thumbprint(public))


def receipt_digest(data: bytes) -> bytes:
    """SHA-256 of the very bytes: by which a receipt on paper is looked up."""
    return hashlib.sha256(data).digest()


def person_pseudonym(journal: JournalSecret) -> str:
    """The same in every receipt of one carnet, in no other, and nothing once the carnet is erased: 26
    characters."""
    short = hkdf(journal, b"pseudonym", length=16)
    return base64.b32encode(short).decode().rstrip("=").lower()


def seal_receipt(data: bytes, *, journal: JournalSecret, place: bytes, random: Random = os.urandom) -> bytes:
    """As it is kept: under a key from J_p, for its place."""
    return seal_small(data, secret=hkdf(journal, b"receipt"), place=place, random=random)


def unseal_receipt(sealed: bytes, *, journal: JournalSecret, place: bytes) -> bytes:
    """Raises OpenError."""
    return open_small(sealed, secret=hkdf(journal, b"receipt"), place=place)


def receipt_place(instance: str, carnet_id: str, receipt_id: str) -> bytes:
    return lp("carnet/receipt/1", instance, carnet_id, receipt_id)


def _header(public: bytes, typ: str, cty: str) -> bytes:
    return canonical(
        {"alg": "EdDSA", "cty": cty, "jwk": public_jwk(public), "kid": thumbprint(public), "typ": typ}
    )


def _public_in(header: bytes) -> bytes:
    try:
        told: Any = json.loads(header)
        public = _unb64(told["jwk"]["x"].encode("ascii"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ReceiptError from None
    if len(public) != _KEY:
        raise ReceiptError
    return public


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: bytes) -> bytes:
    """Raises ReceiptError for padding, spare bits, or any other alphabet."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ReceiptError from None
    if _b64(data).encode() != text:
        raise ReceiptError
    return data

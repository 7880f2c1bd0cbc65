"""A certificate of erasure on paper: what it says in plain words, a code that leads to its check, and the
signed file itself inside. PDF/A-3a and PDF/UA-1."""

from dataclasses import dataclass, field
from datetime import UTC

import segno

from consent.certificates import Erased
from exporters.document import Issuer
from exporters.to_pdf import Attached, print_with_file
from exporters.words import day_in_paris, day_in_words, instant_in_words

FILE = "certificat.jws"
CHECK = "/certificat"


@dataclass(frozen=True, slots=True)
class CertificateDocument:
    """``digest``: SHA-256 of ``jws``, the very bytes that were signed."""

    erased: Erased
    digest: str
    issuer: Issuer
    jws: bytes = field(repr=False)


def to_certificate(document: CertificateDocument) -> bytes:
    """The bytes of a PDF file. Raises PaperUnavailableError without the system libraries."""
    at = document.erased.forgotten_at
    made = segno.make(document.issuer.site + CHECK, error="q", micro=False)
    return print_with_file(
        "certificate.html",
        Attached(FILE, "Le certificat signé (JWS)", at, document.jws),
        document=document,
        erased=document.erased,
        code=made.svg_inline(scale=3, border=4, title="Code à scanner pour vérifier ce certificat"),
        at=instant_in_words(at),
        asked=day_in_words(day_in_paris(document.erased.asked_at)),
        blind=day_in_words(document.erased.blind_after),
        digest=" ".join(document.digest[place : place + 8] for place in range(0, 64, 8)),
        printed_day=day_in_words(day_in_paris(at), weekday=False),
        created=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )

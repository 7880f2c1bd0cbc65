"""A receipt on paper: what it says in plain words, a code that leads to its check, and the signed file itself
inside. PDF/A-3a and PDF/UA-1."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporters.document import Issuer
from exporters.to_pdf import Attached, print_with_file, qr_code
from exporters.words import day_in_paris, day_in_words, instant_in_words

FILE = "recu.jws"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReceiptDocument:
    """``what``: the heading; ``history``: what happened and when, oldest first; ``check``: the whole address
    that says whether it is ours; ``digest``: the same, to be typed; ``jws``: the very bytes that were
    signed."""

    what: str
    at: datetime
    who: str
    what_for: str
    fields: tuple[str, ...]
    ground: str
    legal_text: str
    rights: tuple[str, ...]
    history: tuple[tuple[str, datetime], ...]
    ends_at: datetime | None
    entry: int
    digest: str
    check: str
    issuer: Issuer
    jws: bytes = field(repr=False)


def to_receipt(document: ReceiptDocument) -> bytes:
    """The bytes of a PDF file. Raises PaperUnavailableError without the system libraries."""
    return print_with_file(
        "receipt.html",
        Attached(FILE, "Le reçu signé (JWS)", document.at, document.jws),
        document=document,
        code=qr_code(document.check, "Code à scanner pour vérifier ce reçu"),
        at=instant_in_words(document.at),
        until=_last_day(document.ends_at),
        history=[(what, instant_in_words(at)) for what, at in document.history],
        printed_day=day_in_words(day_in_paris(document.at), weekday=False),
        created=document.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _last_day(ends_at: datetime | None) -> str:
    """The last whole day: a share ends at midnight, when the next one begins."""
    if ends_at is None:
        return ""
    day = day_in_paris(ends_at)
    return day_in_words(day.fromordinal(day.toordinal() - 1))

"""« Arrêter ce partage », on paper: what it stops, how, and the secret that stops it. One page."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporters.document import Issuer
from exporters.to_pdf import print_template
from exporters.words import day_in_paris, day_in_words, instant_in_words


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SlipDocument:
    """``stops``: the heading, in the words of what the share rests on (« Arrêter ce partage »); ``who``: with
    whom she shares; ``address``: the public page that takes the code."""

    stops: str
    who: str
    what_for: str
    given_at: datetime
    until: str
    address: str
    printed_at: datetime
    issuer: Issuer
    code: str = field(repr=False)


def to_slip(document: SlipDocument) -> bytes:
    """The bytes of a PDF/UA-1 file. Raises PaperUnavailableError without the system libraries."""
    return print_template(
        "slip.html",
        document=document,
        given_day=day_in_words(day_in_paris(document.given_at)),
        printed_at=instant_in_words(document.printed_at),
        printed_day=day_in_words(day_in_paris(document.printed_at), weekday=False),
        created=document.printed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )

"""What each side did, on paper: every commitment, action and meeting with its history, dated and traced to
the log. PDF/A-3a and PDF/UA-1, with the same for programs inside."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporters.document import Issuer
from exporters.to_pdf import Attached, print_with_file
from exporters.words import day_in_paris, day_in_words, instant_in_words

TOLD = "La même chose pour les programmes, avec les preuves"
FILE = "ce-que-chacun-a-fait.json"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Done:
    """One version: « le mardi 3 mars 2026, Anne Roux (CCAS) », what was written, whether she agrees in words,
    and the entry of the log that says so; 0 lines for what was not said."""

    when: str
    who: str
    lines: tuple[str, ...]
    agreement: str = ""
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Undertaking:
    """A commitment, an action, a meeting: its heading, where it stands, and its history, oldest first."""

    title: str
    standing: str
    history: tuple[Done, ...]
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Side:
    """Who is to act: the administration, the person, both."""

    title: str
    undertakings: tuple[Undertaking, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PathFile:
    """``duties``: what the law asks of the administration, one sentence each. ``copy``: for programs."""

    reference: str
    person_name: str | None
    printed_at: datetime
    duties: tuple[str, ...]
    sides: tuple[Side, ...]
    issuer: Issuer
    copy: bytes = field(repr=False)


def to_path_file(document: PathFile) -> bytes:
    """The bytes of a PDF file. Raises PaperUnavailableError without the system libraries."""
    return print_with_file(
        "path.html",
        Attached(FILE, TOLD, document.printed_at, document.copy),
        document=document,
        printed_day=day_in_words(day_in_paris(document.printed_at), weekday=False),
        printed_at=instant_in_words(document.printed_at),
        created=document.printed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )

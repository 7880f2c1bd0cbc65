"""The carnet on paper: PDF/UA-1, the same bytes for the same document.

- Every text is data: escaped by the template, and freed of what no paper can show (control characters,
  lone surrogates, direction overrides that would make a line read otherwise than it is).
- Nothing is fetched: the template and its style sheet are read from this package, and WeasyPrint is given
  a fetcher that refuses every address, files included.
- WeasyPrint needs system libraries (Pango). It is imported on the first page asked for, so that all else works
  without them.
"""

import threading
import unicodedata
from datetime import UTC
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from exporters.document import ExportDocument
from exporters.words import day_in_paris, day_in_words, instant_in_words

_FOLDER = Path(__file__).parent / "pdf"
_UNSHOWABLE = "\N{REPLACEMENT CHARACTER}"
_LINE_BREAKS = frozenset("\n\t")
# Bidirectional embeddings, overrides and isolates (Unicode Standard Annex 9): they outlive the text they stand in.
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Pango's font maps are shared by the threads of a process: one paper at a time, which also bounds memory.
_one_at_a_time = threading.Lock()


class PaperUnavailableError(Exception):
    """This machine cannot make a PDF: a system library that WeasyPrint needs is missing."""


def to_pdf(document: ExportDocument) -> bytes:
    """The bytes of a PDF/UA-1 file. Raises PaperUnavailableError without the system libraries."""
    with _one_at_a_time:
        return _render(page_of(document), (_FOLDER / "carnet.css").read_text("utf-8"))


def page_of(document: ExportDocument) -> str:
    """The HTML that is printed. It names no outside resource."""
    return _ENVIRONMENT.get_template("carnet.html").render(
        document=document,
        issuer=document.issuer,
        written=[part for part in document.parts if part.items],
        unwritten=[part for part in document.parts if not part.items],
        glance=_at_a_glance(document),
        has_sensitive=any(item.sensitive for item in document.items()),
        printed_day=day_in_words(day_in_paris(document.printed_at), weekday=False),
        printed_at=instant_in_words(document.printed_at),
        created=document.printed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _at_a_glance(document: ExportDocument) -> list[tuple[int, str, str]]:
    """What the first page counts: how many, the words for one, the words for several."""
    counts = [
        (sum(1 for _ in document.items()), "information écrite", "informations écrites"),
        (len(document.shares), "partage ouvert", "partages ouverts"),
        (
            sum(len(item.observations) for item in document.items()),
            "observation de vous",
            "observations de vous",
        ),
    ]
    return [count for count in counts if count[0]]


def showable(value: Any) -> Any:
    """``value``, with each character that paper cannot show replaced by the replacement character."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = value.replace("\r\n", "\n")  # what a browser's text area sends
    return "".join(_UNSHOWABLE if _is_unshowable(character) else character for character in text)


def _is_unshowable(character: str) -> bool:
    return character in _DIRECTION_CONTROLS or (
        unicodedata.category(character) in {"Cc", "Cs", "Cn"} and character not in _LINE_BREAKS
    )


def _render(page: str, style: str) -> bytes:
    try:
        import weasyprint  # noqa: PLC0415 - one second, and absent libraries must break nothing else
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise PaperUnavailableError("WeasyPrint cannot load its system libraries") from error

    class Refuse(URLFetcher):  # type: ignore[misc] - the base class ships without types
        """The template names no address; whatever asks for one is refused, files and data included."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            raise ValueError("no resource is fetched while printing")

    sheet = weasyprint.CSS(string=style, url_fetcher=Refuse())
    html = weasyprint.HTML(string=page, url_fetcher=Refuse())
    pdf: bytes = html.write_pdf(stylesheets=[sheet], pdf_variant="pdf/ua-1")
    return pdf


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=showable,
    trim_blocks=True,
    lstrip_blocks=True,
)

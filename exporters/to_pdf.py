"""The carnet on paper: PDF/UA-1, and PDF/A-3a with the same carnet inside for programs.

- Every text is data: escaped by the template, and freed of what no paper can show (control characters,
  lone surrogates, direction overrides that would make a line read otherwise than it is).
- Nothing is fetched: the template and its style sheet are read from this package, and WeasyPrint is given
  a fetcher that refuses every address, files included.
- WeasyPrint needs system libraries (Pango). It is imported when a page is asked for, so that all else
  works without them.
"""

import logging
import re
import threading
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from exporters.document import ExportDocument, Variant
from exporters.words import day_in_paris, day_in_words, instant_in_words

_FOLDER = Path(__file__).parent / "pdf"
_UNSHOWABLE = "\N{REPLACEMENT CHARACTER}"
_LINE_BREAKS = frozenset("\n\t")
_POINTS = re.compile(r"\b([0-9.]+)pt\b")
LONG_ADDRESS = 150  # characters
# Embeddings, overrides and isolates of Unicode Standard Annex 9: they outlive the text they stand in.
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Pango's font maps are shared by the threads of a process: one paper at a time, which also bounds memory.
_one_at_a_time = threading.Lock()


class PaperUnavailableError(Exception):
    """This machine cannot make a PDF: a system library that WeasyPrint needs is missing."""


def to_pdf(document: ExportDocument) -> bytes:
    """The bytes of a PDF/UA-1 file, and PDF/A-3a when it has a proof: the copy for programs and what was
    signed of it are then attached. The same bytes for the same document. Raises PaperUnavailableError without
    the system libraries.

    Which characters can be drawn depends on the fonts of the machine: only a first rendering tells. The
    others are replaced in a second one, which says so, rather than printed as empty boxes.
    """
    attached, large = _attached(document), document.variant is Variant.LARGE
    with _one_at_a_time:
        pdf, missing = _render(page_of(document), *attached, large=large)
        if missing:
            pdf, _ = _render(page_of(document, missing=missing), *attached, large=large)
        return pdf


def _attached(document: ExportDocument) -> list["Attached"]:
    if document.proof is None:
        return []
    at = document.printed_at
    return [
        Attached("carnet.json", "Le même carnet, pour les programmes", at, document.proof.copy),
        Attached("preuve.jws", "Ce qui a été signé à l’impression (JWS)", at, document.proof.statement),
    ]


def print_template(name: str, **told: Any) -> bytes:
    """A paper of one page or two by its own template of this package, in the same look. Raises
    PaperUnavailableError."""
    with _one_at_a_time:
        pdf, _ = _render(_ENVIRONMENT.get_template(name).render(**told))
        return pdf


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside a paper, for programs: what the paper says, in its exact bytes."""

    name: str
    description: str
    made_at: datetime
    data: bytes = field(repr=False)


def print_with_file(template: str, attached: Attached, **told: Any) -> bytes:
    """As ``print_template``, to be kept: PDF/A-3a and PDF/UA-1, with ``attached`` inside. Raises
    PaperUnavailableError."""
    with _one_at_a_time:
        pdf, _ = _render(_ENVIRONMENT.get_template(template).render(**told), attached)
        return pdf


def page_of(document: ExportDocument, *, missing: frozenset[str] = frozenset()) -> str:
    """The HTML that is printed, without the ``missing`` characters. It names no outside resource."""
    page = _ENVIRONMENT.get_template("carnet.html").render(
        document=document,
        issuer=document.issuer,
        written=[part for part in document.parts if part.items],
        unwritten=[part for part in document.parts if not part.items],
        glance=_at_a_glance(document),
        has_sensitive=any(item.sensitive for item in document.items()),
        replaced=_UNSHOWABLE if missing else "",
        annex=document.variant is Variant.ANNEX,
        code=qr_code(document.proof.check, "Code à scanner pour vérifier ce papier")
        if document.proof
        else "",
        printed_day=day_in_words(day_in_paris(document.printed_at), weekday=False),
        printed_at=instant_in_words(document.printed_at),
        created=document.printed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return page.translate({ord(character): _UNSHOWABLE for character in missing})


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
    """``value`` in composed form (NFC), each character that no paper can show replaced by U+FFFD."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n"))  # a browser's text area sends \r\n
    return "".join(_UNSHOWABLE if _is_unshowable(character) else character for character in text)


def _is_unshowable(character: str) -> bool:
    return character in _DIRECTION_CONTROLS or (
        unicodedata.category(character) in {"Cc", "Cs", "Cn"} and character not in _LINE_BREAKS
    )


class _Listener(logging.Filter):
    """Hears which characters no font could draw, and lets nothing through: a log must not quote a carnet."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if ".notdef" in str(record.msg) and isinstance(record.args, tuple):
            self.missing.update(arg for arg in record.args if isinstance(arg, str) and len(arg) == 1)
        return False


def qr_code(address: str, title: str) -> str:
    """A QR code (ISO/IEC 18004) as inline SVG: it survives a quarter of it being spoiled; a long address, a
    seventh, so that its squares stay large enough to be scanned."""
    made = segno.make(address, error="q" if len(address) <= LONG_ADDRESS else "m", micro=False)
    return made.svg_inline(scale=3, border=4, title=title)


def _render(page: str, *attached: Attached, large: bool = False) -> tuple[bytes, frozenset[str]]:
    """The PDF, and the characters that no font of this machine can draw."""
    try:
        import weasyprint  # noqa: PLC0415 - one second, and absent libraries must break nothing else
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise PaperUnavailableError("WeasyPrint cannot load its system libraries") from error
    nothing = URLFetcher(allowed_protocols=())  # files and inline data included
    style = (_FOLDER / "carnet.css").read_text("utf-8")
    sheet = weasyprint.CSS(string=_enlarged(style) if large else style, url_fetcher=nothing)
    listener = _Listener()
    logger = logging.getLogger("weasyprint")
    logger.addFilter(listener)
    try:
        html = weasyprint.HTML(string=page, url_fetcher=nothing)
        told: dict[str, Any] = {"pdf_variant": "pdf/ua-1"}
        if attached:
            kept = [
                weasyprint.Attachment(
                    string=one.data,
                    url_fetcher=nothing,
                    name=one.name,
                    description=one.description,
                    created=one.made_at,
                    modified=one.made_at,
                    relationship="Source",
                )
                for one in attached
            ]
            told = {"pdf_variant": "pdf/a-3a", "attachments": kept, "finisher": _also_accessible}
        pdf: bytes = html.write_pdf(stylesheets=[sheet], **told)
    finally:
        logger.removeFilter(listener)
    return pdf, frozenset(listener.missing)


def _enlarged(style: str) -> str:
    """Every letter 1.5 times as large (18 points and more), for who reads with difficulty: nothing side by
    side then. Distances stay."""
    larger = _POINTS.sub(lambda size: f"{float(size[1]) * 1.5:g}pt", style)
    return larger + (_FOLDER / "large.css").read_text("utf-8")


def _also_accessible(_: Any, pdf: Any) -> None:
    """Says PDF/UA-1 beside PDF/A-3a in the metadata (XMP), and describes that word as PDF/A asks. They stay
    uncompressed: PDF/A-1 asked for it, some programs still look for them so, and nothing forbids it."""
    told = (_FOLDER / "ua-beside-a.xml").read_bytes()
    for one in pdf.objects:
        if getattr(one, "extra", {}).get("Type") == "/Metadata":
            one.compress = False
            one.stream = [part.replace(b"</rdf:RDF>", told + b"</rdf:RDF>") for part in one.stream]
        elif getattr(one, "compress", False) and not one.extra:
            _end_plainly(one)


def _end_plainly(stream: Any) -> None:
    """Compressed bytes that happen to end like a line make some programs count one more: a space, which says
    nothing in a content stream, is added to what is compressed until they do not."""
    for _ in range(8):
        if stream.data[: -len(b"\nendstream")][-1:] not in (b"\r", b"\n"):
            return
        stream.stream = [*stream.stream, b" "]


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=showable,
    trim_blocks=True,
    lstrip_blocks=True,
)

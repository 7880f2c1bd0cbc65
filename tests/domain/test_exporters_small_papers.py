"""The papers of one share, its receipt and its slip: each passes the checks of what it declares."""

import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import page
import pytest

from exporters import PaperUnavailableError
from exporters.to_receipt import ReceiptDocument, to_receipt
from exporters.to_slip import SlipDocument, to_slip
from tests.domain.carnet_on_paper import HOSTILE, a_document

AT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
UNTIL = datetime(2027, 5, 4, 10, 0, tzinfo=UTC)
ISSUER = a_document().issuer

# WeasyPrint leaves the file of its colour profile open.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def a_receipt(words: str, *, lines: int, ends_at: datetime | None = None) -> bytes:
    document = ReceiptDocument(
        what=f"Votre partage est ouvert {words}",
        at=AT,
        who=words,
        what_for=words,
        fields=(words,) * lines,
        ground="votre accord.",
        legal_text=words if lines else "",
        rights=(words,) * lines,
        history=((words, AT),) * max(lines, 1),
        ends_at=ends_at,
        entry=12,
        digest="0123abcd " * 8,
        check="https://carnet.example/recu?e=" + "0123abcd" * 8,
        issuer=ISSUER,
        jws=b"eyJ.eyJ.abc" * 900,
    )
    return printed(lambda: to_receipt(document))


def a_slip(words: str) -> bytes:
    document = SlipDocument(
        stops="Arrêter ce partage",
        who=words,
        what_for=words,
        given_at=AT,
        until="4 mai 2027",
        address="https://carnet.example/arreter-un-partage",
        printed_at=AT,
        issuer=ISSUER,
        code="ABCD-EFGH-2345-6723",
    )
    return printed(lambda: to_slip(document))


def pages_of(paper: bytes) -> int:
    """Counted in the streams that hold the objects of the file."""
    inflated = [paper]
    for packed in re.findall(rb"/ObjStm.*?stream\r?\n(.*?)\r?\nendstream", paper, re.DOTALL):
        inflated.append(zlib.decompressobj().decompress(packed))
    return sum(len(re.findall(rb"/Type\s*/Page\b", told)) for told in inflated)


def printed(paper: Callable[[], bytes]) -> bytes:
    try:
        return paper()
    except PaperUnavailableError:
        pytest.skip(
            "sans les bibliothèques de Pango (libpango, libpangoft2, libharfbuzz-subset) : pas de PDF"
        )


@pytest.mark.parametrize(
    ("words", "lines"),
    [("SIAE Alpha", 3), ("", 0), (HOSTILE, 3), ("Mot " * 90, 40)],
    ids=lambda one: len(str(one)),
)
def test_a_receipt_is_what_it_declares_pdf_a_3a_and_pdf_ua_1(words: str, lines: int) -> None:
    paper = a_receipt(words, lines=lines, ends_at=UNTIL if lines else None)
    assert b'pdfaid:part="3"' in paper
    assert b'pdfaid:conformance="A"' in paper
    assert b'pdfuaid:part="1"' in paper
    for profile in (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1):
        assert page.validate_pdf_bytes(paper, profile=profile).failures == []


@pytest.mark.parametrize("lines", [0, 3, 7])
def test_an_ordinary_receipt_fits_one_page(lines: int) -> None:
    assert pages_of(a_receipt("Atelier des Rives", lines=lines, ends_at=UNTIL)) == 1


@pytest.mark.parametrize("words", ["SIAE Alpha", "", HOSTILE], ids=["ordinary", "empty", "hostile"])
def test_a_slip_is_what_it_declares_pdf_ua_1(words: str) -> None:
    report = page.validate_pdf_bytes(a_slip(words), profile=page.ValidationProfile.PDF_UA_1)
    assert report.failures == []


def test_the_check_sees_a_paper_that_is_not_to_be_kept() -> None:
    report = page.validate_pdf_bytes(a_slip("SIAE Alpha"), profile=page.ValidationProfile.PDF_A_3A)
    assert not report.is_compliant

"""The carnet on paper: it opens, it is tagged, it holds every word, it reaches for nothing."""

import functools
import importlib.abc
import logging
import struct
import sys
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import page
import pytest

import exporters
from exporters import ExportDocument, PaperUnavailableError, Proof, Variant, Volet, to_pdf
from exporters.to_pdf import _render
from tests.domain.carnet_on_paper import (
    HOSTILE,
    STORY,
    a_document,
    a_full_carnet,
    a_share,
    an_empty_carnet,
    an_item,
    an_observation,
    files_in,
    pages_of,
    read_back,
    squeezed,
)

STYLE = Path(exporters.__file__).parent / "pdf" / "carnet.css"
LONG = a_document(
    an_item("Parcours", (STORY + " ") * 22, observations=(an_observation("Je ne dis pas cela. " * 60),)),
    an_item("Un seul mot", "x" * 4000),
    an_item("Beaucoup de lignes", *(f"Ligne {number}" for number in range(120))),
)
MANY_SHARES = a_document(
    shares=tuple(a_share(f"Organisme {number}", labels=1 + 4 * number) for number in range(15))
)
SCRIPTS = a_document(
    an_item("Langues", "أعمل في المطعم", "Українська", "中文", "தமிழ்", "🙂 👍🏽", "Ọlọ́run, Hồ")
)
HOSTILE_NAME = a_document(an_item(HOSTILE, HOSTILE), person_name=HOSTILE, reference='"; } @import url(x); {')


@functools.cache
def can_print() -> bool:
    try:
        to_pdf(a_document())
    except PaperUnavailableError:
        return False
    return True


@pytest.fixture(autouse=True)
def _paper(request: pytest.FixtureRequest) -> None:
    if "without_pango" in request.fixturenames:
        return
    if not can_print():
        pytest.skip(
            "sans les bibliothèques de Pango (libpango, libpangoft2, libharfbuzz-subset) : pas de PDF"
        )


@pytest.mark.parametrize(
    "document",
    [a_full_carnet(), an_empty_carnet(), LONG, MANY_SHARES, SCRIPTS, HOSTILE_NAME],
    ids=["full", "empty", "long", "many-shares", "scripts", "hostile"],
)
def test_every_carnet_passes_the_checks_of_pdf_ua(document: ExportDocument) -> None:
    report = page.validate_pdf_bytes(to_pdf(document), profile=page.ValidationProfile.PDF_UA_1)
    assert report.failures == []
    assert report.is_compliant


def test_the_check_sees_a_pdf_without_tags() -> None:
    import weasyprint

    untagged = weasyprint.HTML(string="<html lang=fr><title>a</title><p>b").write_pdf()
    assert not page.validate_pdf_bytes(untagged, profile=page.ValidationProfile.PDF_UA_1).is_compliant


def test_the_same_document_gives_the_same_bytes() -> None:
    assert to_pdf(a_full_carnet()) == to_pdf(a_full_carnet())
    assert to_pdf(a_document()) != to_pdf(a_document(an_item("Autre")))


def test_threads_do_not_mix_their_papers() -> None:
    documents = [a_document(an_item(f"Sujet {number}"), reference=f"REF-{number}") for number in range(6)]
    alone = [to_pdf(document) for document in documents]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(to_pdf, documents)) == alone


@pytest.mark.parametrize("document", [a_full_carnet(), LONG, HOSTILE_NAME], ids=["full", "long", "hostile"])
def test_the_paper_holds_every_word_as_it_was_said(document: ExportDocument) -> None:
    text = squeezed(read_back(to_pdf(document)))
    for item in document.items():
        for words in (
            item.label,
            item.question,
            *item.lines,
            item.note,
            item.state_words,
            *(said.text for said in item.observations),
            *(reply.text for said in item.observations for reply in said.replies),
        ):
            assert squeezed(words) in text
    for share in document.shares:
        assert all(squeezed(words) in text for words in (share.who, *share.what, share.until))
    assert squeezed(document.person_name or "") in text


def test_an_ordinary_carnet_takes_less_than_three_seconds() -> None:
    started = time.process_time()
    to_pdf(a_full_carnet())
    assert time.process_time() - started < 3


def test_the_style_sheet_is_wholly_understood(caplog: pytest.LogCaptureFixture) -> None:
    import weasyprint

    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        weasyprint.CSS(string=STYLE.read_text("utf-8"))
    assert caplog.messages == []


def test_printing_puts_no_word_of_hers_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        to_pdf(SCRIPTS)
        to_pdf(a_document(an_item("Secret", "Confidence")))
    assert not any(word in caplog.text for word in ("中", "🙂", "Secret", "Confidence", "Amina"))
    assert logging.getLogger("weasyprint").filters == []


def a_picture(path: Path) -> str:
    """One black dot as a PNG; returns its file address."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00\x00")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path.as_uri()


def test_printing_opens_no_file_even_when_the_page_asks(tmp_path: Path) -> None:
    import weasyprint

    picture = a_picture(tmp_path / "dot.png")
    asking = f'<html lang="fr"><title>a</title><img alt="point" src="{picture}"><p>b'
    assert b"/Image" in weasyprint.HTML(string=asking).write_pdf()
    assert b"/Image" not in _render(asking)[0]


class NoPango(importlib.abc.MetaPathFinder):
    """A machine where WeasyPrint is installed and its system libraries are not."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return None


@pytest.fixture
def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])


@pytest.mark.usefixtures("without_pango")
def test_without_the_system_libraries_our_own_error_says_so() -> None:
    with pytest.raises(PaperUnavailableError) as caught:
        to_pdf(a_document())
    assert "Amina" not in str(caught.value)


def test_the_libraries_are_not_loaded_before_a_paper_is_asked_for() -> None:
    import subprocess

    code = "import sys, exporters; sys.exit('weasyprint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Papers to keep: large, to be joined to a contract, with their proof


def with_proof(document: ExportDocument) -> ExportDocument:
    proof = Proof(
        digest="0123abcd" * 8,
        check="https://carnet.example/papier?s=" + "eyJ.Ab0_" * 56,
        statement=b"eyJ.eyJ.abc",
        copy='{"entries":[{"value":"Œuf"}]}'.encode(),
    )
    return replace(document, proof=proof)


def annexed(document: ExportDocument) -> ExportDocument:
    volet = Volet(
        title="Les actions", words="Validé le mardi 3 mars 2026, par Anne Roux.", version="ab12" * 16
    )
    return replace(document, variant=Variant.ANNEX, volets=(volet,))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("document", [a_full_carnet(), LONG], ids=["full", "long"])
def test_a_paper_with_its_proof_passes_the_checks_of_what_it_declares(
    document: ExportDocument, variant: Variant
) -> None:
    made = to_pdf(replace(annexed(with_proof(document)), variant=variant))
    for profile in (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1):
        report = page.validate_pdf_bytes(made, profile=profile)
        assert report.failures == []
    assert "0123abcd" * 8 in squeezed(read_back(made))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_same_carnet_is_inside_the_file_for_programs() -> None:
    proved = with_proof(a_document())
    assert proved.proof
    assert files_in(to_pdf(proved)) == {
        "carnet.json": proved.proof.copy,
        "preuve.jws": proved.proof.statement,
    }


def test_large_print_says_the_same_words_with_letters_half_as_large_again() -> None:
    small, large = (
        to_pdf(replace(a_full_carnet(), variant=one)) for one in (Variant.ORDINARY, Variant.LARGE)
    )
    read = squeezed(read_back(large))
    for item in a_full_carnet().items():
        assert all(squeezed(words) in read for words in (item.label, *item.lines, item.note))
    assert pages_of(large) > pages_of(small)


def test_an_annex_is_signed_by_both_and_says_nothing_of_who_reads_what() -> None:
    text = squeezed(read_back(to_pdf(annexed(a_full_carnet()))))
    for words in ("Lu ensemble", "La personne", "Le référent, pour l’organisme", "ab12" * 16):
        assert squeezed(words) in text
    for words in ("Qui peut lire quoi", "SIAE Alpha", "Vous pouvez changer d’avis"):
        assert squeezed(words) not in text

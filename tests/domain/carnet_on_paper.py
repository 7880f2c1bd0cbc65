"""Documents to print, with named situations, and a way to read a page back as a person would."""

import dataclasses
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from exporters import ExportDocument, Issuer, Item, Part, Said, ShareLine, Theme

PRINTED_AT = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
NOTE = "dit par vous, le mardi 3 mars 2026"
HOSTILE = "<script>alert(1)</script> {{7*7}} {% raw %} \"'& &amp; url(file:///etc/passwd) <img src=x>"
STORY = (
    "J’ai travaillé dix ans en cuisine, à Brest puis à Quimper. Œufs, pâtes, crêpes : j’ai tout appris.\n\n"
    "Aujourd’hui je cherche des horaires de jour, près de l’école."
)


def an_item(label: str = "Permis de conduire", *lines: str, **facts: Any) -> Item:
    return Item(label=label, lines=lines or ("Permis B",), **{"note": NOTE, **facts})


def an_observation(text: str, *replies: str) -> Said:
    answered = tuple(Said(who="Mme Roux (CCAS de Brest) répond", text=one, note=NOTE) for one in replies)
    return Said(who="Vous dites", text=text, note="le mardi 3 mars 2026", replies=answered)


def a_share(who: str = "SIAE Alpha", labels: int = 3) -> ShareLine:
    return ShareLine(
        who=who,
        what_for="vous proposer un poste",
        what=tuple(f"Information {number}" for number in range(1, labels + 1)),
        until="jeudi 3 septembre 2026",
    )


def a_document(*items: Item, **facts: Any) -> ExportDocument:
    """A carnet of one theme that holds ``items``, in two parts of which the second is empty."""
    usual = ExportDocument(
        title="Mon carnet",
        person_name="Amina Le Goff",
        reference="K7M4-2PQX-9T",
        printed_at=PRINTED_AT,
        parts=(
            Part("Mon histoire", (Theme("Se déplacer", items or (an_item(),)),)),
            Part("Ma stratégie", ()),
        ),
        issuer=Issuer(
            name="Carnet d’essai",
            controller="Le département d’essai",
            contact="Déléguée à la protection des données\n1 rue de l’Essai",
            site="carnet.exemple.fr",
        ),
    )
    return dataclasses.replace(usual, **facts)


def an_empty_carnet() -> ExportDocument:
    return a_document(parts=(Part("Mon histoire", ()), Part("Ma stratégie", ())), person_name=None)


def a_full_carnet() -> ExportDocument:
    """About five pages: 40 informations, observations and a reply, states, shares, accesses."""
    themes = tuple(
        Theme(
            f"Thème {theme}",
            tuple(
                an_item(f"Sujet {theme}-{number}", f"Réponse {theme}-{number}", question=f"Et {number} ?")
                for number in range(1, 6)
            ),
        )
        for theme in range(1, 8)
    )
    spoken = Theme(
        "Parcours",
        (
            an_item("Mon parcours", STORY, question="Pouvez-vous me raconter votre parcours ?"),
            an_item(
                "Sources de revenu",
                "Revenu de solidarité active (RSA)",
                "Prime d’activité",
                state_words="vous n’êtes pas d’accord",
                sensitive=True,
                observations=(
                    an_observation(
                        "Je ne touche plus la prime depuis novembre.", "Nous le demandons à la CAF."
                    ),
                    an_observation("Le CCAS a mon courrier."),
                ),
            ),
        ),
    )
    return a_document(
        parts=(Part("Mon histoire", themes), Part("Engagements", ()), Part("Ma stratégie", (spoken,))),
        shares=(a_share(), a_share("CCAS de Brest", labels=7)),
        accesses_summary=("Lundi 2 mars, 10 h 12. SIAE Alpha a lu le permis pour vous proposer un poste.",),
    )


class Seen(HTMLParser):
    """What a page holds: its text, its elements, and every address it names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "style", "data"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def squeezed(text: str) -> str:
    """Without any space, since a printer breaks lines where it likes."""
    return "".join(text.split())


def read_back(pdf: bytes) -> str:
    """The text of a PDF without its headers and footers; skips where poppler is missing."""
    if shutil.which("pdftotext") is None:
        pytest.skip("sans pdftotext (paquet poppler-utils) : le texte du PDF n’est pas relu")
    area = ["-x", "0", "-y", "60", "-W", "595", "-H", "710"]  # points of an A4 page, margins left out
    done = subprocess.run(["pdftotext", "-raw", *area, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def files_in(pdf: bytes) -> dict[str, bytes]:
    """The files a PDF carries. Skips without poppler."""
    program = _poppler("pdfdetach")
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder, "paper.pdf")
        paper.write_bytes(pdf)
        (Path(folder) / "out").mkdir()
        subprocess.run([program, "-saveall", "-o", f"{folder}/out", str(paper)], check=True)
        return {one.name: one.read_bytes() for one in (Path(folder) / "out").iterdir()}


def pages_of(pdf: bytes) -> int:
    return read_back(pdf).count("\f")


def _poppler(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"sans {name} (poppler-utils) : le PDF n’est pas relu")
    return program

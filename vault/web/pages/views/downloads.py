"""What she takes away on paper or in a file, and the page that knows a paper again."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vault.web.pages.views.pieces import Information

__all__ = ["DownloadsView", "PaperCheckView", "PaperChoiceView", "PaperLine", "PaperTheme"]


@dataclass(frozen=True)
class DownloadsView:
    """`/mes-telechargements`. `pdf_href` is None when the server cannot make a PDF; `all_href` is for the
    person alone."""

    template: ClassVar[str] = "person/downloads.html"

    pdf_href: str | None
    choose_href: str = "/mes-telechargements/choisir"
    all_href: str | None = None


@dataclass(frozen=True)
class PaperLine:
    entry_id: str
    information: Information


@dataclass(frozen=True)
class PaperTheme:
    theme_id: str
    label: str
    lines: tuple[PaperLine, ...]


@dataclass(frozen=True)
class PaperChoiceView:
    """`/mes-telechargements/choisir`: everything ticked, and how to print it."""

    template: ClassVar[str] = "person/paper_choice.html"

    action: str
    themes: tuple[PaperTheme, ...]


@dataclass(frozen=True)
class PaperCheckView:
    """`/papier`: whether a paper was printed here. `at` None: not known."""

    template: ClassVar[str] = "public/paper.html"

    asked: bool
    at: datetime | None = None
    digest: str = ""

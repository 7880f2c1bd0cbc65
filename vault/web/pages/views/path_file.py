"""What each side did, and what the law asks of the administration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

__all__ = [
    "DutyLine",
    "DutyName",
    "PathFileView",
    "PathItem",
    "PathSide",
    "PathStep",
    "ReviewItem",
    "ReviewView",
    "RhythmField",
]


@dataclass(frozen=True)
class DutyName:
    """« Vous orienter vers un organisme », « six semaines », the text of law."""

    what: str
    within: str
    text: str


@dataclass(frozen=True)
class DutyLine:
    name: DutyName
    words: str
    late: bool = False


@dataclass(frozen=True)
class PathStep:
    """One version. `by` is empty when the person wrote it; `index`: the line of the log."""

    on: date
    by: str
    words: str
    state: str = ""
    index: int | None = None


@dataclass(frozen=True)
class PathItem:
    title: str
    lines: tuple[str, ...]
    standing: str
    href: str
    history: tuple[PathStep, ...]
    late: bool = False


@dataclass(frozen=True)
class PathSide:
    title: str
    items: tuple[PathItem, ...]


@dataclass(frozen=True)
class PathFileView:
    """`/mon-carnet/ce-que-chacun-a-fait`. `paper_href` is None when the server cannot make a PDF."""

    template: ClassVar[str] = "person/path_file.html"

    duties: tuple[DutyLine, ...]
    sides: tuple[PathSide, ...]
    paper_href: str | None = None
    copy_href: str | None = None


@dataclass(frozen=True)
class ReviewItem:
    """A commitment or an action that waits, and where it may stand now."""

    entry_id: str
    version: int
    label: str
    words: str
    states: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True)
class RhythmField:
    prompt: str
    choices: tuple[tuple[str, str], ...]
    chosen: str = ""


@dataclass(frozen=True)
class ReviewView:
    """`/mon-carnet/bilan/nouveau`. `typed`: what was typed, by input."""

    template: ClassVar[str] = "person/review.html"

    items: tuple[ReviewItem, ...]
    rhythm: RhythmField
    typed: Mapping[str, str]
    error: str
    action: str

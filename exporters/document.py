"""ExportDocument: the one snapshot that every way out takes.

- It holds French words only, already chosen and described for one reader: nothing here knows a field's id,
  a type or a sensitivity rule, so a field added to the catalogue is printed with no change in this package.
- It is immutable and says nothing of its contents in a ``repr``: a carnet must not reach a log by accident.
- What was left empty is left out by whoever builds it; a part may stay empty, its title is then announced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Item:
    """One piece of information.

    ``lines`` are the described value, one line each (several lines print as a list; a line may hold line
    breaks). ``note`` says where it comes from: « dit par vous, le 3 mars 2026 ». ``state_words`` stays empty
    when there is nothing to say: « vous n’êtes pas d’accord ». ``observations`` are her own words, whole.
    """

    label: str
    lines: tuple[str, ...]
    question: str = ""
    note: str = ""
    state_words: str = ""
    sensitive: bool = False
    observations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Theme:
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A part of the carnet. Empty themes are not printed; a part without any item is only announced."""

    title: str
    themes: tuple[Theme, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for theme in self.themes for item in theme.items)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShareLine:
    """One open share: who, [Pour] « vous proposer un poste », the labels, [Jusqu’au] « 3 mars 2027 », [Cela
    repose sur] « votre accord »."""

    who: str
    what_for: str
    what: tuple[str, ...]
    until: str
    rests_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Issuer:
    """Who runs this instance: its name, the controller, how to reach someone, where the carnet is online."""

    name: str
    controller: str
    contact: str
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExportDocument:
    """A carnet at one instant, for one reader. ``printed_at`` is aware; it is shown in the time of Paris.

    ``accesses_summary`` holds whole sentences, newest first; empty, the section is not printed.
    Raises ValueError when ``printed_at`` carries no time zone.
    """

    title: str
    reference: str
    printed_at: datetime
    parts: tuple[Part, ...]
    issuer: Issuer
    person_name: str | None = None
    shares: tuple[ShareLine, ...] = ()
    accesses_summary: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.printed_at.tzinfo is None:
            raise ValueError("printed_at must carry its time zone")

    def items(self) -> Iterator[Item]:
        """Every piece of information, in printing order."""
        for part in self.parts:
            yield from part.items

"""ExportDocument: the one snapshot that every way out takes.

- It holds French words only, already chosen and described for one reader: nothing here knows a field's id,
  a type or a sensitivity rule, so a field added to the catalogue is printed with no change in this package.
- It is immutable and says nothing of its contents in a ``repr``: a carnet must not reach a log by accident.
- What was left empty is left out by whoever builds it; a part may stay empty, its title is then announced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Variant(StrEnum):
    """How it is printed."""

    ORDINARY = "ordinaire"
    LARGE = "grands-caracteres"
    ANNEX = "annexe"  # to be joined to a contract and signed: what each engages to, and the steps


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Said:
    """Words of somebody, beside an information: [Vous dites :] the text, « le 3 mars 2026 », and what was
    answered. ``note`` also says on which version they bear, when it is not the one that is printed."""

    who: str
    text: str
    note: str = ""
    replies: tuple["Said", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Item:
    """One piece of information.

    ``lines`` are the described value, one line each (several lines print as a list; a line may hold line
    breaks). ``note`` says where it comes from: « dit par vous, le 3 mars 2026 ». ``state_words`` stays empty
    when there is nothing to say: « vous n’êtes pas d’accord ». ``observations`` are her own words, whole,
    with the answers to them: no way out separates them from what they contest.
    """

    label: str
    lines: tuple[str, ...]
    question: str = ""
    note: str = ""
    state_words: str = ""
    sensitive: bool = False
    observations: tuple[Said, ...] = ()

    @property
    def said_length(self) -> int:
        """How many characters stand beside it."""
        said = [one for each in self.observations for one in (each, *each.replies)]
        return sum(len(one.text) for one in said)


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
class Volet:
    """What the référent validated: [« La compréhension des engagements »] « validé le …, par … » and the
    version hash, or why it is to be looked at again."""

    title: str
    words: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Proof:
    """``digest``: SHA-256 of ``copy`` in hexadecimal; ``check``: the address that says whether the paper was
    printed here; ``statement``: what was signed (a compact JWS); ``copy``: the same carnet for programs."""

    digest: str
    check: str
    statement: bytes
    copy: bytes


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
    volets: tuple[Volet, ...] = ()
    variant: Variant = Variant.ORDINARY
    proof: Proof | None = None

    def __post_init__(self) -> None:
        if self.printed_at.tzinfo is None:
            raise ValueError("printed_at must carry its time zone")

    def items(self) -> Iterator[Item]:
        """Every piece of information, in printing order."""
        for part in self.parts:
            yield from part.items

"""Who acted for her, in words: for her journal, wherever it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.ids import CarnetId, MandateId
from schemas.names import MandateKind
from vault.services.mandates import Shown, shown_mandates
from vault.services.own_carnet import Access
from vault.services.parts import Parts
from vault.web.pages import french, views

OF = {
    MandateKind.HELPER: "du mandat d’aide",
    MandateKind.CURATORSHIP: "de la curatelle",
    MandateKind.GUARDIANSHIP: "de la tutelle",
}


@dataclass(frozen=True, slots=True)
class ByWords:
    """« Paul Aidant (CCAS de Brest) », and « au titre du mandat d’aide du 3 mars »."""

    who: str
    title: str


UNKNOWN = ByWords("Une personne qui agit pour vous", "au titre d’un mandat")


def by_words(parts: Parts, carnet_id: CarnetId) -> Mapping[MandateId, ByWords]:
    """Of each mandate there ever was on this carnet. It opens names: for an answer that has its entry."""
    if not parts.data.mandates_of(carnet_id):
        return {}
    journal = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id]).journal(carnet_id)
    if journal is None:
        return {}
    return {one.row.mandate_id: words_of(one) for one in shown_mandates(parts, carnet_id, journal)}


def words_of(one: Shown) -> ByWords:
    name = one.holder or UNKNOWN.who
    who = f"{name} ({one.structure.name})" if one.structure else name
    return ByWords(who, f"au titre {OF[one.row.kind]} du {french.short_day(one.row.starts_at)}")


def with_mandates(
    parts: Parts, carnet_id: CarnetId, accesses: Sequence[Access], lines: Sequence[views.AccessLine]
) -> tuple[views.AccessLine, ...]:
    """The lines of these accesses, those of whoever acted for her said as such."""
    if not any(one.mandate_id for one in accesses):
        return tuple(lines)
    words = by_words(parts, carnet_id)
    return tuple(
        _by(line, words.get(one.mandate_id, UNKNOWN)) if one.mandate_id else line
        for one, line in zip(accesses, lines, strict=True)
    )


def _by(line: views.AccessLine, words: ByWords) -> views.AccessLine:
    return replace(line, who=words.who, by="", kind=None, own=False, mandate=words.title)

"""Names of informations and purposes, as they stand inside a sentence."""

from collections.abc import Iterable

from schemas.fields import PRECIS, Catalogue
from schemas.ids import CompartmentId
from vault.web.pages import french

WHOLE, SHORT, SHORTEST = 1_000, 12, 4  # how many informations a sentence names


def labels(catalogue: Catalogue, compartments: Iterable[str]) -> tuple[str, ...]:
    """Inside a sentence, in the order of the catalogue; when both forms are there, the exact one alone.
    What the catalogue no longer knows is counted, not named."""
    wanted = list(compartments)
    known = catalogue.in_order(wanted)
    named = [catalogue.compartment(one).inline for one in known if CompartmentId(one + PRECIS) not in known]
    lost = len(set(wanted) - set(known))
    return (
        *named,
        *([f"{french.plural(lost, 'ancienne information', 'anciennes informations')}"] if lost else []),
    )


def short_labels(catalogue: Catalogue, compartments: Iterable[str], most: int = SHORT) -> tuple[str, ...]:
    """As ``labels``; a list longer than ``most`` keeps its first names and says how many follow."""
    named = labels(catalogue, compartments)
    if len(named) <= most:
        return named
    kept = most - 1
    return (*named[:kept], french.plural(len(named) - kept, "autre information", "autres informations"))


def plain_purpose(label: str) -> str:
    """A purpose as its reader says it: « Votre accompagnement » → « accompagnement »."""
    for article in ("Votre ", "Vos ", "Une ", "Un "):
        if label.startswith(article):
            return label.removeprefix(article)
    return label[:1].lower() + label[1:]

"""What can be guessed from what somebody is shown: told to the person before she shares, and at any time.

Derived from the annotations of the catalogue (docs/formats/catalogue.md), so that a field added to the file
brings its own warnings:

- ``identifying``: her name is shown;
- ``9``: the information itself is of a special category (GDPR article 9); ``9i``: it lets one be guessed;
- a *group* of the coarse form still says that it is one of its members, when what she wrote is in one;
- ``leave_out``: rows whose words say too much are left out as far as our list of words knows them; in the
  exact form they all show;
- ``T``: it speaks of somebody else; ``L``: free words, read whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.fields import Catalogue, Compartment
from schemas.ids import CompartmentId
from schemas.names import Word
from schemas.sentences import spaced

__all__ = ["Guess", "GuessKind", "guesses"]


class GuessKind(Word):
    """Why something may be guessed; the label begins the sentence about the informations of that kind."""

    NAME = "name", "Votre nom est montré"
    SPECIAL = "special", "La loi protège le plus ces réponses, comme celles sur la santé"
    HINT = "hint", "On peut y deviner votre santé, vos origines, vos idées ou votre passé"
    GROUP = "group", "Une réponse simplifiée dit encore quelque chose"
    PLACES = "places", "Le nom d’un organisme peut dire pourquoi il vous aide"
    OTHERS = "others", "Ces réponses parlent aussi d’une autre personne"
    WORDS = "words", "Vos mots seront lus en entier"
    GRANTEE = "grantee", "Le nom de cet organisme en dit déjà sur vous"


@dataclass(frozen=True, slots=True)
class Guess:
    """One thing that may be guessed. ``labels``: the informations, as they stand inside a sentence;
    ``detail``: one more sentence, or none."""

    kind: GuessKind
    compartments: tuple[CompartmentId, ...] = ()
    labels: tuple[str, ...] = ()
    detail: str = ""


def guesses(
    catalogue: Catalogue,
    granted: Iterable[str],
    values: Mapping[CompartmentId, Sequence[object]],
    *,
    sensitive_grantee: bool = False,
) -> tuple[Guess, ...]:
    """In the order of ``GuessKind``, informations in that of the catalogue. ``values``: what would be shown
    now; an information still empty warns all the same, for it is seen as soon as it is written. What the
    catalogue no longer knows is left out: nobody reads it."""
    known = [catalogue.compartment(one) for one in catalogue.in_order(granted)]
    exact = {one.field_id for one in known if one.precis}
    found: list[Guess] = []
    for kind in GuessKind:
        if kind is GuessKind.GROUP:
            for one in known:
                if one.field_id not in exact:
                    found += _groups(catalogue, one, values.get(one.id, ()))
        elif kind is GuessKind.GRANTEE:
            found += [Guess(kind, detail=_GRANTEE)] if sensitive_grantee else []
        else:
            told = [one for one in known if _says(catalogue, one, kind)]
            found += [_guess(kind, told)] if told else []
    return tuple(found)


_GRANTEE = "Il sera écrit dans vos partages et sur vos papiers. Les autres organismes ne le voient pas."
_DETAILS = {
    GuessKind.PLACES: "Nous retirons les noms que nous reconnaissons. Relisez ceux qui restent.",
}


def _guess(kind: GuessKind, told: Sequence[Compartment]) -> Guess:
    ids, labels = tuple(one.id for one in told), tuple(one.inline for one in told)
    return Guess(kind, ids, labels, _DETAILS.get(kind, ""))


def _says(catalogue: Catalogue, one: Compartment, kind: GuessKind) -> bool:
    """Whether a compartment is of this kind, by its letters and by how its coarse form is made."""
    field = catalogue.field(one.field_id)
    match kind:
        case GuessKind.NAME:
            return field.identifying
        case GuessKind.SPECIAL:
            return "9" in one.sensitivity
        case GuessKind.HINT:
            return "9i" in one.sensitivity and "9" not in one.sensitivity
        case GuessKind.PLACES:
            return not one.precis and "leave_out" in field.node["carnet"].get("precis", {})
        case GuessKind.OTHERS:
            return "T" in one.sensitivity
        case _:
            return "L" in one.sensitivity


def _groups(catalogue: Catalogue, one: Compartment, shown: Sequence[object]) -> list[Guess]:
    """The groups that stand in what is shown now, each with what it may be."""
    groups: Mapping[str, list[str]] = (
        catalogue.field(one.field_id).node["carnet"].get("precis", {}).get("groups", {})
    )
    present = {item for value in shown for item in _items(value)}
    return [
        Guess(
            GuessKind.GROUP,
            (one.id,),
            (one.inline,),
            spaced(
                f"« {_word(catalogue, one, group)} » veut dire l’une de ces réponses : "
                f"{', '.join(_word(catalogue, one, member) for member in members)}. On ne sait pas laquelle."
            ),
        )
        for group, members in groups.items()
        if group in present
    ]


def _items(value: object) -> list[Any]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _word(catalogue: Catalogue, one: Compartment, value: str) -> str:
    told = " ".join(catalogue.describe(one.field_id, [value]))
    return told if told[1:2].isupper() else told[:1].lower() + told[1:]  # « RSA » stays as it is

"""The interview for two: the questions of the report of 16 December 2020 (annex 6.2), in its order.

Derived from the catalogue: the fields of one line of the report are asked together. What is answered tells
where an interview goes on, so nothing is kept between two sessions but the answers themselves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from schemas.fields import Catalogue, Field
from schemas.ids import FieldId


@dataclass(frozen=True, slots=True)
class Question:
    """One line of the report. ``number`` counts from 1 among those asked."""

    number: int
    question_id: str
    words: str
    fields: tuple[Field, ...]

    def answered(self, told: Collection[FieldId]) -> bool:
        """Whether something was said of it: an answer, or why there is none."""
        return any(field.id in told for field in self.fields)


def questions(catalogue: Catalogue, fields: Iterable[Field] | None = None) -> tuple[Question, ...]:
    """In the order of the report; of ``fields`` alone, when they are told."""
    found: dict[str, list[Field]] = {}
    for field in catalogue.fields if fields is None else fields:
        if field.question_id and not (field.collection or field.read_only):
            found.setdefault(field.question_id, []).append(field)
    return tuple(
        Question(number, id_, found[id_][0].question or found[id_][0].prompt, tuple(found[id_]))
        for number, id_ in enumerate(sorted(found), 1)
    )


def first_open(every: Collection[Question], told: Collection[FieldId]) -> Question | None:
    """Where to go on; None when something was said of each."""
    return next((one for one in every if not one.answered(told)), None)

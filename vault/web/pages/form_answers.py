"""From what stands in the inputs to what is written: nothing, one answer, or a sentence beside the question.

Rules
- Only what changed is written; saving what is still right renews a value that asked to be confirmed.
- A question emptied becomes "not discussed"; a question never answered and left empty is left alone.
- Somebody else's change is never overwritten unseen: the answer that stands is shown, what she typed stays
  in its place, and saving again is then her choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.fields import Catalogue, Fault, Field
from schemas.names import AnswerKind
from vault.carnet.entries import JSON, Entry
from vault.services.writing import Answer
from vault.web.pages.presenting import stale
from vault.web.pages.typed_form import RADIOS, Typed, Unclear, value_of

BOTH = "Vous avez écrit une réponse, et choisi aussi « {other} ». Gardez l’une ou l’autre."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question cannot be saved as it stands. ``conflict``: it changed elsewhere meanwhile."""

    sentence: str
    faults: tuple[Fault, ...] = ()
    conflict: bool = False


def answer_of(
    catalogue: Catalogue, field: Field, typed: Typed, stands: Entry | None, now: datetime
) -> Answer | Refusal | None:
    """What to write for a field, given what stands now."""
    value = value_of(field, typed)
    if isinstance(value, Unclear):
        return Refusal(value.sentence)
    kind = _kind_of(field, typed, value, stands)
    if isinstance(kind, Refusal):
        return kind
    if kind is AnswerKind.ANSWERED:
        faults = catalogue.validate_value(field.id, value)
        if faults:
            return Refusal(faults[0].sentence, tuple(faults))
    if _same(kind, value, stands):
        if stands is None or not stale(field, stands.body, now):
            return None
    elif typed.version != (stands.version if stands else 0):
        return changed_elsewhere(catalogue, field, stands)
    version = stands.version if stands else 0
    return Answer(field.id, value if kind is AnswerKind.ANSWERED else None, kind, version=version)


def _kind_of(field: Field, typed: Typed, value: JSON, stands: Entry | None) -> AnswerKind | Refusal:
    """Which of the two inputs is meant, the value or the list of other answers: the one she changed."""
    other = typed.answer
    if other is AnswerKind.ANSWERED:
        if value is None and field.kind in RADIOS:
            return stands.body.answer if stands else AnswerKind.NOT_DISCUSSED
        return AnswerKind.ANSWERED if value is not None else AnswerKind.NOT_DISCUSSED
    if value is None:
        return other
    if stands is not None and stands.body.answer is other:
        return AnswerKind.ANSWERED
    if stands is not None and stands.body.holds and stands.body.value == value:
        return other
    return Refusal(BOTH.format(other=other.label))


def _same(kind: AnswerKind, value: JSON, stands: Entry | None) -> bool:
    if stands is None:
        return kind is AnswerKind.NOT_DISCUSSED
    if kind is not stands.body.answer:
        return False
    return kind is not AnswerKind.ANSWERED or value is None or value == stands.body.value


def changed_elsewhere(catalogue: Catalogue, field: Field, stands: Entry | None) -> Refusal:
    lines: Sequence[str] = ()
    if stands is not None and stands.body.holds:
        lines = catalogue.describe(field.id, stands.body.value)
    now_written = (
        f"Il y est écrit maintenant : « {', '.join(lines)} »." if lines else "Elle est maintenant vide."
    )
    return Refusal(
        f"Cette réponse a été changée ailleurs pendant que vous écriviez. {now_written} "
        "Vos mots sont encore ici : pour les garder à la place, enregistrez de nouveau.",
        conflict=True,
    )

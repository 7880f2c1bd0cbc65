"""What stands in the inputs of one question: read from a posted form, or filled from what is written.

The names of the inputs are told in views/forms.py. From a ``Typed`` come both the value she means and, when
it is not acceptable, the same inputs again with nothing lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from schemas.asking import FormKind, Part
from schemas.fields import Field
from schemas.names import AnswerKind
from schemas.typed import typed_list, typed_value
from vault.carnet.entries import JSON, Body
from vault.web.pages import french
from vault.web.pages.form_reading import Form

UNSAID = "~"  # begins the value of a radio button that says why there is no answer
MOST_ROWS = 100
RADIOS = (FormKind.YES_NO, FormKind.CHOICE_ONE)
DATE_PARTS = ("jour", "mois", "annee")
_NO_ROWS: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """``texts``: chosen values, lines, the one text, or day, month and year. ``rows``: parts of an object
    (one row) or of each object of a list. ``answer``: ANSWERED, or why there is none."""

    texts: tuple[str, ...] = ()
    ranks: Mapping[str, str] | None = None
    rows: tuple[Mapping[str, str], ...] = ()
    answer: AnswerKind = AnswerKind.ANSWERED
    version: int = 0

    @property
    def empty(self) -> bool:
        ranks = self.ranks or {}
        rows = any(text.strip() for row in self.rows for text in row.values())
        return not rows and not any(text.strip() for text in (*self.texts, *ranks.values()))

    def seen(self, version: int) -> "Typed":
        """The same inputs, after she was shown what stands at ``version``."""
        return replace(self, version=version)


# --- from a form -----------------------------------------------------------------------------------------


def typed_in(form: Form, field: Field) -> Typed | None:
    """What she typed for a field; None when the form did not ask for it."""
    if f"{field.id}.version" not in form:
        return None
    version = _whole(form.one(f"{field.id}.version"))
    if field.kind in RADIOS:
        return _radio(form.one(field.id), version)
    ranks, texts, rows = None, form.all(field.id), _NO_ROWS
    if field.kind is FormKind.ORDERED_CHOICE:
        ranks = {one.value: form.one(f"{field.id}.rank.{one.value}") for one in field.choices}
    elif field.kind is FormKind.DATE:
        texts = tuple(form.one(f"{field.id}.{part}") for part in DATE_PARTS)
    elif field.kind is FormKind.OBJECT:
        rows = (_row(form, field, str(field.id)),)
    elif field.kind is FormKind.OBJECT_LIST:
        asked = (f"{field.id}.{number}" for number in range(MOST_ROWS))
        rows = tuple(_row(form, field, name) for name in asked)
    return Typed(texts, ranks, rows, _kind(form.one(f"{field.id}.answer")), version)


def _radio(told: str, version: int) -> Typed:
    if told.startswith(UNSAID):
        return Typed(answer=_kind(told[1:]), version=version)
    return Typed((told,) if told else (), version=version)


def _row(form: Form, field: Field, name: str) -> Mapping[str, str]:
    names = [each for part in field.parts for each in _inputs_of(part)]
    return {each: form.one(f"{name}.{each}") for each in names}


def _inputs_of(part: Part) -> list[str]:
    """The inputs of a part: a day has three."""
    if part.kind is FormKind.DATE:
        return [f"{part.name}.{piece}" for piece in DATE_PARTS]
    return [part.name]


def _kind(told: str) -> AnswerKind:
    try:
        return AnswerKind(told)
    except ValueError:
        return AnswerKind.ANSWERED


def _whole(text: str) -> int:
    """-1, which no version is, for what is not a number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


# --- the value she means ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unclear:
    """The inputs contradict each other; ``sentence`` says what to do."""

    sentence: str


def value_of(field: Field, typed: Typed) -> JSON | Unclear:
    """The JSON value; None when nothing is typed. What is not understood stays as typed, for validation to
    refuse with the field's own sentence."""
    if typed.empty:
        return None
    match field.kind:
        case FormKind.CHOICE_MANY:
            return list(dict.fromkeys(text for text in typed.texts if text))
        case FormKind.TEXT_LIST:
            return typed_list(typed.texts)
        case FormKind.ORDERED_CHOICE:
            return _ordered(typed.ranks or {})
        case FormKind.DATE:
            return _date(typed.texts)
        case FormKind.OBJECT:
            return _object(field, typed.rows[0])
        case FormKind.OBJECT_LIST:
            return [told for row in typed.rows if (told := _object(field, row))]
    return typed_value(field.kind, typed.texts[0])


def _ordered(ranks: Mapping[str, str]) -> JSON | Unclear:
    placed = {choice: _whole(text) for choice, text in ranks.items() if text}
    if -1 in placed.values() or len(set(placed.values())) < len(placed):
        return Unclear("Donnez une place différente à chaque réponse.")
    return sorted(placed, key=lambda choice: placed[choice])


def _date(texts: tuple[str, ...]) -> str:
    day, month, year = (text.strip() for text in texts)
    if all(text.isascii() and text.isdigit() for text in (day, month, year)) and len(year) == 4:
        return f"{year}-{month.zfill(2)}-{day.zfill(2)}"
    return " ".join((day, month, year)).strip()


def _object(field: Field, row: Mapping[str, str]) -> dict[str, JSON]:
    values = {part.name: _part_value(part, row) for part in field.parts}
    return {name: value for name, value in values.items() if value is not None}


def _part_value(part: Part, row: Mapping[str, str]) -> JSON:
    texts = tuple(row.get(each, "") for each in _inputs_of(part))
    if part.kind is FormKind.DATE:
        return _date(texts) or None
    return typed_value(part.kind, texts[0])


# --- from what is written --------------------------------------------------------------------------------


def written(field: Field, body: Body | None, version: int) -> Typed:
    """The inputs as they show what is written."""
    if body is None:
        return Typed(answer=AnswerKind.NOT_DISCUSSED)
    if not body.holds:
        return Typed(answer=body.answer, version=version)
    value = body.value
    texts: tuple[str, ...] = ()
    ranks, rows = None, _NO_ROWS
    if field.kind is FormKind.ORDERED_CHOICE and isinstance(value, list):
        ranks = {str(one): str(place) for place, one in enumerate(value, 1)}
    elif field.kind is FormKind.DATE:
        texts = _date_texts(str(value))
    elif isinstance(value, dict):
        rows = (row_of(field, value),)
    elif isinstance(value, list) and field.kind is FormKind.OBJECT_LIST:
        rows = tuple(row_of(field, row) for row in value if isinstance(row, dict))
    else:
        texts = tuple(_text(one) for one in (value if isinstance(value, list) else [value]))
    return Typed(texts, ranks, rows, version=version)


def row_of(field: Field, value: Mapping[str, JSON]) -> Mapping[str, str]:
    """The inputs of an object, by name."""
    days = {part.name for part in field.parts if part.kind is FormKind.DATE}
    row = {name: _text(one) for name, one in value.items() if name not in days}
    for name in days & value.keys():
        row |= {
            f"{name}.{piece}": text
            for piece, text in zip(DATE_PARTS, _date_texts(str(value[name])), strict=True)
        }
    return row


def _text(value: JSON) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return french.number(value).replace(french.THIN, "")
    return str(value)


def _date_texts(text: str) -> tuple[str, ...]:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return (text, "", "")
    return (str(day.day), str(day.month), str(day.year))

"""The form of a theme: one question per field of the catalogue.

Names of the inputs, for the route that reads them
- `{field_id}`: the value. Repeated for `choice_many` and `text_list`. For `choice_one` and `yes_no` a value
  that begins with "~" is an answer kind ("~does_not_know"), so that not answering is a choice like any other.
- `{field_id}.answer`: for the other kinds, a select: "answered" or another answer kind.
- `{field_id}.rank.{choice}`: for `ordered_choice`, the place given to a choice, "" for none.
- `{field_id}.{part}`: for `object`; `{field_id}.{row}.{part}` for `object_list`, rows from 0. A part that
  is a day has three inputs: `….jour`, `….mois`, `….annee`.
- `{field_id}.jour`, `.mois`, `.annee`: for `date`.
- `{field_id}.version`: the version she saw, when there is one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from schemas.names import AnswerKind
from vault.web.pages.views.pieces import Hidden

__all__ = ["NOT_ANSWERED", "Choice", "FieldForm", "InputKind", "SubInput", "ThemeFormView"]

NOT_ANSWERED = (
    AnswerKind.PREFERS_NOT_TO_SAY,
    AnswerKind.DOES_NOT_KNOW,
    AnswerKind.NOT_APPLICABLE,
    AnswerKind.NOT_DISCUSSED,
)


class InputKind(StrEnum):
    """How a field is asked; derived from its schema in the catalogue."""

    CHOICE_ONE = "choice_one"
    CHOICE_MANY = "choice_many"
    ORDERED_CHOICE = "ordered_choice"
    YES_NO = "yes_no"
    WHOLE_NUMBER = "whole_number"
    NUMBER = "number"
    DATE = "date"
    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    TEXT_LIST = "text_list"
    NAME = "name"
    OBJECT = "object"
    OBJECT_LIST = "object_list"


@dataclass(frozen=True)
class Choice:
    """One possible answer. `rank` is the place given to it (from 1) in an `ordered_choice`.

    For `yes_no` the two choices are "true" and "false".
    """

    value: str
    label: str
    chosen: bool = False
    rank: int | None = None


@dataclass(frozen=True)
class SubInput:
    """One part of an object: a choice when `choices` is set, a day when `day` is (day, month, year as typed),
    else text, on several lines when it is `long`. `optional` is said beside the label."""

    name: str
    label: str
    choices: tuple[Choice, ...] = ()
    typed: str = ""
    max_length: int | None = None
    help: str = ""
    error: str = ""
    day: tuple[str, str, str] | None = None
    long: bool = False
    optional: bool = False


@dataclass(frozen=True)
class FieldForm:
    """One question with what is written or was just typed.

    `typed`: the text of a simple kind (one item), day month year of a date (three), the lines of a
    `text_list` (the template adds empty ones). `error` is a whole sentence; what was typed
    stays. `warning` is the plain sentence about free text found in the answer just saved. `free_text` shows
    the standing advice.
    """

    field_id: str
    kind: InputKind
    label: str
    help: str = ""
    choices: tuple[Choice, ...] = ()
    typed: tuple[str, ...] = ()
    parts: tuple[SubInput, ...] = ()
    rows: tuple[tuple[SubInput, ...], ...] = ()
    answer: AnswerKind = AnswerKind.NOT_DISCUSSED
    version: int | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    max_length: int | None = None
    max_items: int | None = None
    unit: str = ""
    sensitive: bool = False
    free_text: bool = False
    warning: str = ""
    error: str = ""
    unsaid: bool = True  # one may also say why there is no answer


@dataclass(frozen=True)
class ThemeFormView:
    """`/mon-carnet/{theme}`: the questions of one theme, one form, one button. Also one entry of a field that
    holds several (`/mon-carnet/{field}/nouveau`): one question, made of parts."""

    template: ClassVar[str] = "person/theme_form.html"

    theme_id: str
    label: str
    action: str
    fields: tuple[FieldForm, ...]
    intro: str = ""
    hidden: tuple[Hidden, ...] = ()
    back_href: str = "/mon-carnet"
    back_label: str = "Mon carnet"
    save: str = "Garder mes réponses"
    kept: bool = False  # as she sent it when her session was over: not written yet

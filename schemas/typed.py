"""From what a person typed to a JSON value, leniently: « 24,5 », « 3/3/2026 », « 03/2019 », « 14 h 30 ».

Nothing is refused here: what is not understood is passed on as typed, so that validation refuses it with its
own sentence and the form keeps her words.
"""

import re
from collections.abc import Iterable

from schemas.asking import FormKind

__all__ = ["typed_list", "typed_value"]

_DAY = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})")
_MONTH = re.compile(r"([0-9]{1,2})[/. -]([0-9]{4})")
_TIME = re.compile(r"([0-9]{1,2})\s*(?::|[hH])\s*([0-9]{2})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")
_BOOLEANS = {"true": True, "oui": True, "false": False, "non": False}


def typed_value(kind: FormKind, text: str) -> object:
    """The value of one input; None when nothing was typed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return None
    match kind:
        case FormKind.YES_NO:
            return _BOOLEANS.get(text.lower(), text)
        case FormKind.WHOLE_NUMBER | FormKind.NUMBER:
            return _number(text)
        case FormKind.DATE | FormKind.MONTH_OR_DAY:
            return _date(text)
        case FormKind.TIME:
            time = _TIME.fullmatch(text)
            return f"{int(time[1]):02d}:{time[2] or '00'}" if time else text
    return text


def typed_list(texts: Iterable[str]) -> list[object]:
    """The items of a list, typed one a line or one an input: no empty one, no repetition."""
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return list(dict.fromkeys(line for line in lines if line))


def _number(text: str) -> object:
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    if _WHOLE.fullmatch(plain):
        return int(plain)
    return float(plain) if _DECIMAL.fullmatch(plain) else text


def _date(text: str) -> str:
    if day := _DAY.fullmatch(text):
        return f"{day[3]}-{int(day[2]):02d}-{int(day[1]):02d}"
    if month := _MONTH.fullmatch(text):
        return f"{month[2]}-{int(month[1]):02d}"
    return text

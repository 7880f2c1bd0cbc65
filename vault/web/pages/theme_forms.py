"""The form of a theme as a view, derived from the catalogue: a field added there is asked here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from schemas.asking import FormKind, Part
from schemas.fields import Catalogue, Fault, Field
from schemas.fields import Choice as Offered
from vault.carnet.entries import Entry
from vault.web.pages import views
from vault.web.pages.form_answers import Refusal
from vault.web.pages.plain_warnings import warning_about
from vault.web.pages.presenting import is_sensitive
from vault.web.pages.typed_form import DATE_PARTS, Typed, written

Named = Mapping[str, Sequence[tuple[str, str]]]  # by field: the id of an entry, and its words

NOTHING_NAMED: Final[Named] = {}
BLANK_ROWS = 2
_SPOILED = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")


def field_form(
    field: Field,
    typed: Typed,
    *,
    refusal: Refusal | None = None,
    warn: bool = False,
    named: Named = NOTHING_NAMED,
) -> views.FieldForm:
    """One question with what stands in its inputs. ``named``: the entries of other fields that a part may
    name, by field."""
    faults = refusal.faults if refusal else ()
    ordered = typed.ranks is not None or field.kind.value == "ordered_choice"
    return views.FieldForm(
        field_id=field.id,
        kind=_kind(field),
        label=field.prompt,
        help=field.help,
        choices=_ranked(field, typed) if ordered else _choices(field.choices, typed.texts),
        typed=tuple(_shown(text) for text in typed.texts),
        parts=_parts(field, typed.rows[0] if typed.rows else {}, faults, "", named)
        if _is(field, "object")
        else (),
        rows=_rows(field, typed, faults) if _is(field, "object_list") else (),
        answer=typed.answer,
        version=typed.version,
        minimum=field.limit("minimum"),
        maximum=field.limit("maximum"),
        max_length=field.limit("maxLength"),
        max_items=field.limit("maxItems"),
        unit=field.unit,
        sensitive=is_sensitive(field),
        free_text=field.free_text,
        warning=warning_about("\n".join(typed.texts)) if warn and field.free_text else "",
        error=refusal.sentence if refusal else "",
        unsaid=not field.collection,
    )


def written_form(
    catalogue: Catalogue, field: Field, entry: Entry | None, *, warn: bool = False
) -> views.FieldForm:
    """One question with what is written."""
    if field.read_only:
        lines = catalogue.describe(field.id, entry.body.value) if entry and entry.body.holds else []
        return views.FieldForm(field.id, views.InputKind.NAME, field.prompt, typed=(", ".join(lines),))
    typed = written(field, entry.body if entry else None, entry.version if entry else 0)
    return field_form(field, typed, warn=warn)


def _kind(field: Field) -> views.InputKind:
    """A month or a day is one line of text."""
    try:
        return views.InputKind(field.kind.value)
    except ValueError:
        return views.InputKind.SHORT_TEXT


def _is(field: Field, kind: str) -> bool:
    return field.kind.value == kind


def _choices(offered: Sequence[Offered], chosen: Sequence[str]) -> tuple[views.Choice, ...]:
    """What is offered, and what was chosen under an older catalogue."""
    known = [views.Choice(one.value, one.label, one.value in chosen) for one in offered]
    older = [
        views.Choice(text, text, True) for text in chosen if not any(text == one.value for one in offered)
    ]
    return tuple(known + older) if offered else ()


def _ranked(field: Field, typed: Typed) -> tuple[views.Choice, ...]:
    ranks = typed.ranks or {}
    return tuple(
        views.Choice(one.value, one.label, bool(ranks.get(one.value)), _place(ranks.get(one.value, "")))
        for one in field.choices
    )


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _rows(field: Field, typed: Typed, faults: Sequence[Fault]) -> tuple[tuple[views.SubInput, ...], ...]:
    """What is filled, then room for more. Faults are numbered among the filled rows."""
    filled = [row for row in typed.rows if any(text.strip() for text in row.values())]
    room = min(len(filled) + BLANK_ROWS, field.limit("maxItems") or len(filled) + BLANK_ROWS)
    blank: list[Mapping[str, str]] = [{}] * max(0, room - len(filled))
    return tuple(_parts(field, row, faults, f"/{number}") for number, row in enumerate([*filled, *blank]))


def _parts(
    field: Field,
    row: Mapping[str, str],
    faults: Sequence[Fault],
    place: str,
    named: Named = NOTHING_NAMED,
) -> tuple[views.SubInput, ...]:
    told = {fault.pointer: fault.sentence for fault in faults}
    inputs = [_sub_input(part, row, told.get(f"{place}/{part.name}", ""), named) for part in field.parts]
    marked = [
        replace(one, optional=field.collection and not part.required)
        for one, part in zip(inputs, field.parts, strict=True)
        if not part.refers or one.choices  # nothing to name yet: not asked
    ]
    return tuple(marked)


def _sub_input(part: Part, row: Mapping[str, str], error: str, named: Named) -> views.SubInput:
    typed = row.get(part.name, "")
    chosen = [typed] if typed else []
    one = views.SubInput(
        name=part.name,
        label=part.label,
        choices=_choices(part.choices, chosen),
        typed=_shown(typed),
        max_length=part.max_length,
        help=part.help,
        error=error,
        long=part.kind is FormKind.LONG_TEXT,
    )
    if part.refers:
        offered = named.get(part.refers, ())
        return replace(one, choices=tuple(views.Choice(id_, name, id_ == typed) for id_, name in offered))
    if part.kind is FormKind.DATE:
        day, month, year = (_shown(row.get(f"{part.name}.{piece}", "")) for piece in DATE_PARTS)
        return replace(one, day=(day, month, year))
    return one


def _shown(text: str) -> str:
    """What no page can show is shown as such."""
    return text.translate(_SPOILED)

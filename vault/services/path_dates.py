"""Dates remembered beside values, so that clocks run and counts are made without opening a value.

The catalogue says which (``marks``). They are sealed under J_p, the carnet's journal secret: the jobs may
read them, a dump may not, and they die with the carnet. A date carries who is to act and where it stands,
never a word somebody wrote.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from schemas.canonical import canonical
from schemas.fields import Field
from schemas.framing import lp
from schemas.ids import CarnetId, EntryId
from vault.carnet.entries import Body
from vault.crypto import CryptoError, JournalSecret, open_small, seal_small
from vault.services.path_rows import PathDateRow

_KEPT = {"partie": "by", "qui": "by", "etat": "state", "fait_le": "done"}


class PathDate(NamedTuple):
    """``by``: who is to act (administration, personne, referent, organisme); ``state``: the word of the
    catalogue; ``done``: when it was. None where the value does not say."""

    entry_id: EntryId
    kind: str
    on: date
    by: str | None
    state: str | None
    done: date | None


def _place(carnet_id: CarnetId, entry_id: EntryId, kind: str) -> bytes:
    return lp("carnet/path-date/1", carnet_id, entry_id, kind)


def dates_of(
    field: Field, body: Body, *, carnet_id: CarnetId, entry_id: EntryId, journal: JournalSecret
) -> list[PathDateRow]:
    """The rows to keep beside an entry; none when the value holds no date."""
    rows = []
    for kind, member in field.marks.items():
        value: Any = body.value if body.holds else None
        on = value.get(member) if member and isinstance(value, Mapping) else value
        if not isinstance(on, str):
            continue
        told = {"on": on}
        if isinstance(value, Mapping):
            told |= {name: value[part] for part, name in _KEPT.items() if isinstance(value.get(part), str)}
        sealed = seal_small(canonical(told), secret=journal, place=_place(carnet_id, entry_id, kind))
        rows.append(PathDateRow(carnet_id, entry_id, kind, sealed))
    return rows


def open_dates(rows: Iterable[PathDateRow], journal: JournalSecret) -> Sequence[PathDate]:
    """Those that open and are dates; a row somebody altered is left out."""
    return [found for row in rows if (found := _opened(row, journal)) is not None]


def _opened(row: PathDateRow, journal: JournalSecret) -> PathDate | None:
    place = _place(row.carnet_id, row.entry_id, row.kind)
    try:
        told = json.loads(open_small(row.sealed, secret=journal, place=place))
        done = told.get("done")
        return PathDate(
            row.entry_id,
            row.kind,
            date.fromisoformat(told["on"]),
            told.get("by"),
            told.get("state"),
            date.fromisoformat(done) if done else None,
        )
    except (CryptoError, KeyError, ValueError):
        return None

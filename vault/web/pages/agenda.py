"""Her dates for the calendar of her phone. She takes them away herself, by one ``export`` entry; whoever acts
for her does not."""

from datetime import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from exporters.to_calendar import MEDIA_TYPE, CalendarEntry, to_calendar
from schemas.fields import Catalogue
from vault.audit.events import Op
from vault.services.agenda import calendar_uids
from vault.services.own_carnet import read_own_carnet
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages.form_reading import posted
from vault.web.pages.strategy import AGENDA, Dated, date_words, dates_in
from vault.web.state import state_of

NAME = "Mon carnet"
PLACE = "lieu"  # the part of a value that says where

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]


@router.get(AGENDA)
def take_agenda(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    fields = [field.id for field in parts.catalogue.fields if field.calendar]
    carnet = read_own_carnet(parts, me.owner, actor=me.actor, op=Op.EXPORT, fields=fields)
    dates = dates_in(parts.catalogue, carnet)
    uids = calendar_uids(parts, me.owner.carnet_id, [one.entry.entry_id for one in dates])
    entries = [_entry(parts.catalogue, one, uids[one.entry.entry_id]) for one in dates]
    made = to_calendar(entries, name=NAME, made_at=parts.now())
    headers = {"Content-Disposition": 'attachment; filename="carnet.ics"'}
    return Response(made, headers=headers, media_type=MEDIA_TYPE)


def _entry(catalogue: Catalogue, one: Dated, uid: str) -> CalendarEntry:
    value = one.entry.body.value
    return CalendarEntry(
        uid=uid,
        on=one.on,
        summary=f"{one.field.label}\u00a0: {date_words(catalogue, one)}",
        at=time.fromisoformat(one.at) if one.at else None,
        place=str(value.get(PLACE, "")) if isinstance(value, dict) else "",
    )

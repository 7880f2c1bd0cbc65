"""« Avis »: a structure is told that what it had read was forgotten, and says that it did as much.

For whoever works there: those who follow people, and those in charge of the team. A notice names a field and
a carnet, never a value; a look at them is an entry of the log, about nobody.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.decisions import READING_ROLES
from schemas.names import Role
from vault.audit.events import AboutContent, Op
from vault.carnet.references import shown
from vault.services.certificates import label_of
from vault.services.noting import about_nobody
from vault.services.parts import Parts
from vault.services.ports import HabilitationRow
from vault.services.recipients import NoSuchAvisError, RecipientNotice, acknowledge, notices_to
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Holder, WrongCallerError
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import posted
from vault.web.problems import NotFoundError
from vault.web.state import state_of

HERE = "/avis"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Holder, Depends(guard.holder)]


def told(me: Holder) -> HabilitationRow:
    """Raises WrongCallerError for whoever does not follow people nor lead a team."""
    if me.habilitation is None or me.habilitation.role not in {*READING_ROLES, Role.MANAGER}:
        raise WrongCallerError("for those who work in a structure")
    return me.habilitation


@router.get(HERE)
def show_notices(request: Request, me: Me) -> Response:
    parts, row = state_of(request).parts, told(me)
    note_look(parts, me, row)
    found = notices_to(parts, row.structure_id)
    numbers = parts.data.references({one.row.carnet_id for one in found})
    lines = [(one, _line(parts, one, shown(numbers.get(one.row.carnet_id, "")))) for one in found]
    view = views.AvisView(
        tuple(line for one, line in lines if one.acknowledged_at is None),
        tuple(line for one, line in lines if one.acknowledged_at is not None),
    )
    return page(request, view, me.session)


@router.post(f"{HERE}/{{notice_id}}/recu")
def confirm(request: Request, notice_id: str, me: Me) -> Response:
    told(me)
    try:
        acknowledge(state_of(request).parts, well_formed(notice_id), actor=me.actor)
    except NoSuchAvisError:
        raise NotFoundError("no such notice") from None
    return see_other(f"{HERE}?{DONE_PARAMETER}=avis")


def note_look(parts: Parts, me: Holder, row: HabilitationRow) -> None:
    """One entry about nobody, before the first of them."""
    about = AboutContent(structure_id=row.structure_id, role=row.role)
    with parts.data.change() as work:
        work.append(about_nobody(parts, Op.INFORM, about, actor=me.actor))
        work.commit()


def _line(parts: Parts, one: RecipientNotice, reference: str) -> views.AvisLine:
    return views.AvisLine(
        reference,
        label_of(parts, one.field_id),
        one.row.made_at,
        one.acknowledged_at,
        f"{HERE}/{one.row.notice_id}/recu",
    )

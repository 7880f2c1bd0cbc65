"""The officer judges what was opened in an emergency: why, by whom, what was read; never a value."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vault.carnet.references import shown
from vault.services import reviewing
from vault.services.break_glass import ASKED, REVIEWED
from vault.services.parts import Parts
from vault.services.reviewing import AlreadyReviewedError
from vault.services.sharing_rows import EmergencyRow
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Dpo, WrongCallerError
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.emergency import state_words, verdict_words
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.relations import access_lines, body_of
from vault.web.state import state_of

HERE = "/dpo/urgences"
YES, NO = "justifie", "injustifie"
GONE = "effacé ou inconnu"
_CHOOSE = "Choisissez une des deux réponses."
_DONE = "Cet accès a déjà reçu une réponse, ou il attend encore le second professionnel."

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Dpo, Depends(guard.dpo)]


@router.get(HERE)
def show_emergencies(request: Request, me: Me) -> Response:
    """Times and structures only: nothing is opened, nothing is logged."""
    parts = state_of(request).parts
    waiting = reviewing.list_emergencies(parts, reviewed=False)
    judged = reviewing.list_emergencies(parts, reviewed=True)
    view = views.DpoEmergenciesView(_lines(parts, waiting), _lines(parts, judged))
    return page(request, view, me.session)


@router.get(f"{HERE}/{{emergency_id}}")
def show_emergency(request: Request, emergency_id: str, me: Me) -> Response:
    return _emergency_page(request, me, emergency_id)


@router.post(f"{HERE}/{{emergency_id}}")
def judge(request: Request, emergency_id: str, form: Posted, me: Me) -> Response:
    verdict = form.one("reponse")
    if verdict not in (YES, NO):
        return _emergency_page(request, me, emergency_id, _CHOOSE, status=422)
    words, wanted = " ".join(form.one("mots").split()), well_formed(emergency_id)
    try:
        reviewing.review(
            state_of(request).parts, wanted, justified=verdict == YES, words=words, actor=me.actor
        )
    except AlreadyReviewedError:
        return _emergency_page(request, me, emergency_id, _DONE, status=409)
    except PermissionError:
        raise WrongCallerError("no habilitation in force") from None
    return see_other(f"{HERE}?{DONE_PARAMETER}=alertes")


def _emergency_page(
    request: Request, me: Dpo, emergency_id: str, fault: str = "", *, status: int = 200
) -> Response:
    parts = state_of(request).parts
    try:
        found = reviewing.read_emergency(parts, well_formed(emergency_id), actor=me.actor)
    except PermissionError:
        raise WrongCallerError("no habilitation in force") from None
    row = found.row
    (line,) = _lines(parts, [row])
    whole = views.EmergencyLine(
        body=line.body,
        asked_at=line.asked_at,
        state=state_words(parts, row, altered=not found.vouched),
        reason=found.told.reason,
        reads=access_lines(parts, found.reads, ()),
        verdict=verdict_words(found),
        words=found.told.words,
        carnet=line.carnet,
    )
    view = views.DpoEmergencyView(
        whole,
        tuple(one for one in (row.asked_by, row.approved_by) if one),
        f"{HERE}/{row.emergency_id}" if row.state not in (ASKED, REVIEWED) else None,
        not found.vouched,
        fault,
    )
    return page(request, view, me.session, status=status)


def _lines(parts: Parts, rows: Sequence[EmergencyRow]) -> tuple[views.EmergencyLine, ...]:
    structures = parts.data.structures({row.structure_id for row in rows})
    references = parts.data.references({row.carnet_id for row in rows})
    return tuple(
        views.EmergencyLine(
            body=body_of(structures.get(row.structure_id)),
            asked_at=row.asked_at,
            state=state_words(parts, row),
            carnet=shown(references[row.carnet_id]) if row.carnet_id in references else GONE,
            href=f"{HERE}/{row.emergency_id}",
        )
        for row in rows
    )

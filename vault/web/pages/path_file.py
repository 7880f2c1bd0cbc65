"""What each side did: a page, a paper and a file with its proofs; and, beside the commitments, what the law
asks of the administration on this path.
"""

import asyncio
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.commitments import Duty, Standing
from exporters import PaperUnavailableError
from exporters.to_path_file import Done, PathFile, Side, Undertaking, to_path_file
from exporters.words import day_in_paris, day_in_words
from schemas.fields import Catalogue
from vault.audit.events import Op
from vault.carnet.references import shown
from vault.services.exporting import state_words
from vault.services.path_file import ADMINISTRATION, BOTH, PERSON, Path, Traced, trace_path
from vault.services.writing import BY_PERSON
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.pages.form_reading import posted
from vault.web.pages.presenting import entry_address, told_lines
from vault.web.paper import on_the_press
from vault.web.state import WebState, state_of

HERE = "/mon-carnet/ce-que-chacun-a-fait"
PAPER, COPY = f"{HERE}.pdf", f"{HERE}.json"
HIDDEN = ("partie", "etat", "fait_le")  # said by the heading and by where it stands

_SIDES = {ADMINISTRATION: "L’administration", PERSON: "Vous", BOTH: "Ensemble"}
_STANDINGS = {
    Standing.UNDATED: "Sans date",
    Standing.RUNNING: "En cours",
    Standing.SOON: "À faire bientôt",
    Standing.PASSED: "La date est passée",
    Standing.MET: "Tenu",
    Standing.MET_LATE: "Tenu après la date",
    Standing.CLOSED: "Revu ensemble",
}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Seen = Annotated[Person, Depends(guard.person_or_helper_see)]
Printing = Annotated[Person, Depends(guard.person_or_helper_print)]


@router.get(HERE)
def show(request: Request, me: Seen) -> Response:
    state = state_of(request)
    path = trace_path(state.parts, me.owner, actor=me.actor)
    possible = getattr(request.app.state, "paper_possible", True)
    view = views.PathFileView(
        duties=duty_lines(path.duties, path.today),
        sides=tuple(_side(state.parts.catalogue, path, side) for side in (ADMINISTRATION, PERSON, BOTH)),
        paper_href=PAPER if possible else None,
        copy_href=COPY if me.acting is None else None,
    )
    return page(request, view, me.session)


@router.get(PAPER)
async def send_paper(request: Request, me: Printing) -> Response:
    state = state_of(request)
    state.limits.paper(me.session.row.account_id)
    loop = asyncio.get_running_loop()
    try:
        made = await loop.run_in_executor(on_the_press, _print, state, me)
    except PaperUnavailableError:
        request.app.state.paper_possible = False
        raise
    return _file(made, "ce-que-chacun-a-fait.pdf", "application/pdf")


@router.get(COPY)
def send_copy(request: Request, me: Annotated[Person, Depends(guard.person_fresh)]) -> Response:
    """The same for programs, with a proof for each line of the log."""
    path = trace_path(state_of(request).parts, me.owner, actor=me.actor, op=Op.EXPORT)
    return _file(path.copy, "ce-que-chacun-a-fait.json", "application/json")


def duty_lines(duties: Iterable[Duty], today: date) -> tuple[views.DutyLine, ...]:
    """« Vous orienter : au plus tard le … », and what became of it; never who is to blame."""
    return tuple(
        views.DutyLine(_DUTIES[duty.what], _duty_words(duty, today), late=duty.days_late(today=today) > 0)
        for duty in duties
    )


_DUTIES = {
    "orientation": views.DutyName(
        "Vous orienter vers un organisme", "six semaines", "CASF, article D. 262-65-2"
    ),
    "contract": views.DutyName(
        "Établir le contrat d’engagement avec vous", "un mois", "Code du travail, article D. 5411-14-1"
    ),
}


def _duty_words(duty: Duty, today: date) -> str:
    due = french.day(duty.due)
    late = duty.days_late(today=today)
    days = french.plural(late, "jour", "jours") if late else ""
    if duty.met_on is not None:
        when = f"Fait le {french.day(duty.met_on)}"
        return f"{when}, {days} après la date." if late else f"{when}, dans les temps."
    return f"La date est passée de {days} (c’était le {due})." if late else f"Au plus tard le {due}."


# --- one side --------------------------------------------------------------------------------------------


def _side(catalogue: Catalogue, path: Path, side: str) -> views.PathSide:
    mine = [one for one in path.traced if one.side == side]
    mine.sort(key=lambda one: (one.standing is not Standing.PASSED, one.last.body.collected_at))
    return views.PathSide(_SIDES[side], tuple(_undertaking(catalogue, one) for one in mine))


def _undertaking(catalogue: Catalogue, one: Traced) -> views.PathItem:
    return views.PathItem(
        title=one.field.label,
        lines=tuple(told_lines(catalogue, one.last, HIDDEN)),
        standing=_STANDINGS[one.standing] if one.standing is not Standing.UNDATED else "",
        late=one.standing is Standing.PASSED,
        href=entry_address(one.last.entry_id),
        history=tuple(
            views.PathStep(
                on=day_in_paris(version.entry.body.collected_at),
                by="" if version.entry.body.author == BY_PERSON else version.entry.body.source,
                words=" ".join(told_lines(catalogue, version.entry, ("partie",))),
                state=state_words(version.entry),
                index=version.index,
            )
            for version in one.history
        ),
    )


# --- on paper --------------------------------------------------------------------------------------------


def _print(state: WebState, me: Person) -> bytes:
    path = trace_path(state.parts, me.owner, actor=me.actor, op=Op.EXPORT)
    catalogue = state.parts.catalogue
    document = PathFile(
        reference=shown(path.reference),
        person_name=path.name,
        printed_at=path.made_at,
        duties=tuple(
            f"{line.name.what} : {line.words} ({line.name.text})"
            for line in duty_lines(path.duties, path.today)
        ),
        sides=tuple(
            Side(title=side.title, undertakings=tuple(_on_paper(one) for one in side.items))
            for side in (_side(catalogue, path, each) for each in (ADMINISTRATION, PERSON, BOTH))
        ),
        issuer=state.issuer,
        copy=path.copy,
    )
    return to_path_file(document)


def _on_paper(item: views.PathItem) -> Undertaking:
    return Undertaking(
        title=" ".join(item.lines) or item.title,
        standing=item.standing,
        late=item.late,
        history=tuple(_step_on_paper(step) for step in item.history),
    )


def _step_on_paper(step: views.PathStep) -> Done:
    who = f"noté par {step.by}" if step.by else "noté par vous"
    return Done(
        when=day_in_words(step.on), who=who, lines=(step.words,), agreement=step.state, index=step.index
    )


def _file(data: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, headers=headers, media_type=media_type)

"""The interview in a professional's session: each answer is proposed, and the person agrees from her own
space. It goes on where it stopped, by what he proposed already. It asks what his share covers, no more.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import CarnetId
from schemas.names import AnswerKind
from vault.carnet.references import shown
from vault.services.interviewing import Question, first_open, questions
from vault.services.own_proposals import OwnProposals, own_proposals
from vault.services.parts import Parts
from vault.services.proposing import May, Suggestion
from vault.services.reading import AccessEnded, NotShared
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Professional
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_answers import Refusal
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.interview import ALL, PREFERS, numbered
from vault.web.pages.proposing import (
    address,
    allowed,
    fields_he_may_propose,
    own_by_field,
    purpose_asked,
    refused,
    send,
    suggestion_of,
)
from vault.web.pages.rendering import typeset
from vault.web.pages.theme_forms import field_form
from vault.web.pages.typed_form import Typed, typed_in
from vault.web.problems import NotFoundError
from vault.web.state import state_of

router = APIRouter(
    prefix="/carnets/{carnet_id}/entretien", dependencies=[Depends(posted)], include_in_schema=False
)
Me = Annotated[Professional, Depends(guard.professional)]


@router.get("")
def start(request: Request, carnet_id: str, me: Me) -> Response:
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    every = asked(state_of(request).parts, may)
    proposed = own_by_field(may)
    view = views.InterviewStartView(
        hers=False,
        action=address(may, "entretien/suite"),
        back_href=address(may, "proposer"),
        answered=sum(one.answered(proposed) for one in every),
        count=len(every),
        reference=shown(may.carnet.reference),
        end_href=address(may, "entretien/fin"),
    )
    return page(request, view, me.session)


@router.get("/suite")
def go_on(request: Request, carnet_id: str, me: Me) -> Response:
    """To the first question he proposed nothing for."""
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    following = first_open(asked(state_of(request).parts, may), own_by_field(may))
    return see_other(address(may, f"entretien/{following.number}" if following else "entretien/fin"))


@router.get("/fin")
def show_end(request: Request, carnet_id: str, me: Me) -> Response:
    """Read again together: what he proposed and waits, after its entry."""
    parts = state_of(request).parts
    found = own_proposals(parts, me.reader, CarnetId(well_formed(carnet_id)), purpose_asked(request))
    if not isinstance(found, OwnProposals):
        return refused(request, me, found)
    every = asked(parts, found.may)
    view = views.InterviewEndView(
        hers=False,
        lines=tuple(line for one in every if (line := _line(parts, one, found)) is not None),
        left=sum(not one.answered(own_by_field(found.may)) for one in every),
        start_href=address(found.may, "entretien/suite"),
        back_href=address(found.may, "proposer"),
        reference=shown(found.may.carnet.reference),
        waiting=sum(one.waits for one in found.items),
    )
    return page(request, view, me.session)


@router.get("/{number}")
def show_question(request: Request, carnet_id: str, number: str, me: Me) -> Response:
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    one = numbered(asked(state_of(request).parts, may), number)
    return _question_page(request, me, may, one, [field_form(field, Typed()) for field in one.fields])


@router.post("/{number}")
def answer_question(request: Request, carnet_id: str, number: str, form: Posted, me: Me) -> Response:
    """Each field of the question is proposed apart; what was typed wrongly comes back, the rest is sent."""
    state = state_of(request)
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    every = asked(state.parts, may)
    one = numbered(every, number)
    typed = {field.id: typed_in(form, field) or Typed() for field in one.fields}
    if form.one(ALL) == PREFERS:
        made: list[Suggestion | Refusal | None] = [
            Suggestion(field.id, None, AnswerKind.PREFERS_NOT_TO_SAY) for field in one.fields
        ]
    else:
        made = [suggestion_of(state.parts, field, typed[field.id]) for field in one.fields]
    faults = {
        field.id: each for field, each in zip(one.fields, made, strict=True) if isinstance(each, Refusal)
    }
    for each in made if not faults else ():
        if isinstance(each, Suggestion):
            answer = send(state, me, may, each)
            if isinstance(answer, NotShared | AccessEnded):
                return refused(request, me, answer)
            if isinstance(answer, Refusal):
                faults[each.field_id] = answer
    if faults:
        forms = [field_form(field, typed[field.id], refusal=faults.get(field.id)) for field in one.fields]
        return _question_page(request, me, may, one, forms, status=422)
    return see_other(_following(may, one, every))


def asked(parts: Parts, may: May) -> tuple[Question, ...]:
    """Those his share covers. Raises NotFoundError when it covers none."""
    found = questions(parts.catalogue, fields_he_may_propose(parts, may))
    if not found:
        raise NotFoundError("nothing to ask")
    return found


def _following(may: May, one: Question, every: Sequence[Question]) -> str:
    last = one.number == len(every)
    return address(may, "entretien/fin" if last else f"entretien/{one.number + 1}")


def _question_page(
    request: Request,
    me: Professional,
    may: May,
    one: Question,
    forms: Sequence[views.FieldForm],
    *,
    status: int = 200,
) -> Response:
    parts = state_of(request).parts
    every, theme = asked(parts, may), one.fields[0].theme
    view = views.InterviewQuestionView(
        hers=False,
        number=one.number,
        count=len(every),
        theme_id=theme,
        theme=next(each.label for each in parts.catalogue.themes if each.id == theme),
        question=typeset(one.words),
        fields=tuple(forms),
        action=address(may, f"entretien/{one.number}"),
        skip_href=_following(may, one, every),
        back_href=address(may, f"entretien/{one.number - 1}") if one.number > 1 else "",
        stop_href=address(may, "entretien"),
        told=one.answered(own_by_field(may)),
        reference=shown(may.carnet.reference),
    )
    return page(request, view, me.session, status=status)


def _line(parts: Parts, one: Question, found: OwnProposals) -> views.InterviewLine | None:
    names = {field.id: field for field in one.fields}
    lines = [
        (
            names[item.field_id].label,
            tuple(parts.catalogue.describe(item.field_id, item.body.value)) if item.body.holds else (),
            item.body.answer,
        )
        for item in found.items
        if item.field_id in names and item.body is not None
    ]
    href = address(found.may, f"entretien/{one.number}")
    return views.InterviewLine(one.number, typeset(one.words), tuple(lines), href) if lines else None

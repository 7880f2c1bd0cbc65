"""The interview in the person's own session: two people at one screen, and her answers are hers.

One question a page; « ne souhaite pas répondre » is a button as big as any other; passing writes nothing. Who
is beside her is one of a few words, never a name, and stands with each answer as its source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import FieldId
from schemas.names import AnswerKind
from vault.carnet.entries import Entry
from vault.services.interviewing import Question, first_open, questions
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.writing import BY_PERSON, Answer, RevisionConflictError, write_answers
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_answers import Refusal, answer_of
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.rendering import typeset
from vault.web.pages.theme_forms import field_form, written_form
from vault.web.pages.typed_form import Typed, typed_in
from vault.web.problems import NotFoundError
from vault.web.state import state_of

HERE, END = "/mon-carnet/entretien", "/mon-carnet/entretien/fin"
BESIDE, ALL, PREFERS = "avec", "tout", "ne-souhaite-pas"
# Who may be there: the word of the address, what it is called there, what stands with each answer.
WHO = {
    "referent": ("Avec mon référent ou ma référente", "entretien avec le référent"),
    "conseiller": ("Avec un conseiller ou une conseillère", "entretien avec un conseiller"),
    "aidant": ("Avec une autre personne qui m’aide", "entretien avec une personne qui aide"),
    "seule": ("Sans personne à côté", BY_PERSON),
}
ALONE = "seule"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_write)]
Stands = Mapping[FieldId, Entry]


@router.get(HERE)
def start(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    every, stands = questions(parts.catalogue), _stands(parts, me)
    beside = _beside(request.query_params.get(BESIDE))
    view = views.InterviewStartView(
        hers=True,
        action=f"{HERE}/suite",
        back_href="/mon-carnet",
        answered=sum(one.answered(told(stands)) for one in every),
        count=len(every),
        beside=tuple((word, label, word == beside) for word, (label, _) in WHO.items()),
        end_href=END,
    )
    return page(request, view, me.session)


@router.get(f"{HERE}/suite")
def go_on(request: Request, me: Me) -> Response:
    """To the first question nothing was said of."""
    parts = state_of(request).parts
    beside = _beside(request.query_params.get(BESIDE))
    following = first_open(questions(parts.catalogue), told(_stands(parts, me)))
    return see_other(_address(following.number, beside) if following else f"{END}?{BESIDE}={beside}")


@router.get(END)
def show_end(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    every, stands = questions(parts.catalogue), _stands(parts, me)
    beside = _beside(request.query_params.get(BESIDE))
    said = told(stands)
    view = views.InterviewEndView(
        hers=True,
        lines=tuple(_line(parts, one, stands, beside) for one in every if one.answered(said)),
        left=sum(not one.answered(said) for one in every),
        start_href=f"{HERE}/suite?{BESIDE}={beside}",
        back_href="/mon-carnet",
    )
    return page(request, view, me.session)


@router.get(f"{HERE}/{{number}}")
def show_question(request: Request, number: str, me: Me) -> Response:
    parts = state_of(request).parts
    one = numbered(questions(parts.catalogue), number)
    stands = _stands(parts, me, one)
    forms = [written_form(parts.catalogue, field, stands.get(field.id)) for field in one.fields]
    return _question_page(request, me, one, forms, answered=one.answered(told(stands)))


@router.post(f"{HERE}/{{number}}")
def answer_question(request: Request, number: str, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    one = numbered(questions(parts.catalogue), number)
    stands = _stands(parts, me, one)
    source = WHO[_beside(request.query_params.get(BESIDE))][1]
    said = _said(parts, one, form, stands)
    if not any(isinstance(each, Refusal) for each in said.values()):
        answers = [replace(each, source=source) for each in said.values() if isinstance(each, Answer)]
        try:
            if answers:
                write_answers(parts, me.owner, answers, actor=me.actor)
            return see_other(_following(request, parts, one))
        except RevisionConflictError:  # another screen was faster, after our look
            stands = _stands(parts, me, one)
            said = _said(parts, one, form, stands)
    forms = [
        _again(field_typed, said.get(field_typed[0]), parts, stands) for field_typed in _typed(one, form)
    ]
    return _question_page(request, me, one, forms, answered=False, status=422)


def _again(
    asked: tuple[FieldId, Typed], said: Answer | Refusal | None, parts: Parts, stands: Stands
) -> views.FieldForm:
    field_id, typed = asked
    refusal = said if isinstance(said, Refusal) else None
    if refusal is not None and refusal.conflict:
        typed = typed.seen(stands[field_id].version if field_id in stands else 0)
    return field_form(parts.catalogue.field(field_id), typed, refusal=refusal)


def _typed(one: Question, form: Form) -> list[tuple[FieldId, Typed]]:
    return [(field.id, typed_in(form, field) or Typed()) for field in one.fields]


def _said(
    parts: Parts, one: Question, form: Form, stands: Stands
) -> Mapping[FieldId, Answer | Refusal | None]:
    """What to write for each field of the question, or why not; the one button says it of all of them."""
    if form.one(ALL) == PREFERS:
        return {
            field.id: Answer(field.id, kind=AnswerKind.PREFERS_NOT_TO_SAY, version=_version(stands, field.id))
            for field in one.fields
            if field.id not in stands or stands[field.id].body.answer is not AnswerKind.PREFERS_NOT_TO_SAY
        }
    now, found = parts.now(), dict[FieldId, Answer | Refusal | None]()
    for field_id, typed in _typed(one, form):
        field = parts.catalogue.field(field_id)
        found[field_id] = answer_of(parts.catalogue, field, typed, stands.get(field_id), now)
    return found


def _version(stands: Stands, field_id: FieldId) -> int:
    return stands[field_id].version if field_id in stands else 0


def _stands(parts: Parts, me: Person, one: Question | None = None) -> Stands:
    """What is written, after the one entry of this page."""
    asked = one.fields if one else [field for each in questions(parts.catalogue) for field in each.fields]
    fields = [field.id for field in asked]
    return read_own_carnet(parts, me.owner, actor=me.actor, fields=fields).by_field()


def told(stands: Stands) -> frozenset[FieldId]:
    """Of which fields something was said."""
    unsaid = AnswerKind.NOT_DISCUSSED
    return frozenset(id_ for id_, entry in stands.items() if entry.body.answer is not unsaid)


def numbered(every: Sequence[Question], number: str) -> Question:
    """Raises NotFoundError."""
    found = next((one for one in every if str(one.number) == number), None)
    if found is None:
        raise NotFoundError("no such question")
    return found


def _beside(word: str | None) -> str:
    return word if word in WHO else ALONE


def _address(number: int, beside: str) -> str:
    return f"{HERE}/{number}?{BESIDE}={beside}"


def _following(request: Request, parts: Parts, one: Question) -> str:
    beside = _beside(request.query_params.get(BESIDE))
    last = one.number == len(questions(parts.catalogue))
    return f"{END}?{BESIDE}={beside}" if last else _address(one.number + 1, beside)


def _question_page(
    request: Request,
    me: Person,
    one: Question,
    forms: Sequence[views.FieldForm],
    *,
    answered: bool,
    status: int = 200,
) -> Response:
    parts = state_of(request).parts
    beside = _beside(request.query_params.get(BESIDE))
    theme = one.fields[0].theme
    view = views.InterviewQuestionView(
        hers=True,
        number=one.number,
        count=len(questions(parts.catalogue)),
        theme_id=theme,
        theme=next(each.label for each in parts.catalogue.themes if each.id == theme),
        question=typeset(one.words),
        fields=tuple(forms),
        action=_address(one.number, beside),
        skip_href=_following(request, parts, one),
        back_href=_address(one.number - 1, beside) if one.number > 1 else "",
        stop_href=f"{HERE}?{BESIDE}={beside}",
        told=answered,
    )
    return page(request, view, me.session, status=status)


def _line(parts: Parts, one: Question, stands: Stands, beside: str) -> views.InterviewLine:
    lines = [
        (
            field.label,
            tuple(parts.catalogue.describe(field.id, entry.body.value)) if entry.body.holds else (),
            entry.body.answer,
        )
        for field in one.fields
        if (entry := stands.get(field.id)) and entry.body.answer is not AnswerKind.NOT_DISCUSSED
    ]
    return views.InterviewLine(one.number, typeset(one.words), tuple(lines), _address(one.number, beside))

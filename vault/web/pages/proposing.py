"""« Proposer »: a professional says what he would write. The refusals are those of a read.

The forms are those of the catalogue. What stands in the carnet is not shown here, so nothing is opened and
nothing is logged until he proposes; what he proposed himself is listed without its words.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.fields import Field, UnknownFieldError
from schemas.ids import CarnetId, FieldId, PurposeId
from schemas.names import AnswerKind, Right
from schemas.purposes import UnknownPurposeError
from vault.carnet.references import shown
from vault.services.parts import Parts
from vault.services.proposing import PROPOSED, May, Refusal, Suggestion, may_propose, propose
from vault.services.reading import AccessEnded, NotShared
from vault.services.sharing import GrantRefusedError
from vault.services.throttling import note_throttled
from vault.services.writing import InvalidValueError
from vault.web import guard
from vault.web.admission import who
from vault.web.api.params import well_formed
from vault.web.guard import Professional
from vault.web.limits import TooManyError
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_answers import BOTH
from vault.web.pages.form_answers import Refusal as Refused
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.screens import PURPOSE, address_of, purpose_words
from vault.web.pages.theme_forms import field_form
from vault.web.pages.typed_form import RADIOS, Typed, Unclear, typed_in, value_of
from vault.web.problems import NotFoundError
from vault.web.state import WebState, state_of

NOTHING_SAID = "Choisissez une réponse, ou revenez à la liste."

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Professional, Depends(guard.professional)]


@router.get("/carnets/{carnet_id}/proposer")
def show_what(request: Request, carnet_id: str, me: Me) -> Response:
    state = state_of(request)
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    terms = may.grant.grant.terms
    catalogue = state.parts.catalogue
    asked = {field.id for field in fields_he_may_propose(state.parts, may)}
    own = [(catalogue.field(row.field_id).label, row) for row in may.own if _known(state.parts, row.field_id)]
    view = views.ProposeView(
        reference=shown(may.carnet.reference),
        purpose=purpose_words(state.parts.frame, terms.purpose_id),
        themes=tuple(
            views.ProposeTheme(
                theme.id,
                theme.label,
                tuple(
                    views.Link(field.label, address(may, f"proposer/{field.id}"))
                    for field in catalogue.in_theme(theme.id)
                    if field.id in asked
                ),
            )
            for theme in catalogue.themes
            if any(field.id in asked for field in catalogue.in_theme(theme.id))
        ),
        own=tuple(views.OwnProposalLine(label, row.proposed_at, row.state == PROPOSED) for label, row in own),
        carnet_href=address_of(may.grant.grant) if Right.READ in terms.rights else "",
        interview_href=address(may, "entretien")
        if any(field.question_id for field in fields_he_may_propose(state.parts, may))
        else "",
    )
    return page(request, view, me.session)


@router.get("/carnets/{carnet_id}/proposer/{field_id}")
def show_field(request: Request, carnet_id: str, field_id: str, me: Me) -> Response:
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    field = _field(request, may, field_id)
    return _field_page(request, me, may, field_form(field, Typed()), field)


@router.post("/carnets/{carnet_id}/proposer/{field_id}")
def send_field(request: Request, carnet_id: str, field_id: str, form: Posted, me: Me) -> Response:
    state = state_of(request)
    may = allowed(request, carnet_id, me)
    if isinstance(may, NotShared | AccessEnded):
        return refused(request, me, may)
    field = _field(request, may, field_id)
    typed = typed_in(form, field) or Typed()
    made = suggestion_of(state.parts, field, typed)
    if made is None:
        made = Refused(NOTHING_SAID)
    if isinstance(made, Suggestion):
        answer = send(state, me, may, made)
        if isinstance(answer, NotShared | AccessEnded):
            return refused(request, me, answer)
        if isinstance(answer, str):
            return see_other(f"{address(may, 'proposer')}&{DONE_PARAMETER}=propose")
        made = answer
    return _field_page(request, me, may, field_form(field, typed, refusal=made), field, status=422)


# --- shared with the interview ---------------------------------------------------------------------------


def allowed(request: Request, carnet_id: str, me: Professional) -> May | Refusal:
    """Whether he may propose here now, for the purpose of the address."""
    state, purpose_id = state_of(request), purpose_asked(request)
    name = who(me.reader)
    try:
        state.limits.before_read(name)
    except TooManyError:
        if state.limits.first_throttled(name):
            note_throttled(state.parts, me.reader.actor)
        raise
    return may_propose(state.parts, me.reader, CarnetId(well_formed(carnet_id)), purpose_id)


def purpose_asked(request: Request) -> PurposeId | None:
    """The purpose of the address. Raises NotFoundError for one the frame does not know."""
    told = request.query_params.get(PURPOSE)
    try:
        return state_of(request).parts.frame.purpose(told).purpose_id if told else None
    except UnknownPurposeError:
        raise NotFoundError("no such purpose") from None


def refused(request: Request, me: Professional, refusal: Refusal) -> Response:
    """As his page of the carnet refuses."""
    state_of(request).limits.denied(who(me.reader))
    if isinstance(refusal, AccessEnded):
        return page(request, views.AccessEndedView(), me.session, status=403)
    raise NotFoundError("nothing for this caller")


def address(may: May, rest: str) -> str:
    terms = may.grant.grant.terms
    return f"/carnets/{terms.carnet_id}/{rest}?{PURPOSE}={quote(terms.purpose_id)}"


def fields_he_may_propose(parts: Parts, may: May) -> list[Field]:
    """The fields of which he may propose the exact form, in the order of the catalogue."""
    return [
        field
        for field in parts.catalogue.fields
        if not field.read_only and field.compartments()[-1].id in may.allowed.compartments
    ]


def suggestion_of(parts: Parts, field: Field, typed: Typed) -> Suggestion | Refused | None:
    """What he means; None when he said nothing."""
    value = value_of(field, typed)
    if isinstance(value, Unclear):
        return Refused(value.sentence)
    kind = typed.answer
    if field.kind in RADIOS and kind is AnswerKind.ANSWERED and value is None:
        return None
    if kind is AnswerKind.NOT_DISCUSSED or (kind is AnswerKind.ANSWERED and value is None):
        return None
    if kind is not AnswerKind.ANSWERED:
        if value is not None:
            return Refused(BOTH.format(other=kind.label))
        return Suggestion(field.id, None, kind)
    faults = parts.catalogue.validate_value(field.id, value)
    return Refused(faults[0].sentence, tuple(faults)) if faults else Suggestion(field.id, value)


def send(state: WebState, me: Professional, may: May, made: Suggestion) -> str | Refused | Refusal:
    """Propose it. Raises TooManyError."""
    state.limits.propose(who(me.reader))
    terms = may.grant.grant.terms
    try:
        return propose(state.parts, me.reader, terms.carnet_id, made, purpose_id=terms.purpose_id)
    except InvalidValueError as error:
        return Refused(error.faults[0].sentence, error.faults)
    except GrantRefusedError as error:
        return Refused(error.sentence)


def own_by_field(may: May) -> Mapping[FieldId, bool]:
    """Where he already proposed something, and whether it waits."""
    found: dict[FieldId, bool] = {}
    for row in may.own:
        found[row.field_id] = row.state == PROPOSED
    return found


def _known(parts: Parts, field_id: FieldId) -> bool:
    try:
        parts.catalogue.field(field_id)
    except UnknownFieldError:
        return False
    return True


def _field(request: Request, may: May, field_id: str) -> Field:
    """Raises NotFoundError."""
    parts = state_of(request).parts
    found = next((field for field in fields_he_may_propose(parts, may) if field.id == field_id), None)
    if found is None:
        raise NotFoundError("nothing to propose there")
    return found


def _field_page(
    request: Request,
    me: Professional,
    may: May,
    form: views.FieldForm,
    field: Field,
    *,
    status: int = 200,
) -> Response:
    view = views.ProposeFieldView(
        reference=shown(may.carnet.reference),
        action=address(may, f"proposer/{field.id}"),
        back_href=address(may, "proposer"),
        field=form,
        again=not field.collection and own_by_field(may).get(field.id, False),
    )
    return page(request, view, me.session, status=status)

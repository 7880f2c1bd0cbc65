"""The form of a theme: asked from the catalogue, saved whole in one transaction, nothing typed ever lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.fields import Catalogue, Field, Named
from schemas.ids import FieldId
from vault.carnet.entries import Entry
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.writing import Answer, RevisionConflictError, write_answers
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import kept_form, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_answers import Refusal, answer_of
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.plain_warnings import warning_about
from vault.web.pages.theme_forms import field_form, written_form
from vault.web.pages.typed_form import Typed, typed_in
from vault.web.problems import NotFoundError
from vault.web.state import state_of

READ_AGAIN = "relire"
OPENED = "ouvert"  # which theme of her first page stands open

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_write)]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A posted form beside what stands: what to write, or why not."""

    typed: Mapping[FieldId, Typed]
    answers: Sequence[Answer]
    refused: Mapping[FieldId, Refusal]


@router.get("/mon-carnet/{theme_id}")
def show_theme(request: Request, theme_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    theme, fields = _theme(parts.catalogue, theme_id)
    entries = _entries(parts, me, fields)
    if form := kept_form.kept(request, me.session):
        return page(request, _kept_view(parts, theme, fields, form, entries), me.session)
    warn = request.query_params.get(READ_AGAIN) == "1"
    forms = [written_form(parts.catalogue, field, entries.get(field.id), warn=warn) for field in fields]
    return page(request, _view(theme, forms), me.session)


@router.post("/mon-carnet/{theme_id}")
def save_theme(request: Request, theme_id: str, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    theme, fields = _theme(parts.catalogue, theme_id)
    entries = _entries(parts, me, fields)
    sent = _sent(parts, fields, form, entries)
    if not sent.refused:
        try:
            if sent.answers:
                write_answers(parts, me.owner, sent.answers, actor=me.actor)
            kept_form.forget(request)
            return see_other(_after(parts.catalogue, theme, sent.answers))
        except RevisionConflictError:  # another tab was faster, after our look
            entries = _entries(parts, me, fields)
            sent = _sent(parts, fields, form, entries)
    return _shown_again(request, theme, fields, sent, entries, me)


def _theme(catalogue: Catalogue, theme_id: str) -> tuple[Named, list[Field]]:
    """A theme that has something to ask. Raises NotFoundError."""
    theme = next((each for each in catalogue.themes if each.id == theme_id), None)
    fields = [field for field in catalogue.in_theme(theme_id) if not field.collection]
    if theme is None or all(field.read_only for field in fields):
        raise NotFoundError("no such theme")
    return theme, fields


def _entries(parts: Parts, me: Person, fields: Sequence[Field]) -> Mapping[FieldId, Entry]:
    asked = [field.id for field in fields]
    return read_own_carnet(parts, me.owner, actor=me.actor, fields=asked).by_field()


def _sent(parts: Parts, fields: Sequence[Field], form: Form, entries: Mapping[FieldId, Entry]) -> _Sent:
    typed = {
        field.id: inputs
        for field in fields
        if not field.read_only and (inputs := typed_in(form, field)) is not None
    }
    told = {
        field.id: answer_of(parts.catalogue, field, typed[field.id], entries.get(field.id), parts.now())
        for field in fields
        if field.id in typed
    }
    return _Sent(
        typed,
        [one for one in told.values() if isinstance(one, Answer)],
        {field_id: one for field_id, one in told.items() if isinstance(one, Refusal)},
    )


def _after(catalogue: Catalogue, theme: Named, answers: Sequence[Answer]) -> str:
    """Home, at the theme; or the form again when a text may say more than she thinks."""
    done = "garde" if answers else "rien"
    for answer in answers:
        if catalogue.field(answer.field_id).free_text and warning_about(str(answer.value or "")):
            return f"/mon-carnet/{quote(theme.id)}?{DONE_PARAMETER}={done}&{READ_AGAIN}=1"
    return f"/mon-carnet?{DONE_PARAMETER}={done}&{OPENED}={quote(theme.id)}#theme-{quote(theme.id)}"


def _shown_again(
    request: Request,
    theme: Named,
    fields: Sequence[Field],
    sent: _Sent,
    entries: Mapping[FieldId, Entry],
    me: Person,
) -> Response:
    """The form as it was sent, each refusal beside its question. 409 when all of them are conflicts."""
    catalogue = state_of(request).parts.catalogue
    forms = []
    for field in fields:
        typed, refusal = sent.typed.get(field.id), sent.refused.get(field.id)
        if typed is None:
            forms.append(written_form(catalogue, field, entries.get(field.id)))
            continue
        if refusal is not None and refusal.conflict:
            typed = typed.seen(entries[field.id].version if field.id in entries else 0)
        forms.append(field_form(field, typed, refusal=refusal))
    conflicts = all(refusal.conflict for refusal in sent.refused.values())
    return page(request, _view(theme, forms), me.session, status=409 if conflicts else 422)


def _kept_view(
    parts: Parts, theme: Named, fields: Sequence[Field], form: Form, entries: Mapping[FieldId, Entry]
) -> views.ThemeFormView:
    """The form as it was sent when her session was over: nothing of it is written, she reads it first."""
    typed = {field.id: typed_in(form, field) for field in fields if not field.read_only}
    forms = [
        field_form(field, told)
        if (told := typed.get(field.id)) is not None
        else written_form(parts.catalogue, field, entries.get(field.id))
        for field in fields
    ]
    return replace(_view(theme, forms), kept=True)


def _view(theme: Named, forms: Sequence[views.FieldForm]) -> views.ThemeFormView:
    return views.ThemeFormView(theme.id, theme.label, f"/mon-carnet/{theme.id}", tuple(forms))

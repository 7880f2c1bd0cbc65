"""One entry of a field that holds several: a new one, or a correction. Derived from the catalogue.

As the form of a theme: nothing typed is ever lost, somebody else's change is never overwritten unseen. An
entry is given whole or not at all: there is no « ne souhaite pas répondre » to a thing nobody asked for.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.asking import FormKind
from schemas.faults import Fault
from schemas.fields import Catalogue, Field, UnknownFieldError
from schemas.ids import EntryId, FieldId
from vault.carnet.entries import Entry, field_of
from vault.services.own_carnet import read_own_carnet
from vault.services.own_entries import check_not_frozen, find_own_entry
from vault.services.parts import Parts
from vault.services.writing import Answer, NoSuchEntryError, RevisionConflictError, write_entry
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.pages import kept_form, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_answers import Refusal, changed_elsewhere
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.presenting import HERS, correction_address, entry_address
from vault.web.pages.strategy import STATE, part_address
from vault.web.pages.theme_forms import Named, field_form
from vault.web.pages.typed_form import Typed, Unclear, typed_in, value_of, written
from vault.web.problems import NotFoundError
from vault.web.state import state_of

SAVE = "Garder"
_UNKNOWN = "Choisissez dans la liste, ou ne choisissez rien."
_EMPTY = "Remplissez au moins ce qui n’est pas facultatif."
_INTRO = (
    "Ce que vous écrivez ici, personne d’autre ne le voit, sauf si vous l’avez partagé. "
    "Vous pourrez le corriger quand vous voulez."
)

router = APIRouter(prefix="/mon-carnet", dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_write)]


@router.get("/info/{entry_id}/corriger")
def show_correction(request: Request, entry_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    field, stands, named = _standing(parts, me, well_formed(entry_id))
    if not field.collection:
        return see_other(correction_address(field, stands))
    if form := kept_form.kept(request, me.session):
        typed = typed_in(form, field) or Typed()
        return page(request, _view(parts, me, field, typed, stands, named, kept=True), me.session)
    typed = written(field, stands.body, stands.version)
    return page(request, _view(parts, me, field, typed, stands, named), me.session)


@router.post("/info/{entry_id}/corriger")
def save_correction(request: Request, entry_id: str, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    field, stands, named = _standing(parts, me, well_formed(entry_id))
    if not field.collection:
        raise NotFoundError("this field is corrected in the form of its theme")
    return _save(request, me, field, form, named, stands)


@router.get("/{field_id}/nouveau")
def show_new(request: Request, field_id: str, me: Me) -> Response:
    parts = state_of(request).parts
    field = _field(parts.catalogue, field_id)
    named = _named(parts, me, field)[1]
    if form := kept_form.kept(request, me.session):
        typed = typed_in(form, field) or Typed()
        return page(request, _view(parts, me, field, typed, None, named, kept=True), me.session)
    row = _begun(field, request, named)
    return page(request, _view(parts, me, field, Typed(rows=(row,)), None, named), me.session)


@router.post("/{field_id}/nouveau")
def save_new(request: Request, field_id: str, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    field = _field(parts.catalogue, field_id)
    return _save(request, me, field, form, _named(parts, me, field)[1], None)


# --- saving ----------------------------------------------------------------------------------------------


def _save(
    request: Request, me: Person, field: Field, form: Form, named: Named, stands: Entry | None
) -> Response:
    parts = state_of(request).parts
    typed = typed_in(form, field) or Typed()
    told = _answer(parts.catalogue, field, typed, named, stands)
    if isinstance(told, Answer):
        try:
            entry = write_entry(parts, me.owner, told, actor=me.actor)
            kept_form.forget(request)
            return see_other(f"{entry_address(entry.entry_id)}?{DONE_PARAMETER}=garde-information")
        except RevisionConflictError:  # another tab was faster, after our look
            field, stands, named = _standing(parts, me, stands.entry_id if stands else EntryId(""))
            told = changed_elsewhere(parts.catalogue, field, stands)
    if told is None and stands is not None:
        return see_other(f"{entry_address(stands.entry_id)}?{DONE_PARAMETER}=rien")
    refusal = told if isinstance(told, Refusal) else Refusal(_EMPTY)
    if refusal.conflict and stands is not None:
        typed = typed.seen(stands.version)
    view = _view(parts, me, field, typed, stands, named, refusal=refusal)
    return page(request, view, me.session, status=409 if refusal.conflict else 422)


def _answer(
    catalogue: Catalogue, field: Field, typed: Typed, named: Named, stands: Entry | None
) -> Answer | Refusal | None:
    """What to write; None when nothing changed."""
    value = value_of(field, typed)
    if isinstance(value, Unclear):
        return Refusal(value.sentence)
    if value is None:
        return Refusal(_EMPTY)
    faults = [*catalogue.validate_value(field.id, value), *_unknown(field, value, named)]
    if faults:
        return Refusal(faults[0].sentence, tuple(faults))
    if stands is None:
        return Answer(field.id, value)
    if stands.body.value == value:
        return None
    if typed.version != stands.version:
        return changed_elsewhere(catalogue, field, stands)
    return Answer(field.id, value, version=stands.version, entry_id=stands.entry_id)


def _unknown(field: Field, value: object, named: Named) -> list[Fault]:
    """A part names an entry of hers that stands, or nothing."""
    told = value if isinstance(value, dict) else {}
    return [
        Fault(f"/{part.name}", _UNKNOWN, "refers")
        for part in field.parts
        if part.refers
        and part.name in told
        and told[part.name] not in {id_ for id_, _ in named.get(part.refers, ())}
    ]


# --- what stands -----------------------------------------------------------------------------------------


def _field(catalogue: Catalogue, field_id: str) -> Field:
    try:
        field = catalogue.field(field_id)
    except UnknownFieldError:
        raise NotFoundError("no such field") from None
    if not field.collection or field.kind is not FormKind.OBJECT:
        raise NotFoundError("this field holds one entry")
    return field


def _standing(parts: Parts, me: Person, entry_id: str) -> tuple[Field, Entry, Named]:
    """Raises NotFoundError, EntryFrozenError."""
    try:
        head = find_own_entry(parts, me.owner.carnet_id, EntryId(entry_id))
    except NoSuchEntryError:
        raise NotFoundError("no such entry") from None
    field = parts.catalogue.field(field_of(head.compartment))
    found, named = _named(parts, me, field)
    stands = next((one for one in found if one.entry_id == entry_id), None)
    if stands is None or field.read_only:
        raise NotFoundError("no such entry")
    check_not_frozen(stands)
    return field, stands, named


def _named(parts: Parts, me: Person, field: Field) -> tuple[Sequence[Entry], Named]:
    """The entries of the field, and what its parts may name. One ``read_own`` entry."""
    asked = {field.id, *(FieldId(part.refers) for part in field.parts if part.refers)}
    found = read_own_carnet(parts, me.owner, actor=me.actor, fields=asked).in_fields()
    named = {
        part.refers: [
            (one.entry_id, title_of(parts.catalogue.field(part.refers), one))
            for one in found.get(FieldId(part.refers), ())
            if one.body.holds
        ]
        for part in field.parts
        if part.refers
    }
    return found.get(field.id, ()), named


def title_of(field: Field, entry: Entry) -> str:
    """How an entry is named in a list: its first words."""
    value = entry.body.value if isinstance(entry.body.value, dict) else {}
    texts = [value.get(part.name) for part in field.parts if part.kind is FormKind.SHORT_TEXT]
    return str(next((text for text in texts if text), field.label))


# --- what is shown ---------------------------------------------------------------------------------------


def _begun(field: Field, request: Request, named: Named) -> dict[str, str]:
    """A new entry, with what the link that led here already says, and its first state."""
    row = {}
    for part in field.parts:
        offered = [choice.value for choice in part.choices] or [id_ for id_, _ in named.get(part.refers, ())]
        asked = request.query_params.get(part.name, "")
        if asked in offered:
            row[part.name] = asked
        elif part.name == STATE and offered:
            row[part.name] = offered[0]
    return row


def _view(
    parts: Parts,
    me: Person,
    field: Field,
    typed: Typed,
    stands: Entry | None,
    named: Named,
    *,
    refusal: Refusal | None = None,
    kept: bool = False,
) -> views.ThemeFormView:
    address = entry_address(stands.entry_id) if stands else part_address(field.part)
    part = next(one.label for one in parts.catalogue.parts if one.id == field.part)
    asked = field_form(field, typed, refusal=refusal, named=named)
    return views.ThemeFormView(
        field.theme,
        f"Corriger\u202f: {field.label}" if stands else field.label,
        f"{address}/corriger" if stands else f"/mon-carnet/{field.id}/nouveau",
        (_to_her(asked) if me.acting is None else replace(asked, sensitive=False),),
        intro=_INTRO,
        back_href=address,
        back_label=field.label if stands else part,
        save=SAVE,
        kept=kept,
    )


def _to_her(form: views.FieldForm) -> views.FieldForm:
    """The same question, its choices said to herself."""
    parts = [
        replace(
            part,
            choices=tuple(
                replace(one, label=HERS.get(part.name, {}).get(one.value, one.label)) for one in part.choices
            ),
        )
        for part in form.parts
    ]
    return replace(form, parts=tuple(parts), sensitive=False)

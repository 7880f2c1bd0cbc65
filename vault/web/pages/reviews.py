"""A review, two together: where each open commitment and action stands, what was seen, the next meeting.

Saved whole, in one transaction: a new version of each that moved, the review itself, the meeting and the
rhythm if they were given. What did not move stays as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.commitments import CLOSED, MET
from schemas.asking import Part
from schemas.faults import Fault
from schemas.fields import Field
from schemas.ids import EntryId, FieldId
from vault.carnet.entries import Entry
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.writing import Answer, NoSuchEntryError, RevisionConflictError, write_answers
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.presenting import told_lines
from vault.web.state import state_of

HERE = "/mon-carnet/bilan/nouveau"
REVIEWS, MEETINGS, RHYTHM = FieldId("bilans"), FieldId("rendez_vous"), FieldId("rythme_rendez_vous")
STATE, DONE_ON = "etat", "fait_le"
TYPED = ("avec", "texte", "prochain_le", "prochain_heure", "prochain_lieu")
AFTER = f"/mon-carnet/partie/engagements?{DONE_PARAMETER}=garde"
_CHANGED = "Quelqu’un a changé quelque chose pendant que vous remplissiez. Relisez, puis gardez à nouveau."

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_write)]


@dataclass(frozen=True, slots=True)
class _Open:
    """Something that still waits for somebody."""

    field: Field
    entry: Entry
    state: Part


@router.get(HERE)
def ask(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    return page(request, _view(parts, _open(parts, me), Form()), me.session)


@router.post(HERE)
def save(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    standing = _open(parts, me)
    answers = _answers(parts, standing, form)
    faults = [fault for one in answers for fault in parts.catalogue.validate_value(one.field_id, one.value)]
    if faults:
        return _again(request, me, standing, form, _told(faults), 422)
    try:
        write_answers(parts, me.owner, answers, actor=me.actor)
    except (RevisionConflictError, NoSuchEntryError):  # somebody was faster
        return _again(request, me, _open(parts, me), form, _CHANGED, 409)
    return see_other(AFTER)


def _again(
    request: Request, me: Person, standing: Sequence[_Open], form: Form, error: str, status: int
) -> Response:
    view = _view(state_of(request).parts, standing, form, error)
    return page(request, view, me.session, status=status)


def _told(faults: Sequence[Fault]) -> str:
    return " ".join(dict.fromkeys(fault.sentence for fault in faults))


def _open(parts: Parts, me: Person) -> list[_Open]:
    """What waits for somebody, of both sides, as the catalogue orders it."""
    states = {
        field.id: (field, part)
        for field in parts.catalogue.fields
        for part in field.parts
        if field.collection and part.name == STATE
    }
    carnet = read_own_carnet(parts, me.owner, actor=me.actor, fields=[*states, RHYTHM])
    return [
        _Open(*states[field_id][:1], entry, states[field_id][1])
        for field_id, found in carnet.in_fields().items()
        if field_id in states
        for entry in found
        if entry.body.holds and _value(entry).get(STATE) not in CLOSED
    ]


def _value(entry: Entry) -> Mapping[str, Any]:
    return entry.body.value if isinstance(entry.body.value, dict) else {}


# --- what is written -------------------------------------------------------------------------------------


def _answers(parts: Parts, standing: Sequence[_Open], form: Form) -> list[Answer]:
    today = french.in_paris(parts.now()).date()
    moved = [one for each in standing if (one := _moved(each, form, today)) is not None]
    review = {"le": today.isoformat()} | _given(form, {"avec": "avec", "texte": "texte"})
    answers = [*moved, Answer(REVIEWS, review)]
    meeting = _given(form, {"le": "prochain_le", "heure": "prochain_heure", "lieu": "prochain_lieu"})
    if meeting:
        answers.append(Answer(MEETINGS, meeting | {"avec": form.one("avec").strip()}))
    if rhythm := form.one("rythme"):
        answers.append(Answer(RHYTHM, rhythm))
    return answers


def _moved(one: _Open, form: Form, today: date) -> Answer | None:
    """A new version, when its state is another. What is kept bears the day of the review."""
    state, version = form.one(f"{one.entry.entry_id}-etat"), form.one(f"{one.entry.entry_id}-version")
    value = dict(_value(one.entry))
    if not state or state == value.get(STATE):
        return None
    value[STATE] = state
    if state in MET and any(part.name == DONE_ON for part in one.field.parts):
        value.setdefault(DONE_ON, today.isoformat())
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else one.entry.version
    return Answer(one.field.id, value, version=seen, entry_id=EntryId(one.entry.entry_id))


def _given(form: Form, names: Mapping[str, str]) -> dict[str, Any]:
    return {part: text for part, name in names.items() if (text := form.one(name).strip())}


# --- what is shown ---------------------------------------------------------------------------------------


def _view(parts: Parts, standing: Sequence[_Open], form: Form, error: str = "") -> views.ReviewView:
    rhythm = parts.catalogue.field(RHYTHM)
    return views.ReviewView(
        items=tuple(_item(parts, one, form) for one in standing),
        rhythm=views.RhythmField(
            rhythm.prompt, tuple((one.value, one.label) for one in rhythm.choices), form.one("rythme")
        ),
        typed={name: form.one(name) for name in TYPED},
        error=error,
        action=HERE,
    )


def _item(parts: Parts, one: _Open, form: Form) -> views.ReviewItem:
    chosen = form.one(f"{one.entry.entry_id}-etat") or str(_value(one.entry).get(STATE, ""))
    return views.ReviewItem(
        entry_id=one.entry.entry_id,
        version=one.entry.version,
        label=one.field.label,
        words=" ".join(told_lines(parts.catalogue, one.entry, (STATE,))),
        states=tuple((choice.value, choice.label) for choice in one.state.choices),
        chosen=chosen,
    )

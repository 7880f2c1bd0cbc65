"""« Demander »: a professional asks a person to share. The same page whatever becomes of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import CarnetId, PurposeId
from schemas.names import Role
from schemas.purposes import EMERGENCY_PURPOSE, Purpose, UnknownPurposeError
from vault.carnet.references import read_reference
from vault.services.parts import Parts
from vault.services.requesting import FOR_ME, FOR_REFERENT, FOR_STRUCTURE, Demand, ask_to_share
from vault.services.sharing import GrantRefusedError
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Professional
from vault.web.pages import french, views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.naming import plain_purpose
from vault.web.pages.share_lines import asked_specials, asked_themes
from vault.web.state import state_of

HERE, SENT = "/demander", "/demander/envoyee"
CARNET, PURPOSE, PRESET = "carnet", "finalite", "modele"
LONGEST_SHOWN = 40  # of a number typed wrongly
_NUMBER = "Ce numéro n’est pas un numéro de carnet. Il a dix signes, par exemple 7F3 K9QW M2X."
_POINTERS = {"/reason": "raison", "/days": "duree", "/purpose_id": "finalite"}

router = APIRouter(prefix=HERE, dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Professional, Depends(guard.professional)]


@router.get("")
def show_form(request: Request, me: Me) -> Response:
    told = request.query_params
    form = Form([(CARNET, told.get(CARNET, "")), (PURPOSE, told.get(PURPOSE, ""))])
    return _form_page(request, me, form)


@router.get("/envoyee")
def show_sent(request: Request, me: Me) -> Response:
    return page(request, views.AskSentView(), me.session)


@router.post("")
def ask(request: Request, form: Posted, me: Me) -> Response:
    """What he typed is looked at; what it leads to never shows."""
    state = state_of(request)
    if form.one(PRESET):
        return _form_page(request, me, form)
    state.limits.ask(me.reader.structure_id)
    purpose = _purpose(state.parts, me, form)
    carnet = well_formed(form.one(CARNET)) if form.one(CARNET) else ""
    reference = None if carnet else read_reference(form.one("numero"))
    faults = {}
    if not carnet and reference is None:
        faults["numero"] = _NUMBER
    if purpose is None:
        return _form_page(request, me, form, faults)
    days = form.one("duree")
    demand = Demand(
        carnet_id=CarnetId(carnet) if carnet else None,
        reference=reference,
        purpose_id=purpose.purpose_id,
        compartments=state.parts.catalogue.in_order(set(form.all("champs")) & set(purpose.compartments)),
        days=int(days) if days.isascii() and days.isdigit() and len(days) <= 4 else 0,
        reason=form.one("raison"),
        receiver=_receiver(me, form),
    )
    if faults:
        return _form_page(request, me, form, faults)
    try:
        ask_to_share(state.parts, me.reader, demand)
    except GrantRefusedError as refused:
        name = _POINTERS.get(refused.pointer, "champs")
        return _form_page(request, me, form, {name: refused.sentence})
    return see_other(SENT)


def _purpose(parts: Parts, me: Professional, form: Form) -> Purpose | None:
    """The purpose he chose, when his structure may ask for it."""
    try:
        purpose = parts.frame.purpose(PurposeId(form.one(PURPOSE)))
    except UnknownPurposeError:
        return None
    return purpose if purpose in _purposes(parts, me) else None


def _receiver(me: Professional, form: Form) -> str:
    """Who would read. His role says what is offered, never whether he follows this person."""
    offered = {FOR_ME, FOR_STRUCTURE}
    if me.habilitation.role is Role.REFERENT:
        offered.add(FOR_REFERENT)
    return form.one("pour") if form.one("pour") in offered else FOR_ME


def _purposes(parts: Parts, me: Professional) -> list[Purpose]:
    every = parts.frame.for_kind(me.reader.structure_kind)
    return [one for one in every if one.purpose_id != EMERGENCY_PURPOSE]


def _ticked(parts: Parts, purpose: Purpose | None, form: Form) -> set[str]:
    """What he ticked, with what a preset ticks when he pressed one."""
    presets = parts.frame.presets_for(purpose.purpose_id) if purpose else ()
    added = (one.compartments for one in presets if one.id == form.one(PRESET))
    return set(form.all("champs")).union(*added)


def _presets(parts: Parts, purpose: Purpose | None, chosen: set[str]) -> tuple[views.Preset, ...]:
    return tuple(
        views.Preset(one.id, one.label, len(one.compartments), set(one.compartments) <= chosen)
        for one in (parts.frame.presets_for(purpose.purpose_id) if purpose else ())
    )


def _form_page(
    request: Request, me: Professional, form: Form, faults: dict[str, str] | None = None
) -> Response:
    parts = state_of(request).parts
    purpose, carnet = _purpose(parts, me, form), form.one(CARNET)
    carnet = well_formed(carnet) if carnet else ""
    chosen, days = _ticked(parts, purpose, form), form.one("duree")
    view = views.AskView(
        reasons=tuple(
            views.Link(
                french.capital(plain_purpose(one.label)),
                f"{HERE}?{PURPOSE}={one.purpose_id}" + (f"&{CARNET}={carnet}" if carnet else ""),
            )
            for one in _purposes(parts, me)
        ),
        purpose=purpose.purpose_id if purpose else "",
        purpose_label=french.capital(plain_purpose(purpose.label)) if purpose else "",
        presets=_presets(parts, purpose, chosen),
        themes=asked_themes(parts.catalogue, purpose, chosen) if purpose else (),
        specials=asked_specials(parts.catalogue, purpose, chosen) if purpose else (),
        days=tuple(
            (one, french.length(one), days == str(one))
            for one in sorted({*purpose.days_offered, purpose.max_days})
        )
        if purpose
        else (),
        carnet_id=carnet,
        number=form.one("numero")[:LONGEST_SHOWN],
        reason=form.one("raison")[:2000],
        receiver=_receiver(me, form),
        may_be_referent=me.habilitation.role is Role.REFERENT,
        faults=faults or {},
    )
    return page(request, view, me.session, status=422 if faults else 200)

"""To protect a life, for the person: what she lets be read, and what was done of it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import end_of_day_after
from schemas.ids import CompartmentId
from vault.services import break_glass, reviewing
from vault.services.break_glass import ASKED, OPEN, NoEmergencyError
from vault.services.own_carnet import list_own_grants
from vault.services.parts import Parts
from vault.services.reviewing import JUSTIFIED, UNJUSTIFIED, Review
from vault.services.sharing_rows import EmergencyRow
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.relations import access_lines, body_of
from vault.web.problems import NotFoundError
from vault.web.state import state_of

ALLOW, LIST = "/mes-partages/urgence", "/mes-urgences"
TOLD_FOR_DAYS = 30
_CHOOSE = "Choisissez au moins une information, ou revenez sans rien changer."
VERDICTS = {
    JUSTIFIED: "Le délégué à la protection des données a jugé cet accès justifié.",
    UNJUSTIFIED: "Le délégué à la protection des données a jugé cet accès injustifié. "
    "Les deux professionnels ne peuvent plus en demander.",
}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]


@router.get(ALLOW)
def show_allowed(request: Request, me: Me) -> Response:
    return _allow_page(request, me)


@router.post(ALLOW)
def allow(request: Request, form: Posted, me: Me) -> Response:
    """Those she ticked, and the sensitive ones she let before by an act of their own."""
    parts = state_of(request).parts
    purpose = break_glass.emergency_of(parts).purpose
    ticked = [one for one in purpose.ordinary if one in form.all("fields")]
    kept = [one for one in _allowed(parts, me) if one in purpose.special]
    if not ticked and not kept:
        return _allow_page(request, me, _CHOOSE)
    break_glass.allow(parts, me.owner, tuple(dict.fromkeys([*ticked, *kept])), actor=me.actor)
    return see_other(f"{ALLOW}?{DONE_PARAMETER}=alertes")


@router.get(f"{ALLOW}/{{compartment}}")
def show_special(request: Request, compartment: str, me: Me) -> Response:
    parts = state_of(request).parts
    special = _special(parts, compartment)
    purpose = break_glass.emergency_of(parts).purpose
    view = views.SpecialAllowView(
        parts.catalogue.compartment(special).label,
        f"{ALLOW}/{quote(special)}",
        end_of_day_after(parts.now(), purpose.max_days),
    )
    return page(request, view, me.session)


@router.post(f"{ALLOW}/{{compartment}}")
def allow_special(request: Request, compartment: str, me: Me) -> Response:
    parts = state_of(request).parts
    fields = (*_allowed(parts, me), _special(parts, compartment))
    break_glass.allow(parts, me.owner, tuple(dict.fromkeys(fields)), actor=me.actor)
    return see_other(f"{ALLOW}?{DONE_PARAMETER}=alertes")


@router.get(LIST)
def show_emergencies(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    found = reviewing.list_own(parts, me.owner, actor=me.actor)
    grants = list_own_grants(parts, me.owner)
    structures = parts.data.structures({one.row.structure_id for one in found.reviews})
    lines = tuple(
        views.EmergencyLine(
            body=body_of(structures.get(one.row.structure_id)),
            asked_at=one.row.asked_at,
            state=state_words(parts, one.row, altered=not one.vouched),
            reason=one.told.reason,
            reads=access_lines(parts, one.reads, grants),
            verdict=verdict_words(one),
            words=one.told.words,
        )
        for one in found.reviews
    )
    unexplained = access_lines(parts, found.unexplained, grants)
    view = views.EmergenciesView(lines, ALLOW if parts.frame.emergency else None, unexplained)
    return page(request, view, me.session)


def opened_lately(parts: Parts, me: Person) -> tuple[views.Todo, ...]:
    """What she must know first: somebody opened her carnet in an emergency."""
    now = parts.now()
    return tuple(
        views.Todo(
            "Votre carnet a été ouvert en urgence",
            LIST,
            f"{french.capital(french.moment(row.opened_at, now))}. Lisez pourquoi, et ce qui a été lu.",
        )
        for row in reviewing.opened_lately(parts, me.owner)
        if row.opened_at is not None and (now - row.opened_at).days < TOLD_FOR_DAYS
    )[:1]


def state_words(parts: Parts, row: EmergencyRow, *, altered: bool = False) -> str:
    """Where it stands, as one sentence."""
    now = parts.now()
    if altered:
        return "Cette ligne a été modifiée par quelqu’un. Ce qu’elle dit n’est pas sûr. Dites-le-nous."
    if row.opened_at is not None:
        last = french.moment(row.ends_at, now)
        still = row.state == OPEN and now < row.ends_at
        return (
            f"Le carnet est ouvert. Il se fermera {last}."
            if still
            else f"Le carnet a été ouvert. Il s’est fermé {last}."
        )
    if row.state == ASKED and now < row.ends_at:
        return "Un collègue doit encore confirmer. Rien n’est ouvert."
    return "Rien n’a été ouvert."


def verdict_words(one: Review) -> str:
    return VERDICTS.get(one.told.verdict, "")


def _allow_page(request: Request, me: Person, fault: str = "") -> Response:
    """Shows no value: no entry. Raises NoEmergencyError."""
    parts = state_of(request).parts
    emergency = break_glass.emergency_of(parts)
    purpose = emergency.purpose
    grant = break_glass.allowed_by(parts, me.owner.carnet_id)
    chosen = grant.terms.compartments if grant else ()

    def line(one: CompartmentId, href: str | None = None) -> views.AllowedField:
        return views.AllowedField(one, parts.catalogue.compartment(one).label, one in chosen, href)

    view = views.AllowView(
        kinds=tuple(kind.label for kind in purpose.structure_kinds),
        minutes=emergency.minutes,
        fields=tuple(line(one) for one in purpose.ordinary),
        specials=tuple(line(one, f"{ALLOW}/{quote(one)}") for one in purpose.special),
        until=grant.terms.ends_at if grant else None,
        new_until=end_of_day_after(parts.now(), purpose.max_days),
        stop_action=f"/mes-partages/{grant.id}/arreter" if grant else None,
        fault=fault,
    )
    return page(request, view, me.session, status=422 if fault else 200)


def _allowed(parts: Parts, me: Person) -> tuple[CompartmentId, ...]:
    """What she lets be read now, of what the frame still lists."""
    grant = break_glass.allowed_by(parts, me.owner.carnet_id)
    known = break_glass.emergency_of(parts).purpose.compartments
    return tuple(one for one in grant.terms.compartments if one in known) if grant else ()


def _special(parts: Parts, told: str) -> CompartmentId:
    """Raises NotFoundError for what is not a sensitive information of the frame's list."""
    try:
        special = break_glass.emergency_of(parts).purpose.special
    except NoEmergencyError:
        special = ()
    for one in special:
        if one == told:
            return one
    raise NotFoundError("no such page")

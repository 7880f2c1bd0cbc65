"""The officer looks after the shares of one carnet: suspends, ends or annuls one with a reason that the
person reads, and stops requests for a while. The carnet by its number; never a name, never a value."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import Grant
from consent.lifecycle import By, Move
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState, LegalBasis, Word
from vault.carnet.references import read_reference, shown
from vault.services.managing import end_of
from vault.services.overriding import REASONS, override_grant
from vault.services.overseen_shares import OverseenShares, oversee_shares
from vault.services.parts import Parts
from vault.services.pausing import BadPauseError, end_pause, set_pause
from vault.services.rotating import rotation_pending
from vault.services.suspending import CannotMoveError, Why, resume_grant, suspend_grant
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Dpo, WrongCallerError
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.naming import labels
from vault.web.pages.relations import Bodies, bodies_of
from vault.web.pages.screens import purpose_words
from vault.web.state import state_of

HERE = "/dpo/partages"
LONGEST_INPUT, LONGEST_WORDS = 200, 500
SUSPEND, RESUME, REVOKE, INVALIDATE = "suspendre", "reprendre", "arreter", "annuler"
ENDS = {REVOKE: Move.REVOKE, INVALIDATE: Move.INVALIDATE}
_WORDS = {
    SUSPEND: "Suspendre ce partage",
    RESUME: "Lever la suspension",
    REVOKE: "Arrêter pour de bon",
    INVALIDATE: "Annuler : il n’aurait pas dû exister",
}
_UNKNOWN = "Aucun carnet ouvert n’a ce numéro. Vérifiez-le."
_ENDED = "Ce partage a changé entre-temps : ce geste n’est plus possible."

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Dpo, Depends(guard.dpo)]


@router.get(HERE)
def show_shares(request: Request, me: Me) -> Response:
    number = request.query_params.get("numero", "")[:LONGEST_INPUT]
    if not number:
        return page(request, views.DpoSharesView(), me.session)
    return _shares_page(request, me, number)


@router.post(f"{HERE}/pause")
def pause(request: Request, form: Posted, me: Me) -> Response:
    parts, number = state_of(request).parts, form.one("numero")[:LONGEST_INPUT]
    carnet_id = _carnet(parts, number)
    if carnet_id is None:
        return _shares_page(request, me, number)
    try:
        until = end_of(date(*(int(form.one(name)[:4]) for name in ("annee", "mois", "jour"))))
        set_pause(parts, carnet_id, until=until, words=form.one("mots")[:LONGEST_WORDS], actor=me.actor)
    except (ValueError, OverflowError):
        return _shares_page(request, me, number, {"jour": "Écrivez le jour, le mois et l’année."}, form)
    except BadPauseError:
        sentence = "Choisissez un jour dans l’année qui vient, et écrivez pourquoi."
        return _shares_page(request, me, number, {"jour": sentence}, form)
    return _back(number, "pause")


@router.post(f"{HERE}/pause/fin")
def stop_pause(request: Request, form: Posted, me: Me) -> Response:
    parts, number = state_of(request).parts, form.one("numero")[:LONGEST_INPUT]
    carnet_id = _carnet(parts, number)
    if carnet_id is None:
        return _shares_page(request, me, number)
    end_pause(parts, carnet_id, actor=me.actor)
    return _back(number, "pause-finie")


@router.post(f"{HERE}/{{grant_id}}")
def act(request: Request, grant_id: str, form: Posted, me: Me) -> Response:
    parts, number = state_of(request).parts, form.one("numero")[:LONGEST_INPUT]
    carnet_id, wanted = _carnet(parts, number), GrantId(well_formed(grant_id))
    if carnet_id is None:
        return _shares_page(request, me, number)
    what, words = form.one("geste"), form.one("mots")[:LONGEST_WORDS]
    why = next((one for one in REASONS if one == form.one("raison")), None)
    try:
        if what == RESUME:
            resume_grant(parts, carnet_id, wanted, by=By.DPO, actor=me.actor)
        elif why is None or what not in (SUSPEND, *ENDS):
            fault = {"raison": "Choisissez une raison : la personne la lira."}
            return _shares_page(request, me, number, fault)
        elif what == SUSPEND:
            suspend_grant(parts, carnet_id, wanted, by=By.DPO, why=why, actor=me.actor, words=words)
        else:
            override_grant(parts, carnet_id, wanted, ENDS[what], why=why, actor=me.actor, words=words)
    except CannotMoveError:
        return _shares_page(request, me, number, {"raison": _ENDED}, status=409)
    return _back(number, "partage")


def _back(number: str, done: str) -> Response:
    return see_other(f"{HERE}?numero={read_reference(number)}&{DONE_PARAMETER}={done}")


def _carnet(parts: Parts, number: str) -> CarnetId | None:
    reference = read_reference(number)
    carnet_id = parts.data.carnet_numbered(reference) if reference else None
    carnet = parts.data.carnet(carnet_id) if carnet_id else None
    return carnet.carnet_id if carnet is not None and carnet.open else None


def _shares_page(
    request: Request,
    me: Dpo,
    number: str,
    faults: dict[str, str] | None = None,
    form: Form | None = None,
    *,
    status: int = 422,
) -> Response:
    """The carnet of this number after one entry, or the form again. 200 when nothing is at fault."""
    parts = state_of(request).parts
    carnet_id = _carnet(parts, number)
    if carnet_id is None:
        view = views.DpoSharesView(number, faults={"numero": _UNKNOWN})
        return page(request, view, me.session, status=422)
    try:
        found = oversee_shares(parts, carnet_id, actor=me.actor)
    except PermissionError:
        raise WrongCallerError("no habilitation in force") from None
    bodies = bodies_of(parts, found.grants)
    view = views.DpoSharesView(
        number=shown(read_reference(number) or ""),
        found=True,
        shares=tuple(_line(parts, one, found, bodies) for one in found.grants),
        reasons=tuple((one.value, _of_her(one)) for one in REASONS),
        paused_until=found.pause.until if found.pause else None,
        pause_words=found.pause.words if found.pause else "",
        typed={name: form.one(name)[:LONGEST_WORDS] for name in ("jour", "mois", "annee", "mots")}
        if form
        else {},
        faults=faults or {},
        spoiled=len(found.spoiled),
    )
    return page(request, view, me.session, status=status if faults else 200)


# What the person reads of herself, as an officer reads it of her.
_OF_HER: Mapping[Word, str] = {
    GrantState.WITHDRAWN: "arrêté par la personne",
    LegalBasis.CONSENT: "l’accord de la personne",
    By.PERSON: "la personne",
    By.REPRESENTATIVE: "la personne qui agit pour elle",
    Why.HER_CHOICE: "la personne l’a demandé",
    Why.PRESSURE: "la personne n’a peut-être pas choisi librement",
}


def _of_her(word: Word) -> str:
    return _OF_HER.get(word, word.label)


def _line(parts: Parts, grant: Grant, found: OverseenShares, bodies: Bodies) -> views.DpoShare:
    terms, hold = grant.terms, found.holds.get(grant.id)
    ended = found.endings.get(grant.id)
    standing = parts.now() < terms.ends_at
    acts: tuple[str, ...] = ()
    if standing and grant.state is GrantState.GRANTED:
        acts = (SUSPEND, REVOKE, INVALIDATE)
    elif standing and grant.state is GrantState.SUSPENDED:
        lift = (RESUME,) if hold is not None and hold.by is By.DPO else ()
        acts = (*lift, REVOKE, INVALIDATE)
    why = f"par {_of_her(hold.by)} : {_of_her(hold.why)}" if hold else _of_her(ended[0]) if ended else ""
    return views.DpoShare(
        body=bodies[grant.id],
        purpose=purpose_words(parts.frame, terms.purpose_id),
        fields=labels(parts.catalogue, terms.compartments),
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        state=_of_her(grant.state),
        basis=_of_her(terms.legal_basis),
        action=f"{HERE}/{grant.id}",
        why=why,
        pending=grant.ended_at is not None and rotation_pending(parts, terms.carnet_id, terms.compartments),
        acts=tuple((one, _WORDS[one]) for one in acts),
    )

"""The officer records what rulings say: a curatorship or a guardianship, who holds it, until when. Numbers
and dates only: no name is shown, and no key of a carnet is loaded."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.mandates import MandateFault
from schemas.ids import AccountId, CarnetId, MandateId
from schemas.names import MandateKind, MandateScope
from vault.carnet.references import read_reference, shown
from vault.services.helping import NoSuchHelperError, professional_of_code
from vault.services.managing import end_of
from vault.services.mandates import (
    Holder,
    MandateRefusedError,
    NoSuchMandateError,
    Ruling,
    end_mandate,
    record_ruling,
)
from vault.services.parts import Parts
from vault.services.standing import ACTIVE, stands
from vault.services.writing import CarnetClosedError
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Dpo
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.problems import NotFoundError
from vault.web.state import state_of

MANDATES = "/dpo/mandats"
RULINGS = (MandateKind.CURATORSHIP, MandateKind.GUARDIANSHIP)
MOST = 200
INPUTS = ("numero", "genre", "qui", "code", "proche", "nom", "jugement", "jour", "mois", "annee")
LONGEST_INPUT = 200
RELATIVE, PROFESSIONAL = "proche", "professionnel"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Dpo, Depends(guard.dpo)]


class _FaultError(Exception):
    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(name)
        self.name, self.sentence = name, sentence


@router.get(MANDATES)
def show_rulings(request: Request, me: Me) -> Response:
    return page(request, _view(request, Form()), me.session)


@router.post(MANDATES)
def record(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    try:
        carnet_id = _carnet(parts, form, "numero", "Aucun carnet ouvert n’a ce numéro. Vérifiez-le.")
        record_ruling(parts, carnet_id, _holder(parts, form), _ruling(form), actor=me.actor)
        return see_other(f"{MANDATES}?{DONE_PARAMETER}=mandat")
    except _FaultError as error:
        fault = {error.name: error.sentence}
    except NoSuchHelperError:
        fault = {"code": "Ce code ne mène à aucun aidant. Il sert 24 heures\u00a0: demandez-en un nouveau."}
    except CarnetClosedError:
        fault = {"numero": "Ce carnet est fermé."}
    except MandateRefusedError as refused:
        places = {MandateFault.END: "jour", MandateFault.SELF: "proche", MandateFault.HOLDER: "qui"}
        fault = {places.get(refused.fault, "scope"): refused.fault.label}
    return page(request, _view(request, form, fault), me.session, status=422)


@router.post(f"{MANDATES}/{{mandate_id}}/fin")
def end(request: Request, mandate_id: str, me: Me) -> Response:
    parts, wanted = state_of(request).parts, MandateId(well_formed(mandate_id))
    row = parts.data.mandate(wanted)
    if row is None or row.kind not in RULINGS:
        raise NotFoundError("no such ruling")
    try:
        end_mandate(parts, row.carnet_id, wanted, actor=me.actor, by_ruling=True)
    except NoSuchMandateError:
        raise NotFoundError("no such ruling") from None
    return see_other(f"{MANDATES}?{DONE_PARAMETER}=mandat-fini")


def _carnet(parts: Parts, form: Form, name: str, sentence: str) -> CarnetId:
    reference = read_reference(form.one(name)[:LONGEST_INPUT])
    carnet_id = parts.data.carnet_numbered(reference) if reference else None
    carnet = parts.data.carnet(carnet_id) if carnet_id else None
    if carnet is None or not carnet.open:
        raise _FaultError(name, sentence)
    return carnet.carnet_id


def _holder(parts: Parts, form: Form) -> Holder:
    name, who = form.one("nom")[:LONGEST_INPUT].strip(), form.one("qui")
    if who == PROFESSIONAL:
        return Holder(name, professional_id=professional_of_code(parts, form.one("code")[:LONGEST_INPUT]))
    if who != RELATIVE:
        raise _FaultError("qui", "Dites qui tient ce mandat.")
    carnet_id = _carnet(parts, form, "proche", "Aucun carnet ouvert n’a ce numéro. Vérifiez-le.")
    if not name:
        raise _FaultError("nom", "Écrivez son nom, comme dans le jugement\u00a0: la personne le lira.")
    return Holder(name, account_id=AccountId(carnet_id))


def _ruling(form: Form) -> Ruling:
    kind = next((kind for kind in RULINGS if kind == form.one("genre")), None)
    if kind is None:
        raise _FaultError("genre", "Choisissez la mesure.")
    reference = form.one("jugement")[:LONGEST_INPUT].strip()
    if not reference:
        raise _FaultError("jugement", "Écrivez le numéro ou la date du jugement.")
    scopes = tuple(one for one in MandateScope if one is MandateScope.SEE or one in form.all("scope"))
    try:
        day, month, year = (int(form.one(name)[:4]) for name in ("jour", "mois", "annee"))
        ends_at = end_of(date(year, month, day))
    except (ValueError, OverflowError):
        sentence = "Écrivez le jour, le mois et l’année en chiffres. Par exemple\u00a0: 31 12 2026."
        raise _FaultError("jour", sentence) from None
    return Ruling(kind, scopes, ends_at, reference)


def _view(request: Request, form: Form, faults: dict[str, str] | None = None) -> views.DpoMandatesView:
    parts = state_of(request).parts
    found = [row for row in parts.data.mandates_in(ACTIVE, limit=MOST, kinds=RULINGS) if stands(parts, row)]
    references = parts.data.references({row.carnet_id for row in found})
    rows = tuple(
        views.DpoMandateRow(
            reference=shown(references.get(row.carnet_id, "")),
            kind=row.kind,
            scopes=row.scopes,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            relative=row.account_id is not None,
            end_action=f"{MANDATES}/{row.mandate_id}/fin",
        )
        for row in found
    )
    typed = {name: form.one(name)[:LONGEST_INPUT] for name in INPUTS}
    return views.DpoMandatesView(rows, typed, form.all("scope"), faults or {})

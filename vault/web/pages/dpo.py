"""The desk of the data protection officer: the health of the log, every access, the carnets that somebody
with a new identifier asks for. No value and no name."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import CarnetId, StructureId
from vault.audit.events import AboutContent, ActorContent, ActorKind, Op
from vault.carnet.references import shown
from vault.services import relinking
from vault.services.overseeing import LogHealth, OverseenEntry, list_entries, log_health
from vault.services.parts import Parts
from vault.services.ports import StructureRow
from vault.services.relinking import AlreadyDecidedError, NoSuchRequestError
from vault.web import guard
from vault.web.guard import Dpo, WrongCallerError
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.naming import short_labels
from vault.web.pages.person import BEFORE, index_of
from vault.web.pages.screens import purpose_words
from vault.web.state import state_of

LATEST = 10
YES, NO = "accepter", "refuser"
_OUTCOMES = {
    relinking.ACCEPTED: "acceptée, en attente de la prochaine connexion",
    relinking.DONE: "acceptée, le carnet s’est ouvert",
    relinking.REFUSED: "refusée",
}
GONE = "effacé ou inconnu"
NOBODY = "–"
_WHAT = {  # where the labels say "vous"
    Op.READ_OWN: "consultation de son propre carnet",
    Op.WITHDRAW: "partage arrêté",
    Op.MANDATE: "mandat donné ou terminé",
}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Dpo, Depends(guard.dpo)]


@router.get("/dpo")
def show_desk(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    rows, _ = _rows(parts, me, None, LATEST)
    return page(request, views.DpoHomeView(health_view(request, log_health(parts)), rows), me.session)


@router.get("/dpo/acces")
def show_accesses(request: Request, me: Me) -> Response:
    before = index_of(request)
    rows, following = _rows(state_of(request).parts, me, before, 50)
    view = views.DpoAccessesView(
        rows,
        older_href=f"/dpo/acces?{BEFORE}={following}" if following is not None else None,
        newest_href="/dpo/acces" if before is not None else None,
    )
    return page(request, view, me.session)


@router.get("/dpo/journal")
def show_log(request: Request, me: Me) -> Response:
    parts = state_of(request).parts
    last = parts.data.last_checkpoint()
    view = views.DpoLogView(health_view(request, log_health(parts)), last.note if last else "")
    return page(request, view, me.session)


@router.get("/dpo/demandes")
def show_requests(request: Request, me: Me) -> Response:
    return _requests_page(request, me)


@router.post("/dpo/demandes/{request_id}")
def answer_request(request: Request, request_id: str, form: Posted, me: Me) -> Response:
    """Yes needs the box that says that somebody was met; no needs nothing."""
    accept = form.one("reponse") == YES
    if not accept and form.one("reponse") != NO:
        return _requests_page(request, me, "Choisissez une réponse.", status=422)
    if accept and "rencontre" not in form:
        fault = "Cochez la case qui dit que vous avez rencontré la personne, puis acceptez."
        return _requests_page(request, me, fault, status=422)
    try:
        relinking.decide(state_of(request).parts, request_id, accept=accept, actor=me.actor)
    except (NoSuchRequestError, AlreadyDecidedError):
        fault = "Cette demande a déjà reçu une réponse, ou elle s’est effacée."
        return _requests_page(request, me, fault, status=409)
    except PermissionError:
        raise WrongCallerError("no habilitation in force") from None
    return see_other(f"/dpo/demandes?{DONE_PARAMETER}={'rattache' if accept else 'refuse'}")


def _requests_page(request: Request, me: Dpo, fault: str = "", *, status: int = 200) -> Response:
    parts = state_of(request).parts
    waiting = relinking.list_requests(parts, relinking.OPEN)
    decided = relinking.list_requests(parts, *_OUTCOMES, limit=LATEST)
    view = views.DpoRequestsView(
        tuple(map(_link_request, waiting)), tuple(map(_link_request, decided)), fault
    )
    return page(request, view, me.session, status=status)


def _link_request(asked: relinking.Asked) -> views.LinkRequest:
    row = asked.row
    is_open = row.state == relinking.OPEN
    return views.LinkRequest(
        reference=shown(row.reference),
        carnet=shown(asked.carnet_reference) if asked.carnet_reference else GONE,
        asked_at=row.opened_at,
        ends_at=asked.ends_at,
        action=f"/dpo/demandes/{row.request_id}" if is_open else None,
        outcome=_OUTCOMES.get(row.state, ""),
        decided_at=row.decided_at,
    )


def health_view(request: Request, health: LogHealth) -> views.LogHealth:
    """In figures for the template; a log shorter than what was signed is a problem whoever verified it."""
    shorter = health.checkpoint_size is not None and health.size < health.checkpoint_size
    return views.LogHealth(
        tree_size=health.size,
        checkpoint_at=health.checkpoint_at,
        checkpoint_size=health.checkpoint_size or 0,
        verified_at=health.verified_at,
        verified_ok=health.sound if health.verified_at else None,
        origin=state_of(request).settings.log_origin,
        problem="Il compte moins de lignes que le dernier sceau." if shorter else "",
    )


def _rows(
    parts: Parts, me: Dpo, before: int | None, limit: int
) -> tuple[tuple[views.AccessRow, ...], int | None]:
    try:
        entries, following = list_entries(parts, actor=me.actor, before=before, limit=limit)
    except PermissionError:  # the habilitation ended between the guard and the log's lock
        raise WrongCallerError("no habilitation in force") from None
    named = parts.data.structures({one for entry in entries if (one := _structure_of(entry))})
    references = parts.data.references({its for entry in entries if (its := _carnet_of(entry))})
    return tuple(access_row(parts, entry, named, references) for entry in entries), following


def access_row(
    parts: Parts,
    entry: OverseenEntry,
    structures: Mapping[StructureId, StructureRow],
    references: Mapping[CarnetId, str],
) -> views.AccessRow:
    """One entry in words. What was erased, or whose month is over, is said to be so."""
    about, actor = entry.about, entry.actor
    structure_id, carnet_id = _structure_of(entry), _carnet_of(entry)
    structure = structures.get(structure_id) if structure_id else None
    role = (about.role if about else None) or (actor.role if actor else None)
    reference = references.get(carnet_id) if carnet_id else None
    return views.AccessRow(
        log_index=entry.no,
        at=entry.at,
        who=_who(entry, structure),
        carnet=shown(reference) if reference else (GONE if carnet_id else NOBODY),
        what=_WHAT.get(entry.op, entry.op.label),
        purpose=purpose_words(parts.frame, about.purpose_id) if about and about.purpose_id else NOBODY,
        fields=short_labels(parts.catalogue, about.fields) if about else (),
        basis=about.legal_basis if about else None,
        outcome=entry.outcome,
        kind=structure.kind if structure else None,
        role=role.label if role and _acts(entry) else "",
    )


def _who(entry: OverseenEntry, structure: StructureRow | None) -> str:
    """Of the person's own acts, only that they are hers: the structure named there is the other side."""
    kind = entry.actor.kind if entry.actor else None
    if kind is None:
        return structure.name if structure and entry.op is Op.READ else GONE
    if kind in (ActorKind.PROFESSIONAL, ActorKind.CLIENT):
        name = structure.name if structure else GONE
        return f"{name} (son logiciel)" if kind is ActorKind.CLIENT else name
    if kind is ActorKind.PERSON and _under_mandate(entry):
        return "Un proche, pour la personne"
    return french.capital(kind.label)


def _under_mandate(entry: OverseenEntry) -> bool:
    """A mandate that is given or ended is named too, and nobody acted under it then."""
    return entry.op is not Op.MANDATE and entry.about is not None and entry.about.mandate_id is not None


def _acts(entry: OverseenEntry) -> bool:
    return entry.actor is None or entry.actor.kind is ActorKind.PROFESSIONAL


def _structure_of(entry: OverseenEntry) -> StructureId | None:
    told: tuple[AboutContent | ActorContent | None, ...] = (entry.about, entry.actor)
    if entry.about is not None and entry.about.mandate_id:  # who acts for her, not with whom she shares
        told = (entry.actor, entry.about)
    return next((one.structure_id for one in told if one is not None and one.structure_id), None)


def _carnet_of(entry: OverseenEntry) -> CarnetId | None:
    return entry.about.carnet_id if entry.about else None

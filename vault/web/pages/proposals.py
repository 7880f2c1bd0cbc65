"""« Propositions »: what others propose to write in her carnet, and her answer. Nothing is agreed to unread:
each button carries the version of what the page showed.

What is special, what would take the place of an answer, and what two people propose for one place are each
decided on a page of their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.ids import FieldId, ProposalId
from vault.carnet.entries import Entry
from vault.services import answering_proposals
from vault.services.answering_proposals import (
    Choice,
    NoSuchProposalError,
    NotKeptSoError,
    Said,
    find_proposal,
    may_disagree,
    proposed_to_her,
)
from vault.services.answering_requests import AlreadyAnsweredError
from vault.services.own_carnet import read_own_carnet
from vault.services.parts import Parts
from vault.services.proposal_seals import Proposed
from vault.services.tombstones import ForgottenHereError, forgotten_in
from vault.services.writing import InvalidValueError, NoSuchEntryError, RevisionConflictError
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.presenting import is_sensitive
from vault.web.pages.relations import body_of
from vault.web.state import state_of

HERE = "/mes-propositions"
_CHANGED = (
    "Une de ces propositions a changé, ou elle a déjà une réponse. Rien d’autre n’a changé. Relisez, puis "
    "répondez de nouveau."
)
_SPECIAL = "Cette information est plus protégée que les autres."
_TAKES = "Cette proposition change une réponse qui est déjà écrite."
_FORGOTTEN = "Vous aviez fait oublier une information ici. Dire oui en écrit une nouvelle."
_TWICE = "Il y a deux propositions pour la même réponse. Vous pouvez en garder une."
_ENDED = (
    AlreadyAnsweredError,
    NoSuchProposalError,
    RevisionConflictError,
    NoSuchEntryError,
    InvalidValueError,
    NotKeptSoError,
    ForgottenHereError,
)

router = APIRouter(prefix=HERE, dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]
Stands = Mapping[FieldId, Sequence[Entry]]


@router.get("")
def show_proposals(request: Request, me: Me) -> Response:
    return _list_page(request, me)


@router.get("/{proposal_id}")
def show_proposal(request: Request, proposal_id: str, me: Me) -> Response:
    return _one_page(request, me, proposal_id)


@router.post("/d-accord")
def agree_to_all(request: Request, form: Posted, me: Me) -> Response:
    """Those the page showed together, in the versions it showed."""
    told = [one.partition(".") for one in dict.fromkeys(form.all("proposition"))]
    said = [Said(ProposalId(well_formed(id_)), _whole(version)) for id_, _, version in told]
    parts = state_of(request).parts
    every = list(proposed_to_her(parts, me.owner))
    together = {one.proposal_id for one in every if not _apart(parts, me, one, every)}
    if not said or any(one.proposal_id not in together for one in said):
        return _list_page(request, me, _CHANGED, status=409)
    try:
        answering_proposals.agree(parts, me.owner, said, actor=me.actor)
    except _ENDED:
        return _list_page(request, me, _CHANGED, status=409)
    return see_other(f"{HERE}?{DONE_PARAMETER}=propositions-oui")


@router.post("/{proposal_id}")
def answer(request: Request, proposal_id: str, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    said = Said(
        ProposalId(well_formed(proposal_id)),
        _whole(form.one("version")),
        _whole(form.one("etait")),
        knowingly=bool(form.one("sachant")),
    )
    try:
        choice = Choice(form.one("choix"))
    except ValueError:
        return _one_page(request, me, proposal_id, "Choisissez une réponse.")
    try:
        done = _answer(parts, me, said, choice)
    except _ENDED:
        return _list_page(request, me, _CHANGED, status=409)
    return see_other(done)


def _answer(parts: Parts, me: Person, said: Said, choice: Choice) -> str:
    """Where to go on: what she keeps though she disagrees invites her own words beside it."""
    if choice is Choice.AGREE:
        answering_proposals.agree(parts, me.owner, [said], actor=me.actor)
        return f"{HERE}?{DONE_PARAMETER}=proposition-oui"
    if choice is Choice.DISAGREE:
        entry = answering_proposals.keep_disagreeing(parts, me.owner, said, actor=me.actor)
        return f"/mon-carnet/info/{entry.entry_id}/observation?{DONE_PARAMETER}=proposition-desaccord"
    answering_proposals.set_aside(parts, me.owner, said, actor=me.actor)
    return f"{HERE}?{DONE_PARAMETER}=proposition-non"


def _whole(text: str) -> int:
    """-1, which no version is, for what is not a number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


# --- what is shown ---------------------------------------------------------------------------------------


def _list_page(request: Request, me: Person, error: str = "", *, status: int = 200) -> Response:
    parts = state_of(request).parts
    every = list(proposed_to_her(parts, me.owner))
    stands = _stands(parts, me, every)
    cards = [_card(parts, one, stands, _apart(parts, me, one, every)) for one in every]
    view = views.ProposalsView(
        tuple(one for one in cards if not one.apart), tuple(one for one in cards if one.apart), error=error
    )
    return page(request, view, me.session, status=status)


def _one_page(request: Request, me: Person, proposal_id: str, error: str = "") -> Response:
    parts = state_of(request).parts
    every = list(proposed_to_her(parts, me.owner))
    try:
        one = find_proposal(every, well_formed(proposal_id))
    except NoSuchProposalError:
        return _list_page(request, me, _CHANGED, status=404)
    stands = _stands(parts, me, [one])
    before = _before(parts, one, stands)
    structure = parts.data.structure(one.structure_id)
    view = views.ProposalView(
        card=_card(parts, one, stands, _apart(parts, me, one, every)),
        body=body_of(structure) if structure else None,
        action=f"{HERE}/{one.proposal_id}",
        carried=(
            views.Hidden("version", str(one.version)),
            views.Hidden("etait", str(before.version if before else 0)),
            *([views.Hidden("sachant", "1")] if _forgotten(parts, me, one) else ()),
        ),
        may_disagree=may_disagree(parts, one, parts.data.heads(me.owner.carnet_id)),
        several=parts.catalogue.field(one.field_id).collection and one.on_entry is None,
        forgotten=any(row.field_id == one.field_id for row in parts.data.tombstones_of(me.owner.carnet_id)),
        error=error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def _stands(parts: Parts, me: Person, every: Sequence[Proposed]) -> Stands:
    """What is written where something is proposed, after the one entry of this page."""
    fields = {one.field_id for one in every}
    carnet = read_own_carnet(parts, me.owner, actor=me.actor, fields=fields)
    found: dict[FieldId, list[Entry]] = {}
    for entry in carnet.entries:
        found.setdefault(entry.field_id, []).append(entry)
    return found


def _forgotten(parts: Parts, me: Person, one: Proposed) -> bool:
    """Whether she had something forgotten where this is proposed: she is told so before she answers."""
    return one.field_id in forgotten_in(parts, me.owner.carnet_id)


def _before(parts: Parts, one: Proposed, stands: Stands) -> Entry | None:
    """What an agreement would make a new version of."""
    if parts.catalogue.field(one.field_id).collection and one.on_entry is None:
        return None
    mine = stands.get(one.field_id, ())
    return next((entry for entry in mine if one.on_entry in (None, entry.entry_id)), None)


def _card(parts: Parts, one: Proposed, stands: Stands, apart: str) -> views.ProposalCard:
    field, body, before = parts.catalogue.field(one.field_id), one.body, _before(parts, one, stands)
    now = before.body.value if before is not None and before.body.holds else None
    return views.ProposalCard(
        href=f"{HERE}/{one.proposal_id}",
        label=field.label,
        lines=tuple(parts.catalogue.describe(field.id, body.value)) if body.holds else (),
        answer=body.answer,
        by=body.source,
        at=one.proposed_at,
        stands=tuple(parts.catalogue.describe(field.id, now)) if now is not None else (),
        sensitive=is_sensitive(field),
        apart=apart,
        carried=f"{one.proposal_id}.{one.version}",
    )


def _apart(parts: Parts, me: Person, one: Proposed, every: Sequence[Proposed]) -> str:
    """Why it is decided on its own page; empty when one button may agree to it with others."""
    field = parts.catalogue.field(one.field_id)
    if _forgotten(parts, me, one):
        return _FORGOTTEN
    if any(compartment.special for compartment in field.compartments()):
        return _SPECIAL
    places = Counter((each.field_id, each.on_entry) for each in every if _one_place(parts, each))
    if places[one.field_id, one.on_entry] > 1:
        return _TWICE
    replaces = one.on_entry is not None or not field.collection
    heads = parts.data.heads(me.owner.carnet_id)
    if replaces and answering_proposals.standing(one, heads) is not None:
        return _TAKES
    return ""


def _one_place(parts: Parts, one: Proposed) -> bool:
    return one.on_entry is not None or not parts.catalogue.field(one.field_id).collection


def proposal_todos(parts: Parts, me: Person) -> tuple[views.Todo, ...]:
    """For her first page, which has its entry: which structures propose, one line each."""
    counts = Counter(one.structure_id for one in proposed_to_her(parts, me.owner))
    names = parts.data.structures(set(counts)) if counts else {}
    return tuple(
        views.Todo(
            f"{names[one].name if one in names else 'Un organisme'} vous propose "
            f"{french.plural(count, 'information')}",
            HERE,
            "Vous lisez, puis vous choisissez ce qui est gardé. Rien n’est écrit sans vous.",
        )
        for one, count in counts.items()
    )

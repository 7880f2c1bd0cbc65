"""« Demandes »: what the person is asked to share, and her answer. The addresses are in views/requests.py.

Each page is made from the request and from what was posted; nothing is ticked for her. A special information
counts only with the seal of its own page, and the yes only with the seal of the preview of exactly that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Request as Asked
from fastapi.responses import Response

from consent.grants import GranteeKind
from consent.requests import REMIND_AFTER, WAITING
from schemas.ids import StructureId
from schemas.names import GrantState, Role
from schemas.purposes import Purpose
from vault.services import answering_requests
from vault.services.answering_requests import AlreadyAnsweredError, Request, asked_of_her, find_request
from vault.services.askers import LEFT, Asker, asked_by, askers
from vault.services.askers import Asked as AskedBy
from vault.services.parts import Parts
from vault.services.pausing import pause_of
from vault.services.ports import StructureRow
from vault.services.seeing import see_before
from vault.services.sharing import GrantRefusedError, Wish
from vault.web import guard
from vault.web.afterwards import then_new_keys
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.pages import french, share_draft, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.basis_words import words_for
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.job_words import durations, ends_after
from vault.web.pages.relations import body_of
from vault.web.pages.screens import preview
from vault.web.pages.share_draft import Draft, Sealer
from vault.web.pages.share_lines import share_themes, special_lines, special_view
from vault.web.pages.share_pages import own_entries
from vault.web.problems import NotFoundError
from vault.web.state import state_of

MINE = "/mes-demandes"
_LENGTHS = (1, 31, 92, 182, 365)
_TOO_LATE = "Cette demande a déjà une réponse, ou son délai est passé. Rien d’autre n’a changé."
_ROLES = {
    Role.REFERENT: "référent ou référente",
    Role.ADVISER: "conseiller ou conseillère",
    Role.MEMBER: "membre de l’équipe",
}
_NOBODY = "Il n’y a plus personne pour recevoir ces informations. Rien n’a été partagé."

router = APIRouter(prefix=MINE, dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_share)]


@dataclass(frozen=True, slots=True)
class _Answer:
    """One request and what she chose so far. ``draft``: limited to what was asked."""

    request: Request
    structure: StructureRow
    draft: Draft

    @property
    def action(self) -> str:
        return f"{MINE}/{self.request.request_id}"


@router.get("")
def show_requests(asked: Asked, me: Me) -> Response:
    return _list_page(asked, me)


@router.get("/{request_id}")
def show_request(asked: Asked, request_id: str, me: Me) -> Response:
    return _answering(asked, me, request_id, Form(), lambda one: _request_page(asked, me, one))


@router.post("/{request_id}/choisir")
def choose(asked: Asked, request_id: str, form: Posted, me: Me) -> Response:
    def answer(one: _Answer) -> Response:
        sealer, specials, draft = Sealer(asked), set(one.draft.specials), one.draft
        if said_yes := share_draft.sealed_yes(form.one("special_yes"), draft, sealer):
            specials.add(said_yes)
        if said_no := share_draft.sealed_yes(form.one("special_no"), draft, sealer):
            specials.discard(said_no)
        fields = draft.aim.ordinary if form.one("tout") else draft.fields
        in_order = state_of(asked).parts.catalogue.in_order
        chosen = replace(draft, fields=in_order(fields), specials=in_order(specials))
        return _request_page(asked, me, replace(one, draft=chosen))

    return _answering(asked, me, request_id, form, answer)


@router.post("/{request_id}/a-part")
def ask_apart(asked: Asked, request_id: str, form: Posted, me: Me) -> Response:
    def answer(one: _Answer) -> Response:
        parts, sealer = state_of(asked).parts, Sealer(asked)
        if form.one("special") not in one.draft.aim.special:
            return _request_page(asked, me, one, share_draft.FOREIGN_FIELD)
        compartment = parts.catalogue.compartment(form.one("special"))
        told = special_view(parts, one.draft, compartment, own_entries(parts, me), sealer)
        view = views.RequestSpecialView(
            one.action, told.body, told.purpose, told.line, told.why, _carried(one.draft, sealer)
        )
        return page(asked, view, me.session)

    return _answering(asked, me, request_id, form, answer)


@router.post("/{request_id}/verifier")
def ask_sure(asked: Asked, request_id: str, form: Posted, me: Me) -> Response:
    return _answering(asked, me, request_id, form, lambda one: _confirm_page(asked, me, one))


@router.post("/{request_id}/accepter")
def accept(asked: Asked, request_id: str, form: Posted, me: Me) -> Response:
    def answer(one: _Answer) -> Response:
        parts, sealer = state_of(asked).parts, Sealer(asked)
        if not sealer.holds(form.one(share_draft.PREVIEW), sealer.preview(one.draft)):
            return _confirm_page(asked, me, one, status=422)
        wish = _wish(parts, one)
        grant = answering_requests.accept_request(parts, me.owner, one.request, wish, actor=me.actor)
        return then_new_keys(see_other(f"/mes-partages/{grant.id}/partage"), parts, me)

    return _answering(asked, me, request_id, form, answer)


@router.post("/{request_id}/refuser")
def refuse(asked: Asked, request_id: str, me: Me) -> Response:
    return _said(asked, me, request_id, answering_requests.refuse_request, "demande-non")


@router.post("/{request_id}/plus-tard")
def defer(asked: Asked, request_id: str, me: Me) -> Response:
    return _said(asked, me, request_id, answering_requests.defer_request, "demande-plus-tard")


def _said(asked: Asked, me: Person, request_id: str, say: Callable[..., None], done: str) -> Response:
    parts = state_of(asked).parts
    found = find_request(asked_of_her(parts, me.owner), well_formed(request_id))
    try:
        say(parts, me.owner, found, actor=me.actor)
    except AlreadyAnsweredError:
        return _list_page(asked, me, _TOO_LATE, status=409)
    return see_other(f"{MINE}?{DONE_PARAMETER}={done}")


def _answering(
    asked: Asked, me: Person, request_id: str, form: Form, answer: Callable[[_Answer], Response]
) -> Response:
    """With the request as it stands and what is posted; the list, when it waits no more."""
    parts = state_of(asked).parts
    found = find_request(asked_of_her(parts, me.owner), well_formed(request_id))
    structure = parts.data.structure(found.terms.structure_id)
    if structure is None:
        raise NotFoundError("this structure is gone")
    if not found.waits:
        return _list_page(asked, me, _TOO_LATE, status=409)
    one = _Answer(found, structure, _draft(parts, found, structure, form, Sealer(asked)))
    try:
        return answer(one)
    except AlreadyAnsweredError:
        return _list_page(asked, me, _TOO_LATE, status=409)
    except GrantRefusedError as refused:
        return _request_page(asked, me, one, _NOBODY if refused.pointer == "/grantee" else refused.sentence)


# --- what she chose --------------------------------------------------------------------------------------


def _draft(parts: Parts, found: Request, structure: StructureRow, form: Form, sealer: Sealer) -> Draft:
    """What is posted, limited to what was asked: nothing else is even looked at."""
    terms, days = found.terms, form.one("days")
    draft = Draft(structure, _aim(parts.frame.purpose(terms.purpose_id), found))
    told = [share_draft.sealed_yes(one, draft, sealer) for one in form.all("special_fields")]
    return replace(
        draft,
        fields=parts.catalogue.in_order(set(form.all("fields")) & set(draft.aim.ordinary)),
        specials=parts.catalogue.in_order({one for one in told if one}),
        days=int(days) if days in {str(one) for one in _lengths(terms.days)} else None,
    )


def _aim(purpose: Purpose, found: Request) -> Purpose:
    asked = set(found.terms.compartments)
    return replace(
        purpose,
        compartments=tuple(one for one in purpose.compartments if one in asked),
        special=tuple(one for one in purpose.special if one in asked),
    )


def _lengths(most: int) -> tuple[int, ...]:
    return (*(one for one in _LENGTHS if one < most), most)


def _wish(parts: Parts, one: _Answer) -> Wish:
    chosen = one.draft.compartments
    return answering_requests.wish_of(parts, one.request, compartments=chosen, days=one.draft.days or 0)


def _carried(draft: Draft, sealer: Sealer, *, ticks: bool = True) -> tuple[views.Hidden, ...]:
    told = [views.Hidden("special_fields", share_draft.yes(draft, one, sealer)) for one in draft.specials]
    if ticks:
        told += [views.Hidden("fields", one) for one in draft.fields]
        told += [views.Hidden("days", str(draft.days))] if draft.days else []
    return tuple(told)


# --- what is shown ---------------------------------------------------------------------------------------


def _request_page(asked: Asked, me: Person, one: _Answer, error: str = "") -> Response:
    parts, draft, found = state_of(asked).parts, one.draft, one.request
    purpose = one.draft.aim
    view = views.RequestView(
        action=one.action,
        card=_card(parts, found, one.structure, askers(parts, [found.terms])),
        who=_who(found),
        reason=found.reason,
        before=words_for(purpose, one.structure.name).before,
        refusal=purpose.refusal,
        themes=share_themes(parts.catalogue, draft, own_entries(parts, me)),
        specials=special_lines(parts.catalogue, draft),
        durations=durations(
            parts,
            me,
            draft.aim.purpose_id,
            [(days, french.length(days)) for days in _lengths(found.terms.days)],
            draft.days,
        ),
        carried=_carried(draft, Sealer(asked), ticks=False),
        error=error,
    )
    return page(asked, view, me.session, status=422 if error else 200)


def _confirm_page(asked: Asked, me: Person, one: _Answer, *, status: int = 200) -> Response:
    parts, sealer, draft = state_of(asked).parts, Sealer(asked), one.draft
    if not draft.compartments:
        return _request_page(asked, me, one, share_draft.NO_FIELD)
    if draft.days is None:
        return _request_page(asked, me, one, share_draft.NO_DAYS)
    seen = see_before(parts, me.owner, _wish(parts, one), actor=me.actor)
    body = body_of(one.structure)
    words = words_for(draft.aim, body.name)
    view = views.RequestConfirmView(
        action=one.action,
        body=body,
        purpose=draft.aim.sentence,
        ends_at=ends_after(parts, me, draft.aim.purpose_id, draft.days),
        count=len(draft.compartments),
        preview=preview(parts, me.owner, seen, body),
        carried=(*_carried(draft, sealer), views.Hidden(share_draft.PREVIEW, sealer.preview(draft))),
        before=words.before,
        rests_on=words.rests_on,
    )
    return page(asked, view, me.session, status=status)


def _who(found: Request) -> str:
    if found.terms.function is not None:
        return "votre référent ou votre référente, et personne d’autre"
    if found.terms.grantee.kind is GranteeKind.PROFESSIONAL:
        return "la personne de cet organisme qui vous le demande, et personne d’autre"
    return "les personnes qui y travaillent et que l’organisme a désignées"


def _list_page(asked: Asked, me: Person, error: str = "", *, status: int = 200) -> Response:
    parts = state_of(asked).parts
    every = answering_requests.list_requests(parts, me.owner, actor=me.actor)
    rows = parts.data.structures({one.terms.structure_id for one in every})
    pause = pause_of(parts, me.owner.carnet_id, parts.now())
    who = askers(parts, [one.terms for one in every])
    cards = [_card(parts, one, rows.get(one.terms.structure_id), who) for one in every]
    view = views.RequestsView(
        waiting=tuple(one for one in cards if one.state is GrantState.REQUESTED),
        later=tuple(one for one in cards if one.state is GrantState.DEFERRED),
        answered=tuple(one for one in cards if one.state not in WAITING),
        paused_until=pause.until if pause else None,
        pause_why=pause.words if pause else "",
        error=error,
    )
    return page(asked, view, me.session, status=status)


def _card(
    parts: Parts, one: Request, structure: StructureRow | None, who: Mapping[AskedBy, Asker]
) -> views.RequestCard:
    body = body_of(structure)
    return views.RequestCard(
        body=body,
        purpose=parts.frame.purpose(one.terms.purpose_id).sentence,
        state=one.state,
        asked_at=one.terms.asked_at,
        ends_at=one.ends_at,
        answered_at=one.answered_at,
        href=f"{MINE}/{one.request_id}" if one.waits and structure else None,
        asker=_asker_words(who.get(asked_by(one.terms), LEFT), body.name) if structure else "",
    )


def _asker_words(asker: Asker, structure: str) -> str:
    """« Nolwenn LE GALL, référent ou référente, CCAS du Ponant »."""
    if asker.system:
        return f"le logiciel {french.of(structure)}"
    if asker.name is None or asker.role is None:
        return structure
    return ", ".join((asker.name, _ROLES[asker.role], structure))


# --- on her first page -----------------------------------------------------------------------------------


def request_todos(parts: Parts, me: Person) -> tuple[views.Todo, ...]:
    """Those that wait; one she put off comes back once, for a week. The page has its own entry."""
    now = parts.now()
    due = [one for one in asked_of_her(parts, me.owner) if _due(one, now)]
    names: Mapping[StructureId, StructureRow] = parts.data.structures({one.terms.structure_id for one in due})
    return tuple(
        views.Todo(
            f"{names[one.terms.structure_id].name} vous demande des informations",
            f"{MINE}/{one.request_id}",
            "Vous choisissez\u00a0: oui, non, ou plus tard.",
        )
        for one in due
        if one.terms.structure_id in names
    )


def _due(one: Request, now: datetime) -> bool:
    if one.state is GrantState.DEFERRED and one.answered_at is not None:
        return REMIND_AFTER <= now - one.answered_at < 2 * REMIND_AFTER
    return one.state is GrantState.REQUESTED

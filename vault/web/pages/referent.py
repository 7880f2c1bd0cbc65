"""« Mon référent »: who follows her, who is proposed, and what she gives again when it changed.

Nothing is given by a look. What is ordinary goes by one button, each share with something special by its own,
and the page says to whom; a button of a page that shows another référent than hers gives nothing.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import Grantee
from schemas.ids import GrantId
from vault.services import designating, following, handing_over
from vault.services.following import Follower, MyReferent
from vault.services.handing_over import Waiting
from vault.services.sharing import GrantRefusedError
from vault.services.stopping import withdraw_grant
from vault.web import guard
from vault.web.afterwards import then_new_keys
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.pages import views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.naming import labels
from vault.web.pages.relations import body_of, sentence_of
from vault.web.problems import NotFoundError
from vault.web.state import state_of

MINE = "/mon-referent"
_CHANGED = "Votre référent a changé entre-temps. Rien n’a été donné. Regardez qui c’est, puis choisissez."
_NOT_ALL = "Un partage n’a pas pu être donné : il est peut-être arrêté. Voici ce qui attend encore."
_TOO_LONG = f"Ces mots sont trop longs : {following.LONGEST_WISH} caractères au plus. Rien n’a été gardé."

router = APIRouter(prefix=MINE, dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]


@router.get("")
def show_referent(request: Request, me: Me) -> Response:
    return _page(request, me)


@router.post("/donner")
def give_again(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    wanted = [GrantId(well_formed(one)) for one in form.all("grant_id")]
    try:
        handing_over.confirm(parts, me.owner, form.one("assignment_id"), wanted, actor=me.actor)
    except handing_over.ReferentChangedError:
        return _page(request, me, _CHANGED, status=409)
    except (handing_over.NotWaitingError, GrantRefusedError):
        return _page(request, me, _NOT_ALL, status=409)
    return then_new_keys(see_other(f"{MINE}?{DONE_PARAMETER}=referent-donne"), parts, me)


@router.post("/arreter")
def stop_all(request: Request, me: Me) -> Response:
    """What waited is over. A share she has given meanwhile does not wait any more, and goes on."""
    parts = state_of(request).parts
    for grant_id in sorted(handing_over.standing_still(parts, me.owner.carnet_id)):
        withdraw_grant(parts, me.owner, grant_id, actor=me.actor)
    return then_new_keys(see_other(f"{MINE}?{DONE_PARAMETER}=referent-arrete"), parts, me)


@router.post("/propositions/{assignment_id}/oui")
def say_yes(request: Request, assignment_id: str, me: Me) -> Response:
    return _answer(request, assignment_id, me, designating.accept, "referent-oui")


@router.post("/propositions/{assignment_id}/non")
def say_no(request: Request, assignment_id: str, me: Me) -> Response:
    return _answer(request, assignment_id, me, designating.decline, "referent-non")


@router.post("/souhait")
def say_wish(request: Request, form: Posted, me: Me) -> Response:
    try:
        following.say_wish(state_of(request).parts, me.owner, form.one("souhait"), actor=me.actor)
    except following.WishTooLongError:
        return _page(request, me, _TOO_LONG, status=422)
    return see_other(f"{MINE}?{DONE_PARAMETER}=garde-mots")


def _answer(
    request: Request, assignment_id: str, me: Person, decide: Callable[..., None], done: str
) -> Response:
    try:
        decide(state_of(request).parts, me.owner, well_formed(assignment_id), actor=me.actor)
    except designating.NoSuchProposalError:
        raise NotFoundError("no such proposal") from None
    return see_other(f"{MINE}?{DONE_PARAMETER}={done}")


# --- what is shown ---------------------------------------------------------------------------------------


def _page(request: Request, me: Person, fault: str = "", *, status: int = 200) -> Response:
    found = following.look_at_referent(state_of(request).parts, me.owner, actor=me.actor)
    return page(request, _view(request, me, found, fault), me.session, status=status)


def _view(request: Request, me: Person, found: MyReferent, fault: str) -> views.ReferentView:
    shares = [(one, _share(request, me, one, found)) for one in found.waiting]
    current = found.current
    return views.ReferentView(
        current=_card(current) if current else None,
        left=_card(found.left) if found.left else None,
        proposals=tuple(_card(one, proposed=True) for one in found.proposals),
        former=tuple(_card(one) for one in found.former),
        together=tuple(share for one, share in shares if one.fits and not one.special),
        apart=tuple(share for one, share in shares if one.fits and one.special),
        stuck=tuple(share for one, share in shares if not one.fits),
        until=found.until,
        assignment_id=current.row.assignment_id if current else "",
        wish=found.wish,
        fault=fault,
    )


def _share(request: Request, me: Person, one: Waiting, found: MyReferent) -> views.WaitingShare:
    parts, terms = state_of(request).parts, one.grant.terms
    special = {name for name in one.wish.compartments if parts.catalogue.compartment(name).special}
    to = Grantee.professional(found.current.row.professional_id) if found.current else None
    now = parts.now()
    return views.WaitingShare(
        grant_id=one.grant.id,
        purpose=sentence_of(parts.frame, terms.purpose_id) or "une raison qui n’existe plus",
        fields=labels(parts.catalogue, [name for name in one.wish.compartments if name not in special]),
        special=labels(parts.catalogue, special),
        ends_at=one.wish.ends_at or terms.ends_at,
        fits=one.fits,
        replaces=any(
            row.grant.live(now)
            and row.grant.id != one.grant.id
            and row.grant.terms.grantee == to
            and row.grant.terms.purpose_id == terms.purpose_id
            for row in parts.data.grants_of(me.owner.carnet_id)
        ),
    )


def _card(one: Follower, *, proposed: bool = False) -> views.FollowerCard:
    action = f"{MINE}/propositions/{one.row.assignment_id}"
    return views.FollowerCard(
        name=one.name,
        body=body_of(one.structure),
        since=one.row.starts_at,
        until=one.row.ends_at,
        yes_action=f"{action}/oui" if proposed else "",
        no_action=f"{action}/non" if proposed else "",
    )

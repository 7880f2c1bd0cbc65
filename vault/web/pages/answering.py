"""From a view to an answer: the frame every page shares, redirects, and the page of what could not be.

Pages never cache (``headers.py`` sees to it). After an act the browser is sent on (303), so that going back
or reloading repeats nothing; what was done is then said once, by a word of the address from a closed list.
"""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from schemas.ids import ProfessionalId
from schemas.names import CallerKind, MandateScope, Role
from vault.errors import CarnetError
from vault.instance import Contact as Told
from vault.instance import Instance as Running
from vault.services.acting import FOR_NAME, acting_now
from vault.services.sessions import DPO, MANDATE, PERSON, PROFESSIONAL, Session
from vault.web import guard
from vault.web.guard import SAFE_METHODS
from vault.web.login import safe_return_path
from vault.web.pages import kept_form, views
from vault.web.pages.cookie import BEFORE_SESSION
from vault.web.pages.mandate_words import OF
from vault.web.pages.rendering import render
from vault.web.problems import Problem
from vault.web.state import WebState, state_of

DONE = {
    "garde": "Vos réponses sont gardées.",
    "rien": "Rien n’a changé.",
    "garde-information": "C’est gardé dans votre carnet.",
    "accord": "Votre réponse est gardée, avec la date.",
    "change-entre-temps": "Cette information a changé. Relisez-la, puis dites si vous êtes d’accord.",
    "rattache": "Vous avez accepté. Le carnet s’ouvrira à la prochaine connexion de cette personne.",
    "refuse": "Vous avez refusé. Ce carnet reste fermé à cette demande.",
    "connexion": "Cette connexion est fermée.",
    "invite": "L’invitation est enregistrée. Elle part par courriel dans la minute.",
    "renvoye": "Un nouveau lien part par courriel. L’ancien ne sert plus.",
    "annule": "L’invitation est annulée. Son lien ne sert plus.",
    "fin": "La fin de cet accès est enregistrée.",
    "connexions": "Vos autres connexions sont fermées.",
    "alertes": "Votre choix est gardé.",
    "urgence": "Votre demande attend un collègue. Rien n’est ouvert avant sa réponse.",
    "lien": "Un lien est parti à cette adresse. Ouvrez-le pour qu’elle serve.",
    "mandat": "Ce mandat est enregistré.",
    "referent-donne": "C’est fait. Votre référent peut lire ce que vous lui avez donné.",
    "referent-arrete": "Ces partages sont arrêtés. Personne ne les lit.",
    "referent-oui": "C’est noté. Cette personne est votre référente ou votre référent.",
    "referent-non": "C’est noté. Cette proposition est effacée, et rien ne change.",
    "garde-mots": "Vos mots sont gardés.",
    "partage": "C’est fait. La personne le lira dans son carnet.",
    "pause": "Les demandes sont arrêtées jusqu’à ce jour.",
    "pause-finie": "Les demandes sont de nouveau possibles.",
    "demande-non": "C’est noté. Personne d’autre ne saura que vous avez dit non.",
    "demande-plus-tard": "C’est noté. Cette demande attend. Sans réponse, elle se terminera d’elle-même.",
    "proposition-oui": "C’est noté, et c’est écrit dans votre carnet.",
    "propositions-oui": "C’est noté, et tout est écrit dans votre carnet.",
    "proposition-non": "C’est noté. Rien n’est écrit, et cette proposition est effacée.",
    "proposition-desaccord": "C’est noté : votre désaccord se voit. Vous pouvez dire pourquoi.",
    "propose": "C’est transmis. La personne le lira dans son carnet, et choisira.",
    "oubli-demande": "Votre demande est envoyée. Elle s’affiche ici, avec sa date.",
    "oubli-fait": "C’est fait. C’est oublié, pour toujours.",
    "oubli-recours": "Votre demande va au délégué à la protection des données.",
    "oubli-repondu": "Votre réponse est envoyée à la personne.",
    "oubli-prolonge": "Le délai est prolongé de deux mois. La personne lit pourquoi.",
    "avis": "C’est noté. La personne voit que vous avez confirmé.",
    "mandat-fini": "Ce mandat est terminé. Il n’ouvre plus rien.",
    "observation": "Votre observation est à côté de cette information. Qui lit l’une lit l’autre.",
    "observation-maintenue": "C’est noté. Vous maintenez votre observation.",
    "observation-retiree": "Votre observation est retirée, avec ses réponses. Plus personne ne les lit.",
    "reponse": "Votre réponse est gardée. La personne la lit à côté de son observation.",
    "compris": "C’est noté, avec la date. Vous pouvez changer d’avis en écrivant une observation.",
    "volet": "Ce volet est validé. La personne le voit dans son carnet.",
}
DONE_PARAMETER = "fait"
RETURN = "retour"
ENDED, TEXT_KEPT = "fermee", "texte"
AGAIN_WHO = "/connexion/de-nouveau"
_FILES = ("carnet.pdf", "tout.zip")
_COMES_BACK_TO = {f"/mes-telechargements/{one}": "/mes-telechargements" for one in _FILES}  # no page to show
_NOT_IN_MANDATE = "Votre mandat ne permet pas cette page, ou il est terminé. Rien n’a été fait."
ACTING_PAGES = {
    MandateScope.SEE: (views.Link("Son carnet", "/mon-carnet"), views.Link("Qui a vu\u202f?", "/qui-a-vu")),
    MandateScope.WRITE: (),
    MandateScope.PRINT: (views.Link("Télécharger", "/mes-telechargements"),),
    MandateScope.SHARE: (
        views.Link("Ses partages", "/mes-partages"),
        views.Link("Ses demandes", "/mes-demandes"),
    ),
}
_UNSUBMITTED = "Rien n’a été enregistré par cet envoi."


def page(
    request: Request, view: views.PageView, session: Session | None = None, *, status: int = 200
) -> HTMLResponse:
    """The view inside the common frame, as whoever holds ``session`` sees it."""
    return HTMLResponse(render(view, _common(request, session)), status)


def see_other(path: str) -> RedirectResponse:
    """On to another page of ours, after an act (RFC 9110, 303)."""
    return RedirectResponse(path, 303)


def home_of(kind: str | None) -> str:
    """Where somebody of this kind of session starts."""
    homes = {PERSON: "/mon-carnet", MANDATE: "/mon-carnet", PROFESSIONAL: "/carnets", DPO: "/dpo"}
    return homes.get(kind or "", "/")


def _common(request: Request, session: Session | None) -> views.Common:
    state = state_of(request)
    return views.Common(
        instance=instance_view(state.settings.instance),
        now=state.parts.now(),
        visitor=_visitor(state, session),
        csrf_token=session.csrf if session else "",
        here=request.scope["path"],
        notice=DONE.get(request.query_params.get(DONE_PARAMETER, ""), ""),
    )


def _visitor(state: WebState, session: Session | None) -> views.Visitor:
    if session is None:
        return views.Visitor()
    name = session.private.get("name", "")
    if session.row.kind == PERSON:
        return views.Visitor(CallerKind.PERSON, name)
    if session.row.kind == MANDATE:
        return views.Visitor(CallerKind.PERSON, name, acting=_acting_for(state, session))
    kind = CallerKind.DPO if session.row.kind == DPO else CallerKind.PROFESSIONAL
    return views.Visitor(kind, name, *_standing(state, session))


def _acting_for(state: WebState, session: Session) -> views.ActingFor:
    """Her name as it was opened when he began to act, and what he may open. Nothing, once it is over."""
    try:
        now = acting_now(state.parts, session)
    except CarnetError:
        now = None
    name = session.private.get(FOR_NAME, "")
    if now is None:
        return views.ActingFor(name, "mais ce mandat est terminé")
    pages = [link for scope, links in ACTING_PAGES.items() if now.may(scope) for link in links]
    writes, shares = now.may(MandateScope.WRITE), now.may(MandateScope.SHARE)
    return views.ActingFor(name, f"au titre {OF[now.mandate.kind]}", tuple(pages), writes, shares)


def _standing(state: WebState, session: Session) -> tuple[str, bool, bool]:
    """The structure's name, whether she manages its team, whether she helps people. Empty while none is
    chosen, or when the store does not answer: a page of ours still shows."""
    try:
        row = (
            state.parts.data.habilitation(ProfessionalId(session.row.subject))
            if session.row.subject
            else None
        )
        structure = state.structure(row.structure_id) if row else None
    except CarnetError:
        return "", False, False
    role = row.role if row is not None else None
    return structure.name if structure else "", role is Role.MANAGER, role is Role.HELPER


def instance_view(running: Running) -> views.Instance:
    colours = running.colours
    return views.Instance(
        name=running.name,
        controller=_contact(running.controller),
        dpo=_contact(running.dpo),
        host=_contact(running.host),
        accessibility=_contact(running.accessibility),
        logo="/logo" if running.logo else None,
        stylesheet="/couleurs.css" if colours.accent or colours.warm or colours.stop else None,
        quick_exit=running.leave_quickly_url,
    )


def _contact(told: Told) -> views.Contact:
    return views.Contact(told.name, tuple(told.address.splitlines()), told.email, told.phone)


# --- what could not be -----------------------------------------------------------------------------------


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem as a person can use it: the sign-in page when signing in is what lacks, else a page of plain
    sentences."""
    session = _quietly(request)
    if problem.kind == "not-signed-in":
        return see_other(_sign_in_address(request))
    if problem.kind == "fresh-sign-in-needed":
        path: str = request.scope["path"]
        return see_other(f"{AGAIN_WHO}?{RETURN}={quote(_COMES_BACK_TO.get(path, path), safe='')}")
    if problem.kind == "wrong-caller" and session is not None and _must_choose(session):
        return see_other("/choisir-structure")
    if problem.kind == "wrong-caller" and session is not None and (other := _other_home(request, session)):
        return see_other(other)
    retry = problem.headers.get("Retry-After", "")
    view = views.ErrorView(
        status=problem.status,
        what=_what(problem, session),
        kept=_UNSUBMITTED if request.method not in SAFE_METHODS else "",
        retry_after=int(retry) if retry.isdigit() else None,
        back_href=home_of(session.row.kind if session else None),
    )
    answer = page(request, view, session, status=problem.status)
    answer.headers.update({name: told for name, told in problem.headers.items() if name == "Retry-After"})
    return answer


def _what(problem: Problem, session: Session | None) -> str:
    """The sentence of the page; its own words (templates/public/error.html) unless the kind says more."""
    if problem.kind == "wrong-caller" and session is not None and session.row.kind == MANDATE:
        return _NOT_IN_MANDATE
    return {
        "csrf": "Cette page est restée ouverte trop longtemps, ou vous avez changé de compte entre-temps.",
        "content-type": problem.title,
        "pdf-unavailable": problem.title,
        "prefetch": problem.title,
    }.get(problem.kind, "")


def _quietly(request: Request) -> Session | None:
    try:
        return guard.visitor(request)
    except CarnetError:
        return None


def _must_choose(session: Session) -> bool:
    return session.row.kind == PROFESSIONAL and not session.row.subject


def _other_home(request: Request, session: Session) -> str:
    """Whoever is in charge of a team, or helps people, reads no carnet that is shared: her home is another
    than that of her session's kind."""
    if request.scope["path"] != home_of(PROFESSIONAL) or session.row.kind != PROFESSIONAL:
        return ""
    visitor = _visitor(state_of(request), session)
    return "/equipe" if visitor.manages else "/agir" if visitor.helps else ""


def _sign_in_address(request: Request) -> str:
    query = []
    if request.method in SAFE_METHODS:
        asked = request.scope["path"] + ("?" + request.url.query if request.url.query else "")
        query = [f"{RETURN}={quote(safe_return_path(asked), safe='')}"]
    elif kept_form.keep(request):
        query = [f"{TEXT_KEPT}=1"]
    cookie = guard.cookie_of(request)
    if cookie and not cookie.startswith(BEFORE_SESSION):
        query.append(f"{ENDED}=1")
    return "/connexion" + ("?" + "&".join(query) if query else "")

"""The page of one entry of her carnet: what it says, who said it, who may see it, who read it, what it said
before, and whether she agrees. Her agreement is hers alone: whoever acts for her does not say it.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.fields import Field
from schemas.ids import EntryId
from schemas.names import Agreement, EntryState, MandateScope, Outcome
from vault.carnet.entries import Entry, fresh_until
from vault.services.own_carnet import last_accesses, list_own_grants
from vault.services.own_entries import (
    NothingToAgreeError,
    OwnEntry,
    may_agree,
    read_own_entry,
    say_agreement,
)
from vault.services.parts import Parts
from vault.services.writing import NoSuchEntryError, RevisionConflictError
from vault.web import guard
from vault.web.api.params import well_formed
from vault.web.guard import Person
from vault.web.pages import french, views
from vault.web.pages.answering import DONE_PARAMETER, page, see_other
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.presenting import correction_address, entry_address, provenance, stale, told_lines
from vault.web.pages.relations import access_lines
from vault.web.pages.strategy import own_pages
from vault.web.pages.themes import OPENED
from vault.web.problems import FaultsError, NotFoundError, Told
from vault.web.state import state_of

WHY = "pourquoi"  # she just disagreed: may she say why?
LOOKS, SEARCHED = 5, 100  # shown, among the latest
_CHOICES = (
    (Agreement.AGREED, "Je suis d’accord"),
    (Agreement.DISAGREED, "Je ne suis pas d’accord"),
    (Agreement.NOT_COLLECTED, "Je ne sais pas encore"),
)

router = APIRouter(prefix="/mon-carnet/info", dependencies=[Depends(posted)], include_in_schema=False)
Seen = Annotated[Person, Depends(guard.person_or_helper_see)]
Me = Annotated[Person, Depends(guard.person)]


@router.get("/{entry_id}")
def show_entry(request: Request, entry_id: str, me: Seen) -> Response:
    parts = state_of(request).parts
    try:
        found = read_own_entry(parts, me.owner, EntryId(well_formed(entry_id)), actor=me.actor)
    except NoSuchEntryError:
        raise NotFoundError("no such entry") from None
    return page(request, _view(request, parts, me, found), me.session)


@router.post("/{entry_id}/accord")
def post_agreement(request: Request, entry_id: str, form: Posted, me: Me) -> Response:
    try:
        agreement = Agreement(form.one("accord"))
        version = int(form.one("version"))
    except ValueError:
        raise FaultsError([Told("/accord", "Choisissez une des trois réponses.")]) from None
    parts = state_of(request).parts
    address = entry_address(well_formed(entry_id))
    try:
        say_agreement(parts, me.owner, EntryId(entry_id), agreement, actor=me.actor, version=version)
    except (NoSuchEntryError, NothingToAgreeError):
        raise NotFoundError("no such entry") from None
    except RevisionConflictError:  # it changed since she read it: she reads it again before she says
        return see_other(f"{address}?{DONE_PARAMETER}=change-entre-temps#accord")
    why = f"&{WHY}=1" if agreement is Agreement.DISAGREED else ""
    return see_other(f"{address}?{DONE_PARAMETER}=accord{why}")


def _view(request: Request, parts: Parts, me: Person, found: OwnEntry) -> views.EntryView:
    entry, field = found.entry, parts.catalogue.field(found.entry.field_id)
    address = entry_address(entry.entry_id)
    until = fresh_until(entry.body.collected_at, field.fresh_days) if entry.body.holds else None
    frozen = entry.state is EntryState.FROZEN
    observe = views.Link("Écrire une observation", f"{address}/observation")
    disagrees = entry.body.agreement is Agreement.DISAGREED
    invited = request.query_params.get(WHY) == "1" and disagrees and me.acting is None
    themes = {theme.id: theme.label for theme in parts.catalogue.themes}
    return views.EntryView(
        info=_alone(own_pages(parts, me).information(entry)),
        theme_id=field.theme,
        theme=themes.get(field.theme, "Mon carnet"),
        version=entry.version,
        said_on=french.in_paris(entry.body.collected_at).date(),
        back_href=f"/mon-carnet?{OPENED}={field.theme}#theme-{field.theme}",
        confirm_before=french.last_day(until) if until else None,
        stale=stale(field, entry.body, parts.now()),
        frozen=frozen,
        choices=_choices(field, entry) if me.acting is None and not frozen else (),
        agreement_action=f"{address}/accord",
        before=tuple(
            views.VersionLine(
                one.version,
                tuple(told_lines(parts.catalogue, one, hers=me.acting is None)),
                provenance(one.body),
            )
            for one in found.before
        ),
        looks=_looks(parts, me, entry),
        links=_links(field, entry, me, observe),
        invites=observe if invited else None,
    )


def _alone(info: views.Information) -> views.Information:
    """Without the links of a list: the page has its own."""
    return views.Information(
        **{name: getattr(info, name) for name in info.__dataclass_fields__ if name != "actions"}
    )


def _choices(field: Field, entry: Entry) -> tuple[views.AgreementChoice, ...]:
    if not may_agree(field, entry):
        return ()
    return tuple(
        views.AgreementChoice(value, label, value is entry.body.agreement) for value, label in _CHOICES
    )


def _links(field: Field, entry: Entry, me: Person, observe: views.Link) -> tuple[views.Link, ...]:
    links = []
    writes = me.acting is None or me.acting.may(MandateScope.WRITE)
    if writes and not field.read_only and entry.state is not EntryState.FROZEN:
        links.append(views.Link("Corriger", correction_address(field, entry)))
    if me.acting is None and entry.body.holds:
        links.append(observe)
        links.append(views.Link("Faire oublier", f"{entry_address(entry.entry_id)}/oubli"))
    return tuple(links)


def _looks(parts: Parts, me: Person, entry: Entry) -> tuple[views.AccessLine, ...]:
    """Who read that information lately. After the entry of this very page."""
    journal = parts.journal_keys.load(now=parts.now(), carnets=[me.owner.carnet_id]).journal(
        me.owner.carnet_id
    )
    if journal is None:
        return ()
    accesses = [
        one
        for one in last_accesses(parts, journal, limit=SEARCHED)
        if one.outcome is Outcome.GRANTED
        and any(name.partition(":")[0] == entry.field_id for name in one.fields)
    ]
    return access_lines(parts, accesses[:LOOKS], list_own_grants(parts, me.owner), short=True)

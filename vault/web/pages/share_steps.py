"""Sharing in four steps, a preview, and one button. The addresses are told in views/share.py.

Each step is a page made from the draft that was posted; nothing is kept between two of them, nothing is
shared before the last. A step that cannot be taken shows the one that lacks something, with one sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.grants import Grantee, end_of_day_after
from schemas.ids import FieldId
from vault.services.entries import Entry
from vault.services.own_carnet import list_own_grants, read_own_carnet
from vault.services.parts import Parts
from vault.services.sharing import Wish, give_grant, structure_of
from vault.web import guard
from vault.web.guard import Person
from vault.web.pages import french, share_draft, views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.presenting import labels, reduced, shared_name, shared_themes
from vault.web.pages.relations import body_of
from vault.web.pages.share_draft import Draft, MisstepError, Sealer, carried
from vault.web.pages.share_lines import share_themes, special_lines, special_view
from vault.web.state import state_of

NEW = "/mes-partages/nouveau"
FOUND_AT_MOST = 20
LONGEST_SEARCH = 100
SHARED_BY = "page de partage, bouton « Partager »"
_LENGTHS = {1: "1 jour", 31: "1 mois", 92: "3 mois", 182: "6 mois", 365: "1 an"}

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]
Answering = Callable[[], Response]


# --- the routes ------------------------------------------------------------------------------------------


@router.get(NEW)
def ask_who(request: Request, me: Me) -> Response:
    return _who(request, me)


@router.post(f"{NEW}/pourquoi")
def ask_why(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    return _stepping(request, me, lambda: _why(request, me, share_draft.with_body(parts, form), form))


@router.post(f"{NEW}/quoi")
def ask_what(request: Request, form: Posted, me: Me) -> Response:
    return _stepping(request, me, lambda: _what(request, me, _choosing(request, form)))


@router.post(f"{NEW}/a-part")
def ask_apart(request: Request, form: Posted, me: Me) -> Response:
    def answer() -> Response:
        parts, sealer = state_of(request).parts, Sealer(request)
        draft = share_draft.with_choices(parts, form, sealer)
        if form.one("special") not in draft.aim.special:
            raise MisstepError(3, share_draft.FOREIGN_FIELD, draft)
        compartment = parts.catalogue.compartment(form.one("special"))
        entries = _entries(parts, me)
        return page(request, special_view(parts, draft, compartment, entries, sealer), me.session)

    return _stepping(request, me, answer)


@router.post(f"{NEW}/duree")
def ask_how_long(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    return _stepping(
        request,
        me,
        lambda: _how_long(request, me, share_draft.with_fields(parts, form, Sealer(request)), form),
    )


@router.post(f"{NEW}/verifier")
def ask_sure(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    return _stepping(
        request, me, lambda: _preview(request, me, share_draft.with_days(parts, form, Sealer(request)))
    )


@router.post("/mes-partages")
def share(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts

    def answer() -> Response:
        sealer = Sealer(request)
        draft = share_draft.with_days(parts, form, sealer)
        if not sealer.holds(form.one(share_draft.PREVIEW), sealer.preview(draft)):
            return _preview(request, me, draft, status=422)
        wish = Wish(
            grantee=Grantee.structure(draft.structure.structure_id),
            purpose_id=draft.aim.purpose_id,
            compartments=draft.compartments,
            days=draft.days or 0,
            consent_record=f"notice {parts.notice_version}; {SHARED_BY}",
        )
        grant = give_grant(parts, me.owner, wish, actor=me.actor)
        return see_other(f"/mes-partages/{grant.id}/partage")

    return _stepping(request, me, answer)


def _stepping(request: Request, me: Person, answer: Answering) -> Response:
    try:
        return answer()
    except MisstepError as misstep:
        draft = misstep.draft
        if misstep.step == 1 or draft is None:
            return _who(request, me, misstep.sentence)
        if misstep.step == 2:
            return _why(request, me, draft, Form(), misstep.sentence)
        if misstep.step == 3:
            return _what(request, me, draft, misstep.sentence)
        return _how_long(request, me, draft, Form(), misstep.sentence)


def _choosing(request: Request, form: Form) -> Draft:
    """Step 3 as it stands after a button of it, or of a special page, was pressed."""
    parts, sealer = state_of(request).parts, Sealer(request)
    draft = share_draft.with_choices(parts, form, sealer)
    specials = set(draft.specials)
    if said_yes := share_draft.sealed_yes(form.one("special_yes"), draft, sealer):
        specials.add(said_yes)
    if said_no := share_draft.sealed_yes(form.one("special_no"), draft, sealer):
        specials.discard(said_no)
    chosen = set(draft.fields)
    for preset in parts.frame.presets_for(draft.aim.purpose_id):
        if preset.id == form.one("preset"):
            chosen |= set(preset.compartments)
    return replace(
        draft, fields=parts.catalogue.in_order(chosen), specials=parts.catalogue.in_order(specials)
    )


# --- the pages -------------------------------------------------------------------------------------------


def _who(request: Request, me: Person, error: str = "") -> Response:
    parts = state_of(request).parts
    words = " ".join(request.query_params.get("q", "").split())[:LONGEST_SEARCH]
    words = "".join(sign for sign in words if sign.isprintable())
    grantees = dict.fromkeys(grant.terms.grantee for grant in list_own_grants(parts, me.owner))
    ids = [told[0] for grantee in grantees if (told := structure_of(parts, grantee))]
    known = parts.data.structures(set(ids))
    found = parts.data.search_structures(words, after=None, limit=FOUND_AT_MOST + 1) if words else []
    view = views.ShareWhoView(
        q=words,
        known=tuple(body_of(known[one]) for one in dict.fromkeys(ids) if one in known),
        found=tuple(body_of(one) for one in found[:FOUND_AT_MOST] if parts.frame.for_kind(one.kind)),
        more_found=len(found) > FOUND_AT_MOST,
        error=error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def _why(request: Request, me: Person, draft: Draft, form: Form, error: str = "") -> Response:
    parts = state_of(request).parts
    purposes = tuple(
        views.PurposeChoice(
            one.purpose_id,
            one.label,
            f"{french.capital(one.sentence)}.",
            one.max_days,
            one.purpose_id == form.one("purpose_id"),
            one.refusal,
        )
        for one in parts.frame.for_kind(draft.structure.kind)
    )
    view = views.ShareWhyView(
        body_of(draft.structure),
        purposes,
        (views.Hidden("structure_id", draft.structure.structure_id),),
        error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def _what(request: Request, me: Person, draft: Draft, error: str = "") -> Response:
    parts = state_of(request).parts
    entries, chosen = _entries(parts, me), set(draft.fields)
    view = views.ShareWhatView(
        body=body_of(draft.structure),
        purpose=draft.aim.sentence,
        presets=tuple(
            views.Preset(one.id, one.label, len(one.compartments), set(one.compartments) <= chosen)
            for one in parts.frame.presets_for(draft.aim.purpose_id)
        ),
        themes=share_themes(parts.catalogue, draft, entries),
        carried=carried(draft, Sealer(request), ticks=False),
        specials=special_lines(parts.catalogue, draft),
        error=error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def _how_long(request: Request, me: Person, draft: Draft, form: Form, error: str = "") -> Response:
    now = state_of(request).parts.now()
    view = views.ShareHowLongView(
        body=body_of(draft.structure),
        purpose=draft.aim.sentence,
        durations=tuple(
            views.Duration(
                days,
                _LENGTHS.get(days, f"{days} jours"),
                end_of_day_after(now, days),
                form.one("days") == str(days),
            )
            for days in draft.aim.days_offered
        ),
        carried=carried(draft, Sealer(request)),
        error=error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def _preview(request: Request, me: Person, draft: Draft, *, status: int = 200) -> Response:
    """« Voici exactement ce que verra … »: her own values through the reader's own page."""
    parts, sealer, now = state_of(request).parts, Sealer(request), state_of(request).parts.now()
    shared = reduced(parts.catalogue, _entries(parts, me), draft.compartments)
    grantee = Grantee.structure(draft.structure.structure_id)
    view = views.ShareConfirmView(
        body=body_of(draft.structure),
        purpose=draft.aim.sentence,
        ends_at=end_of_day_after(now, draft.days or 0),
        count=len(draft.compartments),
        themes=shared_themes(parts.catalogue, shared, now),
        carried=(*carried(draft, sealer), views.Hidden(share_draft.PREVIEW, sealer.preview(draft))),
        shown_name=shared_name(parts.catalogue, shared),
        empty=labels(parts.catalogue, [one for one in draft.compartments if one not in shared]),
        replaces=any(
            grant.live(now)
            and grant.terms.grantee == grantee
            and grant.terms.purpose_id == draft.aim.purpose_id
            for grant in list_own_grants(parts, me.owner)
        ),
    )
    return page(request, view, me.session, status=status)


def _entries(parts: Parts, me: Person) -> Mapping[FieldId, Entry]:
    return read_own_carnet(parts, me.owner, actor=me.actor).by_field()

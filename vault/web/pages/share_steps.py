"""Sharing in four steps, a preview, and one button. The addresses are told in views/share.py.

Each step is a page made from the draft that was posted; nothing is kept between two of them, nothing is
shared before the last. A step that cannot be taken shows the one that lacks something, with one sentence.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vault.services.sharing import GrantRefusedError, give_grant
from vault.web import guard
from vault.web.afterwards import then_new_keys
from vault.web.guard import Person
from vault.web.pages import share_draft
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import Form, Posted, posted
from vault.web.pages.share_draft import Draft, MisstepError, Sealer
from vault.web.pages.share_lines import special_view
from vault.web.pages.share_pages import (
    how_long_page,
    own_entries,
    preview_page,
    what_page,
    who_page,
    why_page,
    wish_of,
)
from vault.web.state import state_of

NEW = "/mes-partages/nouveau"

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person_or_helper_share)]
Answering = Callable[[], Response]


# --- the routes ------------------------------------------------------------------------------------------


@router.get(NEW)
def ask_who(request: Request, me: Me) -> Response:
    return who_page(request, me)


@router.post(f"{NEW}/pourquoi")
def ask_why(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    return _stepping(request, me, lambda: why_page(request, me, share_draft.with_body(parts, form), form))


@router.post(f"{NEW}/quoi")
def ask_what(request: Request, form: Posted, me: Me) -> Response:
    return _stepping(request, me, lambda: what_page(request, me, _choosing(request, form)))


@router.post(f"{NEW}/a-part")
def ask_apart(request: Request, form: Posted, me: Me) -> Response:
    def answer() -> Response:
        parts, sealer = state_of(request).parts, Sealer(request)
        draft = share_draft.with_choices(parts, form, sealer)
        if form.one("special") not in draft.aim.special:
            raise MisstepError(3, share_draft.FOREIGN_FIELD, draft)
        compartment = parts.catalogue.compartment(form.one("special"))
        entries = own_entries(parts, me)
        return page(request, special_view(parts, draft, compartment, entries, sealer), me.session)

    return _stepping(request, me, answer)


@router.post(f"{NEW}/duree")
def ask_how_long(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    return _stepping(
        request,
        me,
        lambda: how_long_page(request, me, share_draft.with_fields(parts, form, Sealer(request)), form),
    )


@router.post(f"{NEW}/verifier")
def ask_sure(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts
    return _stepping(
        request, me, lambda: preview_page(request, me, share_draft.with_days(parts, form, Sealer(request)))
    )


@router.post("/mes-partages")
def share(request: Request, form: Posted, me: Me) -> Response:
    parts = state_of(request).parts

    def answer() -> Response:
        sealer = Sealer(request)
        draft = share_draft.with_days(parts, form, sealer)
        if not sealer.holds(form.one(share_draft.PREVIEW), sealer.preview(draft)):
            return preview_page(request, me, draft, status=422)
        try:
            grant = give_grant(parts, me.owner, wish_of(parts, draft), actor=me.actor)
        except GrantRefusedError as refused:  # between the preview and the button, her référent changed
            if draft.referent is None:
                raise
            raise MisstepError(1, refused.sentence) from None
        return then_new_keys(see_other(f"/mes-partages/{grant.id}/partage"), parts, me)

    return _stepping(request, me, answer)


def _stepping(request: Request, me: Person, answer: Answering) -> Response:
    try:
        return answer()
    except MisstepError as misstep:
        draft = misstep.draft
        if misstep.step == 1 or draft is None:
            return who_page(request, me, misstep.sentence)
        if misstep.step == 2:
            return why_page(request, me, draft, Form(), misstep.sentence)
        if misstep.step == 3:
            return what_page(request, me, draft, misstep.sentence)
        return how_long_page(request, me, draft, Form(), misstep.sentence)


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

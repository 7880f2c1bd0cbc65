"""The pages of a share under way: each is made from the draft alone."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.responses import Response

from schemas.ids import FieldId
from vault.carnet.entries import Entry
from vault.services.own_carnet import list_own_grants, read_own_carnet
from vault.services.parts import Parts
from vault.services.referents import current_referent
from vault.services.seeing import see_before
from vault.services.sharing import READ_AND_PROPOSE, READ_ONLY, Wish
from vault.services.structures import structure_of
from vault.web.guard import Person
from vault.web.pages import french, share_draft, views
from vault.web.pages.answering import page
from vault.web.pages.basis_words import words_for
from vault.web.pages.form_reading import Form
from vault.web.pages.job_words import durations, ends_after, still_given
from vault.web.pages.relations import body_of
from vault.web.pages.screens import preview
from vault.web.pages.share_draft import Draft, Sealer, carried
from vault.web.pages.share_lines import body_with, share_themes, special_lines
from vault.web.state import state_of

FOUND_AT_MOST = 20
LONGEST_SEARCH = 100
SHARED_BY = "page de partage, bouton « Partager »"


def who_page(request: Request, me: Person, error: str = "") -> Response:
    parts = state_of(request).parts
    words = " ".join(request.query_params.get("q", "").split())[:LONGEST_SEARCH]
    words = "".join(sign for sign in words if sign.isprintable())
    grantees = dict.fromkeys(grant.terms.grantee for grant in list_own_grants(parts, me.owner))
    ids = [told[0] for grantee in grantees if (told := structure_of(parts, grantee))]
    known = parts.data.structures(set(ids))
    found = parts.data.search_structures(words, after=None, limit=FOUND_AT_MOST + 1) if words else []
    row = current_referent(parts, me.owner.carnet_id)
    follows = parts.data.structure(row.structure_id) if row else None
    view = views.ShareWhoView(
        q=words,
        known=tuple(body_of(known[one]) for one in dict.fromkeys(ids) if one in known),
        found=tuple(body_of(one) for one in found[:FOUND_AT_MOST] if parts.frame.for_kind(one.kind)),
        more_found=len(found) > FOUND_AT_MOST,
        referent=body_of(follows) if follows and parts.frame.for_kind(follows.kind) else None,
        referent_id=row.professional_id if row else "",
        error=error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def why_page(request: Request, me: Person, draft: Draft, form: Form, error: str = "") -> Response:
    parts = state_of(request).parts
    purposes = tuple(
        views.PurposeChoice(
            one.purpose_id,
            one.label,
            f"{french.capital(one.sentence)}.",
            one.max_days,
            one.purpose_id == form.one("purpose_id"),
            one.refusal,
            words_for(one, draft.structure.name).before,
        )
        for one in still_given(parts, me, parts.frame.for_kind(draft.structure.kind))
    )
    view = views.ShareWhyView(
        body_with(draft),
        purposes,
        share_draft.whom(draft),
        error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def what_page(request: Request, me: Person, draft: Draft, error: str = "") -> Response:
    parts = state_of(request).parts
    entries, chosen = own_entries(parts, me), set(draft.fields)
    view = views.ShareWhatView(
        body=body_with(draft),
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


def how_long_page(request: Request, me: Person, draft: Draft, form: Form, error: str = "") -> Response:
    parts = state_of(request).parts
    view = views.ShareHowLongView(
        body=body_with(draft),
        purpose=draft.aim.sentence,
        durations=durations(
            parts,
            me,
            draft.aim.purpose_id,
            [(days, french.length(days)) for days in draft.aim.days_offered],
            next((days for days in draft.aim.days_offered if form.one("days") == str(days)), None),
        ),
        carried=carried(draft, Sealer(request)),
        proposes=form.one(share_draft.PROPOSES) == "1",
        error=error,
    )
    return page(request, view, me.session, status=422 if error else 200)


def preview_page(request: Request, me: Person, draft: Draft, *, status: int = 200) -> Response:
    """« Voici exactement ce que verra … »: his own page, opened by the keys of the grant to be."""
    parts, sealer, now = state_of(request).parts, Sealer(request), state_of(request).parts.now()
    wish, body = wish_of(parts, draft), body_with(draft)
    seen = see_before(parts, me.owner, wish, actor=me.actor)
    words = words_for(draft.aim, body.name)
    view = views.ShareConfirmView(
        body=body,
        purpose=draft.aim.sentence,
        ends_at=ends_after(parts, me, draft.aim.purpose_id, draft.days or 0),
        count=len(draft.compartments),
        preview=preview(parts, me.owner, seen, body),
        carried=(*carried(draft, sealer), views.Hidden(share_draft.PREVIEW, sealer.preview(draft))),
        replaces=any(
            grant.live(now)
            and grant.terms.grantee == wish.grantee
            and grant.terms.purpose_id == draft.aim.purpose_id
            for grant in list_own_grants(parts, me.owner)
        ),
        before=words.before,
        rests_on=words.rests_on,
        proposes=draft.proposes,
    )
    return page(request, view, me.session, status=status)


def wish_of(parts: Parts, draft: Draft) -> Wish:
    """What the last button gives, and what the preview is made from."""
    return Wish(
        grantee=draft.grantee,
        purpose_id=draft.aim.purpose_id,
        compartments=draft.compartments,
        days=draft.days or 0,
        consent_record=f"notice {parts.notice_version}; {SHARED_BY}",
        function=draft.function,
        rights=READ_AND_PROPOSE if draft.proposes else READ_ONLY,
    )


def own_entries(parts: Parts, me: Person) -> Mapping[FieldId, Sequence[Entry]]:
    return read_own_carnet(parts, me.owner, actor=me.actor).in_fields()

"""The screen of a carnet as granted: one view and one piece of template, for him who reads it and for her who
wants to see what he sees. Nothing here is shown to the one that is not shown to the other.
"""

from collections.abc import Sequence
from urllib.parse import quote

from consent.grants import Grant
from schemas.ids import PurposeId
from schemas.inference import GuessKind
from schemas.purposes import EMERGENCY_PURPOSE, Frame, UnknownPurposeError
from vault.carnet.references import shown
from vault.services.key_sources import OwnerAccess
from vault.services.own_carnet import list_own_grants
from vault.services.parts import Parts
from vault.services.reading import FieldsView
from vault.services.seeing import Seen, Unseen, guesses_of
from vault.web.pages import views
from vault.web.pages.naming import labels, plain_purpose
from vault.web.pages.presenting import BesideLinks, no_links, shared_name, shared_themes

PURPOSE = "finalite"


def carnet_view(parts: Parts, read: FieldsView, others: Sequence[views.Link]) -> views.CarnetView:
    """What was opened, as its reader sees it. ``others``: the other live reasons on this carnet."""
    terms = read.grant.grant.terms
    return views.CarnetView(
        reference=shown(parts.data.references([read.carnet_id]).get(read.carnet_id, "")),
        purpose=purpose_words(parts.frame, read.purpose_id),
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        read_at=read.at,
        themes=shared_themes(parts.catalogue, read.fields, parts.now(), beside=answer_links(read)),
        name=shared_name(parts.catalogue, read.fields),
        others=tuple(others),
    )


def answer_links(read: FieldsView) -> BesideLinks:
    """Where its reader answers an observation; nowhere on what she is shown of his screen, nor in an
    emergency."""
    if read.by is None or read.purpose_id == EMERGENCY_PURPOSE:
        return no_links
    base, reason = f"/carnets/{read.carnet_id}/observations", f"?{PURPOSE}={quote(read.purpose_id)}"
    return lambda said: (views.Link("Répondre", f"{base}/{said.observation_id}{reason}"),)


def purpose_words(frame: Frame, purpose_id: PurposeId) -> str:
    """A purpose as a professional or a DPO says it; its id when the frame no longer names it."""
    try:
        return plain_purpose(frame.purpose(purpose_id).label)
    except UnknownPurposeError:
        return purpose_id


def address_of(grant: Grant) -> str:
    """Where its reader opens it."""
    return f"/carnets/{grant.terms.carnet_id}?{PURPOSE}={quote(grant.terms.purpose_id)}"


def propose_address(grant: Grant) -> str:
    """Where whoever may propose by it does."""
    return f"/carnets/{grant.terms.carnet_id}/proposer?{PURPOSE}={quote(grant.terms.purpose_id)}"


# --- for her -----------------------------------------------------------------------------------------------


def preview(parts: Parts, owner: OwnerAccess, seen: Seen, body: views.Body) -> views.Preview:
    """His screen, and what he could guess from it. For the share steps, a request, and any time after."""
    terms = seen.grant.grant.terms
    fields = seen.view.fields if seen.view else {}
    return views.Preview(
        body=body,
        screen=carnet_view(parts, seen.view, _others(parts, owner, seen)) if seen.view else None,
        broken=seen.why is Unseen.BROKEN,
        guesses=tuple(
            views.GuessLine(one.kind.label, () if one.kind is GuessKind.NAME else one.labels, one.detail)
            for one in guesses_of(parts, seen)
        ),
        empty=labels(parts.catalogue, [one for one in terms.compartments if one not in fields])
        if seen.view
        else (),
    )


def _others(parts: Parts, owner: OwnerAccess, seen: Seen) -> list[views.Link]:
    """His other live reasons, each leading her to what he sees by it."""
    now, terms = parts.now(), seen.grant.grant.terms
    found = {
        grant.terms.purpose_id: views.Link(
            purpose_words(parts.frame, grant.terms.purpose_id), f"/mes-partages/{grant.id}/vu"
        )
        for grant in list_own_grants(parts, owner)
        if grant.live(now)
        and grant.terms.grantee == terms.grantee
        and grant.terms.purpose_id != terms.purpose_id
    }
    return list(found.values())

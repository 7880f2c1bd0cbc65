"""What she takes away: her carnet on paper as she wants it, or everything in one file; and the public page
that says whether a paper was printed here.

Choosing what to leave out is done by posting a form: no address ever tells what she holds.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from exporters import PaperUnavailableError, Variant
from schemas.ids import EntryId
from vault.services.exporting import Printing
from vault.services.own_carnet import read_own_carnet
from vault.services.paper_proofs import CHECK, STATEMENT, known_paper
from vault.services.sessions import Session
from vault.web import guard
from vault.web.guard import Person
from vault.web.limits import counted_address
from vault.web.pages import french, views
from vault.web.pages.answering import page
from vault.web.pages.form_reading import Posted, posted
from vault.web.pages.presenting import information
from vault.web.paper import everything, printed
from vault.web.state import state_of

HERE = "/mes-telechargements"
CHOOSE, PAPER, ALL = f"{HERE}/choisir", f"{HERE}/carnet.pdf", f"{HERE}/tout.zip"
KEPT, SHOWN, VARIANT = "garder", "montre", "forme"
LONGEST = 2_000

router = APIRouter(dependencies=[Depends(posted)], include_in_schema=False)
Seen = Annotated[Person, Depends(guard.person_or_helper_see)]
Me = Annotated[Person, Depends(guard.person_or_helper_print)]
Fresh = Annotated[Person, Depends(guard.person_fresh)]
Visitor = Annotated[Session | None, Depends(guard.visitor)]


@router.get(HERE)
def show_downloads(request: Request, me: Seen) -> Response:
    possible = getattr(request.app.state, "paper_possible", True)
    whole = me.acting is None
    return page(
        request, views.DownloadsView(PAPER if possible else None, CHOOSE, ALL if whole else None), me.session
    )


@router.get(CHOOSE)
def choose(request: Request, me: Me) -> Response:
    """Everything she wrote, each ticked: what she unticks is not on the paper, and nothing says so."""
    parts = state_of(request).parts
    found = read_own_carnet(parts, me.owner, actor=me.actor).in_fields()
    themes = []
    for theme in parts.catalogue.themes:
        lines = tuple(
            views.PaperLine(entry.entry_id, information(parts.catalogue, entry, now=parts.now()))
            for field in parts.catalogue.in_theme(theme.id)
            for entry in found.get(field.id, ())
            if entry.body.holds
        )
        if lines:
            themes.append(views.PaperTheme(theme.id, theme.label, lines))
    return page(request, views.PaperChoiceView(PAPER, tuple(themes)), me.session)


@router.get(PAPER)
async def print_carnet(request: Request, me: Me) -> Response:
    """The whole of it. For somebody who just proved who she is, or who acts for her under a mandate that says
    so. Made in a thread of its own: one paper at a time, and no other request waits for it."""
    return await _paper(request, me, Printing())


@router.post(PAPER)
async def print_chosen(request: Request, form: Posted, me: Me) -> Response:
    """What she was shown and unticked is left out; what was written since stands."""
    shown, kept = set(form.all(SHOWN)), set(form.all(KEPT))
    variant = next((one for one in Variant if one.value == form.one(VARIANT)), Variant.ORDINARY)
    left_out = frozenset(EntryId(one) for one in shown - kept)
    return await _paper(request, me, Printing(variant, left_out))


async def _paper(request: Request, me: Person, printing: Printing) -> Response:
    state = state_of(request)
    try:
        paper = await printed(state, me, printing)
    except PaperUnavailableError:
        request.app.state.paper_possible = False
        raise
    return _file(paper, f"carnet-{_today(request)}.pdf", "application/pdf")


@router.get(ALL)
async def take_all(request: Request, me: Fresh) -> Response:
    """Her carnet, every version, her receipts and her journal with its proofs. Nothing of it is kept here."""
    taken = await everything(state_of(request), me)
    return _file(taken, f"carnet-{_today(request)}.zip", "application/zip")


def _today(request: Request) -> str:
    return french.in_paris(state_of(request).parts.now()).date().isoformat()


def _file(data: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, headers=headers, media_type=media_type)


# --- anybody's -------------------------------------------------------------------------------------------


@router.get(CHECK)
def check(request: Request, session: Visitor) -> Response:
    """What the code on a paper leads to. Says when it was printed, never whose it is. Raises TooManyError."""
    state, address = state_of(request), counted_address(request)
    asked = request.query_params.get(STATEMENT, "")[:LONGEST]
    state.limits.before_proof(address)
    known = known_paper(state.parts, asked.encode("ascii", "replace")) if asked else None
    if asked and known is None:
        state.limits.failed_proof(address)
    view = views.PaperCheckView(
        asked=bool(asked), at=known.printed_at if known else None, digest=known.digest if known else ""
    )
    return page(request, view, session)

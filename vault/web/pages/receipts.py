"""Her receipts: each move of a share, proven; and the public page that says whether a receipt is ours.

The public page names nobody and says nothing of what is shared: that a receipt is ours, and of when. Whoever
tries many that are not is refused for a while, by address.
"""

import re
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from consent.kantara import to_kantara
from consent.receipts import Moved
from exporters import PaperUnavailableError
from exporters.to_receipt import ReceiptDocument
from schemas.canonical import canonical
from schemas.ids import GrantId, ReceiptId
from vault.services.receipts import Receipt
from vault.services.receipts_kept import (
    Known,
    NoSuchReceiptError,
    known_by_bytes,
    known_by_digest,
    list_receipts,
    read_receipt,
)
from vault.services.sessions import Session
from vault.web import guard
from vault.web.guard import Person
from vault.web.limits import counted_address
from vault.web.pages import views
from vault.web.pages.answering import page, see_other
from vault.web.pages.form_reading import PostedWithFile, posted_with_file
from vault.web.pages.receipt_words import (
    body_of,
    event_words,
    ground_of,
    grouped,
    labels_of,
    rights_of,
    what_happened,
)
from vault.web.paper import printed_receipt
from vault.web.state import WebState, state_of

A_PAGE = 20
BEFORE = "avant"
DIGEST = "e"  # the parameter that the code printed on paper leads to
LONGEST = 200_000
LONGEST_SHOWN = 128  # what was typed by hand is shown again, not what was pasted
_DIGEST = re.compile(r"[0-9a-f]{64}")

router = APIRouter(dependencies=[Depends(posted_with_file)], include_in_schema=False)
Me = Annotated[Person, Depends(guard.person)]
Visitor = Annotated[Session | None, Depends(guard.visitor)]


# --- hers ------------------------------------------------------------------------------------------------


@router.get("/mes-recus")
def show_receipts(request: Request, me: Me) -> Response:
    return _list(request, me, None, "/mes-recus")


@router.get("/mes-partages/{grant_id}/recus")
def show_receipts_of(request: Request, grant_id: str, me: Me) -> Response:
    return _list(request, me, GrantId(grant_id), f"/mes-partages/{grant_id}/recus")


def _list(request: Request, me: Person, grant_id: GrantId | None, here: str) -> Response:
    before = request.query_params.get(BEFORE, "")
    found, following = list_receipts(
        state_of(request).parts,
        me.owner,
        actor=me.actor,
        grant_id=grant_id,
        before=int(before) if re.fullmatch(r"[0-9]{1,15}", before, re.ASCII) else None,
        limit=A_PAGE,
    )
    lines = tuple(
        views.ReceiptLine(_href(one), what_happened(one), body_of(one.record), one.row.made_at)
        for one in found
    )
    view = views.ReceiptsView(
        lines,
        older_href=f"{here}?{BEFORE}={following}" if following is not None else None,
        of=lines[0].body.name if grant_id and lines else "",
    )
    return page(request, view, me.session)


def _href(receipt: Receipt) -> str:
    return f"/mes-recus/{receipt.receipt_id}"


@router.get("/mes-recus/{receipt_id}")
def show_receipt(request: Request, receipt_id: str, me: Me) -> Response:
    receipt = _receipt(request, receipt_id, me)
    possible = getattr(request.app.state, "paper_possible", True)
    return page(request, receipt_view(receipt, paper=possible), me.session)


def receipt_view(receipt: Receipt, *, paper: bool) -> views.ReceiptView:
    """A receipt in plain words."""
    record, here, digest = receipt.record, _href(receipt), receipt.row.digest.hex()
    given = [one for one in record.events if one.validity is not None]
    open_ = receipt.moved in (Moved.GRANTED, Moved.RENEWED, Moved.RESUMED)
    return views.ReceiptView(
        what=what_happened(receipt),
        at=receipt.row.made_at,
        body=body_of(record),
        purpose=record.processing.purposes[0].label,
        fields=labels_of(record),
        ground=ground_of(record),
        legal_text=record.processing.legal_text,
        events=tuple(views.ReceiptEvent(event_words(one), one.time) for one in record.events),
        rights=rights_of(record),
        ends_at=given[-1].time + given[-1].validity if given and open_ and given[-1].validity else None,
        entry=receipt.row.leaf,
        digest=grouped(digest),
        file_href=f"{here}/recu.jws",
        check_href=f"/recu?{urlencode({DIGEST: digest})}",
        paper_href=f"{here}/recu.pdf" if paper else None,
        kantara_href=f"{here}/kantara.json" if record.consent else None,
    )


@router.get("/mes-recus/{receipt_id}/recu.jws")
def send_file(request: Request, receipt_id: str, me: Me) -> Response:
    """The very bytes that were signed."""
    return _file(_receipt(request, receipt_id, me).jws, "recu.jws", "application/jose")


@router.get("/mes-recus/{receipt_id}/kantara.json")
def send_kantara(request: Request, receipt_id: str, me: Me) -> Response:
    receipt = _receipt(request, receipt_id, me)
    if not receipt.record.consent:
        raise NoSuchReceiptError("this does not rest on consent")
    return _file(canonical(to_kantara(receipt.record)), "recu-kantara.json", "application/json")


@router.get("/mes-recus/{receipt_id}/recu.pdf")
async def send_paper(request: Request, receipt_id: str, me: Me) -> Response:
    state = state_of(request)
    try:
        paper = await printed_receipt(state, me, ReceiptId(receipt_id), partial(on_paper, state))
    except PaperUnavailableError:
        request.app.state.paper_possible = False
        raise
    return _file(paper, "recu.pdf", "application/pdf")


def on_paper(state: WebState, receipt: Receipt) -> ReceiptDocument:
    """The same as its page, to be printed."""
    told = receipt_view(receipt, paper=False)
    return ReceiptDocument(
        what=told.what,
        at=told.at,
        who=told.body.name,
        what_for=told.purpose,
        fields=told.fields,
        ground=told.ground,
        legal_text=told.legal_text,
        rights=told.rights,
        history=tuple((event.what, event.at) for event in told.events),
        ends_at=told.ends_at,
        entry=told.entry,
        digest=told.digest,
        check=state.settings.public_url + told.check_href,
        issuer=state.issuer,
        jws=receipt.jws,
    )


def _receipt(request: Request, receipt_id: str, me: Person) -> Receipt:
    return read_receipt(state_of(request).parts, me.owner, ReceiptId(receipt_id), actor=me.actor)


def _file(data: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, headers=headers, media_type=media_type)


# --- anybody's -------------------------------------------------------------------------------------------


@router.get("/recu")
def show_check(request: Request, session: Visitor) -> Response:
    asked = request.query_params.get(DIGEST, "")
    known = _known(request, asked) if asked else None
    return page(request, _checked(known, asked, asked=bool(asked.strip())), session)


@router.post("/recu", dependencies=[Depends(guard.anyone)])
def check(request: Request, form: PostedWithFile) -> Response:
    """Knows no session: it changes nothing, keeps nothing, and answers everybody the same."""
    typed = form.one("recu")[:LONGEST]
    asked = typed if typed.strip() else form.one("fichier")
    if not asked.strip():
        return see_other("/recu")
    return page(request, _checked(_known(request, asked), typed, asked=True))


def _checked(known: Known | None, typed: str, *, asked: bool) -> views.ReceiptCheckView:
    short = typed.strip() if len(typed) <= LONGEST_SHOWN else ""
    return views.ReceiptCheckView(
        asked=asked,
        at=known.at if known else None,
        kept=known.kept if known else False,
        typed="" if known else short,
    )


def _known(request: Request, asked: str) -> Known | None:
    """Raises TooManyError."""
    state, address = state_of(request), counted_address(request)
    state.limits.before_proof(address)
    bare = "".join(asked.split())
    if _DIGEST.fullmatch(bare.lower()):
        known = known_by_digest(state.parts, bytes.fromhex(bare))
    elif bare.isascii():
        known = known_by_bytes(state.parts, bare.encode())
    else:
        known = None
    if known is None and bare:
        state.limits.failed_proof(address)
    return known

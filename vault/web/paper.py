"""Her carnet and her receipts on paper, for the page and for the API: one at a time, in a thread of its own.

Printing takes a second of the processor. Were each asked for in a thread of the common pool, somebody who
asks for a hundred would hold up everybody else's pages.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from exporters import to_pdf
from exporters.to_receipt import ReceiptDocument, to_receipt
from schemas.ids import ReceiptId
from vault.services.exporting import export_own_carnet
from vault.services.receipts import Receipt
from vault.services.receipts_kept import read_receipt
from vault.web.guard import Person
from vault.web.state import WebState

on_the_press = ThreadPoolExecutor(1, thread_name_prefix="paper")


async def printed(state: WebState, me: Person) -> bytes:
    """A PDF/UA-1 file, after its entry of the log. Raises TooManyError, and what exporting and printing
    raise."""
    state.limits.paper(me.session.row.account_id)
    return await asyncio.get_running_loop().run_in_executor(on_the_press, _print, state, me)


def _print(state: WebState, me: Person) -> bytes:
    return to_pdf(export_own_carnet(state.parts, me.owner, issuer=state.issuer, actor=me.actor))


Worded = Callable[[Receipt], ReceiptDocument]


async def printed_receipt(state: WebState, me: Person, receipt_id: ReceiptId, worded: Worded) -> bytes:
    """A receipt as a file to keep (PDF/A-3a, PDF/UA-1), in the words of ``worded``. Appends and raises as
    ``printed``; NoSuchReceiptError."""
    state.limits.paper(me.session.row.account_id)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(on_the_press, _print_receipt, state, me, receipt_id, worded)


def _print_receipt(state: WebState, me: Person, receipt_id: ReceiptId, worded: Worded) -> bytes:
    return to_receipt(worded(read_receipt(state.parts, me.owner, receipt_id, actor=me.actor)))

"""Her carnet on paper, for the page and for the API: one at a time, in a thread of its own.

Printing takes a second of the processor. Were each asked for in a thread of the common pool, somebody who
asks for a hundred would hold up everybody else's pages.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from exporters import to_pdf
from vault.services.exporting import export_own_carnet
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

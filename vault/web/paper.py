"""Her carnet and her receipts on paper, for the page and for the API: one at a time, in a thread of its own.

Printing takes a second of the processor. Were each asked for in a thread of the common pool, somebody who
asks for a hundred would hold up everybody else's pages.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from exporters import PaperUnavailableError, to_pdf
from exporters.to_archive import to_archive
from exporters.to_receipt import ReceiptDocument, to_receipt
from schemas.ids import ReceiptId
from vault.services.exporting import Printing, export_own_carnet
from vault.services.receipts import Receipt
from vault.services.receipts_kept import read_receipt
from vault.services.taking_away import take_everything
from vault.web.guard import Person
from vault.web.state import WebState

READ_ME = """Votre carnet, en entier
=======================

Ce dossier est à vous. {name} n'en garde pas de copie. Mettez-le en lieu sûr : il dit tout.

- carnet.pdf : votre carnet, à lire ou à imprimer.
- carnet.json : le même, pour les programmes. preuve.jws dit qu'il vient d'ici.
- versions.json : toutes les versions de ce que vous avez écrit, et vos observations.
- recus : les reçus signés de vos partages. cles-des-recus.json permet de les vérifier.
- journal : qui a fait quoi dans votre carnet, ligne par ligne, avec une preuve pour chaque ligne.

Pour tout vérifier sans nous : carnet archive verify CE_FICHIER.zip
Le format est décrit dans la documentation du logiciel (docs/formats/archive.md).

Une question ? {contact}
{site}
"""

on_the_press = ThreadPoolExecutor(1, thread_name_prefix="paper")


async def printed(state: WebState, me: Person, printing: Printing | None = None) -> bytes:
    """A PDF/A-3a and PDF/UA-1 file, after its entry of the log. Raises TooManyError, and what exporting and
    printing raise."""
    state.limits.paper(me.session.row.account_id)
    return await asyncio.get_running_loop().run_in_executor(on_the_press, _print, state, me, printing)


def _print(state: WebState, me: Person, printing: Printing | None) -> bytes:
    return to_pdf(
        export_own_carnet(state.parts, me.owner, issuer=state.issuer, actor=me.actor, printing=printing)
    )


async def everything(state: WebState, me: Person) -> bytes:
    """All she may take away, as one ZIP, after its entry of the log; without the paper where this machine
    cannot print. Raises TooManyError, and what taking away raises."""
    state.limits.paper(me.session.row.account_id)
    return await asyncio.get_running_loop().run_in_executor(on_the_press, _all, state, me)


def _all(state: WebState, me: Person) -> bytes:
    taken = take_everything(state.parts, me.owner, issuer=state.issuer, vkeys=state.log_vkeys, actor=me.actor)
    read_me = READ_ME.format(name=state.issuer.name, contact=state.issuer.contact, site=state.issuer.site)
    files = {"LISEZ-MOI.txt": read_me.encode()}
    with suppress(PaperUnavailableError):
        files["carnet.pdf"] = to_pdf(taken.paper)
    return to_archive({**files, **taken.files}, made_at=taken.made_at)


Worded = Callable[[Receipt], ReceiptDocument]


async def printed_receipt(state: WebState, me: Person, receipt_id: ReceiptId, worded: Worded) -> bytes:
    """A receipt as a file to keep (PDF/A-3a, PDF/UA-1), in the words of ``worded``. Appends and raises as
    ``printed``; NoSuchReceiptError."""
    state.limits.paper(me.session.row.account_id)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(on_the_press, _print_receipt, state, me, receipt_id, worded)


def _print_receipt(state: WebState, me: Person, receipt_id: ReceiptId, worded: Worded) -> bytes:
    return to_receipt(worded(read_receipt(state.parts, me.owner, receipt_id, actor=me.actor)))

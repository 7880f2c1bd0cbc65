"""Everything she may take away: her carnet with every version, her receipts, and what the log says about her
with a proof of each line. Nothing of it is kept here: it is made when she asks, and sent.

One ``export`` entry says so. What is inside is checked without us (docs/formats/archive.md): the signed
checkpoint, one proof of inclusion a line, the receipts, the statement of what was printed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from exporters.document import ExportDocument, Issuer
from schemas.canonical import canonical
from schemas.ids import CarnetId
from schemas.names import Outcome
from vault.audit.events import Op
from vault.carnet.entries import Entry
from vault.crypto import JournalSecret, carnet_index_tag
from vault.services.exporting import Printing, copied_entry, printed_document
from vault.services.journal import Actor
from vault.services.key_sources import OwnerAccess
from vault.services.log_proofs import A_PAGE, Proofs, proven_line, rows_about
from vault.services.own_carnet import open_history, read_own_carnet
from vault.services.parts import Parts
from vault.services.ports import Appended
from vault.services.receipts import opened, public_keys
from vault.services.receipts_kept import jwks


@dataclass(frozen=True, slots=True)
class Everything:
    """``files``: by name, in the order they are read; ``paper``: the carnet to be printed among them."""

    made_at: datetime
    paper: ExportDocument = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)


def take_everything(
    parts: Parts, owner: OwnerAccess, *, issuer: Issuer, vkeys: Sequence[str], actor: Actor
) -> Everything:
    """``vkeys``: the public keys of the log, as C2SP writes them. Appends one ``export`` entry first. Raises
    CarnetClosedError, LogUnavailableError."""
    carnet = read_own_carnet(parts, owner, actor=actor, op=Op.EXPORT)
    paper = printed_document(parts, owner, carnet, issuer=issuer, printing=Printing())
    journals = parts.journal_keys.load(now=parts.now(), carnets=[owner.carnet_id])
    journal = journals.journals[owner.carnet_id]
    files = {"versions.json": _versions(parts, owner, carnet.access_no)}
    if paper.proof is not None:
        files = {"carnet.json": paper.proof.copy, "preuve.jws": paper.proof.statement, **files}
    files |= _receipts(parts, owner.carnet_id, journal)
    files["cles-des-recus.json"] = canonical(jwks(parts))
    files |= _log(parts, journal, vkeys)
    return Everything(parts.now(), paper, files)


# --- every version ---------------------------------------------------------------------------------------


def _versions(parts: Parts, owner: OwnerAccess, access_no: int) -> bytes:
    """Every version of every entry that is not forgotten, and every observation beside it."""
    receipt = Appended(access_no, parts.now(), Outcome.GRANTED)
    entries = open_history(parts, receipt, owner)
    told = sorted(entries, key=_in_order)
    return canonical({"format": "carnet/versions/1", "entries": [copied_entry(one) for one in told]})


def _in_order(entry: Entry) -> tuple[str, str, str, int]:
    return (entry.field_id, entry.entry_id, entry.compartment, entry.version)


def _receipts(parts: Parts, carnet_id: CarnetId, journal: JournalSecret) -> dict[str, bytes]:
    """The very bytes that were signed, oldest first."""
    keys, found, before = public_keys(parts), list[bytes](), None
    while True:
        rows = parts.data.receipts_of(carnet_id, grant_id=None, before=before, limit=A_PAGE)
        found += [one.jws for row in rows if (one := opened(parts, row, journal, keys)) is not None]
        if len(rows) < A_PAGE:
            break
        before = rows[-1].leaf
    return {f"recus/{number:04}.jws": jws for number, jws in enumerate(reversed(found), start=1)}


# --- what the log says about her -------------------------------------------------------------------------


def _log(parts: Parts, journal: JournalSecret, vkeys: Sequence[str]) -> dict[str, bytes]:
    checkpoint = parts.data.last_checkpoint()
    proofs = Proofs(parts, checkpoint)
    rows = rows_about(parts, carnet_index_tag(journal))
    lines = [json.dumps(proven_line(row, journal, proofs)) for row in rows]
    files = {"journal/lignes.jsonl": _text(lines[::-1]), "journal/vkey": _text(vkeys)}
    if checkpoint is not None:
        files["journal/checkpoint"] = checkpoint.note.encode()
    return files


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()

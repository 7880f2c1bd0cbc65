"""The certificate of erasure: signed as receipts are, made once the log is signed over the forgetting.

Kept as a step of the demand, sealed under J_p: it dies with the carnet, and the file she downloaded goes on
holding. ``check_certificate`` needs neither stores nor settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from consent.certificates import CertificateError, Erased, erased_of, erased_payload
from consent.clocks import day_of
from consent.demands import DemandBy, DemandMove, DemandState
from schemas.fields import UnknownFieldError
from schemas.ids import DemandId, FieldId
from vault.audit.checkpoint import parse_checkpoint
from vault.audit.errors import AuditError
from vault.audit.merkle import leaf_hash
from vault.crypto import (
    JournalSecret,
    ReceiptError,
    open_receipt,
    person_pseudonym,
    public_jwk,
    receipt_digest,
    sign_receipt,
)
from vault.services.demand_seals import OpenedDemand, StaleDemandError, add_step
from vault.services.forgetting import FORGET, opened_under_lock
from vault.services.parts import Parts
from vault.services.path_rows import DemandRow
from vault.services.ports import StoredCheckpoint
from vault.services.receipts import SIGNING, public_keys

BATCH = 200
TYP, CTY = "carnet-erasure+jws", "json"


def certificate_of(demand: OpenedDemand) -> bytes | None:
    """The very bytes she is given; None while the log is not signed over it yet, or nothing was forgotten."""
    step = demand.step(DemandMove.CERTIFY)
    return step.words.encode() if step is not None else None


def certify(parts: Parts, demand_id: DemandId) -> bool:
    """Make it, if it can be made and is not: repeatable. Whether it was made."""
    row, checkpoint = parts.data.demand(demand_id), parts.data.last_checkpoint()
    if row is None or checkpoint is None:
        return False
    journal = parts.journal_keys.load(now=parts.now(), carnets=[row.carnet_id]).journal(row.carnet_id)
    seed = parts.rows.load([SIGNING]).get(SIGNING)
    if journal is None or seed is None:
        return False
    with parts.data.change() as work:
        demand = opened_under_lock(work, demand_id, journal)
        told = _erased(parts, demand, journal, checkpoint) if demand is not None else None
        if demand is None or told is None:
            return False
        jws = sign_receipt(erased_payload(told), seed=seed, typ=TYP, cty=CTY)
        add_step(
            work, demand, DemandMove.CERTIFY, DemandBy.SERVICE, journal=journal, words=jws.decode("ascii")
        )
        work.commit()
    return True


def certify_all(parts: Parts) -> int:
    """For the finishing pass: what was forgotten since the last one. How many were made."""
    done = 0
    for state in (DemandState.EXECUTED, DemandState.INFORMED):
        for row in parts.data.demands_in_state(state, limit=BATCH):
            known = _certified(parts, row)
            if row.kind == FORGET and not known:
                try:
                    done += certify(parts, row.demand_id)
                except StaleDemandError:  # another process was faster
                    continue
    return done


def _certified(parts: Parts, row: DemandRow) -> bool:
    steps = parts.data.demand_steps(row.carnet_id, row.demand_id)
    return any(step.step == DemandMove.CERTIFY for step in steps)


def _erased(
    parts: Parts, demand: OpenedDemand, journal: JournalSecret, checkpoint: StoredCheckpoint
) -> Erased | None:
    """What it says. None when nothing was forgotten, it is said already, or the checkpoint is older."""
    step = demand.step(DemandMove.EXECUTE)
    if step is None or "index" not in step.more or demand.step(DemandMove.CERTIFY) is not None:
        return None
    index = int(step.more["index"])
    rows = parts.data.log_rows([index])
    if checkpoint.size <= index or not rows:
        return None
    field_id = FieldId(demand.more["field"])
    copies = parts.key_copies
    return Erased(
        certificate_id=demand.demand_id,
        person=f"urn:carnet:person:{person_pseudonym(journal)}",
        entry_id=demand.row.entry_id or "",
        field_id=field_id,
        label=label_of(parts, field_id),
        compartments=tuple(step.more["compartments"]),
        versions=step.more["versions"],
        observations=step.more["observations"],
        replies=step.more["replies"],
        proposals=step.more["proposals"],
        asked_at=demand.row.received_at,
        forgotten_at=step.at,
        origin=parts.keeper.origin,
        index=index,
        leaf_hash=leaf_hash(rows[0].leaf).hex(),
        checkpoint=checkpoint.note,
        copies_days=copies.days,
        blind_after=blind_after(parts, step.at),
        controller=parts.keeper.controller,
        contact=parts.keeper.contact,
        site=parts.keeper.site,
    )


def blind_after(parts: Parts, forgotten_at: datetime) -> date:
    """The first day on which no copy of the key store can open it."""
    return day_of(forgotten_at + parts.key_copies) + timedelta(days=1)


def label_of(parts: Parts, field_id: FieldId) -> str:
    try:
        return parts.catalogue.field(field_id).label
    except UnknownFieldError:
        return field_id


# --- checking --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckedCertificate:
    """What was found. ``known``: whether the key is in the set that was given; None without one."""

    faults: tuple[str, ...]
    kid: str = ""
    known: bool | None = None
    digest: str = ""
    erased: Erased | None = field(default=None, repr=False)

    @property
    def holds(self) -> bool:
        return not self.faults


def is_certificate(data: bytes) -> bool:
    """Whether these bytes are a signed certificate at all, rather than a receipt."""
    try:
        open_receipt(data.strip(), typ=TYP, cty=CTY)
    except ReceiptError:
        return False
    return True


def check_certificate(data: bytes, *, keys: Sequence[str] | None = None) -> CheckedCertificate:
    """``keys``: the ``x`` of each Ed25519 key that is trusted. Never raises."""
    data = data.strip()
    try:
        signed = open_receipt(data, typ=TYP, cty=CTY)
    except ReceiptError:
        return CheckedCertificate(("this is not a certificate, or its signature does not hold",))
    known = None if keys is None else public_jwk(signed.public)["x"] in keys
    digest = receipt_digest(data).hex()
    try:
        erased = erased_of(signed.payload)
    except CertificateError:
        told = ("its shape is not that of a certificate of erasure",)
        return CheckedCertificate(told, signed.kid, known, digest)
    faults = _faults(erased)
    if known is False:
        faults.append("it was not signed by a key of this set")
    return CheckedCertificate(tuple(faults), signed.kid, known, digest, erased)


def _faults(erased: Erased) -> list[str]:
    faults = []
    try:
        checkpoint = parse_checkpoint(erased.checkpoint.partition("\n\n")[0] + "\n")
    except AuditError:
        faults.append("the checkpoint in it cannot be read")
    else:
        if checkpoint.origin != erased.origin:
            faults.append("the checkpoint in it is that of another log")
        if checkpoint.size <= erased.index:
            faults.append("the checkpoint in it does not cover the entry of the log")
    if erased.forgotten_at < erased.asked_at:
        faults.append("it was forgotten before it was asked")
    if day_of(erased.forgotten_at) + timedelta(days=erased.copies_days) > erased.blind_after:
        faults.append("its dates do not follow each other")
    return faults


def known_certificate(parts: Parts, data: bytes) -> Erased | None:
    """What anybody who holds one may learn on the public page: that it is ours and unchanged."""
    checked = check_certificate(data)
    if not checked.holds or checked.erased is None:
        return None
    signed = open_receipt(data.strip(), typ=TYP, cty=CTY)
    return checked.erased if signed.public in public_keys(parts) else None

"""Every move of a grant is noted here: its entry in the log, in the transaction that moves it.

Whoever changes the state of a grant calls ``note_move`` under the head lock, after the row was changed and
before the commit. What else must follow a move, its receipt (``receipts``), hangs on this one function.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from consent.grants import Grant
from schemas.ids import CompartmentId, GrantId, RequestId, StructureId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.services.journal import Actor, draft
from vault.services.key_sources import Journals
from vault.services.parts import Parts
from vault.services.ports import Appended, Draft, Work
from vault.services.receipts import of_move
from vault.services.standing import check_acts

ONCE_HELD = timedelta(days=183)  # how long a former grantee is told "ended" rather than "not shared"
# After these somebody reads no more: what was shared gets new keys at her next session, or in this one.
ROTATING = frozenset({Op.WITHDRAW, Op.REVOKE, Op.INVALIDATE, Op.EXPIRE, Op.LAPSE, Op.REPLACE})


def note_move(
    work: Work,
    parts: Parts,
    op: Op,
    grant: Grant,
    structure_id: StructureId | None,
    journals: Journals,
    actor: Actor,
    *,
    reason: str | None = None,
    request_id: RequestId | None = None,
    still_read: Collection[CompartmentId] = (),
    replaced_by: GrantId | None = None,
    replaces: Sequence[Grant] = (),
) -> Appended:
    """Append the entry of what became of ``grant``, which is told as it now stands, and add its receipt.
    ``still_read``: what its grantee goes on reading under the grant that takes its place, and which therefore
    needs no new key. Raises NoLongerActsError when whoever acts for her may not any more."""
    check_acts(parts, actor)
    if op in ROTATING:
        work.ask_rotation(grant.terms.carnet_id, grant.reads - set(still_read))
    entry = grant_entry(parts, op, grant, structure_id, journals, actor, reason=reason, request_id=request_id)
    appended = work.append(entry)
    of_move(
        work,
        parts,
        op,
        grant,
        structure_id,
        journals,
        actor,
        appended,
        reason=reason,
        request_id=request_id,
        replaced_by=replaced_by,
        replaces=replaces,
    )
    return appended


def grant_entry(
    parts: Parts,
    op: Op,
    grant: Grant,
    structure_id: StructureId | None,
    journals: Journals,
    actor: Actor,
    *,
    reason: str | None = None,
    request_id: RequestId | None = None,
) -> Draft:
    """The entry of what becomes of a grant."""
    terms = grant.terms
    about = AboutContent(
        carnet_id=terms.carnet_id,
        structure_id=structure_id,
        purpose_id=terms.purpose_id,
        legal_basis=terms.legal_basis,
        grant_id=terms.grant_id,
        fields=terms.compartments,
        reason=reason,
        request_id=request_id,
        until=round(terms.ends_at.timestamp() * 1000) if op is Op.GRANT else None,
    )
    return draft(
        op,
        Outcome.GRANTED,
        journals=journals,
        actor=actor,
        carnet_id=terms.carnet_id,
        about=about,
        random=parts.random,
        field_count=len(terms.compartments),
    )

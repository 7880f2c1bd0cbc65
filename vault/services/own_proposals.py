"""What somebody proposed, shown to himself: what waits with its value, the rest as « answered » without it.

After one ``read`` entry that names no field: nothing of hers is shown. He opens it by the grant he proposed
it by; when that ended, nothing does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.ids import CarnetId, EntryId, FieldId, ProposalId, PurposeId
from schemas.names import Outcome
from vault.audit.events import AboutContent, Op
from vault.carnet.entries import Body, EntryBrokenError
from vault.crypto import CryptoError, GrantKey, proposing_key
from vault.services.journal import agents_of, draft
from vault.services.key_sources import CallerKeys, ReaderSecrets
from vault.services.parts import Parts
from vault.services.path_rows import ProposalRow
from vault.services.ports import Appended, Draft, GrantRow, ReadTicket, Recheck
from vault.services.proposal_seals import key_for_author, open_proposal
from vault.services.proposing import PROPOSED, May, Refusal, may_propose
from vault.services.reading import AccessEnded, Reader
from vault.services.referents import assignment_needed

OWN = "proposals"  # why he looked, in her journal


@dataclass(frozen=True, slots=True)
class OwnProposal:
    """``body`` None: it was answered, or does not open any more."""

    proposal_id: ProposalId
    field_id: FieldId
    on_entry: EntryId | None
    proposed_at: datetime
    waits: bool
    body: Body | None


@dataclass(frozen=True, slots=True)
class OwnProposals:
    may: May
    items: Sequence[OwnProposal]
    access_no: int
    at: datetime


def own_proposals(
    parts: Parts, reader: Reader, carnet_id: CarnetId, purpose_id: PurposeId | None = None
) -> OwnProposals | Refusal:
    """Oldest first. Raises LogUnavailableError: then nothing was opened."""
    may = may_propose(parts, reader, carnet_id, purpose_id)
    if not isinstance(may, May):
        return may
    receipt = _append(parts, reader, may)
    if receipt.out is not Outcome.GRANTED:
        return AccessEnded()
    caller = CallerKeys(frozenset(reader.grantees))
    (secrets,) = parts.reader_keys.load([(receipt, caller, may.allowed)])
    if secrets.grant is None or secrets.shred is None:
        return AccessEnded()
    items = [_opened(parts, row, secrets, may.grant) for row in may.own]
    return OwnProposals(may, items, receipt.no, receipt.at)


def _append(parts: Parts, reader: Reader, may: May) -> Appended:
    carnet_id, actor = may.carnet.carnet_id, reader.actor
    journals = parts.journal_keys.load(now=parts.now(), carnets=[carnet_id], agents=agents_of(actor))
    about = AboutContent(
        carnet_id=carnet_id,
        structure_id=reader.structure_id,
        role=actor.role,
        purpose_id=may.grant.grant.terms.purpose_id,
        legal_basis=may.allowed.legal_basis,
        grant_id=may.allowed.grant_id,
        reason=OWN,
    )

    def entry(out: Outcome) -> Draft:
        return draft(
            Op.READ,
            out,
            journals=journals,
            actor=actor,
            carnet_id=carnet_id,
            about=about,
            random=parts.random,
        )

    recheck = Recheck(
        carnet_id,
        may.allowed.grant_id,
        actor.client_id,
        actor.professional_id,
        assignment_needed(may.facts, may.allowed.grant_id),
    )
    ticket = ReadTicket(entry(Outcome.GRANTED), recheck, lambda: entry(Outcome.DENIED))
    (receipt,) = parts.data.append_reads([ticket])
    return receipt


def _opened(parts: Parts, row: ProposalRow, secrets: ReaderSecrets, grant: GrantRow) -> OwnProposal:
    waits = row.state == PROPOSED
    body = _body(parts, row, secrets, grant) if waits else None
    return OwnProposal(row.proposal_id, row.field_id, row.on_entry, row.proposed_at, waits, body)


def _body(parts: Parts, row: ProposalRow, secrets: ReaderSecrets, grant: GrantRow) -> Body | None:
    """None when it does not open: it was altered, or the key of the grant changed since."""
    seed = secrets.seed_for(grant.grant.terms.key_id)
    if seed is None or secrets.grant is None or secrets.shred is None:
        return None
    try:
        key = GrantKey(parts.reader_keys.open_grant_key(grant.sealed_key, seed, grant.terms))
        under = proposing_key(secrets.grant, key)
        opened = open_proposal(
            row,
            key=key_for_author(row, under=under, instance=parts.instance),
            salt=secrets.shred.salts([row.slot])[row.slot],
            instance=parts.instance,
        )
    except (CryptoError, EntryBrokenError):
        return None
    return opened.body

"""When a grant gets a new key, in the person's own session, what was proposed by it stays readable to its
author: F_e comes from her box, and is wrapped again under the new key of the grant."""

from dataclasses import replace

from schemas.ids import CarnetId, GrantId
from vault.crypto import CryptoError, GrantKey, GrantSecret, box_seed, proposing_key
from vault.services.key_sources import OwnerSecrets
from vault.services.ports import Work
from vault.services.proposal_seals import key_for_her, wrap_for_author
from vault.services.proposing import PROPOSED


def rewrap_proposals(
    work: Work,
    carnet_id: CarnetId,
    grant_id: GrantId,
    key: GrantKey,
    secret: GrantSecret,
    secrets: OwnerSecrets,
    *,
    instance: str,
) -> int:
    """Inside the transaction that changes the key of the grant. What does not open is left as it was."""
    under, seed, done = proposing_key(secret, key), box_seed(secrets.own), 0
    for row in work.proposals_of(carnet_id):
        if row.grant_id != grant_id or row.state != PROPOSED:
            continue
        try:
            opened = key_for_her(row, seed=seed, instance=instance)
        except CryptoError:
            continue
        wrapped = wrap_for_author(row, opened, under=under, instance=instance)
        done += work.rewrap_proposal(replace(row, author_key=wrapped))
    return done

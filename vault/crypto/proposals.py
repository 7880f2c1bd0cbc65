"""What somebody proposes to write: its own key, for the person and for its author (docs/formats/proposal.md).

A proposal is a record under a random key F_e, in a slot of its own. F_e is sealed to the carnet's box, for
the person, and wrapped under a key of the grant by which it was proposed, for its author. Both are bound to
what the row says of it (``facts``): who, by which grant, in which field, beside which entry, when. A row that
was edited opens for nobody.

The key of the grant that wraps F_e is not the one that wraps field keys: whoever may propose and not read is
given the first alone, and opens no field with it.
"""

from hashlib import sha256

from vault.crypto.keys import GrantKey, GrantSecret, WrappingKey
from vault.crypto.primitives import framed, hkdf
from vault.crypto.wraps import GRANT_PROPOSAL, box_place


def proposing_key(secret: GrantSecret, key: GrantKey) -> WrappingKey:
    """Wraps the keys of what is proposed by one grant. Needs a secret of K and a key from D."""
    return WrappingKey(hkdf(key, b"proposals", salt=secret))


def proposal_place(instance: str, carnet_id: str, grant_id: str, facts: bytes) -> bytes:
    """F_e of a proposal, for whoever made it. ``facts``: the canonical bytes of what its row says."""
    return b"".join(
        (
            GRANT_PROPOSAL,
            framed(instance),
            framed(carnet_id),
            framed(grant_id),
            framed(sha256(facts).hexdigest()),
        )
    )


def proposal_box_place(instance: str, carnet_id: str, facts: bytes) -> bytes:
    """F_e of a proposal, for the person."""
    return box_place(instance, carnet_id, f"proposal {sha256(facts).hexdigest()}")

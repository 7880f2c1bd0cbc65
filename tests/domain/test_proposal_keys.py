"""The keys of a proposal, against values computed apart from the program (docs/formats/proposal.md)."""

from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest

import pytest

from schemas.framing import lp
from schemas.ids import CarnetId, FieldId, GrantId, ProfessionalId, ProposalId, StructureId
from vault.crypto import GrantKey, GrantSecret, OpenError, grant_wrapping_key, proposing_key
from vault.crypto.proposals import proposal_box_place, proposal_place
from vault.crypto.wraps import unwrap_key, wrap_key
from vault.services.path_rows import ProposalRow
from vault.services.proposal_seals import facts_of

Q_G, G_G = GrantSecret(b"q" * 32), GrantKey(b"g" * 32)
ROW = ProposalRow(
    CarnetId("c"),
    ProposalId("p"),
    FieldId("permis_conduire"),
    None,
    3,
    1,
    GrantId("g"),
    ProfessionalId("m"),
    StructureId("s"),
    "proposed",
    datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    None,
    b"",
    b"",
    b"",
)
FACTS = (
    b'{"at":"2026-11-23T09:30:00+00:00","carnet":"c","field":"permis_conduire","grant":"g","on":"",'
    b'"professional":"m","proposal":"p","slot":3,"structure":"s","version":1}'
)


def test_the_facts_a_proposal_is_sealed_for_are_these_bytes() -> None:
    assert facts_of(ROW) == FACTS


def test_the_key_that_wraps_proposals_is_derived_apart_from_that_of_fields() -> None:
    extracted = digest(Q_G, G_G, "sha256")  # RFC 5869, by hand
    assert proposing_key(Q_G, G_G) == digest(extracted, b"proposals\x01", "sha256")
    assert proposing_key(Q_G, G_G) != grant_wrapping_key(Q_G, G_G)


def test_the_places_name_the_grant_and_the_digest_of_the_facts() -> None:
    told = sha256(FACTS).hexdigest()
    assert proposal_place("i", "c", "g", FACTS) == lp("carnet/wrap/1/grant-proposal", "i", "c", "g", told)
    assert proposal_box_place("i", "c", FACTS) == lp("carnet/wrap/1/box", "i", "c", f"proposal {told}")


def test_a_key_wrapped_for_one_grant_opens_for_no_other() -> None:
    under = proposing_key(Q_G, G_G)
    wrapped = wrap_key(b"k" * 32, under=under, place=proposal_place("i", "c", "g", FACTS))
    assert unwrap_key(wrapped, under=under, place=proposal_place("i", "c", "g", FACTS)) == b"k" * 32
    with pytest.raises(OpenError):
        unwrap_key(wrapped, under=under, place=proposal_place("i", "c", "h", FACTS))
    with pytest.raises(OpenError):
        unwrap_key(wrapped, under=grant_wrapping_key(Q_G, G_G), place=proposal_place("i", "c", "g", FACTS))

"""Identifiers, one type each, so that swapping two of them is a type error.

All are opaque strings for outsiders. Ids made here are 128 random bits in lower-case base32 without
padding (26 characters): nothing about a person, an order or a time can be read from them.
"""

import base64
import secrets
from typing import NewType

CarnetId = NewType("CarnetId", str)
EntryId = NewType("EntryId", str)
GrantId = NewType("GrantId", str)
StructureId = NewType("StructureId", str)
ProfessionalId = NewType("ProfessionalId", str)  # a person *in a structure*: one habilitation
AccountId = NewType("AccountId", str)  # one (issuer, subject) pair of a sign-in provider
ClientId = NewType("ClientId", str)
InvitationId = NewType("InvitationId", str)
RequestId = NewType("RequestId", str)  # somebody asks a person to share
ReceiptId = NewType("ReceiptId", str)
MandateId = NewType("MandateId", str)
ProposalId = NewType("ProposalId", str)  # a value somebody proposes to write
DemandId = NewType("DemandId", str)  # she exercises a right: forgetting, access, restriction…
SessionId = NewType("SessionId", str)  # digest of the cookie's secret: safe to store, useless to present
PurposeId = NewType("PurposeId", str)
FieldId = NewType("FieldId", str)  # a field of the catalogue, without compartment
CompartmentId = NewType("CompartmentId", str)  # "revenus_sources" or "revenus_sources:precis"


def new_id() -> str:
    """128 random bits as 26 lower-case base32 characters."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()

"""Rows and tickets with random ids, for tests of the stores: what they mean does not matter there."""

import secrets
from datetime import UTC, datetime, timedelta

from consent.grants import Grant, Grantee, Terms
from schemas.ids import (
    AccountId,
    CarnetId,
    ClientId,
    CompartmentId,
    EntryId,
    GrantId,
    ProfessionalId,
    PurposeId,
    StructureId,
    new_id,
)
from schemas.names import EntryState, GrantState, LegalBasis, Outcome, Right, Role, StructureKind
from vault.services.rows import (
    AccountRow,
    CarnetRow,
    ClientRow,
    Draft,
    GrantKeyRow,
    GrantRow,
    HabilitationRow,
    ReadTicket,
    Recheck,
    RecordHead,
    RecordRow,
    StructureRow,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
YEAR = timedelta(days=365)
PURPOSE = PurposeId("accompagnement")
FIELDS = tuple(CompartmentId(f"champ_{number:02}") for number in range(20))


class Clock:
    """A clock that moves when told to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def a_draft(op: str = "read", out: Outcome = Outcome.GRANTED, *, carnet_tag: bytes = b"c" * 16) -> Draft:
    return Draft(
        op=op,
        out=out,
        month="202611",
        n=secrets.token_bytes(16),
        tag=secrets.token_bytes(16),
        about=secrets.token_bytes(32),
        actor=secrets.token_bytes(32),
        about_sealed=secrets.token_bytes(300),
        actor_sealed=secrets.token_bytes(300),
        carnet_tag=carnet_tag,
        structure_tag=secrets.token_bytes(16),
        agent_tag=secrets.token_bytes(16),
    )


def a_ticket(recheck: Recheck | None = None, op: str = "read") -> ReadTicket:
    return ReadTicket(a_draft(op), recheck, lambda: a_draft(op, Outcome.DENIED))


def a_carnet(carnet_id: CarnetId | None = None) -> CarnetRow:
    made = CarnetId(new_id()) if carnet_id is None else carnet_id
    return CarnetRow(made, new_id()[:10], "open", NOW, 0, "2026-11")


def a_record(
    carnet_id: CarnetId,
    compartment: CompartmentId = FIELDS[0],
    *,
    entry_id: EntryId | None = None,
    version: int = 1,
    slot: int = 0,
    state: EntryState = EntryState.CURRENT,
) -> RecordRow:
    head = RecordHead(
        carnet_id=carnet_id,
        entry_id=entry_id or EntryId(new_id()),
        compartment=compartment,
        version=version,
        slot=slot,
        epoch=1,
        schema_version=1,
        state=state,
        held=secrets.token_bytes(8),
    )
    return RecordRow(head, secrets.token_bytes(334))


def a_grant(
    carnet_id: CarnetId,
    grantee: Grantee | None = None,
    *,
    purpose_id: PurposeId = PURPOSE,
    starts_at: datetime = NOW,
    ends_at: datetime = NOW + YEAR,
) -> GrantRow:
    terms = Terms(
        grant_id=GrantId(new_id()),
        carnet_id=carnet_id,
        grantee=grantee or Grantee.structure(StructureId(new_id())),
        key_id="0123456789abcdef",
        compartments=FIELDS,
        rights=(Right.READ,),
        purpose_id=purpose_id,
        legal_basis=LegalBasis.CONSENT,
        starts_at=starts_at,
        ends_at=ends_at,
        catalogue_version="1",
        frame_version="1",
        consent_record="notice 1",
    )
    sealed = secrets.token_bytes(1169)
    return GrantRow(Grant(terms, GrantState.GRANTED), terms.to_bytes(), sealed, secrets.token_bytes(62))


def some_keys(grant: GrantRow) -> list[GrantKeyRow]:
    return [GrantKeyRow(grant.grant.id, field, 1, secrets.token_bytes(62)) for field in FIELDS]


def a_structure(name: str = "CCAS de Roubaix") -> StructureRow:
    return StructureRow(StructureId(new_id()), name, StructureKind.CCAS, None)


def a_client(structure: StructureRow, *, ends_at: datetime | None = None) -> ClientRow:
    return ClientRow(ClientId(new_id()), structure.structure_id, "logiciel", "{}", ends_at)


def an_account(carnet_id: CarnetId | None = None) -> AccountRow:
    return AccountRow(AccountId(new_id()), carnet_id, secrets.token_bytes(200), NOW)


def a_habilitation(
    account: AccountRow, structure: StructureRow, *, ends_at: datetime | None = None
) -> HabilitationRow:
    return HabilitationRow(
        ProfessionalId(new_id()), account.account_id, structure.structure_id, Role.REFERENT, NOW, ends_at
    )

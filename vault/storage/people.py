"""Structures and their systems, accounts, habilitations, invitations."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, tuple_, update

from schemas.ids import AccountId, ClientId, InvitationId, ProfessionalId, StructureId
from schemas.names import Role, StructureKind
from vault.services.rows import AccountRow, ClientRow, HabilitationRow, InvitationRow, StructureRow
from vault.storage.columns import padded
from vault.storage.doors import Changes, Looks
from vault.storage.tables import accounts, clients, habilitations, invitations, structures

_STRUCTURE = select(
    structures.c.structure_id,
    structures.c.name,
    structures.c.kind,
    structures.c.siret,
    structures.c.sensitive,
)
_CLIENT = select(
    clients.c.client_id,
    clients.c.structure_id,
    clients.c.name,
    clients.c.public_jwks,
    clients.c.ends_at,
    clients.c.jwks_uri,
    clients.c.dpop,
).where(clients.c.client_id == bindparam("client"))
_ACCOUNT = select(
    accounts.c.account_id, accounts.c.carnet_id, accounts.c.sealed, accounts.c.refreshed_at
).where(accounts.c.account_id == bindparam("account"))
HABILITATION = select(
    habilitations.c.professional_id,
    habilitations.c.account_id,
    habilitations.c.structure_id,
    habilitations.c.role,
    habilitations.c.starts_at,
    habilitations.c.ends_at,
    habilitations.c.invitation_id,
)
_ONE_HABILITATION = HABILITATION.where(habilitations.c.professional_id == bindparam("professional"))
_HABILITATIONS_OF = HABILITATION.where(habilitations.c.account_id == bindparam("account")).order_by(
    habilitations.c.starts_at, habilitations.c.professional_id
)
INVITATION = select(
    invitations.c.invitation_id,
    invitations.c.structure_id,
    invitations.c.role,
    invitations.c.sealed_email,
    invitations.c.expires_at,
    invitations.c.used_by,
    invitations.c.invited_by,
    invitations.c.habilitation_ends_at,
    invitations.c.cancelled_at,
)
_ONE_INVITATION = INVITATION.where(invitations.c.invitation_id == bindparam("invitation"))
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'"})


def folded(text: str) -> str:
    """Without accents, capitals or ligatures, words separated by one space; control characters are gone."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    kept = "".join(char for char in plain if char.isprintable() and not unicodedata.combining(char))
    return " ".join(kept.split())


def _structure(row: Sequence[Any]) -> StructureRow:
    structure_id, name, kind, siret, sensitive = row
    return StructureRow(structure_id, name, StructureKind(kind), siret, bool(sensitive))


def habilitation_row(row: Sequence[Any]) -> HabilitationRow:
    professional_id, account_id, structure_id, role, *rest = row
    return HabilitationRow(professional_id, account_id, structure_id, Role(role), *rest)


def invitation_row(row: Sequence[Any]) -> InvitationRow:
    invitation_id, structure_id, role, *rest = row
    return InvitationRow(invitation_id, structure_id, Role(role), *rest)


def _client(row: Sequence[Any]) -> ClientRow:
    client_id, structure_id, name, public_jwks, ends_at, jwks_uri, dpop = row
    return ClientRow(client_id, structure_id, name, public_jwks, ends_at, jwks_uri, bool(dpop))


class PeopleChanges(Changes):
    def add_structure(self, row: StructureRow) -> None:
        self._connection.execute(
            insert(structures),
            {
                "structure_id": row.structure_id,
                "name": row.name,
                "folded": folded(row.name),
                "kind": row.kind.value,
                "siret": row.siret,
                "sensitive": int(row.sensitive),
            },
        )

    def add_client(self, row: ClientRow) -> None:
        self._connection.execute(
            insert(clients),
            {
                "client_id": row.client_id,
                "structure_id": row.structure_id,
                "name": row.name,
                "public_jwks": row.public_jwks,
                "ends_at": row.ends_at,
                "jwks_uri": row.jwks_uri,
                "dpop": int(row.dpop),
            },
        )

    def add_account(self, row: AccountRow) -> None:
        self._connection.execute(
            insert(accounts),
            {
                "account_id": row.account_id,
                "carnet_id": row.carnet_id,
                "sealed": row.sealed,
                "refreshed_at": row.refreshed_at,
            },
        )

    def refresh_account(self, account_id: AccountId, sealed: bytes) -> None:
        self._connection.execute(
            update(accounts)
            .where(accounts.c.account_id == account_id)
            .values(sealed=sealed, refreshed_at=self.now)
        )

    def add_habilitation(self, row: HabilitationRow) -> None:
        self._connection.execute(
            insert(habilitations),
            {
                "professional_id": row.professional_id,
                "account_id": row.account_id,
                "structure_id": row.structure_id,
                "role": row.role.value,
                "starts_at": row.starts_at,
                "ends_at": row.ends_at,
                "invitation_id": row.invitation_id,
            },
        )

    def add_invitation(self, row: InvitationRow) -> None:
        self._connection.execute(
            insert(invitations),
            {
                "invitation_id": row.invitation_id,
                "structure_id": row.structure_id,
                "role": row.role.value,
                "sealed_email": row.sealed_email,
                "expires_at": row.expires_at,
                "used_by": row.used_by,
                "invited_by": row.invited_by,
                "habilitation_ends_at": row.habilitation_ends_at,
                "cancelled_at": row.cancelled_at,
            },
        )

    def use_invitation(self, invitation_id: InvitationId, professional_id: ProfessionalId) -> bool:
        """Once: False when it was used, is over, or does not exist."""
        used = (
            update(invitations)
            .where(
                invitations.c.invitation_id == invitation_id,
                invitations.c.used_by.is_(None),
                invitations.c.cancelled_at.is_(None),
                invitations.c.expires_at > self.now,
            )
            .values(used_by=professional_id)
        )
        return self._connection.execute(used).rowcount == 1


class PeopleLooks(Looks):
    def structure(self, structure_id: StructureId) -> StructureRow | None:
        return self.structures([structure_id]).get(structure_id)

    def structures(self, ids: Collection[StructureId]) -> Mapping[StructureId, StructureRow]:
        statement = _STRUCTURE.where(structures.c.structure_id.in_(padded(ids)))
        with self._database.read() as connection:
            found = [_structure(row) for row in connection.execute(statement)]
        return {row.structure_id: row for row in found}

    def search_structures(
        self, words: str, *, after: StructureId | None, limit: int
    ) -> Sequence[StructureRow]:
        """Those whose name holds every word, by name; accents and capitals do not count. ``after``: the
        last one of the page before; one that is unknown gives an empty page."""
        statement = _STRUCTURE.where(
            *(structures.c.folded.contains(word, autoescape=True) for word in folded(words).split())
        ).order_by(structures.c.folded, structures.c.structure_id)
        if after is not None:
            last = select(structures.c.folded, structures.c.structure_id).where(
                structures.c.structure_id == after
            )
            statement = statement.where(
                tuple_(structures.c.folded, structures.c.structure_id) > last.scalar_subquery()
            )
        with self._database.read() as connection:
            return [_structure(row) for row in connection.execute(statement.limit(limit))]

    def client(self, client_id: ClientId) -> ClientRow | None:
        with self._database.read() as connection:
            row = connection.execute(_CLIENT, {"client": client_id}).one_or_none()
        return _client(row) if row else None

    def account(self, account_id: AccountId) -> AccountRow | None:
        with self._database.read() as connection:
            row = connection.execute(_ACCOUNT, {"account": account_id}).one_or_none()
        return AccountRow(*row) if row else None

    def habilitation(self, professional_id: ProfessionalId) -> HabilitationRow | None:
        with self._database.read() as connection:
            row = connection.execute(_ONE_HABILITATION, {"professional": professional_id}).one_or_none()
        return habilitation_row(row) if row else None

    def habilitations_of(self, account_id: AccountId) -> Sequence[HabilitationRow]:
        """Live or not, oldest first."""
        with self._database.read() as connection:
            return [
                habilitation_row(row)
                for row in connection.execute(_HABILITATIONS_OF, {"account": account_id})
            ]

    def invitation(self, invitation_id: InvitationId) -> InvitationRow | None:
        with self._database.read() as connection:
            row = connection.execute(_ONE_INVITATION, {"invitation": invitation_id}).one_or_none()
        return invitation_row(row) if row else None

"""Structures, clients, accounts, habilitations and invitations, there and back, on both engines."""

from datetime import timedelta

import pytest

from schemas.ids import AccountId, ClientId, InvitationId, ProfessionalId, StructureId, new_id
from schemas.names import Role, StructureKind
from tests.storage.makers import NOW, Clock, a_client, a_habilitation, a_structure, an_account
from vault.services.rows import AccountRow, InvitationRow, StructureRow
from vault.storage import ConflictError, SqlDataStore
from vault.storage.people import folded


def test_people_come_back_as_they_were_given(data: SqlDataStore, clock: Clock) -> None:
    structure = StructureRow(
        StructureId(new_id()), "Mission locale d’Aÿ", StructureKind.MISSION_LOCALE, "1" * 14
    )
    account = an_account()
    client = a_client(structure, ends_at=NOW)
    member = a_habilitation(account, structure)
    with data.change() as work:
        work.add_structure(structure)
        work.add_client(client)
        work.add_account(account)
        work.add_habilitation(member)
        work.commit()
    assert data.structure(structure.structure_id) == structure
    assert data.structures([structure.structure_id, StructureId("?")]) == {structure.structure_id: structure}
    assert data.client(client.client_id) == client
    assert data.account(account.account_id) == account
    assert data.habilitation(member.professional_id) == member
    assert data.habilitations_of(account.account_id) == [member]
    clock.advance(hours=1)
    with data.change() as work:
        work.refresh_account(account.account_id, b"new")
        work.commit()
    assert data.account(account.account_id) == AccountRow(account.account_id, None, b"new", clock.now)


def test_unknown_people_are_nobody(data: SqlDataStore) -> None:
    assert data.structure(StructureId("\x00")) is None
    assert data.structures([]) == {}
    assert data.client(ClientId("?")) is None
    assert data.account(AccountId("?")) is None
    assert data.habilitation(ProfessionalId("?")) is None
    assert data.habilitations_of(AccountId("?")) == []
    assert data.invitation(InvitationId("?")) is None


def test_a_client_of_no_structure_is_refused(data: SqlDataStore) -> None:
    with pytest.raises(ConflictError), data.change() as work:
        work.add_client(a_client(a_structure()))


def test_an_invitation_is_used_once_and_in_time(data: SqlDataStore, clock: Clock) -> None:
    structure = a_structure()
    invitation = InvitationRow(
        InvitationId(new_id()),
        structure.structure_id,
        Role.REFERENT,
        b"sealed",
        NOW + timedelta(days=7),
        None,
    )
    late = InvitationRow(
        InvitationId(new_id()), structure.structure_id, Role.DPO, b"sealed", NOW + timedelta(days=6), None
    )
    with data.change() as work:
        work.add_structure(structure)
        work.add_invitation(invitation)
        work.add_invitation(late)
        work.commit()
    assert data.invitation(invitation.invitation_id) == invitation
    clock.advance(days=6)
    who = ProfessionalId(new_id())
    with data.change() as work:
        assert work.use_invitation(invitation.invitation_id, who)
        assert not work.use_invitation(invitation.invitation_id, ProfessionalId(new_id()))
        assert not work.use_invitation(late.invitation_id, who)
        assert not work.use_invitation(InvitationId("unknown"), who)
        work.commit()
    found = data.invitation(invitation.invitation_id)
    assert found is not None
    assert found.used_by == who


def test_structures_are_found_by_any_words_of_their_name_whatever_the_accents(data: SqlDataStore) -> None:
    names = [
        "CCAS de Hérouville-Saint-Clair",
        "Mission locale de l’Œuvre",
        "ccas de Caen",
        "100 % emploi_plus",
    ]
    with data.change() as work:
        for name in names:
            work.add_structure(a_structure(name))
        work.commit()

    def found(words: str) -> list[str]:
        return [row.name for row in data.search_structures(words, after=None, limit=10)]

    assert found("herouville") == [names[0]]
    assert found("CCAS") == [names[2], names[0]]
    assert found("caen ccas") == [names[2]]
    assert found("oeuvre") == found("ŒUVRE") == [names[1]]
    assert found("%") == found("emploi_") == [names[3]]
    assert found("\\") == found("' OR") == found("nulle part") == []
    assert len(found("")) == len(found("\x00 \ud800")) == 4


def test_the_search_goes_on_after_the_last_one_seen(data: SqlDataStore) -> None:
    rows = [a_structure(f"Structure {letter}") for letter in "cabed"]
    with data.change() as work:
        for row in rows:
            work.add_structure(row)
        work.commit()
    first = data.search_structures("structure", after=None, limit=3)
    rest = data.search_structures("structure", after=first[-1].structure_id, limit=3)
    assert [row.name[-1] for row in (*first, *rest)] == list("abcde")
    assert data.search_structures("structure", after=StructureId("unknown"), limit=3) == []


def test_folding_leaves_plain_words() -> None:
    assert folded("  Éa\u0300 \tŒ\x00UVRE ﬁn ") == "ea oeuvre fin"

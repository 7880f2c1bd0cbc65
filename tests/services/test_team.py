"""Whoever manages a team sees it, invites, cancels and ends; she reads no carnet, and no team but hers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from schemas.ids import ProfessionalId, StructureId, new_id
from schemas.names import Role, StructureKind
from tests.world import RULES, Professional, World, coming_in_pro
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.services import administering, invitations, mailing, team
from vault.services.bindings import in_force
from vault.services.habilitations import NoSuchHabilitationError
from vault.services.invitations import NoSuchInvitationError, PastEndError, invitation_of
from vault.services.journal import OPERATOR
from vault.services.managing import NoLongerManagerError
from vault.services.sessions import NewSession
from vault.services.signing_in import NotInvited, professional_signs_in
from vault.services.team import Doubt, LastManagerError, Posted, end_member, look_at_team

CCAS = StructureKind.CCAS
SIRET = "13002526500013"


@pytest.fixture
def there(village: World) -> StructureId:
    return administering.add_structure(village.parts, name="CCAS de Port-Brannec", kind=CCAS, siret=SIRET)


@pytest.fixture
def boss(village: World, there: StructureId) -> Professional:
    return village.member(there, new_id(), Role.MANAGER, kind=CCAS)


def joins(
    village: World, there: StructureId, role: Role, *, claims: dict[str, str] | None = None
) -> ProfessionalId:
    """A newcomer invited at a@b.example, who is told of her by ProConnect whatever ``claims`` says."""
    invited = administering.invite(village.parts, structure_id=there, email="a@b.example", role=role)
    told = {"given_name": "Nadia", "usual_name": "Prévost", "email": "A@b.example", "siret": SIRET}
    coming = coming_in_pro(new_id(), claims=told | (claims or {}))
    session = professional_signs_in(village.parts, coming, invitation=invited.secret, rules=RULES)
    assert isinstance(session, NewSession)
    return ProfessionalId(session.session.row.subject)


def last_op(village: World) -> Op:
    (row,) = village.parts.data.log_rows([village.parts.data.log_size() - 1])
    return Leaf.parse(row.leaf).op


# --- looking ---------------------------------------------------------------------------------------------


def test_a_look_is_one_entry_and_shows_who_works_here_and_who_was_invited(
    village: World, there: StructureId, boss: Professional
) -> None:
    nadia = joins(village, there, Role.REFERENT)
    invited = administering.invite(
        village.parts, structure_id=there, email="omar@b.example", role=Role.ADVISER
    )
    size = village.parts.data.log_size()
    team = look_at_team(village.parts, there, actor=boss.reader.actor)
    assert village.parts.data.log_size() == size + 1
    assert last_op(village) is Op.TEAM_READ
    members = {one.professional_id: one for one in team.members}
    assert set(members) == {nadia, boss.professional_id}
    assert (members[nadia].name, members[nadia].email) == ("Nadia Prévost", "A@b.example")
    assert members[nadia].doubts == (), "an address is the same in capitals"
    (one,) = team.invited
    assert (one.invitation_id, one.email) == (invited.invitation_id, "omar@b.example")
    assert one.posted is Posted.WAITING
    assert "Nadia" not in repr(team)
    assert "omar" not in repr(team)


def test_another_address_or_another_siret_than_expected_is_told(
    village: World, there: StructureId, boss: Professional
) -> None:
    other = {"email": "nadia@ailleurs.example", "siret": "1" * 14}
    nadia = joins(village, there, Role.REFERENT, claims=other)
    (member,) = [
        one
        for one in look_at_team(village.parts, there, actor=boss.reader.actor).members
        if one.professional_id == nadia
    ]
    assert [(one.doubt, one.told, one.expected) for one in member.doubts] == [
        (Doubt.EMAIL, "nadia@ailleurs.example", "a@b.example"),
        (Doubt.SIRET, "1" * 14, SIRET),
    ]


@pytest.mark.parametrize("who", ["manager elsewhere", "referent here", "dpo here", "left"])
def test_nobody_else_is_shown_a_team(village: World, there: StructureId, who: str) -> None:
    if who == "manager elsewhere":
        asks = village.member(village.structure(), new_id(), Role.MANAGER, kind=CCAS)
    else:
        role = {"referent here": Role.REFERENT, "dpo here": Role.DPO, "left": Role.MANAGER}[who]
        asks = village.member(there, new_id(), role, kind=CCAS)
    if who == "left":
        end_member(village.parts, asks.professional_id, structure_id=there, at=None, actor=OPERATOR)
    size = village.parts.data.log_size()
    invited = administering.invite(village.parts, structure_id=there, email="a@b.fr", role=Role.MEMBER)
    actor = asks.reader.actor
    acts: list[Callable[[], object]] = [
        lambda: look_at_team(village.parts, there, actor=actor),
        lambda: invitations.invite(
            village.parts, structure_id=there, email="a@b.fr", role=Role.MEMBER, actor=actor
        ),
        lambda: invitations.cancel(village.parts, invited.invitation_id, structure_id=there, actor=actor),
        lambda: invitations.send_again(village.parts, invited.invitation_id, structure_id=there, actor=actor),
    ]
    for act in acts:
        with pytest.raises(NoLongerManagerError):
            act()
    assert village.parts.data.log_size() == size + 1
    assert invitation_of(village.parts, invited.secret) is not None


def test_an_invitation_or_a_member_of_another_team_is_out_of_reach(
    village: World, there: StructureId, boss: Professional
) -> None:
    other = village.structure()
    nadia = joins(village, other, Role.REFERENT)
    invited = administering.invite(village.parts, structure_id=other, email="a@b.fr", role=Role.MEMBER)
    for act in (invitations.cancel, invitations.send_again):
        with pytest.raises(NoSuchInvitationError):
            act(village.parts, invited.invitation_id, structure_id=there, actor=boss.reader.actor)
    with pytest.raises(NoSuchHabilitationError):
        end_member(village.parts, nadia, structure_id=there, at=None, actor=boss.reader.actor)
    assert invitation_of(village.parts, invited.secret) is not None


# --- inviting --------------------------------------------------------------------------------------------


def test_a_manager_invites_up_to_a_day_and_the_habilitation_ends_with_it(
    village: World, there: StructureId, boss: Professional
) -> None:
    ends_at = village.parts.now() + timedelta(days=3)
    invited = invitations.invite(
        village.parts,
        structure_id=there,
        email="a@b.fr",
        role=Role.MEMBER,
        ends_at=ends_at,
        actor=boss.reader.actor,
    )
    assert last_op(village) is Op.INVITE
    assert invited.expires_at < village.parts.now() + timedelta(days=4), "a link outlives nothing it gives"
    session = professional_signs_in(
        village.parts, coming_in_pro(new_id()), invitation=invited.secret, rules=RULES
    )
    assert isinstance(session, NewSession)
    row = village.parts.data.habilitation(ProfessionalId(session.session.row.subject))
    assert row is not None
    assert row.ends_at is not None
    assert abs(row.ends_at - ends_at) < timedelta(milliseconds=1)
    assert row.invitation_id == invited.invitation_id
    assert in_force(village.parts, row)


def test_a_manager_makes_no_data_protection_officer(
    village: World, there: StructureId, boss: Professional
) -> None:
    size = village.parts.data.log_size()
    with pytest.raises(NoLongerManagerError):
        invitations.invite(
            village.parts, structure_id=there, email="a@b.fr", role=Role.DPO, actor=boss.reader.actor
        )
    theirs = administering.invite(village.parts, structure_id=there, email="a@b.fr", role=Role.DPO)
    with pytest.raises(NoLongerManagerError):
        invitations.cancel(village.parts, theirs.invitation_id, structure_id=there, actor=boss.reader.actor)
    dpo = joins(village, there, Role.DPO)
    with pytest.raises(NoLongerManagerError):
        end_member(village.parts, dpo, structure_id=there, at=None, actor=boss.reader.actor)
    assert village.parts.data.log_size() > size
    team = look_at_team(village.parts, there, actor=boss.reader.actor)
    assert [one.may_be_ended for one in team.members if one.role is Role.DPO] == [False]
    assert [one.may_be_changed for one in team.invited] == [False]


def test_an_end_that_has_passed_invites_nobody(village: World, there: StructureId) -> None:
    with pytest.raises(PastEndError):
        invitations.invite(
            village.parts,
            structure_id=there,
            email="a@b.fr",
            role=Role.MEMBER,
            ends_at=village.parts.now() - timedelta(seconds=1),
        )


def test_sent_again_the_new_link_works_and_the_old_one_no_more(
    village: World, there: StructureId, boss: Professional
) -> None:
    first = administering.invite(village.parts, structure_id=there, email="a@b.fr", role=Role.MEMBER)
    again = invitations.send_again(
        village.parts, first.invitation_id, structure_id=there, actor=boss.reader.actor
    )
    assert invitation_of(village.parts, first.secret) is None
    assert invitation_of(village.parts, again.secret) is not None
    waiting = [row.mail_id for row in mailing.list_mails(village.parts)]
    assert first.invitation_id not in waiting
    assert again.invitation_id in waiting
    (one,) = look_at_team(village.parts, there, actor=boss.reader.actor).invited
    assert (one.invitation_id, one.email) == (again.invitation_id, "a@b.fr")
    with pytest.raises(NoSuchInvitationError):
        invitations.send_again(village.parts, first.invitation_id, structure_id=there, actor=OPERATOR)


def test_unknown_used_cancelled_and_over_are_one_answer(village: World, there: StructureId) -> None:
    def fresh() -> invitations.Invitation:
        return administering.invite(village.parts, structure_id=there, email="a@b.fr", role=Role.MEMBER)

    used, cancelled, over = fresh(), fresh(), fresh()
    professional_signs_in(village.parts, coming_in_pro(new_id()), invitation=used.secret, rules=RULES)
    invitations.cancel(village.parts, cancelled.invitation_id, structure_id=there, actor=OPERATOR)
    village.parts.clock.forward(days=7, seconds=1)  # type: ignore[attr-defined] # a MovingClock
    for secret in ("never made", used.secret, cancelled.secret, over.secret):
        assert invitation_of(village.parts, secret) is None
        session = professional_signs_in(
            village.parts, coming_in_pro(new_id()), invitation=secret, rules=RULES
        )
        assert isinstance(session, NotInvited)
    for invitation in (used, cancelled):
        with pytest.raises(NoSuchInvitationError):
            invitations.cancel(village.parts, invitation.invitation_id, structure_id=there, actor=OPERATOR)


def test_a_cancelled_link_is_dead_even_if_the_process_died_right_then(
    village: World, there: StructureId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What vouches for it still stands in K: the row of D is enough."""
    invited = administering.invite(village.parts, structure_id=there, email="a@b.fr", role=Role.MEMBER)
    with monkeypatch.context() as patch:
        patch.setattr(village.parts.keystore, "delete_secrets", lambda _names: 0)
        invitations.cancel(village.parts, invited.invitation_id, structure_id=there, actor=OPERATOR)
    assert invitation_of(village.parts, invited.secret) is None
    session = professional_signs_in(
        village.parts, coming_in_pro(new_id()), invitation=invited.secret, rules=RULES
    )
    assert isinstance(session, NotInvited)


def test_a_planned_end_that_was_taken_away_by_hand_lets_nobody_in(village: World, there: StructureId) -> None:
    """Nor one that was pushed further: the root vouches for it."""
    invited = invitations.invite(
        village.parts,
        structure_id=there,
        email="a@b.fr",
        role=Role.MEMBER,
        ends_at=village.parts.now() + timedelta(days=1),
    )
    with village.app.data.database.transaction() as connection:
        connection.execute(
            text("UPDATE invitations SET habilitation_ends_at = NULL WHERE invitation_id = :id"),
            {"id": invited.invitation_id},
        )
    assert invitation_of(village.parts, invited.secret) is None
    nadia = joins(village, there, Role.MEMBER)
    end_member(
        village.parts,
        nadia,
        structure_id=there,
        at=village.parts.now() + timedelta(days=1),
        actor=OPERATOR,
    )
    row = village.parts.data.habilitation(nadia)
    assert row is not None
    assert in_force(village.parts, row)
    with village.app.data.database.transaction() as connection:
        connection.execute(
            text("UPDATE habilitations SET ends_at = NULL WHERE professional_id = :id"), {"id": nadia}
        )
    row = village.parts.data.habilitation(nadia)
    assert row is not None
    assert not in_force(village.parts, row)


# --- ending ----------------------------------------------------------------------------------------------


def test_the_last_manager_leaves_a_team_to_somebody(
    village: World, there: StructureId, boss: Professional
) -> None:
    mine = boss.professional_id
    leaving = village.parts.now() + timedelta(days=2)
    for at in (None, leaving):
        with pytest.raises(LastManagerError):
            end_member(village.parts, mine, structure_id=there, at=at, actor=boss.reader.actor)
    second = joins(village, there, Role.MANAGER)
    end_member(village.parts, second, structure_id=there, at=leaving, actor=boss.reader.actor)
    with pytest.raises(LastManagerError):
        end_member(
            village.parts,
            mine,
            structure_id=there,
            at=leaving + timedelta(days=1),
            actor=boss.reader.actor,
        )
    joins(village, there, Role.MANAGER)
    end_member(village.parts, mine, structure_id=there, at=None, actor=boss.reader.actor)
    with pytest.raises(NoLongerManagerError):
        look_at_team(village.parts, there, actor=boss.reader.actor)


def test_a_member_who_was_ended_is_shown_no_more(
    village: World, there: StructureId, boss: Professional
) -> None:
    nadia = joins(village, there, Role.REFERENT)
    end_member(village.parts, nadia, structure_id=there, at=None, actor=boss.reader.actor)
    team = look_at_team(village.parts, there, actor=boss.reader.actor)
    assert [one.professional_id for one in team.members] == [boss.professional_id]
    with pytest.raises(NoSuchHabilitationError):
        end_member(village.parts, nadia, structure_id=there, at=None, actor=boss.reader.actor)


# --- what a writer of the data store, or another manager in the same instant, may not make of it ---------


@pytest.mark.parametrize(
    "written",
    [
        "role = 'manager'",
        "habilitation_ends_at = NULL",
        "expires_at = expires_at + 1",
        "sealed_email = (SELECT sealed_email FROM invitations WHERE invitation_id <> :id LIMIT 1)",
    ],
)
def test_an_invitation_written_over_by_hand_cannot_be_sent_again(
    village: World, there: StructureId, boss: Professional, written: str
) -> None:
    day = village.parts.now() + timedelta(days=30)
    administering.invite(village.parts, structure_id=there, email="evil@b.example", role=Role.MEMBER)
    invited = invitations.invite(
        village.parts, structure_id=there, email="m@b.example", role=Role.MEMBER, ends_at=day
    )
    with village.app.data.database.transaction() as connection:
        statement = text(f"UPDATE invitations SET {written} WHERE invitation_id = :id")
        connection.execute(statement, {"id": invited.invitation_id})
    with pytest.raises(NoSuchInvitationError):
        invitations.send_again(
            village.parts, invited.invitation_id, structure_id=there, actor=boss.reader.actor
        )


def test_an_invitation_of_another_team_moved_here_by_hand_cannot_be_sent_again(
    village: World, there: StructureId, boss: Professional
) -> None:
    other = administering.add_structure(village.parts, name="Autre", kind=CCAS, siret=None)
    invited = administering.invite(village.parts, structure_id=other, email="e@b.example", role=Role.MEMBER)
    with village.app.data.database.transaction() as connection:
        statement = text("UPDATE invitations SET structure_id = :to WHERE invitation_id = :id")
        connection.execute(statement, {"to": there, "id": invited.invitation_id})
    with pytest.raises(NoSuchInvitationError):
        invitations.send_again(
            village.parts, invited.invitation_id, structure_id=there, actor=boss.reader.actor
        )


@pytest.mark.parametrize("how", ["cancelled", "used", "replaced"])
def test_an_invitation_that_is_over_is_not_brought_back_by_hand(
    village: World, there: StructureId, boss: Professional, how: str
) -> None:
    invited = administering.invite(village.parts, structure_id=there, email="m@b.example", role=Role.MEMBER)
    told = {"structure_id": there, "actor": boss.reader.actor}
    match how:
        case "cancelled":
            invitations.cancel(village.parts, invited.invitation_id, **told)
        case "replaced":
            invitations.send_again(village.parts, invited.invitation_id, **told)
        case _:
            coming = coming_in_pro(new_id())
            professional_signs_in(village.parts, coming, invitation=invited.secret, rules=RULES)
    with village.app.data.database.transaction() as connection:
        statement = text("UPDATE invitations SET cancelled_at = NULL, used_by = NULL")
        connection.execute(statement)
    assert invitation_of(village.parts, invited.secret) is None
    with pytest.raises(NoSuchInvitationError):
        invitations.send_again(village.parts, invited.invitation_id, **told)


def test_two_managers_who_leave_in_the_same_instant_do_not_leave_the_team_to_nobody(
    village: World, there: StructureId, boss: Professional, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = village.member(there, new_id(), Role.MANAGER, kind=CCAS)
    honest = team.end_habilitation

    def late(*args: Any, **told: Any) -> Any:
        monkeypatch.setattr(team, "end_habilitation", honest)
        leaves(village, there, second, by=second)
        return honest(*args, **told)

    monkeypatch.setattr(team, "end_habilitation", late)
    with pytest.raises(LastManagerError):
        leaves(village, there, boss, by=boss)
    row = village.parts.data.habilitation(boss.professional_id)
    assert row is not None
    assert in_force(village.parts, row)


def test_a_manager_who_was_ended_meanwhile_ends_nobody(
    village: World, there: StructureId, boss: Professional, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = village.member(there, new_id(), Role.MANAGER, kind=CCAS)
    honest = team.end_habilitation

    def late(*args: Any, **told: Any) -> Any:
        monkeypatch.setattr(team, "end_habilitation", honest)
        leaves(village, there, boss, by=second)
        return honest(*args, **told)

    monkeypatch.setattr(team, "end_habilitation", late)
    with pytest.raises(NoLongerManagerError):
        leaves(village, there, second, by=boss)
    row = village.parts.data.habilitation(second.professional_id)
    assert row is not None
    assert in_force(village.parts, row)


def leaves(village: World, there: StructureId, who: Professional, *, by: Professional) -> None:
    end_member(village.parts, who.professional_id, structure_id=there, at=None, actor=by.reader.actor)

"""Rows written by another hand: whoever writes in a store without the root gains no door."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from schemas.names import Role
from tests.world import PURPOSE, RULES, Someone, System, World, coming_in
from vault.crypto import digest
from vault.services import administering, sessions, sharing, tokens
from vault.services.accounts import find_account
from vault.services.invitations import invitation_of
from vault.services.rows import SessionRow
from vault.services.sessions import NewSession
from vault.services.signing_in import INVITATION, NotInvited, live_habilitations, professional_signs_in

KINDS = {sessions.PERSON: RULES, sessions.PROFESSIONAL: RULES, sessions.DPO: RULES}


def write_in_data(world: World, statement: str, **values: str) -> None:
    with world.app.data.database.transaction() as connection:
        connection.execute(text(statement), values)


def write_in_keys(world: World, statement: str, **values: str) -> None:
    with world.app.keystore.database.transaction() as connection:
        connection.execute(text(statement), values)


def comes_with(world: World, invitation: str, name: str) -> NewSession | NotInvited:
    """Somebody signs in at ProConnect with the secret of a link."""
    coming = coming_in(name, subject=name, claims={"given_name": name, "usual_name": name})
    return professional_signs_in(world.parts, coming, invitation=invitation, rules=RULES)


def a_token(world: World, system: System) -> str:
    client = tokens.client_of(world.parts, system.client_id)
    assert client is not None
    given = tokens.give_token(
        world.parts, client, jti="jti", assertion_ends_at=world.parts.now() + timedelta(minutes=1)
    )
    assert given is not None
    return given.token


@pytest.mark.parametrize("column", ["structure_id", "public_jwks"])
def test_a_system_whose_row_was_edited_gets_no_token(world: World, alpha: System, column: str) -> None:
    other = world.system("CCAS Beta")
    theirs = world.parts.data.client(other.client_id)
    assert theirs is not None
    assert tokens.client_of(world.parts, alpha.client_id) is not None
    write_in_data(
        world,
        f"UPDATE clients SET {column} = :value WHERE client_id = :id",
        value=getattr(theirs, column),
        id=alpha.client_id,
    )
    assert tokens.client_of(world.parts, alpha.client_id) is None


@pytest.mark.parametrize("column", ["structure_id", "role", "account_id"])
def test_a_habilitation_whose_row_was_edited_stands_no_more(world: World, column: str) -> None:
    first, second = world.structure("Un"), world.structure("Deux")
    world.professional(first, "nadia", Role.MEMBER)
    world.professional(second, "omar", Role.REFERENT)
    mine, theirs = (find_account(world.parts, "http://pc.example", name) for name in ("nadia", "omar"))
    assert mine is not None
    assert theirs is not None
    (row,) = live_habilitations(world.parts, mine.row.account_id)
    (other,) = live_habilitations(world.parts, theirs.row.account_id)
    write_in_data(
        world,
        f"UPDATE habilitations SET {column} = :value WHERE professional_id = :id",
        value=str(getattr(other, column)),
        id=row.professional_id,
    )
    for account in (mine, theirs):
        standing = live_habilitations(world.parts, account.row.account_id)
        assert row.professional_id not in [each.professional_id for each in standing]


def test_a_session_written_without_the_root_opens_nothing(world: World, ana: Someone) -> None:
    """Everything a writer of K can do: choose the cookie, copy every other column, seal what he likes."""
    from schemas.canonical import canonical
    from vault.crypto import seal_small

    row = world.parts.keystore.session(ana.owner.session_id)
    assert row is not None
    cookie = "chosen-by-a-thief"
    forged = replace(
        row,
        session_id=digest(cookie),  # type: ignore[arg-type] # a digest like any other
        sealed=seal_small(canonical({"name": "x"}), secret=cookie.encode(), place=b"session"),
    )
    world.parts.keystore.add_session(forged)
    assert sessions.session_of(world.parts, cookie, KINDS) is None
    assert sessions.session_of(world.parts, ana.session.cookie, KINDS) is not None


@pytest.mark.parametrize("column", ["kind", "subject", "account_id", "created_at", "proved_at", "ends_at"])
def test_a_session_whose_row_was_edited_opens_nothing(world: World, ana: Someone, column: str) -> None:
    bob = world.person("bob")
    theirs: SessionRow | None = world.parts.keystore.session(bob.owner.session_id)
    assert theirs is not None
    value = {
        "kind": "dpo",
        "subject": theirs.subject,
        "account_id": theirs.account_id,
        "created_at": 1,
        "proved_at": 32503680000000,
        "ends_at": 32503680000000,
    }[column]
    write_in_keys(
        world,
        f"UPDATE sessions SET {column} = :value WHERE session_id = :id",
        value=value,  # type: ignore[arg-type] # an instant is an integer there
        id=ana.owner.session_id,
    )
    assert sessions.session_of(world.parts, ana.session.cookie, KINDS) is None


@pytest.mark.parametrize("column", ["client_id", "structure_id", "ends_at"])
def test_a_token_whose_row_was_edited_opens_nothing(world: World, alpha: System, column: str) -> None:
    other = world.system("CCAS Beta")
    token = a_token(world, alpha)
    assert tokens.tokens_of(world.parts, [token])[0] is not None
    value = {"client_id": other.client_id, "structure_id": other.structure_id, "ends_at": 32503680000000}
    write_in_keys(
        world,
        f"UPDATE tokens SET {column} = :value WHERE token_id = :id",
        value=value[column],  # type: ignore[arg-type] # an instant is an integer there
        id=digest(token),
    )
    assert tokens.tokens_of(world.parts, [token]) == [None]


def test_a_binding_is_made_before_the_row_it_vouches_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    structure_id = world.structure("Un")

    def die() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.parts.data, "change", die)
    from tests.world import a_public_jwk

    with pytest.raises(KeyboardInterrupt):
        administering.add_client(world.parts, structure_id=structure_id, name="x", public_jwk=a_public_jwk())
    monkeypatch.undo()
    assert [id_ for id_ in world.parts.keystore.secret_ids("binding", after=None, limit=9) if "client" in id_]


@pytest.mark.parametrize("column", ["structure_id", "role", "expires_at"])
def test_an_invitation_whose_row_was_edited_lets_nobody_in(world: World, column: str) -> None:
    mine, other = world.structure("Un"), world.structure("Deux")
    invited = administering.invite(world.parts, structure_id=mine, email="nadia@exemple.fr", role=Role.MEMBER)
    assert invitation_of(world.parts, invited.secret) is not None
    value = {"structure_id": other, "role": Role.DPO.value, "expires_at": 32503680000000}[column]
    write_in_data(world, f"UPDATE invitations SET {column} = :value", value=value)  # type: ignore[arg-type]
    assert invitation_of(world.parts, invited.secret) is None
    assert isinstance(comes_with(world, invited.secret, "nadia"), NotInvited)


def test_a_link_led_to_another_invitation_lets_nobody_in(world: World) -> None:
    """A writer of K who was invited as a member takes the place of somebody who was invited as the DPO."""
    there = world.structure("Un")
    mine = administering.invite(world.parts, structure_id=there, email="a@exemple.fr", role=Role.MEMBER)
    theirs = administering.invite(world.parts, structure_id=there, email="b@exemple.fr", role=Role.DPO)
    write_in_keys(
        world,
        "UPDATE links SET target = :target WHERE link_id = :id",
        target=theirs.invitation_id,
        id=digest(mine.secret),
    )
    assert isinstance(comes_with(world, mine.secret, "nadia"), NotInvited)
    assert not isinstance(comes_with(world, theirs.secret, "omar"), NotInvited)


def test_an_invitation_that_was_used_cannot_be_freed_by_hand(world: World) -> None:
    invited = administering.invite(
        world.parts, structure_id=world.structure("Un"), email="nadia@exemple.fr", role=Role.MEMBER
    )
    assert not isinstance(comes_with(world, invited.secret, "nadia"), NotInvited)
    write_in_data(world, "UPDATE invitations SET used_by = NULL")
    world.parts.keystore.add_link(
        digest(invited.secret), INVITATION, invited.invitation_id, invited.expires_at
    )
    assert isinstance(comes_with(world, invited.secret, "omar"), NotInvited)


@pytest.mark.parametrize(("column", "value"), [("name", "CAF du Ponant"), ("kind", "ccas")])
def test_nobody_shares_with_a_structure_that_took_another_name_or_kind(
    world: World, ana: Someone, alpha: System, column: str, value: str
) -> None:
    world.share(ana, alpha.structure_id)
    write_in_data(
        world,
        f"UPDATE structures SET {column} = :value WHERE structure_id = :id",
        value=value,
        id=alpha.structure_id,
    )
    with pytest.raises(sharing.GrantRefusedError):
        world.share(ana, alpha.structure_id, purpose="accompagnement" if value == "ccas" else PURPOSE)

"""A system's keys change and a system ends: what was decided holds, at once, whoever edits rows or dies."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from schemas.ids import ClientId, new_id
from tests.services.conftest import ONE_ENGINE
from tests.services.killing import Change, killed_before
from tests.world import World, a_public_jwk
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.services import clients, tokens
from vault.services.bindings import CLIENT, binding_name
from vault.services.rows import ClientRow
from vault.services.tokens import client_of, next_name
from vault.services.upkeep import run_upkeep
from vault.storage.data_store import SqlWork

ADDRESS = "https://siae.example/jwks"


def a_client(town: World, **told: Any) -> ClientId:
    keys = {"public_jwk": a_public_jwk()} if "jwks_uri" not in told else {}
    return clients.add_client(town.parts, structure_id=town.structure(), name="x", **keys, **told)


def give(town: World, client_id: ClientId) -> str | None:
    client = client_of(town.parts, client_id)
    if client is None:
        return None
    ends_at = town.parts.now() + timedelta(minutes=1)
    given = tokens.give_token(town.parts, client, jti=new_id(), assertion_ends_at=ends_at)
    return given.token if given else None


def opens(town: World, token: str) -> bool:
    return tokens.tokens_of(town.parts, [token])[0] is not None


def names(town: World, client_id: ClientId) -> list[str]:
    return [key.name for key in clients.keys_of(town.parts, client_id)[0]]


def edit(town: World, statement: str, **values: str) -> None:
    with town.app.data.database.transaction() as connection:
        connection.execute(text(statement), values)


def bring_back(town: World, old: ClientRow) -> None:
    statement = "UPDATE clients SET public_jwks = :keys WHERE client_id = :id"
    edit(town, statement, keys=old.public_jwks, id=old.client_id)


def last_op(town: World) -> Op:
    size = town.parts.data.log_size()
    return Leaf.parse(town.parts.data.log_rows([size - 1])[0].leaf).op


def test_a_second_key_stands_beside_the_first_until_the_first_is_removed(town: World) -> None:
    client_id = a_client(town)
    (first,) = names(town, client_id)
    second = clients.add_key(town.parts, client_id, a_public_jwk()).name
    assert names(town, client_id) == [first, second]
    assert last_op(town) is Op.CLIENT_CHANGE
    clients.remove_key(town.parts, client_id, first)
    assert names(town, client_id) == [second]
    assert client_of(town.parts, client_id) is not None
    assert town.parts.rows.rows([next_name(client_id)]) == {}, "one binding again"


def test_tokens_end_when_a_key_is_removed_and_not_when_one_is_added(town: World) -> None:
    client_id, other = a_client(town), a_client(town)
    token, theirs = give(town, client_id), give(town, other)
    assert token
    assert theirs
    (first,) = names(town, client_id)
    clients.add_key(town.parts, client_id, a_public_jwk())
    assert opens(town, token)
    clients.remove_key(town.parts, client_id, first)
    assert not opens(town, token)
    assert opens(town, theirs)


def test_a_system_that_ends_loses_its_tokens_and_gets_no_other(town: World) -> None:
    client_id = a_client(town)
    token = give(town, client_id)
    assert token
    clients.end_client(town.parts, client_id)
    assert not opens(town, token)
    assert give(town, client_id) is None
    assert last_op(town) is Op.CLIENT_CHANGE
    size = town.parts.data.log_size()
    clients.end_client(town.parts, client_id)
    assert town.parts.data.log_size() == size, "ending what has ended changes nothing"


def test_a_token_asked_while_the_system_ends_opens_nothing(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = a_client(town)
    honest = town.parts.keystore.add_token

    def ended_first(row: Any) -> None:
        clients.end_client(town.parts, client_id)
        honest(row)

    monkeypatch.setattr(town.parts.keystore, "add_token", ended_first)
    assert give(town, client_id) is None
    assert town.parts.keystore.end_tokens(client_id) == 0, "none is left behind"


@pytest.mark.parametrize(
    "change",
    ["ends_at = NULL", "dpop = 0", "jwks_uri = 'https://elsewhere.example/jwks'", "public_jwks = '{}'"],
)
def test_a_row_written_by_another_hand_opens_no_door(town: World, change: str) -> None:
    client_id = a_client(town, jwks_uri=ADDRESS, dpop=True)
    if "ends_at" in change:
        clients.end_client(town.parts, client_id)
    else:
        assert client_of(town.parts, client_id) is not None
    edit(town, f"UPDATE clients SET {change} WHERE client_id = :id", id=client_id)
    assert client_of(town.parts, client_id) is None
    with pytest.raises(clients.NoSuchClientError):
        clients.add_key(town.parts, client_id, a_public_jwk())


def test_a_bound_token_whose_row_was_edited_is_no_token(town: World) -> None:
    client = client_of(town.parts, a_client(town))
    assert client is not None
    ends_at = town.parts.now() + timedelta(minutes=1)
    given = tokens.give_token(town.parts, client, jti=new_id(), assertion_ends_at=ends_at, jkt="her key")
    assert given is not None
    (row,) = tokens.tokens_of(town.parts, [given.token])
    assert row is not None
    assert row.jkt == "her key"
    with town.app.keystore.database.transaction() as connection:
        connection.execute(text("UPDATE tokens SET jkt = '' WHERE token_id = :id"), {"id": row.token_id})
    assert not opens(town, given.token), "neither freed of its key"


def test_a_removed_key_does_not_come_back_with_an_old_row(town: World) -> None:
    client_id = a_client(town)
    old = town.parts.data.client(client_id)
    assert old is not None
    (first,) = names(town, client_id)
    clients.add_key(town.parts, client_id, a_public_jwk())
    clients.remove_key(town.parts, client_id, first)
    bring_back(town, old)
    assert client_of(town.parts, client_id) is None


@ONE_ENGINE
def test_a_list_of_keys_is_changed_within_its_bounds(town: World) -> None:
    client_id, key = a_client(town), a_public_jwk()
    (only,) = names(town, client_id)
    named = json.dumps(json.loads(a_public_jwk()) | {"kid": "2027"})
    assert clients.add_key(town.parts, client_id, named).name == "2027"
    clients.add_key(town.parts, client_id, key)
    same_name = json.dumps(json.loads(a_public_jwk()) | {"kid": "2027"})
    for again in (key, named, same_name):
        with pytest.raises(clients.ClientKeyError):
            clients.add_key(town.parts, client_id, again)
    with pytest.raises(clients.ClientKeyError):
        clients.remove_key(town.parts, client_id, "2031")
    while len(names(town, client_id)) < clients.MOST_KEYS:
        clients.add_key(town.parts, client_id, a_public_jwk())
    with pytest.raises(clients.ClientKeyError):
        clients.add_key(town.parts, client_id, a_public_jwk())
    lone = a_client(town)
    with pytest.raises(clients.ClientKeyError):
        clients.remove_key(town.parts, lone, names(town, lone)[0])
    with pytest.raises(clients.ClientKeyError):
        clients.add_key(town.parts, a_client(town, jwks_uri=ADDRESS), key)
    assert only in names(town, client_id)


@ONE_ENGINE
@pytest.mark.parametrize(
    "address",
    [
        "http://siae.example/jwks",
        "https://10.0.0.1/jwks",
        "https://127.0.0.1/jwks",
        "https://localhost/jwks",
        "https://[::1]/jwks",
        "https://169.254.169.254/latest",
        "https://name:word@siae.example/jwks",
        "https://siae.example/jwks#x",
        "https:///jwks",
        "https://siae.example:99999/jwks",
        "ftp://siae.example/jwks",
        "file:///etc/passwd",
        "https://siae.example/\u00e9",
        "https://siae.example/" + "a" * 500,
        "",
    ],
)
def test_an_address_we_would_not_connect_to_is_not_registered(town: World, address: str) -> None:
    with pytest.raises(clients.BadAddressError):
        a_client(town, jwks_uri=address)


# --- killed anywhere -------------------------------------------------------------------------------------


K_CHANGES = ("add_secrets", "replace_secret", "delete_secrets", "end_tokens")


def every_change(town: World) -> list[Change]:
    return [*((town.parts.keystore, name) for name in K_CHANGES), (SqlWork, "commit")]


@pytest.mark.parametrize("upkeep", [True, False], ids=["then a pass", "then the same again"])
def test_killed_before_any_change_a_key_is_removed_wholly_or_not_at_all(
    town: World, monkeypatch: pytest.MonkeyPatch, upkeep: bool
) -> None:
    for number in range(12):
        client_id = a_client(town)
        (first,) = names(town, client_id)
        old = town.parts.data.client(client_id)
        clients.add_key(town.parts, client_id, a_public_jwk())
        token = give(town, client_id)
        assert token
        assert old
        with killed_before(number, every_change(town), monkeypatch) as seen:
            clients.remove_key(town.parts, client_id, first)
        committed = "commit" in seen[:number]
        assert client_of(town.parts, client_id) is not None, "the system works all along"
        assert (first in names(town, client_id)) is not committed
        if upkeep:
            run_upkeep(town.parts)
        else:
            clients.add_key(town.parts, client_id, a_public_jwk())
        assert (first in names(town, client_id)) is not committed
        assert town.parts.rows.rows([next_name(client_id)]) == {}
        if committed:
            assert not opens(town, token)
            bring_back(town, old)
            assert client_of(town.parts, client_id) is None, "the removed key does not come back"
        if seen[-1] != "killed":
            return
    pytest.fail("it never ended")


def test_killed_before_any_change_an_end_is_finished_by_the_next_pass(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        client_id = a_client(town)
        token = give(town, client_id)
        assert token
        with killed_before(number, every_change(town), monkeypatch) as seen:
            clients.end_client(town.parts, client_id)
        committed = "commit" in seen[:number]
        assert (client_of(town.parts, client_id) is None) is committed
        run_upkeep(town.parts)
        assert opens(town, token) is not committed, seen
        standing = town.parts.rows.rows([binding_name(CLIENT, client_id)])
        assert bool(standing) is not committed
        if seen[-1] != "killed":
            return
    pytest.fail("it never ended")

"""K: secrets that go when they must, and the short-lived rows of signing in, on both engines."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.ids import ClientId, SessionId, StructureId, new_id
from tests.storage.conftest import INSTANCE, Stores
from tests.storage.makers import NOW, Clock
from vault.services.rows import PendingRow, SecretRow, SessionRow, StoredCheckpoint, TokenRow
from vault.storage import ConflictError, SqlKeyStore


def a_session(session_id: str, subject: str = "carnet") -> SessionRow:
    ends_at = NOW + timedelta(hours=8)
    return SessionRow(SessionId(session_id), "person", subject, "account", NOW, NOW, ends_at, b"s", NOW, b"d")


def test_an_instance_is_named_once(keys: SqlKeyStore) -> None:
    assert not keys.found("another")
    assert keys.instance() == INSTANCE


def test_secrets_come_back_by_name_and_only_those_asked_for(keys: SqlKeyStore) -> None:
    rows = [
        SecretRow("own", "a", 1, b"own a"),
        SecretRow("own", "b", 1, b"own b"),
        SecretRow("shred", "a", 1, b"shred a"),
        SecretRow("seed", "structure:b", 1, b"seed b", b"public"),
    ]
    keys.add_secrets(rows)
    assert keys.secrets([("own", "a"), ("seed", "structure:b")]) == {
        ("own", "a"): rows[0],
        ("seed", "structure:b"): rows[3],
    }
    assert keys.secrets([("shred", "b"), ("journal", "a"), ("own", "\x00"), ("own", "")]) == {}
    assert keys.secrets([]) == {}


def test_secrets_are_added_all_or_none_unless_those_there_may_stay(keys: SqlKeyStore) -> None:
    first = SecretRow("month", "202611", 1, b"first")
    second = SecretRow("month", "202611", 1, b"second")
    other = SecretRow("month", "202612", 1, b"other")
    keys.add_secrets([first])
    with pytest.raises(ConflictError):
        keys.add_secrets([other, second])
    assert keys.secrets([("month", "202612")]) == {}
    keys.add_secrets([second, other], if_absent=True)
    assert keys.secrets([("month", "202611"), ("month", "202612")]) == {
        ("month", "202611"): first,
        ("month", "202612"): other,
    }


def test_a_secret_is_replaced_only_by_the_next_version(keys: SqlKeyStore) -> None:
    keys.add_secrets([SecretRow("shred", "a", 1, b"one")])
    assert keys.replace_secret(SecretRow("shred", "a", 2, b"two"))
    assert not keys.replace_secret(SecretRow("shred", "a", 2, b"also two"))
    assert not keys.replace_secret(SecretRow("shred", "a", 9, b"nine"))
    assert not keys.replace_secret(SecretRow("shred", "b", 2, b"nobody's"))
    assert keys.secrets([("shred", "a")])["shred", "a"] == SecretRow("shred", "a", 2, b"two")


def test_of_many_punctures_at_once_one_wins(keys: SqlKeyStore) -> None:
    keys.add_secrets([SecretRow("shred", "a", 1, b"one")])
    won: list[bool] = []

    def puncture(number: int) -> None:
        won.append(keys.replace_secret(SecretRow("shred", "a", 2, bytes([number]))))

    threads = [threading.Thread(target=puncture, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_deleted_secrets_are_gone(keys: SqlKeyStore) -> None:
    keys.add_secrets([SecretRow("grant", id_, 1, b"q") for id_ in "abc"])
    assert keys.delete_secrets([("grant", "a"), ("grant", "b"), ("grant", "z"), ("own", "c")]) == 2
    assert keys.delete_secrets([]) == 0
    assert keys.secret_ids("grant", after=None, limit=9) == ["c"]


def test_ids_of_a_kind_are_walked_in_order_and_by_age(keys: SqlKeyStore, clock: Clock) -> None:
    keys.add_secrets([SecretRow("grant", id_, 1, b"q") for id_ in "db"])
    clock.advance(days=1)
    keys.add_secrets([SecretRow("grant", id_, 1, b"q") for id_ in "ca"])
    assert keys.secret_ids("grant", after=None, limit=3) == ["a", "b", "c"]
    assert keys.secret_ids("grant", after="c", limit=3) == ["d"]
    assert keys.secret_ids("grant", after=None, limit=9, made_before=clock.now) == ["b", "d"]


def test_what_was_deleted_is_in_no_file_after_compacting(stores: Stores) -> None:
    keys = stores.keys
    canary = b"CANARY-7d0c4f" * 20
    keys.add_secrets([SecretRow("own", str(n), 1, canary) for n in range(50)])
    keys.delete_secrets([("own", str(n)) for n in range(50)])
    keys.compact()
    if keys.database.sqlite:
        path = keys.database.path
        files = [path, path.with_name(path.name + "-wal")]
        assert path.is_file()
        assert not any(b"CANARY" in Path(file).read_bytes() for file in files if file.exists())
    keys.add_secrets([SecretRow("own", "again", 1, b"x")])


def test_tags_lead_to_their_targets_until_deleted(keys: SqlKeyStore) -> None:
    one, two, none = b"1" * 8, b"2" * 8, b"3" * 8
    keys.add_tag("subject", one, "account-a")
    keys.add_tag("subject", one, "account-a")
    keys.add_tag("subject", one, "account-b")
    keys.add_tag("subject", two, "account-b")
    keys.add_tag("email", one, "account-c")
    assert keys.targets("subject", [one, two, none]) == {one: ["account-a", "account-b"], two: ["account-b"]}
    assert keys.targets("subject", []) == {}
    assert keys.delete_tags("account-b") == 2
    assert keys.targets("subject", [one, two]) == {one: ["account-a"]}


def test_sessions_change_and_end(keys: SqlKeyStore) -> None:
    for session_id, subject in (("s1", "a"), ("s2", "a"), ("s3", "b")):
        keys.add_session(a_session(session_id, subject))
    assert keys.session("s1") == a_session("s1", "a")
    assert keys.session("\x00") is None
    later = NOW + timedelta(minutes=5)
    keys.touch_session("s3", later)
    found = keys.session("s3")
    assert found is not None
    assert (found.subject, found.seen_at, found.created_at) == ("b", later, NOW)
    assert keys.end_sessions() == 0
    assert keys.end_sessions(session_id="s3") == 1
    assert keys.end_sessions(subject="a") == 2
    assert keys.session("s1") is None


def test_tokens_and_assertions(keys: SqlKeyStore) -> None:
    token = TokenRow("t", ClientId("c"), StructureId("s"), NOW)
    keys.add_token(token)
    assert keys.tokens(["t", "u"]) == {"t": token}
    assert keys.use_jti(ClientId("c"), "j", NOW)
    assert not keys.use_jti(ClientId("c"), "j", NOW)
    assert keys.use_jti(ClientId("d"), "j", NOW)


def test_a_pending_sign_in_is_taken_once_and_a_browser_has_few(keys: SqlKeyStore) -> None:
    rows = [PendingRow(f"s{n}", "browser", NOW + timedelta(seconds=n), b"p") for n in range(4)]
    other = PendingRow("other", "elsewhere", NOW, b"p")
    keys.add_pending(other, most=3)
    for row in rows:
        keys.add_pending(row, most=3)
    assert keys.take_pending("s0") is None  # the oldest went
    assert keys.take_pending("s1") == rows[1]
    assert keys.take_pending("s1") is None
    assert keys.take_pending("other") == other


def test_a_link_is_looked_at_often_and_taken_once(keys: SqlKeyStore) -> None:
    keys.add_link("l", "invitation", "target", NOW)
    assert keys.link("l") == keys.link("l") == ("invitation", "target", NOW)
    assert keys.take_link("l") == ("invitation", "target", NOW)
    assert keys.take_link("l") is None
    assert keys.link("l") is None


def test_of_many_who_take_at_once_one_gets_it(keys: SqlKeyStore) -> None:
    keys.add_link("l", "invitation", "target", NOW)
    taken: list[object] = []
    threads = [threading.Thread(target=lambda: taken.append(keys.take_link("l"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in taken if one]) == 1


def test_sweeping_removes_what_is_over_and_nothing_else(keys: SqlKeyStore) -> None:
    keys.add_session(a_session("s"))
    keys.add_token(TokenRow("t", ClientId("c"), StructureId("s"), NOW))
    keys.use_jti(ClientId("c"), "j", NOW + timedelta(days=1))
    keys.add_pending(PendingRow("p", "b", NOW, b"p"), most=3)
    keys.add_link("l", "invitation", "t", NOW + timedelta(days=7))
    assert keys.sweep(NOW) == 1
    assert keys.sweep(NOW + timedelta(days=1)) == 3
    assert keys.sweep(NOW + timedelta(days=7)) == 1


def test_what_k_remembers_of_the_log_never_goes_back(keys: SqlKeyStore) -> None:
    assert keys.last_checkpoint() is None
    keys.keep_checkpoint(StoredCheckpoint(5, NOW, "five"))
    keys.keep_checkpoint(StoredCheckpoint(3, NOW, "three"))
    assert keys.last_checkpoint() == StoredCheckpoint(5, NOW, "five")
    keys.keep_checkpoint(StoredCheckpoint(7, NOW, "seven"))
    assert keys.last_checkpoint() == StoredCheckpoint(7, NOW, "seven")


def test_ids_made_here_fit(keys: SqlKeyStore) -> None:
    name = ("agent", f"professional:{new_id()}")
    keys.add_secrets([SecretRow(*name, 1, b"x")])
    assert name in keys.secrets([name])

"""Requests to link an account, there and back on both engines; and tags that lead to an account by what is
told of it now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.ids import AccountId, new_id
from tests.storage.makers import NOW, Clock, an_account
from vault.services.rows import RelinkingRow
from vault.storage import ConflictError, SqlDataStore, SqlKeyStore


def a_request(account_id: AccountId, reference: str = "ABCDEFGHJK") -> RelinkingRow:
    return RelinkingRow(new_id(), reference, account_id, "open", NOW, None)


def test_a_request_comes_back_as_it_was_given_and_as_it_was_decided(data: SqlDataStore) -> None:
    account = an_account()
    row = a_request(account.account_id)
    with data.change() as work:
        work.add_account(account)
        work.add_relinking(row)
        work.commit()
    assert data.relinking(row.request_id) == row
    assert data.relinking_of_reference(row.reference) == row
    assert data.relinkings({"open", "refused"}, limit=9) == [row]
    assert data.relinkings_about(account.account_id) == [row]
    assert data.relinkings_named([row.request_id, "unknown"]) == {row.request_id}
    with data.change() as work:
        work.set_relinking(row.request_id, "refused", NOW)
        work.commit()
    assert data.relinking(row.request_id) == replace(row, state="refused", decided_at=NOW)
    assert data.relinkings({"open"}, limit=9) == []
    with data.change() as work:
        work.delete_relinking(row.request_id)
        work.commit()
    assert data.relinking(row.request_id) is None
    assert data.relinking("\x00") is None
    assert data.relinking_of_reference("\x00") is None


def test_a_number_is_given_once(data: SqlDataStore) -> None:
    with data.change() as work:
        work.add_relinking(a_request(AccountId(new_id())))
        work.commit()
    with pytest.raises(ConflictError), data.change() as work:
        work.add_relinking(a_request(AccountId(new_id())))


def test_over_are_those_without_news_and_those_without_an_account(data: SqlDataStore, clock: Clock) -> None:
    account = an_account()
    old, decided, gone = (
        a_request(account.account_id, "AAAAAAAAAA"),
        a_request(account.account_id, "BBBBBBBBBB"),
        a_request(AccountId(new_id()), "CCCCCCCCCC"),
    )
    with data.change() as work:
        work.add_account(account)
        for row in (old, decided, gone):
            work.add_relinking(row)
        work.set_relinking(decided.request_id, "accepted", NOW + timedelta(days=2))
        work.commit()

    def over(**after: float) -> set[str]:
        return {row.reference for row in data.relinkings_over(NOW + timedelta(**after), limit=9)}

    assert over(days=0) == {gone.reference}
    assert over(days=1) == {gone.reference, old.reference}
    assert over(days=3) == {gone.reference, old.reference, decided.reference}


def test_a_settled_tag_is_the_only_one_of_its_column(keys: SqlKeyStore) -> None:
    keys.add_tag("account", b"former", "ana")
    keys.add_tag("account", b"former", "bob")
    keys.add_tag("carnet", b"hers", "ana")
    assert keys.settle_tags("ana", {"account": b"new", "pivot": b"who"})
    assert not keys.settle_tags("ana", {"account": b"new", "pivot": b"who"}), "nothing to do"
    assert keys.targets("account", [b"former", b"new"]) == {b"former": ["bob"], b"new": ["ana"]}
    assert keys.targets("pivot", [b"who"]) == {b"who": ["ana"]}
    assert keys.targets("carnet", [b"hers"]) == {b"hers": ["ana"]}, "a column that is not named stays"
    assert keys.settle_tags("ana", {"pivot": None})
    assert keys.targets("pivot", [b"who"]) == {}
    assert keys.delete_tags("ana") == 2

"""A fresh sign-in: the person is asked to prove again who she is, and must have done so since."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from tests.misbehaving_provider import AUTH_TIME_FAULTS
from tests.provider_process import ProviderHandle, clients_of, plain_http, start_provider, walk_to_callback
from tests.web.sign_in_steps import PUBLIC_URL, query_of, settings_of
from vault.demo.identities import AMINA, KARIM, NOLWENN
from vault.web.login import PendingSignIn, Provider, Refusal, SignedIn, SignInRefused, finish, start
from vault.web.login.token_checks import LEEWAY_SECONDS, IdToken, check_fresh

WHO = {"franceconnect": AMINA.key, "proconnect": KARIM.key}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[ProviderHandle]:
    with start_provider(clients_of(PUBLIC_URL), module="tests.misbehaving_provider") as handle:
        yield handle


@pytest.fixture
def faulty(running: ProviderHandle) -> Iterator[ProviderHandle]:
    yield running
    order(running, None)


def order(running: ProviderHandle, mode: str | None) -> None:
    with plain_http() as http:
        http.put(f"http://127.0.0.1:{running.port}/misbehave", json={"mode": mode}).raise_for_status()


def fresh_sign_in(provider: Provider, choice: str, http: httpx2.Client, *, fresh: bool = True) -> SignedIn:
    now = datetime.now(UTC)
    address, pending = start(provider, now, "/", fresh=fresh)
    callback = walk_to_callback(http, address, choice)
    return finish(provider, pending, parse_qsl(urlsplit(callback).query), now)


@pytest.mark.parametrize("name", WHO)
def test_a_fresh_sign_in_asks_for_a_login_and_any_other_does_not(running: ProviderHandle, name: str) -> None:
    with Provider(settings_of(name, running)) as provider:
        address, pending = start(provider, NOW, "/", fresh=True)
        assert query_of(address)["prompt"] == "login"
        assert pending.fresh
        address, pending = start(provider, NOW, "/")
        assert "prompt" not in query_of(address)
        assert not pending.fresh


@pytest.mark.parametrize("name", WHO)
def test_a_fresh_sign_in_succeeds_though_the_provider_has_a_session(
    running: ProviderHandle, name: str
) -> None:
    with Provider(settings_of(name, running)) as provider, plain_http() as http:
        fresh_sign_in(provider, WHO[name], http, fresh=False)
        begun = datetime.now(UTC)
        again = fresh_sign_in(provider, WHO[name], http)
        assert again.auth_time is not None
        assert again.auth_time >= begun - timedelta(seconds=1)


@pytest.mark.parametrize("mode", AUTH_TIME_FAULTS)
@pytest.mark.parametrize("name", WHO)
def test_asking_for_a_fresh_sign_in_is_not_obtaining_it(faulty: ProviderHandle, name: str, mode: str) -> None:
    with Provider(settings_of(name, faulty)) as provider, plain_http() as http:
        order(faulty, mode)
        with pytest.raises(SignInRefused) as refused:
            fresh_sign_in(provider, WHO[name], http)
        assert (refused.value.reason, refused.value.check) == (Refusal.NOT_FRESH, "auth_time")


@pytest.mark.parametrize("mode", AUTH_TIME_FAULTS)
def test_an_ordinary_sign_in_does_not_depend_on_when_she_proved_it(faulty: ProviderHandle, mode: str) -> None:
    with Provider(settings_of("proconnect", faulty)) as provider, plain_http() as http:
        order(faulty, mode)
        assert fresh_sign_in(provider, NOLWENN.key, http, fresh=False).subject == NOLWENN.subject


@pytest.mark.parametrize(
    ("seconds", "holds"),
    [(-LEEWAY_SECONDS - 1, False), (-LEEWAY_SECONDS, True), (5, True), (90, True), (91, False)],
)
def test_the_proof_is_not_older_than_the_question_and_not_of_tomorrow(seconds: int, holds: bool) -> None:
    told = IdToken("s", "eidas1", (), NOW + timedelta(seconds=seconds))
    now = NOW + timedelta(seconds=60)
    if holds:
        check_fresh(told, since=NOW, now=now)
    else:
        with pytest.raises(SignInRefused):
            check_fresh(told, since=NOW, now=now)


def test_a_pending_sign_in_stored_before_there_were_fresh_ones_is_still_read(running: ProviderHandle) -> None:
    with Provider(settings_of("franceconnect", running)) as provider:
        _, pending = start(provider, NOW, "/")
        _, fresh = start(provider, NOW, "/", fresh=True)
    members = json.loads(pending.to_json())
    del members["fresh"]
    assert PendingSignIn.from_json(json.dumps(members)) == pending
    assert PendingSignIn.from_json(fresh.to_json()) == fresh

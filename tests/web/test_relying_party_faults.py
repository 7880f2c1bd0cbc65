"""Every way a provider can answer wrongly, over real HTTP: refused with its reason, never a sign-in."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.misbehaving_provider import FORGERIES, ID_TOKEN_FAULTS
from tests.provider_process import (
    PROVIDERS,
    ProviderHandle,
    clients_of,
    plain_http,
    start_provider,
    walk_to_callback,
)
from tests.web.sign_in_steps import PUBLIC_URL, settings_of, sign_in
from vault.demo.identities import AMINA, FATOUMATA, NOLWENN
from vault.identity.claims import PersonClaims
from vault.web.login import Provider, Refusal, SignedIn, SignInRefused, finish, start
from vault.web.login.provider_http import STEP_SECONDS, WHOLE_SECONDS


class Misbehaving:
    """The running provider, the way to give it orders, and relying parties that outlive a fault."""

    def __init__(self, handle: ProviderHandle) -> None:
        self.handle = handle
        self.http = plain_http()
        self.steady = {name: self.fresh(name) for name in PROVIDERS}

    def order(self, **what: Any) -> None:
        self.http.put(f"http://127.0.0.1:{self.handle.port}/misbehave", json=what).raise_for_status()

    def fresh(self, name: str = "franceconnect") -> Provider:
        """A relying party that has read neither description nor keys yet."""
        return Provider(settings_of(name, self.handle))

    def close(self) -> None:
        self.http.close()
        for provider in self.steady.values():
            provider.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Misbehaving]:
    with start_provider(clients_of(PUBLIC_URL), module="tests.misbehaving_provider") as handle:
        misbehaving = Misbehaving(handle)
        yield misbehaving
        misbehaving.close()


@pytest.fixture
def faulty(running: Misbehaving) -> Iterator[Misbehaving]:
    yield running
    running.order(mode=None)


def refusal(faulty: Misbehaving, mode: str, name: str = "franceconnect") -> SignInRefused:
    """What a sign-in meets under one fault; with the same relying party it works once the fault is gone."""
    who = AMINA.key if name == "franceconnect" else NOLWENN.key
    faulty.order(mode=mode)
    with pytest.raises(SignInRefused) as refused:
        sign_in(faulty.steady[name], who)
    faulty.order(mode=None)
    assert isinstance(sign_in(faulty.steady[name], who), SignedIn)
    return refused.value


def refusal_at_first_sight(faulty: Misbehaving, mode: str) -> SignInRefused:
    """What the first sign-in of all meets, when description and keys are still to be read."""
    faulty.order(mode=mode)
    with faulty.fresh() as provider, pytest.raises(SignInRefused) as refused:
        sign_in(provider, AMINA.key)
    return refused.value


ID_TOKEN_CHECKS = {
    "wrong-iss": "iss",
    "wrong-aud": "aud",
    "list-aud": "aud",
    "list-aud-alone": "aud",
    "wrong-aud-our-azp": "aud",
    "foreign-azp": "azp",
    "wrong-nonce": "nonce",
    "no-nonce": "nonce",
    "expired": "exp",
    "no-exp": "exp",
    "text-exp": "exp",
    "huge-exp": "exp",
    "future-iat": "iat",
    "no-iat": "iat",
    "wrong-at-hash": "at_hash",
    "no-sub": "sub",
    "empty-sub": "sub",
    "long-sub": "sub",
    "number-sub": "sub",
    "odd-amr": "amr",
}
LEVEL_FAULTS = {"no-acr", "low-acr", "list-acr"}
FORGERY_CHECKS = {
    "alg-none": "form",  # an empty third part
    "alg-none-signed": "alg",
    "alg-none-cased": "alg",
    "empty-signature": "form",
    "hs256-client-secret": "alg",
    "hs256-public-key": "alg",
    "forged-known-kid": "signature",
    "unknown-kid": "kid",
    "no-kid": "kid",
    "header-jwk": "header",
    "header-jku": "header",
    "header-x5u": "header",
    "header-x5c": "header",
    "header-crit": "header",
    "tampered": "signature",
    "two-parts": "form",
    "five-parts": "form",
    "not-json": "form",
    "too-long": "form",
}


def test_every_fault_of_the_provider_has_its_expectation() -> None:
    assert ID_TOKEN_CHECKS.keys() | LEVEL_FAULTS == ID_TOKEN_FAULTS.keys()
    assert FORGERY_CHECKS.keys() == FORGERIES.keys()


@pytest.mark.parametrize(("mode", "check"), [*ID_TOKEN_CHECKS.items(), *FORGERY_CHECKS.items()])
def test_an_id_token_that_does_not_hold_opens_nothing(faulty: Misbehaving, mode: str, check: str) -> None:
    refused = refusal(faulty, mode)
    assert (refused.reason, refused.check) == (Refusal.ID_TOKEN, check)


@pytest.mark.parametrize("name", ["franceconnect", "proconnect"])
@pytest.mark.parametrize("mode", sorted(LEVEL_FAULTS))
def test_a_level_that_was_not_asked_for_opens_nothing(faulty: Misbehaving, name: str, mode: str) -> None:
    assert refusal(faulty, mode, name).reason is Refusal.LEVEL


def test_the_hash_of_the_access_token_is_checked_at_proconnect(faulty: Misbehaving) -> None:
    assert refusal(faulty, "wrong-at-hash", "proconnect").check == "at_hash"


def test_a_userinfo_answer_in_place_of_the_id_token_opens_nothing(faulty: Misbehaving) -> None:
    refused = refusal(faulty, "identity-instead")
    assert (refused.reason, refused.check) == (Refusal.ID_TOKEN, "nonce")


@pytest.mark.parametrize(("mode", "check"), [(f"userinfo-{m}", c) for m, c in FORGERY_CHECKS.items()])
def test_a_userinfo_answer_that_is_not_signed_opens_nothing(
    faulty: Misbehaving, mode: str, check: str
) -> None:
    refused = refusal(faulty, mode)
    assert (refused.reason, refused.check) == (Refusal.USERINFO, check)


@pytest.mark.parametrize(
    ("mode", "check"),
    [
        ("userinfo-bare", "content type"),
        ("userinfo-text", "content type"),
        ("userinfo-html", "content type"),
        ("userinfo-wrong-iss", "iss"),
        ("userinfo-wrong-aud", "aud"),
        ("userinfo-expired", "exp"),
        ("userinfo-no-exp", "exp"),
        ("userinfo-other-sub", "sub"),
        ("userinfo-no-sub", "sub"),
        ("userinfo-id-token-instead", "nonce"),
        ("userinfo-redirect", "status"),
    ],
)
def test_an_identity_that_is_not_proven_opens_nothing(faulty: Misbehaving, mode: str, check: str) -> None:
    refused = refusal(faulty, mode)
    assert (refused.reason, refused.check) == (Refusal.USERINFO, check)


@pytest.mark.parametrize(
    ("mode", "claim"),
    [
        ("identity-no-email", "email"),
        ("identity-null-email", "email"),
        ("identity-number-name", "given_name"),
        ("identity-control-name", "given_name"),
    ],
)
def test_an_identity_that_is_malformed_opens_nothing(faulty: Misbehaving, mode: str, claim: str) -> None:
    refused = refusal(faulty, mode)
    assert (refused.reason, refused.check) == (Refusal.IDENTITY, claim)


def test_a_name_of_twenty_thousand_characters_opens_nothing(faulty: Misbehaving) -> None:
    assert refusal(faulty, "identity-long-name").reason in (Refusal.USERINFO, Refusal.IDENTITY)


def test_markup_in_a_name_is_kept_as_text_and_unknown_claims_are_dropped(faulty: Misbehaving) -> None:
    faulty.order(mode="identity-markup-name")
    with faulty.fresh() as provider:
        claims = sign_in(provider, AMINA.key).claims
        assert isinstance(claims, PersonClaims)
        assert claims.given_names == ("<script>{{7*7}}</script>",)
        faulty.order(mode="identity-unknown-claims")
        assert isinstance(sign_in(provider, AMINA.key).claims, PersonClaims)


# The answer in the address bar


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("callback-wrong-iss", Refusal.ISSUER),
        ("callback-no-iss", Refusal.ISSUER),
        ("callback-no-code", Refusal.MALFORMED),
        ("callback-wrong-state", Refusal.STATE),
        ("callback-undefined-state", Refusal.STATE),
        ("callback-busy", Refusal.PROVIDER_BUSY),
        ("callback-our-fault", Refusal.PROVIDER_ERROR),
        ("callback-unknown-error", Refusal.PROVIDER_ERROR),
    ],
)
def test_an_answer_that_is_not_the_one_awaited_opens_nothing(
    faulty: Misbehaving, mode: str, reason: Refusal
) -> None:
    assert refusal(faulty, mode).reason is reason


# The token endpoint


@pytest.mark.parametrize(
    ("mode", "reason", "check"),
    [
        ("token-500", Refusal.PROVIDER_DOWN, "token endpoint status"),
        ("token-html", Refusal.TOKEN, "content type"),
        ("token-array", Refusal.TOKEN, "not an object"),
        ("token-doubled", Refusal.TOKEN, "not JSON"),
        ("token-large", Refusal.PROVIDER_DOWN, "token endpoint"),
        ("token-gzip", Refusal.PROVIDER_DOWN, "token endpoint"),
        ("token-redirect", Refusal.TOKEN, "status"),
        ("token-text", Refusal.TOKEN, "content type"),
        ("no-id-token", Refusal.TOKEN, "no id_token"),
        ("null-id-token", Refusal.TOKEN, "no id_token"),
        ("odd-token-type", Refusal.TOKEN, "token type"),
        ("no-access-token", Refusal.TOKEN, "access token"),
        ("split-access-token", Refusal.TOKEN, "access token"),
        ("odd-expires-in", Refusal.TOKEN, "refused"),
        ("userinfo-500", Refusal.PROVIDER_DOWN, "userinfo status"),
        ("userinfo-large", Refusal.PROVIDER_DOWN, "userinfo endpoint"),
    ],
)
def test_an_answer_of_the_token_endpoint_that_is_not_usable_opens_nothing(
    faulty: Misbehaving, mode: str, reason: Refusal, check: str
) -> None:
    refused = refusal(faulty, mode)
    assert (refused.reason, refused.check) == (reason, check)


def test_a_silent_token_endpoint_is_waited_for_in_vain_and_holds_nobody_else_up(faulty: Misbehaving) -> None:
    now = datetime.now(UTC)
    with Provider(settings_of("franceconnect", faulty.handle), step_seconds=2) as provider:
        with plain_http() as http, ThreadPoolExecutor(1) as pool:
            address, pending = start(provider, now, "/")
            params = parse_qsl(urlsplit(walk_to_callback(http, address, AMINA.key)).query)
            faulty.order(mode="token-silence")
            begun = monotonic()
            waiting = pool.submit(finish, provider, pending, params, now)
            sleep(0.3)
            faulty.order(mode=None)
            assert sign_in(provider, FATOUMATA.key).subject == FATOUMATA.subject
            assert not waiting.done()
            error = waiting.exception(10)
        assert isinstance(error, SignInRefused)
        assert error.reason is Refusal.PROVIDER_DOWN
        assert 1.5 < monotonic() - begun < 6


def test_production_waits_five_seconds_a_step_and_ten_in_all() -> None:
    assert (STEP_SECONDS, WHOLE_SECONDS) == (5, 10)


@pytest.mark.parametrize("opening", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"])
def test_an_answer_that_drips_is_cut_off_in_its_headers_as_in_its_body(
    faulty: Misbehaving, opening: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        over = threading.Event()

        def drip() -> None:
            taken, _ = listening.accept()
            with taken, suppress(OSError):
                taken.sendall(opening)
                while not over.wait(0.1):
                    taken.sendall(b"a")

        dripping = pool.submit(drip)
        issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = replace(settings_of("franceconnect", faulty.handle), issuer=issuer)
        begun = monotonic()
        provider = Provider(settings, step_seconds=1, whole_seconds=1)
        with provider, pytest.raises(SignInRefused) as refused:
            start(provider, datetime.now(UTC), "/")
        assert monotonic() - begun < 4
        over.set()
        dripping.result(5)
    assert refused.value.reason is Refusal.PROVIDER_DOWN


# Discovery and keys


@pytest.mark.parametrize(
    ("mode", "check"),
    [
        ("discovery-other", "issuer"),
        ("discovery-slash", "issuer"),
        ("discovery-foreign", "token_endpoint"),
        ("discovery-plain", "token_endpoint"),
        ("discovery-userpart", "jwks_uri"),
        ("discovery-rs256only", "algorithms"),
        ("discovery-nologout", "end_session_endpoint"),
        ("discovery-html", "content type"),
        ("discovery-array", "not an object"),
        ("jwks-array", "not an object"),
    ],
)
def test_a_description_of_somebody_else_starts_nothing(faulty: Misbehaving, mode: str, check: str) -> None:
    refused = refusal_at_first_sight(faulty, mode)
    assert (refused.reason, refused.check) == (Refusal.METADATA, check)


@pytest.mark.parametrize("mode", ["discovery-500", "discovery-large", "discovery-redirect", "jwks-500"])
def test_a_provider_that_is_down_is_said_to_be_down(faulty: Misbehaving, mode: str) -> None:
    assert refusal_at_first_sight(faulty, mode).reason is Refusal.PROVIDER_DOWN


def test_a_provider_that_is_gone_is_said_to_be_down_and_not_asked_again_at_once() -> None:
    with start_provider(clients_of(PUBLIC_URL)) as handle:
        settings = settings_of("franceconnect", handle)
    with Provider(settings) as provider:
        now = datetime.now(UTC)
        for moment in (now, now + timedelta(seconds=1), now + timedelta(seconds=6)):
            with pytest.raises(SignInRefused) as refused:
                start(provider, moment, "/")
            assert refused.value.reason is Refusal.PROVIDER_DOWN


def test_keys_that_change_between_authorize_and_token_are_found(faulty: Misbehaving) -> None:
    with faulty.fresh() as provider, plain_http() as http:
        sign_in(provider, AMINA.key)
        now = datetime.now(UTC)
        address, pending = start(provider, now, "/")
        params = parse_qsl(urlsplit(walk_to_callback(http, address, FATOUMATA.key)).query)
        faulty.order(rotate="franceconnect")
        assert finish(provider, pending, params, now).subject == FATOUMATA.subject


def test_unknown_keys_do_not_make_us_hammer_the_provider(faulty: Misbehaving) -> None:
    with faulty.fresh() as provider:
        now = datetime.now(UTC)
        assert provider.key("unknown", now) is None
        faulty.order(mode="jwks-500")
        assert (
            provider.key("unknown", now + timedelta(seconds=9)) is None
        )  # not fetched: it would have failed
        with pytest.raises(SignInRefused):
            provider.key("unknown", now + timedelta(seconds=11))

"""Signing in through the bundled provider, over real HTTP, by everybody in it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.provider_process import (
    CLIENT_ID,
    CLIENT_SECRET,
    ProviderHandle,
    clients_of,
    plain_http,
    start_provider,
    walk_to_callback,
)
from tests.web.sign_in_steps import PUBLIC_URL, query_of, settings_of, sign_in
from vault.demo.identities import (
    AGENTS,
    AMINA,
    ELEONORE,
    FATOUMATA,
    KARIM,
    NOLWENN,
    PEOPLE,
    THOMAS,
    YUSUF,
    DemoAgent,
    DemoPerson,
)
from vault.identity.claims import PersonClaims, ProfessionalClaims
from vault.web.login import (
    PendingSignIn,
    Provider,
    Refusal,
    SignInRefused,
    finish,
    logout_url,
    start,
)


@pytest.fixture(scope="module")
def running() -> Iterator[ProviderHandle]:
    with start_provider(clients_of(PUBLIC_URL)) as handle:
        yield handle


@pytest.fixture
def franceconnect(running: ProviderHandle) -> Iterator[Provider]:
    with Provider(settings_of("franceconnect", running)) as provider:
        yield provider


@pytest.fixture
def proconnect(running: ProviderHandle) -> Iterator[Provider]:
    with Provider(settings_of("proconnect", running)) as provider:
        yield provider


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.key)
def test_every_person_signs_in_with_the_register_s_identity(
    franceconnect: Provider, running: ProviderHandle, person: DemoPerson
) -> None:
    signed_in = sign_in(franceconnect, person.key)
    assert (signed_in.issuer, signed_in.subject) == (running.issuer_fc, person.subject)
    assert signed_in.acr == "eidas1"
    assert signed_in.claims == PersonClaims(
        given_names=person.given_names,
        family_name=person.family_name,
        preferred_username=person.preferred_username or None,
        birthdate=person.birthdate,
        gender=person.gender,
        birthplace=person.birthplace,
        birthcountry=person.birthcountry,
        email=person.email,
    )


@pytest.mark.parametrize("agent", [agent for agent in AGENTS if agent is not THOMAS], ids=lambda a: a.key)
def test_every_agent_with_a_second_factor_signs_in(proconnect: Provider, agent: DemoAgent) -> None:
    signed_in = sign_in(proconnect, agent.key)
    assert (signed_in.subject, signed_in.acr, signed_in.amr) == (agent.subject, agent.acr, agent.amr)
    assert signed_in.claims == ProfessionalClaims(
        agent.given_name, agent.usual_name, agent.email, agent.siret, agent.organization_label
    )


def test_an_agent_without_a_second_factor_is_refused_with_that_reason(proconnect: Provider) -> None:
    with pytest.raises(SignInRefused) as refused:
        sign_in(proconnect, THOMAS.key)
    assert refused.value.reason is Refusal.SECOND_FACTOR


@pytest.mark.parametrize("name", ["franceconnect", "proconnect"])
def test_a_person_who_goes_back_is_refused_without_blame(running: ProviderHandle, name: str) -> None:
    with Provider(settings_of(name, running)) as provider, pytest.raises(SignInRefused) as refused:
        sign_in(provider, "refuse")
    assert refused.value.reason is Refusal.DENIED_BY_PERSON


def test_franceconnect_is_asked_only_what_it_lists(franceconnect: Provider) -> None:
    address, pending = start(franceconnect, datetime.now(UTC), "/mon-carnet")
    assert query_of(address) == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{PUBLIC_URL}/connexion/franceconnect/retour",
        "scope": "openid identite_pivot preferred_username email",
        "acr_values": "eidas1",
        "state": pending.state,
        "nonce": pending.nonce,
    }
    assert pending.code_verifier is None
    assert len(pending.state) == len(pending.nonce) == 43


def test_proconnect_is_asked_for_pkce_and_for_the_levels_through_claims(proconnect: Provider) -> None:
    address, pending = start(proconnect, datetime.now(UTC), "/")
    query = query_of(address)
    assert "acr_values" not in query
    assert query["code_challenge_method"] == "S256"
    assert pending.code_verifier not in (None, query["code_challenge"])
    levels = {"essential": True, "values": ["eidas1-mfa", "eidas2", "eidas3"]}
    assert json.loads(query["claims"]) == {"id_token": {"acr": levels, "amr": {"essential": True}}}


def test_every_start_makes_fresh_secrets(proconnect: Provider) -> None:
    many = [start(proconnect, datetime.now(UTC), "/")[1] for _ in range(20)]
    for secret in ("state", "nonce", "code_verifier"):
        assert len({getattr(pending, secret) for pending in many}) == 20


def test_a_pending_sign_in_survives_storage_and_shows_no_secret(proconnect: Provider) -> None:
    _, pending = start(proconnect, datetime.now(UTC), "/mon-carnet")
    assert PendingSignIn.from_json(pending.to_json()) == pending
    for secret in (pending.state, pending.nonce, str(pending.code_verifier), CLIENT_SECRET):
        assert secret not in repr(pending) + repr(proconnect.settings)


def test_what_a_sign_in_learns_is_not_in_its_repr(franceconnect: Provider) -> None:
    shown = repr(sign_in(franceconnect, AMINA.key))
    for word in (AMINA.subject, AMINA.family_name, AMINA.email, *AMINA.given_names, "eyJ"):
        assert word not in shown


def test_the_same_person_is_the_same_account_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "provider.json"
    found = []
    for _ in range(2):
        with start_provider(clients_of(PUBLIC_URL), state=state) as handle:
            with Provider(settings_of("franceconnect", handle)) as provider:
                signed_in = sign_in(provider, YUSUF.key)
            found.append((signed_in.issuer, signed_in.subject))
    assert found[0] == found[1]
    assert state.stat().st_mode & 0o777 == 0o600


def test_a_birth_known_by_its_year_alone_is_not_shown_as_certain(franceconnect: Provider) -> None:
    yusuf, amina = sign_in(franceconnect, YUSUF.key).claims, sign_in(franceconnect, AMINA.key).claims
    assert isinstance(yusuf, PersonClaims)
    assert isinstance(amina, PersonClaims)
    assert yusuf.birthdate_may_be_completed
    assert not amina.birthdate_may_be_completed


# Coming back


def test_the_same_answer_is_worth_nothing_the_second_time(franceconnect: Provider) -> None:
    now = datetime.now(UTC)
    address, pending = start(franceconnect, now, "/")
    with plain_http() as http:
        params = parse_qsl(urlsplit(walk_to_callback(http, address, AMINA.key)).query)
    finish(franceconnect, pending, params, now)
    with pytest.raises(SignInRefused) as no_longer_pending:
        finish(franceconnect, None, params, now)
    assert no_longer_pending.value.reason is Refusal.STATE
    with pytest.raises(SignInRefused) as code_used:
        finish(franceconnect, pending, params, now)
    assert code_used.value.reason is Refusal.TOKEN


def test_a_code_of_another_sign_in_is_refused_by_its_nonce(franceconnect: Provider) -> None:
    now = datetime.now(UTC)
    (victim, _), (mine, pending) = (start(franceconnect, now, "/") for _ in range(2))
    with plain_http() as http:
        stolen = query_of(walk_to_callback(http, victim, AMINA.key))["code"]
        own = query_of(walk_to_callback(http, mine, FATOUMATA.key))
    with pytest.raises(SignInRefused) as refused:
        finish(franceconnect, pending, list({**own, "code": stolen}.items()), now)
    assert (refused.value.reason, refused.value.check) == (Refusal.ID_TOKEN, "nonce")


def test_a_code_of_another_sign_in_is_refused_by_pkce_at_proconnect(proconnect: Provider) -> None:
    now = datetime.now(UTC)
    (victim, _), (mine, pending) = (start(proconnect, now, "/") for _ in range(2))
    with plain_http() as http:
        stolen = query_of(walk_to_callback(http, victim, KARIM.key))["code"]
    with plain_http() as http:
        own = query_of(walk_to_callback(http, mine, NOLWENN.key))
    with pytest.raises(SignInRefused) as refused:
        finish(proconnect, pending, list({**own, "code": stolen}.items()), now)
    assert refused.value.reason is Refusal.TOKEN


def test_an_answer_of_one_provider_is_refused_on_the_other_s_address(
    franceconnect: Provider, proconnect: Provider
) -> None:
    now = datetime.now(UTC)
    address, pending = start(franceconnect, now, "/")
    with plain_http() as http:
        params = parse_qsl(urlsplit(walk_to_callback(http, address, AMINA.key)).query)
    with pytest.raises(SignInRefused) as other_address:
        finish(proconnect, pending, params, now)
    assert (other_address.value.reason, other_address.value.check) == (Refusal.STATE, "provider")
    _, other_pending = start(proconnect, now, "/")
    mixed = [(name, other_pending.state if name == "state" else value) for name, value in params]
    with pytest.raises(SignInRefused) as mix_up:
        finish(proconnect, other_pending, mixed, now)
    assert mix_up.value.reason is Refusal.ISSUER


def test_a_pending_sign_in_expires_by_itself(franceconnect: Provider) -> None:
    now = datetime.now(UTC)
    _, pending = start(franceconnect, now, "/")
    late = now + timedelta(minutes=15, seconds=1)
    with pytest.raises(SignInRefused) as refused:
        finish(franceconnect, pending, [("state", pending.state), ("code", "x")], late)
    assert refused.value.reason is Refusal.EXPIRED


# Leaving


def test_signing_out_ends_the_provider_s_session_too(proconnect: Provider) -> None:
    now = datetime.now(UTC)
    with plain_http() as http:
        first = sign_in(proconnect, KARIM.key, http)
        assert sign_in(proconnect, "nobody", http).subject == first.subject  # single sign-on: not even asked
        left = http.get(logout_url(proconnect, first.id_token, "s" * 43, now), follow_redirects=False)
        assert left.headers["location"] == f"{PUBLIC_URL}/deconnexion/retour?state={'s' * 43}"
        assert sign_in(proconnect, NOLWENN.key, http).subject == NOLWENN.subject


def test_franceconnect_tells_a_person_who_is_already_signed_in(franceconnect: Provider) -> None:
    with plain_http() as http:
        sign_in(franceconnect, ELEONORE.key, http)
        assert sign_in(franceconnect, "continue", http).subject == ELEONORE.subject
        assert sign_in(franceconnect, AMINA.key, http).subject == AMINA.subject

"""The bundled provider is as strict as the two services it stands for."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
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
    GERARD,
    INES,
    KARIM,
    MAEVA,
    NOLWENN,
    PAULE,
    PEOPLE,
    SOFIA,
    DemoAgent,
    DemoPerson,
)
from vault.demo.provider_claims import known_of
from vault.demo.provider_rules import FRANCECONNECT, PROCONNECT, Client, Rules, read_authorize
from vault.demo.provider_tokens import Issuer, Session, TokenRefused, new_key
from vault.identity.claims import PersonClaims, ProfessionalClaims
from vault.web.login import Provider, SignInRefused, finish, start


@pytest.fixture(scope="module")
def running() -> Iterator[ProviderHandle]:
    with start_provider(clients_of(PUBLIC_URL)) as handle:
        yield handle


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with plain_http() as client:
        yield client


def asked(name: str, **changes: str | None) -> dict[str, str]:
    """A good authorize call with something changed; None removes."""
    good: dict[str, str | None] = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{PUBLIC_URL}/connexion/{name}/retour",
        "scope": "openid email",
        "state": "s" * 43,
        "nonce": "n" * 43,
        "acr_values": "eidas1" if name == "franceconnect" else None,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": "c" * 43, "code_challenge_method": "S256"},
        {"login_hint": "a@b.example"},
        {"max_age": "0"},
        {"response_mode": "query"},
        {"state": None},
        {"state": "s" * 31},
        {"nonce": None},
        {"nonce": "n" * 31},
        {"prompt": "none"},
        {"prompt": ""},
        {"client_id": "somebody"},
        {"redirect_uri": f"{PUBLIC_URL}/connexion/franceconnect/retour/"},
    ],
)
def test_franceconnect_keeps_the_person_on_an_error_page(
    running: ProviderHandle, http: httpx2.Client, changes: dict[str, str | None]
) -> None:
    page = http.get(f"{running.issuer_fc}/authorize", params=asked("franceconnect", **changes))
    assert page.status_code == 400
    assert "Code" in page.text


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("franceconnect", {"response_type": "token"}, "unsupported_response_type"),
        ("franceconnect", {"scope": "email"}, "invalid_scope"),
        ("franceconnect", {"scope": "openid idp_birthdate"}, "invalid_scope"),
        ("franceconnect", {"acr_values": None}, "invalid_acr"),
        ("proconnect", {"prompt": "none"}, "login_required"),
        ("proconnect", {"code_challenge": "c" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ("proconnect", {"claims": "{"}, "invalid_request"),
        ("proconnect", {"claims": '{"id_token":{"acr":7}}'}, "invalid_request"),
    ],
)
def test_other_faults_go_back_to_the_client_with_state_and_issuer(
    running: ProviderHandle, http: httpx2.Client, name: str, changes: dict[str, str | None], error: str
) -> None:
    back = http.get(f"{running.issuers[name]}/authorize", params=asked(name, **changes))
    query = query_of(back.headers["location"])
    assert (query["error"], query["state"], query["iss"]) == (error, "s" * 43, running.issuers[name])


def test_proconnect_drops_what_it_does_not_know(running: ProviderHandle, http: httpx2.Client) -> None:
    back = http.get(f"{running.issuer_pc}/authorize", params=asked("proconnect", max_age="0"))
    assert "/interaction/" in back.headers["location"]


def test_a_parameter_given_twice_is_refused(running: ProviderHandle, http: httpx2.Client) -> None:
    doubled = urlencode([*asked("proconnect").items(), ("scope", "openid")])
    assert http.get(f"{running.issuer_pc}/authorize?{doubled}").status_code == 400


@pytest.mark.parametrize("name", ["franceconnect", "proconnect"])
def test_the_page_to_choose_from_is_plain_and_offers_everybody(
    running: ProviderHandle, http: httpx2.Client, name: str
) -> None:
    page = http.get(f"{running.issuers[name]}/authorize", params=asked(name), follow_redirects=True)
    assert page.status_code == 200
    assert '<html lang="fr">' in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert f"form-action 'self' {PUBLIC_URL}" in page.headers["content-security-policy"]
    for identity in PEOPLE if name == "franceconnect" else AGENTS:
        assert f'value="{identity.key}"' in page.text
    assert 'name="refuse"' in page.text


@pytest.mark.parametrize("name", ["franceconnect", "proconnect"])
def test_a_fresh_sign_in_is_asked_again_and_its_instant_is_that_of_choosing(
    running: ProviderHandle, http: httpx2.Client, name: str
) -> None:
    person, other = (AMINA, GERARD) if name == "franceconnect" else (KARIM, NOLWENN)
    choice = "continue" if name == "franceconnect" else "nobody"
    with Provider(settings_of(name, running)) as provider:
        first = sign_in(provider, person.key, http)
        assert first.auth_time is not None
        time.sleep(1.1)
        silent = sign_in(provider, choice, http)
        assert (silent.subject, silent.auth_time) == (first.subject, first.auth_time)
        address, pending = start(provider, datetime.now(UTC), "/", fresh=True)
        page = http.get(address, follow_redirects=True)
        assert 'name="identity"' in page.text
        forged = http.post(str(page.url), data={"continue": "1"}, follow_redirects=False)
        assert forged.status_code == 400, "the open session is not enough"
        address, pending = start(provider, datetime.now(UTC), "/", fresh=True)
        callback = walk_to_callback(http, address, other.key)
        fresh = finish(provider, pending, parse_qsl(urlsplit(callback).query), datetime.now(UTC))
    assert fresh.subject == other.subject
    assert fresh.auth_time is not None
    assert fresh.auth_time > first.auth_time


LEVELS = [("eidas2", SOFIA), ("eidas2", AMINA), ("eidas3", SOFIA)]


@pytest.mark.parametrize(("level", "person"), LEVELS, ids=lambda one: getattr(one, "key", one))
def test_asked_for_more_than_eidas1_it_is_franceconnect_plus(
    running: ProviderHandle, level: str, person: DemoPerson
) -> None:
    with Provider(settings_of("franceconnect", running, acr_values=(level,))) as provider:
        signed_in = sign_in(provider, person.key)
    assert (signed_in.subject, signed_in.acr) == (person.subject, level)
    assert isinstance(signed_in.claims, PersonClaims)
    abroad = person is SOFIA
    assert signed_in.claims.birthplace == (SOFIA.foreign_birthplace if abroad else person.birthplace)
    assert signed_in.claims.birthcountry == ("" if abroad else person.birthcountry)
    assert signed_in.claims.family_name == ("ROMERO" if abroad else person.family_name)


def test_a_level_that_a_person_cannot_prove_is_denied(running: ProviderHandle) -> None:
    for level, person in (("eidas2", GERARD), ("eidas3", AMINA)):
        with (
            Provider(settings_of("franceconnect", running, acr_values=(level,))) as provider,
            pytest.raises(SignInRefused) as refused,
        ):
            sign_in(provider, person.key)
        assert refused.value.check == "error parameter"


def test_franceconnect_plus_keeps_sessions_of_its_own_and_asks_again_for_eidas3(
    running: ProviderHandle, http: httpx2.Client
) -> None:
    def page(level: str) -> str:
        members = asked("franceconnect", acr_values=level)
        return http.get(f"{running.issuer_fc}/authorize", params=members, follow_redirects=True).text

    with Provider(settings_of("franceconnect", running)) as provider:
        sign_in(provider, SOFIA.key, http)
    assert 'name="continue"' in page("eidas1")
    assert 'name="continue"' not in page("eidas2")
    assert "FranceConnect+ de démonstration" in page("eidas2")
    with Provider(settings_of("franceconnect", running, acr_values=("eidas2",))) as provider:
        sign_in(provider, SOFIA.key, http)
    assert 'name="continue"' in page("eidas2 eidas3"), "the lowest level asked counts"
    assert 'name="continue"' not in page("eidas3")


def test_what_franceconnect_plus_tells_comes_with_the_register_s_twins() -> None:
    known = known_of(MAEVA, plus=True)
    assert known["rnipp_family_name"] == known["family_name"] == "N'GUESSAN"
    assert not any(name.startswith("rnipp_") for name in known_of(MAEVA, plus=False))
    assert not any(name.startswith("rnipp_") for name in known_of(SOFIA, plus=True))


def test_an_agent_s_card_and_missing_organisation_are_told_as_they_are(running: ProviderHandle) -> None:
    with Provider(settings_of("proconnect", running)) as provider:
        assert sign_in(provider, PAULE.key).acr == "eidas3"
        without_label = sign_in(provider, INES.key).claims
    assert isinstance(without_label, ProfessionalClaims)
    assert without_label.organization_label is None


@pytest.mark.parametrize("name", ["franceconnect", "proconnect"])
def test_a_person_can_come_with_a_second_subject_and_the_same_identity(
    running: ProviderHandle, name: str
) -> None:
    person = AMINA if name == "franceconnect" else KARIM
    with Provider(settings_of(name, running)) as provider:
        usual, renewed = sign_in(provider, person.key), sign_in(provider, f"{person.key}+renewed")
        again = sign_in(provider, f"{person.key}+renewed")
    assert usual.subject == person.subject
    assert renewed.subject == again.subject == person.subject_of(renewed=True)
    assert renewed.subject != usual.subject
    assert renewed.claims == usual.claims


def test_the_page_with_new_subjects_says_so_and_leads_back(
    running: ProviderHandle, http: httpx2.Client
) -> None:
    page = http.get(f"{running.issuer_fc}/authorize", params=asked("franceconnect"), follow_redirects=True)
    assert f'href="{page.url.path}?renewed=1"' in page.text
    other = http.get(str(page.url), params={"renewed": "1"})
    assert "nouvel identifiant" in other.text
    assert f'href="{page.url.path}"' in other.text


def code_for(running: ProviderHandle, http: httpx2.Client) -> dict[str, str]:
    """The form that would redeem a fresh code."""
    with Provider(settings_of("franceconnect", running)) as provider:
        address, _ = start(provider, datetime.now(UTC), "/")
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": f"{PUBLIC_URL}/connexion/franceconnect/retour",
        "code": dict(parse_qsl(urlsplit(walk_to_callback(http, address, AMINA.key)).query))["code"],
    }


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "somebody"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"redirect_uri": "http://127.0.0.1:8000/"}, 400, "invalid_grant"),
        ({"code": "x"}, 400, "invalid_grant"),
        ({"code_verifier": "v" * 43}, 400, "invalid_grant"),
    ],
)
def test_a_wrong_token_request_gets_nothing(
    running: ProviderHandle, http: httpx2.Client, changes: dict[str, str], status: int, error: str
) -> None:
    form = {**code_for(running, http), **changes}
    answer = http.post(f"{running.issuer_fc}/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_client_secret_is_not_taken_from_a_header(running: ProviderHandle, http: httpx2.Client) -> None:
    form = {**code_for(running, http), "client_secret": ""}
    answer = http.post(f"{running.issuer_fc}/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    assert answer.status_code == 401


def test_a_code_used_twice_takes_its_access_token_with_it(
    running: ProviderHandle, http: httpx2.Client
) -> None:
    form = code_for(running, http)
    first = http.post(f"{running.issuer_fc}/token", data=form).json()
    assert "refresh_token" not in first
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert http.get(f"{running.issuer_fc}/userinfo", headers=bearer).status_code == 200
    assert http.post(f"{running.issuer_fc}/token", data=form).json()["error"] == "invalid_grant"
    assert http.get(f"{running.issuer_fc}/userinfo", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"id_token_hint": "x.y.z"}, {"post_logout_redirect_uri": f"{PUBLIC_URL}/ailleurs"}],
)
def test_a_wrong_sign_out_goes_nowhere(
    running: ProviderHandle, http: httpx2.Client, changes: dict[str, str]
) -> None:
    id_token = http.post(f"{running.issuer_fc}/token", data=code_for(running, http)).json()["id_token"]
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": f"{PUBLIC_URL}/deconnexion/retour"}
    answer = http.get(f"{running.issuer_fc}/session/end", params={**query, **changes})
    assert answer.status_code == 400


@dataclass
class HandClock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def an_issuer(rules: Rules, clock: HandClock) -> tuple[Issuer, dict[str, str], str]:
    """An issuer under a clock we hold, the form that redeems a code, and that code's name."""
    client = Client("c", "s", ("http://localhost/r",), (), rules.default_scopes)
    issuer = Issuer(rules, "http://localhost/i", {"c": client}, new_key(), clock)
    members = {**asked(rules.name), "client_id": "c", "redirect_uri": "http://localhost/r"}
    request = read_authorize(rules, {"c": client}, list(members.items()))
    code = issuer.grant(request, Session(AMINA if rules is FRANCECONNECT else KARIM, int(clock())))
    form = {"grant_type": "authorization_code", "client_id": "c", "client_secret": "s", "code": code}
    return issuer, {**form, "redirect_uri": "http://localhost/r"}, code


@pytest.mark.parametrize(("rules", "seconds"), [(FRANCECONNECT, 30), (PROCONNECT, 60)])
def test_a_code_lives_as_long_as_the_real_one(rules: Rules, seconds: int) -> None:
    clock = HandClock()
    issuer, form, _ = an_issuer(rules, clock)
    clock.now += seconds
    with pytest.raises(TokenRefused):
        issuer.redeem(form)
    issuer, form, _ = an_issuer(rules, clock)
    clock.now += seconds - 1
    assert issuer.redeem(form)["expires_in"] == rules.access_token_seconds


@pytest.mark.parametrize(("rules", "seconds"), [(FRANCECONNECT, 30), (PROCONNECT, 3600)])
def test_the_identity_can_be_asked_for_as_long_as_the_grant_lives(rules: Rules, seconds: int) -> None:
    clock = HandClock()
    issuer, form, _ = an_issuer(rules, clock)
    access_token = issuer.redeem(form)["access_token"]
    clock.now += seconds - 1
    assert issuer.userinfo(access_token).count(".") == 2
    clock.now += 1
    with pytest.raises(TokenRefused):
        issuer.userinfo(access_token)


def test_an_id_token_holds_no_identity() -> None:
    issuer, form, _ = an_issuer(FRANCECONNECT, HandClock())
    header, claims = _parts(issuer.redeem(form)["id_token"])
    assert header.keys() == {"alg", "kid"}
    assert claims.keys() == {"iss", "aud", "sub", "nonce", "acr", "auth_time", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == 60


def test_proconnect_says_the_level_only_when_asked_and_always_hands_a_refresh_token() -> None:
    issuer, form, _ = an_issuer(PROCONNECT, HandClock())
    answer = issuer.redeem(form)
    _, claims = _parts(answer["id_token"])
    assert claims.keys() == {"iss", "aud", "sub", "nonce", "auth_time", "iat", "exp", "at_hash"}
    assert "refresh_token" in answer


def test_every_identity_has_two_subjects_of_its_own_and_an_example_address() -> None:
    everybody: list[DemoPerson | DemoAgent] = [*PEOPLE, *AGENTS]
    assert len(everybody) == 20
    subjects = {one.subject_of(renewed=renewed) for one in everybody for renewed in (False, True)}
    assert len(subjects) == 2 * len(everybody)
    assert {one.subject for one in everybody} <= subjects
    assert len({one.key for one in everybody}) == len({one.display_name for one in everybody}) == 20
    assert all(identity.email.endswith(".example") for identity in everybody)


def test_the_provider_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    handle = start_provider(clients_of(PUBLIC_URL))
    handle.stop()
    with plain_http() as http, pytest.raises(httpx2.ConnectError):
        http.get(f"{handle.issuer_fc}/jwks")


def _parts(token: str) -> list[dict[str, Any]]:
    from base64 import urlsafe_b64decode

    return [json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]

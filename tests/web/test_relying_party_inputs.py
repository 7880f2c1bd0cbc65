"""What the sign-in room accepts from outside before any provider is asked: addresses, parameters, claims."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from vault.identity.claims import ClaimsError, read_person_claims, read_professional_claims
from vault.web.login import (
    ProviderSettings,
    ProviderSettingsError,
    Refusal,
    SignInRefused,
    read_callback,
    safe_return_path,
)
from vault.web.login.provider_metadata import read_keys
from vault.web.login.token_checks import open_signed

PERSON: dict[str, Any] = {
    "given_name": "Anne Marie Lou",
    "given_name_array": ["Anne", "Marie Lou"],
    "family_name": "D’ŒUVRE",
    "preferred_username": "",
    "birthdate": "1990-01-01",
    "gender": "unspecified",
    "birthplace": "2A004",
    "birthcountry": "99100",
    "email": "anne@courriel.example",
}
AGENT: dict[str, Any] = {
    "given_name": "Karim",
    "usual_name": "HADDAD",
    "email": "karim@ccas.example",
    "siret": "99000020000016",
}


@pytest.mark.parametrize(
    "path",
    ["/", "/mon-carnet", "/mes-partages?etape=2", "/carnets/abc#logement", "/aide?u=//a", "/a/%2f%2fevil"],
)
def test_a_path_of_ours_is_returned_to(path: str) -> None:
    assert safe_return_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "mon-carnet",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "https:",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "http://127.0.0.1:9000/mon-carnet",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/mon carnet",
        "/a//evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/%2e%2E//evil.example",
        "/a/../b",
        "/é",
        "/\u2028",
        "/connexion",
        "/connexion/franceconnect",
        "/deconnexion/retour?state=x",
        "/" + "a" * 600,
    ],
)
def test_anything_else_goes_home(path: str | None) -> None:
    assert safe_return_path(path) == "/"


@given(st.text())
def test_a_return_path_never_leaves_our_origin(text: str) -> None:
    path = safe_return_path("/" + text)
    assert path.startswith("/")
    assert path[1:2] not in ("/", "\\")
    assert path.isascii()
    assert path.isprintable()


@pytest.mark.parametrize(
    "params",
    [
        [("state", "a"), ("state", "a")],
        [("session_state", "a"), ("session_state", "b")],
        [("state", "a" * 129)],
        [("code", "a" * 1025)],
        [("iss", "a" * 513)],
        [("anything", "a" * 2049)],
        [("n" * 65, "a")],
        [("code", "a\x00b")],
        [("code", "a\r\nb")],
        [(f"p{n}", "a") for n in range(21)],
    ],
)
def test_a_malformed_answer_is_refused_before_it_is_read(params: list[tuple[str, str]]) -> None:
    with pytest.raises(SignInRefused) as refused:
        read_callback(params)
    assert refused.value.reason is Refusal.MALFORMED


@given(st.lists(st.tuples(st.text(), st.text())))
def test_reading_any_answer_only_ever_refuses(params: list[tuple[str, str]]) -> None:
    with suppress(SignInRefused):
        read_callback(params)


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1")), st.none(), st.integers()))
def test_reading_any_token_only_ever_refuses(token: object) -> None:
    with pytest.raises(SignInRefused):
        open_signed(token, find_key=lambda kid: None, reason=Refusal.ID_TOKEN)


def test_a_good_identity_is_read_whole() -> None:
    person = read_person_claims(PERSON)
    assert person.given_names == ("Anne", "Marie Lou")
    assert person.preferred_username is None
    agent = read_professional_claims(AGENT)
    assert (agent.siret, agent.organization_label) == ("99000020000016", None)


def test_given_names_are_never_split_by_guessing() -> None:
    without_list = {name: value for name, value in PERSON.items() if name != "given_name_array"}
    assert read_person_claims(without_list).given_names == ("Anne Marie Lou",)


@pytest.mark.parametrize("name", [n for n in PERSON if n not in ("preferred_username", "given_name_array")])
def test_every_mandatory_claim_of_a_person_is_mandatory(name: str) -> None:
    with pytest.raises(ClaimsError) as refused:
        read_person_claims({other: value for other, value in PERSON.items() if other != name})
    assert refused.value.claim == name


@pytest.mark.parametrize("name", sorted(AGENT))
def test_every_mandatory_claim_of_a_professional_is_mandatory(name: str) -> None:
    with pytest.raises(ClaimsError) as refused:
        read_professional_claims({other: value for other, value in AGENT.items() if other != name})
    assert refused.value.claim == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("given_name", " "),
        ("given_name", "A" * 257),
        ("given_name", "A\nB"),
        ("given_name", "A\u202eB"),
        ("given_name", "A\u200bB"),
        ("given_name", ["A"]),
        ("given_name_array", []),
        ("given_name_array", "Anne"),
        ("given_name_array", ["Anne", 1]),
        ("given_name_array", ["A"] * 31),
        ("family_name", None),
        ("preferred_username", 3),
        ("preferred_username", "A" * 257),
        ("birthdate", "1990-02-30"),
        ("birthdate", "1990-00-00"),
        ("birthdate", "1990"),
        ("birthdate", "90-01-01"),
        ("birthdate", "١٩٩٠-01-01"),
        ("birthdate", "1990-01-01\n"),
        ("gender", "M"),
        ("gender", ["male"]),
        ("birthplace", "29"),
        ("birthplace", "2C004"),
        ("birthplace", None),
        ("birthcountry", "FR"),
        ("birthcountry", ""),
        ("email", "nobody"),
        ("email", "a@b@c.example"),
        ("email", "a b@c.example"),
        ("email", "a@" + "b" * 254),
        ("email", "a@b.example\nBcc: c@d.example"),
    ],
)
def test_a_malformed_claim_of_a_person_is_refused(name: str, value: object) -> None:
    with pytest.raises(ClaimsError) as refused:
        read_person_claims({**PERSON, name: value})
    assert refused.value.claim == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("siret", "9900002000001"),
        ("siret", 99000020000016),
        ("siret", "9900002000001６"),
        ("siret", ""),
        ("organization_label", "A\x07"),
        ("organization_label", 1),
        ("usual_name", ""),
    ],
)
def test_a_malformed_claim_of_a_professional_is_refused(name: str, value: object) -> None:
    with pytest.raises(ClaimsError) as refused:
        read_professional_claims({**AGENT, name: value})
    assert refused.value.claim == name


def test_a_refused_claim_does_not_travel_in_the_error() -> None:
    with pytest.raises(ClaimsError) as refused:
        read_person_claims({**PERSON, "email": "secret value"})
    assert "secret" not in str(refused.value) + repr(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*PERSON, *AGENT, "organization_label", "x"]), JSON))
def test_any_claims_are_read_or_refused(claims: dict[str, Any]) -> None:
    for read, good in ((read_person_claims, PERSON), (read_professional_claims, AGENT)):
        with suppress(ClaimsError):
            read({**good, **claims})


def _settings(**changes: Any) -> ProviderSettings:
    members: dict[str, Any] = {
        "name": "franceconnect",
        "issuer": "https://fc.example/api/v2",
        "client_id": "id",
        "client_secret": "a planted secret",
        "scopes": ("openid",),
        "acr_values": ("eidas1",),
        "pkce": False,
        "acr_by_claims": False,
        "redirect_uri": "https://carnet.example/connexion/franceconnect/retour",
        "post_logout_redirect_uri": "http://localhost:8000/deconnexion/retour",
    }
    return ProviderSettings(**{**members, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://fc.example/api/v2"},
        {"issuer": "http://127.0.0.1.evil.example"},
        {"issuer": "https://user@fc.example"},
        {"issuer": "https://fc.example/#part"},
        {"issuer": "https://fc.example:port/"},
        {"issuer": "ftp://fc.example"},
        {"issuer": "//fc.example"},
        {"issuer": ""},
        {"redirect_uri": "http://carnet.example/retour"},
        {"post_logout_redirect_uri": "carnet.example"},
        {"scopes": ("email",)},
        {"acr_values": ()},
        {"client_id": ""},
        {"client_secret": ""},
    ],
)
def test_settings_that_would_send_secrets_astray_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderSettingsError) as refused:
        _settings(**changes)
    assert "planted" not in str(refused.value)


def test_good_settings_are_accepted_and_show_no_secret() -> None:
    assert "planted" not in repr(_settings())


def test_only_es256_keys_with_a_name_of_their_own_are_used() -> None:
    keys = [ECKey.generate_key("P-256").as_dict(private=False) for _ in range(3)]
    listed: list[object] = [
        {**keys[0], "kid": "good"},
        {**keys[1], "kid": "twice"},
        {**keys[2], "kid": "twice"},
        {**keys[0]},
        {**keys[0], "kid": ""},
        {**keys[0], "kid": 7},
        {**keys[0], "kid": "encryption", "use": "enc"},
        {**keys[0], "kid": "other-alg", "alg": "ES384"},
        {**keys[0], "kid": "off-curve", "y": keys[1]["y"]},
        {**keys[0], "kid": "not-base64", "y": "é"},
        {"kty": "oct", "k": "AAAA", "kid": "symmetric"},
        {"kty": "EC", "crv": "P-256", "kid": "empty"},
        "text",
        None,
    ]
    assert read_keys({"keys": listed}).keys() == {"good"}


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, {"keys": [{}] * 51}])
def test_a_list_of_keys_must_be_a_list_of_keys(document: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused) as refused:
        read_keys(document)
    assert refused.value.reason is Refusal.METADATA

"""Attacks on what a provider says: its id_token, its token answer, the identity it sends.

Numbered as in the list of docs/mutations.md, where each is shown to fail without its check.
"""

from collections.abc import Iterator

import pytest
from _pytest.logging import LogCaptureFixture

from tests.web.attacks import FC, PC, Stage, member, stage_in

DOORS = {FC: "kevin", PC: "karim"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_in(tmp_path_factory.mktemp("attacks")) as stage:
        yield stage


@pytest.fixture
def stage(running: Stage, caplog: LogCaptureFixture) -> Iterator[Stage]:
    running.caplog = caplog
    yield running
    running.stack.close()


def refused(stage: Stage, mode: str, told: str, *, door: str = FC) -> str:
    """A sign-in that goes well but for one fault of the provider opens nothing; the words of its page."""
    victim = stage.visitor()
    back = victim.answer_of(DOORS[door], door)
    with stage.misbehaving(mode), stage.watching() as seen:
        page = victim.browser.get(back)
    secrets = member(back, "code"), member(back, "state")
    stage.opened_nothing(victim, page, seen, f"provider={door[11:]} {told}", *secrets)
    assert seen.asked.get("token") == 1, "a code is never tried twice"
    return page.text


def id_token(check: str) -> str:
    return f"reason=id_token check={check}"


def userinfo(check: str) -> str:
    return f"reason=userinfo check={check}"


# --- the id_token ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DOORS)
def test_attack_06_an_id_token_of_another_issuer_is_refused(stage: Stage, door: str) -> None:
    refused(stage, "wrong-iss", id_token("iss"), door=door)


@pytest.mark.parametrize("mode", ["wrong-aud", "list-aud", "list-aud-alone"])
def test_attack_07_an_id_token_for_another_audience_or_for_a_list_is_refused(stage: Stage, mode: str) -> None:
    refused(stage, mode, id_token("aud"))


def test_attack_08_an_id_token_for_another_audience_with_our_azp_is_refused(stage: Stage) -> None:
    refused(stage, "wrong-aud-our-azp", id_token("aud"))


def test_attack_08_an_id_token_for_us_with_another_azp_is_refused(stage: Stage) -> None:
    refused(stage, "foreign-azp", id_token("azp"))


@pytest.mark.parametrize("mode", ["wrong-nonce", "no-nonce"])
@pytest.mark.parametrize("door", DOORS)
def test_attack_09_a_wrong_or_missing_nonce_is_refused(stage: Stage, door: str, mode: str) -> None:
    refused(stage, mode, id_token("nonce"), door=door)


@pytest.mark.parametrize(
    ("mode", "check"),
    [
        ("alg-none", "form"),
        ("alg-none-signed", "alg"),
        ("alg-none-cased", "alg"),
        ("empty-signature", "form"),
    ],
)
def test_attack_10_an_id_token_without_a_signature_is_refused(stage: Stage, mode: str, check: str) -> None:
    refused(stage, mode, id_token(check))


@pytest.mark.parametrize("mode", ["hs256-client-secret", "hs256-public-key"])
def test_attack_11_a_symmetric_signature_is_refused(stage: Stage, mode: str) -> None:
    refused(stage, mode, id_token("alg"))


@pytest.mark.parametrize(
    ("mode", "check"),
    [
        ("forged-known-kid", "signature"),
        ("tampered", "signature"),
        ("unknown-kid", "kid"),
        ("no-kid", "kid"),
        ("header-jwk", "header"),
        ("header-jku", "header"),
        ("header-x5u", "header"),
        ("header-x5c", "header"),
        ("header-crit", "header"),
    ],
)
def test_attack_12_a_key_that_is_not_the_provider_s_is_refused_and_none_is_fetched_by_name(
    stage: Stage, mode: str, check: str
) -> None:
    before = stage.asked().get("offered-key", 0)
    refused(stage, mode, id_token(check))
    assert stage.asked().get("offered-key", 0) == before


@pytest.mark.parametrize("mode", ["expired", "no-exp", "text-exp", "huge-exp"])
def test_attack_13_an_id_token_that_is_over_or_never_ends_is_refused(stage: Stage, mode: str) -> None:
    refused(stage, mode, id_token("exp"))


@pytest.mark.parametrize("mode", ["future-iat", "no-iat"])
def test_attack_14_an_id_token_of_the_future_is_refused(stage: Stage, mode: str) -> None:
    refused(stage, mode, id_token("iat"))


@pytest.mark.parametrize("mode", ["low-acr", "no-acr", "list-acr"])
def test_attack_15_a_level_that_was_not_asked_for_is_refused_with_an_explanation(
    stage: Stage, mode: str
) -> None:
    refused(stage, mode, "reason=level check=acr")
    assert "deuxième vérification" in refused(stage, mode, "reason=level check=acr", door=PC)


def test_attack_15_a_professional_without_a_second_factor_is_refused_with_an_explanation(
    stage: Stage,
) -> None:
    victim = stage.visitor()
    with stage.watching() as seen:
        page = victim.sign_in("thomas", PC)
    assert "deuxième vérification" in page.text
    stage.opened_nothing(victim, page, seen, "provider=proconnect reason=second_factor")


@pytest.mark.parametrize("mode", ["no-id-token", "null-id-token"])
@pytest.mark.parametrize("door", DOORS)
def test_attack_16_an_answer_without_an_id_token_is_refused(stage: Stage, door: str, mode: str) -> None:
    refused(stage, mode, "reason=token check=no id_token", door=door)


@pytest.mark.parametrize("door", DOORS)
def test_attack_17_a_wrong_hash_of_the_access_token_is_refused(stage: Stage, door: str) -> None:
    refused(stage, "wrong-at-hash", id_token("at_hash"), door=door)


# --- the identity ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["userinfo-bare", "userinfo-text", "userinfo-html"])
@pytest.mark.parametrize("door", DOORS)
def test_attack_18_an_identity_that_is_not_a_signed_answer_is_refused(
    stage: Stage, door: str, mode: str
) -> None:
    refused(stage, mode, userinfo("content type"), door=door)


@pytest.mark.parametrize(
    ("mode", "check"),
    [
        ("userinfo-alg-none", "form"),
        ("userinfo-alg-none-signed", "alg"),
        ("userinfo-hs256-client-secret", "alg"),
        ("userinfo-hs256-public-key", "alg"),
        ("userinfo-forged-known-kid", "signature"),
        ("userinfo-tampered", "signature"),
        ("userinfo-header-jku", "header"),
        ("userinfo-wrong-iss", "iss"),
        ("userinfo-wrong-aud", "aud"),
        ("userinfo-expired", "exp"),
        ("userinfo-no-exp", "exp"),
    ],
)
def test_attack_19_an_identity_that_is_not_proven_for_us_and_now_is_refused(
    stage: Stage, mode: str, check: str
) -> None:
    refused(stage, mode, userinfo(check))


@pytest.mark.parametrize("mode", ["userinfo-other-sub", "userinfo-no-sub"])
@pytest.mark.parametrize("door", DOORS)
def test_attack_20_an_identity_of_somebody_else_is_refused(stage: Stage, door: str, mode: str) -> None:
    refused(stage, mode, userinfo("sub"), door=door)


def test_attack_21_an_id_token_in_place_of_the_identity_is_refused(stage: Stage) -> None:
    refused(stage, "userinfo-id-token-instead", userinfo("nonce"))


def test_attack_21_an_identity_in_place_of_the_id_token_is_refused(stage: Stage) -> None:
    refused(stage, "identity-instead", id_token("nonce"))


@pytest.mark.parametrize(
    ("mode", "claim"),
    [
        ("identity-no-email", "email"),
        ("identity-null-email", "email"),
        ("identity-number-name", "given_name"),
        ("identity-control-name", "given_name"),
    ],
)
@pytest.mark.parametrize("door", DOORS)
def test_attack_22_an_incomplete_or_malformed_identity_is_refused(
    stage: Stage, door: str, mode: str, claim: str
) -> None:
    refused(stage, mode, f"reason=identity check={claim}", door=door)


def test_attack_22_a_name_of_twenty_thousand_characters_is_refused(stage: Stage) -> None:
    refused(stage, "identity-long-name", "reason=")


@pytest.mark.parametrize("mode", ["no-sub", "empty-sub", "long-sub", "number-sub"])
def test_attack_22_an_id_token_without_a_usable_subject_is_refused(stage: Stage, mode: str) -> None:
    refused(stage, mode, id_token("sub"))


# --- 23: markup --------------------------------------------------------------------------------------------


def test_attack_23_markup_in_a_name_is_shown_as_text_everywhere(stage: Stage) -> None:
    visitor = stage.visitor()
    back = visitor.answer_of("fatoumata")
    with stage.misbehaving("identity-markup-name"):
        page = visitor.browser.get(back)
    assert page.address == "/mon-carnet"
    assert "<script>{{7*7}}</script>" in page.text, "as text"
    for path in ("/mon-carnet", "/mes-partages", "/qui-a-vu", "/mes-telechargements", "/aide"):
        shown = visitor.browser.get(path)
        assert shown.status == 200
        assert "<script>{{" not in shown.html
        assert "49" not in shown.text.split("BARRY", maxsplit=1)[0][-40:]
    answer = visitor.http.get("/api/v1/me/carnet")
    assert answer.headers["content-type"] == "application/json"
    paper = visitor.http.get("/mes-telechargements/carnet.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert not [word for word in (b"/JavaScript", b"/Launch", b"/OpenAction") if word in paper.content]


def test_attack_23_markup_in_the_provider_s_words_is_not_shown(stage: Stage) -> None:
    victim = stage.visitor()
    with stage.misbehaving("callback-markup"):
        back = victim.answer_of("kevin")
    with stage.watching() as seen:
        page = victim.browser.get(back)
    assert "7*7" not in page.html
    assert "<script>" not in page.html
    stage.opened_nothing(victim, page, seen, "provider=franceconnect reason=denied_by_person")

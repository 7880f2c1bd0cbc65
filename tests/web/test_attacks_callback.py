"""Attacks on what a browser carries: states, codes, issuers, return paths, parameters; and on sessions.

Numbered as in the list of docs/mutations.md, where each is shown to fail without its check.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import pytest
from _pytest.logging import LogCaptureFixture

from tests.web.attacks import FC, PC, Stage, member, neutral, stage_in, with_query


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_in(tmp_path_factory.mktemp("attacks")) as stage:
        yield stage


@pytest.fixture
def stage(running: Stage, caplog: LogCaptureFixture) -> Iterator[Stage]:
    running.caplog = caplog
    yield running
    running.stack.close()


# --- 1: the state ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["x" * 43, "undefined", "", None])
@pytest.mark.parametrize(("door", "who"), [(FC, "kevin"), (PC, "karim")])
def test_attack_01_a_wrong_or_missing_state_is_refused_without_a_token_call(
    stage: Stage, door: str, who: str, state: str | None
) -> None:
    victim = stage.visitor()
    back = victim.answer_of(who, door)
    code = member(back, "code")
    spoiled = with_query(back, "state") if state is None else with_query(back, state=state)
    with stage.watching() as seen:
        page = victim.browser.get(spoiled)
    assert page.status == 400
    assert "token" not in {name for name, count in seen.asked.items() if count}
    stage.opened_nothing(victim, page, seen, f"provider={door[11:]} reason=state", code)


def test_attack_01_the_state_of_another_browser_is_refused_without_a_token_call(stage: Stage) -> None:
    attacker, victim = stage.visitor(), stage.visitor()
    back = attacker.answer_of("kevin")
    victim.leave()
    with stage.watching() as seen:
        page = victim.browser.get(back)
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, "provider=franceconnect reason=state", member(back, "state"))
    assert stage.visitor().browser.get(back).status == 400, "nor in a browser that holds no cookie"


def test_attack_01_a_state_that_ended_badly_is_used_up(stage: Stage) -> None:
    victim = stage.visitor()
    authorize = victim.leave()
    refused = victim.walk(authorize, "refuse")
    assert victim.browser.get(refused).status == 200
    again = with_query(victim.answer_of("kevin"), state=member(refused, "state"))
    with stage.watching() as seen:
        page = victim.browser.get(again)
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, "provider=franceconnect reason=state", member(again, "code"))


def test_attack_01_a_state_of_a_quarter_of_an_hour_ago_is_refused(stage: Stage) -> None:
    victim = stage.visitor()
    back = victim.answer_of("kevin")
    with stage.later(minutes=15, seconds=1), stage.watching() as seen:
        page = victim.browser.get(back)
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, "provider=franceconnect reason=state", member(back, "state"))


def test_attack_01_several_sign_ins_of_one_browser_wait_side_by_side_and_the_oldest_go(stage: Stage) -> None:
    visitor = stage.visitor()
    first = visitor.leave()
    waiting = [visitor.leave() for _ in range(5)]
    with stage.watching() as seen:
        page = visitor.browser.get(visitor.walk(first, "kevin"))
    stage.opened_nothing(visitor, page, seen, "provider=franceconnect reason=state")
    last_but_one = visitor.walk(waiting[-2], "continue")
    assert visitor.browser.get(last_but_one).address == "/mon-carnet"


# --- 2, 3: the same answer twice, the answer of another --------------------------------------------------


def test_attack_02_an_answer_played_again_is_refused_though_the_provider_would_redeem_it(
    stage: Stage,
) -> None:
    victim, thief, same_browser = stage.visitor(), stage.visitor(), stage.visitor()
    back = victim.answer_of("kevin")
    same_browser.plant(victim.cookie or "")
    with stage.misbehaving("codes-work-twice"):
        assert victim.browser.get(back).address == "/mon-carnet"
        cookie = victim.cookie
        thief.leave()
        with stage.watching() as seen:
            page = victim.browser.get(back)
        assert seen.asked["token"] == 0
        assert victim.cookie == cookie, "her session is left alone"
        with stage.watching() as stolen:
            elsewhere = thief.browser.get(back)
        with stage.watching() as again:
            as_before = same_browser.browser.get(back)
    told = "provider=franceconnect reason=state"
    stage.opened_nothing(victim, page, seen, told, member(back, "code"), still_in=True)
    stage.opened_nothing(thief, elsewhere, stolen, told, member(back, "code"))
    stage.opened_nothing(same_browser, as_before, again, told, member(back, "code"))


def test_attack_02_an_answer_brought_twice_at_once_opens_one_session(stage: Stage) -> None:
    victim = stage.visitor()
    back = victim.answer_of("kevin")
    before = stage.sessions()
    others = [stage.visitor() for _ in range(4)]
    for other in others:
        other.plant(victim.cookie or "")
    with stage.misbehaving("codes-work-twice"), ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda other: other.http.get(back).status_code, others))
    assert statuses == [303, 400, 400, 400]
    assert stage.sessions() == before + 1


@pytest.mark.parametrize(
    ("door", "victims", "own", "told"),
    [
        (FC, "amina", "kevin", "provider=franceconnect reason=id_token check=nonce"),
        (PC, "karim", "claire", "provider=proconnect reason=token"),  # PKCE: the provider refuses it
    ],
)
def test_attack_03_the_code_of_another_session_is_refused(
    stage: Stage, door: str, victims: str, own: str, told: str
) -> None:
    victim, thief = stage.visitor(), stage.visitor()
    stolen = member(victim.answer_of(victims, door), "code")
    back = with_query(thief.answer_of(own, door), code=stolen)
    with stage.watching() as seen:
        page = thief.browser.get(back)
    stage.opened_nothing(thief, page, seen, told, stolen, member(back, "state"))


# --- 4, 5: whose answer it is ----------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", ["https://evil.example/api/v2", "", "other", "slash", "case"])
def test_attack_04_an_answer_that_names_another_issuer_is_refused_before_the_token_call(
    stage: Stage, issuer: str
) -> None:
    ours = stage.provider.issuer_fc
    named = {"other": stage.provider.issuer_pc, "slash": ours + "/", "case": ours.upper()}.get(issuer, issuer)
    victim = stage.visitor()
    back = with_query(victim.answer_of("kevin"), iss=named)
    with stage.watching() as seen:
        page = victim.browser.get(back)
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, "provider=franceconnect reason=issuer", member(back, "code"))


def test_attack_04_one_provider_s_answer_at_the_other_s_address_is_refused(stage: Stage) -> None:
    victim = stage.visitor()
    back = victim.answer_of("kevin")
    with stage.watching() as seen:
        page = victim.browser.get(back.replace(FC, PC))
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, "provider=proconnect reason=state check=provider")
    mixed = with_query(victim.answer_of("continue"), state=member(victim.leave(PC), "state"))
    with stage.watching() as seen:
        page = victim.browser.get(mixed.replace(FC, PC))
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, "provider=proconnect reason=issuer")


@pytest.mark.parametrize(("door", "who"), [(FC, "kevin"), (PC, "karim")])
def test_attack_05_an_answer_that_names_no_issuer_is_refused(stage: Stage, door: str, who: str) -> None:
    victim = stage.visitor()
    back = with_query(victim.answer_of(who, door), "iss")
    with stage.watching() as seen:
        page = victim.browser.get(back)
    assert seen.asked["token"] == 0
    stage.opened_nothing(victim, page, seen, f"provider={door[11:]} reason=issuer", member(back, "code"))


# --- 27: where to go afterwards --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https:",
        "https://evil.example/",
        "javascript:alert(1)",
        "/%09/evil.example",
        "/%0D%0ALocation:%20https://evil.example",
        "/mon-carnet/../..//evil.example",
        "http://127.0.0.1:1/mon-carnet",
        "/dpo",
        "/connexion/franceconnect",
    ],
)
def test_attack_27_a_path_that_leads_elsewhere_leads_home(stage: Stage, wanted: str) -> None:
    visitor = stage.visitor()
    authorize = visitor.http.get(FC, params={"retour": wanted} if "%" not in wanted else None)
    if "%" in wanted:
        authorize = visitor.http.get(f"{FC}?retour={wanted}")
    answer = visitor.http.get(visitor.walk(authorize.headers["location"], "gerard"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/mon-carnet")
    assert visitor.is_in(), "home, and signed in"


# --- 28: whose session it becomes ------------------------------------------------------------------------


def test_attack_28_a_planted_session_is_not_the_one_she_signs_in_to(stage: Stage) -> None:
    attacker, victim = stage.visitor(), stage.visitor()
    attacker.sign_in("kevin")
    planted = attacker.cookie or ""
    victim.plant(planted)
    victim.sign_in("amina")
    assert victim.cookie not in (None, planted)
    assert "Amina" in victim.browser.get("/mon-carnet").text
    assert not attacker.is_in(), "the session that was planted is over"


def test_attack_28_a_planted_browser_secret_is_no_session_afterwards(stage: Stage) -> None:
    attacker, victim = stage.visitor(), stage.visitor()
    attacker.leave()
    planted = attacker.cookie or ""
    victim.plant(planted)
    victim.sign_in("amina")
    assert victim.cookie != planted
    assert victim.is_in()
    assert not attacker.is_in()


def test_attack_28_the_attacker_s_answer_does_not_sign_the_victim_in_to_his_account(stage: Stage) -> None:
    attacker, victim = stage.visitor(), stage.visitor()
    back = attacker.answer_of("kevin")
    with stage.watching() as seen:
        page = victim.browser.get(back)
    told = "provider=franceconnect reason=state"
    stage.opened_nothing(victim, page, seen, told, member(back, "state"), member(back, "code"))
    victim.sign_in("amina")
    another = attacker.answer_of("continue")
    with stage.watching() as seen:
        page = victim.browser.get(another)
    stage.opened_nothing(victim, page, seen, told, member(another, "code"), still_in=True)
    assert "Amina" in victim.browser.get("/mon-carnet").text, "she stays who she was"


# --- 29: coming back from signing out --------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["?state=wrong", "", "?state=a&state=b", "?state=" + "x" * 3000, "?error=x"]
)
def test_attack_29_a_wrong_state_after_signing_out_keeps_nobody_in_and_is_no_error(
    stage: Stage, query: str
) -> None:
    visitor = stage.visitor()
    home = visitor.sign_in("gerard")
    cookie = visitor.cookie or ""
    answer = visitor.http.post("/deconnexion", data=home.form("/deconnexion").filled({}))
    assert answer.headers["location"].startswith(f"{stage.provider.issuer_fc}/session/end?")
    page = visitor.browser.get(f"/deconnexion/retour{query}")
    assert page.status == 200
    visitor.plant(cookie)
    assert not visitor.is_in(), "not even with the cookie of before"
    assert '<html lang="fr"' in page.html
    stage.others_are_as_well_as_before()


# --- 30: one address, two people -------------------------------------------------------------------------


def test_attack_30_an_address_that_two_people_share_joins_no_accounts(stage: Stage) -> None:
    kevin, marie_lou = stage.visitor(), stage.visitor()
    his, hers = kevin.sign_in("kevin"), marie_lou.sign_in("marie-lou")
    assert his.html.split("Votre référence")[1][:80] != hers.html.split("Votre référence")[1][:80]
    assert "Marie Lou" in hers.text or "Marie" in hers.text
    assert "Marie" not in his.text


def test_attack_30_the_address_of_an_invited_professional_lets_nobody_else_in(stage: Stage) -> None:
    with stage.misbehaving("identity-shared-email"):
        assert stage.invited("karim").is_in()
        other = stage.visitor()
        with stage.watching() as seen:
            page = other.sign_in("nolwenn", PC)
    assert page.status == 403
    stage.opened_nothing(other, page, seen, "provider=proconnect reason=not_invited")


# --- 31: parameters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        "&state=second",
        "&code=second",
        "&iss=second",
        "&error=access_denied&error=x",
        "&a=" + "x" * 2049,
        "&b=%00",
    ],
)
def test_attack_31_a_parameter_given_twice_or_too_long_is_refused_as_a_whole(stage: Stage, more: str) -> None:
    victim = stage.visitor()
    back = victim.answer_of("kevin")
    with stage.watching() as seen:
        page = victim.browser.get(back + more)
    assert page.status == 400
    assert seen.asked["token"] == 0
    told = "provider=franceconnect reason=malformed"
    stage.opened_nothing(victim, page, seen, told, member(back, "code"), member(back, "state"))


@pytest.mark.parametrize(
    ("name", "length"), [("state", 129), ("code", 1025), ("iss", 513), ("state", 30_000)]
)
def test_attack_31_a_very_long_value_is_refused(stage: Stage, name: str, length: int) -> None:
    victim = stage.visitor()
    back = victim.answer_of("kevin")
    with stage.watching() as seen:
        page = victim.browser.get(with_query(back, **{name: "x" * length}))
    assert page.status == 400
    stage.opened_nothing(victim, page, seen, "provider=franceconnect reason=malformed")


@pytest.mark.parametrize(("door", "who"), [(FC, "kevin"), (PC, "karim")])
def test_attack_31_an_answer_that_is_posted_is_refused(stage: Stage, door: str, who: str) -> None:
    victim = stage.visitor()
    back = victim.answer_of(who, door)
    path, _, query = back.partition("?")
    with stage.watching() as seen:
        page = victim.browser.post(path, dict(parse_qsl(query)))
    assert page.status == 400
    assert seen.asked["token"] == 0
    told = f"provider={door[11:]} reason=malformed check=posted"
    stage.opened_nothing(victim, page, seen, told, member(back, "code"), member(back, "state"))


def test_refusing_at_the_provider_is_normal_and_touches_no_session(stage: Stage) -> None:
    visitor = stage.visitor()
    visitor.sign_in("amina")
    visitor.provider.cookies.clear()
    with stage.watching() as seen:
        page = visitor.sign_in("refuse")
    assert page.status == 200
    neutral(page)
    stage.opened_nothing(visitor, page, seen, "provider=franceconnect reason=denied_by_person", still_in=True)

"""Providers that are silent, down, somebody else, or change their keys: bounded waits, and nobody else waits.

Numbered as in the list of docs/mutations.md, where each is shown to fail without its check.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from _pytest.logging import LogCaptureFixture

from tests.web.attacks import FC, PC, STEP_SECONDS, Stage, member, neutral, stage_in


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_in(tmp_path_factory.mktemp("attacks")) as stage:
        yield stage


@pytest.fixture
def stage(running: Stage, caplog: LogCaptureFixture) -> Iterator[Stage]:
    running.caplog = caplog
    yield running
    running.stack.close()


@pytest.mark.parametrize(
    ("mode", "told", "status"),
    [
        ("token-500", "reason=provider_down check=token endpoint status", 503),
        ("token-html", "reason=token check=content type", 403),
        ("token-large", "reason=provider_down", 503),
        ("token-gzip", "reason=provider_down", 503),
        ("token-redirect", "reason=token check=status", 403),
        ("userinfo-500", "reason=provider_down check=userinfo status", 503),
        ("userinfo-redirect", "reason=userinfo check=status", 403),
    ],
)
def test_attack_24_a_broken_answer_ends_on_a_clean_page(
    stage: Stage, mode: str, told: str, status: int
) -> None:
    victim = stage.visitor()
    back = victim.answer_of("kevin")
    with stage.misbehaving(mode), stage.watching() as seen:
        page = victim.browser.get(back)
    assert page.status == status
    stage.opened_nothing(victim, page, seen, f"provider=franceconnect {told}", member(back, "code"))


DISCOVERY = {
    "500": "provider_down",
    "large": "provider_down",
    "redirect": "provider_down",
    "html": "metadata",
}
KEYS = {"500": "provider_down", "html": "metadata", "array": "metadata"}


@pytest.mark.parametrize("mode", [f"discovery-{fault}" for fault in DISCOVERY])
def test_attack_24_without_a_description_of_the_provider_the_door_says_so(stage: Stage, mode: str) -> None:
    victim = stage.visitor()
    with stage.doors(), stage.misbehaving(mode), stage.watching() as seen:
        page = victim.browser.get(FC)
    assert page.status == 503
    assert page.address == FC, "nobody is sent anywhere"
    told = f"provider=franceconnect reason={DISCOVERY[mode[10:]]}"
    stage.opened_nothing(victim, page, seen, told)


@pytest.mark.parametrize("mode", [f"jwks-{fault}" for fault in KEYS])
def test_attack_24_without_the_provider_s_keys_nobody_is_believed(stage: Stage, mode: str) -> None:
    victim = stage.visitor()
    with stage.doors():
        back = victim.answer_of("kevin")
        with stage.misbehaving(mode), stage.watching() as seen:
            page = victim.browser.get(back)
    assert page.status == 503
    told = f"provider=franceconnect reason={KEYS[mode[5:]]}"
    stage.opened_nothing(victim, page, seen, told, member(back, "code"))


def test_attack_24_while_some_wait_for_a_silent_provider_nobody_else_does(stage: Stage) -> None:
    with stage.doors(), ThreadPoolExecutor(3) as waiting:
        victims = [stage.visitor() for _ in range(3)]
        reader = stage.visitor()
        reader.sign_in("amina")
        backs = [victim.answer_of("kevin") for victim in victims]
        before, begun = stage.asked()["token"], time.monotonic()
        with stage.watching() as seen:
            with stage.misbehaving("token-silence"):
                pages = [waiting.submit(v.browser.get, back) for v, back in zip(victims, backs, strict=True)]
                while stage.asked()["token"] < before + 3:
                    time.sleep(0.01)
            alone = time.monotonic()
            assert reader.browser.get("/mon-carnet").status == 200
            assert stage.visitor().browser.get("/connexion").status == 200
            assert stage.visitor().leave(PC)
            assert time.monotonic() - alone < 1, "reading and leaving go at their usual pace"
            assert not any(page.done() for page in pages)
            answers = [page.result(10) for page in pages]
        took = time.monotonic() - begun
    assert STEP_SECONDS - 0.5 < took < STEP_SECONDS + 2, "they are told after a bounded wait"
    assert seen.sessions == 0
    assert seen.lines == [
        "sign-in refused: provider=franceconnect reason=provider_down check=token endpoint"
    ] * len(victims)
    for victim, page in zip(victims, answers, strict=True):
        assert page.status == 503
        neutral(page)
        assert not victim.is_in()
    stage.others_are_as_well_as_before()


def test_attack_24_at_the_same_door_others_come_in_while_one_waits(stage: Stage) -> None:
    with stage.doors(), ThreadPoolExecutor(1) as waiting:
        victim = stage.visitor()
        back = victim.answer_of("kevin")
        before = stage.asked()["token"]
        with stage.misbehaving("token-silence"):
            page = waiting.submit(victim.browser.get, back)
            while stage.asked()["token"] == before:
                time.sleep(0.01)
        alone = time.monotonic()
        stage.others_are_as_well_as_before()
        assert time.monotonic() - alone < STEP_SECONDS
        assert not page.done(), "who waits, waits alone"
        assert page.result(10).status == 503
    assert not victim.is_in()


def test_attack_25_a_key_that_changes_between_leaving_and_coming_back_is_found(stage: Stage) -> None:
    with stage.doors():
        first = stage.visitor()
        first.sign_in("kevin")
        visitors = [stage.visitor() for _ in range(3)]
        backs = [visitor.answer_of("kevin") for visitor in visitors]
        before = stage.asked()["jwks"]
        stage.order(rotate="franceconnect")
        with ThreadPoolExecutor(3) as pool:
            pages = list(
                pool.map(lambda pair: pair[0].browser.get(pair[1]), zip(visitors, backs, strict=True))
            )
        assert [page.address for page in pages] == ["/mon-carnet"] * 3
        assert stage.asked()["jwks"] == before + 1, "one refetch for all who come at once"


def test_attack_25_unknown_keys_do_not_make_us_hammer_the_provider(stage: Stage) -> None:
    with stage.doors():
        stage.visitor().sign_in("kevin")
        before = stage.asked()["jwks"]
        with stage.misbehaving("unknown-kid"):
            for _ in range(4):
                victim = stage.visitor()
                assert victim.sign_in("kevin").status == 403
                assert not victim.is_in()
        assert stage.asked()["jwks"] == before + 1


@pytest.mark.parametrize(
    "mode",
    ["discovery-other", "discovery-slash", "discovery-foreign", "discovery-plain", "discovery-userpart"],
)
@pytest.mark.parametrize("door", [FC, PC])
def test_attack_26_a_description_that_names_somebody_else_starts_nothing(
    stage: Stage, door: str, mode: str
) -> None:
    victim = stage.visitor()
    with stage.doors(), stage.misbehaving(mode), stage.watching() as seen:
        page = victim.browser.get(door)
    assert page.status == 503
    assert page.address == door, "nobody is sent anywhere"
    assert victim.cookie is None
    stage.opened_nothing(victim, page, seen, f"provider={door[11:]} reason=metadata")


def test_too_many_who_wait_at_one_door_are_told_to_come_later(stage: Stage) -> None:
    from vault.web.login.doors import RETURNING_THREADS, WAITING_PER_THREAD

    most = RETURNING_THREADS * WAITING_PER_THREAD
    with stage.doors():
        victim = stage.visitor()
        back = victim.answer_of("kevin")
        room = stage.site.app.state.doors._doors["franceconnect"].returning
        room._inside += most
        with stage.watching() as seen:
            page = victim.browser.get(back)
        room._inside -= most
        assert room._inside == 0
    assert page.status == 503
    stage.opened_nothing(
        victim, page, seen, "provider=franceconnect reason=provider_down", member(back, "code")
    )

"""How often one account may do something, wherever it comes from; and what a refusal for haste tells."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from schemas.ids import new_id
from tests.web.plain_browser import Browser
from tests.web.site import V1, Site, site_over
from tests.web.test_api_limits import Seconds
from tests.web.test_pages_sign_in import FC, Doors, Visitor, doors
from tests.world import World
from vault.web.limits import Limits, Rule, TooManyError

__all__ = ["doors"]  # the fixture


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def timed_site(tmp_path: Path, seconds: Seconds) -> Iterator[Site]:
    world = World.open(f"sqlite:///{tmp_path}/carnet.sqlite", f"sqlite:///{tmp_path}/keys.sqlite", tmp_path)
    with site_over(world, clock=seconds) as running:
        yield running
    world.close()


def test_an_account_changes_things_600_times_a_minute_from_all_its_browsers_together(
    timed_site: Site, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timed_site.app.state.carnet.limits._acts.rule == Rule(600, 60)
    monkeypatch.setattr(timed_site.app.state.carnet.limits._acts, "rule", Rule(2, 60))
    _, phone = timed_site.person()
    desk = timed_site.person()[1]
    address, body = f"{V1}/me/fields/vehicule_disponible", {"value": "velo"}
    assert phone.put(address, json=body).status_code == 200
    assert desk.put(address, json=body).status_code == 200
    before = timed_site.log_size()
    refused = phone.put(address, json=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    page = Browser(desk).post("/mon-carnet/emploi", {"csrf_token": ""})
    assert page.status == 403, "without its token it is not even counted"
    assert timed_site.log_size() == before
    assert phone.get("/mon-carnet").status_code == 200, "reading goes on"
    stranger = timed_site.signed_in(timed_site.world.newcomer().session)
    assert stranger.put(address, json=body).status_code == 200
    seconds.now += 60
    assert phone.put(address, json=body).status_code == 200


def test_no_count_keeps_anybody_in(timed_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_site.app.state.carnet.limits._acts, "rule", Rule(0, 60))
    someone, client = timed_site.person()
    form = {"csrf_token": someone.session.session.csrf}
    assert client.post("/mon-compte/connexions", data=form).status_code == 429
    assert client.post("/deconnexion", data=form).status_code == 303
    assert client.get("/mon-carnet").status_code == 303, "she is out"


def test_papers_are_counted_by_account_on_the_page_and_in_the_api_together(
    timed_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_site.app.state.carnet.limits._papers, "rule", Rule(0, 600))
    _, client = timed_site.person()
    before = timed_site.log_size()
    for address in (f"{V1}/me/carnet.pdf", "/mes-telechargements/carnet.pdf"):
        refused = client.get(address)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    assert timed_site.log_size() == before


def test_sign_ins_are_counted_by_account_before_a_session_opens(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = doors.site.app.state.carnet.limits._account_sign_ins
    monkeypatch.setattr(counted, "rule", Rule(1, 600))
    counted._open.clear()
    with ExitStack() as stack:
        first, second, other = (Visitor(doors.site, stack) for _ in range(3))
        assert first.sign_in("gerard").address == "/mon-carnet"
        before = doors.site.log_size()
        back = second.walk(second.leave(FC), "gerard")
        page = second.browser.get(back)
        assert page.status == 429
        assert int(page.headers["retry-after"]) > 0
        assert doors.site.log_size() == before
        assert second.browser.get("/mon-carnet").address.startswith("/connexion")
        assert other.sign_in("kevin").address == "/mon-carnet", "the others are not slowed"


def test_an_account_that_exists_and_one_that_does_not_are_counted_alike(seconds: Seconds) -> None:
    limits = Limits(on=True, clock=seconds)
    for subject in ("known", new_id()):
        for _ in range(120):
            limits.account_sign_in("https://fc.example", subject)
        with pytest.raises(TooManyError):
            limits.account_sign_in("https://fc.example", subject)
    limits.account_sign_in("https://pc.example", "known")
    assert all("known" not in key for key in limits._account_sign_ins._open), "no subject is kept"


def test_failed_proofs_close_an_address_for_a_minute_and_no_other(seconds: Seconds) -> None:
    limits = Limits(on=True, clock=seconds)
    for _ in range(30):
        limits.before_proof("203.0.113.5")
        limits.failed_proof("203.0.113.5")
    with pytest.raises(TooManyError):
        limits.before_proof("203.0.113.5")
    limits.before_proof("203.0.113.6")
    limits.failed_proof(None)
    limits.before_proof(None)
    seconds.now += 60
    limits.before_proof("203.0.113.5")


def test_an_account_invites_thirty_times_an_hour(seconds: Seconds) -> None:
    limits = Limits(on=True, clock=seconds)
    for _ in range(30):
        limits.invite("a")
    with pytest.raises(TooManyError):
        limits.invite("a")
    limits.invite("b")
    lifted = Limits(on=False, clock=seconds)
    for _ in range(200):
        lifted.invite("a")
        lifted.act("a")
        lifted.paper("a")
        lifted.account_sign_in("i", "s")
        lifted.failed_proof("203.0.113.5")
        lifted.before_proof("203.0.113.5")


def test_an_invitation_unknown_used_or_malformed_reads_alike(lone_site: Site) -> None:
    told = set()
    for secret in ("inconnu", "x" * 60, new_id()):
        answer = lone_site.client().get(f"/invitation/{secret}")
        told.add((answer.status_code, answer.text.replace(secret, "")))
    assert len(told) == 1

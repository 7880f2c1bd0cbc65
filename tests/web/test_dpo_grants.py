"""The officer looks after the shares of one carnet: with a reason, noted, without a name or a value."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from schemas.ids import CarnetId
from schemas.names import GrantState
from tests.web.plain_browser import Browser
from tests.web.site import Site, site_over
from tests.world import Someone, World
from vault.audit.events import Op
from vault.carnet.references import shown
from vault.services.pausing import is_paused
from vault.services.reading import AccessEnded
from vault.storage.tables import grants

HERE = "/dpo/partages"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On SQLite alone: what the services do is tried on both engines elsewhere."""
    world = World.open(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path)
    with site_over(world) as running:
        yield running
    world.close()


@pytest.fixture
def desk(site: Site) -> Browser:
    return Browser(site.dpo("officier"))


def number_of(site: Site, carnet_id: CarnetId) -> str:
    return site.world.parts.data.references([carnet_id])[carnet_id]


def state(site: Site, who: Someone) -> GrantState:
    (row,) = site.world.parts.data.grants_of(who.carnet_id)
    return row.grant.state


@pytest.mark.parametrize(
    ("words", "state_after"),
    [
        ("Suspendre", GrantState.SUSPENDED),
        ("Arrêter pour de bon", GrantState.REVOKED),
        ("Annuler", GrantState.INVALIDATED),
    ],
)
def test_the_officer_stops_a_share_with_a_reason_and_the_reader_is_told_only_that_it_ended(
    site: Site, desk: Browser, words: str, state_after: GrantState
) -> None:
    world = site.world
    ana, siae = world.newcomer(), world.system()
    world.fill(ana)
    grant = world.share(ana, siae.structure_id)
    number, size = number_of(site, ana.carnet_id), site.log_size()
    shown_page = desk.get(f"{HERE}?numero={number}")
    assert site.log_size() == size + 1
    assert [leaf.op for leaf in site.last_entries(1)] == [Op.LOG_READ]
    assert shown(number) in shown_page.text
    told = {"mots": "Vous pourrez recommencer."}
    path = f"{HERE}/{grant.id}"
    without = desk.press(shown_page, words, action=path, inputs=told)
    assert without.status == 422
    assert state(site, ana) is GrantState.GRANTED
    done = desk.press(shown_page, words, action=path, inputs={**told, "raison": "pressure"})
    assert "C’est fait" in done.text
    assert state(site, ana) is state_after
    assert isinstance(world.read(siae, ana.carnet_id), AccessEnded)


def test_the_officer_lifts_a_suspension_of_his_own(site: Site, desk: Browser) -> None:
    world = site.world
    ana, siae = world.newcomer(), world.system()
    world.fill(ana)
    grant = world.share(ana, siae.structure_id)
    path, page = f"{HERE}/{grant.id}", f"{HERE}?numero={number_of(site, ana.carnet_id)}"
    stopped = {"raison": "check"}
    desk.press(desk.get(page), "Suspendre", action=path, inputs=stopped)
    desk.press(desk.get(page), "Lever", action=path)
    assert state(site, ana) is GrantState.GRANTED


def test_the_officer_stops_requests_for_a_while_and_lets_them_come_again(site: Site, desk: Browser) -> None:
    world = site.world
    ana = world.newcomer()
    page = f"{HERE}?numero={number_of(site, ana.carnet_id)}"
    end = world.parts.now().date() + timedelta(days=60)
    day = {
        "jour": str(end.day),
        "mois": str(end.month),
        "annee": str(end.year),
        "mots": "Une sanction est en cours.",
    }
    fault = desk.press(desk.get(page), "Arrêter", action=f"{HERE}/pause", inputs={**day, "mots": ""})
    assert fault.status == 422
    assert not is_paused(world.parts, ana.carnet_id, world.parts.now())
    set_ = desk.press(desk.get(page), "Arrêter", action=f"{HERE}/pause", inputs=day)
    assert "Une sanction est en cours." in set_.text
    assert is_paused(world.parts, ana.carnet_id, world.parts.now())
    desk.press(desk.get(page), "Permettre", action=f"{HERE}/pause/fin")
    assert not is_paused(world.parts, ana.carnet_id, world.parts.now())


def test_a_number_that_no_carnet_bears_is_told_and_nobody_else_enters(site: Site, desk: Browser) -> None:
    size = site.log_size()
    assert desk.get(f"{HERE}?numero=ABC").status == 422
    assert site.log_size() == size
    _, hers = site.person()
    assert hers.get(HERE).status_code in (303, 403)


def test_a_share_whose_terms_do_not_match_is_shown_as_such_and_hides_no_other(
    site: Site, desk: Browser
) -> None:
    ana, me = site.person()
    alpha, beta = site.world.system(), site.world.system("SIAE Beta")
    spoiled = site.world.share(ana, alpha.structure_id)
    other = site.world.share(ana, beta.structure_id)
    with site.world.app.data.database.transaction() as connection:
        connection.execute(update(grants).where(grants.c.grant_id == spoiled.id).values(terms=b"{}"))
    pages = [
        desk.get(f"{HERE}?numero={number_of(site, ana.carnet_id)}").text,
        Browser(me).get("/mes-partages").text,
    ]
    for shown_page in pages:
        assert "les termes de ce partage ne correspondent pas" in shown_page
        assert "SIAE Beta" in shown_page
    told = me.get("/api/v1/me/grants").json()["items"]
    assert [(one["grant_id"], one["state"]) for one in told] == [
        (other.id, "granted"),
        (spoiled.id, "suspended"),
    ]

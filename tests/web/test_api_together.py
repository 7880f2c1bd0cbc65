"""Readers that wait together are answered apart; and a broken decision still opens nothing."""

import asyncio
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from consent.decisions import Allowed
from consent.grants import Grantee
from schemas.ids import CompartmentId, GrantId, new_id
from schemas.names import LegalBasis, Outcome
from tests.loops import run_apart
from tests.web.site import BASE, Machine, Site, fields_url
from tests.world import SIAE_FIELDS, Someone
from vault.services import reading
from vault.storage.tables import records

PEOPLE = 6


def ask_all(site: Site, token: str, urls: list[str]) -> list[httpx2.Response]:
    async def together() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(app=site.app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            return await asyncio.gather(*(client.get(url) for url in urls))

    return run_apart(together())


def test_readers_that_wait_together_each_get_their_own_answer(site: Site) -> None:
    alpha = site.machine()
    people: list[Someone] = [site.world.person(f"personne-{number}") for number in range(PEOPLE)]
    for number, who in enumerate(people):
        site.world.write(who, "temps_travail_souhaite", float(number + 1))
        site.world.share(who, alpha.structure_id)
    ended = site.world.person("finie")
    site.world.withdraw(ended, site.world.share(ended, alpha.structure_id))
    expected: list[tuple[str, Any]] = []
    for turn in range(12):
        expected += [(who.carnet_id, float(number + 1)) for number, who in enumerate(people)]
        expected += [(new_id(), 404), (ended.carnet_id, 403)] if turn % 2 else []
    before = site.log_size()
    answers = ask_all(site, site.token(alpha), [fields_url(carnet_id) for carnet_id, _ in expected])
    accesses = set()
    for answer, (carnet_id, value) in zip(answers, expected, strict=True):
        if value in (403, 404):
            assert answer.status_code == value
            continue
        told = answer.json()
        assert (answer.status_code, told["carnet_id"]) == (200, carnet_id)
        assert [one["value"] for one in told["fields"]["temps_travail_souhaite"]] == [value]
        accesses.add(told["access_id"])
    assert len(accesses) == PEOPLE * 12, "each read has an entry of its own"
    leaves = site.last_entries(site.log_size() - before)
    assert [leaf.out for leaf in leaves].count(Outcome.GRANTED) == PEOPLE * 12
    assert len(leaves) == len(expected)


@pytest.mark.parametrize("grant", ["none", "of another structure"])
def test_with_a_decision_that_always_allows_no_answer_holds_a_value(
    site: Site, monkeypatch: pytest.MonkeyPatch, grant: str
) -> None:
    ana = site.world.person("ana")
    site.world.write(ana, "diplome_intitule", "un secret bien gardé")
    alpha, beta = site.machine(), site.machine("SIAE Beta")
    theirs = site.world.share(ana, beta.structure_id)
    grant_id, whose = (GrantId(new_id()), alpha) if grant == "none" else (theirs.id, beta)
    allowed = Allowed(
        grant_id=grant_id,
        grantee=Grantee.structure(whose.structure_id),
        carnet_id=ana.carnet_id,
        compartments=frozenset(CompartmentId(one) for one in (*SIAE_FIELDS, "diplome_intitule")),
        legal_basis=LegalBasis.CONSENT,
    )
    monkeypatch.setattr(reading, "decide", lambda question, grants, *, now: allowed)
    (answer,) = ask_all(site, site.token(alpha), [fields_url(ana.carnet_id)])
    assert answer.status_code >= 400
    assert "secret" not in answer.text
    assert set(answer.json()) == {"type", "title", "status"}


def test_one_broken_read_leaves_its_neighbours_alone(site: Site) -> None:
    """A row altered in the store: its own reader gets 500 without a word of it, the others their answers."""
    alpha = site.machine()
    ana, bob = site.world.person("ana"), site.world.person("bob")
    for who in (ana, bob):
        site.world.fill(who)
        site.world.share(who, alpha.structure_id)
    _spoil(site, ana)
    urls = [fields_url(who.carnet_id) for who in (ana, bob) for _ in range(8)]
    answers = ask_all(site, site.token(alpha), urls)
    assert [answer.status_code for answer in answers] == [500] * 8 + [200] * 8


def _spoil(site: Site, who: Someone) -> None:
    with site.world.app.data.database.transaction() as connection:
        mine = records.c.carnet_id == who.carnet_id
        record = connection.execute(select(records.c.record).where(mine)).scalars().first()
        assert record is not None
        spoiled = record[:-1] + bytes([record[-1] ^ 1])
        connection.execute(update(records).where(mine).values(record=spoiled))


def test_two_systems_of_one_structure_read_the_same(site: Site) -> None:
    ana = site.world.person("ana")
    site.world.fill(ana)
    first = site.machine()
    second: Machine = site.machine(structure_id=first.structure_id, algorithm="EdDSA")
    site.world.share(ana, first.structure_id)
    told = [site.system(one).get(fields_url(ana.carnet_id)).json()["fields"] for one in (first, second)]
    assert told[0] == told[1] != {}

"""kill -9 of the server while 64 reads are under way, and a person shares and stops sharing: whatever was
answered is in the log, the log verifies, and the next start finds nothing that it does not put right."""

from pathlib import Path

import pytest

from schemas.names import GrantState
from tests.cli.killing import Cast, outcomes, run_until_killed
from tests.cli.typing_commands import Operator
from tests.conftest import StoreUrls
from tests.world import World

ROUNDS = {"sqlite": 5, "postgresql": 2}  # on PostgreSQL a killed client is the engine's own business
SOAKED_ROUNDS = 20


def kill_again_and_again(urls: StoreUrls, folder: Path, rounds: int) -> None:
    operator = Operator.of(urls, folder, CARNET_LIMITS="off")
    world = World.open(urls.data, urls.keys, folder, CARNET_LIMITS="off")
    try:
        cast = Cast.of(world)
        for number in range(rounds):
            with operator.serving() as server:
                seen = run_until_killed(server, cast, after=20 + number * 173 % 400)
            assert seen.unexpected == []
            check_what_was_answered(operator, world, cast, seen.access_ids, seen.given, seen.withdrawn)
        with operator.serving() as server:  # by itself, and for good
            assert server.stop().code == 0
        assert operator.answer("database", "check")["ok"] is True
    finally:
        world.close()


def check_what_was_answered(
    operator: Operator, world: World, cast: Cast, reads: list[int], given: list[str], withdrawn: list[str]
) -> None:
    assert len(set(reads)) == len(reads) >= 20
    found = outcomes(world, reads)
    assert set(found.values()) == {("read", "granted")}
    assert found.keys() == set(reads)
    assert operator.answer("audit", "verify")["ok"] is True
    reopened = world.reopened()  # what a start does: the finishing pass
    try:
        assert reopened.parts.data.ended_with_keys(limit=10) == []
        states = {
            row.grant.id: row.grant.state for row in reopened.parts.data.grants_of(cast.person.carnet_id)
        }
    finally:
        reopened.close()
    assert set(given) <= states.keys()
    assert {states[one] for one in withdrawn} <= {GrantState.WITHDRAWN}


def test_no_answer_was_ever_given_without_its_entry(store_urls: StoreUrls, tmp_path: Path) -> None:
    kill_again_and_again(store_urls, tmp_path, ROUNDS[store_urls.data.partition(":")[0].partition("+")[0]])


@pytest.mark.soak
def test_nor_in_twenty_kills(store_urls: StoreUrls, tmp_path: Path) -> None:
    kill_again_and_again(store_urls, tmp_path, SOAKED_ROUNDS)

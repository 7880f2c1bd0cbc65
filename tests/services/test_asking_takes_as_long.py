"""How long asking takes tells nothing of the carnet: known, nobody's, one that refused, one that is paused.

Rounds interleaved in an order of chance, compared by rank (Mann and Whitney). Each request is about a carnet
not asked about before in these rounds, so that nothing differs by being looked at again.
"""

import random
import time
from datetime import timedelta

from schemas.ids import CarnetId, CompartmentId, PurposeId, new_id
from tests.world import System, World
from vault.services import answering_requests
from vault.services.journal import OPERATOR
from vault.services.pausing import set_pause
from vault.services.requesting import Demand, ask_to_share

KINDS = ("known", "nobody's", "refused", "paused")
ROUNDS = 30
TOLERATED = 0.6  # of the way from "a coin" (0) to "always the slower of the two" (1)


def demand(carnet_id: CarnetId) -> Demand:
    purpose, field = PurposeId("proposer_poste"), CompartmentId("permis_conduire")
    return Demand(carnet_id, None, purpose, (field,), 31, "Pour vous proposer un poste.")


def a_carnet(world: World, asker: System, kind: str) -> CarnetId:
    if kind == "nobody's":
        return CarnetId(new_id())
    who = world.newcomer()
    if kind == "refused":
        ask_to_share(world.parts, asker.reader, demand(who.carnet_id))
        (request,) = answering_requests.list_requests(world.parts, who.owner, actor=who.actor)
        answering_requests.refuse_request(world.parts, who.owner, request, actor=who.actor)
    if kind == "paused":
        until = world.parts.now() + timedelta(days=9)
        set_pause(world.parts, who.carnet_id, until=until, words="une procédure", actor=OPERATOR)
    return who.carnet_id


def timed(world: World, slower: dict[str, float]) -> dict[str, list[float]]:
    asker = world.system()
    carnets = {kind: [a_carnet(world, asker, kind) for _ in range(ROUNDS)] for kind in KINDS}
    dice, taken = random.Random(4), {kind: list[float]() for kind in KINDS}  # noqa: S311
    for turn in range(ROUNDS):
        for kind in dice.sample(KINDS, len(KINDS)):
            asked = demand(carnets[kind][turn])
            start = time.perf_counter()
            ask_to_share(world.parts, asker.reader, asked)
            time.sleep(slower.get(kind, 0))
            taken[kind].append(time.perf_counter() - start)
    return taken


def apart(one: list[float], other: list[float]) -> float:
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return abs(2 * wins / (len(one) * len(other)) - 1)


def furthest(taken: dict[str, list[float]]) -> tuple[float, str, str]:
    return max((apart(taken[a], taken[b]), a, b) for place, a in enumerate(KINDS) for b in KINDS[place + 1 :])


def test_how_long_asking_takes_tells_nothing_that_thirty_requests_find(small_town: World) -> None:
    """A shift of 1.6 times the spread, one to two milliseconds, is found nine times out of ten; one of half
    a millisecond or less is not. Chance alone stays below; all is measured again, once, before it fails."""
    found = furthest(timed(small_town, {}))
    if found[0] > TOLERATED:
        found = furthest(timed(small_town, {}))
    assert found[0] <= TOLERATED, found


def test_two_milliseconds_more_for_who_refused_would_be_found(small_town: World) -> None:
    """On a machine that does much else the noise may hide it once; not three times."""
    for _ in range(3):
        far, one, other = furthest(timed(small_town, {"refused": 0.002}))
        if far > TOLERATED:
            break
    assert far > TOLERATED
    assert "refused" in (one, other)

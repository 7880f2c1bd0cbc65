"""The rules change while others race: the instance is opened again under a narrower frame, or a catalogue in
which something became special, beside processes that still go by the former ones."""

import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from schemas.catalogue_file import SHIPPED as CATALOGUE
from schemas.ids import CarnetId, GrantId
from schemas.names import GrantState, StructureKind
from schemas.purposes import SHIPPED as FRAME
from tests.world import PURPOSE, SIAE_FIELDS, System, World
from vault.services.reading import FieldsView
from vault.services.rule_walk import suspend_overtaken

BECOMES = SIAE_FIELDS[1]
_STANDING = (GrantState.GRANTED, GrantState.SUSPENDED)
Work = Callable[[random.Random], None]


class Noticing(Protocol):
    """Where the racers write what they noticed."""

    refused: int
    reads: list[int]
    starts: int
    wrong: list[str]


def under_others(world: World, folder: Path, version: int, *, narrower: bool) -> World:
    """The same instance, opened once more. Each ``version`` is another catalogue; ``narrower``: its frame
    does not give the purpose to a SIAE; else one of the informations is special."""
    catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    catalogue["version"] = version
    changed = {"CARNET_CATALOGUE": str(folder / f"catalogue-{version}.json")}
    if narrower:
        frame = json.loads(FRAME.read_text(encoding="utf-8"))
        (purpose,) = (one for one in frame["purposes"] if one["purpose_id"] == PURPOSE)
        purpose["structure_kinds"] = [str(StructureKind.DEPARTEMENT)]
        changed["CARNET_FRAME"] = str(folder / f"frame-{version}.json")
        Path(changed["CARNET_FRAME"]).write_text(json.dumps(frame), encoding="utf-8")
    else:
        note = catalogue["properties"][BECOMES]["carnet"]
        note.update(sensitivity=["9"], presets=[])
        note.pop("precis", None)
    Path(changed["CARNET_CATALOGUE"]).write_text(json.dumps(catalogue), encoding="utf-8")
    return World.reopen({**world.environ, **changed}, world.parts.clock)


def starts_again(
    world: World, folder: Path, carnets: Sequence[str], systems: Sequence[System], seen: Noticing
) -> Work:
    """Opens it under other rules, over and over. What they leave nothing of is suspended from the instant it
    serves, whatever a former process still does, and what it reads itself is never more than they allow."""

    def work(dice: random.Random) -> None:
        narrower, stood = dice.random() < 0.5, _shares(world, carnets, *_STANDING)
        later = under_others(world, folder, dice.randrange(10, 10**9), narrower=narrower)
        try:
            suspend_overtaken(later.parts)  # another process, back under its own rules, may have walked too
            named = {grant_id for grant_id, special in stood.items() if narrower or special}
            if named & set(_shares(world, carnets, GrantState.GRANTED)):
                seen.wrong.append("a share that the rules leave nothing of goes on")
            for _ in range(dice.randint(1, 6)):
                answer = later.read(dice.choice(systems), dice.choice(carnets))
                _look(answer, narrower, seen)
        finally:
            later.close()
        seen.starts += 1
        time.sleep(dice.random() / 5)

    return work


def _look(answer: Any, narrower: bool, seen: Noticing) -> None:
    if not isinstance(answer, FieldsView):
        seen.refused += 1
        return
    seen.reads.append(answer.access_no)
    if narrower or BECOMES in answer.fields:
        seen.wrong.append("read what the rules in force leave nothing of")


def _shares(world: World, carnets: Sequence[str], *states: GrantState) -> dict[GrantId, bool]:
    """Those in one of ``states``; whether each names what becomes special."""
    return {
        row.grant.id: BECOMES in row.grant.terms.compartments
        for carnet_id in carnets
        for row in world.parts.data.grants_of(CarnetId(carnet_id))
        if row.grant.state in states
    }

"""The rules change while others race: the instance is opened again under a narrower frame, or a catalogue in
which something became special, beside processes that still go by the former ones."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from consent.lifecycle import By
from schemas.catalogue_file import SHIPPED as CATALOGUE
from schemas.names import StructureKind
from schemas.purposes import SHIPPED as FRAME
from tests.world import PURPOSE, SIAE_FIELDS, Someone, System, World
from vault.services.reading import FieldsView
from vault.services.rule_walk import suspend_overtaken
from vault.services.suspending import CannotMoveError, Why, resume_grant, suspend_grant

BECOMES = SIAE_FIELDS[1]
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


def starts_again(world: World, folder: Path, who: Someone, apart: System, seen: Noticing) -> Work:
    """Opens it under other rules, over and over. What they leave nothing of is suspended from the instant it
    serves, whatever a former process still does, and what it reads itself is never more than they allow.
    Nobody else shares with ``apart``: what ``who`` gives it stands until the rules change."""

    def work(dice: random.Random) -> None:
        narrower, fields = dice.random() < 0.5, SIAE_FIELDS[: dice.randint(1, 3)]
        grant = world.share(who, apart.structure_id, fields, days=1)
        told = (who.carnet_id, grant.id)
        if held := dice.random() < 0.3:
            suspend_grant(world.parts, *told, by=By.PERSON, why=Why.HER_CHOICE, actor=who.actor)
        over = narrower or BECOMES in fields
        later = under_others(world, folder, dice.randrange(10, 10**9), narrower=narrower)
        try:
            suspend_overtaken(later.parts)  # another process, back under its own rules, may have walked too
            if held:
                with suppress(CannotMoveError):
                    resume_grant(world.parts, *told, by=By.PERSON, actor=who.actor)
            for one in (world, later, later):
                _look(one.read(apart, who.carnet_id), over, seen)
        finally:
            later.close()
        seen.starts += 1
        time.sleep(dice.random() / 5)

    return work


def _look(answer: Any, over: bool, seen: Noticing) -> None:
    if isinstance(answer, FieldsView):
        seen.reads.append(answer.access_no)
    else:
        seen.refused += 1
    if isinstance(answer, FieldsView) is over:
        seen.wrong.append("read what the rules leave nothing of" if over else "refused what they allow")

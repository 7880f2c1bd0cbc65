"""Something becomes special in another version of the catalogue: what was shared before waits for her yes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from consent.lifecycle import By
from schemas.catalogue_file import SHIPPED
from schemas.ids import GrantId
from schemas.names import GrantState
from schemas.purposes import SHIPPED as SHIPPED_FRAME
from tests.conftest import StoreUrls
from tests.services.log_order import events_of, faults
from tests.world import PURPOSE, SIAE_FIELDS, MovingClock, Someone, System, World
from vault.audit.events import Op
from vault.errors import ConfigError
from vault.services.journal import OPERATOR
from vault.services.reading import AccessEnded, FieldsView
from vault.services.rule_walk import BATCH, suspend_overtaken
from vault.services.sharing_rows import RuleVersionRow
from vault.services.suspending import CannotMoveError, Why, holds_of, resume_grant, suspend_grant
from vault.services.upkeep import run_upkeep
from vault.storage.sharing_tables import rule_versions
from vault.storage.tables import grants

BECOMES, STAYS = SIAE_FIELDS[0], SIAE_FIELDS[1]
BEFORE = json.loads(SHIPPED.read_text(encoding="utf-8"))["version"]
FIRST, SECOND = str(BEFORE), str(BEFORE + 1)


@pytest.fixture
def place(store_urls: StoreUrls, tmp_path: Path) -> Iterator[World]:
    world = World.open(store_urls.data, store_urls.keys, tmp_path, clock=MovingClock())
    yield world
    world.close()


@pytest.fixture
def spot(tmp_path: Path) -> Iterator[World]:
    """On one engine, for what cannot differ."""
    urls = (f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite")
    world = World.open(*urls, tmp_path, clock=MovingClock())
    yield world
    world.close()


@contextmanager
def under(world: World, folder: Path, version: int, *special: str) -> Iterator[World]:
    """The same instance, started again with a catalogue in which ``special`` became so. ``version``: 1 for
    the same as before, then those that followed."""
    told = json.loads(SHIPPED.read_text(encoding="utf-8"))
    told["version"] = BEFORE - 1 + version
    for name in special:
        note = told["properties"][name]["carnet"]
        note.update(sensitivity=["9"], presets=[])
        note.pop("precis", None)
    path = folder / f"catalogue-{version}-{len(special)}.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    later = World.reopen({**world.environ, "CARNET_CATALOGUE": str(path)}, world.parts.clock)
    try:
        yield later
    finally:
        later.close()


def two_shares(world: World) -> tuple[Someone, System, System, GrantId, GrantId]:
    """One that names what becomes special, one that does not."""
    ana, alpha, beta = world.newcomer(), world.system(), world.system("SIAE Beta")
    world.fill(ana)
    both = world.share(ana, alpha.structure_id, [BECOMES, STAYS])
    other = world.share(ana, beta.structure_id, [STAYS])
    return ana, alpha, beta, both.id, other.id


def states(world: World, who: Someone) -> dict[GrantId, GrantState]:
    return {row.grant.id: row.grant.state for row in world.parts.data.grants_of(who.carnet_id)}


def in_the_store(world: World, *statements: Any) -> None:
    """As somebody with the password of D, and no key."""
    with world.app.data.database.transaction() as connection:
        for statement in statements:
            connection.execute(statement)


def test_the_whole_share_that_names_it_stands_still_and_she_may_give_it_again(
    place: World, tmp_path: Path
) -> None:
    ana, alpha, beta, first, other = two_shares(place)
    with under(place, tmp_path, 2, BECOMES) as later:
        assert isinstance(later.read(alpha, ana.carnet_id), AccessEnded)
        assert set(later.values(beta, ana.carnet_id)) == {STAYS}
        assert states(later, ana) == {first: GrantState.SUSPENDED, other: GrantState.GRANTED}
        hold = holds_of(later.parts, [first])[first]
        assert (hold.by, hold.why) == (By.SYSTEM, Why.NOW_SPECIAL)
        told = [event.op for event in events_of(later, [ana.carnet_id])]
        assert told.count(Op.SUSPEND) == 1
        with pytest.raises(CannotMoveError):
            resume_grant(later.parts, ana.carnet_id, first, by=By.PERSON, actor=ana.actor)
        again = later.share(ana, alpha.structure_id, [BECOMES, STAYS])
        assert set(later.values(alpha, ana.carnet_id)) == {BECOMES, STAYS}
        assert states(later, ana)[first] is GrantState.REPLACED
        assert states(later, ana)[again.id] is GrantState.GRANTED
        assert faults(events_of(later, [ana.carnet_id])) == []


def test_before_it_is_written_down_nobody_reads_already(spot: World, tmp_path: Path) -> None:
    ana, alpha, _, first, _ = two_shares(spot)
    with under(spot, tmp_path, 2, BECOMES) as later:
        in_the_store(later, update(grants).values(state="granted"))
        later.parts.keystore.delete_secrets([("hold", first)])
        assert isinstance(later.read(alpha, ana.carnet_id), AccessEnded)
        assert suspend_overtaken(later.parts) == 0, "one walk for each state of the rules"


def test_what_was_special_already_goes_on_being_read_under_a_version_that_is_remembered(
    spot: World, tmp_path: Path
) -> None:
    ana = spot.newcomer()
    with under(spot, tmp_path, 2, BECOMES) as second:
        alpha = second.system()
        second.fill(ana)
        second.share(ana, alpha.structure_id, [BECOMES, STAYS])
    with under(spot, tmp_path, 3, BECOMES) as third:
        assert set(third.values(alpha, ana.carnet_id)) == {BECOMES, STAYS}


@pytest.mark.parametrize("spoiled", ["gone", "another memory", "another's memory"])
def test_a_memory_that_nothing_vouches_for_opens_nothing(spot: World, tmp_path: Path, spoiled: str) -> None:
    """Whoever writes in D says that it always was special: then it is shut, and the rest is read."""
    ana, alpha, _, first, _ = two_shares(spot)
    (known,) = spot.parts.data.rule_versions("catalogue")
    said = json.loads(known.told)
    said["special"] = sorted([*said["special"], BECOMES])
    said["ordinary"].remove(BECOMES)
    lie = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    with under(spot, tmp_path, 2, BECOMES):
        pass
    with spot.app.data.database.read() as connection:
        (theirs,) = connection.execute(rule_versions.select().where(rule_versions.c.version == SECOND)).all()
    mine = rule_versions.c.version == known.version
    if spoiled == "gone":
        in_the_store(spot, delete(rule_versions).where(mine))
    else:
        told = lie if spoiled == "another memory" else theirs.told
        in_the_store(spot, update(rule_versions).where(mine).values(told=told))
    in_the_store(spot, update(grants).values(state="granted"))
    spot.parts.keystore.delete_secrets([("hold", first)])
    with under(spot, tmp_path, 2, BECOMES) as later:
        assert set(later.values(alpha, ana.carnet_id)) == {STAYS}


def test_nothing_becomes_special_under_the_same_version(spot: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="version"), under(spot, tmp_path, 1, BECOMES):
        pass
    with under(spot, tmp_path, 2, BECOMES, STAYS), under(spot, tmp_path, 2, BECOMES):
        pass
    with pytest.raises(ConfigError, match="version"), under(spot, tmp_path, 2, BECOMES, STAYS):
        pass


def test_each_start_remembers_the_version_once_and_says_so_once(place: World, tmp_path: Path) -> None:
    size = place.parts.data.log_size()
    for _ in range(2):
        place.reopened().close()
    assert place.parts.data.log_size() == size
    for _ in range(2):
        with under(place, tmp_path, 2, BECOMES):
            pass
    assert place.parts.data.log_size() == size + 1
    assert [row.version for row in place.parts.data.rule_versions("catalogue")] == [FIRST, SECOND]


def test_an_instance_older_than_its_memory_gets_one_at_its_next_start(spot: World) -> None:
    in_the_store(spot, delete(rule_versions))
    spot.parts.keystore.delete_secrets([("binding", "catalogue:" + FIRST)])
    size = spot.parts.data.log_size()
    later = spot.reopened()
    try:
        assert set(later.parts.special_under) == {FIRST}
        assert later.parts.data.log_size() == size + 1
    finally:
        later.close()


@pytest.mark.parametrize(
    "told",
    [
        {"structure_kinds": ["cap_emploi"]},
        {"legal_basis": "public_task", "legal_text": "article L. 5312-1 du code du travail"},
    ],
)
def test_a_purpose_that_is_no_longer_theirs_or_rests_on_something_else_suspends_its_shares(
    spot: World, tmp_path: Path, told: dict[str, Any]
) -> None:
    ana, alpha, _, first, other = two_shares(spot)
    frame = json.loads(SHIPPED_FRAME.read_text(encoding="utf-8"))
    (purpose,) = (one for one in frame["purposes"] if one["purpose_id"] == PURPOSE)
    purpose.update(told)
    path = tmp_path / "frame.json"
    path.write_text(json.dumps(frame), encoding="utf-8")
    later = World.reopen({**spot.environ, "CARNET_FRAME": str(path)}, spot.parts.clock)
    try:
        assert not isinstance(later.read(alpha, ana.carnet_id), FieldsView)
        assert set(states(later, ana).values()) == {GrantState.SUSPENDED}
        assert {hold.why for hold in holds_of(later.parts, [first, other]).values()} == {Why.RULES_CHANGED}
    finally:
        later.close()


def test_the_walk_goes_on_where_it_stopped_and_a_row_that_does_not_read_stops_nothing(
    place: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled, alpha = place.newcomer(), place.system()
    place.share(spoiled, alpha.structure_id, [BECOMES])
    in_the_store(place, update(grants).values(terms=b"{}"))
    people = [place.newcomer() for _ in range(3)]
    for one in people:
        place.share(one, alpha.structure_id, [BECOMES])
    monkeypatch.setattr("vault.services.rule_walk.BATCH", 1)
    monkeypatch.setattr("vault.services.rule_walk.BATCHES", 2)
    with under(place, tmp_path, 2, BECOMES) as later:
        assert run_upkeep(later.parts).any()
        assert run_upkeep(later.parts).overtaken == 0
        for one in people:
            assert set(states(later, one).values()) == {GrantState.SUSPENDED}
    assert BATCH > 1


def test_the_store_keeps_one_row_a_version_and_walks_along_what_is_granted(place: World) -> None:
    ana, _, _, first, other = two_shares(place)
    for told in ("{}", '{"again":1}'):
        with place.parts.data.change() as work:
            work.set_rule_version(RuleVersionRow("frame", "7", told))
            work.commit()
    assert place.parts.data.rule_versions("frame") == [RuleVersionRow("frame", "7", '{"again":1}')]
    ids, after = list[GrantId](), None
    while True:
        rows, after = place.parts.data.standing_after(after, limit=1)
        ids += [row.grant.id for row in rows]
        if after is None:
            break
    assert ids == sorted([first, other])
    place.withdraw(ana, place.parts.data.grants_of(ana.carnet_id)[0].grant)
    rows, _ = place.parts.data.standing_after(None, limit=10)
    assert len(rows) == 1
    in_the_store(place, insert(rule_versions).values(kind="walk", version="other", told="not json"))
    run_upkeep(place.parts)


def test_what_she_suspended_herself_is_looked_at_too_and_she_does_not_take_it_up(
    place: World, tmp_path: Path
) -> None:
    """Hers waits for her yes from there on, the officer's stays his, and neither of them is resumed."""
    ana, alpha, beta = place.newcomer(), place.system(), place.system("SIAE Beta")
    place.fill(ana)
    hers = place.share(ana, alpha.structure_id, [BECOMES, STAYS])
    other = place.share(ana, beta.structure_id, [BECOMES])
    told = (place.parts, ana.carnet_id)
    suspend_grant(*told, hers.id, by=By.PERSON, why=Why.HER_CHOICE, actor=ana.actor)
    suspend_grant(*told, other.id, by=By.DPO, why=Why.CHECK, actor=OPERATOR)
    with under(place, tmp_path, 2, BECOMES) as later:
        found = holds_of(later.parts, [hers.id, other.id])
        assert (found[hers.id].by, found[hers.id].why) == (By.SYSTEM, Why.NOW_SPECIAL)
        assert found[other.id].by is By.DPO
        for who, by, grant in ((ana.actor, By.PERSON, hers), (OPERATOR, By.DPO, other)):
            with pytest.raises(CannotMoveError):
                resume_grant(later.parts, ana.carnet_id, grant.id, by=by, actor=who)
        events = events_of(later, [ana.carnet_id])
        assert [event.op for event in events].count(Op.SUSPEND) == 3, "she is told of it"
        assert faults(events) == []
        later.share(ana, alpha.structure_id, [BECOMES, STAYS])
        assert set(later.values(alpha, ana.carnet_id)) == {BECOMES, STAYS}

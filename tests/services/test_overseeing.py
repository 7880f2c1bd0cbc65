"""The officer sees every access, by whom and to which carnet, page by page without a gap, and never a value
or a name; each look leaves its own entry."""

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from schemas.ids import new_id
from schemas.names import Outcome, Role, StructureKind
from tests.world import SIAE_FIELDS, World
from vault.audit.events import ActorKind, Op
from vault.audit.leaf import Leaf
from vault.services import administering, leaving, overseeing, own_carnet
from vault.services.journal import OPERATOR, Actor
from vault.services.overseeing import ACCESS_OPS, OverseenEntry
from vault.services.reading import FieldsView

SECRET_WORDS = ("ZWEISTEIN", "Zweistein", "secretissime", "98765", "ada@exemple.example")


@pytest.fixture
def world(village: World) -> World:
    return village


@pytest.fixture
def dpo(world: World) -> Actor:
    structure_id = world.structure("Département", StructureKind.DEPARTEMENT)
    return world.member(structure_id, new_id(), Role.DPO, kind=StructureKind.DEPARTEMENT).reader.actor


def all_pages(world: World, dpo: Actor, limit: int) -> list[OverseenEntry]:
    found, before = [], None
    for _ in range(1000):
        page, before = overseeing.list_entries(world.parts, actor=dpo, before=before, limit=limit)
        assert len(page) <= limit
        found += page
        if before is None:
            return found
    raise AssertionError("no last page")


def a_story(world: World) -> dict[str, Any]:
    eva, system = world.newcomer("Zweistein"), world.system()
    member = world.member(system.structure_id, new_id(), kind=StructureKind.SIAE)
    world.fill(eva)
    world.write(eva, "projet_description", "secretissime")
    first = world.share(eva, system.structure_id)
    read = world.read(system, eva.carnet_id)
    denied = world.read(member, eva.carnet_id, purpose="suivi_emploi")
    world.share(eva, system.structure_id, SIAE_FIELDS[:1])
    by_member = world.read(member, eva.carnet_id)
    assert isinstance(read, FieldsView)
    assert isinstance(by_member, FieldsView)
    assert not isinstance(denied, FieldsView)
    world.read(system, "nobody")
    own_carnet.read_own_carnet(world.parts, eva.owner, actor=eva.actor)
    own_carnet.list_accesses(world.parts, eva.owner, actor=eva.actor)
    administering.invite(
        world.parts, structure_id=system.structure_id, email="ada@exemple.example", role=Role.MEMBER
    )
    return {"eva": eva, "system": system, "member": member, "first": first, "read": read, "by": by_member}


def leaves(world: World) -> list[tuple[int, Leaf]]:
    rows = world.parts.data.log_rows(range(world.parts.data.log_size()))
    return [(row.no, Leaf.parse(row.leaf)) for row in rows]


def test_the_pages_hold_every_access_once_newest_first(world: World, dpo: Actor) -> None:
    a_story(world)
    for limit in (50, 7, 4, 1000, 1):
        known = leaves(world)
        found = all_pages(world, dpo, limit)
        assert found[0].op is Op.LOG_READ, "her own look, made before the page was read, is on it"
        assert [entry.no for entry in found[1:]] == [no for no, leaf in known if leaf.op in ACCESS_OPS]
        for entry in found[1:]:
            leaf = dict(known)[entry.no]
            assert (entry.op, entry.outcome, round(entry.at.timestamp() * 1000)) == (
                leaf.op,
                leaf.out,
                leaf.t,
            )
        looks = [no for no, leaf in leaves(world) if leaf.op is Op.LOG_READ and no >= found[0].no]
        assert len(looks) == -(-len(found) // limit), "an entry a page"


def test_each_entry_says_who_acted_and_about_whom(world: World, dpo: Actor) -> None:
    start = world.parts.data.log_size()
    told = a_story(world)
    eva, system, member = told["eva"], told["system"], told["member"]
    found = {entry.no: entry for entry in all_pages(world, dpo, 50)}
    ours = [entry for entry in found.values() if entry.no >= start]
    for entry in ours:
        assert entry.about is not None, entry.op
        assert entry.actor is not None, entry.op
    read = found[told["read"].access_no]
    assert read.about is not None
    assert read.actor is not None
    assert (read.op, read.outcome) == (Op.READ, Outcome.GRANTED)
    assert (read.about.carnet_id, read.about.structure_id) == (eva.carnet_id, system.structure_id)
    assert (read.about.grant_id, read.about.purpose_id) == (told["first"].id, "proposer_poste")
    assert set(read.about.fields) == set(SIAE_FIELDS)
    assert (read.actor.kind, read.actor.id, read.actor.field_count) == (ActorKind.CLIENT, system.client_id, 3)
    by = found[told["by"].access_no]
    assert by.actor is not None
    assert (by.actor.kind, by.actor.id, by.actor.role) == (
        ActorKind.PROFESSIONAL,
        member.professional_id,
        Role.REFERENT,
    )
    denied = [entry for entry in ours if entry.outcome is Outcome.DENIED]
    assert {entry.about.carnet_id for entry in denied if entry.about} == {eva.carnet_id, None}
    persons = [entry for entry in ours if entry.actor and entry.actor.kind is ActorKind.PERSON]
    assert {entry.about.carnet_id for entry in persons if entry.about} == {eva.carnet_id}
    looks = [entry for entry in found.values() if entry.actor and entry.actor.id == dpo.id]
    assert {entry.op for entry in looks} == {Op.SIGN_IN, Op.LOG_READ}


def said(value: Any) -> list[str]:
    """Every word of an entry, whatever its repr shows."""
    if is_dataclass(value):
        return [word for each in fields(value) for word in said(getattr(value, each.name))]
    if isinstance(value, tuple | list):
        return [word for each in value for word in said(each)]
    return [str(value)]


def test_no_field_of_an_entry_holds_a_value_or_a_name(world: World, dpo: Actor) -> None:
    a_story(world)
    words = "\n".join(word for entry in all_pages(world, dpo, 50) for word in said(entry))
    assert [word for word in SECRET_WORDS if word in words] == []
    assert "velo" not in words


def test_after_an_erasure_who_acted_stays_and_about_whom_is_gone(world: World, dpo: Actor) -> None:
    told = a_story(world)
    leaving.erase_carnet(world.parts, told["eva"].carnet_id, for_real=True, actor=OPERATOR)
    found = {entry.no: entry for entry in all_pages(world, dpo, 50)}
    read = found[told["read"].access_no]
    assert read.about is None
    assert read.actor is not None
    assert read.actor.id == told["system"].client_id
    assert told["eva"].carnet_id not in str(list(found.values()))
    others = [entry for entry in found.values() if entry.op is Op.LOG_READ and entry.about]
    assert others, "what is about nobody opens as before"


def test_an_officer_whose_habilitation_ended_sees_nothing_and_the_attempt_is_logged(
    world: World, dpo: Actor
) -> None:
    from sqlalchemy import text

    a_story(world)
    with world.app.data.database.write() as connection:
        statement = "UPDATE habilitations SET ends_at = 1 WHERE professional_id = :id"
        connection.execute(text(statement), {"id": dpo.id})
        connection.commit()
    with pytest.raises(PermissionError):
        overseeing.list_entries(world.parts, actor=dpo)
    last = leaves(world)[0][1]
    assert (last.op, last.out) == (Op.LOG_READ, Outcome.DENIED)


def test_the_health_of_the_log_says_how_far_it_is_signed(world: World) -> None:
    before = overseeing.log_health(world.parts)
    assert (before.checkpoint_size or 0) < before.size
    world.app.jobs().run_once()
    world.newcomer()
    after = overseeing.log_health(world.parts)
    assert after.checkpoint_size == before.size
    assert after.size == world.parts.data.log_size() > before.size

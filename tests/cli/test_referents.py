"""``carnet referent``: the operator says who follows a person, or that nobody does."""

from pathlib import Path

import pytest

from schemas.ids import CarnetId, StructureId
from schemas.names import Role, StructureKind
from tests.cli.typing_commands import Operator
from tests.world import World
from vault.services.referents import current_referent


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator.in_folder(tmp_path).set_up()


def followed_by(operator: Operator, carnet_id: CarnetId) -> str | None:
    world = World.reopen(operator.environ)
    try:
        row = current_referent(world.parts, carnet_id)
        return row.professional_id if row else None
    finally:
        world.close()


def test_the_operator_says_who_follows_a_person_and_that_nobody_does(operator: Operator) -> None:
    made = operator.answer("structure", "add", "--name", "CCAS", "--kind", "ccas")
    world = World.reopen(operator.environ)
    try:
        structure_id = StructureId(made["structure_id"])
        nadia = world.member(structure_id, "nadia", Role.REFERENT, kind=StructureKind.CCAS)
        ana = world.newcomer()
        carnet = world.parts.data.carnet(ana.carnet_id)
    finally:
        world.close()
    assert carnet is not None
    told = ("--reference", carnet.reference, "--professional", nadia.professional_id)
    assert operator.answer("referent", "assign", *told) == {"recorded": True}
    assert followed_by(operator, ana.carnet_id) == nadia.professional_id
    typed = operator.type("referent", "assign", "--reference", carnet.reference, "--professional", "a" * 26)
    assert typed.code == 1
    assert "carnet member list" in typed.err
    assert operator.type("referent", "end", "--reference", "x").code == 2
    operator.answer("referent", "end", "--reference", carnet.reference)
    assert followed_by(operator, ana.carnet_id) is None

"""Each disclosure rests on the basis of its own share: told in its entry, never swapped for another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import schemas.purposes
from schemas.names import LegalBasis, StructureKind
from tests.world import Someone, System, World
from vault.audit.events import Op
from vault.audit.leaf import Leaf
from vault.services.opened_entries import about_of
from vault.services.own_carnet import list_accesses
from vault.services.reading import AccessEnded, FieldsView

MISSION = Path(schemas.purposes.__file__).parent / "frame" / "mission-v1.json"


@pytest.fixture(scope="module")
def mission(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An instance under the frame of public task."""
    folder = tmp_path_factory.mktemp("mission")
    opened = World.open(
        f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite", folder, CARNET_FRAME=str(MISSION)
    )
    yield opened
    opened.close()


@pytest.fixture
def ana(mission: World) -> Someone:
    someone = mission.newcomer()
    mission.fill(someone)
    return someone


@pytest.fixture
def town_hall(mission: World) -> System:
    return mission.system("Mission locale du Port", StructureKind.MISSION_LOCALE)


FIELDS = ("permis_conduire", "vehicule_disponible")


def test_a_frame_opens_nothing_by_itself(mission: World, ana: Someone, town_hall: System) -> None:
    for purpose in mission.parts.frame.purposes:
        answer = mission.read(town_hall, ana.carnet_id, FIELDS, purpose=purpose.purpose_id)
        assert not isinstance(answer, FieldsView), purpose.purpose_id


def test_the_entry_of_a_read_names_the_basis_of_its_own_share(
    mission: World, ana: Someone, town_hall: System
) -> None:
    mission.share(ana, town_hall.structure_id, FIELDS, purpose="accompagnement")
    mission.share(ana, town_hall.structure_id, FIELDS, purpose="proposer_poste")
    mission.read(town_hall, ana.carnet_id, FIELDS, purpose="accompagnement")
    mission.read(town_hall, ana.carnet_id, FIELDS, purpose="proposer_poste")
    (second, first, *_), _ = list_accesses(mission.parts, ana.owner, actor=ana.actor)
    assert (first.legal_basis, second.legal_basis) == (LegalBasis.PUBLIC_TASK, LegalBasis.CONSENT)


@pytest.mark.parametrize("stopped", ["accompagnement", "proposer_poste"])
def test_after_a_stop_no_read_falls_back_on_a_share_of_another_basis(
    mission: World, ana: Someone, town_hall: System, stopped: str
) -> None:
    grants = {
        purpose: mission.share(ana, town_hall.structure_id, FIELDS, purpose=purpose)
        for purpose in ("accompagnement", "proposer_poste")
    }
    mission.withdraw(ana, grants.pop(stopped))
    assert isinstance(mission.read(town_hall, ana.carnet_id, FIELDS, purpose=stopped), AccessEnded)
    ((other, _),) = grants.items()
    assert isinstance(mission.read(town_hall, ana.carnet_id, FIELDS, purpose=other), FieldsView)
    (granted, *_), _ = list_accesses(mission.parts, ana.owner, actor=ana.actor)
    assert granted.purpose_id == other


@pytest.mark.parametrize(("purpose", "reason"), [("accompagnement", "objection"), ("proposer_poste", None)])
def test_stopping_what_rests_on_a_public_task_is_an_objection(
    mission: World, ana: Someone, town_hall: System, purpose: str, reason: str | None
) -> None:
    grant = mission.share(ana, town_hall.structure_id, FIELDS, purpose=purpose)
    before = mission.parts.data.log_size()
    mission.withdraw(ana, grant)
    parts = mission.parts
    rows = [
        row
        for row in parts.data.log_rows(range(before, parts.data.log_size()))
        if Leaf.parse(row.leaf).op is Op.WITHDRAW
    ]
    journal = parts.journal_keys.load(now=parts.now(), carnets=[ana.carnet_id]).journal(ana.carnet_id)
    assert journal is not None
    about = about_of(rows[0].about_sealed, Leaf.parse(rows[0].leaf), journal)
    assert about is not None
    assert about.reason == reason

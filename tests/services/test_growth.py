"""A field added to the catalogue's file lives its whole life in the services with no other change; one taken
away, or a purpose, stops nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exporters.document import ExportDocument
from exporters.to_json import to_json
from schemas.catalogue_file import SHIPPED
from schemas.names import AnswerKind, Outcome, StructureKind
from schemas.purposes import SHIPPED as SHIPPED_FRAME
from tests.domain.test_catalogue_growth import NEW
from tests.world import Someone, System, World
from vault.services import exporting, leaving, own_carnet
from vault.services.reading import FieldsView
from vault.services.suspending import Why, holds_of
from vault.services.writing import InvalidValueError

KIND = StructureKind.CCAS
PURPOSE = "accompagnement"
# One plain field, and one whose first value reveals more than the field.
TELLING: dict[str, Any] = {
    **{key: value for key, value in NEW.items() if key not in ("if", "then")},
    "items": {"type": "string", "enum": ["fauteuil", "ecran", "aucun"]},
    "carnet": {
        **NEW["carnet"],  # type: ignore[dict-item]
        "label": "Aménagement du poste",
        "enum_labels": {
            "fauteuil": "Un fauteuil adapté",
            "ecran": "Un grand écran",
            "aucun": "Aucun",
            "materiel": "Un matériel",
        },
        "value_sensitivity": {"fauteuil": ["9"]},
        "precis": {
            "values": ["fauteuil"],
            "groups": {"materiel": ["fauteuil", "ecran"]},
        },
    },
}


def spoiled(source: Path, target: Path, change: Callable[[Any], Any]) -> str:
    document = json.loads(source.read_text(encoding="utf-8"))
    change(document)
    target.write_text(json.dumps(document), encoding="utf-8")
    return str(target)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("growth")


@pytest.fixture(scope="module")
def grown(folder: Path) -> Iterator[World]:
    added = {"equipement": NEW, "amenagement": TELLING}
    catalogue = spoiled(SHIPPED, folder / "catalogue.json", lambda told: told["properties"].update(added))
    urls = f"sqlite:///{folder}/d.sqlite", f"sqlite:///{folder}/k.sqlite"
    world = World.open(*urls, folder, CARNET_CATALOGUE=catalogue)
    yield world
    world.close()


@pytest.fixture
def eva(grown: World) -> Someone:
    return grown.newcomer("eva")


@pytest.fixture(scope="module")
def ccas(grown: World) -> System:
    return grown.system("CCAS", KIND)


def printed(world: World, who: Someone) -> ExportDocument:
    return exporting.export_own_carnet(world.parts, who.owner, issuer=world.app.issuer, actor=who.actor)


def lines(document: ExportDocument) -> dict[str, tuple[str, ...]]:
    return {item.label: tuple(item.lines) for part in document.parts for item in part.items}


def test_a_new_field_is_checked_written_shared_read_seen_and_printed(
    grown: World, eva: Someone, ccas: System
) -> None:
    with pytest.raises(InvalidValueError) as told:
        grown.write(eva, "equipement", ["aucun", "gants"])
    assert [fault.keyword for fault in told.value.faults] == ["exclusive"]
    assert grown.write(eva, "equipement", ["gants", "casque"]).version == 1
    grown.share(eva, ccas.structure_id, ["equipement"], purpose=PURPOSE)
    answer = grown.read(ccas, eva.carnet_id, ["equipement"], purpose=PURPOSE)
    assert isinstance(answer, FieldsView)
    assert [entry.body.value for entry in answer.fields["equipement"]] == [["gants", "casque"]]  # type: ignore[index]
    (access,), _ = own_carnet.list_accesses(grown.parts, eva.owner, actor=eva.actor)
    assert (access.outcome, access.fields) == (Outcome.GRANTED, ("equipement",))
    document = printed(grown, eva)
    assert lines(document)["Équipement de travail"] == ("Des gants", "Un casque")
    assert "Équipement de travail" in [label for share in document.shares for label in share.what]
    assert "Des gants" in to_json(document).decode()


def test_a_new_field_with_two_compartments_is_split_with_no_other_change(
    grown: World, eva: Someone, ccas: System
) -> None:
    grown.write(eva, "amenagement", ["fauteuil"])
    grown.share(eva, ccas.structure_id, ["amenagement"], purpose=PURPOSE)
    asked = ("amenagement", "amenagement:precis")
    assert grown.values(ccas, eva.carnet_id, fields=asked, purpose=PURPOSE) == {"amenagement": [["materiel"]]}
    assert lines(printed(grown, eva))["Aménagement du poste"] == ("Un fauteuil adapté",)


def test_a_new_field_is_declined_and_forgotten_like_any_other(
    grown: World, eva: Someone, ccas: System
) -> None:
    grown.share(eva, ccas.structure_id, ["equipement"], purpose=PURPOSE)
    entry = grown.write(eva, "equipement", ["gants"])
    leaving.forget_entry(grown.parts, eva.carnet_id, entry.entry_id, actor=eva.actor)
    assert grown.values(ccas, eva.carnet_id, fields=["equipement"], purpose=PURPOSE) == {}
    assert grown.decline(eva, "equipement").body.answer is AnswerKind.PREFERS_NOT_TO_SAY
    assert grown.values(ccas, eva.carnet_id, fields=["equipement"], purpose=PURPOSE) == {}
    assert "Équipement de travail" not in lines(printed(grown, eva))


def test_a_field_that_left_the_catalogue_keeps_its_place_and_stops_nothing(
    grown: World, eva: Someone, ccas: System
) -> None:
    grown.write(eva, "equipement", ["gants"])
    grown.write(eva, "enfants_nombre", 2)
    grown.share(eva, ccas.structure_id, ["equipement", "enfants_nombre"], purpose=PURPOSE)
    shipped = World.reopen({**grown.environ, "CARNET_CATALOGUE": str(SHIPPED)})
    try:
        document = printed(shipped, eva)
        assert lines(document)["Nombre d’enfants"]
        assert "equipement" not in str(lines(document))
        assert "Équipement" not in str(lines(document))
        carnet = own_carnet.read_own_carnet(shipped.parts, eva.owner, actor=eva.actor)
        assert "equipement" in carnet.by_field(), "it is hers, and kept"
        assert shipped.values(ccas, eva.carnet_id, fields=["enfants_nombre"], purpose=PURPOSE)
        shipped.write(eva, "enfants_nombre", 3)
    finally:
        shipped.close()
    assert grown.values(ccas, eva.carnet_id, fields=["equipement"], purpose=PURPOSE)


def test_when_a_purpose_leaves_the_frame_nobody_reads_for_it_and_the_rest_goes_on(
    grown: World, eva: Someone, folder: Path
) -> None:
    siae = grown.system("SIAE")
    grown.fill(eva)
    grant = grown.share(eva, siae.structure_id)
    assert isinstance(grown.read(siae, eva.carnet_id), FieldsView)

    def without(frame: Any) -> None:
        frame["purposes"] = [one for one in frame["purposes"] if one["purpose_id"] != grant.terms.purpose_id]
        frame["presets"] = [one for one in frame["presets"] if one["purpose_id"] != grant.terms.purpose_id]

    frame = spoiled(SHIPPED_FRAME, folder / "frame.json", without)
    narrower = World.reopen({**grown.environ, "CARNET_FRAME": frame})
    try:
        assert not isinstance(narrower.read(siae, eva.carnet_id), FieldsView)
        (access, _), _ = own_carnet.list_accesses(narrower.parts, eva.owner, actor=eva.actor)
        assert access.outcome is Outcome.DENIED
        assert printed(narrower, eva).shares == (), "it stands still"
        assert holds_of(narrower.parts, [grant.id])[grant.id].why is Why.RULES_CHANGED
        assert narrower.withdraw(eva, grant).ended_at is not None
    finally:
        narrower.close()


@pytest.mark.parametrize("number", [2**53 - 1, 1 - 2**53, 2**53, -(2**53), 10**30])
def test_a_number_without_limits_of_its_own_is_written_whole_or_refused(folder: Path, number: int) -> None:
    """A deployer's field may set no bounds; what canonical JSON cannot say is refused, never a breakage."""
    note = {name: part for name, part in NEW["carnet"].items() if name != "enum_labels"}  # type: ignore[attr-defined]
    plain = {"type": "integer", "carnet": {**note, "label": "Un nombre"}}
    catalogue = spoiled(
        SHIPPED, folder / "numbers.json", lambda told: told["properties"].update(nombre_libre=plain)
    )
    urls = f"sqlite:///{folder}/numbers.sqlite", f"sqlite:///{folder}/numbers-k.sqlite"
    world = World.open(*urls, folder, CARNET_CATALOGUE=catalogue)
    try:
        someone = world.newcomer()
        if abs(number) < 2**53:
            assert world.write(someone, "nombre_libre", number).body.value == number
            carnet = own_carnet.read_own_carnet(world.parts, someone.owner, actor=someone.actor)
            assert carnet.by_field()["nombre_libre"].body.value == number  # type: ignore[index]
        else:
            with pytest.raises(InvalidValueError):
                world.write(someone, "nombre_libre", number)
    finally:
        world.close()

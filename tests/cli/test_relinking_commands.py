"""The operator answers somebody whose identifier changed: by her number, once, and never seeing a name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator
from tests.services.test_relinking import Known, comes, comes_in
from tests.world import World
from vault.carnet.references import shown
from vault.services.relinking import NeedsRelinking

COMMANDS = [
    ("relink", "list"),
    ("relink", "accept", "--request", "x"),
    ("relink", "refuse", "--request", "x"),
]


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Known]:
    world = World.open(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path)
    yield Known(world)
    world.close()


@pytest.fixture
def operator(known: Known) -> Operator:
    return Operator(known.world.environ)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_before_the_keys_every_command_names_the_one_to_run(words: tuple[str, ...], tmp_path: Path) -> None:
    typed = Operator.in_folder(tmp_path).type(*words)
    assert (typed.code, typed.out) == (3, "")
    assert "carnet keys init" in typed.err


def test_the_list_says_who_waits_by_numbers_alone(known: Known, operator: Operator) -> None:
    typed = operator.type("relink", "list")
    carnet = known.world.parts.data.references([known.carnet_id])[known.carnet_id]
    assert shown(known.row.reference) in typed.out
    assert shown(carnet) in typed.out
    for secret in (known.claims["family_name"], known.claims["email"], known.new, known.former):
        assert secret not in typed.out
    (one,) = operator.answer("relink", "list")["requests"]
    assert (one["request_id"], one["state"]) == (known.row.request_id, "open")
    assert one["carnet_reference"] == carnet


def test_a_yes_by_the_number_as_it_is_said_opens_her_carnet(known: Known, operator: Operator) -> None:
    said = shown(known.row.reference).lower()
    assert operator.answer("relink", "accept", "--request", said)["state"] == "accepted"
    assert operator.answer("relink", "list")["requests"][0]["state"] == "accepted"
    assert comes_in(known.world, known.new, known.claims) == known.carnet_id
    assert operator.type("relink", "list").out == "nobody waits\n"


def test_a_no_by_its_id_gives_her_a_carnet_of_her_own(known: Known, operator: Operator) -> None:
    assert operator.type("relink", "refuse", "--request", known.row.request_id).code == 0
    assert comes_in(known.world, known.new, known.claims) != known.carnet_id


def test_an_answer_to_nobody_or_a_second_one_is_refused_with_a_hint(known: Known, operator: Operator) -> None:
    for told in ("", "nobody", "ABC DEFG HJK", "\x00"):
        typed = operator.type("relink", "accept", "--request", told)
        assert (typed.code, typed.out) == (1, "")
        assert "hint: carnet relink list" in typed.err
    assert operator.type("relink", "refuse", "--request", known.row.request_id).code == 0
    typed = operator.type("relink", "accept", "--request", known.row.request_id)
    assert (typed.code, typed.out) == (1, "")
    assert "decided" in typed.err
    assert not isinstance(comes(known.world, known.new, known.claims), NeedsRelinking)

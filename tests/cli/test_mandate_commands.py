"""The operator records what a ruling says of a person, by numbers and dates, and ends it."""

from pathlib import Path

import pytest

from tests.cli.typing_commands import Operator
from tests.world import World
from vault.carnet.references import shown

RULING = ("--kind", "guardianship", "--until", "2030-12-31", "--ruling", "x", "--professional", "x")
COMMANDS = [
    ("mandate", "list", "--reference", "x"),
    ("mandate", "record", "--reference", "x", *RULING),
    ("mandate", "end", "--mandate", "x"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[1])
def test_before_the_keys_every_command_names_the_one_to_run(words: tuple[str, ...], tmp_path: Path) -> None:
    typed = Operator.in_folder(tmp_path).type(*words)
    assert (typed.code, typed.out) == (3, "")
    assert "carnet keys init" in typed.err


def test_a_ruling_is_recorded_shown_without_a_name_and_ended(tmp_path: Path) -> None:
    world = World.open(f"sqlite:///{tmp_path}/d.sqlite", f"sqlite:///{tmp_path}/k.sqlite", tmp_path)
    someone, relative = world.person("abel"), world.person("zoe")
    numbers = world.parts.data.references([someone.carnet_id, relative.carnet_id])
    hers, theirs = shown(numbers[someone.carnet_id]), shown(numbers[relative.carnet_id])
    operator = Operator(world.environ)
    until = ("--until", "2030-12-31", "--ruling", "TJ Brest 26/123")
    whom = ("--relative", theirs, "--name", "Zoé, sa fille")
    guardianship = ("mandate", "record", "--reference", hers, "--kind", "guardianship", *until)
    made = operator.answer(*guardianship, *whom, "--scope", "write")
    assert made["scopes"] == ["see", "write"]
    listed = operator.type("mandate", "list", "--reference", hers).out
    assert "guardianship, a relative, see, write, until 2030-12-31T23:00:00Z, in force" in listed
    assert "Zoé" not in listed
    assert "26/123" not in listed

    curatorship = ("mandate", "record", "--reference", hers, "--kind", "curatorship", *until)
    assert operator.type(*curatorship, *whom, "--scope", "share").code == 1
    assert operator.type(*guardianship, "--relative", theirs).code == 2, "a name, for her to read"
    assert operator.type("mandate", "list", "--reference", "ABC DEFG HJK").code == 2

    assert operator.answer("mandate", "end", "--mandate", made["mandate_id"])["over"] is True
    (one,) = operator.answer("mandate", "list", "--reference", hers)["mandates"]
    assert one["in_force"] is False
    world.close()

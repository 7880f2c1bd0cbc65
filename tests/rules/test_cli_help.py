"""The README's list of commands is what the program says of itself, word for word."""

import re

from schemas.names import Role, StructureKind
from tests.rules.tracked import ROOT
from vault.cli.main import parser


def test_the_readme_holds_the_help_of_the_program() -> None:
    blocks = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks == [parser().format_help()]


def test_every_command_says_what_it_does_and_takes_json() -> None:
    listed = parser().commands.listed
    assert len({one.usage for one in listed}) == len(listed) >= 13
    assert all(one.what and not one.what.endswith(".") for one in listed)


def test_every_kind_and_role_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [word for word in (*StructureKind, *Role) if f"`{word}`" not in readme] == []

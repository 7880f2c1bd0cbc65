"""``carnet demo``: the server with a sign-in provider and people of its own, to be tried at once."""

import argparse

from vault.cli.commands import Commands
from vault.cli.serve import port_number


def declare(commands: Commands) -> None:
    commands.add(
        "demo",
        "the server with invented people and a sign-in provider, in .demo/ (Ctrl-C stops all of it)",
        _demo,
        lambda parser: parser.add_argument("--port", type=port_number, default=8000, help="(8000)"),
    )


def _demo(told: argparse.Namespace) -> int:
    from vault.demo.run import run_demo  # noqa: PLC0415 - no other command loads anything of the demo

    return run_demo(port=told.port, as_json=told.json)

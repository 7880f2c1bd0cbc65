"""``carnet database``: the tables of both stores."""

import argparse

from vault import bootstrap
from vault.cli.commands import DONE, FAILED, Answer, Commands
from vault.cli.opening import settings_here


def declare(commands: Commands) -> None:
    commands.add(
        "database upgrade",
        "bring both stores to this program's tables; the first time, begin the log",
        _upgrade,
    )
    commands.add("database check", "would the server start? Says all that is wrong, changes nothing", _check)


def _upgrade(_: argparse.Namespace) -> Answer:
    begun = bootstrap.upgrade(settings_here())
    line = "both stores are ready" + ("; the log begins" if begun else "")
    return Answer({"log_begun": begun}, [line, *(["Next: carnet serve"] if begun else [])])


def _check(_: argparse.Namespace) -> Answer:
    findings = bootstrap.check(settings_here())
    lines = [f"- {finding}" for finding in findings] or ["both stores are ready and sound"]
    return Answer({"ok": not findings, "findings": findings}, lines, FAILED if findings else DONE)

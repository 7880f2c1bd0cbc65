"""``carnet indicators``: the counts of all carnets, as last published, or made now."""

import argparse

from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services.indicators import count_paths, latest


def declare(commands: Commands) -> None:
    commands.add(
        "indicators",
        "counts of all carnets, of no fewer than eleven persons; with --now, count first",
        _show,
        lambda parser: parser.add_argument("--now", action="store_true", help="each day the jobs do it"),
    )


def _show(told: argparse.Namespace) -> Answer:
    with checked() as application:
        if told.now:
            count_paths(application.parts)
        made = latest(application.parts)
    if made is None:
        return Answer({"made_on": None, "tables": {}}, ["nothing is published: too few carnets, or not yet"])
    lines = [f"counted {made.made_on}"]
    for name, table in made.tables.items():
        total = table["total"]
        lines.append(f"{name.replace('_', ' ')}: {total['count'] if total else 'too few'}")
    return Answer({"made_on": made.made_on, "tables": dict(made.tables)}, lines)

"""``carnet retention``: what is kept no longer, counted by kind."""

import argparse

from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services.retention import run_retention

_WORDS = {
    "warned": "warnings before the end of a carnet",
    "unreachable": "of them without an address to write to",
    "archived": "carnets closed to readers",
    "erased": "carnets erased",
    "months": "months of the log whose names are forgotten",
    "receipts": "receipts",
    "requests": "answered requests to share",
    "mandates": "mandates",
    "invitations": "invitations",
    "proposals": "answered proposals",
    "notices": "acknowledged notices",
}


def declare(commands: Commands) -> None:
    commands.add(
        "retention",
        "end what is kept no longer, by the durations of the frame; without --for-real, count it",
        _run,
        lambda parser: parser.add_argument("--for-real", action="store_true", help="nothing brings it back"),
    )


def _run(told: argparse.Namespace) -> Answer:
    with checked() as application:
        report = run_retention(application.parts, for_real=told.for_real)
    head = "done:" if report.for_real else "nothing was done; would be:"
    lines = [head, *(f"{count:6} {_WORDS.get(kind, kind)}" for kind, count in report.counts.items())]
    if not report.for_real:
        lines.append("To do it: the same with --for-real")
    return Answer({"for_real": report.for_real, "counts": dict(report.counts)}, lines)

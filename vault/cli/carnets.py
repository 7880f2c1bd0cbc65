"""``carnet erase``: a whole carnet, in both stores, for good."""

import argparse

from schemas.ids import CarnetId
from vault.cli.commands import Answer, Commands
from vault.cli.opening import checked
from vault.services.journal import OPERATOR
from vault.services.leaving import erase_carnet


def declare(commands: Commands) -> None:
    commands.add("erase", "erase a carnet; without --for-real, count what would go", _erase, _arguments)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--carnet", required=True, metavar="ID")
    parser.add_argument("--for-real", action="store_true", help="nothing brings it back")


def _erase(told: argparse.Namespace) -> Answer:
    with checked() as application:
        report = erase_carnet(
            application.parts, CarnetId(told.carnet), for_real=told.for_real, actor=OPERATOR
        )
    counts = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in report.counts.items())
    head = "erased" if report.for_real else "nothing was erased; would go"
    lines = [f"{head}: {counts}", *([] if report.for_real else ["To erase: the same with --for-real"])]
    document = {
        "carnet_id": report.carnet_id,
        "for_real": report.for_real,
        "counts": dict(report.counts),
    }
    return Answer(document, lines)

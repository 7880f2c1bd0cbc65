"""``carnet archive``: check what a person took away. Needs neither stores, settings nor a network."""

import argparse
from dataclasses import asdict
from pathlib import Path

from vault.bootstrap import check_signature
from vault.cli.commands import DONE, FAILED, Answer, Commands, UsageError
from vault.services.archive_checking import LARGEST, CheckedArchive, check_archive


def declare(commands: Commands) -> None:
    commands.add(
        "archive verify",
        "check what a person took away (ZIP): offline, without stores nor settings",
        _verify,
        lambda parser: parser.add_argument("file", type=Path, metavar="FILE"),
    )


def _verify(told: argparse.Namespace) -> Answer:
    if not told.file.is_file():
        raise UsageError(f"{told.file} is not a file", "give the archive as it was downloaded")
    with told.file.open("rb") as file:
        checked = check_archive(file.read(LARGEST), check_signature)
    return Answer(
        asdict(checked) | {"holds": checked.holds}, _lines(checked), DONE if checked.holds else FAILED
    )


def _lines(checked: CheckedArchive) -> list[str]:
    if not checked.holds:
        return ["THIS ARCHIVE DOES NOT HOLD", *(f"- {fault}" for fault in checked.faults)]
    return [
        "the archive holds: the carnet is as it was signed",
        f"lines of the log: {checked.lines}, each proven in a tree of {checked.size}",
        f"lines newer than the last signature: {checked.unproven}",
        f"receipts: {checked.receipts}",
        *checked.remarks,
    ]

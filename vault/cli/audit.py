"""``carnet audit``: verify the live log or a folder somebody was handed, and hand the log over."""

import argparse
from dataclasses import replace
from pathlib import Path

from vault.audit import Finding, VerificationReport, verify
from vault.bootstrap import Application, check_signature
from vault.cli.commands import DONE, FAILED, Answer, Commands, UsageError
from vault.cli.opening import unchecked
from vault.services.journal import OPERATOR
from vault.services.log_openings import show_openings
from vault.services.proving import Exported, ExportRefusedError, export_log, verify_folder


def declare(commands: Commands) -> None:
    commands.add(
        "audit verify",
        "verify the live log, or an exported folder (which needs neither stores nor settings)",
        _verify,
        lambda parser: parser.add_argument("dir", nargs="?", type=Path, metavar="DIR"),
    )
    commands.add(
        "audit export", "the whole log as a folder that anyone can verify", _export, _export_arguments
    )


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--openings", action="store_true", help="with who did what: personal data; this look is logged"
    )


def _verify(told: argparse.Namespace) -> Answer:
    if told.dir is not None:
        if not told.dir.is_dir():
            raise UsageError(f"{told.dir} is not a folder", "give a folder that `carnet audit export` made")
        return _told(verify_folder(told.dir, check_signature))
    with unchecked() as application, application.log() as source:
        report = verify(
            source,
            origin=application.settings.log_origin,
            verifiers=[application.verifier],
            also=application.kept_notes(),
        )
        hidden = application.data.first_hidden()
    return _told(report if hidden is None else _with_hidden(report, hidden))


def _with_hidden(report: VerificationReport, index: int) -> VerificationReport:
    """What no hash tells: an entry that stands in the tree and was taken out of the lists people read."""
    first = index if report.first_bad_index is None else min(index, report.first_bad_index)
    finding = Finding(index, f"entry {index} is missing from the index, or one of its openings is gone")
    return replace(report, ok=False, first_bad_index=first, findings=(*report.findings, finding))


def _told(report: VerificationReport) -> Answer:
    if report.ok:
        head = f"the log holds: {report.size} leaves, {report.checkpoints} checkpoints"
        head += f", {report.proofs} proofs" if report.proofs else ""
    else:
        head = f"THE LOG DOES NOT HOLD{_where(report)}"
    lines = [head, *(f"- {sentence}" for sentence in report.sentences)]
    return Answer(report.as_document(), lines, DONE if report.ok else FAILED)


def _where(report: VerificationReport) -> str:
    if report.first_bad_index is not None:
        return f": the first fault is at index {report.first_bad_index}"
    if report.interval is not None:
        return f": something changed among indexes {report.interval[0]} to {report.interval[1] - 1}"
    return ""


def _export(told: argparse.Namespace) -> Answer:
    with unchecked() as application:
        try:
            done = _write(application, told.out, openings=told.openings)
        except ExportRefusedError as error:
            if error.report is None:
                raise
            return _told(error.report)
    shown = f", {done.openings} openings" if told.openings else ""
    lines = [
        f"{done.size} leaves, {done.inclusion_proofs} inclusion proofs, "
        f"{done.consistency_proofs} consistency proofs{shown}: {done.folder}",
        f"Anyone can check it: carnet audit verify {done.folder}",
    ]
    return Answer(done.as_document(), lines)


def _write(application: Application, out: Path, *, openings: bool) -> Exported:
    reason = "log export with openings"
    show = show_openings(application.parts, actor=OPERATOR, reason=reason) if openings else None
    with application.log(show=show) as source:
        return export_log(
            source,
            out,
            origin=application.settings.log_origin,
            signers=[application.signer],
            verifiers=[application.verifier],
            also=application.kept_notes(),
            openings=openings,
        )
